"""What campaigns ask of other rooms; `api/wiring.py` plugs it in at start-up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class DueBill:
    """A bill that is unpaid, of somebody who sees it as theirs. `amount_twd` in whole NT$."""

    person_id: UUID
    bill_id: UUID
    amount_twd: int
    due_on: date


class BillsDue(Protocol):
    """Knows which bills of these people are still to be paid."""

    def __call__(
        self, session: Session, *, bureau: str, people: Collection[UUID], due_from: date, due_to: date
    ) -> Sequence[DueBill]:
        """Their unpaid bills of that bureau which are due from one day to another, both included."""


def _none(
    session: Session, *, bureau: str, people: Collection[UUID], due_from: date, due_to: date
) -> Sequence[DueBill]:
    return ()


bills_due: BillsDue = _none


def plug_in(*, bills: BillsDue) -> None:
    """From now on, ask `bills` which bills are due."""
    global bills_due
    bills_due = bills
