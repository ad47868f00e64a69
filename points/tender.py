"""Points as part of a payment: set aside when it begins, spent when it counts as paid, given back when it does not.

The lots that expire first are used first, and every point that returns goes to the lot it came from. A lot that has
expired meanwhile lives for another `GRACE`, so that nobody loses points to a payment that was not theirs to stop.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.ids import typeid
from core.text import Text
from ledger import book
from points import texts
from points.campaigns import ASSET
from points.entries import Change, write_entry

GRACE: Final = timedelta(days=30)
_HELD = "points:tender_held"
_REDEEMED = "points:redeemed"


class NotEnoughPoints(Conflict):
    """There are fewer points than were to be used."""

    slug = "not-enough-points"
    title = Text("點數不夠", "Not enough points")
    explanation = Text(
        "點數在您確認前用掉或到期了，所以沒有扣款。available 是現在可用的點數。請重新選擇。",
        "The points were used or expired before you confirmed, so nothing was debited. `available` says how many there "
        "are now. Please choose again.",
    )


def available(session: Session, person_id: UUID, now: datetime) -> int:
    """How many points this person could spend now: what the lots hold, less what the person owes."""
    return int(session.execute(_AVAILABLE, {"person_id": person_id, "now": now}).scalar_one())


def hold(session: Session, *, person_id: UUID, payment_id: UUID, points: int, now: datetime) -> None:
    """Set so many aside for this payment; again does nothing. Raises NotEnoughPoints."""
    if session.execute(_TENDER, {"id": payment_id}).first() is not None:
        return
    lots = session.execute(_OPEN_LOTS, {"person_id": person_id, "now": now}).all()
    there = available(session, person_id, now)
    if there < points:
        raise NotEnoughPoints(available=there)
    parts, left = [], points
    for lot in lots:
        part = min(left, lot.remaining)
        left -= part
        if part:
            parts.append((lot, part))
    session.execute(_BEGIN, {"id": payment_id, "person_id": person_id, "points": points, "now": now})
    held = book.open_account(session, _HELD, ASSET, now=now, is_hot=True)
    changes = []
    for lot, part in parts:
        session.execute(_TAKE, {"person_id": person_id, "id": lot.id, "points": part})
        session.execute(_PART, {"payment_id": payment_id, "lot_id": lot.id, "person_id": person_id, "points": part})
        words = texts.SPENT.format(points=part)
        changes.append(Change(person_id, lot.id, payment_id, "spend", payment_id, -part, held, words))
    write_entry(session, *changes, now=now)


def spend(session: Session, *, payment_id: UUID, now: datetime) -> None:
    """What was set aside is spent; again does nothing."""
    tender = session.execute(_MOVE, {"id": payment_id, "status": "spent", "now": now}).first()
    if tender is not None:
        posting = _between(session, _HELD, _REDEEMED, uuid5(payment_id, "points spent"), tender.points, now)
        book.post(session, [posting], now=now)


def release(session: Session, *, payment_id: UUID, now: datetime) -> None:
    """What was set aside is free again; again does nothing."""
    tender = session.execute(_MOVE, {"id": payment_id, "status": "released", "now": now}).first()
    if tender is not None:
        missing = _return(session, payment_id, tender.points, uuid5(payment_id, "points released"), _HELD, now)
        assert not missing, f"{typeid('pay', payment_id)} had set aside more points than it took from lots"


def give_back(session: Session, *, payment_id: UUID, points: int, cause_id: UUID, now: datetime) -> None:
    """So many of the spent points return, those of the lot that expires last first; once per cause.

    What returned before and could not be taken again is with its owner already: no point returns twice.
    """
    if _is_new(session, payment_id, cause_id, points, now):
        _return(session, payment_id, points, cause_id, _REDEEMED, now)


def take_again(session: Session, *, payment_id: UUID, points: int, cause_id: UUID, now: datetime) -> None:
    """What had returned is spent once more, as far as its lots still hold it; once per cause.

    What is no longer there is the city's loss: nobody is asked for points that they were given back and used. So it is
    with points that were free again because the money was said not to have come.
    """
    if not _is_new(session, payment_id, cause_id, -points, now):
        return
    session.execute(_SPENT_AFTER_ALL, {"id": payment_id, "now": now})
    redeemed = book.open_account(session, _REDEEMED, ASSET, now=now, is_hot=True)
    changes, left = [], points
    for part in session.execute(_RETURNED_PARTS, {"payment_id": payment_id}).all():
        again = min(left, part.returned, part.remaining)
        left -= again
        if again:
            session.execute(_TAKE, {"person_id": part.person_id, "id": part.lot_id, "points": again})
            session.execute(_UNRETURN, {"payment_id": payment_id, "lot_id": part.lot_id, "points": again})
            words = texts.SPENT.format(points=again)
            changes.append(Change(part.person_id, part.lot_id, payment_id, "spend", cause_id, -again, redeemed, words))
    if changes:
        write_entry(session, *changes, now=now)


def _return(session: Session, payment_id: UUID, points: int, cause_id: UUID, source: str, now: datetime) -> int:
    """Answers how many points there are no parts left of to return."""
    account = book.open_account(session, source, ASSET, now=now, is_hot=True)
    changes: list[Change] = []
    left = points
    for part in session.execute(_PARTS, {"payment_id": payment_id}).all():
        back = min(left, part.points - part.returned)
        left -= back
        if not back:
            continue
        session.execute(_RETURN, {"payment_id": payment_id, "lot_id": part.lot_id, "points": back})
        session.execute(
            _GIVE, {"person_id": part.person_id, "id": part.lot_id, "points": back, "now": now, "grace": now + GRACE}
        )
        words = texts.RETURNED.format(points=back)
        changes.append(Change(part.person_id, part.lot_id, payment_id, "return", cause_id, back, account, words))
    if changes:
        write_entry(session, *changes, now=now)
    return left


def _is_new(session: Session, payment_id: UUID, cause_id: UUID, points: int, now: datetime) -> bool:
    made = session.execute(
        _CAUSE, {"cause_id": cause_id, "payment_id": payment_id, "points": points, "now": now}
    ).first()
    return points != 0 and made is not None


def _between(session: Session, source: str, target: str, transfer_id: UUID, points: int, now: datetime) -> book.Posting:
    debit = book.open_account(session, source, ASSET, now=now, is_hot=True)
    credit = book.open_account(session, target, ASSET, now=now, is_hot=True)
    return book.Posting(transfer_id, debit, credit, points, ASSET, "points spent")


_AVAILABLE = text(
    """
    SELECT greatest(0, coalesce((SELECT sum(remaining) FROM points.lot
                                  WHERE person_id = :person_id AND remaining > 0 AND expires_at > :now), 0)
                       - coalesce((SELECT owed FROM points.debt WHERE person_id = :person_id), 0))::bigint
    """
)
_TENDER = text("SELECT status FROM points.tender WHERE payment_id = :id FOR UPDATE")
# Everybody who needs several lots of a person locks them in the order of their ids, whichever they use first.
_OPEN_LOTS = text(
    """
    WITH lot AS (
        SELECT id, remaining, expires_at, earned_at FROM points.lot
         WHERE person_id = :person_id AND remaining > 0 AND expires_at > :now ORDER BY id FOR NO KEY UPDATE
    )
    SELECT id, remaining FROM lot ORDER BY expires_at, earned_at, id
    """
)
_BEGIN = text(
    "INSERT INTO points.tender (payment_id, person_id, points, status, changed_at) "
    "VALUES (:id, :person_id, :points, 'held', :now)"
)
_TAKE = text("UPDATE points.lot SET remaining = remaining - :points WHERE person_id = :person_id AND id = :id")
_PART = text(
    "INSERT INTO points.tender_part (payment_id, lot_id, person_id, points) "
    "VALUES (:payment_id, :lot_id, :person_id, :points)"
)
_MOVE = text(
    "UPDATE points.tender SET status = :status, changed_at = :now WHERE payment_id = :id AND status = 'held' "
    "RETURNING points"
)
_SPENT_AFTER_ALL = text(
    "UPDATE points.tender SET status = 'spent', changed_at = :now WHERE payment_id = :id AND status = 'released'"
)
_LOTS_OF_PARTS = """
    WITH lot AS (
        SELECT id, remaining, expires_at, earned_at FROM points.lot
         WHERE (person_id, id) IN (SELECT person_id, lot_id FROM points.tender_part WHERE payment_id = :payment_id)
         ORDER BY id FOR NO KEY UPDATE
    )
"""
_PARTS = text(
    f"""
    {_LOTS_OF_PARTS}
    SELECT p.lot_id, p.person_id, p.points, p.returned FROM lot l
      JOIN points.tender_part p ON p.payment_id = :payment_id AND p.lot_id = l.id
     ORDER BY l.expires_at DESC, l.earned_at DESC, l.id DESC FOR UPDATE OF p
    """  # noqa: S608
)
_RETURNED_PARTS = text(
    f"""
    {_LOTS_OF_PARTS}
    SELECT p.lot_id, p.person_id, p.returned, l.remaining FROM lot l
      JOIN points.tender_part p ON p.payment_id = :payment_id AND p.lot_id = l.id AND p.returned > 0
     ORDER BY l.expires_at, l.earned_at, l.id FOR UPDATE OF p
    """  # noqa: S608
)
_RETURN = text(
    "UPDATE points.tender_part SET returned = returned + :points WHERE payment_id = :payment_id AND lot_id = :lot_id"
)
_UNRETURN = text(
    "UPDATE points.tender_part SET returned = returned - :points WHERE payment_id = :payment_id AND lot_id = :lot_id"
)
_GIVE = text(
    "UPDATE points.lot SET remaining = remaining + :points, "
    "expires_at = CASE WHEN expires_at <= :now THEN :grace ELSE expires_at END "
    "WHERE person_id = :person_id AND id = :id"
)
_CAUSE = text(
    "INSERT INTO points.tender_return (cause_id, payment_id, points, at) "
    "VALUES (:cause_id, :payment_id, :points, :now) ON CONFLICT (cause_id) DO NOTHING RETURNING cause_id"
)
