"""What this room asks of others: `api/wiring.py` plugs it in at start-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from accessibility.calls.calls import RideCall

Answered = Callable[[Session, "RideCall", str, Mapping[str, Any], datetime], None]
"""A fleet was rung: the call, yes, no, unreached or overdue, what it said, and when."""


def _nobody(session: Session, call: RideCall, answer: str, given: Mapping[str, Any], now: datetime) -> None:
    return None


fleet_answered: Answered = _nobody


def plug_in(*, fleet_answered: Answered) -> None:
    """From now on, tell this one what a fleet says."""
    globals()["fleet_answered"] = fleet_answered
