"""Which bills of many people are due in some days, and what becomes of them: one statement, however many people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
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


@dataclass(frozen=True, slots=True)
class StandingBill(DueBill):
    """The same, and how it stands: 'unpaid' (also while a payment is under way), 'paid', 'void' or 'appealed'."""

    status: str


def due_bills(
    session: Session, owners: Mapping[UUID, Owner], *, bureau: str, due_from: date, due_to: date
) -> list[DueBill]:
    """The bills of that bureau that these people still have to pay and that are due from one day to another, both
    included. One that a payment is under way for is left out."""
    if not owners:
        return []
    rows = session.execute(_DUE, _keys(owners) | {"bureau": bureau, "from": due_from, "to": due_to})
    return [DueBill(row.person_id, row.id, row.amount_twd, row.due_on) for row in rows]


def standing_bills(session: Session, owners: Mapping[UUID, Owner], *, bills: Collection[UUID]) -> list[StandingBill]:
    """Those of the bills that are theirs, each with whose it is; two people of a household may both have one."""
    if not owners or not bills:
        return []
    rows = session.execute(_STANDING, _keys(owners) | {"bills": list(bills)})
    return [StandingBill(row.person_id, row.id, row.amount_twd, row.due_on, row.status) for row in rows]


def _keys(owners: Mapping[UUID, Owner]) -> dict[str, Any]:
    vehicles = [(person_id, *vehicle) for person_id, owner in owners.items() for vehicle in owner.vehicles]
    return {
        "people": list(owners), "indexes": [owner.national_id_index for owner in owners.values()],
        "drivers": [driver for driver, _, _ in vehicles], "plates": [plate for _, plate, _ in vehicles],
        "vehicles": [vehicle for _, _, vehicle in vehicles],
    }  # fmt: skip


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
_STANDING = text(
    """
    WITH told AS MATERIALIZED (
        SELECT id, amount_twd, due_on, status, owner_index, plate, vehicle FROM wallet.bill WHERE id = ANY(:bills)
    )
    SELECT o.person_id, b.id, b.amount_twd, b.due_on, b.status
      FROM unnest(CAST(:people AS uuid[]), CAST(:indexes AS bytea[])) AS o (person_id, owner_index)
           JOIN told b ON b.owner_index = o.owner_index
    UNION ALL
    SELECT v.person_id, b.id, b.amount_twd, b.due_on, b.status
      FROM unnest(CAST(:drivers AS uuid[]), CAST(:plates AS text[]), CAST(:vehicles AS text[]))
               AS v (person_id, plate, vehicle)
           JOIN told b ON b.plate = v.plate AND b.vehicle = v.vehicle AND b.owner_index IS NULL
    """
)
