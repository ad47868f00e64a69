"""Slips outside a request: files are fetched, bureaus told, money that came too much found and sent back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.outbox import Consumer
from wallet import bureau_notices, events, notice_sending, overpayments, store_collections

CONSUMERS = (
    Consumer(
        f"{bureau_notices.CONSUMER}.collected",
        events.BILL_COLLECTED,
        bureau_notices.write_collected,
        notice_sending.send_for_event,
    ),
)
# name → (every so many seconds, what to run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], None]]] = {
    "wallet.fetch_collection_files": (20.0, store_collections.fetch_due),
    "wallet.send_due_overpayments": (3.0, overpayments.send_due),
    "wallet.find_overpayments": (300.0, overpayments.note_everywhere),
}
