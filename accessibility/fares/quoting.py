"""The fare of an offer, before anybody has agreed to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.fares import pricing, quota, rules
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
) -> Fare:
    """What a ride at this fleet would cost this rider, by the rules and the quota of its own day.

    `price_twd` is the fleet's price before anything is taken off (at the Rehabus the day taxi fare). A pooled ride is
    quoted as shared for a part of the way, which is what it costs at most. The quota is not reserved: what it covers is
    what is left of it when the ride is done.
    """
    known = rules.at(session, max(now, pick_up_at))
    left = quota.covers(quota.of_rider(session, known, rider_id, pick_up_at), fleet)
    return pricing.fare(
        known, fleet, price_twd, pooled="part" if is_pooled else "no", is_low_income=is_low_income, quota=left
    )
