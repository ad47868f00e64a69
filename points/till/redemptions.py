"""Redemptions: points used at a merchant, and the states that they go through to the end.

Locks are taken in one order everywhere: the redemption, the counts, the code, the stock, the lots.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire, taipei_date
from core.errors import InsufficientAuthentication, NotFound
from core.text import Text
from identity.actors import Actor
from points import limits, tender
from points.limits import Scope
from points.merchants import offers
from points.till import rules
from points.till.errors import (
    NotNow,
)

REDEMPTION_MOVED: Final = "points.redemption_moved"
"""A redemption has come to `status`, for `reason`; `back` of its points have just returned to the person."""

Status = Literal["awaiting_citizen", "held", "done", "voided", "refused", "expired"]

# From each state, the states that it may move to, and what moves it there.
MOVES: Final[Mapping[Status, Mapping[Status, str]]] = {
    "awaiting_citizen": {
        "done": "the citizen confirms with the passkey",
        "held": "the citizen confirms, and a limit would be exceeded",
        "refused": "the citizen says no",
        "expired": "nobody answered in time",
        "voided": "the till calls it off",
    },
    "held": {
        "done": "the desk releases it",
        "refused": "the desk refuses it",
        "expired": "nobody at the desk looked in time",
        "voided": "the till calls it off",
    },
    "done": {"voided": "the till voids it, within a day and before it is settled"},
    "voided": {},
    "refused": {},
    "expired": {},
}
STATUSES: Final = tuple(MOVES)


def confirm(session: Session, redemption_id: UUID, *, citizen: Actor, now: datetime) -> None:
    """The citizen says yes, having used the passkey after the till asked; again does nothing.

    Raises InsufficientAuthentication for a sign-in that is older than the question, NotNow, NotFound.
    """
    row = _locked_of(session, redemption_id, citizen.id)
    if row.status in ("done", "held"):
        return
    _must_await(row, now)
    if citizen.auth_time is None or citizen.auth_time < row.created_at:
        seconds = int((now - row.created_at).total_seconds())
        raise InsufficientAuthentication(loa=3, max_age_seconds=seconds, is_phishing_resistant=True)
    over = limits.standing(session, subjects(row), row.points, now)
    if over is None:
        tender.spend(session, payment_id=redemption_id, now=now)
        move(session, row, "done", now=now)
    else:
        answer_by = now + timedelta(days=rules.at(session, now).held_days)
        move(session, row, "held", reason=over.code, answer_by=answer_by, now=now)


def refuse(session: Session, redemption_id: UUID, *, person_id: UUID, now: datetime) -> None:
    """The citizen says no; again does nothing. Raises NotNow, NotFound."""
    row = _locked_of(session, redemption_id, person_id)
    if row.status != "refused":
        _must_await(row, now)
        let_go(session, row, "refused", reason="citizen", now=now)


def expire_due(session: Session, *, now: datetime, limit: int = 200) -> int:
    """End those that nobody answered in time: their points are free again. Answers how many."""
    rows = session.execute(_DUE, {"now": now, "limit": limit}).all()
    for row in rows:
        let_go(session, row, "expired", reason=row.reason or "no_answer", now=now)
    return len(rows)


def let_go(session: Session, row: Any, status: Status, *, reason: str, by: UUID | None = None, now: datetime) -> None:
    """End a locked one that was not done: what was set aside for it is free again."""
    if row.offer_id is not None:
        offers.give_back(session, row.offer_id, row.person_id, now)
    tender.release(session, payment_id=row.id, now=now)
    move(session, row, status, reason=reason, back=row.points, by=by, now=now)


def move(
    session: Session,
    row: Any,
    status: Status,
    *,
    reason: str = "",
    back: int = 0,
    answer_by: datetime | None = None,
    by: UUID | None = None,
    now: datetime,
) -> None:
    """Move a locked redemption to this state, and say so; `back` of its points return to the person."""
    assert status in MOVES[row.status], f"{row.status} never becomes {status}"
    is_done = status == "done"
    session.execute(
        _MOVE,
        {"id": row.id, "status": status, "reason": reason, "answer_by": answer_by, "by": by, "now": now,
         "done_at": now if is_done else row.done_at, "day": taipei_date(now) if is_done else row.business_day},
    )  # fmt: skip
    say(session, row, status, reason=reason, back=back, answer_by=answer_by, now=now)


def say(
    session: Session,
    row: Any,
    status: str,
    *,
    reason: str = "",
    back: int = 0,
    answer_by: datetime | None = None,
    now: datetime,
) -> None:
    """Publish how this redemption stands now."""
    said = facts(
        row.id, row.person_id, Text(row.shop_zh, row.shop_en), row.points, status, reason, back, answer_by, now
    )
    outbox.record(session, REDEMPTION_MOVED, said, now=now)


def locked(session: Session, redemption_id: UUID) -> Any:
    """Any redemption, locked until the transaction ends. Raises NotFound."""
    row = session.execute(_LOCKED, {"id": redemption_id}).one_or_none()
    if row is None:
        raise NotFound
    return row


def subjects(counted: Any) -> dict[Scope, str]:
    """Whom a redemption is counted for against the limits; a phone is known by its sign-in."""
    found: dict[Scope, str] = {"merchant": str(counted.merchant_id), "person": str(counted.person_id)}
    if counted.session_id is not None:
        found["device"] = str(counted.session_id)
    return found


def target_of(merchant_id: UUID) -> str:
    """The code of the account of the book that a merchant's points go to."""
    return f"points:merchant:{merchant_id}"


def _locked_of(session: Session, redemption_id: UUID, person_id: UUID) -> Any:
    row = locked(session, redemption_id)
    if row.person_id != person_id:
        raise NotFound
    return row


def _must_await(row: Any, now: datetime) -> None:
    if row.status != "awaiting_citizen":
        raise NotNow(status=row.status)
    if row.answer_by <= now:
        raise NotNow(status="expired")


def facts(
    redemption_id: UUID,
    person_id: UUID,
    shop: Text,
    points: int,
    status: str,
    reason: str,
    back: int,
    answer_by: datetime | None,
    now: datetime,
) -> dict[str, Any]:
    """What `REDEMPTION_MOVED` tells."""
    return {
        "redemption_id": str(redemption_id), "person_id": str(person_id), "shop_zh": shop.zh, "shop_en": shop.en,
        "points": points, "status": status, "reason": reason, "back": back,
        "answer_by": on_the_wire(answer_by) if answer_by else None, "at": on_the_wire(now),
    }  # fmt: skip


SHOP_NAMES: Final = """
           m.name || CASE WHEN b.name = m.name THEN '' ELSE ' ' || b.name END AS shop_zh,
           coalesce(nullif(m.name_en, ''), m.name) || CASE WHEN b.name = m.name THEN ''
               ELSE ' ' || coalesce(nullif(b.name_en, ''), b.name) END AS shop_en"""
_WITH_SHOP = f"""
    SELECT r.*, {SHOP_NAMES} FROM points.redemption AS r
      JOIN points.branch AS b ON b.id = r.branch_id JOIN points.merchant AS m ON m.id = r.merchant_id
"""  # noqa: S608
_LOCKED = text(f"{_WITH_SHOP} WHERE r.id = :id FOR NO KEY UPDATE OF r")
_DUE = text(
    f"""
    {_WITH_SHOP} WHERE r.status IN ('awaiting_citizen', 'held') AND r.answer_by <= :now
     ORDER BY r.answer_by LIMIT :limit FOR NO KEY UPDATE OF r SKIP LOCKED
    """
)
_MOVE = text(
    """
    UPDATE points.redemption
       SET status = :status, reason = :reason, answer_by = :answer_by, done_at = :done_at, business_day = :day,
           decided_by = coalesce(:by, decided_by),
           decided_at = CASE WHEN CAST(:by AS uuid) IS NULL THEN decided_at ELSE :now END
     WHERE id = :id
    """
)
