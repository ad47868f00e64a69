"""People who wait for a ride, written down as if no fleet had had one for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.ids import new_uuid

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
WANTED = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
LINGYA = {"latitude": 22.6203, "longitude": 120.3120, "district": "64000080", "label": "苓雅", "address": "四維三路2號",
          "directions": ""}  # fmt: skip
SANMIN = {"latitude": 22.6468, "longitude": 120.3097, "district": "64000050", "label": "高醫", "address": "自由一路100號",
          "directions": ""}  # fmt: skip


def request(
    session: Session,
    *,
    rider: UUID | None = None,
    booking: UUID | None = None,
    leg: str = "out",
    status: str = "none",
    wanted: datetime = WANTED,
    **more: Any,
) -> tuple[UUID, UUID]:
    """A request that was asked and for which nothing was found. Answers (rider, request)."""
    rider, request_id = rider or new_uuid(), new_uuid()
    values = {
        "rider": rider, "id": request_id, "booking": booking or new_uuid(), "leg": leg,
        "pickup": orjson.dumps(more.get("pickup", LINGYA)).decode(),
        "dropoff": orjson.dumps(more.get("dropoff", SANMIN)).decode(), "wanted": wanted,
        "starts": wanted - timedelta(minutes=10), "ends": wanted + timedelta(minutes=20),
        "purpose": more.get("purpose", "other"), "now": NOW,
    }  # fmt: skip
    session.execute(_ADD, values)
    for step in _STEPS[status]:
        session.execute(_MOVE, {"id": request_id, "status": step})
    return rider, request_id


def waiting(**more: Any) -> tuple[UUID, UUID]:
    """The same in a unit of work of its own."""
    with db.unit_of_work() as session:
        return request(session, **more)


_STEPS = {
    "asking": (), "none": ("none",), "offered": ("offered",), "chosen": ("offered", "chosen"),
    "withdrawn": ("withdrawn",), "lapsed": ("offered", "lapsed"),
}  # fmt: skip
_ADD = text(
    """
    INSERT INTO accessibility.ride_request (
        rider_id, id, asked_by, basis, booking_id, leg, status, pickup, dropoff, time_kind, wanted_at, window_starts_at,
        window_ends_at, purpose, companions, has_dog, is_shared, functions, asked_at)
    VALUES (:rider, :id, :rider, 'self', :booking, :leg, 'asking', CAST(:pickup AS jsonb), CAST(:dropoff AS jsonb),
            'pick_up_at', :wanted, :starts, :ends, :purpose, 0, false, false, '{}', :now)
    """
)
_MOVE = text("UPDATE accessibility.ride_request SET status = :status WHERE id = :id")
