"""Bills that are about to be due, and what becomes of them: what campaigns ask the wallet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from identity import people as identity_people
from notify.campaigns.ports import Bill, ToldBill
from wallet import due_bills
from wallet.bills import Owner


def bills_due(
    session: Session, *, bureau: str, people: Collection[UUID], due_from: date, due_to: date
) -> Sequence[Bill]:
    """Implements `notify.campaigns.ports.BillsDue`."""
    found = due_bills.due_bills(session, _owners(session, people), bureau=bureau, due_from=due_from, due_to=due_to)
    return [Bill(each.person_id, each.bill_id, each.amount_twd, each.due_on) for each in found]


def bills_told(session: Session, *, people: Collection[UUID], bills: Collection[UUID]) -> Sequence[ToldBill]:
    """Implements `notify.campaigns.ports.BillsTold`."""
    found = due_bills.standing_bills(session, _owners(session, people), bills=bills)
    return [
        ToldBill(
            each.person_id,
            each.bill_id,
            each.amount_twd,
            each.due_on,
            is_owed=each.status == "unpaid",
            is_settled=each.status in ("paid", "void"),
        )
        for each in found
    ]


def _owners(session: Session, people: Collection[UUID]) -> dict[UUID, Owner]:
    keys = identity_people.owner_keys_of(session, people)
    return {person_id: Owner(index, tuple(vehicles)) for person_id, (index, vehicles) in keys.items()}
