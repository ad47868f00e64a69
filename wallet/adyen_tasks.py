"""What the wallet does by itself about cards: weighs notices, asks which are kept, fetches reports. Each is safe to run
twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.outbox import Consumer
from wallet import adyen_notices, adyen_reports, cards, events

CONSUMERS = (
    Consumer("wallet.adyen_notices", events.PROCESSOR_NOTICE, adyen_notices.take_event, adyen_notices.after_event),
    Consumer("wallet.cards", events.PAYMENT_CAPTURED, cards.note_payment, cards.ask_after_payment),
)

# name → (every so many seconds, what to run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], None]]] = {
    "wallet.weigh_processor_notices": (2.0, adyen_notices.process_due),
    "wallet.ask_about_cards": (5.0, cards.ask_due),
    "wallet.fetch_processor_reports": (15.0, adyen_reports.fetch_due),
}
