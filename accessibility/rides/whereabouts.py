"""Where the vehicle of a ride was seen last, held against the door at which it says that it waits."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.tours import Place
from accessibility.dispatch.travel import great_circle_metres
from accessibility.requests import records as requests
from accessibility.rides.records import Ride


def metres_from_door(session: Session, ride: Ride) -> int | None:
    """How far from the rider's door the vehicle was seen last since it said that it is there; None: it was not seen."""
    row = session.execute(_SEEN, {"ride": ride.id}).first()
    if row is None:
        return None
    door = requests.get(session, ride.request_id).pickup
    return round(great_circle_metres(Place(row.latitude, row.longitude), Place(door.latitude, door.longitude)))


_SEEN = text(
    """
    SELECT p.latitude, p.longitude FROM accessibility.position AS p
      JOIN accessibility.ride AS r ON r.rider_id = p.rider_id AND r.id = p.ride_id
     WHERE p.ride_id = :ride AND p.seen_at >= r.at_door_at
    """
)
