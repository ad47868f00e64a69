"""Each partner × each misbehaviour: what is switched on, and how long the worker looks away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from partners.exchanging import Direction, ean13_holds, luhn_holds

Switch = tuple[str, str, Mapping[str, float]]
_GONE = {"seconds": 0.0}
LOOKS_AWAY_SECONDS = 180


@dataclass(frozen=True)
class Cell:
    """One misbehaviour of one partner. `looks_away`: nobody asks until it is too late to send an order again.
    `comes_late`: what was sent reaches the partner before anybody asks, or after all is over."""

    partner: str
    direction: Direction
    words: str
    switches: tuple[Switch, ...] = ()
    looks_away: bool = False
    comes_late: Literal["", "before", "after"] = ""

    @property
    def breaks(self) -> bool:
        """Whether the partner books another amount and does not take it back: the statement shows it."""
        return self.partner == "pxmart" and "books another" in self.words


BEGIN = {"ipass": "reservation", "okmart": "credit", "familymart": "transfer", "seveneleven": "order"}
CONFIRM = {("ipass", "out"): "confirmation", ("familymart", "in"): "completion"}
CANCEL = {"ipass": "cancellation", "okmart": "void", "familymart": "cancellation", "seveneleven": "cancellation"}
FILE_MODES = {
    "truncated_file": "the answer has no trailer",
    "wrong_encoding": "the answer is in UTF-8",
    "missing_line": "the answer lacks a line, its totals right",
    "duplicate_line": "the answer has a line twice, its totals right",
    "wrong_totals": "the answer's totals do not add up",
    "duplicate_file": "the answer of the night before comes again",
}
_SILENCE = {
    "timeout_before": ("hangs up without acting", _GONE),
    "timeout_after": ("acts and hangs up", _GONE),
    "error_500": ("does nothing and answers 500", {}),
    "error_500_after": ("acts and answers 500", {}),
    "bad_signature": ("acts and signs wrongly", {}),
    "maintenance": ("answers 503, closed", {"seconds": 30.0}),
    "slow": ("is slow", {"seconds": 0.02}),
}
_TOLD_WRONG = {
    "stale_answer": ("acts and gives the answer of the order before", {}),
    "answers_more": ("acts as agreed and answers another amount", {}),
}


def cells(partner: str, direction: Direction) -> Iterator[Cell]:
    """Every misbehaviour of a partner that is spoken to order by order."""
    begin, confirm = BEGIN[partner], CONFIRM.get((partner, direction))
    yield Cell(partner, direction, "behaves")
    yield Cell(partner, direction, f"`{begin}`: refuses", ((begin, "declines", {}),))
    yield Cell(partner, direction, f"`{begin}`: books another amount", ((begin, "books_more", {}),))
    late = ((begin, "timeout_before", _GONE),)
    yield Cell(partner, direction, f"`{begin}`: hangs up and acts later", late, comes_late="before")
    words = f"`{begin}`: hangs up, the order reaches it after it was cancelled"
    yield Cell(partner, direction, words, late, looks_away=True, comes_late="after")
    gone = ((begin, "timeout_after", _GONE),)
    yield Cell(partner, direction, f"`{begin}`: acts and hangs up, nobody asks for 3 minutes", gone, looks_away=True)
    for operation in filter(None, (begin, confirm)):
        for mode, (words, params) in {**_SILENCE, **_TOLD_WRONG}.items():
            yield Cell(partner, direction, f"`{operation}`: {words}", ((operation, mode, params),))
    if confirm:
        yield Cell(partner, direction, f"`{confirm}`: the reservation has lapsed", ((confirm, "lapses", {}),))
        late = ((confirm, "timeout_before", _GONE),)
        yield Cell(partner, direction, f"`{confirm}`: hangs up and acts later", late, comes_late="before")
    for mode in ("timeout_before", "bad_signature", "maintenance"):
        words, params = _SILENCE[mode]
        switches = ((begin, "timeout_after", _GONE), ("order_lookup", mode, params))
        yield Cell(partner, direction, f"`{begin}`: acts and hangs up; `order_lookup`: {words}", switches)
    cancel = CANCEL[partner]
    for mode in ("timeout_before", "timeout_after", "maintenance"):
        words, params = _SILENCE[mode]
        switches = ((begin, "books_more", {}), (cancel, mode, params))
        yield Cell(partner, direction, f"`{begin}`: books another amount; `{cancel}`: {words}", switches)
    if partner == "seveneleven":
        for mode, words in (("drop_webhook", "never sends the webhook"), ("duplicate_webhook", "sends it twice")):
            yield Cell(partner, direction, f"`{begin}`: {words}", ((begin, mode, {}),))


def file_cells() -> Iterator[Cell]:
    """Every misbehaviour of the partner that works by files."""
    yield Cell("pxmart", "out", "behaves")
    for mode, (words, params) in _SILENCE.items():
        yield Cell("pxmart", "out", f"`inbox`: {words}", (("inbox", mode, params),))
    yield Cell("pxmart", "out", "`night`: refuses", (("night", "declines", {}),))
    yield Cell("pxmart", "out", "`night`: books another amount", (("night", "books_more", {}),))
    for mode, (words, params) in _SILENCE.items():
        yield Cell("pxmart", "out", f"`result_file`: {words}", (("result_file", mode, params),))
    for mode, words in FILE_MODES.items():
        yield Cell("pxmart", "out", f"`result_file`: {words}", (("result_file", mode, {}),))


def account(partner: str, number: int) -> str:
    """The number of the n-th invented customer."""
    if partner == "okmart":
        return f"09{number:08d}"
    digits, holds = {"ipass": (16, luhn_holds), "seveneleven": (16, luhn_holds), "familymart": (10, luhn_holds)}.get(
        partner, (13, ean13_holds)
    )
    body = f"9{number:0{digits - 2}d}"
    return next(found for check in range(10) if holds(found := f"{body}{check}"))
