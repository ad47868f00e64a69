"""Exchanges: begun with an offer, their points set aside in the same commit, then left to `saga` until done or undone.

May wait as `held` where a velocity limit would be exceeded, until somebody at the desk releases or refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import TAIPEI, on_the_wire, taipei_date
from core.errors import NotFound
from core.ids import new_uuid, typeid
from core.text import Text
from ledger import book
from ledger.errors import NotEnough
from partners.exchanging import Direction, Order
from points import limits, tender
from points.campaigns import ASSET
from points.exchange import ports, quotes, states, terms, texts
from points.exchange.errors import BudgetUsedUp, NotHeld, OverTheCap
from points.exchange.terms import Rate

# So long the request that began an exchange, or a worker that took it up, has it to itself.
LEASE: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange as it stands. `points`: what the citizen gives (out) or gets (in), in all."""

    id: UUID
    quote_id: UUID
    person_id: UUID
    partner: str
    direction: Direction
    points: int
    fee_points: int
    value: int
    account_last: str
    status: str
    reason: str
    begun_times: int
    asked_times: int
    created_at: datetime
    ended_at: datetime | None
    order: Order

    @property
    def is_resting(self) -> bool:
        """Whether nothing more is expected to happen."""
        return self.status in states.RESTING

    def use(self) -> tender.For:
        """What its points are used for, where they go out."""
        return tender.For("exchange", self.id, terms.clearing_code(self.partner), texts.SPENT[self.partner])

    def budget_hold_id(self) -> UUID:
        """The hold on the partner's budget."""
        return uuid5(self.id, "partner budget")


def begin(session: Session, *, person_id: UUID, quote_id: UUID, now: datetime) -> Exchange:
    """Commit the intent of an exchange: the points and the partner's budget are set aside; nobody is called.

    Raises NotFound, QuoteUsed, QuoteExpired, OverTheCap, BudgetUsedUp, points.tender.NotEnoughPoints.
    """
    quote = quotes.use(session, quote_id, person_id=person_id, now=now)
    session.execute(_TURNS, {"person": str(person_id)})
    _within_caps(session, quote, terms.rate(session, quote.rate_id), now)
    over = limits.standing(session, {"person": str(person_id), "partner": quote.partner}, quote.citizens_points, now)
    exchange_id = new_uuid()
    session.execute(
        _BEGIN,
        {"id": exchange_id, "quote_id": quote.id, "person_id": person_id, "partner": quote.partner,
         "direction": quote.direction, "points": quote.citizens_points, "fee": quote.fee_points, "value": quote.value,
         "status": states.HELD if over else states.ORDERED, "reason": over.code if over else "",
         "begun_times": 0 if over else 1, "next_at": None if over else now + LEASE, "now": now},
    )  # fmt: skip
    exchange = get(session, exchange_id)
    if exchange.direction == "out":
        _set_aside(session, exchange, now)
    if over:
        tell_held(session, exchange, now=now)
    else:
        _send_off(session, exchange)
    return exchange


def release(session: Session, exchange_id: UUID, *, by: UUID, now: datetime) -> Exchange:
    """The desk lets a held exchange go on. Raises NotFound, NotHeld."""
    exchange = locked(session, exchange_id)
    if exchange.status != states.HELD:
        raise NotHeld
    limits.count(
        session, {"person": str(exchange.person_id), "partner": exchange.partner}, exchange.points, exchange.created_at
    )
    session.execute(_RELEASE, {"id": exchange_id, "by": by, "next_at": now + LEASE})
    _send_off(session, exchange)
    outbox.record(session, "points.exchange_released", _told(session, exchange, "", now), now=now)
    return get(session, exchange_id)


def refuse(session: Session, exchange_id: UUID, *, by: UUID, reason: str, now: datetime) -> Exchange:
    """The desk refuses a held exchange: its points are free again. Raises NotFound, NotHeld."""
    from points.exchange import outcomes

    exchange = locked(session, exchange_id)
    if exchange.status != states.HELD:
        raise NotHeld
    session.execute(_LOOKED_AT, {"id": exchange_id, "by": by})
    outcomes.undo(session, exchange, f"desk: {reason}", now=now)
    return get(session, exchange_id)


def get(session: Session, exchange_id: UUID, *, person_id: UUID | None = None) -> Exchange:
    """An exchange; with `person_id` only that person's. Raises NotFound."""
    row = session.execute(_GET, {"id": exchange_id}).first()
    if row is None or person_id not in (None, row.person_id):
        raise NotFound
    return of_row(row)


def locked(session: Session, exchange_id: UUID) -> Exchange:
    """An exchange, locked until the transaction ends. Raises NotFound."""
    if session.execute(_LOCK, {"id": exchange_id}).first() is None:
        raise NotFound
    return get(session, exchange_id)


def of_person(session: Session, person_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None) -> list[Exchange]:
    """The person's exchanges, newest first."""
    at, last = before or (None, None)
    rows = session.execute(_OF_PERSON, {"person_id": person_id, "limit": limit, "at": at, "id": last}).all()
    return [of_row(row) for row in rows]


def with_status(
    session: Session, statuses: list[str], *, limit: int, before: tuple[datetime, UUID] | None
) -> list[Exchange]:
    """Exchanges of these states, newest first."""
    at, last = before or (None, None)
    rows = session.execute(_WITH_STATUS, {"statuses": statuses, "limit": limit, "at": at, "id": last}).all()
    return [of_row(row) for row in rows]


def of_quote(session: Session, quote_id: UUID, *, person_id: UUID) -> Exchange | None:
    """The exchange that an offer of this person was used for, or None."""
    row = session.execute(_OF_QUOTE, {"quote_id": quote_id}).first()
    return None if row is None or row.person_id != person_id else of_row(row)


def steps_of(session: Session, exchange_id: UUID) -> list[Any]:
    """Every move that it made: source, target, reason, at."""
    return list(session.execute(_STEPS, {"id": exchange_id}).all())


def of_row(row: Any) -> Exchange:
    """An exchange of a row of `COLUMNS`."""
    return Exchange(
        row.id, row.quote_id, row.person_id, row.partner_code, row.direction, row.points, row.fee_points, row.value,
        row.account_last, row.status, row.reason, row.begun_times, row.asked_times, row.created_at, row.ended_at,
        # One point is NT$1, so that is also what one side owes the other.
        Order(typeid("exc", row.id), row.direction, quotes.account_of(row.quote_id, row.account_sealed), row.value,
              row.points),
    )  # fmt: skip


def tell_held(session: Session, exchange: Exchange, *, now: datetime) -> None:
    """Tell that it waits for a look."""
    outbox.record(session, "points.exchange_held", _told(session, exchange, exchange.reason, now), now=now)


def tell_done(session: Session, exchange: Exchange, *, now: datetime) -> None:
    """Tell that it is done."""
    outbox.record(session, "points.exchange_done", _told(session, exchange, "", now), now=now)


def tell_undone(session: Session, exchange: Exchange, reason: str, *, now: datetime) -> None:
    """Tell that nothing came of it, and why."""
    outbox.record(session, "points.exchange_undone", _told(session, exchange, reason, now), now=now)


def _told(session: Session, exchange: Exchange, reason: str, now: datetime) -> dict[str, Any]:
    partner, words = terms.partner_terms(session, exchange.partner), why(reason)
    assert partner is not None
    return {
        "exchange_id": str(exchange.id), "person_id": str(exchange.person_id), "partner": exchange.partner,
        "partner_name": {"zh": partner.name.zh, "en": partner.name.en}, "direction": exchange.direction,
        "points": exchange.points, "value": exchange.value, "unit": {"zh": partner.unit.zh, "en": partner.unit.en},
        "account_last": exchange.account_last, "why": {"zh": words.zh, "en": words.en}, "at": on_the_wire(now),
    }  # fmt: skip


def why(reason: str) -> Text:
    """Why an exchange was not done, or waits, for people."""
    code = reason.partition(":")[0]
    if not code:
        return Text("", "")
    if code in texts.REASONS:
        return texts.REASONS[code]
    return limits.words_of(code)


def _set_aside(session: Session, exchange: Exchange, now: datetime) -> None:
    # The person's lots first, then the budget that everybody shares: its row is held for the shorter time.
    tender.hold_for(session, exchange.use(), person_id=exchange.person_id, points=exchange.points, now=now)
    budget, used = (book.account_id(code(exchange.partner)) for code in (terms.budget_code, terms.used_code))
    held = book.Hold(
        exchange.budget_hold_id(), budget, used, exchange.points, ASSET, "exchange", exchange.order.reference
    )
    try:
        book.hold(session, [held], now=now)
    except NotEnough:
        raise BudgetUsedUp from None


def _send_off(session: Session, exchange: Exchange) -> None:
    # The night's file takes it along: nobody is called for it alone.
    if ports.partner(exchange.partner).works_by_file:
        session.execute(_WAIT_FOR_FILE, {"id": exchange.id})


def _within_caps(session: Session, quote: quotes.Quote, rate: Rate, now: datetime) -> None:
    today = taipei_date(now)
    row = session.execute(
        _EXCHANGED,
        {"person_id": quote.person_id, "partner": quote.partner, "direction": quote.direction,
         "day": _midnight(today), "month": _midnight(today.replace(day=1))},
    ).one()  # fmt: skip
    left = min(rate.most_points_day - row.today, rate.most_points_month - row.this_month)
    if quote.points > left:
        raise OverTheCap(left=max(0, left))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, TAIPEI)


COLUMNS: Final = (
    "e.id, e.quote_id, e.person_id, e.partner_code, e.direction, e.points, e.fee_points, e.value, e.status, e.reason, "
    "e.begun_times, e.asked_times, e.created_at, e.ended_at, q.account_sealed, q.account_last"
)
_FROM = "FROM points.exchange AS e JOIN points.exchange_quote AS q ON q.id = e.quote_id"
# Exchanges of one person take turns, so that caps are exact.
_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('points.exchange ' || :person, 0))")
_EXCHANGED = text(
    """
    SELECT coalesce(sum(q.points) FILTER (WHERE e.created_at >= :day), 0)::bigint AS today,
           coalesce(sum(q.points), 0)::bigint AS this_month
      FROM points.exchange AS e JOIN points.exchange_quote AS q ON q.id = e.quote_id
     WHERE e.person_id = :person_id AND e.partner_code = :partner AND e.direction = :direction
       AND e.status <> 'undone' AND e.created_at >= :month
    """
)
_BEGIN = text(
    """
    INSERT INTO points.exchange (id, quote_id, person_id, partner_code, direction, points, fee_points, value, status,
                                 reason, begun_times, next_at, created_at)
    VALUES (:id, :quote_id, :person_id, :partner, :direction, :points, :fee, :value, :status, :reason, :begun_times,
            :next_at, :now)
    """
)
_RELEASE = text(
    "UPDATE points.exchange SET status = 'ordered', reason = '', begun_times = 1, next_at = :next_at, "
    "looked_at_by = :by WHERE id = :id"
)
_LOOKED_AT = text("UPDATE points.exchange SET looked_at_by = :by WHERE id = :id")
_WAIT_FOR_FILE = text("UPDATE points.exchange SET status = 'waiting', next_at = NULL WHERE id = :id")
_LOCK = text("SELECT 1 FROM points.exchange WHERE id = :id FOR UPDATE")
_GET = text(f"SELECT {COLUMNS} {_FROM} WHERE e.id = :id")
_OF_QUOTE = text(f"SELECT {COLUMNS} {_FROM} WHERE e.quote_id = :quote_id")
_OF_PERSON = text(
    f"""
    SELECT {COLUMNS} {_FROM} WHERE e.person_id = :person_id
       AND (CAST(:at AS timestamptz) IS NULL OR (e.created_at, e.id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY e.created_at DESC, e.id DESC LIMIT :limit
    """
)
_WITH_STATUS = text(
    f"""
    SELECT {COLUMNS} {_FROM} WHERE e.status = ANY(:statuses)
       AND (CAST(:at AS timestamptz) IS NULL OR (e.created_at, e.id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY e.created_at DESC, e.id DESC LIMIT :limit
    """
)
_STEPS = text("SELECT source, target, reason, at FROM points.exchange_step WHERE exchange_id = :id ORDER BY id")
