"""Security notices: what happened to somebody's account, in the inbox and on the devices."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.ids import typeid
from core.outbox import Event
from core.text import Text
from notify.messages import write
from notify.security_texts import WORDINGS


def tell(session: Session, event: Event, now: datetime) -> None:
    """identity.security_notice: the notice, with the way to say "that was not me"."""
    told = event.payload
    values: dict[str, object] = {
        name: Text(*value) if isinstance(value, list) else value for name, value in told["values"].items()
    }
    if told["notice_id"] is not None:
        values["notice"] = typeid("ntc", UUID(told["notice_id"]))
    person_id = UUID(told["person_id"])
    write(session, WORDINGS[told["kind"]], event, person_id=person_id, values=values, at=event.recorded_at, now=now)
