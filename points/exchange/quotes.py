"""Offers: what an exchange would cost and bring, locked for two minutes and good for one exchange."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import crypto, db
from core.errors import NotFound
from core.ids import new_uuid
from partners.exchanging import Direction
from points.exchange import ports, terms
from points.exchange.errors import AccountNumberWrong, NotInSteps, NotOffered, QuoteExpired, QuoteUsed

LOCKED_FOR: Final = timedelta(minutes=2)
KEPT_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quote:
    """An offer. `points` without the fee: what `value` of the partner's unit is worth."""

    id: UUID
    person_id: UUID
    partner: str
    direction: Direction
    rate_id: UUID
    points: int
    fee_points: int
    value: int
    account_last: str
    valid_until: datetime

    @property
    def citizens_points(self) -> int:
        """What the citizen gives in all (out), or gets in all (in)."""
        return self.points + self.fee_points if self.direction == "out" else self.points - self.fee_points


def make(
    session: Session, *, person_id: UUID, partner: str, direction: Direction, points: int, account: str, now: datetime
) -> Quote:
    """Offer an exchange of so many points with the account at the partner that has this number.

    Raises NotFound (no such partner), NotOffered, NotInSteps, AccountNumberWrong.
    """
    if terms.partner_terms(session, partner) is None:
        raise NotFound
    rate = terms.rate_of(session, partner, direction, now)
    if rate is None or not ports.is_connected(partner):
        raise NotOffered
    if not rate.least_points <= points <= rate.most_points or points % rate.points_step:
        raise NotInSteps(step=rate.points_step, least=rate.least_points, most=rate.most_points)
    number = "".join(account.split()).replace("-", "")
    if not ports.partner(partner).is_account(number):
        raise AccountNumberWrong
    quote = Quote(
        new_uuid(), person_id, partner, direction, rate.id, points, rate.fee_points, rate.value_of(points),
        number[-4:], now + LOCKED_FOR,
    )  # fmt: skip
    session.execute(
        _ADD,
        {"id": quote.id, "person_id": person_id, "partner": partner, "direction": direction, "rate_id": rate.id,
         "points": points, "fee": rate.fee_points, "value": quote.value,
         "account": crypto.seal(number, table="exchange_quote", column="account", row_id=quote.id),
         "last": quote.account_last, "now": now, "until": quote.valid_until},
    )  # fmt: skip
    return quote


def use(session: Session, quote_id: UUID, *, person_id: UUID, now: datetime) -> Quote:
    """Take an offer, once. Raises NotFound (also for somebody else's), QuoteUsed, QuoteExpired."""
    row = session.execute(_LOCK, {"id": quote_id, "person_id": person_id}).first()
    if row is None:
        raise NotFound
    if row.used_at is not None:
        raise QuoteUsed
    if row.valid_until <= now:
        raise QuoteExpired
    session.execute(_USE, {"id": quote_id, "now": now})
    return Quote(
        row.id, row.person_id, row.partner_code, row.direction, row.rate_id, row.points, row.fee_points, row.value,
        row.account_last, row.valid_until,
    )  # fmt: skip


def account_of(quote_id: UUID, sealed: bytes) -> str:
    """The number that an offer was made for."""
    return crypto.open_sealed(sealed, table="exchange_quote", column="account", row_id=quote_id).decode()


def forget_old(now: datetime) -> int:
    """Delete offers that nobody took in time; answers how many. Opens its own unit of work."""
    with db.unit_of_work() as session:
        return int(session.execute(_FORGET, {"before": now - KEPT_FOR}).rowcount)  # type: ignore[attr-defined]


_ADD = text(
    """
    INSERT INTO points.exchange_quote (id, person_id, partner_code, direction, rate_id, points, fee_points, value,
                                       account_sealed, account_last, made_at, valid_until)
    VALUES (:id, :person_id, :partner, :direction, :rate_id, :points, :fee, :value, :account, :last, :now, :until)
    """
)
_LOCK = text("SELECT * FROM points.exchange_quote WHERE id = :id AND person_id = :person_id FOR UPDATE")
_USE = text("UPDATE points.exchange_quote SET used_at = :now WHERE id = :id")
_FORGET = text("DELETE FROM points.exchange_quote WHERE used_at IS NULL AND valid_until < :before")
