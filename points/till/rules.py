"""The numbers that redeeming goes by: one row, of which the newest that has begun counts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Rule:
    """`confirm_above` points: the citizen confirms within `confirm_seconds`. A key lives for `token_seconds`; once it
    is older than `online_seconds` its phone may be offline, and spends `offline_most` points in all. A sale can be
    voided for `void_hours`; what is held waits for `held_days`."""

    confirm_above: int
    confirm_seconds: int
    offline_most: int
    online_seconds: int
    token_seconds: int
    void_hours: int
    held_days: int


COLUMNS = ", ".join(f"r.{field.name}" for field in fields(Rule))
NEWEST = "(SELECT * FROM points.till_rule WHERE valid_from <= :now ORDER BY valid_from DESC LIMIT 1)"


def at(session: Session, now: datetime) -> Rule:
    """The rule of that moment."""
    return of_row(session.execute(_RULE, {"now": now}).one())


def of_row(row: Any) -> Rule:
    """The rule in a row that holds its columns."""
    return Rule(*(getattr(row, field.name) for field in fields(Rule)))


_RULE = text(f"SELECT {COLUMNS} FROM {NEWEST} AS r")  # noqa: S608
