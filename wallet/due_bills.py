"""Which bills of many people are due in some days: one statement, however many people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from wallet.bills import Owner


@dataclass(frozen=True, slots=True)
class DueBill:
    """A bill that is to be paid, and one of the people who see it as theirs. `amount_twd` in whole NT$."""

    person_id: UUID
    bill_id: UUID
    amount_twd: int
    due_on: date


def due_bills(
    session: Session, owners: Mapping[UUID, Owner], *, bureau: str, due_from: date, due_to: date
) -> list[DueBill]:
    """The bills of that bureau that these people still have to pay and that are due from one day to another, both
    included. One that a payment is under way for is left out."""
    if not owners:
        return []
    vehicles = [(person_id, *vehicle) for person_id, owner in owners.items() for vehicle in owner.vehicles]
    rows = session.execute(
        _DUE,
        {
            "people": list(owners), "indexes": [owner.national_id_index for owner in owners.values()],
            "drivers": [driver for driver, _, _ in vehicles], "plates": [plate for _, plate, _ in vehicles],
            "vehicles": [vehicle for _, _, vehicle in vehicles], "bureau": bureau, "from": due_from, "to": due_to,
        },
    )  # fmt: skip
    return [DueBill(row.person_id, row.id, row.amount_twd, row.due_on) for row in rows]


# As in `bills.IS_MINE`: a bill that names somebody is theirs, one that names nobody is of whoever has the vehicle.
_DUE = text(
    """
    SELECT o.person_id, b.id, b.amount_twd, b.due_on
      FROM unnest(CAST(:people AS uuid[]), CAST(:indexes AS bytea[])) AS o (person_id, owner_index)
           JOIN wallet.bill b ON b.owner_index = o.owner_index
     WHERE b.bureau = :bureau AND b.status = 'unpaid' AND b.claimed_by IS NULL AND b.due_on BETWEEN :from AND :to
    UNION ALL
    SELECT v.person_id, b.id, b.amount_twd, b.due_on
      FROM unnest(CAST(:drivers AS uuid[]), CAST(:plates AS text[]), CAST(:vehicles AS text[]))
               AS v (person_id, plate, vehicle)
           JOIN wallet.bill b ON b.plate = v.plate AND b.vehicle = v.vehicle AND b.owner_index IS NULL
     WHERE b.bureau = :bureau AND b.status = 'unpaid' AND b.claimed_by IS NULL AND b.due_on BETWEEN :from AND :to
    """
)
