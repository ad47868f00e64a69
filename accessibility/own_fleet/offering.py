"""Whether a van could take a wish: the cheapest place in the plan of the day, and what can be promised for it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch import insertion
from accessibility.dispatch.insertion import Insertion
from accessibility.dispatch.tours import Tour, Window
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import orders, plans, roster, tariff
from accessibility.own_fleet.plans import Planned
from accessibility.own_fleet.promises import (
    Demand,
    Promise,
    demand_of,
    demand_to_json,
    moment,
    promise_at,
    promise_to_json,
    trip_promised,
    trip_wanted,
)
from accessibility.own_fleet.telegrams import NotDone
from core.clock import taipei_date
from partners.fleets.contents import FleetOffer, NoOffer, NoOfferReason, Wish

NOTICE: Final = timedelta(minutes=10)
"""A driver learns of a stop at least so long before it."""
_STANDS_FOR: Final = timedelta(minutes=10)
_NEAR_SECONDS: Final = 900
_LOOKED_AROUND_SECONDS: Final = 7_200
_CONFIDENCE: Final = 0.97


def offer(session: Session, trip: str, wish: Wish, travel: Travel, now: datetime) -> FleetOffer | NoOffer:
    """What can be offered for this wish, if anything: nothing is held by it."""
    if orders.is_shut(session, trip):
        raise NotDone("reference_shut", "此趟次已取消 This reference was given up")
    demand = demand_of(wish)
    soonest = int((now + NOTICE).timestamp())
    if demand.window.latest < soonest:
        return NoOffer("too_late")
    if demand.pickup.district is None and demand.dropoff.district is None:
        return NoOffer("outside_area")
    if wish.pick_up_at > now + roster.AHEAD:
        return NoOffer("too_early", wish.pick_up_at - roster.AHEAD)
    demand = replace(demand, window=Window(max(demand.window.earliest, soonest), demand.window.latest))
    plan = plan_around(session, demand, travel, now)
    found = best(plan, demand, travel)
    if found is None:
        return _why_not(plan, demand, soonest, travel)
    planned, promise = found
    van = session.execute(_VAN, {"id": planned.van_id}).one()
    way = (demand.pickup, *demand.stops, demand.dropoff)
    price_twd = tariff.day_fare_twd(session, way, moment(promise.pick_up_at))
    answer = FleetOffer(
        f"ro_{secrets.token_hex(8)}", moment(promise.pick_up_at), moment(promise.starts), moment(promise.ends),
        moment(promise.arrives_by), price_twd, False, orders.vehicle_kind(van), now + _STANDS_FOR, _CONFIDENCE,
        demand.is_shared, promise.ride_minutes_at_most,
    )  # fmt: skip
    session.execute(
        _OFFER,
        {
            "offer": answer.offer, "trip": trip, "tour": planned.id, "wish": demand_to_json(demand),
            "promise": promise_to_json(promise), "price_twd": answer.price_twd,
            "lapses_at": answer.lapses_at,
        },
    )  # fmt: skip
    return answer


def named(session: Session, offer: str, trip: str) -> Any:
    """What was offered under this reference by that name, or None."""
    return session.execute(_NAMED, {"offer": offer, "trip": trip}).one_or_none()


def plan_around(session: Session, demand: Demand, travel: Travel, now: datetime) -> list[Planned]:
    """The plan of the day on which the ride begins."""
    day = taipei_date(moment(demand.window.earliest))
    roster.make_day(session, day, travel, now)
    return plans.of_day(session, day, now)


def best(plan: Sequence[Planned], demand: Demand, travel: Travel) -> tuple[Planned, Promise] | None:
    """The van for which this is the least detour, and what can be promised: near the wished time where one can."""
    for window in _windows(demand):
        wanted = trip_wanted("asked", demand, window, travel)
        for found in insertion.offers([each.tour for each in plan], wanted, travel):
            promise = promise_at(demand, found.picked_up, travel)
            # What is promised is narrower than what was wished for: it must hold as it is promised.
            exact = insertion.offers([_tour_of(plan, found)], trip_promised("asked", demand, promise), travel, most=1)
            if exact:
                return next(each for each in plan if each.tour.vehicle.id == found.tour.vehicle.id), promise
    return None


def _tour_of(plan: Sequence[Planned], found: Insertion) -> Tour:
    return next(each.tour for each in plan if each.tour.vehicle.id == found.tour.vehicle.id)


def _windows(demand: Demand) -> list[Window]:
    """First a quarter of an hour around the wished time, then whatever was wished for."""
    whole = demand.window
    if demand.arrive_by is not None:
        return [whole]
    middle = min(max(demand.pick_up_at, whole.earliest), whole.latest)
    near = Window(max(whole.earliest, middle - _NEAR_SECONDS), min(whole.latest, middle + _NEAR_SECONDS))
    return [near] if near == whole else [near, whole]


def _why_not(plan: Sequence[Planned], demand: Demand, soonest: int, travel: Travel) -> NoOffer:
    wanted = trip_wanted("asked", demand, demand.window, travel)
    why = insertion.why_not([each.tour for each in plan], wanted)
    reason: NoOfferReason = "no_vehicle"
    if not plan:
        reason = "closed"
    elif why.does_not_suit == len(plan):
        reason = "too_large"
    elif not why.not_free:
        reason = "closed"
    if reason == "too_large" or demand.arrive_by is not None:
        return NoOffer(reason)
    return NoOffer(reason, _next_at(plan, demand, soonest, travel))


def _next_at(plan: Sequence[Planned], demand: Demand, soonest: int, travel: Travel) -> datetime | None:
    """When a van could be there within two hours after it, or before it."""
    earliest, latest = demand.window.earliest, demand.window.latest
    before = Window(min(max(earliest - _LOOKED_AROUND_SECONDS, soonest), earliest), earliest)
    for window in (Window(latest, latest + _LOOKED_AROUND_SECONDS), before):
        around = replace(demand, window=window)
        found = insertion.offers(
            [each.tour for each in plan], trip_wanted("asked", around, window, travel), travel, most=1
        )
        if found:
            return moment(found[0].picked_up)
    return None


_VAN = text(
    "SELECT model, layouts, chair_width_mm, chair_length_mm, chair_mass_kg, has_lift, has_ramp FROM accessibility.van "
    "WHERE id = :id"
)
_OFFER = text(
    """
    INSERT INTO accessibility.van_offer (offer, trip, tour_id, wish, promise, price_twd, lapses_at)
    VALUES (:offer, :trip, :tour, CAST(:wish AS jsonb), CAST(:promise AS jsonb), :price_twd, :lapses_at)
    """
)
_NAMED = text(
    "SELECT offer, tour_id, wish, promise, price_twd, lapses_at FROM accessibility.van_offer "
    "WHERE offer = :offer AND trip = :trip"
)
