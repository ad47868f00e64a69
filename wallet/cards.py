"""Cards that their owners had the processor keep: here there is a token and what may be shown, and never a number.

Which cards are kept is the processor's to say: a notice or a payment only makes us ask. A card that its owner removes
can be used no more from that moment, whenever the processor hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.clock import taipei_date
from core.errors import Conflict, NotFound
from core.ids import new_uuid, typeid
from core.outbox import Event
from core.text import Text
from partners import wire
from partners.adyen.client import StoredCard
from wallet.ports import CardKeeper, ports

_LEASE = timedelta(seconds=20)
_BRANDS = {"visa": "Visa", "mc": "Mastercard", "jcb": "JCB", "amex": "American Express", "cup": "UnionPay"}


class CardExpired(Conflict):
    slug = "card-expired"
    status = 409
    title = Text("這張卡已過期", "This card has expired")
    explanation = Text("請換一張卡，或改用其他方式繳費。", "Use another card, or pay another way.")


@dataclass(frozen=True, slots=True)
class Card:
    """A kept card. `token` is the processor's name for it."""

    person_id: UUID
    id: UUID
    token: str
    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int
    created_at: datetime

    @property
    def label(self) -> str:
        """As people recognise it: "Visa ***1111"."""
        return f"{_BRANDS.get(self.brand, self.brand.upper() or 'Card')} ***{self.last_four}"

    def has_expired(self, now: datetime) -> bool:
        """Whether its last month is over in Taipei."""
        today = taipei_date(now)
        return (self.expiry_year, self.expiry_month) < (today.year, today.month)


def cards_of(session: Session, person_id: UUID) -> Sequence[Card]:
    """The person's kept cards, newest first."""
    return [Card(**row._mapping) for row in session.execute(_ALL, {"person_id": person_id})]


def usable_card(session: Session, *, person_id: UUID, card_id: UUID, now: datetime) -> Card:
    """A card that can pay. Raises NotFound, CardExpired."""
    row = session.execute(_ONE, {"person_id": person_id, "id": card_id}).first()
    if row is None:
        raise NotFound
    card = Card(**row._mapping)
    if card.has_expired(now):
        raise CardExpired
    return card


def is_kept(session: Session, *, person_id: UUID, card_id: UUID) -> bool:
    """Whether this card of this person is still kept."""
    return session.execute(_ONE, {"person_id": person_id, "id": card_id}).first() is not None


def remove(session: Session, *, person_id: UUID, card_id: UUID, now: datetime) -> None:
    """From now on the card pays nothing; the processor forgets it soon after. Raises NotFound."""
    removed = session.execute(_REMOVE, {"person_id": person_id, "id": card_id, "now": now}).first()
    if removed is None:
        raise NotFound
    ask_about(session, person_id, now=now)


def ask_about(session: Session, person_id: UUID, *, now: datetime) -> None:
    """Something may have changed about this person's cards: the processor is asked soon."""
    session.execute(_ASK, {"person_id": person_id, "now": now})


def note_payment(session: Session, event: Event, now: datetime) -> None:
    """A card paid: it may be one that is kept from now on."""
    if event.payload["rail"] == "card":
        ask_about(session, UUID(event.payload["person_id"]), now=now)


def ask_after_payment(event: Event) -> None:
    """Ask at once, so that the card is on the list when its owner looks."""
    if event.payload["rail"] == "card":
        ask_due(clock.now())


def ask_due(now: datetime) -> None:
    """Ask the processor about everybody whose cards may have changed; safe to run twice and in two workers at once."""
    keeper = ports().cards
    if keeper is None:
        return
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    for row in due:
        try:
            _ask(keeper, row.person_id)
        except wire.CallFailed:
            # The lease lapses and somebody asks again.
            continue


def _ask(keeper: CardKeeper, person_id: UUID) -> None:
    shopper_reference = typeid("per", person_id)
    with db.unit_of_work() as session:
        removed = [row.token for row in session.execute(_TO_FORGET, {"person_id": person_id})]
        asked_at = session.execute(_ASKED_AT, {"person_id": person_id}).scalar()
    for token in removed:
        keeper.forget_card(shopper_reference=shopper_reference, token=token)
    kept = keeper.stored_cards(shopper_reference)
    now = clock.now()
    with db.unit_of_work() as session:
        session.execute(_FORGOTTEN, {"person_id": person_id, "tokens": removed, "now": now})
        values = {"person_id": person_id, "now": now, "cards": orjson.dumps([_row(card) for card in kept]).decode()}
        session.execute(_KEEP, values)
        session.execute(_DROP, {"person_id": person_id, "now": now, "tokens": [card.token for card in kept]})
        session.execute(_DONE, {"person_id": person_id, "asked_at": asked_at})


def _row(card: StoredCard) -> dict[str, Any]:
    return {
        "id": str(new_uuid()),
        "token": card.token,
        "brand": card.brand,
        "last_four": card.last_four,
        "expiry_month": card.expiry_month,
        "expiry_year": card.expiry_year,
    }


_COLUMNS = "person_id, id, token, brand, last_four, expiry_month, expiry_year, created_at"
_ALL = text(
    f"SELECT {_COLUMNS} FROM wallet.card WHERE person_id = :person_id AND status = 'kept' ORDER BY id DESC LIMIT 50"  # noqa: S608
)
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.card WHERE person_id = :person_id AND id = :id AND status = 'kept'")  # noqa: S608
_REMOVE = text(
    "UPDATE wallet.card SET status = 'removed', removed_at = :now "
    "WHERE person_id = :person_id AND id = :id AND status = 'kept' RETURNING id"
)
_ASK = text(
    "INSERT INTO wallet.card_check (person_id, asked_at, due_at) VALUES (:person_id, :now, :now) "
    "ON CONFLICT (person_id) DO UPDATE SET asked_at = :now, due_at = :now"
)
_LEASE_DUE = text(
    """
    UPDATE wallet.card_check SET due_at = :until
     WHERE person_id IN (SELECT person_id FROM wallet.card_check WHERE due_at <= :now ORDER BY due_at LIMIT 50
                            FOR UPDATE SKIP LOCKED)
    RETURNING person_id
    """
)
_ASKED_AT = text("SELECT asked_at FROM wallet.card_check WHERE person_id = :person_id")
# What was asked for while the processor was being asked is asked for once more.
_DONE = text("DELETE FROM wallet.card_check WHERE person_id = :person_id AND asked_at = :asked_at")
_TO_FORGET = text(
    "SELECT token FROM wallet.card WHERE person_id = :person_id AND status = 'removed' AND forgotten_at IS NULL"
)
_FORGOTTEN = text(
    "UPDATE wallet.card SET forgotten_at = :now WHERE person_id = :person_id AND token = ANY(:tokens) "
    "AND status = 'removed' AND forgotten_at IS NULL"
)
_KEEP = text(
    """
    INSERT INTO wallet.card AS card
           (person_id, id, token, brand, last_four, expiry_month, expiry_year, status, created_at)
    SELECT :person_id, c.id, c.token, c.brand, c.last_four, c.expiry_month, c.expiry_year, 'kept', :now
      FROM jsonb_to_recordset(CAST(:cards AS jsonb)) AS c(
           id uuid, token text, brand text, last_four text, expiry_month int, expiry_year int)
    ON CONFLICT (person_id, token) DO UPDATE
       SET expiry_month = EXCLUDED.expiry_month, expiry_year = EXCLUDED.expiry_year, last_four = EXCLUDED.last_four,
           status = CASE WHEN card.forgotten_at IS NULL THEN card.status ELSE 'kept' END, forgotten_at = NULL
    """
)
_DROP = text(
    "UPDATE wallet.card SET status = 'removed', removed_at = :now, forgotten_at = :now "
    "WHERE person_id = :person_id AND status = 'kept' AND NOT token = ANY(:tokens)"
)
