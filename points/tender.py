"""Points in use: set aside when it begins, spent when it counts, given back when it does not or is undone.

They are used for a payment in the wallet, for a redemption at a merchant's till, or for an exchange with a partner;
what is spent goes to the account of the book that the use names.

The lots that expire first are used first, and every point that returns goes to the lot it came from. A lot that has
expired meanwhile lives for another `GRACE`, so that nobody loses points to a payment that was not theirs to stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.ids import typeid
from core.statements import Asked, together
from core.text import Text
from ledger import book
from ledger.errors import typed_refusals
from points import expiry, texts
from points.campaigns import ASSET
from points.entries import HISTORY, About, Change, history_values, postings, write_entry, write_into_the_book

Status = Literal["held", "spent"]
GRACE: Final = timedelta(days=30)
_HELD = "points:tender_held"
_REDEEMED = "points:redeemed"


@dataclass(frozen=True, slots=True)
class For:
    """What points are used for: a `kind` of `points.entries.ABOUT` and its id; the code of the account of the book that
    what is spent goes to; and how the history says it, with a place for {points}."""

    kind: str
    id: UUID
    target: str
    words: Text


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
    hold_for(session, For("payment", payment_id, _REDEEMED, texts.SPENT), person_id=person_id, points=points, now=now)


def hold_for(session: Session, use: For, *, person_id: UUID, points: int, now: datetime) -> None:
    """Set so many aside for this use; again does nothing. Raises NotEnoughPoints."""
    _take(session, use, "held", person_id=person_id, points=points, now=now)


def spend_for(session: Session, use: For, *, person_id: UUID, points: int, now: datetime) -> None:
    """Spend so many at once, with nothing set aside in between; again does nothing. Raises NotEnoughPoints."""
    _take(session, use, "spent", person_id=person_id, points=points, now=now)


def locking_lots(person_id: UUID, now: datetime) -> Asked:
    """What locks the lots that this person can use now, for who takes from them at once."""
    return _OPEN_LOTS, {"person_id": person_id, "now": now}


def take_from(
    session: Session, lots: Sequence[Any], use: For, status: Status, *, person_id: UUID, points: int, now: datetime
) -> None:
    """As `hold_for` or `spend_for`, of lots that `locking_lots` answered, for a use that this transaction has begun.

    Raises NotEnoughPoints; then the transaction must be undone.
    """
    changes = _parts(lots, use, status, person_id, points)
    if not changes:
        raise NotEnoughPoints(available=available(session, person_id, now))
    book.open_account(session, _account(use, status), ASSET, now=now, is_hot=True)
    with typed_refusals():
        begun, _ = together(
            session,
            _beginning(use, status, changes, points, sum(lot.remaining for lot in lots), now),
            book.recording(postings(changes), now=now),
        )
    if not begun.scalar_one():
        raise NotEnoughPoints(available=available(session, person_id, now))


def _take(session: Session, use: For, status: Status, *, person_id: UUID, points: int, now: datetime) -> None:
    lots = session.execute(*locking_lots(person_id, now)).all()
    changes = _parts(lots, use, status, person_id, points)
    there = sum(lot.remaining for lot in lots)
    # Not begun where this use has begun before, or too much is owed.
    if not changes or not session.execute(*_beginning(use, status, changes, points, there, now)).scalar_one():
        if session.execute(_TENDER, {"id": use.id}).first() is not None:
            return
        raise NotEnoughPoints(available=available(session, person_id, now))
    book.open_account(session, _account(use, status), ASSET, now=now, is_hot=True)
    write_into_the_book(session, changes, now=now)


def _account(use: For, status: Status) -> str:
    return _HELD if status == "held" else use.target


def _parts(lots: Sequence[Any], use: For, status: Status, person_id: UUID, points: int) -> list[Change]:
    """What to take of each lot, or nothing where they hold too little."""
    about, into = About(use.kind, use.id), book.account_id(_account(use, status))
    changes, left = [], points
    for lot in lots:
        part = min(left, lot.remaining)
        left -= part
        if part:
            words = use.words.format(points=f"{part:,}")
            changes.append(Change(person_id, lot.id, about, "spend", use.id, -part, into, words))
    return [] if left else changes


def _beginning(
    use: For, status: Status, changes: Sequence[Change], points: int, there: int, now: datetime
) -> Asked:  # fmt: skip
    """What takes it from the lots, which are locked; it answers false where this use has begun before, or too much is
    owed."""
    return _BEGIN, {
        "id": use.id, "person_id": changes[0].person_id, "points": points, "there": there, "status": status,
        "kind": use.kind, "target": use.target, "words_zh": use.words.zh, "words_en": use.words.en, "now": now,
        "lots": [change.lot_id for change in changes], "parts": [-change.points for change in changes],
        **history_values(changes, [change.transfer_id for change in changes], now=now),
    }  # fmt: skip


def spend(session: Session, *, payment_id: UUID, now: datetime) -> None:
    """What was set aside is spent; again does nothing."""
    tender = session.execute(_MOVE, {"id": payment_id, "status": "spent", "now": now}).first()
    if tender is not None:
        posting = _between(session, _HELD, tender.target_code, uuid5(payment_id, "points spent"), tender.points, now)
        book.post(session, [posting], now=now)


def release(session: Session, *, payment_id: UUID, now: datetime) -> None:
    """What was set aside is free again; again does nothing."""
    tender = session.execute(_MOVE, {"id": payment_id, "status": "released", "now": now}).first()
    if tender is not None:
        words, cause_id = _words_back(tender), uuid5(payment_id, "points released")
        missing = _return(session, About(tender.kind, payment_id), tender.points, cause_id, _HELD, words, now)
        assert not missing, f"{typeid('pay', payment_id)} had set aside more points than it took from lots"


def give_back(session: Session, *, payment_id: UUID, points: int, cause_id: UUID, now: datetime) -> None:
    """So many of the spent points return, those of the lot that expires last first; once per cause.

    What returned before and could not be taken again is with its owner already: no point returns twice.
    """
    if _is_new(session, payment_id, cause_id, points, now):
        tender = session.execute(_TENDER, {"id": payment_id}).one()
        about = About(tender.kind, payment_id)
        _return(session, about, points, cause_id, tender.target_code, _words_back(tender), now)


def take_again(session: Session, *, payment_id: UUID, points: int, cause_id: UUID, now: datetime) -> None:
    """What had returned is spent once more, as far as its lots still hold it; once per cause.

    What is no longer there is the city's loss: nobody is asked for points that they were given back and used. So it is
    with points that were free again because the money was said not to have come.
    """
    if not _is_new(session, payment_id, cause_id, -points, now):
        return
    expiry.lapse_used(session, payment_id, now)
    session.execute(_SPENT_AFTER_ALL, {"id": payment_id, "now": now})
    tender = session.execute(_TENDER, {"id": payment_id}).one()
    about, said = About(tender.kind, payment_id), Text(tender.words_zh, tender.words_en)
    target = book.open_account(session, tender.target_code, ASSET, now=now, is_hot=True)
    changes, left = [], points
    for part in session.execute(_RETURNED_PARTS, {"payment_id": payment_id}).all():
        again = min(left, part.returned, part.remaining)
        left -= again
        if again:
            session.execute(_TAKE, {"person_id": part.person_id, "id": part.lot_id, "points": again})
            session.execute(_UNRETURN, {"payment_id": payment_id, "lot_id": part.lot_id, "points": again})
            words = said.format(points=f"{again:,}")
            changes.append(Change(part.person_id, part.lot_id, about, "spend", cause_id, -again, target, words))
    if changes:
        write_entry(session, *changes, now=now)


def _words_back(tender: Any) -> Text:
    return texts.GIVEN_BACK if tender.kind == "payment" else texts.UNDONE[tender.kind]


def _return(
    session: Session, about: About, points: int, cause_id: UUID, source: str, words: Text, now: datetime
) -> int:
    """Answers how many points there are no parts left of to return."""
    expiry.lapse_used(session, about.id, now)
    account = book.open_account(session, source, ASSET, now=now, is_hot=True)
    changes: list[Change] = []
    left = points
    for part in session.execute(_PARTS, {"payment_id": about.id}).all():
        back = min(left, part.points - part.returned)
        left -= back
        if not back:
            continue
        session.execute(_RETURN, {"payment_id": about.id, "lot_id": part.lot_id, "points": back})
        session.execute(
            _GIVE, {"person_id": part.person_id, "id": part.lot_id, "points": back, "now": now, "grace": now + GRACE}
        )
        said = words.format(points=f"{back:,}")
        changes.append(Change(part.person_id, part.lot_id, about, "return", cause_id, back, account, said))
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
_TENDER = text(
    "SELECT status, kind, target_code, words_zh, words_en FROM points.tender WHERE payment_id = :id FOR UPDATE"
)
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
# What is owed is read here, when the lots are locked: whoever takes points back locks them first, too.
_BEGIN = text(
    f"""
    WITH begun AS (
        INSERT INTO points.tender (payment_id, person_id, points, status, kind, target_code, words_zh, words_en,
                                   changed_at)
        SELECT :id, :person_id, :points, :status, :kind, :target, :words_zh, :words_en, :now
         WHERE :there - coalesce((SELECT owed FROM points.debt WHERE person_id = :person_id), 0) >= :points
        ON CONFLICT (payment_id) DO NOTHING RETURNING payment_id, person_id
    ), part AS (
        SELECT b.payment_id, b.person_id, p.lot_id, p.points
          FROM begun AS b, unnest(CAST(:lots AS uuid[]), CAST(:parts AS bigint[])) AS p(lot_id, points)
    ), taken AS (
        UPDATE points.lot AS l SET remaining = l.remaining - p.points
          FROM part AS p WHERE l.person_id = :person_id AND l.id = p.lot_id
    ), noted AS (
        INSERT INTO points.tender_part (payment_id, lot_id, person_id, points)
        SELECT payment_id, lot_id, person_id, points FROM part
    ), told AS ({HISTORY} WHERE EXISTS (SELECT FROM begun))
    SELECT EXISTS (SELECT FROM begun)
    """  # noqa: S608
)
_TAKE = text("UPDATE points.lot SET remaining = remaining - :points WHERE person_id = :person_id AND id = :id")
_MOVE = text(
    "UPDATE points.tender SET status = :status, changed_at = :now WHERE payment_id = :id AND status = 'held' "
    "RETURNING points, kind, target_code"
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
