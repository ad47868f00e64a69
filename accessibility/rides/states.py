"""The states of a ride and of its order at a fleet: every allowed move, and what causes it. The database holds the same
moves and refuses every other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

HOLDING: Final = "holding"
BOUND: Final = "bound"
NOT_BOUND: Final = "not_bound"
ON_THE_WAY: Final = "on_the_way"
AT_DOOR: Final = "at_door"
ABOARD: Final = "aboard"
DONE: Final = "done"
CANCELLED: Final = "cancelled"
NO_SHOW: Final = "no_show"
RESEEKING: Final = "reseeking"
LOST: Final = "lost"
WILL_CALL: Final = "will_call"

WANTED: Final = "wanted"
HELD: Final = "held"
BINDING: Final = "binding"
CANCELLING: Final = "cancelling"
RELEASING: Final = "releasing"
RELEASED: Final = "released"
REFUSED: Final = "refused"
LAPSED: Final = "lapsed"


class Move(NamedTuple):
    """From one state to another, and why."""

    source: str
    target: str
    why: str


RIDE_MOVES: Final = (
    Move("", HOLDING, "an offer is taken"),
    Move("", WILL_CALL, "a way back that waits until its rider is ready"),
    Move(WILL_CALL, HOLDING, "the rider is ready"),
    Move(WILL_CALL, CANCELLED, "the rider goes home another way"),
    Move(WILL_CALL, LOST, "the way there came to nothing"),
    Move(HOLDING, BOUND, "a fleet has bound it"),
    Move(HOLDING, NOT_BOUND, "no fleet has: the rider is told why"),
    Move(HOLDING, CANCELLED, "cancelled while it was being confirmed"),
    Move(HOLDING, WILL_CALL, "ready, and nobody is free: it is asked for again"),
    Move(BOUND, ON_THE_WAY, "the vehicle has set off"),
    Move(BOUND, AT_DOOR, "told out of order"),
    Move(BOUND, ABOARD, "told out of order"),
    Move(BOUND, DONE, "told out of order"),
    Move(BOUND, WILL_CALL, "a way back whose rider will not be there in time: it waits until they are ready"),
    Move(ON_THE_WAY, WILL_CALL, "the same, and its vehicle turns back"),
    Move(AT_DOOR, WILL_CALL, "it came for somebody who had not been brought there"),
    Move(ON_THE_WAY, AT_DOOR, "it is there"),
    Move(ON_THE_WAY, ABOARD, "told out of order"),
    Move(ON_THE_WAY, DONE, "told out of order"),
    Move(AT_DOOR, ABOARD, "picked up"),
    Move(AT_DOOR, DONE, "told out of order"),
    Move(ABOARD, DONE, "there"),
    Move(BOUND, CANCELLED, "the rider cancels"),
    Move(ON_THE_WAY, CANCELLED, "the rider cancels late"),
    Move(AT_DOOR, CANCELLED, "the rider cancels at the door"),
    Move(BOUND, NO_SHOW, "told out of order"),
    Move(ON_THE_WAY, NO_SHOW, "told out of order"),
    Move(AT_DOOR, NO_SHOW, "nobody came to the vehicle"),
    Move(BOUND, RESEEKING, "the fleet cancels, or never came"),
    Move(ON_THE_WAY, RESEEKING, "the fleet cancels on its way, or never came"),
    Move(AT_DOOR, RESEEKING, "the fleet drives off"),
    Move(ABOARD, RESEEKING, "the vehicle breaks down"),
    Move(RESEEKING, BOUND, "another fleet has bound it"),
    Move(RESEEKING, ABOARD, "the fleet that was given up has come after all"),
    Move(RESEEKING, LOST, "no other fleet can: the rider is told what to do now"),
    Move(RESEEKING, CANCELLED, "the rider gives it up"),
)
ORDER_MOVES: Final = (
    Move("", WANTED, "decided, and nothing sent"),
    Move(WANTED, HOLDING, "about to be asked to hold"),
    Move(WANTED, RELEASED, "given up before anything was sent"),
    Move(HOLDING, HELD, "the fleet holds it"),
    Move(HOLDING, REFUSED, "the fleet says no"),
    Move(HOLDING, RELEASING, "no answer in time, or no longer wanted"),
    Move(HELD, BINDING, "every leg is held"),
    Move(HELD, LAPSED, "held for too long"),
    Move(HELD, RELEASING, "the other leg has none, or no longer wanted"),
    Move(BINDING, BOUND, "the fleet has bound it"),
    Move(BINDING, REFUSED, "the fleet says no"),
    Move(BINDING, LAPSED, "the fleet holds it no more"),
    Move(BINDING, RELEASING, "no answer in time, or no longer wanted"),
    Move(BOUND, CANCELLING, "the rider cancels"),
    Move(BOUND, RELEASING, "the other leg came to nothing, or a fleet cancels: its reference is shut"),
    Move(BOUND, CANCELLED, "the city's own vans cancel, or a fleet that is rung"),
    Move(BOUND, DONE, "driven"),
    Move(BOUND, NO_SHOW, "nobody came to the vehicle"),
    Move(CANCELLING, CANCELLED, "the fleet has it cancelled"),
    Move(CANCELLING, BOUND, "too late: they are aboard"),
    Move(CANCELLING, DONE, "too late: it is driven"),
    Move(CANCELLING, NO_SHOW, "too late: the fleet says that nobody came"),
    Move(RELEASING, RELEASED, "the fleet has let it go, its reference is shut"),
    Move(RELEASING, BOUND, "too late: they are aboard, and wanted to be"),
    Move(RELEASING, DONE, "too late: it is driven"),
)
ENDED: Final = frozenset({DONE, CANCELLED, NO_SHOW, NOT_BOUND, LOST})
COMING: Final = (BOUND, ON_THE_WAY, AT_DOOR)
"""Bound, and nobody is aboard."""
UNDER_WAY: Final = (ON_THE_WAY, AT_DOOR, ABOARD)
"""The vehicle's place may be shown."""
RIDE_STATES: Final = (
    HOLDING, BOUND, NOT_BOUND, ON_THE_WAY, AT_DOOR, ABOARD, DONE, CANCELLED, NO_SHOW, RESEEKING, LOST, WILL_CALL,
)  # fmt: skip
ORDER_ENDS: Final = frozenset({RELEASED, REFUSED, LAPSED, DONE, CANCELLED, NO_SHOW})
LIVE_ORDER: Final = frozenset({WANTED, HOLDING, HELD, BINDING, BOUND, CANCELLING})


def as_mermaid(moves: Sequence[Move]) -> str:
    """The graph in Mermaid's notation, as the documentation shows it."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {move.source or '[*]'} --> {move.target}: {move.why}" for move in moves]
    sources = {move.source for move in moves}
    ends = sorted({move.target for move in moves} - sources)
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in ends)])
