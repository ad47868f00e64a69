"""What a rail costs the citizen: rows with a validity and a source, never a number in code."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

BANK_OF_KAOHSIUNG = "bank_of_kaohsiung"
_KNOWN_FOR_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Tariff:
    """The fee for one bill of a kind by one rail on a day, and where the rule stands."""

    rail: str
    bill_kind: str
    fee_twd: int
    source: str


_known: dict[date, tuple[float, dict[tuple[str, str], Tariff]]] = {}


def tariffs_on(session: Session, day: date) -> dict[tuple[str, str], Tariff]:
    """The tariff in force on `day`, by rail and kind of bill; a row added for today is seen within a minute."""
    known = _known.get(day)
    if known is None or time.monotonic() - known[0] > _KNOWN_FOR_SECONDS:
        rows = session.execute(_IN_FORCE, {"day": day})
        found = {(row.rail, row.bill_kind): Tariff(row.rail, row.bill_kind, row.fee_twd, row.source) for row in rows}
        _known.clear()
        known = _known[day] = (time.monotonic(), found)
    return known[1]


_IN_FORCE = text(
    "SELECT rail, bill_kind, fee_twd, source FROM wallet.tariff "
    "WHERE valid_from <= :day AND (valid_until IS NULL OR valid_until >= :day)"
)
