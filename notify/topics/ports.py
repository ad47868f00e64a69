"""What this room asks of others about the things that people subscribe to; `api/wiring.py` plugs it in at start-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from core.text import Text


@dataclass(frozen=True, slots=True)
class BillSubject:
    """A bill as something to be told about. `is_settled`: nothing is owed on it any more."""

    id: UUID
    name: Text
    is_settled: bool


class Bills(Protocol):
    """Knows whose bills are whose."""

    def mine(self, session: Session, person_id: UUID, bill_id: UUID) -> BillSubject | None:
        """One bill of this person; None for anybody else's."""

    def unpaid(self, session: Session, person_id: UUID, now: datetime) -> Sequence[BillSubject]:
        """The person's bills that are still to be paid, the earliest due first, up to fifty."""


class _NoBills:
    def mine(self, session: Session, person_id: UUID, bill_id: UUID) -> BillSubject | None:
        return None

    def unpaid(self, session: Session, person_id: UUID, now: datetime) -> Sequence[BillSubject]:
        return ()


bills: Bills = _NoBills()


def plug_in(*, of_bills: Bills) -> None:
    """From now on, ask these."""
    global bills
    bills = of_bills
