"""What this room asks of others: `api/wiring.py` plugs it in at start-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from core.text import Text

if TYPE_CHECKING:
    from accessibility.calls.calls import RideCall

Answered = Callable[[Session, "RideCall", str, Mapping[str, Any], datetime], None]
"""A fleet was rung: the call, yes, no, unreached or overdue, what it said, and when."""
Customer = Callable[[Session, "RideCall"], Text]
"""Who rides, as a fleet that has bound the ride is told; kept nowhere beside the rider's own record."""


def _nobody(session: Session, call: RideCall, answer: str, given: Mapping[str, Any], now: datetime) -> None:
    return None


def _no_customer(session: Session, call: RideCall) -> Text:
    return call.words


fleet_answered: Answered = _nobody
customer: Customer = _no_customer


def plug_in(*, fleet_answered: Answered, customer: Customer = _no_customer) -> None:
    """From now on, tell this one what a fleet says, and ask this one who rides."""
    globals()["fleet_answered"] = fleet_answered
    globals()["customer"] = customer
