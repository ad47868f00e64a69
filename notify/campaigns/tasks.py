"""What campaigns do in the worker."""

from __future__ import annotations

from core.outbox import Consumer
from notify.campaigns import bills_told, runs, withdrawals

# After each of these a bill may be paid, or owed again.
CONSUMERS = (
    Consumer("notify.told_of_payment", "wallet.payment_captured", bills_told.bills_changed),
    Consumer("notify.told_of_paid_elsewhere", "wallet.bill_paid_elsewhere", bills_told.bills_changed),
    Consumer("notify.told_of_closed", "wallet.bills_closed", bills_told.bills_changed),
    Consumer("notify.told_of_reopened", "wallet.bills_reopened", bills_told.bills_changed),
    Consumer("notify.told_of_collected", "wallet.bill_collected", bills_told.bills_changed),
    Consumer("notify.told_of_instalments", "wallet.instalments_completed", bills_told.bills_changed),
    Consumer("notify.told_of_undone", "wallet.payment_undone", bills_told.bills_changed),
    Consumer("notify.told_of_restored", "wallet.payment_restored", bills_told.bills_changed),
    Consumer("notify.told_of_refunded", "wallet.bill_refunded", bills_told.bills_changed),
)

# name: (seconds between two runs, what is run)
SWEEPS = {
    "notify.start_runs": (1.0, runs.start_due),
    "notify.recheck_events": (2.0, bills_told.recheck),
    "notify.withdraw_stopped": (2.0, withdrawals.withdraw_stopped),
}
