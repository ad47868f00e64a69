"""How points are counted: data with a source, and a switch that keeps what nobody has confirmed without consequence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class ConductRule:
    """What counts at one moment. `suspends`: whether `limit_points` within the window have a consequence at all."""

    no_show_points: int
    window: timedelta
    limit_points: int
    suspended: timedelta
    suspends: bool
    waits: timedelta
    appeal_within: timedelta
    source: str
    is_confirmed: bool


def at(session: Session, moment: datetime) -> ConductRule:
    """The newest rule that has begun."""
    row = session.execute(_AT, {"at": moment}).one()
    terms = row.terms
    return ConductRule(
        terms["no_show_points"], timedelta(days=terms["window_days"]), terms["limit_points"],
        timedelta(days=terms["suspended_days"]), terms["suspends"], timedelta(minutes=terms["waits_minutes"]),
        timedelta(days=terms["appeal_days"]), row.source, row.is_confirmed,
    )  # fmt: skip


_AT = text("SELECT * FROM accessibility.conduct_rule WHERE valid_from <= :at ORDER BY valid_from DESC LIMIT 1")
