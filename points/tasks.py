"""What this room does in the worker: with events, and from time to time."""

from __future__ import annotations

from core.outbox import Consumer
from points.claw_back import payment_restored, payment_undone, refund_came_back, refund_completed
from points.day_sums import sum_up_days
from points.earning import tasks as earning_tasks
from points.exchange import tasks as exchange_tasks
from points.expiry import expire_lots
from points.extensions import carry_out_approved
from points.kept import forget
from points.leftover_budgets import release_leftovers
from points.merchants import tasks as merchant_tasks
from points.till import tasks as till_tasks
from points.warnings import warn_of_expiry

CONSUMERS = (
    *earning_tasks.CONSUMERS,
    Consumer("points.take_back_for_refund", "wallet.bill_refunded", refund_completed),
    Consumer("points.give_again_for_refund", "wallet.refund_failed", refund_came_back),
    Consumer("points.take_back_for_undoing", "wallet.payment_undone", payment_undone),
    Consumer("points.give_again_for_restoring", "wallet.payment_restored", payment_restored),
)

# name: (seconds between two runs, what is run)
SWEEPS = {
    "points.expire_lots": (60.0, expire_lots),
    "points.sum_up_days": (60.0, lambda _now: sum_up_days()),
    "points.warn_of_expiry": (600.0, warn_of_expiry),
    "points.extend_lots": (60.0, carry_out_approved),
    "points.release_leftovers": (3600.0, release_leftovers),
    "points.forget": (60.0, forget),
    **till_tasks.SWEEPS,
    **exchange_tasks.SWEEPS,
    **merchant_tasks.SWEEPS,
}
