"""One request, every fleet at once: what they answer, what is not asked, and who is silent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accessibility.requests import asking
from accessibility.requests.errors import (
    ArriveByBeforePickUp,
    ArriveByNotReachable,
    NoVehicleFits,
    PickUpInThePast,
    ReturnBeforeArrival,
    SamePlace,
)
from accessibility.riders.errors import NotEligible
from accessibility.riders.profile import Wheelchair
from core import db
from core.ids import new_uuid
from identity.actors import Actor
from tests.accessibility.rides.city import HOME, RideCity


def test_every_fleet_is_asked_and_offers_say_fit_price_promise_and_confidence(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    assert request.status in ("offered", "none")
    asks = town.asks(request)
    assert set(asks) == {"yellow", "harbour", "mountain"}
    assert asks["yellow"] == ("offered", "")
    assert asks["mountain"][0] in ("offered", "none")
    yellow = town.offers(request)["yellow"]
    assert yellow.fit["fits"] and yellow.fit["spare_cm"] >= 0
    assert yellow.window_starts_at < yellow.pick_up_at < yellow.window_ends_at < yellow.arrives_at
    assert yellow.rider_pays_twd <= yellow.price_twd
    assert yellow.confidence == pytest.approx(0.95)
    assert town.told("request_answered")[0]["offers"] == len(town.offers(request))


def test_nobody_who_is_asked_learns_who_asks_or_why(town: RideCity) -> None:
    town.ask(town.rider())
    for telegram in town.books.read("fleets/telegrams"):
        assert "陳美惠" not in str(telegram) and "光復路" not in str(telegram) and "medical" not in str(telegram)


def test_a_fleet_whose_own_terms_forbid_it_is_not_asked_and_the_reason_is_told(town: RideCity) -> None:
    (request,) = town.ask(town.rider(), town.wish(hours=24 * 10))
    asks = town.asks(request)
    assert asks["yellow"] == ("not_asked", "too_early")
    assert asks["mountain"] == ("not_asked", "too_early")
    assert asks["harbour"][0] == "offered"
    (opens,) = town.rows("SELECT next_at FROM accessibility.ask WHERE fleet = 'yellow'")
    assert town.now < opens.next_at < town.now + timedelta(days=4)


def test_a_silent_fleet_delays_nobody_beyond_the_deadline_and_is_unreached(town: RideCity) -> None:
    town.books.set_switch("harbour", "ask", "answers_late", seconds=2)
    (request,) = town.ask(town.rider(), patience=3.0)
    assert town.asks(request)["harbour"] == ("unreached", "no_answer")
    assert "yellow" in town.offers(request)


def test_the_way_back_is_asked_for_together(town: RideCity) -> None:
    out, back = town.ask(town.rider(), town.wish(return_at=town.now + timedelta(hours=8)))
    assert (out.leg, back.leg) == ("out", "back")
    assert out.booking_id == back.booking_id
    assert back.pickup.label == out.dropoff.label
    assert "yellow" in town.offers(out) and "yellow" in town.offers(back)


def test_a_way_back_on_call_waits_and_asks_nobody(town: RideCity) -> None:
    _, back = town.ask(town.rider(), town.wish(return_on_call=True))
    assert back.status == "will_call"
    assert town.asks(back) == {}


def test_when_one_wants_to_be_there_the_offers_arrive_in_time(town: RideCity) -> None:
    by = town.now + timedelta(hours=6)
    (request,) = town.ask(town.rider(), town.wish(pick_up_at=None, arrive_by=by))
    offered = town.offers(request)
    assert offered and all(each.arrives_at <= by for each in offered.values())


def test_what_died_while_asking_is_closed_by_the_sweep(town: RideCity) -> None:
    (request,) = town.make(town.rider())
    with db.unit_of_work() as session:
        asking._begin(session, request, town.now, 3.0, ())
    assert asking.close_overdue(town.now + timedelta(seconds=30)) == 1
    (closed,) = town.requests([request])
    assert closed.status == "none"
    assert {status for status, _ in town.asks(request).values()} == {"unreached"}
    assert asking.close_overdue(town.now + timedelta(seconds=60)) == 0


def test_offers_that_nobody_took_lapse(town: RideCity) -> None:
    (request,) = town.ask(town.rider())
    asking.close_overdue(town.now + timedelta(hours=1))
    assert town.requests([request])[0].status == "lapsed"


def test_what_cannot_be_is_said_before_anybody_is_asked(town: RideCity) -> None:
    rider, now = town.rider(), town.now
    at = now + timedelta(hours=5)
    with pytest.raises(PickUpInThePast):
        town.make(rider, town.wish(hours=-1))
    with pytest.raises(ArriveByBeforePickUp):
        town.make(rider, town.wish(pick_up_at=at, arrive_by=at - timedelta(minutes=1)))
    with pytest.raises(ArriveByNotReachable):
        town.make(rider, town.wish(pick_up_at=at, arrive_by=at + timedelta(minutes=5)))
    with pytest.raises(ReturnBeforeArrival):
        town.make(rider, town.wish(return_at=at))
    with pytest.raises(SamePlace):
        town.make(rider, town.wish(stops=(HOME,)))
    with pytest.raises(NoVehicleFits) as refused:
        town.make(town.rider(Wheelchair("electric", 110, 140)))
    assert refused.value.extensions == {"measure": "width", "measured": 110, "most": 90}
    with pytest.raises(NotEligible):
        town.make(Actor("citizen", new_uuid(), loa=2))
    assert town.calls == []
