"""What an exchange of points with a partner is, whichever partner: the order, how it stands there, and the statement.

Every order has our own reference, which is the partner's idempotency key: whatever is asked twice under one reference
happens once. `value` is in the partner's own unit (NT$ on a card, points of a programme), `charge_twd` is what one side
owes the other for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

Direction = Literal["out", "in"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
# reserved: set aside at the partner until it is confirmed. pending: taken on, the partner says later. done: the value
# has changed hands. refused: it never will. cancelled: taken back, or shut out before it came.
OrderState = Literal["reserved", "pending", "done", "refused", "cancelled"]
ORDER_STATES: tuple[OrderState, ...] = get_args(OrderState)
StatementWrongBecause = Literal["encoding", "form", "truncated", "totals", "other_month", "repeated"]


@dataclass(frozen=True, slots=True)
class Order:
    """What a partner is asked to do: `out`, put `value` on the account; `in`, take `value` from it."""

    reference: str
    direction: Direction
    account: str
    value: int
    charge_twd: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands at the partner, in the partner's own words: `reason` is set where it was refused."""

    state: OrderState
    value: int
    partner_reference: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one order of a file: as it was asked, and how it stands."""

    reference: str
    account: str
    asked: int
    charge_twd: int
    state: OrderState
    reason: str | None
    value: int
    partner_reference: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One order that the partner has done, by its own calendar."""

    reference: str
    direction: Direction
    value: int
    charge_twd: int
    done_on: date


@dataclass(frozen=True, slots=True)
class Statement:
    """What was done in a month, and what the city owes for it (below zero: is owed)."""

    month: str
    lines: tuple[StatementLine, ...]
    net_twd: int


class StatementWrong(Exception):
    """A partner's file that as a whole cannot be believed: nothing that was read of it is worth anything."""

    def __init__(self, because: StatementWrongBecause, detail: str) -> None:
        super().__init__(f"{because}: {detail}")
        self.because = because
        self.detail = detail


def net_of(lines: Sequence[StatementLine]) -> int:
    """What the city owes for these lines: for what went out, less what came in."""
    return sum(line.charge_twd if line.direction == "out" else -line.charge_twd for line in lines)


def checked(month: str, wanted: str, lines: Sequence[StatementLine], *, count: int, net_twd: int) -> Statement:
    """The statement, once its month, its count and its totals are those of its lines. Raises StatementWrong."""
    if month != wanted:
        raise StatementWrong("other_month", f"it is of {month}")
    if count != len(lines) or net_twd != net_of(lines):
        raise StatementWrong("totals", f"{len(lines)} lines and NT${net_of(lines)}, it says {count} and NT${net_twd}")
    if any(f"{line.done_on:%Y-%m}" != month for line in lines):
        raise StatementWrong("other_month", "a line is of another month")
    if len({line.reference for line in lines}) < len(lines):
        raise StatementWrong("repeated", "an order stands there twice")
    return Statement(month, tuple(lines), net_twd)


def luhn_holds(number: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def ean13_holds(number: str) -> bool:
    """Whether the last of 13 digits is the check digit of the others (GS1 General Specifications, 7.9)."""
    return len(number) == 13 and sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(number)) % 10 == 0
