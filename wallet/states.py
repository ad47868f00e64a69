"""The states of a payment, written once: every allowed move and the event that causes it."""

from __future__ import annotations

from typing import Final

AWAITING: Final = "awaiting_authorization"
DEBITING: Final = "debiting"
UNKNOWN: Final = "unknown"
CAPTURED: Final = "captured"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
EXPIRED: Final = "expired"
REFUNDED: Final = "refunded"

STATUSES: Final = (AWAITING, DEBITING, UNKNOWN, CAPTURED, FAILED, CANCELLED, EXPIRED, REFUNDED)

MOVES: Final[dict[tuple[str, str], str]] = {
    (AWAITING, DEBITING): "the payer's assertion over the instruction is verified",
    (AWAITING, CANCELLED): "the payer cancels, begins anew, or the assertion or a bill does not match",
    (AWAITING, EXPIRED): "five minutes pass without an assertion",
    (DEBITING, CAPTURED): "the bank says booked",
    (DEBITING, FAILED): "the bank says rejected",
    (DEBITING, UNKNOWN): "the bank gives no answer",
    (UNKNOWN, CAPTURED): "asked, the bank says booked",
    (UNKNOWN, FAILED): "asked, the bank says rejected, or never got it and it is too late to try",
    (CAPTURED, REFUNDED): "every bill of it turned out to be paid elsewhere before and came back",
}
FINAL: Final = frozenset({CAPTURED, FAILED, CANCELLED, EXPIRED, REFUNDED})


def may_move(source: str, target: str) -> bool:
    """Whether a payment may go from `source` to `target`."""
    return (source, target) in MOVES


def sources_of(target: str) -> tuple[str, ...]:
    """The states from which `target` can be reached in one move."""
    return tuple(source for source, reached in MOVES if reached == target)


def as_mermaid() -> str:
    """The graph in Mermaid's notation, as docs/payments.md shows it."""
    lines = ["stateDiagram-v2", f"    [*] --> {AWAITING}"]
    lines += [f"    {source} --> {target}: {cause}" for (source, target), cause in MOVES.items()]
    lines += [f"    {state} --> [*]" for state in sorted(FINAL)]
    return "\n".join(lines)
