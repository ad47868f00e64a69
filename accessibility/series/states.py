"""The states of a series and of each of its days: every allowed move, and what causes it. The database holds the same
moves and refuses every other."""

from __future__ import annotations

from typing import Final, NamedTuple

ACTIVE: Final = "active"
OVER: Final = "over"

PLANNED: Final = "planned"
ASKING: Final = "asking"
BOUND: Final = "bound"
WAITING: Final = "waiting"
NOT_BOUND: Final = "not_bound"
SKIPPED: Final = "skipped"
CANCELLED: Final = "cancelled"


class Move(NamedTuple):
    """From one state to another, and why."""

    source: str
    target: str
    why: str


SERIES_MOVES: Final = (
    Move("", ACTIVE, "somebody asks for rides that recur"),
    Move(ACTIVE, CANCELLED, "the rider wants no more of them"),
    Move(ACTIVE, OVER, "its last day is past"),
    Move(CANCELLED, ACTIVE, "taken up again"),
)
DAY_MOVES: Final = (
    Move("", PLANNED, "a day of the series"),
    Move(PLANNED, ASKING, "booking has opened: every fleet is asked"),
    Move(PLANNED, SKIPPED, "a holiday, or its hour is full, or the rider is no longer entitled"),
    Move(PLANNED, CANCELLED, "the rider does not go that day"),
    Move(ASKING, BOUND, "a fleet has bound it"),
    Move(ASKING, WAITING, "no fleet has a vehicle: on the waitlist"),
    Move(ASKING, NOT_BOUND, "no fleet has a vehicle, and it is too late to wait"),
    Move(ASKING, CANCELLED, "the rider does not go that day, or has another ride then"),
    Move(WAITING, BOUND, "something came free and was taken"),
    Move(WAITING, NOT_BOUND, "nothing came free"),
    Move(WAITING, CANCELLED, "the rider does not go that day"),
    Move(BOUND, CANCELLED, "the rider does not go that day"),
    Move(BOUND, WAITING, "the fleet let it down, and no other had one"),
    Move(CANCELLED, PLANNED, "taken up again"),
    Move(SKIPPED, PLANNED, "taken up again"),
)
DAY_STATES: Final = (PLANNED, ASKING, BOUND, WAITING, NOT_BOUND, SKIPPED, CANCELLED)
