"""A message when an exchange of points with a partner is done, is not done after all, waits for a look, or goes on."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.ids import typeid
from core.outbox import Event
from core.text import Text
from notify import exchange_texts
from notify.messages import write
from notify.wording import Wording


def tell_of_exchange(session: Session, event: Event, now: datetime) -> None:
    """points.exchange_done: what became what, and where it is."""
    is_out = event.payload["direction"] == "out"
    _tell(session, exchange_texts.EXCHANGED if is_out else exchange_texts.EXCHANGED_IN, event, now)


def tell_of_undoing(session: Session, event: Event, now: datetime) -> None:
    """points.exchange_undone: why, and that nothing is gone."""
    is_out = event.payload["direction"] == "out"
    points = f"{event.payload['points']:,}"
    back = exchange_texts.POINTS_BACK.format(points=points) if is_out else exchange_texts.NOTHING_TAKEN
    _tell(session, exchange_texts.NOT_EXCHANGED, event, now, back=back)


def tell_of_waiting(session: Session, event: Event, now: datetime) -> None:
    """points.exchange_held: it waits for somebody's look, and the points are safe."""
    _tell(session, exchange_texts.EXCHANGE_HELD, event, now)


def tell_of_release(session: Session, event: Event, now: datetime) -> None:
    """points.exchange_released: somebody has looked, and it goes on."""
    _tell(session, exchange_texts.EXCHANGE_RELEASED, event, now)


def _tell(session: Session, wording: Wording, event: Event, now: datetime, **more: Text) -> None:
    told = event.payload
    values: dict[str, Any] = {
        "exchange": typeid("exc", UUID(told["exchange_id"])),
        "points": f"{told['points']:,}",
        "value": f"{told['value']:,}",
        "unit": Text(**told["unit"]),
        "partner": Text(**told["partner_name"]),
        "last": told["account_last"],
        "why": Text(**told["why"]),
        **more,
    }
    at = datetime.fromisoformat(told["at"])
    write(session, wording, event, person_id=UUID(told["person_id"]), values=values, at=at, now=now)
