"""What this room does in the worker: ending what is over, when others tell of it and when its time has come."""

from __future__ import annotations

from core.outbox import Consumer
from notify.topics import events, needs, sweeping

CONSUMERS = (
    Consumer("notify.needs_of_payment", "wallet.payment_captured", needs.bills_settled),
    Consumer("notify.needs_paid_elsewhere", "wallet.bill_paid_elsewhere", needs.bill_settled),
    Consumer("notify.needs_closed", "wallet.bills_closed", needs.bills_settled),
    Consumer("notify.needs_collected", "wallet.bill_collected", needs.bill_settled),
    Consumer("notify.needs_settled_again", "wallet.payment_restored", needs.bills_settled_again),
    Consumer("notify.needs_returned", "wallet.payment_undone", needs.bills_owed_again),
    Consumer("notify.needs_reopened", "wallet.bills_reopened", needs.bills_owed_again),
    Consumer("notify.needs_instalments", "wallet.instalments_completed", needs.bill_settled),
    Consumer("notify.needs_vehicle_removed", "identity.vehicle_removed", needs.vehicle_removed),
    Consumer("notify.facts_of_vehicle", "identity.vehicle_added", needs.vehicle_added),
    Consumer("notify.needs_of_new", events.SUBSCRIPTION_BEGAN, needs.look_at_what_began),
)

# name: (seconds between two runs, what is run)
SWEEPS = {"notify.end_subscriptions": (5.0, sweeping.end_due)}
