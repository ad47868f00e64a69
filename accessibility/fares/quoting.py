"""The fare of an offer, before anybody has agreed to it, and at the moment in which somebody does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.fares import ports, pricing, quota, rules
from accessibility.fares.pricing import Fare


def quote(
    session: Session,
    rider_id: UUID,
    fleet: str,
    price_twd: int,
    pick_up_at: datetime,
    is_pooled: bool,
    is_low_income: bool,
    now: datetime,
    *,
    ride_id: UUID | None = None,
) -> Fare:
    """What a ride at this fleet would cost this rider, by the rules and the quota of its own day.

    `price_twd` is the fleet's price before anything is taken off (at the Rehabus the day taxi fare). A pooled ride is
    quoted as shared for a part of the way, which is what it costs at most. Of the quota it takes what is neither used
    nor kept for rides that are booked (but for `ride_id`); it is kept for this one once the rider takes it (`agree`).
    """
    known = rules.at(session, max(now, pick_up_at))
    left = quota.covers(quota.of_rider(session, known, rider_id, pick_up_at, but=ride_id), fleet)
    return pricing.fare(
        known, fleet, price_twd, pooled="part" if is_pooled else "no", is_low_income=is_low_income, quota=left
    )


def now_left(
    session: Session,
    rider_id: UUID,
    fare: Fare,
    fleet: str,
    pick_up_at: datetime,
    now: datetime,
    *,
    ride_id: UUID | None = None,
) -> Fare:
    """The fare of an offer with the points that are left at this moment; `ride_id` has no need to leave its own."""
    if not fare.quota_cards and not ports.cards_of(session, rider_id, pick_up_at):
        return fare
    known = rules.at(session, max(now, pick_up_at))
    left = quota.of_rider(session, known, rider_id, pick_up_at, but=ride_id)
    return pricing.with_points(known, fare, quota.covers(left, fleet))


def has_points(session: Session, rider_id: UUID, at: datetime) -> bool:
    """Whether any card of this rider has points for rides at that moment."""
    return bool(ports.cards_of(session, rider_id, at))


def agree(
    session: Session,
    rider_id: UUID,
    fare: Fare,
    fleet: str,
    pick_up_at: datetime,
    now: datetime,
    *,
    ride_id: UUID | None = None,
) -> Fare:
    """What the rider agrees to: the fare with the points that nobody else takes until this unit of work ends.

    Written into the ride (`agreed`) by who calls, its points are kept for it. Of two bookings of one rider at once the
    second counts with what the first has left.
    """
    if fare.quota_cards or ports.cards_of(session, rider_id, pick_up_at):
        quota.lock(session, rider_id)
    return now_left(session, rider_id, fare, fleet, pick_up_at, now, ride_id=ride_id)
