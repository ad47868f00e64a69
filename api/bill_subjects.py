"""Bills as something to be told about: what the room of topics asks the wallet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import NotFound
from core.taiwan import roc_text
from core.text import Text
from notify.topics.ports import BillSubject
from wallet import bills
from wallet.bills import Bill

_MOST = 50
_SETTLED = ("paid", "void")


class WalletBills:
    """Implements `notify.topics.ports.Bills`."""

    def mine(self, session: Session, person_id: UUID, bill_id: UUID) -> BillSubject | None:
        """One bill of this person; None for anybody else's."""
        try:
            return _subject(bills.bill_of(session, bills.owner_of(session, person_id), bill_id))
        except NotFound:
            return None

    def unpaid(self, session: Session, person_id: UUID, now: datetime) -> Sequence[BillSubject]:
        """The person's bills that are still to be paid and not overdue, the earliest due first, up to fifty."""
        owner = bills.owner_of(session, person_id)
        found = bills.page_of_bills(session, owner, status="unpaid", limit=_MOST, after=None)
        return [_subject(bill) for bill in found if bill.due_on >= taipei_date(now)]


def _subject(bill: Bill) -> BillSubject:
    due = Text(f"（{roc_text(bill.due_on)}到期）", f" (due {bill.due_on:%Y-%m-%d})")
    name = Text(bill.description.zh.strip() + due.zh, bill.description.en.strip() + due.en)
    return BillSubject(bill.id, name, is_settled=bill.status in _SETTLED)
