"""The city's vans are asked, held, bound and given up as any fleet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accessibility.own_fleet import holding
from accessibility.own_fleet.ports import travel
from partners.fleets.checking import TelegramWrong
from partners.fleets.client import FleetRefused, TooLate
from partners.fleets.contents import Chair, FleetOffer, FleetOrder, NoOffer
from tests.accessibility.own_fleet.city_vans import HOME, NOW, PARK, Fleet, a_van, check_plan, rows, wish
from tests.accessibility.own_fleet.driving_city import TOLD


def code_of(raised: pytest.ExceptionInfo[FleetRefused]) -> str:
    return raised.value.code


def test_from_a_question_to_a_ride_that_is_bound(fleet: Fleet) -> None:
    a_van()

    trip, offer, held = fleet.held(wish())
    bound = fleet.port.bind(fleet.dispatch(trip), offer.offer, held)

    assert (held.state, bound.state, bound.fleet_order) == ("held", "bound", held.fleet_order)
    assert offer.window_starts_at <= offer.pick_up_at <= offer.window_ends_at < offer.arrives_at
    assert offer.is_pooled and offer.ride_minutes_at_most and not offer.is_metered and offer.price_twd >= 85
    assert fleet.port.status_of(fleet.dispatch(trip)).state == "bound"
    assert check_plan() == 1


def test_the_same_telegram_again_gets_the_same_answer_and_with_other_words_none(fleet: Fleet) -> None:
    a_van()
    asking = fleet.dispatch()
    offer = fleet.port.ask(asking, wish())
    assert isinstance(offer, FleetOffer)
    assert fleet.port.ask(asking, wish()) == offer
    with pytest.raises(FleetRefused) as raised:
        fleet.port.ask(asking, wish("10:00"))
    assert code_of(raised) == "id_reused"

    holding_it = fleet.dispatch(asking.trip)
    held = fleet.port.hold(holding_it, offer, wish())
    assert fleet.port.hold(holding_it, offer, wish()) == held
    with pytest.raises(FleetRefused) as raised:
        fleet.port.hold(fleet.dispatch(asking.trip), offer, wish())
    assert code_of(raised) == "already_held"
    assert check_plan() == 1


def test_of_twenty_who_take_the_last_place_at_once_one_gets_it(fleet: Fleet) -> None:
    a_van(layouts=[(1, 1)], hours=("08:30", "10:00"))
    alone = wish(
        may_be_pooled=False, window_starts_at=NOW.replace(hour=9), window_ends_at=NOW.replace(hour=9, minute=10)
    )
    offered = [fleet.offered(alone) for _ in range(20)]

    def take(one: tuple[str, FleetOffer]) -> str:
        try:
            return fleet.port.hold(fleet.dispatch(one[0]), one[1], alone).state
        except FleetRefused as refused:
            return refused.code

    with ThreadPoolExecutor(20) as pool:
        outcomes = sorted(pool.map(take, offered))

    assert outcomes == ["held"] + ["no_vehicle"] * 19
    assert check_plan() == 1
    assert len(rows("SELECT 1 FROM accessibility.van_order")) == 1


def test_twenty_at_once_over_several_vans_keep_every_promise(fleet: Fleet) -> None:
    for number in range(3):
        a_van(f"R00{number}")
    offered = [fleet.offered(wish(f"{8 + number // 4:02d}:{number % 4 * 15:02d}")) for number in range(20)]

    def take(number: int) -> str:
        trip, offer = offered[number]
        wished = wish(f"{8 + number // 4:02d}:{number % 4 * 15:02d}")
        try:
            return fleet.port.hold(fleet.dispatch(trip), offer, wished).state
        except FleetRefused as refused:
            return refused.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(take, range(20)))

    assert set(outcomes) <= {"held", "no_vehicle"}
    assert check_plan() == outcomes.count("held") >= 10


def test_a_hold_lapses_and_its_place_is_free_again(fleet: Fleet) -> None:
    a_van(layouts=[(1, 1)])
    trip, offer, held = fleet.held(wish())
    fleet.clock.at += holding.HELD_FOR
    with pytest.raises(FleetRefused) as raised:
        fleet.port.bind(fleet.dispatch(trip), offer.offer, held)
    assert code_of(raised) == "hold_lapsed"
    assert holding.let_lapse(travel(), fleet.clock.at) == 1
    assert check_plan() == 0
    assert fleet.port.status_of(fleet.dispatch(trip)).state == "lapsed"


def test_who_rides_is_told_once_it_is_bound_and_kept_sealed(fleet: Fleet) -> None:
    a_van()
    trip, offer, held = fleet.held(wish())
    with pytest.raises(FleetRefused) as raised:
        fleet.port.tell_customer(fleet.dispatch(trip), TOLD)
    assert code_of(raised) == "not_bound"

    fleet.port.bind(fleet.dispatch(trip), offer.offer, held)
    assert fleet.port.tell_customer(fleet.dispatch(trip), TOLD).is_received
    everything = "".join(
        str(row)
        for table in ("van_order", "van_telegram", "van_event", "van_stop", "van_offer")
        for row in rows(f"SELECT t::text FROM accessibility.{table} AS t")
    )
    assert trip in everything and "王小明" not in everything and "0912345678" not in everything
    with pytest.raises(TelegramWrong):
        fleet.port.tell_customer(fleet.dispatch(trip), replace(TOLD, phone="912345678"))


def test_what_is_released_is_shut(fleet: Fleet) -> None:
    a_van()
    trip, offer, _ = fleet.held(wish())
    assert fleet.port.release(fleet.dispatch(trip)).state == "cancelled"
    assert check_plan() == 0
    for again in (
        lambda: fleet.port.hold(fleet.dispatch(trip), offer, wish()),
        lambda: fleet.port.ask(fleet.dispatch(trip), wish()),
    ):
        with pytest.raises(FleetRefused) as raised:
            again()
        assert code_of(raised) == "reference_shut"

    assert fleet.port.release(fleet.dispatch("never-heard-of")).state == "cancelled"
    assert fleet.port.status_of(fleet.dispatch("never-heard-of")).state == "cancelled"
    assert fleet.port.status_of(fleet.dispatch("nor-of-this")).state == "unknown"


def test_a_change_gives_a_new_promise_or_leaves_it_as_it_was(fleet: Fleet) -> None:
    a_van(layouts=[(1, 2)], hours=("07:00", "12:00"))
    trip, bound = fleet.bound(wish())
    later = fleet.port.amend(
        fleet.dispatch(trip), bound.fleet_order, pick_up_at=bound.pick_up_at + timedelta(hours=1), companions=1
    )
    assert later.state == "bound" and later.pick_up_at - bound.pick_up_at >= timedelta(minutes=45)
    assert check_plan() == 1

    with pytest.raises(FleetRefused) as raised:
        fleet.port.amend(fleet.dispatch(trip), bound.fleet_order, companions=5)
    assert code_of(raised) == "no_vehicle"
    with pytest.raises(FleetRefused):
        fleet.port.amend(fleet.dispatch(trip), bound.fleet_order, pick_up_at=NOW.replace(hour=20))
    (order,) = rows("SELECT pick_up_at, wish FROM accessibility.van_order")
    assert (order.pick_up_at, order.wish["companions"]) == (later.pick_up_at, 1)
    assert check_plan() == 1


def test_reasons_why_nothing_is_offered(fleet: Fleet) -> None:
    a_van(hours=("08:00", "10:00"), width_mm=650)

    def asked(**changed: object) -> str:
        answer = fleet.port.ask(fleet.dispatch(), wish(**changed))  # type: ignore[arg-type]
        return answer.reason if isinstance(answer, NoOffer) else "offered"

    assert asked() == "offered"
    assert asked(chair=Chair(70, 110)) == "too_large"
    assert asked(functions=("W", "O")) == "too_large"
    assert asked(at="05:00") == "too_late"
    assert asked(at="18:00") == "closed"
    beyond = replace(HOME, latitude=25.03, longitude=121.56, district="中正區")
    assert asked(pickup=beyond, dropoff=beyond) == "outside_area"
    far = timedelta(days=60)
    whole = wish()
    assert asked(
        pick_up_at=whole.pick_up_at + far, window_starts_at=whole.window_starts_at + far,
        window_ends_at=whole.window_ends_at + far,
    ) == "too_early"  # fmt: skip
    with pytest.raises(TooLate):
        fleet.port.ask(replace(fleet.dispatch(), answer_by=NOW), wish())


def test_who_has_no_place_learns_when_there_is_one(fleet: Fleet) -> None:
    a_van(layouts=[(1, 1)], hours=("08:00", "12:00"))
    narrow: dict[str, Any] = {"window_starts_at": NOW.replace(hour=9), "window_ends_at": NOW.replace(hour=9, minute=5)}
    fleet.bound(wish(may_be_pooled=False, **narrow))
    answer = fleet.port.ask(fleet.dispatch(), wish(pickup=PARK, may_be_pooled=False, **narrow))
    assert isinstance(answer, NoOffer) and answer.reason == "no_vehicle"
    assert answer.next_at is not None and NOW.replace(hour=8) <= answer.next_at <= NOW.replace(hour=12)


def test_a_ride_by_way_of_another_place_is_driven_alone_and_has_the_time(fleet: Fleet) -> None:
    a_van()
    _, straight = fleet.offered(wish(may_be_pooled=False))
    _, around = fleet.offered(wish(stops=(PARK,)))
    assert straight.ride_minutes_at_most and around.ride_minutes_at_most
    assert not around.is_pooled
    assert around.ride_minutes_at_most > straight.ride_minutes_at_most + 10
    assert around.price_twd > straight.price_twd


def test_chairs_trade_places_with_seats(fleet: Fleet) -> None:
    a_van(layouts=[(1, 4), (2, 2)], hours=("08:00", "10:00"))
    fleet.bound(wish(companions=1))
    fleet.bound(wish(companions=1))
    both = rows("SELECT DISTINCT tour_id FROM accessibility.van_order")
    assert len(both) == 1 and check_plan() == 2


def test_arriving_by_is_a_limit(fleet: Fleet) -> None:
    a_van()
    wished = wish(
        "08:00",
        arrive_by=NOW.replace(hour=9),
        window_starts_at=NOW.replace(hour=8),
        window_ends_at=NOW.replace(hour=8, minute=45),
    )
    _, offer = fleet.offered(wished)
    assert offer.arrives_at <= NOW.replace(hour=9)
    assert isinstance(offer, FleetOffer)
    _, order = fleet.bound(wished)
    assert isinstance(order, FleetOrder) and check_plan() == 1
