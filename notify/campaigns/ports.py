"""What campaigns ask of other rooms; `api/wiring.py` plugs it in at start-up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill of somebody who sees it as theirs. `amount_twd` in whole NT$."""

    person_id: UUID
    bill_id: UUID
    amount_twd: int
    due_on: date


@dataclass(frozen=True, slots=True)
class ToldBill(Bill):
    """How a bill stands that somebody was told of: to be paid, paid or void, or neither while it is appealed."""

    is_owed: bool
    is_settled: bool


class BillsDue(Protocol):
    """Knows which bills of these people are still to be paid."""

    def __call__(
        self, session: Session, *, bureau: str, people: Collection[UUID], due_from: date, due_to: date
    ) -> Sequence[Bill]:
        """Their unpaid bills of that bureau which are due from one day to another, both included."""


class BillsTold(Protocol):
    """Knows how bills stand now."""

    def __call__(self, session: Session, *, people: Collection[UUID], bills: Collection[UUID]) -> Sequence[ToldBill]:
        """Each of these bills for each of these people whose it is; for whoever does not see it any more, nothing."""


def _none_due(
    session: Session, *, bureau: str, people: Collection[UUID], due_from: date, due_to: date
) -> Sequence[Bill]:
    return ()


def _none_told(session: Session, *, people: Collection[UUID], bills: Collection[UUID]) -> Sequence[ToldBill]:
    return ()


bills_due: BillsDue = _none_due
bills_told: BillsTold = _none_told


def plug_in(*, due: BillsDue, told: BillsTold) -> None:
    """From now on, ask `due` which bills are due, and `told` what became of them."""
    global bills_due, bills_told
    bills_due, bills_told = due, told
