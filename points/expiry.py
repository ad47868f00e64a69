"""Points whose time has come go out of the book, with an entry that says so. Run twice, it does nothing more.

Points no longer count from the moment at which their lot ends, swept or not; the sweep only writes it down. It goes
through what has ended in the order of (end, person, lot), a few hundred lots in a transaction: whoever kills it loses
the last of them, and the next pass goes on where it was. It waits for nobody long: a lot that somebody works on is
passed by, and a batch that meets a locked balance gives way and is tried again in smaller ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.text import Text
from ledger import book
from points import texts
from points.campaigns import ASSET
from points.entries import Change, about_lot, write_entry

BATCH: Final = 250
"""Lots in one transaction, whose people's balances it keeps locked until it commits."""
EXPIRED: Final = "points:expired"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a pass has come: the end, person and id of the last lot."""

    expires_at: datetime
    person_id: UUID
    lot_id: UUID


BEGINNING: Final = Place(datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Step:
    """One batch: how many lots it expired, and where it ended (None: nothing is left after it)."""

    lots: int
    upto: Place | None


def expire_lots(now: datetime) -> int:
    """Expire every lot that is due. Answers how many. Opens its own units of work, each of up to `BATCH` lots."""
    expired, place, size = 0, BEGINNING, BATCH
    while True:
        try:
            with db.unit_of_work() as session:
                step = expire_some(session, now, after=place, most=size)
        except DBAPIError as error:
            if not isinstance(error.orig, errors.LockNotAvailable | errors.DeadlockDetected):
                raise
            if size == 1:
                with db.unit_of_work() as session:
                    place = _next_place(session, now, place)
            size = max(1, size // 10)
            continue
        expired += step.lots
        if step.upto is None:
            return expired
        place, size = step.upto, BATCH


def lapse(session: Session, person_id: UUID, lot_ids: Collection[UUID], now: datetime) -> None:
    """What these lots still hold after their end lapses, before anything returns to them or is taken from them: what
    becomes of it must not hang on whether the sweep has been there."""
    lots = session.execute(_LAPSED, {"person_id": person_id, "ids": list(lot_ids), "now": now}).all()
    if lots:
        _expire(session, lots, now)


def lapse_used(session: Session, payment_id: UUID, now: datetime) -> None:
    """The same for the lots that this payment, redemption or exchange used points from."""
    lots = session.execute(_LAPSED_USED, {"payment_id": payment_id, "now": now}).all()
    if lots:
        _expire(session, lots, now)


def expire_some(session: Session, now: datetime, *, after: Place = BEGINNING, most: int = BATCH) -> Step:
    """Expire up to so many lots that are due, that come after that place and that nobody else is working on.

    Raises DBAPIError of LockNotAvailable where somebody keeps a balance locked for longer than it waits.
    """
    # Shorter than the time after which PostgreSQL looks for deadlocks: of two, it is this one that gives way.
    session.execute(_WAIT_BRIEFLY)
    lots = session.execute(
        _DUE,
        {"now": now, "most": most, "end": after.expires_at, "person_id": after.person_id, "lot_id": after.lot_id},
    ).all()
    if not lots:
        return Step(0, None)
    _expire(session, lots, now)
    last = lots[-1]
    return Step(len(lots), Place(last.expires_at, last.person_id, last.id) if len(lots) == most else None)


def _expire(session: Session, lots: Sequence[Any], now: datetime) -> None:
    gone = book.open_account(session, EXPIRED, ASSET, now=now, is_hot=True)
    changes = [
        Change(
            person_id=lot.person_id,
            lot_id=lot.id,
            about=about_lot(lot),
            kind="expire",
            # A lot whose points came back after their time lives on, and expires another time.
            cause_id=uuid5(lot.id, lot.expires_at.isoformat()),
            points=-lot.remaining,
            other_account=gone,
            words=texts.EXPIRED.format(campaign=Text(lot.name_zh, lot.name_en), points=lot.remaining),
        )
        for lot in lots
    ]
    session.execute(_EMPTY, {"people": [lot.person_id for lot in lots], "ids": [lot.id for lot in lots]})
    write_entry(session, *changes, now=now)


def _next_place(session: Session, now: datetime, after: Place) -> Place:
    """Past the one lot that would not go; the next pass meets it again."""
    values = {"now": now, "most": 1, "end": after.expires_at, "person_id": after.person_id, "lot_id": after.lot_id}
    lot = session.execute(_DUE, values).first()
    return after if lot is None else Place(lot.expires_at, lot.person_id, lot.id)


_WAIT_BRIEFLY = text("SET LOCAL lock_timeout = '300ms'")
_LOTS = """
    SELECT l.person_id, l.id, l.payment_id, l.deed_id, l.remaining, l.expires_at, c.name_zh, c.name_en
      FROM points.lot AS l JOIN points.campaign AS c ON c.id = l.campaign_id
"""
_DUE = text(
    f"""
    {_LOTS}
     WHERE l.expires_at <= :now AND l.remaining > 0 AND (l.expires_at, l.person_id, l.id) > (:end, :person_id, :lot_id)
     ORDER BY l.expires_at, l.person_id, l.id LIMIT :most FOR NO KEY UPDATE OF l SKIP LOCKED
    """
)
_LAPSED = text(
    f"""
    {_LOTS}
     WHERE l.person_id = :person_id AND l.id = ANY(:ids) AND l.expires_at <= :now AND l.remaining > 0
     ORDER BY l.id FOR NO KEY UPDATE OF l
    """
)
_LAPSED_USED = text(
    f"""
    {_LOTS}
     WHERE (l.person_id, l.id) IN (SELECT person_id, lot_id FROM points.tender_part WHERE payment_id = :payment_id)
       AND l.expires_at <= :now AND l.remaining > 0
     ORDER BY l.id FOR NO KEY UPDATE OF l
    """  # noqa: S608
)
_EMPTY = text(
    """
    UPDATE points.lot AS l SET expired = l.expired + l.remaining, remaining = 0
      FROM unnest(CAST(:people AS uuid[]), CAST(:ids AS uuid[])) AS due (person_id, id)
     WHERE l.person_id = due.person_id AND l.id = due.id AND l.remaining > 0
    """
)
