"""Which refunds there are and what each needs: reasons, limits and times are rows with a source, not code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import FieldError, InvalidRequest, Unavailable
from partners import wire
from partners.bureaus.client import Notice
from wallet.book import BUREAUS
from wallet.errors import RefundNotAllowed
from wallet.payments import Item
from wallet.ports import ports

Proof = Literal["none", "bureau_void", "bureau_amount", "reported_elsewhere"]
CREDIT_ORDER = "credit_order"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why money may go back: who may give it, what it is held against, and what becomes of fee and bill."""

    code: str
    is_for_citizens: bool
    is_for_officers: bool
    proof: Proof
    returns_fee: bool
    reopens_bill: bool


def reason_for(session: Session, code: str, *, of: Literal["citizen", "officer"]) -> Reason:
    """The reason of that code. Raises InvalidRequest where it is none, or none that a citizen or officer may give."""
    row = session.execute(_REASON, {"code": code}).first()
    reason = None if row is None else Reason(**row._mapping)
    if reason is None or not (reason.is_for_citizens if of == "citizen" else reason.is_for_officers):
        raise InvalidRequest(errors=[FieldError("/reason", "not a reason for which a refund can be asked here")])
    return reason


def reasons(session: Session) -> dict[str, Reason]:
    """All reasons by their code."""
    return {row.code: Reason(**row._mapping) for row in session.execute(_REASONS)}


def ask_the_bureau(reason: Reason, item: Item) -> Notice | None:
    """What the bureau's register says about the bill now, where the reason is held against it; no transaction may be
    open. Raises Unavailable."""
    if reason.proof not in ("bureau_void", "bureau_amount") or item.bureau not in BUREAUS:
        return None
    bureau: Literal["parking", "fines"] = "parking" if item.bureau == "parking" else "fines"
    try:
        return ports().bureaus.find_notice(bureau, item.number, expected_amount_twd=item.amount_twd)
    except wire.CallFailed as failure:
        raise Unavailable from failure


def most_allowed_twd(session: Session, reason: Reason, item: Item, notice: Notice | None) -> int:
    """How much of the bill that reason can bring back in all. Raises RefundNotAllowed where nothing proves it."""
    match reason.proof:
        case "none":
            return item.amount_twd
        case "bureau_void" if notice is not None and notice.status == "void":
            return item.amount_twd
        case "bureau_amount" if notice is not None and notice.amount_twd < item.amount_twd:
            return item.amount_twd - notice.amount_twd
        case "reported_elsewhere" if session.execute(_REPORTED, {"bill_id": item.bill_id}).scalar():
            return item.amount_twd
    raise RefundNotAllowed(reason=reason.code, needs=reason.proof)


def needs_two_persons(session: Session, amount_twd: int, now: datetime) -> bool:
    """Whether an officer's refund of that much has to be approved by a second one."""
    limit = session.execute(_LIMIT, {"day": taipei_date(now)}).scalar()
    return limit is None or amount_twd > int(limit)


def expected_on(session: Session, rail: str, now: datetime) -> date:
    """The day (Taipei) by which money that is sent now by that rail has arrived."""
    days = session.execute(_TIME, {"rail": rail}).scalar()
    return taipei_date(now) + timedelta(days=14 if days is None else int(days))


def completed_reopens(session: Session, reason_code: str, payment_id: UUID, bill_id: UUID) -> bool:
    """Whether a bill is owed again now: all of its money has gone back, the last of it for a reason that says so."""
    return bool(session.execute(_REOPENS, {"code": reason_code, "payment_id": payment_id, "bill_id": bill_id}).scalar())


_COLUMNS = "code, is_for_citizens, is_for_officers, proof, returns_fee, reopens_bill"
_REASON = text(f"SELECT {_COLUMNS} FROM wallet.refund_reason WHERE code = :code")  # noqa: S608
_REASONS = text(f"SELECT {_COLUMNS} FROM wallet.refund_reason")  # noqa: S608
_REPORTED = text("SELECT EXISTS (SELECT FROM wallet.external_payment WHERE bill_id = :bill_id)")
_LIMIT = text(
    "SELECT two_persons_above_twd FROM wallet.refund_limit WHERE valid_from <= :day ORDER BY valid_from DESC LIMIT 1"
)
_TIME = text("SELECT days FROM wallet.refund_time WHERE rail = :rail")
_REOPENS = text(
    """
    SELECT r.reopens_bill AND i.amount_twd = (
               SELECT sum(f.amount_twd) FROM wallet.refund AS f
                WHERE f.payment_id = i.payment_id AND f.bill_id = i.bill_id AND f.status = 'completed')
      FROM wallet.refund_reason AS r, wallet.payment_item AS i
     WHERE r.code = :code AND i.payment_id = :payment_id AND i.bill_id = :bill_id
    """
)
