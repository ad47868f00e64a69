"""How long rides, and what was asked for them, are kept.

The record of a ride on call is kept for two years (汽車運輸業管理規則 art. 91); a rider who complains is answered as
long. Where a vehicle was, goes when its ride ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from core import db
from core.keeping import Kept

POSITION_HOURS: Final = 3
"""Where a vehicle was goes in the moment in which its ride ends; this is for a ride that nobody ended."""

_RECORD_DAYS: Final = 800
_TWO_YEARS: Final = "the record of a ride is kept for two years (汽車運輸業管理規則 art. 91)"

RULES = (
    Kept(
        "accessibility.fleet_telegram", 30, "k.heard_at < :before",
        "a fleet that tells twice does so within days; its words are not in it",
    ),
    Kept("accessibility.ride_event", _RECORD_DAYS, "k.at < :before", _TWO_YEARS),
    Kept("accessibility.second_yes", _RECORD_DAYS, "k.found_at < :before", _TWO_YEARS),
    Kept("accessibility.fleet_order", _RECORD_DAYS, "k.created_at < :before", _TWO_YEARS),
    Kept("accessibility.ride", _RECORD_DAYS, "k.created_at < :before AND k.ended_at IS NOT NULL", _TWO_YEARS),
    Kept("accessibility.booking", _RECORD_DAYS, "k.made_at < :before AND k.next_at IS NULL", _TWO_YEARS),
    Kept("accessibility.offer", _RECORD_DAYS, "k.made_at < :before", _TWO_YEARS),
    Kept("accessibility.ask", _RECORD_DAYS, "k.asked_at < :before", "who was refused is asked for as long"),
    Kept("accessibility.ride_request", _RECORD_DAYS, "k.asked_at < :before", _TWO_YEARS),
)  # fmt: skip


def forget_positions(now: datetime) -> int:
    """The sweep: forget where vehicles are of which nothing was heard for so long. Answers how many."""
    with db.unit_of_work() as session:
        return len(session.execute(_FORGET, {"before": now - timedelta(hours=POSITION_HOURS)}).all())


# A row for each ride under way: few enough to be read whole.
_FORGET = text("DELETE FROM accessibility.position WHERE seen_at < :before RETURNING ride_id")
