"""Bookings, rides and their orders at fleets, as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.rides import states
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Order:
    """One ride at one fleet, under our reference `trip`. `is_open`: its step was begun and no answer came."""

    id: UUID
    rider_id: UUID
    booking_id: UUID
    ride_id: UUID
    offer_id: UUID
    fleet: str
    kind: str
    trip: str
    status: str
    is_open: bool
    telegram_id: UUID | None
    fleet_order: str | None
    pick_up_at: datetime
    price_twd: int
    lapses_at: datetime | None
    customer_telegram_id: UUID | None
    customer_told_at: datetime | None
    next_at: datetime | None
    step_at: datetime | None
    tries: int
    created_at: datetime
    reason: str

    @property
    def is_by_telephone(self) -> bool:
        """Whether a person rings this fleet."""
        return self.kind == "telephone"

    def is_due(self, now: datetime) -> bool:
        """Whether its next step may be taken by anybody."""
        return self.next_at is None or self.next_at <= now


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride of one leg. `candidates` are offers still to be tried; None: fleets are still to be asked for some.
    `agreed` is the fare that its rider agreed to. `is_rescue`: its rider sits, or sat, in a vehicle that cannot go on;
    `sought_since` is when another fleet began to be looked for."""

    id: UUID
    rider_id: UUID
    booking_id: UUID
    request_id: UUID
    leg: str
    status: str
    reason: str
    fleet: str | None
    offer_id: UUID | None
    pick_up_at: datetime | None
    window_starts_at: datetime | None
    window_ends_at: datetime | None
    arrives_at: datetime | None
    ride_minutes_at_most: int | None
    code: str
    vehicle: dict[str, Any] | None
    driver: dict[str, Any] | None
    eta_at: datetime | None
    late_minutes_told: int
    companions: int
    notes: str
    fare_twd: int | None
    rider_pays_twd: int | None
    seek_round: int
    candidates: tuple[UUID, ...] | None
    shunned: tuple[str, ...]
    is_replacement: bool
    is_on_call: bool
    cancel_asked_at: datetime | None
    cancel_reason: str
    change: dict[str, Any] | None
    bound_at: datetime | None
    on_the_way_at: datetime | None
    at_door_at: datetime | None
    aboard_at: datetime | None
    done_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str
    fee_twd: int
    is_late_cancel: bool
    created_at: datetime
    asks_until: datetime | None
    agreed: dict[str, Any] | None
    is_rescue: bool
    sought_since: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in states.ENDED


@dataclass(frozen=True, slots=True)
class SecondYes:
    """What a fleet bound beside the order that counts."""

    order_id: UUID
    fleet_order: str
    telegram_id: UUID
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Booking:
    """Rides that are taken or left together, with every order that was made for them."""

    id: UUID
    rider_id: UUID
    booked_by: UUID
    basis: str
    may_choose: bool
    keep_until: datetime | None
    next_at: datetime | None
    rides: tuple[Ride, ...]
    orders: tuple[Order, ...]
    seconds: tuple[SecondYes, ...]

    def ride(self, ride_id: UUID) -> Ride:
        """One of its rides."""
        return next(each for each in self.rides if each.id == ride_id)

    def order(self, order_id: UUID) -> Order:
        """One of its orders."""
        return next(each for each in self.orders if each.id == order_id)

    def live_order(self, ride: Ride) -> Order | None:
        """The order of a ride that is on its way to be bound, or bound."""
        return next(
            (each for each in self.orders if each.ride_id == ride.id and each.status in states.LIVE_ORDER), None
        )  # fmt: skip

    def taken_with(self, ride: Ride) -> list[Ride]:
        """The other legs that were taken in the same moment: they are kept or given up together."""
        return [each for each in self.rides if each.id != ride.id and each.created_at == ride.created_at]


def locked(session: Session, booking_id: UUID) -> Booking:
    """A booking with its rides and orders; nobody else changes any of them until the transaction ends. Raises
    NotFound."""
    row = session.execute(_LOCK, {"id": booking_id}).first()
    if row is None:
        raise NotFound
    return _loaded(session, row)


def get(session: Session, booking_id: UUID) -> Booking:
    """A booking with its rides and orders. Raises NotFound."""
    row = session.execute(_GET, {"id": booking_id}).first()
    if row is None:
        raise NotFound
    return _loaded(session, row)


def booking_of_trip(session: Session, fleet: str, trip: str) -> UUID | None:
    """The booking that this reference of ours at that fleet belongs to."""
    found: UUID | None = session.execute(_OF_TRIP, {"fleet": fleet, "trip": trip}).scalar()
    return found


def ride(session: Session, ride_id: UUID, *, rider_id: UUID | None = None) -> Ride:
    """A ride; with `rider_id` only that person's. Raises NotFound."""
    row = session.execute(_RIDE, {"id": ride_id}).first()
    if row is None or rider_id not in (None, row.rider_id):
        raise NotFound
    return ride_of_row(row)


def of_rider(
    session: Session, rider_id: UUID, *, is_past: bool, limit: int, after: tuple[datetime, UUID] | None
) -> list[tuple[datetime, Ride]]:
    """The rides of a rider, each with the moment by which it is listed: those to come, the next one first, or those
    that are over, the last one first. A way back that waits to be called follows its way there. `after`: the moment and
    id of the one before the first of these."""
    at, last = after or (None, None)
    statement = _PAST_OF_RIDER if is_past else _COMING_OF_RIDER
    rows = session.execute(statement, {"rider": rider_id, "limit": limit, "at": at, "id": last}).all()
    return [(row.listed_at, ride_of_row(row)) for row in rows]


def ride_of_row(row: Any) -> Ride:
    """A ride of a row of `_RIDES`."""
    return Ride(
        row.id, row.rider_id, row.booking_id, row.request_id, row.leg, row.status, row.reason, row.fleet, row.offer_id,
        row.pick_up_at, row.window_starts_at, row.window_ends_at, row.arrives_at, row.ride_minutes_at_most, row.code,
        row.vehicle, row.driver, row.eta_at, row.late_minutes_told, row.companions, row.notes, row.fare_twd,
        row.rider_pays_twd, row.seek_round, None if row.candidates is None else tuple(row.candidates),
        tuple(row.shunned), row.is_replacement, row.is_on_call, row.cancel_asked_at, row.cancel_reason, row.change,
        row.bound_at, row.on_the_way_at, row.at_door_at, row.aboard_at, row.done_at, row.ended_at, row.ended_by,
        row.end_reason, row.fee_twd, row.is_late_cancel, row.created_at, row.asks_until,
        row.agreed, row.is_rescue, row.sought_since,
    )  # fmt: skip


def _loaded(session: Session, row: Any) -> Booking:
    of = {"booking": row.id}
    rides = tuple(ride_of_row(each) for each in session.execute(_RIDES_OF, of).all())
    orders = tuple(_order(each) for each in session.execute(_ORDERS_OF, of).all())
    seconds = tuple(
        SecondYes(each.order_id, each.fleet_order, each.telegram_id, each.next_at)
        for each in session.execute(_SECONDS_OF, of).all()
    )
    return Booking(
        row.id, row.rider_id, row.booked_by, row.basis, row.may_choose, row.keep_until, row.next_at, rides, orders,
        seconds,
    )  # fmt: skip


def _order(row: Any) -> Order:
    return Order(
        row.id, row.rider_id, row.booking_id, row.ride_id, row.offer_id, row.fleet, row.kind, row.trip, row.status,
        row.is_open, row.telegram_id, row.fleet_order, row.pick_up_at, row.price_twd, row.lapses_at,
        row.customer_telegram_id, row.customer_told_at, row.next_at, row.step_at, row.tries, row.created_at,
        row.reason,
    )  # fmt: skip


_LOCK = text("SELECT * FROM accessibility.booking WHERE id = :id FOR UPDATE")
_GET = text("SELECT * FROM accessibility.booking WHERE id = :id")
_RIDES = """
    SELECT r.*, q.time_kind = 'will_call' AS is_on_call, q.answers_by AS asks_until
      FROM accessibility.ride AS r
      JOIN accessibility.ride_request AS q ON q.rider_id = r.rider_id AND q.id = r.request_id
"""
_RIDE = text(f"{_RIDES} WHERE r.id = :id")
_RIDES_OF = text(f"{_RIDES} WHERE r.booking_id = :booking ORDER BY r.leg DESC, r.id")
_ORDERS_OF = text(
    """
    SELECT o.*, f.kind FROM accessibility.fleet_order AS o JOIN accessibility.fleet AS f ON f.code = o.fleet
     WHERE o.booking_id = :booking ORDER BY o.created_at, o.id
    """
)
_SECONDS_OF = text(
    """
    SELECT s.* FROM accessibility.second_yes AS s
      JOIN accessibility.fleet_order AS o ON o.rider_id = s.rider_id AND o.id = s.order_id
     WHERE o.booking_id = :booking AND s.released_at IS NULL ORDER BY s.found_at, s.fleet_order
    """
)
_OF_TRIP = text("SELECT booking_id FROM accessibility.fleet_order WHERE trip = :trip AND fleet = :fleet")
# A ride that nobody has given a time yet is listed by the time of the booking's other one.
_LISTED = f"""
    SELECT * FROM (
        SELECT one.*, COALESCE(
            one.pick_up_at, (SELECT max(o.pick_up_at) FROM accessibility.ride AS o WHERE o.booking_id = one.booking_id),
            one.created_at) AS listed_at
          FROM ({_RIDES} WHERE r.rider_id = :rider) AS one) AS listed
"""  # noqa: S608 (only what stands above)
_COMING_OF_RIDER = text(
    f"""
    {_LISTED} WHERE ended_at IS NULL
       AND (CAST(:at AS timestamptz) IS NULL OR (listed_at, id) > (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY listed_at, id LIMIT :limit
    """
)
_PAST_OF_RIDER = text(
    f"""
    {_LISTED} WHERE ended_at IS NOT NULL
       AND (CAST(:at AS timestamptz) IS NULL OR (listed_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY listed_at DESC, id DESC LIMIT :limit
    """
)
