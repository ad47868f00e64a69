"""The states of an exchange: every allowed move, and what causes it. The database holds the same moves and refuses
every other, whoever asks; each that it lets through it writes into `points.exchange_step`."""

from __future__ import annotations

from typing import Final, NamedTuple

HELD: Final = "held"
ORDERED: Final = "ordered"
WAITING: Final = "waiting"
RESERVED: Final = "reserved"
UNKNOWN: Final = "unknown"
CANCELLING: Final = "cancelling"
DONE: Final = "done"
UNDONE: Final = "undone"


class Move(NamedTuple):
    """From one state to another, and why."""

    source: str
    target: str
    why: str


BEGINNINGS: Final = (ORDERED, HELD)
MOVES: Final = (
    Move(HELD, ORDERED, "the desk releases it"),
    Move(HELD, UNDONE, "the desk refuses it"),
    Move(ORDERED, RESERVED, "the partner has set the value aside"),
    Move(ORDERED, WAITING, "the partner has taken it on and says later, or it goes with the night's file"),
    Move(ORDERED, DONE, "the partner has done it"),
    Move(ORDERED, UNDONE, "the partner refuses, or was never reached"),
    Move(ORDERED, UNKNOWN, "no answer, or none to be trusted"),
    Move(ORDERED, CANCELLING, "the partner has another amount"),
    Move(UNKNOWN, RESERVED, "asked: set aside"),
    Move(UNKNOWN, WAITING, "asked: taken on"),
    Move(UNKNOWN, DONE, "asked: done"),
    Move(UNKNOWN, UNDONE, "asked: refused, or taken back"),
    Move(UNKNOWN, CANCELLING, "asked: another amount, or never seen and too late to send again"),
    Move(WAITING, DONE, "the partner has done it"),
    Move(WAITING, UNDONE, "the partner refuses"),
    Move(WAITING, CANCELLING, "the partner has another amount, or is silent for too long"),
    Move(RESERVED, DONE, "confirmed"),
    Move(RESERVED, UNDONE, "the reservation has lapsed"),
    Move(RESERVED, UNKNOWN, "no answer to the confirmation"),
    Move(RESERVED, CANCELLING, "the partner has another amount"),
    Move(CANCELLING, UNDONE, "taken back, or shut out before it came"),
    Move(CANCELLING, DONE, "the partner does not take back what is done"),
)
RESTING: Final = frozenset({DONE, UNDONE})
STATES: Final = tuple(dict.fromkeys([*BEGINNINGS, *(state for move in MOVES for state in move[:2])]))


def may_move(source: str, target: str) -> bool:
    """Whether it may go from `source` to `target`."""
    return any((move.source, move.target) == (source, target) for move in MOVES)


def as_mermaid() -> str:
    """The graph in Mermaid's notation, as the documentation shows it."""
    lines = ["stateDiagram-v2", *(f"    [*] --> {state}" for state in BEGINNINGS)]
    lines += [f"    {move.source} --> {move.target}: {move.why}" for move in MOVES]
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in sorted(RESTING))])
