"""A message for each turn of points used at a shop."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.ids import typeid
from core.outbox import Event
from notify import redemption_texts as words
from notify.messages import write

_BY_STATUS = {"awaiting_citizen": words.ASKED, "done": words.DONE, "held": words.HELD}


def tell(session: Session, event: Event, now: datetime) -> None:
    """points.redemption_moved: what is asked, done, held, or back. Whoever said no themselves knows."""
    moved = event.payload
    if moved["status"] == "refused" and moved["reason"] == "citizen":
        return
    until = datetime.fromisoformat(moved["answer_by"]).astimezone(TAIPEI) if moved["answer_by"] else None
    write(
        session,
        _BY_STATUS.get(moved["status"], words.BACK),
        event,
        person_id=UUID(moved["person_id"]),
        values={
            "redemption": typeid("rdm", UUID(moved["redemption_id"])),
            "points": f"{moved['back'] or moved['points']:,}",
            "why": words.WHY.get(moved["status"], ""),
            "until": f"{until:%m/%d %H:%M:%S}" if until else "",
        },
        at=datetime.fromisoformat(moved["at"]),
        now=now,
    )
