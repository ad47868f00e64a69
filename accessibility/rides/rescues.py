"""Somebody who sits in a vehicle that cannot go on: fetched from where it stands, by whoever can be there first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.places import area
from accessibility.requests import offers
from accessibility.requests import records as requests
from accessibility.rides.records import Ride
from core.errors import Problem

SOUGHT_FOR: Final = timedelta(hours=3)
"""So long every fleet is asked again and again, before the ride counts as lost."""
PAUSE: Final = timedelta(minutes=1)
_FETCHED_WITHIN: Final = timedelta(minutes=60)
_WHERE_IT_STANDS: Final = "車輛故障停車處 where the vehicle broke down"


def fetch_from_where_it_stands(session: Session, ride: Ride, now: datetime) -> None:
    """From now on the ride begins where its vehicle was seen last, as soon as can be; where it was never seen, at the
    door at which it began."""
    request = requests.locked(session, ride.request_id)
    offers.let_lapse(session, request.id, now)
    here = request.pickup
    stands = session.execute(_STANDS, {"ride": ride.id}).one_or_none()
    if stands is not None:
        district = _district_at(stands.latitude, stands.longitude) or here.district
        here = replace(
            here, latitude=stands.latitude, longitude=stands.longitude, district=district, label=_WHERE_IT_STANDS,
            address="", directions="",
        )  # fmt: skip
    session.execute(
        _FROM_HERE,
        {"rider": ride.rider_id, "id": request.id, "here": orjson.dumps(here.as_json()).decode(), "now": now,
         "until": now + _FETCHED_WITHIN},
    )  # fmt: skip


def _district_at(latitude: float, longitude: float) -> str | None:
    try:
        return area.at(latitude=latitude, longitude=longitude).district
    except Problem:
        return None


_STANDS = text("SELECT latitude, longitude FROM accessibility.position WHERE ride_id = :ride")
_FROM_HERE = text(
    """
    UPDATE accessibility.ride_request
       SET pickup = CAST(:here AS jsonb), time_kind = 'asap', wanted_at = :now, window_starts_at = :now,
           window_ends_at = :until, answers_by = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
