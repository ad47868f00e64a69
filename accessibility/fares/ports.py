"""What fares need from outside this room, plugged in by `api/wiring.py` at start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

SharedHow = Callable[[Session, str], Literal["no", "part", "whole"] | None]
"""How the ride under this reference at its fleet was shared, where the city knows it by itself."""
CardsOf = Callable[[Session, UUID, datetime], tuple[str, ...]]
"""Which of the city's cards with a quota somebody has: `disability`, `senior`; in the order in which they are used."""


class Payable(Protocol):
    """Where a fare becomes something to pay. Every function is idempotent by the ride."""

    @property
    def largest_twd(self) -> int:
        """No single item may be more: what is above is paid to the driver."""

    def owe(
        self,
        session: Session,
        *,
        ride_id: UUID,
        rider_id: UUID,
        amount_twd: int,
        payee: str,
        done_at: datetime,
        due_on: date,
        now: datetime,
    ) -> None:
        """From now on the rider owes this for the ride, once."""

    def lower(self, session: Session, *, ride_id: UUID, amount_twd: int, now: datetime) -> str:
        """The rider owes only so much. What was paid beyond it is given back: `lowered`, `refunded` or `unchanged`."""

    def standing(self, session: Session, *, ride_id: UUID) -> tuple[UUID, str] | None:
        """The bill of a ride and how it stands (unpaid, processing, paid, void), or None where nothing was owed."""


def _no_cards(session: Session, rider_id: UUID, now: datetime) -> tuple[str, ...]:
    return ()


def _not_known(session: Session, trip: str) -> None:
    return None


_cards_of: CardsOf = _no_cards
_shared_how: SharedHow = _not_known
_payable: Payable | None = None


def plug_in(*, cards_of: CardsOf, payable: Payable | None, shared_how: SharedHow = _not_known) -> None:
    """Use these from now on."""
    global _cards_of, _payable, _shared_how
    _cards_of, _payable, _shared_how = cards_of, payable, shared_how


def cards_of(session: Session, rider_id: UUID, now: datetime) -> tuple[str, ...]:
    """The cards with a quota that this rider has."""
    return _cards_of(session, rider_id, now)


def payable() -> Payable:
    """Where fares are paid."""
    assert _payable is not None, "api/wiring.py plugs the wallet in before anything runs"
    return _payable


def shared_how(session: Session, trip: str) -> Literal["no", "part", "whole"] | None:
    """How a ride was shared, or None where only its fleet could say."""
    return _shared_how(session, trip)
