"""What a rail costs the citizen and the city, and what law and contract allow it: rows with a validity and a source."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

BANK_OF_KAOHSIUNG = "bank_of_kaohsiung"
_KNOWN_FOR_SECONDS = 60.0

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one bill of a kind costs by one rail on a day: the payer's fee and the city's part, each with its source.

    The city pays `city_flat_twd` (NT$) and `city_basis_points` (hundredths of a percent) of the amount.
    """

    rail: str
    bill_kind: str
    fee_twd: int
    source: str
    city_flat_twd: int
    city_basis_points: int
    city_source: str

    def city_cost_twd(self, amount_twd: int) -> int:
        """What a bill of this amount costs the city, to the nearest NT$."""
        return self.city_flat_twd + (amount_twd * self.city_basis_points + 5_000) // 10_000


@dataclass(frozen=True, slots=True)
class Term:
    """What a rail may take and when it counts. `item_cap_twd`: the most one bill may cost; None: the law sets none."""

    rail: str
    counts_as_paid: str
    takes_overdue_fines: bool
    item_cap_twd: int | None
    source: str

    def bars(self, bill_kind: str, amount_twd: int, *, is_overdue: bool) -> str | None:
        """Why this rail may not take such a bill: overdue_fine or over_item_cap; None when it may."""
        if bill_kind == "fine" and is_overdue and not self.takes_overdue_fines:
            return "overdue_fine"
        if self.item_cap_twd is not None and amount_twd > self.item_cap_twd:
            return "over_item_cap"
        return None


_known: dict[tuple[str, date], tuple[float, Any]] = {}


def tariffs_on(session: Session, day: date) -> dict[tuple[str, str], Tariff]:
    """The tariff in force on `day`, by rail and kind of bill; a row added for today is seen within a minute."""
    return _remembered(session, "tariff", day, _TARIFFS, lambda row: ((row.rail, row.bill_kind), Tariff(*row)))


def terms_on(session: Session, day: date) -> dict[str, Term]:
    """The terms in force on `day`, by rail; a row added for today is seen within a minute."""
    return _remembered(session, "term", day, _TERMS, lambda row: (row.rail, Term(*row)))


def _remembered(
    session: Session, what: str, day: date, statement: TextClause, read: Callable[[Any], tuple[Any, _Found]]
) -> dict[Any, _Found]:
    known = _known.get((what, day))
    if known is None or time.monotonic() - known[0] > _KNOWN_FOR_SECONDS:
        found = dict(read(row) for row in session.execute(statement, {"day": day}))
        for other in [key for key in _known if key[0] == what]:
            _known.pop(other, None)
        known = _known[what, day] = (time.monotonic(), found)
    rows: dict[Any, _Found] = known[1]
    return rows


_IS_IN_FORCE = "valid_from <= :day AND (valid_until IS NULL OR valid_until >= :day)"
_TARIFFS = text(
    "SELECT rail, bill_kind, fee_twd, source, city_flat_twd, city_basis_points, city_source "  # noqa: S608
    f"FROM wallet.tariff WHERE {_IS_IN_FORCE} ORDER BY valid_from"
)
_TERMS = text(
    "SELECT rail, counts_as_paid, takes_overdue_fines, item_cap_twd, source "  # noqa: S608
    f"FROM wallet.rail_term WHERE {_IS_IN_FORCE} ORDER BY valid_from"
)
