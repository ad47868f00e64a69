"""What somebody has: the balance, the lots it lies in, what expires when, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.text import Text
from points import debts
from points.entries import About, about_payment

MOST_LOTS = 200


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot with points left; `expires_on` is the last day on which they can be used, and `extended` says why it is
    later than it was."""

    id: UUID
    amount: int
    remaining: int
    earned_at: datetime
    expires_on: date
    reason: Text
    extended: Text | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's points at one moment. `balance`: what the lots hold less what is `owed`, so it may be below zero.
    `expiring`: how many points have which last day, the soonest first. `lots`: the soonest to expire, `MOST_LOTS` at
    the most."""

    balance: int
    owed: int
    expiring: list[tuple[int, date]]
    lots: list[OpenLot]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a `kind` of `points.entries.KINDS`; `amount` is below zero where points went or are owed."""

    id: UUID
    amount: int
    kind: str
    reason: Text
    at: datetime
    lot_id: UUID
    about: About


def standing(session: Session, *, person_id: UUID, now: datetime) -> Standing:
    """The person's points at `now`; what has expired by then no longer counts, swept or not."""
    by_end = session.execute(_BY_END, {"person_id": person_id, "now": now}).all()
    lots = session.execute(_OPEN_LOTS, {"person_id": person_id, "now": now, "limit": MOST_LOTS}).all()
    owed = debts.owed_by(session, person_id)
    return Standing(
        balance=sum(int(row.points) for row in by_end) - owed,
        owed=owed,
        expiring=[(int(row.points), _last_day(row.expires_at)) for row in by_end],
        lots=[_open_lot(row) for row in lots],
    )


def entries(session: Session, *, person_id: UUID, limit: int, cursor: str | None) -> tuple[list[Entry], str | None]:
    """A page of the person's changes, newest first, and the cursor of the next. Raises InvalidRequest for a strange
    cursor."""
    before_at, before_id = decode_moment_cursor(cursor) if cursor else (None, None)
    rows = session.execute(
        _ENTRIES_BEFORE if cursor else _ENTRIES,
        {"person_id": person_id, "limit": limit + 1, "before_at": before_at, "before_id": before_id},
    ).all()
    page = [_entry(row) for row in rows[:limit]]
    return page, encode_moment_cursor(page[-1].at, page[-1].id) if len(rows) > limit else None


def _last_day(expires_at: datetime) -> date:
    return taipei_date(expires_at - timedelta(microseconds=1))


def _open_lot(row: Row[Any]) -> OpenLot:
    reason = Text(row.reason_zh, row.reason_en)
    extended = Text(row.extended_zh, row.extended_en) if row.extended_zh else None
    return OpenLot(row.id, row.amount, row.remaining, row.earned_at, _last_day(row.expires_at), reason, extended)


def _entry(row: Row[Any]) -> Entry:
    reason = Text(row.reason_zh, row.reason_en)
    about = About(row.about_kind, row.about_id) if row.about_kind else about_payment(row.payment_id)
    return Entry(row.id, row.amount, row.kind, reason, row.at, row.lot_id, about)


_BY_END = text(
    """
    SELECT expires_at, sum(remaining) AS points FROM points.lot
     WHERE person_id = :person_id AND remaining > 0 AND expires_at > :now
     GROUP BY expires_at ORDER BY expires_at
    """
)
# The lots first, then what is said of each: a long history costs no more than a short one.
_OPEN_LOTS = text(
    """
    WITH open AS MATERIALIZED (
        SELECT id, amount, remaining, earned_at, expires_at FROM points.lot
         WHERE person_id = :person_id AND remaining > 0 AND expires_at > :now ORDER BY expires_at, id LIMIT :limit
    )
    SELECT o.*, e.reason_zh, e.reason_en, x.reason_zh AS extended_zh, x.reason_en AS extended_en
      FROM open AS o JOIN points.entry AS e ON e.lot_id = o.id AND e.kind = 'earn'
      LEFT JOIN LATERAL (
           SELECT n.reason_zh, n.reason_en FROM points.extended_lot AS m JOIN points.extension AS n
               ON n.id = m.extension_id
            WHERE m.person_id = :person_id AND m.lot_id = o.id ORDER BY m.at DESC LIMIT 1) AS x ON true
     ORDER BY o.expires_at, o.id
    """
)
_ENTRIES = text("SELECT * FROM points.entry WHERE person_id = :person_id ORDER BY at DESC, id DESC LIMIT :limit")
_ENTRIES_BEFORE = text(
    """
    SELECT * FROM points.entry WHERE person_id = :person_id AND (at, id) < (:before_at, :before_id)
     ORDER BY at DESC, id DESC LIMIT :limit
    """
)
