"""The city's vans are asked, held, bound and given up as any fleet."""

from __future__ import annotations

from partners.fleets.contents import FleetOrder
from tests.accessibility.own_fleet.city_vans import Fleet, a_van, check_plan, wish


def test_from_a_question_to_a_ride_that_is_bound(fleet: Fleet) -> None:
    a_van()

    trip, offer, held = fleet.held(wish())
    bound = fleet.port.bind(fleet.dispatch(trip), offer.offer, held)

    assert (held.state, bound.state, bound.fleet_order) == ("held", "bound", held.fleet_order)
    assert isinstance(bound, FleetOrder)
    assert offer.window_starts_at <= offer.pick_up_at <= offer.window_ends_at < offer.arrives_at
    assert check_plan() == 1
