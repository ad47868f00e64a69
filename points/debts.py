"""What people owe: points already spent when the money that had earned them went back.

A debt is an account of its own in the book, so nobody's points account goes below zero. Whatever the person gets next
repays it first.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.text import Text
from ledger import book
from points import texts
from points.campaigns import ASSET
from points.entries import About, Change, account_code, write_entry, write_history


def owe(
    session: Session,
    *,
    person_id: UUID,
    lot_id: UUID,
    about: About,
    cause_id: UUID,
    points: int,
    budget_account: UUID,
    campaign: Text,
    what: Text,
    now: datetime,
) -> int:
    """Let the person owe so many points of that lot to the campaign's budget, up to the floor. Answers how many; the
    rest is let go."""
    owed = _locked_debt(session, person_id, now)
    added = min(points, max(0, _most_owed(session, now) - owed))
    if added == 0:
        return 0
    account = book.open_account(session, debt_code(person_id), ASSET, now=now, normal_side=book.Side.DEBIT)
    session.execute(_CHANGE, {"person_id": person_id, "points": added, "now": now})
    waived = texts.WAIVED.format(points=points - added) if added < points else Text("", "")
    words = texts.OWED.format(campaign=campaign, what=what, points=added, waived=waived)
    write_entry(
        session,
        Change(person_id, lot_id, about, "owe", cause_id, -added, budget_account, words, own_account=account),
        now=now,
    )
    return added


def repay(
    session: Session, *, person_id: UUID, lot_id: UUID, about: About, cause_id: UUID, points: int, now: datetime
) -> int:
    """Use up to so many points of that lot, which the person has just got, for what the person owes. Answers how many
    were used; the lot is smaller by as much."""
    owed = session.execute(_OWED_LOCKED, {"person_id": person_id}).scalar()
    used = min(points, int(owed or 0))
    if used == 0:
        return 0
    session.execute(_CHANGE, {"person_id": person_id, "points": -used, "now": now})
    session.execute(_USE, {"person_id": person_id, "lot_id": lot_id, "points": used})
    person, debt = book.account_id(account_code(person_id)), book.account_id(debt_code(person_id))
    transfer = book.Posting(uuid5(lot_id, f"repay {cause_id}"), person, debt, used, ASSET, "points repay", str(lot_id))
    words = texts.REPAY.format(points=used), texts.REPAID.format(points=used, owed=int(owed or 0) - used)
    changes = (
        Change(person_id, lot_id, about, "repay", cause_id, -used, debt, words[0]),
        Change(person_id, lot_id, about, "repaid", cause_id, used, person, words[1], own_account=debt),
    )
    write_history(session, changes, [transfer.id] * 2, now=now)
    book.post(session, [transfer], now=now)
    return used


def owed_by(session: Session, person_id: UUID) -> int:
    """How many points the person owes."""
    return int(session.execute(_OWED, {"person_id": person_id}).scalar() or 0)


def debt_code(person_id: UUID) -> str:
    """The code of the account of what a person owes."""
    return f"points:debt:{person_id}"


def _locked_debt(session: Session, person_id: UUID, now: datetime) -> int:
    session.execute(_OPEN, {"person_id": person_id, "now": now})
    return int(session.execute(_OWED_LOCKED, {"person_id": person_id}).scalar_one())


def _most_owed(session: Session, now: datetime) -> int:
    return int(session.execute(_FLOOR, {"day": taipei_date(now)}).scalar() or 0)


_OPEN = text(
    "INSERT INTO points.debt (person_id, owed, changed_at) VALUES (:person_id, 0, :now) ON CONFLICT DO NOTHING"
)
_OWED = text("SELECT owed FROM points.debt WHERE person_id = :person_id")
_OWED_LOCKED = text("SELECT owed FROM points.debt WHERE person_id = :person_id FOR UPDATE")
_CHANGE = text("UPDATE points.debt SET owed = owed + :points, changed_at = :now WHERE person_id = :person_id")
_USE = text("UPDATE points.lot SET remaining = remaining - :points WHERE person_id = :person_id AND id = :lot_id")
_FLOOR = text("SELECT most_owed FROM points.debt_floor WHERE valid_from <= :day ORDER BY valid_from DESC LIMIT 1")
