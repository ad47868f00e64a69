"""A citizen asks to pay a fine in parts: written down, handed to the bureau, and asked about until it has decided."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db, outbox
from core.clock import taipei_date
from core.errors import Problem
from core.ids import new_uuid, typeid
from partners import wire
from wallet import events
from wallet.bills import Bill
from wallet.instalment_errors import InstalmentsNotPossible
from wallet.instalments import grant, rule_on
from wallet.ports import ports

_LEASE = timedelta(seconds=30)
_FIRST_WAIT_SECONDS: Final = 5
_LAST_WAIT_SECONDS: Final = 3600
_log = logging.getLogger("mykaohsiung.wallet")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands: requested (the bureau may not have it yet), forwarded, granted or refused."""

    id: UUID
    bill_id: UUID
    amount_twd: int
    parts: int
    status: str
    refusal: str | None
    plan_id: UUID | None
    created_at: datetime
    decided_at: datetime | None


def ask(session: Session, bill: Bill, *, person_id: UUID, parts: int, now: datetime) -> Request:
    """Write the request down; while one is open, that one is the answer. Raises InstalmentsNotPossible."""
    open_one = _open_request(session, bill.id)
    if open_one is not None:
        return open_one
    most = rule_on(session, taipei_date(now)).most_parts_of(bill.amount_twd)
    reasons = (
        (bill.kind != "fine", "not_a_fine"),
        (bill.state != "unpaid", f"bill_{bill.state}"),
        (bill.plan_id is not None, "already_on_instalments"),
        (most < 2, "too_little"),
        (parts > most, "too_many_parts"),
    )
    for is_true, reason in reasons:
        if is_true:
            raise InstalmentsNotPossible(reason=reason, most_parts=most)
    session.execute(
        _INSERT,
        {"id": new_uuid(), "bill": bill.id, "person": person_id, "bureau": bill.bureau, "number": bill.number,
         "amount": bill.amount_twd, "parts": parts, "now": now},
    )  # fmt: skip
    written = _open_request(session, bill.id)
    assert written is not None
    return written


def request_of(session: Session, request_id: UUID) -> Request:
    """One request."""
    return Request(**session.execute(_ONE, {"id": request_id}).one()._mapping)


def newest_of_bill(session: Session, bill_id: UUID) -> Request | None:
    """The newest request about a fine, or None."""
    row = session.execute(_NEWEST, {"bill": bill_id}).first()
    return None if row is None else Request(**row._mapping)


def send_due(now: datetime, request_id: UUID | None = None) -> None:
    """Hand on what the bureau does not have yet and ask about the rest: all that is due, or one at once."""
    with db.unit_of_work() as session:
        rows = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE, "only": request_id}).all()
    for row in rows:
        try:
            _bring_forward(row, now)
        except wire.Refused as refused:
            _refuse(row.id, refused.code or "refused", now)
        except wire.CallFailed as failure:
            _log.info("instalment request %s waits: %s", typeid("irq", row.id), type(failure).__name__)
            _later(row, row.status, now)
        except Problem as problem:
            _log.warning("the plan for %s cannot be taken: %s", typeid("irq", row.id), problem.extensions)
            _later(row, "forwarded", now)


def _bring_forward(row: Any, now: datetime) -> None:
    bureaus, reference = ports().bureaus, typeid("irq", row.id)
    if row.status == "requested":
        bureaus.ask_for_instalments(
            row.bureau, request_id=reference, number=row.number, amount_twd=row.amount_twd, parts=row.parts
        )
        _later(row, "forwarded", now)
        return
    decision = bureaus.instalment_decision(row.bureau, reference)
    if decision is None:
        # The bureau has lost it, or never had it: it is handed on again.
        _later(row, "requested", now)
    elif decision.status == "pending":
        _later(row, "forwarded", now)
    elif decision.status == "refused":
        _refuse(row.id, decision.reason or "refused", now)
    else:
        with db.unit_of_work() as session:
            plan, _ = grant(
                session, bureau=row.bureau, plan_number=decision.plan_number or reference, number=row.number,
                parts=decision.parts, now=now,
            )  # fmt: skip
            session.execute(_GRANTED, {"id": row.id, "plan": plan.id, "now": now})


def _later(row: Any, status: str, now: datetime) -> None:
    wait = min(_FIRST_WAIT_SECONDS * 2 ** min(max(row.tries - 12, 0), 12), _LAST_WAIT_SECONDS)
    with db.unit_of_work() as session:
        session.execute(_LATER, {"id": row.id, "status": status, "next": now + timedelta(seconds=wait)})


def _refuse(request_id: UUID, reason: str, now: datetime) -> None:
    with db.unit_of_work() as session:
        refused = session.execute(_REFUSED, {"id": request_id, "reason": reason[:100], "now": now}).first()
        if refused is not None:
            fact = {"request_id": str(request_id), "bill_id": str(refused.bill_id), "person_id": str(refused.person_id),
                    "amount_twd": refused.amount_twd, "refusal": reason[:100]}  # fmt: skip
            outbox.record(session, events.INSTALMENTS_REFUSED, fact, now=now)


def _open_request(session: Session, bill_id: UUID) -> Request | None:
    row = session.execute(_OPEN, {"bill": bill_id}).first()
    return None if row is None else Request(**row._mapping)


_COLUMNS = "id, bill_id, amount_twd, parts, status, refusal, plan_id, created_at, decided_at"
_IS_OPEN = "status IN ('requested', 'forwarded')"
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.instalment_request WHERE id = :id")  # noqa: S608
_OPEN = text(f"SELECT {_COLUMNS} FROM wallet.instalment_request WHERE bill_id = :bill AND {_IS_OPEN}")  # noqa: S608
_NEWEST = text(
    f"SELECT {_COLUMNS} FROM wallet.instalment_request WHERE bill_id = :bill ORDER BY id DESC LIMIT 1"  # noqa: S608
)
_INSERT = text(
    f"""
    INSERT INTO wallet.instalment_request (id, bill_id, person_id, bureau, number, amount_twd, parts, status,
                                           created_at, next_try_at)
    VALUES (:id, :bill, :person, :bureau, :number, :amount, :parts, 'requested', :now, :now)
    ON CONFLICT (bill_id) WHERE {_IS_OPEN} DO NOTHING
    """  # noqa: S608
)
_LEASE_DUE = text(
    f"""
    UPDATE wallet.instalment_request SET next_try_at = :until, tries = tries + 1
     WHERE id IN (SELECT id FROM wallet.instalment_request
                   WHERE {_IS_OPEN} AND next_try_at <= :now AND (CAST(:only AS uuid) IS NULL OR id = :only)
                   ORDER BY next_try_at LIMIT 50 FOR UPDATE SKIP LOCKED)
    RETURNING id, bureau, number, amount_twd, parts, status, tries
    """  # noqa: S608
)
_LATER = text(
    "UPDATE wallet.instalment_request SET status = :status, next_try_at = :next "  # noqa: S608
    f"WHERE id = :id AND {_IS_OPEN}"
)
_REFUSED = text(
    "UPDATE wallet.instalment_request SET status = 'refused', refusal = :reason, decided_at = :now, "  # noqa: S608
    f"next_try_at = NULL WHERE id = :id AND {_IS_OPEN} RETURNING bill_id, person_id, amount_twd"
)
_GRANTED = text(
    "UPDATE wallet.instalment_request SET status = 'granted', plan_id = :plan, decided_at = :now, "  # noqa: S608
    f"next_try_at = NULL WHERE id = :id AND {_IS_OPEN}"
)
