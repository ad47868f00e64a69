"""Debits that are planned: one for each unpaid parking fee on the citizen's vehicles, told of, skipped, concluded.

    planned ──┬─ told of the day before ─ its moment comes ──→ debiting ──→ paid
              ├─ skipped by the citizen (and back)                     └──→ planned once more, or left to the citizen
              └─ dropped, left, stopped                                     (wallet/states.py has the whole table)

A bill is planned once for a person. Whatever stands against a debit is told, and the bill is left to its owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire, taipei_date
from core.errors import NotFound
from core.ids import new_uuid
from wallet import automatic_debits, debit_days, events
from wallet.automatic_debit_errors import DebitHasBegun
from wallet.automatic_debits import AutomaticDebit
from wallet.bills import owner_of

PLAN_EVERY = timedelta(minutes=15)
MOST_ATTEMPTS = 2
# What a bank says that another day does not mend.
_LASTING = frozenset({"mandate_revoked", "mandate_not_found", "account_closed", "account_ended"})


@dataclass(frozen=True, slots=True)
class PlannedDebit:
    """One bill's debit as it is planned. `amount_twd` is what was told; `plate` is the vehicle's."""

    id: UUID
    automatic_debit_id: UUID
    person_id: UUID
    bill_id: UUID
    number: str
    plate: str
    amount_twd: int
    due_on: date
    status: str
    reason: str | None
    debit_at: datetime
    announced_at: datetime | None
    next_at: datetime | None
    attempts: int
    payment_id: UUID | None
    month: date | None
    reserved_twd: int


def plan(session: Session, person_id: UUID, *, now: datetime) -> int:
    """Plan a debit for every unpaid parking fee on this person's vehicles that has none and still has time.

    Answers how many. Nothing is planned while automatic debit is off.
    """
    active = automatic_debits.lock_active(session, person_id)
    if active is None:
        return 0
    owner = owner_of(session, person_id)
    bills = session.execute(
        _UNPLANNED,
        {"person_id": person_id, "today": taipei_date(now), "plates": [plate for plate, _ in owner.vehicles],
         "vehicles": [vehicle for _, vehicle in owner.vehicles]},
    ).all()  # fmt: skip
    count = 0
    for bill in bills:
        times = debit_days.times_for(bill.due_on, now)
        if times is None:
            continue
        # What the cap will stand against is told soon: its owner has to pay it some other way.
        next_at = debit_days.waking_hour(now) if bill.amount_twd > active.per_bill_cap_twd else times.announce_at
        made: Any = session.execute(
            _INSERT,
            {"id": new_uuid(), "automatic_debit_id": active.id, "person_id": person_id, "bill_id": bill.id,
             "number": bill.number, "plate": bill.plate, "amount": bill.amount_twd, "due_on": bill.due_on,
             "debit_at": times.debit_at, "next_at": next_at, "now": now},
        )  # fmt: skip
        count += made.rowcount
    return count


def announce(session: Session, planned: PlannedDebit, active: AutomaticDebit, amount_twd: int, now: datetime) -> None:
    """Tell of a planned debit when it is time to: it is made on a later day.

    Told too late for the day it is due, it is left to the citizen, who is told that. The caller holds its lock.
    """
    times = debit_days.times_for(planned.due_on, now)
    if times is None:
        leave(session, planned, "too_late", now=now)
        return
    if times.announce_at > now:
        wait(session, planned, times.announce_at)
        return
    session.execute(_ANNOUNCED, {"id": planned.id, "amount": amount_twd, "debit_at": times.debit_at, "now": now})
    outbox.record(
        session,
        events.AUTOMATIC_DEBIT_ANNOUNCED,
        {"planned_id": str(planned.id), "person_id": str(planned.person_id), "bill_id": str(planned.bill_id),
         "amount_twd": amount_twd, "plate": planned.plate, "account": active.account_masked,
         "debit_at": on_the_wire(times.debit_at), "due_on": planned.due_on.isoformat()},
        now=now,
    )  # fmt: skip


def leave(session: Session, planned: PlannedDebit, reason: str, *, now: datetime) -> None:
    """It is not debited: the bill is left to the citizen, who is told why. The caller holds its lock."""
    session.execute(_LEFT, {"id": planned.id, "reason": reason, "now": now})
    _tell_not_made(session, planned, reason, None, now)


def drop(session: Session, planned: PlannedDebit, reason: str, *, now: datetime) -> None:
    """There is nothing left to debit; the citizen knows already. The caller holds its lock."""
    session.execute(_DROPPED, {"id": planned.id, "reason": reason, "now": now})


def wait(session: Session, planned: PlannedDebit, until: datetime) -> None:
    """Look at it again then."""
    session.execute(_WAIT, {"id": planned.id, "next_at": until})


def begun(
    session: Session, planned: PlannedDebit, payment_id: UUID, *, reserved_twd: int, month: date, now: datetime
) -> None:
    """Its payment has begun: from here on it cannot be skipped. The caller holds its lock."""
    session.execute(
        _BEGUN, {"id": planned.id, "payment_id": payment_id, "reserved": reserved_twd, "month": month, "now": now}
    )


def skip(session: Session, *, person_id: UUID, planned_id: UUID, now: datetime) -> PlannedDebit:
    """This bill is not debited. Again, it changes nothing. Raises NotFound, DebitHasBegun."""
    return _move(session, person_id, planned_id, "planned", "skipped", now)


def take_skip_back(session: Session, *, person_id: UUID, planned_id: UUID, now: datetime) -> PlannedDebit:
    """It is debited after all, if its moment has not passed. Raises NotFound, DebitHasBegun."""
    return _move(session, person_id, planned_id, "skipped", "planned", now)


def conclude(session: Session, planned_id: UUID, *, now: datetime) -> None:
    """Write down what became of its payment, once that is known: paid, tried once more the next day, or left."""
    planned = lock(session, planned_id)
    if planned is None or planned.status != "debiting" or planned.payment_id is None:
        return
    outcome = session.execute(_OUTCOME, {"id": planned.payment_id}).one()
    if outcome.booked_at is not None:
        session.execute(_PAID, {"id": planned.id, "now": now})
        return
    if outcome.status not in ("failed", "cancelled", "expired"):
        return
    assert planned.month is not None
    automatic_debits.give_back(session, planned.person_id, planned.reserved_twd, month=planned.month)
    failed(session, planned, outcome.failure_code or "not_executed", attempts=planned.attempts, now=now)


def failed(session: Session, planned: PlannedDebit, reason: str, *, attempts: int, now: datetime) -> None:
    """A debit was not made for that reason, the so-manieth time: it is tried once more the next day, or left.

    The caller holds its lock.
    """
    retry_at = debit_days.next_try(planned.due_on, now) if reason not in _LASTING else None
    is_on = automatic_debits.standing_of(session, planned.person_id, now=now).active is not None
    if retry_at is None or attempts >= MOST_ATTEMPTS or not is_on:
        leave(session, planned, reason, now=now)
        return
    session.execute(
        _AGAIN, {"id": planned.id, "reason": reason, "attempts": attempts, "debit_at": retry_at, "now": now}
    )
    _tell_not_made(session, planned, reason, retry_at, now)


def to_conclude(session: Session) -> list[UUID]:
    """Those whose payment's outcome is known and not written down here: a crash or a slow bank came between."""
    return [row.id for row in session.execute(_TO_CONCLUDE)]


def planned_of(session: Session, person_id: UUID, *, limit: int, before: UUID | None) -> list[PlannedDebit]:
    """This person's planned debits and what became of them, newest first; those that were stopped are left out."""
    values = {"person_id": person_id, "limit": limit, "before": before or UUID(int=(1 << 128) - 1)}
    return [_planned(row) for row in session.execute(_PAGE, values)]


def lock(session: Session, planned_id: UUID) -> PlannedDebit | None:
    """A planned debit, locked until the transaction ends."""
    row = session.execute(_LOCKED, {"id": planned_id}).first()
    return None if row is None else _planned(row)


def lease_due(session: Session, *, now: datetime, until: datetime) -> Sequence[tuple[UUID, UUID, UUID]]:
    """Those whose next step is due, leased to the caller: (id, person, bill)."""
    rows = session.execute(_LEASE, {"now": now, "until": until})
    return [(row.id, row.person_id, row.bill_id) for row in rows]


def lease_people(session: Session, *, now: datetime) -> list[UUID]:
    """People whose vehicles are to be looked at again for new fees, leased to the caller."""
    rows = session.execute(_LEASE_PEOPLE, {"now": now, "next": now + PLAN_EVERY})
    return [row.person_id for row in rows]


def _move(session: Session, person_id: UUID, planned_id: UUID, source: str, target: str, now: datetime) -> PlannedDebit:
    row = session.execute(_LOCKED_OF_PERSON, {"id": planned_id, "person_id": person_id}).first()
    if row is None:
        raise NotFound
    planned = _planned(row)
    if planned.status == target:
        return planned
    if planned.status != source or (target == "planned" and planned.debit_at <= now):
        raise DebitHasBegun(debit_status=planned.status)
    # Taken back before it was told of, it is told of at its time: the next step finds out when that is.
    next_at = None if target == "skipped" else (planned.debit_at if planned.announced_at else now)
    changed = session.execute(_MOVE, {"id": planned_id, "status": target, "next_at": next_at, "now": now}).one()
    return _planned(changed)


def _tell_not_made(
    session: Session, planned: PlannedDebit, reason: str, retry_at: datetime | None, now: datetime
) -> None:
    outbox.record(
        session,
        events.AUTOMATIC_DEBIT_NOT_MADE,
        {"planned_id": str(planned.id), "person_id": str(planned.person_id), "bill_id": str(planned.bill_id),
         "amount_twd": planned.amount_twd, "plate": planned.plate, "reason": reason,
         "due_on": planned.due_on.isoformat(), "retry_at": on_the_wire(retry_at) if retry_at else None},
        now=now,
    )  # fmt: skip


def _planned(row: Any) -> PlannedDebit:
    return PlannedDebit(**row._mapping)


_COLUMNS = (
    "id, automatic_debit_id, person_id, bill_id, number, plate, amount_twd, due_on, status, reason, debit_at, "
    "announced_at, next_at, attempts, payment_id, month, reserved_twd"
)
_UNPLANNED = text(
    """
    SELECT b.id, b.number, b.plate, b.amount_twd, b.due_on
      FROM unnest(CAST(:plates AS text[]), CAST(:vehicles AS text[])) AS v(plate, vehicle)
      JOIN wallet.bill b ON b.plate = v.plate AND b.vehicle = v.vehicle AND b.owner_index IS NULL
     WHERE b.kind = 'parking' AND b.status = 'unpaid' AND b.due_on >= :today
       AND NOT EXISTS (SELECT FROM wallet.planned_debit p
                        WHERE p.person_id = :person_id AND p.bill_id = b.id AND p.status <> 'stopped')
     ORDER BY b.due_on, b.id LIMIT 500
    """
)
_INSERT = text(
    """
    INSERT INTO wallet.planned_debit (id, automatic_debit_id, person_id, bill_id, number, plate, amount_twd, due_on,
                                      status, debit_at, next_at, created_at, changed_at)
    VALUES (:id, :automatic_debit_id, :person_id, :bill_id, :number, :plate, :amount, :due_on, 'planned', :debit_at,
            :next_at, :now, :now)
    ON CONFLICT DO NOTHING
    """
)
_ANNOUNCED = text(
    "UPDATE wallet.planned_debit SET announced_at = :now, amount_twd = :amount, debit_at = :debit_at, "
    "next_at = :debit_at, changed_at = :now WHERE id = :id"
)
_WAIT = text("UPDATE wallet.planned_debit SET next_at = :next_at WHERE id = :id")
_LEFT = text(
    "UPDATE wallet.planned_debit SET status = 'left', reason = :reason, next_at = NULL, changed_at = :now "
    "WHERE id = :id"
)
_DROPPED = text(
    "UPDATE wallet.planned_debit SET status = 'dropped', reason = :reason, next_at = NULL, changed_at = :now "
    "WHERE id = :id"
)
_BEGUN = text(
    "UPDATE wallet.planned_debit SET status = 'debiting', payment_id = :payment_id, reserved_twd = :reserved, "
    "month = :month, attempts = attempts + 1, next_at = NULL, changed_at = :now WHERE id = :id"
)
_PAID = text("UPDATE wallet.planned_debit SET status = 'paid', reason = NULL, changed_at = :now WHERE id = :id")
_AGAIN = text(
    "UPDATE wallet.planned_debit SET status = 'planned', reason = :reason, attempts = :attempts, debit_at = :debit_at, "
    "next_at = :debit_at, reserved_twd = 0, month = NULL, changed_at = :now WHERE id = :id"
)
_MOVE = text(
    "UPDATE wallet.planned_debit SET status = :status, next_at = :next_at, changed_at = :now "  # noqa: S608
    f"WHERE id = :id RETURNING {_COLUMNS}"
)
_OUTCOME = text("SELECT status, booked_at, failure_code FROM wallet.payment WHERE id = :id")
_TO_CONCLUDE = text(
    """
    SELECT p.id FROM wallet.planned_debit p JOIN wallet.payment m ON m.id = p.payment_id
     WHERE p.status = 'debiting' AND (m.booked_at IS NOT NULL OR m.status IN ('failed', 'cancelled', 'expired'))
     LIMIT 200
    """
)
_PAGE = text(
    f"SELECT {_COLUMNS} FROM wallet.planned_debit "  # noqa: S608
    "WHERE person_id = :person_id AND id < :before AND status <> 'stopped' ORDER BY id DESC LIMIT :limit"
)
_LOCKED = text(f"SELECT {_COLUMNS} FROM wallet.planned_debit WHERE id = :id FOR UPDATE")  # noqa: S608
_LOCKED_OF_PERSON = text(
    f"SELECT {_COLUMNS} FROM wallet.planned_debit WHERE id = :id AND person_id = :person_id FOR UPDATE"  # noqa: S608
)
_LEASE = text(
    """
    UPDATE wallet.planned_debit SET next_at = :until
     WHERE id IN (SELECT id FROM wallet.planned_debit WHERE next_at <= :now AND status = 'planned' ORDER BY next_at
                   LIMIT 50 FOR UPDATE SKIP LOCKED)
    RETURNING id, person_id, bill_id
    """
)
_LEASE_PEOPLE = text(
    """
    UPDATE wallet.automatic_debit SET plan_at = :next
     WHERE id IN (SELECT id FROM wallet.automatic_debit WHERE plan_at <= :now AND status = 'active' ORDER BY plan_at
                   LIMIT 100 FOR UPDATE SKIP LOCKED)
    RETURNING person_id
    """
)
