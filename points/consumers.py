"""What this room makes of events."""

from __future__ import annotations

from core.outbox import Consumer
from points.lots import grant_for_payment, take_back_for_refund

CONSUMERS = (
    Consumer("points.grant_for_payment", "wallet.payment_captured", grant_for_payment),
    Consumer("points.take_back_for_refund", "wallet.bill_refunded", take_back_for_refund),
)
