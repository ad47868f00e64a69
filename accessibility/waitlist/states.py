"""The states of somebody's waiting: every allowed move, and what causes it. The database holds the same moves and
refuses every other."""

from __future__ import annotations

from typing import Final, NamedTuple

WAITING: Final = "waiting"
OFFERED: Final = "offered"
ACCEPTING: Final = "accepting"
ENDED: Final = "ended"


class Move(NamedTuple):
    """From one state to another, and why."""

    source: str
    target: str
    why: str


MOVES: Final = (
    Move("", WAITING, "no fleet has a ride"),
    Move(WAITING, OFFERED, "something came free, and is kept for them"),
    Move(WAITING, ENDED, "its time is over, or the rider leaves"),
    Move(OFFERED, WAITING, "not accepted in time: it goes to the next"),
    Move(OFFERED, ACCEPTING, "the rider says yes"),
    Move(OFFERED, ENDED, "the rider leaves"),
    Move(ACCEPTING, ENDED, "bound"),
    Move(ACCEPTING, WAITING, "the fleet has let it go after all"),
)
WHYS: Final = ("taken", "over", "withdrawn", "booked")
"""Why a wait ends: the offer was taken, its time is over, the rider left, or found a ride otherwise."""


def as_mermaid() -> str:
    """The graph in Mermaid's notation, as the documentation shows it."""
    lines = [f"    {move.source or '[*]'} --> {move.target}: {move.why}" for move in MOVES]
    return "\n".join(["stateDiagram-v2", *lines, f"    {ENDED} --> [*]"])
