"""What a fine costs is the bureau's word at the moment of paying, never a sum of ours (道路交通管理處罰條例 §9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core import db
from core.errors import Unavailable
from core.ids import typeid
from partners import wire
from partners.bureaus.client import Notice
from wallet import bill_news, bills
from wallet.bills import Bill
from wallet.errors import AmountNotConfirmed, BillAlreadyPaid, BillNotPayable
from wallet.ports import ports


def confirm_amounts(person_id: UUID, bill_ids: Sequence[UUID], now: datetime) -> None:
    """Ask the bureau about each unpaid fine among these bills, with no transaction open while it answers.

    A fine whose amount or status has changed is brought up to date, and
    the citizen looks again: raises AmountNotConfirmed, BillAlreadyPaid, BillNotPayable, NotFound, Unavailable.
    """
    with db.unit_of_work() as session:
        seen = bills.bills_seen(session, bills.owner_of(session, person_id), bill_ids)
    fines = [bill for bill in seen if bill.kind == "fine" and bill.not_payable_reason() is None]
    for bill in fines:
        try:
            notice = ports().bureaus.find_notice("fines", bill.number, expected_amount_twd=bill.amount_twd)
        except wire.CallFailed as failure:
            raise Unavailable from failure
        if notice is None:
            raise BillNotPayable(bill_id=typeid("bill", bill.id), reason="unknown_to_the_bureau")
        if _differs(bill, notice):
            with db.unit_of_work() as session:
                _bring_up_to_date(session, bill, notice, now)


def _differs(bill: Bill, notice: Notice) -> bool:
    return (notice.amount_twd, notice.status, notice.payable_by_agent) != (bill.amount_twd, "unpaid", True)


def _bring_up_to_date(session: Session, bill: Bill, notice: Notice, now: datetime) -> None:
    identifier = typeid("bill", bill.id)
    if notice.status != "unpaid":
        if bills.set_status_from_bureau(session, bill.id, notice.status, now=now):
            bill_news.tell(session, [bill.id], notice.status, now=now)
        refusal = (
            BillAlreadyPaid(bill_id=identifier)
            if notice.status == "paid"
            else BillNotPayable(bill_id=identifier, reason=notice.status)
        )
        refusal.keeps = True  # type: ignore[misc]
        raise refusal
    bills.correct_amount(session, bill.id, notice.amount_twd, payable=notice.payable_by_agent, now=now)
    raise AmountNotConfirmed(bill_id=identifier, amount=notice.amount_twd)
