"""A quiet notice before points lapse: it lies in the inbox, and no phone rings for it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.outbox import Event
from core.text import Text
from notify.cap.preferences import preferences_of
from notify.messages import day_text, write
from notify.points_expiry_texts import EXPIRING_SOON

_END = Text("{points} 點可以用到 {day}", "{points} points can be used until {day}")


def tell_of_expiry(session: Session, event: Event, now: datetime) -> None:
    """points.expiring_soon: how many points end on which days. Who wants no such warning gets none."""
    told = event.payload
    if not preferences_of(session, UUID(told["person_id"])).warns_of_expiry:
        return
    ends = [_END.format(points=f"{end['points']:,}", day=day_text(end["last_day"])) for end in told["ends"]]
    values = {
        "points": f"{told['points']:,}",
        "ends": Text("、".join(end.zh for end in ends), "; ".join(end.en for end in ends)),
    }
    at = datetime.fromisoformat(told["at"])
    write(session, EXPIRING_SOON, event, person_id=UUID(told["person_id"]), values=values, at=at, now=now)
