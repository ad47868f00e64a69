"""What was booked keeps the terms it was booked under."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from accessibility.rides import cancelling, saga
from core import db
from tests.accessibility.rides.city import RideCity

_DEARER = text(
    """
    INSERT INTO accessibility.fleet_terms
    SELECT (jsonb_populate_record(t, jsonb_build_object('valid_from', CAST(:from AS timestamptz), 'late_fee_twd', 20))).*
      FROM accessibility.fleet_terms AS t WHERE fleet = :fleet ORDER BY valid_from DESC LIMIT 1
    """
)


def test_terms_that_come_after_the_booking_change_nothing_about_it(town: RideCity) -> None:
    ride = town.bound(town.rider(), wish=town.wish(hours=0.75))
    later = town.now + timedelta(minutes=1)
    with db.unit_of_work() as session:
        session.execute(_DEARER, {"fleet": ride.fleet, "from": town.now + timedelta(seconds=30)})
        found = cancelling.terms_of(session, ride, later)
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=later)
    saga.drive(ride.booking_id, later)
    after = town.ride(ride)
    assert (found.is_late, found.fee_twd) == (True, 50)
    assert (after.status, after.fee_twd) == ("cancelled", 50)
