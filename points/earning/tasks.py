"""What earning does in the worker with events."""

from __future__ import annotations

from core.outbox import Consumer
from points.earning import deeds, settling
from points.earning.payments import grant_for_payment

CONSUMERS = (
    Consumer("points.grant_for_payment", "wallet.payment_captured", grant_for_payment),
    Consumer("points.note_passkey", "identity.passkey_added", deeds.note_passkey),
    Consumer("points.settle_deed", deeds.RECORDED, settling.settle),
    Consumer("points.settle_undone_deed", deeds.UNDONE, settling.settle),
)
