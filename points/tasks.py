"""What this room does in the worker: with events, and from time to time."""

from __future__ import annotations

from core.outbox import Consumer
from points.expiry import expire_lots
from points.lots import grant_for_payment, take_back_for_refund

CONSUMERS = (
    Consumer("points.grant_for_payment", "wallet.payment_captured", grant_for_payment),
    Consumer("points.take_back_for_refund", "wallet.bill_refunded", take_back_for_refund),
)

# name: (seconds between two runs, what is run)
SWEEPS = {"points.expire_lots": (300.0, expire_lots)}
