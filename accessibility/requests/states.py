"""The states of a request: every allowed move, and what causes it. The database holds the same moves and refuses every
other."""

from __future__ import annotations

from typing import Final, NamedTuple

ASKING: Final = "asking"
OFFERED: Final = "offered"
NONE: Final = "none"
CHOSEN: Final = "chosen"
LAPSED: Final = "lapsed"
WAITLISTED: Final = "waitlisted"
WITHDRAWN: Final = "withdrawn"
WILL_CALL: Final = "will_call"


class Move(NamedTuple):
    """From one state to another, and why."""

    source: str
    target: str
    why: str


MOVES: Final = (
    Move("", ASKING, "every fleet is asked"),
    Move("", WILL_CALL, "a way back that waits until its rider is ready"),
    Move(ASKING, OFFERED, "a fleet could"),
    Move(ASKING, NONE, "no fleet can"),
    Move(ASKING, WITHDRAWN, "the rider no longer wants it"),
    Move(OFFERED, ASKING, "asked again"),
    Move(OFFERED, NONE, "what was offered is gone"),
    Move(OFFERED, CHOSEN, "an offer is taken"),
    Move(OFFERED, LAPSED, "nobody chose in time"),
    Move(OFFERED, WITHDRAWN, "the rider no longer wants it"),
    Move(OFFERED, WAITLISTED, "the rider waits for another"),
    Move(NONE, ASKING, "asked again"),
    Move(NONE, OFFERED, "a fleet that is rung could"),
    Move(NONE, LAPSED, "its time is over"),
    Move(NONE, WITHDRAWN, "the rider no longer wants it"),
    Move(NONE, WAITLISTED, "the rider waits"),
    Move(CHOSEN, ASKING, "the ride was lost, and it is asked again"),
    Move(CHOSEN, OFFERED, "the fleet said no, other offers stand"),
    Move(CHOSEN, NONE, "the fleet said no, nothing else is offered"),
    Move(CHOSEN, WAITLISTED, "the ride was lost, its rider waits"),
    Move(WAITLISTED, ASKING, "asked again"),
    Move(WAITLISTED, OFFERED, "something came free"),
    Move(WAITLISTED, NONE, "what came free is gone"),
    Move(WAITLISTED, CHOSEN, "what came free is taken"),
    Move(WAITLISTED, LAPSED, "its time is over"),
    Move(WAITLISTED, WITHDRAWN, "the rider no longer waits"),
    Move(WILL_CALL, ASKING, "the rider is ready"),
    Move(WILL_CALL, CHOSEN, "the rider is ready, and a fleet was chosen for them"),
    Move(WILL_CALL, LAPSED, "its day is over"),
    Move(WILL_CALL, WITHDRAWN, "the rider no longer wants it"),
    Move(LAPSED, ASKING, "asked again"),
)
STATES: Final = (ASKING, OFFERED, NONE, CHOSEN, LAPSED, WAITLISTED, WITHDRAWN, WILL_CALL)
ASK_STATES: Final = ("asking", "offered", "none", "refused", "unreached", "by_telephone", "not_asked")
