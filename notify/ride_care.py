"""A message for what comes before and after a ride: a paper that was decided, a fare that became less, points and
appeals, lost things, an answer.

They go the way the rider chose, and to nobody who follows the ride with them: these are the rider's own affairs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.outbox import Event
from core.text import Text
from notify import ride_care_texts, rides

KINDS: Final = tuple(
    f"accessibility.{kind}"
    for kind in (
        "fare_lowered", "point_recorded", "appeal_decided", "lost_item_found", "lost_item_handed_over",
        "lost_item_not_found", "complaint_answered", "wheelchair_paper_decided",
    )
)  # fmt: skip


def name_of(kind: str) -> str:
    """The name of the consumer of that kind of event."""
    return f"notify.ride_care.{kind.removeprefix('accessibility.')}"


def tell(session: Session, event: Event, now: datetime) -> None:
    """Tell the rider."""
    fact, kind = event.payload, event.kind.removeprefix("accessibility.")
    rider_id = UUID(fact["rider_id"])
    values = {
        **rides.values_of(session, rider_id, fact),
        "less": f"{fact.get('less_twd', 0):,}",
        "pays": f"{fact.get('rider_pays_twd', 0):,}",
        "points": fact.get("points", 0),
        "fault": ride_care_texts.OF_POINTS.get(fact.get("kind", ""), Text("", "")),
    }
    wording = ride_care_texts.wording_for(kind, fact.get("status"))
    rides.tell_rider(session, wording, event, rider_id, values, now)
