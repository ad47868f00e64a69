"""Bills that are about to be due: what campaigns ask the wallet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from identity import people as identity_people
from notify.campaigns.ports import DueBill
from wallet import due_bills
from wallet.bills import Owner


def bills_due(
    session: Session, *, bureau: str, people: Collection[UUID], due_from: date, due_to: date
) -> Sequence[DueBill]:
    """Implements `notify.campaigns.ports.BillsDue`."""
    keys = identity_people.owner_keys_of(session, people)
    owners = {person_id: Owner(index, tuple(vehicles)) for person_id, (index, vehicles) in keys.items()}
    found = due_bills.due_bills(session, owners, bureau=bureau, due_from=due_from, due_to=due_to)
    return [DueBill(each.person_id, each.bill_id, each.amount_twd, each.due_on) for each in found]
