"""Fines paid in parts: the bureau grants a plan, its parts become bills, and the law says when a plan ends.

The bureau alone grants, names the parts and their dates; what it may grant stands in `wallet.instalment_rule` with its
source. While a plan runs, the fine itself cannot be paid here; when it ends unpaid, what is left is owed at once.
Whoever's fine it is hears of each turn, and is warned while one more missed part would end the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import taipei_date
from core.crypto import open_sealed
from core.errors import NotFound
from core.ids import new_uuid
from partners.bureaus.client import PlanPart
from wallet import bill_news, bills, events
from wallet.feed_staging import sealed_owner
from wallet.instalment_errors import DelayRefused, InstalmentPlanConflict, InstalmentPlanRefused

CHANNEL: Final = "instalments"


@dataclass(frozen=True, slots=True)
class Rule:
    """What the law allows: so many parts at most, each of so many NT$ at least; how many delays, how many missed."""

    most_parts: int
    least_part_twd: int
    delays_allowed: int
    missed_ends_at: int
    source: str

    def most_parts_of(self, amount_twd: int) -> int:
        """Into how many parts a fine of this amount may be divided."""
        return min(self.most_parts, amount_twd // self.least_part_twd)


@dataclass(frozen=True, slots=True)
class Part:
    """One part, which is a bill of its own. Money in NT$."""

    number: int
    bill_id: UUID
    bill_number: str
    amount_twd: int
    due_on: date
    first_due_on: date
    status: str
    claimed_by: UUID | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it stands. Money in NT$."""

    id: UUID
    bureau: str
    plan_number: str
    bill_id: UUID
    number: str
    amount_twd: int
    status: str
    delays_used: int
    delays_allowed: int
    missed_ends_at: int
    rule_source: str
    granted_at: datetime
    ended_at: datetime | None
    warned_due_on: date | None
    parts: tuple[Part, ...]


def rule_on(session: Session, day: date) -> Rule:
    """The rule in force on a day."""
    return Rule(*session.execute(_RULE, {"day": day}).one())


def grant(
    session: Session, *, bureau: str, plan_number: str, number: str, parts: Sequence[PlanPart], now: datetime
) -> tuple[Plan, bool]:
    """Take over a plan that a bureau has granted for its bill `number`. Answers the plan, and whether it is new.

    The same plan again changes nothing. Raises NotFound (no such bill), InstalmentPlanRefused (the law or the bill does
    not allow it; the reason says which), InstalmentPlanConflict (the number stands for another plan).
    """
    bill = session.execute(_LOCK_BILL, {"bureau": bureau, "number": number}).first()
    if bill is None:
        raise NotFound
    known = session.execute(_BY_NUMBER, {"bureau": bureau, "plan_number": plan_number}).scalar()
    if known is not None:
        plan = plan_of(session, known)
        if (plan.bill_id, _as_granted(plan)) != (bill.id, tuple(parts)):
            raise InstalmentPlanConflict
        return plan, False
    rule = rule_on(session, taipei_date(now))
    _must_be_allowed(session, bill, rule, parts, now)
    plan = _write(session, bill, rule, plan_number, parts, now)
    first = plan.parts[0]
    fact = _fact(session, plan, first_twd=first.amount_twd, first_due_on=first.due_on)
    outbox.record(session, events.INSTALMENTS_GRANTED, fact, now=now)
    return plan, True


def delay(session: Session, plan_id: UUID, *, bureau: str, part: int, due_on: date, now: datetime) -> Plan:
    """Move the date of one unpaid part, as often as the rule allows. Raises NotFound, DelayRefused."""
    plan = _locked(session, plan_id)
    if plan.bureau != bureau:
        raise NotFound
    delayed = next((each for each in plan.parts if each.number == part), None)
    if delayed is None:
        raise NotFound
    if delayed.due_on == due_on and delayed.due_on != delayed.first_due_on:
        return plan
    reasons = (
        (plan.status != "active", "plan_not_active"),
        (delayed.status != "unpaid", "part_not_unpaid"),
        (plan.delays_used >= plan.delays_allowed, "no_delay_left"),
        (due_on <= max(delayed.due_on, taipei_date(now)), "date_not_later"),
    )
    for is_true, reason in reasons:
        if is_true:
            raise DelayRefused(reason=reason, delays_allowed=plan.delays_allowed)
    session.execute(_DELAY, {"plan": plan_id, "bill": delayed.bill_id, "due_on": due_on, "now": now})
    fact = _fact(session, plan, **_of_part(delayed), due_on=due_on)
    outbox.record(session, events.INSTALMENT_DELAYED, fact, now=now)
    return plan_of(session, plan_id)


def settle_plans(session: Session, *, now: datetime, limit: int = 200) -> int:
    """Bring plans to where their parts have brought them: completed, active again, ended. Answers how many moved.

    A plan that one more missed part would end stays as it is, and its citizen is warned.
    """
    today = taipei_date(now)
    moved = 0
    for plan_id in session.execute(_TO_SETTLE, {"today": today, "limit": limit}).scalars():
        moved += _settle(session, _locked(session, plan_id), today, now)
    return moved


def plan_of(session: Session, plan_id: UUID, *, bureau: str | None = None) -> Plan:
    """One plan. Raises NotFound, also for another bureau's where one is named."""
    row = session.execute(_PLAN, {"id": plan_id, "bureau": bureau}).first()
    if row is None:
        raise NotFound
    parts = tuple(Part(*part) for part in session.execute(_PARTS, {"id": plan_id}))
    return Plan(**row._mapping, parts=parts)


def plan_of_bill(session: Session, bill_id: UUID) -> Plan | None:
    """The newest plan of a fine, or the plan that a part belongs to."""
    plan_id = session.execute(_OF_BILL, {"bill_id": bill_id}).scalar()
    return None if plan_id is None else plan_of(session, plan_id)


def _settle(session: Session, plan: Plan, today: date, now: datetime) -> bool:
    unpaid = [part for part in plan.parts if part.status == "unpaid"]
    if plan.status == "active" and not unpaid:
        session.execute(_COMPLETE, {"plan": plan.id, "bill": plan.bill_id, "channel": CHANNEL, "now": now})
        outbox.record(session, events.INSTALMENTS_COMPLETED, _fact(session, plan), now=now)
        return True
    if plan.status == "completed" and unpaid:
        session.execute(_REOPEN, {"plan": plan.id, "bill": plan.bill_id, "channel": CHANNEL, "now": now})
        return True
    missed = [part for part in unpaid if part.due_on < today]
    if plan.status == "active" and missed and len(missed) == plan.missed_ends_at - 1:
        _warn(session, plan, unpaid, missed, now)
    # A part that somebody is paying at this moment is neither missed nor taken away from them.
    if plan.status != "active" or len(missed) < plan.missed_ends_at or any(part.claimed_by for part in unpaid):
        return False
    left_twd = sum(part.amount_twd for part in unpaid)
    session.execute(_END, {"plan": plan.id, "bill": plan.bill_id, "left": left_twd, "now": now})
    bill_news.tell(session, [part.bill_id for part in unpaid], "void", now=now)
    outbox.record(session, events.INSTALMENTS_ENDED, _fact(session, plan, left_twd=left_twd), now=now)
    return True


def _warn(session: Session, plan: Plan, unpaid: Sequence[Part], missed: Sequence[Part], now: datetime) -> None:
    latest = max(missed, key=lambda part: part.due_on)
    if latest.claimed_by is not None or latest.due_on == plan.warned_due_on:
        return
    session.execute(_WARNED, {"plan": plan.id, "due_on": latest.due_on})
    next_due_on = min((part.due_on for part in unpaid if part not in missed), default=None)
    left_twd = sum(part.amount_twd for part in unpaid)
    fact = _fact(session, plan, **_of_part(latest), left_twd=left_twd, next_due_on=next_due_on)
    outbox.record(session, events.INSTALMENT_MISSED, fact, now=now)


def _of_part(part: Part) -> dict[str, Any]:
    return {"part": part.number, "part_bill_id": str(part.bill_id), "part_twd": part.amount_twd}


def _fact(session: Session, plan: Plan, **more: Any) -> dict[str, Any]:
    return {
        "plan_id": str(plan.id),
        "bill_id": str(plan.bill_id),
        "person_ids": [str(person_id) for person_id in bills.people_of(session, plan.bill_id)],
        "amount_twd": plan.amount_twd,
        "parts": len(plan.parts),
        **more,
    }


def _must_be_allowed(session: Session, bill: Any, rule: Rule, parts: Sequence[PlanPart], now: datetime) -> None:
    numbers = [part.number for part in parts]
    reasons: tuple[tuple[bool, str], ...] = (
        (bill.kind != "fine", "not_a_fine"),
        (bill.status != "unpaid", "bill_not_unpaid"),
        (bill.plan_id is not None, "already_on_instalments"),
        (bill.claimed_by is not None, "bill_being_paid"),
        (not 2 <= len(parts) <= rule.most_parts, "number_of_parts"),
        (any(part.amount_twd < rule.least_part_twd for part in parts), "part_too_small"),
        (sum(part.amount_twd for part in parts) != bill.amount_twd, "parts_do_not_add_up"),
        (len(set(numbers)) != len(numbers) or bill.number in numbers, "part_number_repeated"),
        (any(later.due_on <= earlier.due_on for earlier, later in pairwise(parts)), "dates_not_ascending"),
        (bool(parts) and parts[0].due_on < taipei_date(now), "first_date_passed"),
    )
    reason = next((reason for is_true, reason in reasons if is_true), None)
    if reason is None and session.execute(_TAKEN, {"bureau": bill.bureau, "numbers": numbers}).first() is not None:
        reason = "part_number_taken"
    if reason is not None:
        raise InstalmentPlanRefused(
            reason=reason, most_parts=rule.most_parts, least_part=rule.least_part_twd, source=rule.source
        )


def _write(session: Session, bill: Any, rule: Rule, plan_number: str, parts: Sequence[PlanPart], now: datetime) -> Plan:
    plan_id = new_uuid()
    session.execute(
        _INSERT_PLAN,
        {"id": plan_id, "bureau": bill.bureau, "plan_number": plan_number, "bill": bill.id, "amount": bill.amount_twd,
         "delays": rule.delays_allowed, "missed": rule.missed_ends_at, "source": rule.source, "now": now},
    )  # fmt: skip
    owner = None
    if bill.owner_sealed is not None:
        owner = open_sealed(bill.owner_sealed, table="wallet.bill", column="owner_sealed", row_id=bill.id).decode()
    for place, part in enumerate(parts, start=1):
        part_id = new_uuid()
        index, sealed = sealed_owner(owner, part_id) if owner is not None else (None, None)
        session.execute(
            _INSERT_PART,
            {"id": part_id, "plan": plan_id, "whole": bill.id, "number": part.number, "amount": part.amount_twd,
             "due_on": part.due_on, "place": place, "count": len(parts), "index": index, "sealed": sealed, "now": now},
        )  # fmt: skip
    return plan_of(session, plan_id)


def _as_granted(plan: Plan) -> tuple[PlanPart, ...]:
    return tuple(PlanPart(part.bill_number, part.amount_twd, part.first_due_on) for part in plan.parts)


def _locked(session: Session, plan_id: UUID) -> Plan:
    # Bills are locked before anything that speaks of them, in the order of their ids.
    session.execute(_LOCK_BILLS_OF, {"id": plan_id})
    session.execute(_LOCK_PLAN, {"id": plan_id})
    return plan_of(session, plan_id)


_RULE = text(
    "SELECT most_parts, least_part_twd, delays_allowed, missed_ends_at, source FROM wallet.instalment_rule "
    "WHERE valid_from <= :day AND (valid_until IS NULL OR valid_until >= :day) ORDER BY valid_from DESC LIMIT 1"
)
_LOCK_BILL = text(
    "SELECT id, bureau, kind, number, amount_twd, status, plan_id, part_number, claimed_by, owner_sealed "
    "FROM wallet.bill WHERE bureau = :bureau AND number = :number FOR UPDATE"
)
_BY_NUMBER = text("SELECT id FROM wallet.instalment_plan WHERE bureau = :bureau AND plan_number = :plan_number")
_TAKEN = text("SELECT 1 FROM wallet.bill WHERE bureau = :bureau AND number = ANY(:numbers) LIMIT 1")
_PLAN = text(
    """
    SELECT p.id, p.bureau, p.plan_number, p.bill_id, b.number, p.amount_twd, p.status, p.delays_used, p.delays_allowed,
           p.missed_ends_at, p.rule_source, p.granted_at, p.ended_at, p.warned_due_on
      FROM wallet.instalment_plan p JOIN wallet.bill b ON b.id = p.bill_id
     WHERE p.id = :id AND (CAST(:bureau AS text) IS NULL OR p.bureau = :bureau)
    """
)
_PARTS = text(
    """
    SELECT t.part_number, t.bill_id, b.number, t.amount_twd, b.due_on, t.first_due_on, b.status, b.claimed_by
      FROM wallet.instalment_part t JOIN wallet.bill b ON b.id = t.bill_id WHERE t.plan_id = :id ORDER BY t.part_number
    """
)
_OF_BILL = text(
    """
    SELECT id FROM (SELECT id, granted_at FROM wallet.instalment_plan WHERE bill_id = :bill_id
                     UNION ALL
                    SELECT p.id, p.granted_at FROM wallet.instalment_part t
                      JOIN wallet.instalment_plan p ON p.id = t.plan_id WHERE t.bill_id = :bill_id) AS p
     ORDER BY granted_at DESC LIMIT 1
    """
)
_LOCK_BILLS_OF = text(
    """
    SELECT 1 FROM wallet.bill
     WHERE id IN (SELECT bill_id FROM wallet.instalment_part WHERE plan_id = :id
                   UNION SELECT bill_id FROM wallet.instalment_plan WHERE id = :id) ORDER BY id FOR UPDATE
    """
)
_LOCK_PLAN = text("SELECT 1 FROM wallet.instalment_plan WHERE id = :id FOR UPDATE")
_TO_SETTLE = text(
    """
    (SELECT p.id FROM wallet.instalment_plan p
      WHERE p.status = 'active'
        AND NOT EXISTS (SELECT FROM wallet.bill b
                         WHERE b.plan_id = p.id AND b.part_number IS NOT NULL AND b.status = 'unpaid')
      LIMIT :limit)
    UNION
    (SELECT p.id FROM wallet.bill b JOIN wallet.instalment_plan p ON p.id = b.plan_id
      WHERE b.part_number IS NOT NULL AND b.status = 'unpaid' AND (p.status = 'completed' OR b.due_on < :today)
        AND p.status <> 'ended'
      GROUP BY p.id
     HAVING p.status = 'completed' OR count(*) >= p.missed_ends_at
         OR (count(*) = p.missed_ends_at - 1 AND max(b.due_on) IS DISTINCT FROM p.warned_due_on)
      LIMIT :limit)
    """
)
_INSERT_PLAN = text(
    """
    WITH whole AS (UPDATE wallet.bill SET plan_id = :id, updated_at = :now WHERE id = :bill)
    INSERT INTO wallet.instalment_plan (id, bureau, plan_number, bill_id, amount_twd, status, delays_allowed,
                                        missed_ends_at, rule_source, granted_at)
    VALUES (:id, :bureau, :plan_number, :bill, :amount, 'active', :delays, :missed, :source, :now)
    """
)
_INSERT_PART = text(
    """
    WITH part AS (
        INSERT INTO wallet.instalment_part (plan_id, part_number, bill_id, amount_twd, first_due_on)
        VALUES (:plan, :place, :id, :amount, :due_on)
    )
    INSERT INTO wallet.bill (id, bureau, kind, number, plate, vehicle, owner_index, owner_sealed, owner_sex, district,
                             road, place, occurred_at, law_code, law_text, amount_twd, due_on, payable_by_agent,
                             status, batch_id, updated_at, plan_id, part_number, part_count)
    SELECT :id, bureau, kind, :number, plate, vehicle, CAST(:index AS bytea), CAST(:sealed AS bytea), owner_sex,
           district, road, place, occurred_at, law_code, law_text, :amount, :due_on, true, 'unpaid', batch_id, :now,
           :plan, :place, :count
      FROM wallet.bill WHERE id = :whole
    """
)
_DELAY = text(
    """
    WITH plan AS (UPDATE wallet.instalment_plan SET delays_used = delays_used + 1 WHERE id = :plan)
    UPDATE wallet.bill SET due_on = :due_on, updated_at = :now WHERE id = :bill
    """
)
_COMPLETE = text(
    """
    WITH plan AS (UPDATE wallet.instalment_plan SET status = 'completed', ended_at = :now WHERE id = :plan)
    UPDATE wallet.bill SET status = 'paid', paid_channel = :channel, paid_at = :now, updated_at = :now
     WHERE id = :bill AND status = 'unpaid'
    """
)
_REOPEN = text(
    """
    WITH plan AS (UPDATE wallet.instalment_plan SET status = 'active', ended_at = NULL WHERE id = :plan)
    UPDATE wallet.bill SET status = 'unpaid', paid_channel = NULL, paid_at = NULL, updated_at = :now
     WHERE id = :bill AND paid_channel = :channel
    """
)
_WARNED = text("UPDATE wallet.instalment_plan SET warned_due_on = :due_on WHERE id = :plan")
_END = text(
    """
    WITH plan AS (UPDATE wallet.instalment_plan SET status = 'ended', ended_at = :now WHERE id = :plan),
    part AS (
        UPDATE wallet.bill SET status = 'void', updated_at = :now
         WHERE plan_id = :plan AND part_number IS NOT NULL AND status = 'unpaid'
    )
    UPDATE wallet.bill SET plan_id = NULL, amount_twd = :left, updated_at = :now WHERE id = :bill
    """
)
