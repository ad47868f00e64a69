"""Four fleets: asking, holding, binding, and what goes wrong in between; their books beside what we were told."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
import urllib3
from fleet_city import CUSTOMER, HOME, Trip, drive_until, fleet, step, wish_at
from sandbox_process import SandboxBooks
from webhook_listener import Heard, Listener

from core.clock import now
from core.ids import new_uuid
from partners import wire
from partners.fleets.client import Dispatch, FleetClient, FleetRefused, TooLate, heard
from partners.fleets.contents import (
    Chair,
    FleetError,
    FleetOffer,
    FleetOrder,
    FleetStatus,
    NoOffer,
    OrderWanted,
    RoughPlace,
    TripEvent,
    VehicleAt,
)
from partners.fleets.telegrams import Telegram, decode, encode

LARGE = Chair(88, 140, 350)


@pytest.fixture
def yellow(books: SandboxBooks) -> FleetClient:
    return fleet(books.url, "yellow")


@pytest.fixture
def trip(yellow: FleetClient) -> Trip:
    return Trip(yellow)


def refusal(error: pytest.ExceptionInfo[FleetRefused]) -> str:
    return error.value.code


def events(city: Listener, count: int, secret: str = "sandbox-yellow-secret") -> list[TripEvent]:
    """What the fleet has told, each genuine and under its telegram's id."""
    return [event(webhook, secret) for webhook in city.wait_for(count)]


def event(webhook: Heard, secret: str) -> TripEvent:
    telegram, told = heard(webhook.content)
    assert wire.verify_webhook(secret, webhook.headers, webhook.content) == str(telegram.id)
    return told


def states(books: SandboxBooks, trip: Trip) -> list[str]:
    return [order["state"] for order in books.read("fleets/orders", trip=trip.reference)]


def test_a_trip_is_asked_held_bound_and_told(trip: Trip, books: SandboxBooks, city: Listener) -> None:
    offer = trip.offer()
    assert offer.is_metered and offer.price_twd > 85 and offer.vehicle.chair_places >= 1
    assert offer.window_starts_at <= offer.pick_up_at <= offer.window_ends_at < offer.arrives_at
    held = trip.client.hold(trip.dispatch(), offer, trip.wish)
    assert (held.state, held.price_twd, held.pick_up_at) == ("held", offer.price_twd, offer.pick_up_at)
    bound = trip.client.bind(trip.dispatch(), offer.offer, held)
    assert (bound.state, bound.fleet_order, bound.lapses_at) == ("bound", held.fleet_order, None)
    assert trip.client.tell_customer(trip.dispatch(), CUSTOMER).is_received
    (order,) = books.read("fleets/orders", trip=trip.reference)
    assert orjson.loads(order["customer"])["phone"] == "0912345678"
    (seen,) = events(city, 1)
    assert (type(seen).__name__, seen.fleet_order) == ("VehicleSeen", bound.fleet_order)
    assert trip.client.status_of(trip.dispatch()).state == "bound"


def test_before_it_is_bound_a_fleet_is_told_neither_name_nor_number_nor_door(trip: Trip, books: SandboxBooks) -> None:
    held = trip.hold()
    with pytest.raises(FleetRefused) as refused:
        trip.client.tell_customer(trip.dispatch(), CUSTOMER)
    assert refusal(refused) == "not_bound"
    assert held.pickup == HOME.rough
    for telegram in books.read("fleets/telegrams", trip=trip.reference):
        if telegram["kind"] != "customer_info":
            for secret in (CUSTOMER.name, CUSTOMER.phone, "光復路", "22.6268"):
                assert secret not in telegram["said"]


def test_the_same_telegram_again_gets_the_same_answer_and_changes_nothing(trip: Trip, books: SandboxBooks) -> None:
    offer, dispatch = trip.offer(), trip.dispatch()
    held = trip.client.hold(dispatch, offer, trip.wish)
    assert trip.client.hold(dispatch, offer, trip.wish) == held
    assert trip.client.hold(replace(dispatch, answer_by=now() + timedelta(seconds=3)), offer, trip.wish) == held
    assert states(books, trip) == ["held"]
    (telegram,) = books.read("fleets/telegrams", id=str(dispatch.id))
    assert telegram["deliveries"] == 3


def test_an_id_that_stands_for_something_else_is_refused(trip: Trip) -> None:
    dispatch = trip.dispatch()
    trip.client.ask(dispatch, trip.wish)
    with pytest.raises(FleetRefused) as refused:
        trip.client.ask(dispatch, replace(trip.wish, companions=1))
    assert refusal(refused) == "id_reused"


def test_a_lost_answer_is_found_by_asking_how_it_stands_or_by_the_same_telegram(
    trip: Trip, books: SandboxBooks
) -> None:
    offer, dispatch = trip.offer(), trip.dispatch(seconds=2)
    books.set_switch("yellow", "hold", "timeout_after", count=1, seconds=3)
    with pytest.raises(wire.NoAnswer) as lost:
        trip.client.hold(dispatch, offer, trip.wish)
    assert lost.value.may_have_acted
    assert trip.client.status_of(trip.dispatch()).state == "held"
    held = trip.client.hold(replace(dispatch, answer_by=now() + timedelta(seconds=5)), offer, trip.wish)
    assert states(books, trip) == [held.state]


def test_an_answer_after_its_time_is_no_answer_and_the_book_says_what_became_of_it(books: SandboxBooks) -> None:
    wish = wish_at()
    trip = next(t for t in (Trip(fleet(books.url, "mountain"), wish) for _ in range(60)) if _is_lucky(t))
    offer = trip.offer()
    books.set_switch("mountain", "hold", "answers_late", count=1, seconds=1)
    begun = time.monotonic()
    with pytest.raises(wire.NoAnswer):
        trip.client.hold(trip.dispatch(seconds=2), offer, trip.wish)
    assert time.monotonic() - begun < 8
    assert trip.client.status_of(trip.dispatch()).state == "held"
    assert trip.client.release(trip.dispatch()).state == "cancelled"


def test_what_is_wanted_by_a_moment_that_is_over_is_not_sent(trip: Trip, books: SandboxBooks) -> None:
    with pytest.raises(TooLate) as late:
        trip.client.ask(trip.dispatch(seconds=-1), trip.wish)
    assert not late.value.may_have_acted
    assert books.read("fleets/telegrams", trip=trip.reference) == []


def test_what_arrives_after_its_time_is_not_acted_upon(trip: Trip, books: SandboxBooks) -> None:
    offer, dispatch = trip.offer(), trip.dispatch()
    wanted = OrderWanted("hold", offer.offer, trip.wish.pickup, trip.wish.dropoff, offer.pick_up_at)
    late = Telegram(dispatch.id, trip.reference, now(), wanted, now() - timedelta(seconds=1))
    answer = decode(wire.call(trip.client.peer, "POST", "/v1/hold", encode(late)).body)
    assert isinstance(answer.content, FleetError) and answer.content.code == "deadline_over"
    assert states(books, trip) == []
    assert trip.client.hold(dispatch, offer, trip.wish).state == "held"


def test_a_hold_lapses_by_itself_and_cannot_be_bound(trip: Trip, books: SandboxBooks) -> None:
    offer = trip.offer()
    books.set_switch("yellow", "hold", "expires_soon", count=1, seconds=0)
    held = trip.client.hold(trip.dispatch(), offer, trip.wish)
    with pytest.raises(FleetRefused) as refused:
        trip.client.bind(trip.dispatch(), offer.offer, held)
    assert refusal(refused) == "hold_lapsed"
    assert not refused.value.may_have_acted
    assert trip.client.status_of(trip.dispatch()).state == "lapsed"
    assert trip.client.hold(trip.dispatch(), offer, trip.wish).state == "held"


def test_twenty_at_once_for_the_last_vehicle_and_one_has_it(books: SandboxBooks) -> None:
    client = fleet(books.url, "yellow")
    trips = [Trip(client, wish_at(chair=LARGE)) for _ in range(20)]
    offers = [trip.offer() for trip in trips]

    def held(number: int) -> str:
        try:
            return trips[number].client.hold(trips[number].dispatch(), offers[number], trips[number].wish).state
        except FleetRefused as refused:
            return refused.code

    with ThreadPoolExecutor(20) as pool:
        assert Counter(pool.map(held, range(20))) == {"held": 1, "no_vehicle": 19}
    answer = client.ask(trips[0].dispatch(), wish_at(chair=LARGE))
    assert isinstance(answer, NoOffer) and answer.reason == "no_vehicle" and answer.next_at is not None


def test_what_was_released_is_free_for_somebody_else(books: SandboxBooks) -> None:
    client = fleet(books.url, "yellow")
    first, second = Trip(client, wish_at(chair=LARGE)), Trip(client, wish_at(chair=LARGE))
    offer = first.offer()
    first.client.hold(first.dispatch(), offer, first.wish)
    assert first.client.release(first.dispatch()).fee_twd == 0
    assert second.hold().state == "held"
    with pytest.raises(FleetRefused) as refused:
        first.client.hold(first.dispatch(), offer, first.wish)
    assert refusal(refused) == "reference_shut"


def test_releasing_what_never_came_shuts_the_reference(trip: Trip) -> None:
    assert trip.client.status_of(trip.dispatch()).state == "unknown"
    offer = trip.offer()
    assert trip.client.status_of(trip.dispatch()).state == "asked"
    assert trip.client.release(trip.dispatch()).state == "cancelled"
    with pytest.raises(FleetRefused, match="reference_shut"):
        trip.client.hold(trip.dispatch(), offer, trip.wish)


def test_a_fleet_that_says_yes_twice_is_told_to_forget_the_second(
    trip: Trip, books: SandboxBooks, city: Listener
) -> None:
    books.set_switch("yellow", "bind", "double_confirms", count=1)
    first = trip.bind()
    second = next(each for each in events(city, 2) if isinstance(each, FleetOrder))
    assert (second.state, second.fleet_order == first.fleet_order) == ("bound", False)
    standing = trip.client.status_of(trip.dispatch())
    assert (standing.fleet_order, standing.others) == (first.fleet_order, (second.fleet_order,))
    assert trip.client.release(trip.dispatch(), fleet_order=second.fleet_order).fee_twd == 0
    standing = trip.client.status_of(trip.dispatch())
    assert (standing.state, standing.fleet_order, standing.others) == ("bound", first.fleet_order, ())
    assert states(books, trip) == ["bound", "cancelled"]


def test_a_fleet_that_changes_its_mind_says_so(trip: Trip, books: SandboxBooks, city: Listener) -> None:
    books.set_switch("yellow", "bind", "changes_mind", count=1, seconds=0)
    trip.bind()
    last = events(city, 2)[-1]
    assert isinstance(last, FleetStatus) and (last.state, last.by, last.reason) == (
        "cancelled",
        "fleet",
        "司機不願前往",
    )
    assert trip.client.status_of(trip.dispatch()).by == "fleet"


def test_a_fleet_cancels_late(trip: Trip, books: SandboxBooks, city: Listener) -> None:
    books.set_switch("yellow", "bind", "cancels_late", count=1, minutes=20)
    bound = trip.bind()
    assert trip.client.status_of(trip.dispatch()) == replace(trip.client.status_of(trip.dispatch()), reason="", by=None)
    assert drive_until(books.url, bound.pick_up_at - timedelta(minutes=21)) == 0
    assert drive_until(books.url, bound.pick_up_at - timedelta(minutes=20)) == 1
    last = events(city, 2)[-1]
    assert isinstance(last, FleetStatus) and (last.state, last.reason) == ("cancelled", "車輛故障")


def test_the_clock_drives_a_ride_to_its_end(trip: Trip, books: SandboxBooks, city: Listener) -> None:
    bound = trip.bind()
    assert drive_until(books.url, bound.pick_up_at + timedelta(hours=3)) == 4
    told = events(city, 9)
    names = [type(each).__name__ for each in told]
    assert names == [
        "VehicleSeen", "VehicleAt", "FleetStatus", "VehicleAt", "FleetStatus", "TaskConfirmed", "FleetStatus", "TripDone",
        "FleetStatus",
    ]  # fmt: skip
    assert [each.state for each in told if isinstance(each, FleetStatus)] == ["on_the_way", "at_door", "aboard", "done"]
    done = told[7]
    (order,) = books.read("fleets/orders", trip=trip.reference)
    assert done.fare_twd == order["fare_twd"] >= bound.price_twd  # type: ignore[union-attr]
    assert trip.client.status_of(trip.dispatch()).state == "done"


def test_while_it_drives_a_fleet_says_where_it_is(trip: Trip, books: SandboxBooks, city: Listener) -> None:
    bound = trip.bind()
    moments = [bound.pick_up_at - timedelta(minutes=10), bound.pick_up_at - timedelta(minutes=5)]
    assert [drive_until(books.url, moment) for moment in moments] == [1, 0]
    told = [each for each in events(city, 5) if isinstance(each, VehicleAt)]
    away = [abs(each.latitude - bound.pickup.latitude) for each in told]
    assert len(away) == 3 and away == sorted(away, reverse=True) and away[-1] > 0
    assert {each.arrives_at for each in told} == {bound.pick_up_at}


def test_a_fleet_that_runs_late_says_when_it_comes_before_it_is_late(
    trip: Trip, books: SandboxBooks, city: Listener
) -> None:
    books.set_switch("yellow", "bind", "runs_late", count=1, minutes=25)
    bound = trip.bind()
    late = bound.pick_up_at + timedelta(minutes=25)
    assert drive_until(books.url, bound.pick_up_at - timedelta(minutes=10)) == 1
    assert [each.arrives_at for each in events(city, 4) if isinstance(each, VehicleAt)] == [late, late]
    assert drive_until(books.url, late - timedelta(minutes=1)) == 0
    assert drive_until(books.url, late) == 1
    assert states(books, trip) == ["at_door"]


def test_the_buttons_drive_a_ride_and_nothing_out_of_order(trip: Trip, books: SandboxBooks, city: Listener) -> None:
    bound = trip.bind()
    assert step(books.url, bound, "aboard") == 409
    assert [step(books.url, bound, to) for to in ("on_the_way", "at_door", "no_show", "done")] == [303, 303, 303, 409]
    told = events(city, 7)
    assert [getattr(each, "result", None) for each in told if type(each).__name__ == "TaskConfirmed"] == ["no show"]
    assert step(books.url, replace(bound, fleet_order="Y0"), "done") == 404


def test_a_cancellation_in_the_last_hour_costs_and_one_of_the_city_does_not(yellow: FleetClient) -> None:
    soon = now() + timedelta(minutes=40)
    late, early = Trip(yellow, wish_at(soon)), Trip(yellow)
    for trip in (late, early):
        trip.bind()
    assert late.client.cancel(late.dispatch(), "rider").fee_twd == 50
    assert early.client.cancel(early.dispatch(), "rider").fee_twd == 0
    assert early.client.cancel(early.dispatch(), "rider").state == "cancelled"


def test_who_is_aboard_cannot_be_cancelled(trip: Trip, books: SandboxBooks) -> None:
    bound = trip.bind()
    for to in ("on_the_way", "at_door", "aboard"):
        step(books.url, bound, to)
    with pytest.raises(FleetRefused, match="too_late"):
        trip.client.cancel(trip.dispatch(), "rider")
    assert states(books, trip) == ["aboard"]


def test_a_bound_ride_is_amended_or_stays_as_it_was(trip: Trip) -> None:
    bound = trip.bind()
    later = bound.pick_up_at + timedelta(hours=2)
    amended = trip.client.amend(trip.dispatch(), bound.fleet_order, pick_up_at=later, companions=1)
    assert (amended.state, amended.pick_up_at, amended.fleet_order) == ("bound", later, bound.fleet_order)
    with pytest.raises(FleetRefused, match="no_vehicle"):
        trip.client.amend(trip.dispatch(), bound.fleet_order, companions=8)
    farther = trip.client.amend(trip.dispatch(), bound.fleet_order, dropoff=RoughPlace(22.8, 120.3, "岡山區"))
    assert farther.price_twd > bound.price_twd and farther.pick_up_at == later


def test_a_fleet_by_telephone_has_no_machine(books: SandboxBooks) -> None:
    trip = Trip(fleet(books.url, "telephone"))
    for ask in (lambda: trip.client.ask(trip.dispatch(), trip.wish), lambda: trip.client.status_of(trip.dispatch())):
        with pytest.raises(FleetRefused) as refused:
            ask()
        assert refusal(refused) == "no_machine"


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("yellow", {"chair": Chair(120, 140)}, "too_large"),
        ("yellow", {"companions": 8}, "too_large"),
        ("mountain", {"dropoff": RoughPlace(22.62, 120.28, "鼓山區")}, "outside_area"),
        ("yellow", {"in": timedelta(minutes=10)}, "too_late"),
        ("yellow", {"in": timedelta(hours=-1)}, "too_late"),
        ("yellow", {"in": timedelta(days=8)}, "too_early"),
        ("harbour", {"in": timedelta(hours=1)}, "too_late"),
    ],
)
def test_a_fleet_says_why_it_cannot(books: SandboxBooks, name: str, change: dict[str, object], reason: str) -> None:
    after = change.pop("in", timedelta(hours=5))
    assert isinstance(after, timedelta)
    trip = Trip(fleet(books.url, name), wish_at(now() + after, **change))
    answer = trip.client.ask(trip.dispatch(), trip.wish)
    assert isinstance(answer, NoOffer) and answer.reason == reason


def test_a_service_animal_is_never_why(yellow: FleetClient) -> None:
    at = now() + timedelta(hours=5)
    plain, with_dog = Trip(yellow, wish_at(at)), Trip(yellow, wish_at(at, functions=("W", "D2D", "SA")))
    assert with_dog.offer().price_twd == plain.offer().price_twd


def test_the_mountain_refuses_much_but_not_all(books: SandboxBooks) -> None:
    client = fleet(books.url, "mountain")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda trip: trip.client.ask(trip.dispatch(), trip.wish), [Trip(client) for _ in range(40)])
        )
    offers = sum(isinstance(answer, FleetOffer) for answer in answers)
    assert 4 <= offers <= 30


def test_an_answer_signed_by_somebody_else_proves_nothing(trip: Trip, books: SandboxBooks) -> None:
    books.set_switch("yellow", "ask", "bad_signature", count=1)
    with pytest.raises(wire.AnswerNotTrusted):
        trip.offer()
    assert isinstance(trip.client.ask(trip.dispatch(), trip.wish), FleetOffer)


def test_what_is_no_telegram_or_not_for_here_is_refused(trip: Trip, books: SandboxBooks) -> None:
    peer = trip.client.peer
    with pytest.raises(wire.Refused) as refused:
        wire.call(peer, "POST", "/v1/ask", {"version": "2"})
    assert refused.value.status == 422
    stranger = wire.Peer("yellow", peer.url, "wrong")
    with pytest.raises(wire.CallFailed):
        wire.call(stranger, "POST", "/v1/ask", {})
    assert urllib3.request("POST", f"{books.url}/fleets/clock?until=tomorrow").status == 422


def test_a_webhook_may_come_twice_under_one_id_or_never(trip: Trip, books: SandboxBooks, city: Listener) -> None:
    books.set_switch("yellow", "telling", "duplicate_webhook", count=1, n=2)
    trip.bind()
    first, second = city.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.path == "/v1/webhooks/partners/yellow"
    books.set_switch("yellow", "telling", "drop_webhook", count=1)
    Trip(trip.client).bind()
    assert len(city.settled(seconds=0.3)) == 2


def test_nobody_listens_and_the_fleets_go_on(trip: Trip, books: SandboxBooks, city: Listener) -> None:
    city.status = 404
    trip.bind()
    city.wait_for(1)
    assert trip.client.status_of(trip.dispatch()).state == "bound"
    assert {each["state"] for each in books.webhooks(target="yellow")} == {"waiting"}


def test_the_page_shows_what_is_driven(trip: Trip, books: SandboxBooks) -> None:
    order = trip.bind()
    page = urllib3.request("GET", f"{books.url}/fleets")
    assert page.status == 200
    for words in ("小黃車隊", "電話車行", order.fleet_order, "出發"):
        assert words in page.data.decode()


def _is_lucky(trip: Trip) -> bool:
    return isinstance(
        trip.client.ask(Dispatch(new_uuid(), trip.reference, now() + timedelta(seconds=5)), trip.wish), FleetOffer
    )
