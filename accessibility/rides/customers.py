"""Who rides, as a fleet is told once the ride is bound: name, number, doors, and what the driver must know."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from accessibility.fleets import envelopes, terms
from accessibility.requests.records import RideRequest
from accessibility.riders import profile
from accessibility.rides.records import Booking, Order, Ride
from core.ids import typeid
from identity import access_log, people
from identity.actors import Actor
from partners.fleets.contents import CustomerTold

_MOST_NOTES: Final = 300
"""Characters of notes for the driver: a telegram has no room for more (partners/fleets/schemas)."""

_MOST_STOPS: Final = 140
CITY_HALL: Final = "073368333"
"""Where a fleet rings about a rider who has no number: the city's switchboard, day and night."""


def told_of(
    session: Session, booking: Booking, ride: Ride, request: RideRequest, order: Order, now: datetime
) -> CustomerTold:
    """What this fleet is told of the rider, who chose it; that it is told goes into their access log."""
    name, _ = terms.names(session)[order.fleet]
    access_log.record_access(
        session, actor=Actor("bureau", uuid5(NAMESPACE_URL, f"fleet {order.fleet}"), bureau="transport", name=name.zh),
        person_id=ride.rider_id, what="ride_told", purpose="ride", reference=typeid("ride", ride.id), now=now,
    )  # fmt: skip
    return customer_of(session, booking, ride, request)


def customer_of(session: Session, booking: Booking, ride: Ride, request: RideRequest) -> CustomerTold:
    """Who rides, and from which door."""
    person = people.get(session, ride.rider_id)
    rider = profile.of(session, ride.rider_id)
    caregiver_name, caregiver_phone = None, None
    if booking.basis == "agent" and booking.booked_by != ride.rider_id:
        caregiver = people.get(session, booking.booked_by)
        caregiver_name = people.name_of(session, booking.booked_by)
        caregiver_phone = people.opened_mobile(caregiver)
    stops = "、".join(each.label or each.address for each in request.stops)
    notes = [
        f"請向乘客核對乘車碼 {ride.code}", f"途中停靠：{stops}"[:_MOST_STOPS] if stops else "", ride.notes,
        rider.notes_for_driver,
    ]  # fmt: skip
    return CustomerTold(
        people.name_of(session, ride.rider_id) or "乘客",
        rider.contact_phone or people.opened_mobile(person) or CITY_HALL,
        envelopes.door(request.pickup), envelopes.door(request.dropoff), caregiver_name, caregiver_phone,
        "；".join(filter(None, notes))[:_MOST_NOTES],
    )  # fmt: skip
