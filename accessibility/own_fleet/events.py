"""What happened on a day, written down in the order in which it did; a day can be looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid

Kind = Literal[
    "held", "bound", "released", "lapsed", "cancelled", "amended", "assigned", "unassigned", "override", "lost",
    "on_the_way", "arrival", "aboard", "out", "no_show", "break", "incident", "breakdown", "repaired", "late",
    "position", "rescue", "shift", "van", "van_driver",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class By:
    """Who did it: the fleet's own rules, the city by a telegram, a driver, or an officer."""

    kind: Literal["fleet", "city", "driver", "officer"]
    id: UUID | None = None


THE_FLEET: Final = By("fleet")
THE_CITY: Final = By("city")


def note(
    session: Session, kind: Kind, *, day: date, by: By, now: datetime, van_id: UUID | None = None,
    tour_id: UUID | None = None, order_id: UUID | None = None, reason: str = "", **data: Any,
) -> None:  # fmt: skip
    """Write down that this happened."""
    values = {
        "id": new_uuid(), "day": day, "at": now, "kind": kind, "van_id": van_id, "tour_id": tour_id,
        "order_id": order_id, "by_kind": by.kind, "by_id": by.id, "reason": reason, "data": orjson.dumps(data).decode(),
    }  # fmt: skip
    session.execute(_NOTE, values)


def of_order(session: Session, kind: Kind, order: Any, *, by: By, now: datetime, reason: str = "", **data: Any) -> None:
    """Write down that this happened to an order, in the tour in which it is."""
    note(
        session, kind, day=order.day, by=by, now=now, van_id=order.van_id, tour_id=order.tour_id, order_id=order.id,
        reason=reason, **data,
    )  # fmt: skip


_NOTE = text(
    """
    INSERT INTO accessibility.van_event
           (id, day, at, kind, van_id, tour_id, order_id, by_kind, by_id, reason, data)
    VALUES (:id, :day, :at, :kind, :van_id, :tour_id, :order_id, :by_kind, :by_id, :reason, CAST(:data AS jsonb))
    """
)
