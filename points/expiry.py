"""Points whose time has come go out of the book, with an entry for each lot that says so. Run twice, it does no more.

Points no longer count from the moment at which their lot ends, swept or not; the sweep only writes it down. It goes
through what has ended in the order of (end, person, lot), `BATCH` lots in a transaction of three statements: one locks
the lots, closes them and tells the histories; what each person loses at that end is then one transfer in the book.
Whoever kills it loses the last batch, and the next pass goes on where it was.

Nobody waits for it long. A lot that somebody works on is passed by; a batch that meets a locked balance gives way and
is tried again in smaller ones; and after each batch the sweep rests, so that others have the disk and the processors.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.ids import new_uuid
from ledger import book, bulk
from points import texts
from points.campaigns import ASSET
from points.entries import account_code

BATCH: Final = 500
"""Lots in one transaction, whose people's balances it keeps locked until it commits."""
REST: Final = 1.0
"""After a batch it rests so many times as long as the batch took."""
PASS_SECONDS: Final = 50.0
"""A pass ends after so long; the sweep's next one goes on where it was."""
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


def expire_lots(now: datetime, *, batch: int = BATCH, rest: float = REST, seconds: float = PASS_SECONDS) -> int:
    """Expire every lot that is due, as far as it comes in so many seconds. Answers how many. Opens its own units of
    work, each of up to `batch` lots."""
    expired, place, size = 0, BEGINNING, batch
    ends_at = time.monotonic() + seconds
    while (began := time.monotonic()) < ends_at:
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
        place, size = step.upto, batch
        time.sleep(rest * (time.monotonic() - began))
    return expired


def lapse(session: Session, person_id: UUID, lot_ids: Collection[UUID], now: datetime) -> None:
    """What these lots still hold after their end lapses, before anything returns to them or is taken from them: what
    becomes of it must not hang on whether the sweep has been there."""
    _expire(session, _LAPSED, {"person_id": person_id, "ids": list(lot_ids)}, now)


def lapse_used(session: Session, payment_id: UUID, now: datetime) -> None:
    """The same for the lots that this payment, redemption or exchange used points from."""
    _expire(session, _LAPSED_USED, {"payment_id": payment_id}, now)


def expire_some(session: Session, now: datetime, *, after: Place = BEGINNING, most: int = BATCH) -> Step:
    """Expire up to so many lots that are due, that come after that place and that nobody else is working on.

    Raises DBAPIError of LockNotAvailable where somebody keeps a balance locked for longer than it waits.
    """
    # Shorter than the time after which PostgreSQL looks for deadlocks: of two, it is this one that gives way.
    session.execute(_WAIT_BRIEFLY)
    step = _expire(session, _DUE, {"most": most, **_coming_after(after)}, now)
    return step if step.lots == most else Step(step.lots, None)


def _expire(session: Session, statement: Any, which: Mapping[str, Any], now: datetime) -> Step:
    words = texts.EXPIRED
    losses = session.execute(
        statement, {**which, "now": now, "words_zh": words.zh, "words_en": words.en, "id_begins": str(new_uuid())[:15]}
    ).all()
    if not losses:
        return Step(0, None)
    gone = book.open_account(session, EXPIRED, ASSET, now=now, is_hot=True)
    bulk.post_each(
        session,
        [
            book.Posting(
                loss.transfer_id, book.account_id(account_code(loss.person_id)), gone, int(loss.points), ASSET,
                "points expire", str(loss.last_lot),
            )
            for loss in losses
        ],
        now=now,
    )  # fmt: skip
    last = max(losses, key=lambda loss: (loss.expires_at, loss.person_id, loss.last_lot))
    return Step(sum(loss.lots for loss in losses), Place(last.expires_at, last.person_id, last.last_lot))


def _next_place(session: Session, now: datetime, after: Place) -> Place:
    """Past the one lot that would not go; the next pass meets it again."""
    lot = session.execute(_NEXT, {"now": now, **_coming_after(after)}).first()
    return after if lot is None else Place(lot.expires_at, lot.person_id, lot.id)


def _coming_after(place: Place) -> dict[str, Any]:
    return {"end": place.expires_at, "person_id": place.person_id, "lot_id": place.lot_id}


_WAIT_BRIEFLY = text("SET LOCAL lock_timeout = '300ms'")
_ENDED = "l.expires_at <= :now AND l.remaining > 0"
_IN_ORDER = f"""
     WHERE {_ENDED} AND (l.expires_at, l.person_id, l.id) > (:end, :person_id, :lot_id)
     ORDER BY l.expires_at, l.person_id, l.id
"""
# A lot whose points came back after their end has another end by then: lot and end name what happens here, once. What a
# person loses at one end is one transfer, named after the first of the lots.
_EXPIRE = """
    WITH due AS MATERIALIZED (
        SELECT l.person_id, l.id, l.campaign_id, l.payment_id, l.deed_id, l.remaining, l.expires_at,
               substring(encode(sha256(convert_to(l.id || ' ' || extract(epoch FROM l.expires_at), 'UTF8')), 'hex')
                         FOR 32)::uuid AS cause_id
          FROM points.lot AS l {which}
    ), closed AS (
        UPDATE points.lot AS l SET expired = l.expired + l.remaining, remaining = 0
          FROM due AS d WHERE l.person_id = d.person_id AND l.id = d.id
    ), lost AS MATERIALIZED (
        SELECT d.*, first_value(cause_id) OVER (PARTITION BY person_id, expires_at ORDER BY id) AS transfer_id
          FROM due AS d
    ), told AS (
        INSERT INTO points.entry (person_id, id, lot_id, payment_id, about_kind, about_id, amount, kind, cause_id,
                                  transfer_id, reason_zh, reason_en, at)
        SELECT l.person_id, (:id_begins || substring(gen_random_uuid()::text FROM 16))::uuid, l.id, l.payment_id,
               CASE WHEN l.payment_id IS NULL THEN 'deed' ELSE 'payment' END, coalesce(l.payment_id, l.deed_id),
               -l.remaining, 'expire', l.cause_id, l.transfer_id,
               replace(replace(:words_zh, '{{points}}', l.remaining::text), '{{campaign}}', c.name_zh),
               replace(replace(:words_en, '{{points}}', l.remaining::text), '{{campaign}}', c.name_en), :now
          FROM lost AS l JOIN points.campaign AS c ON c.id = l.campaign_id
    )
    SELECT person_id, expires_at, transfer_id, sum(remaining) AS points, count(*) AS lots,
           (array_agg(id ORDER BY id DESC))[1] AS last_lot
      FROM lost GROUP BY person_id, expires_at, transfer_id
"""
_DUE = text(_EXPIRE.format(which=f"{_IN_ORDER} LIMIT :most FOR NO KEY UPDATE SKIP LOCKED"))
_LAPSED = text(
    _EXPIRE.format(
        which=f"WHERE l.person_id = :person_id AND l.id = ANY(:ids) AND {_ENDED} ORDER BY l.id FOR NO KEY UPDATE"
    )
)
_USED = "(l.person_id, l.id) IN (SELECT person_id, lot_id FROM points.tender_part WHERE payment_id = :payment_id)"
_LAPSED_USED = text(_EXPIRE.format(which=f"WHERE {_USED} AND {_ENDED} ORDER BY l.id FOR NO KEY UPDATE"))
_NEXT = text(f"SELECT l.expires_at, l.person_id, l.id FROM points.lot AS l {_IN_ORDER} LIMIT 1")  # noqa: S608
