"""Killed with SIGKILL between any two steps of holding, binding, giving back, cancelling and replacing: another worker
goes on, there is one ride, or none and its rider was told, and the fleets' books agree with ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest
from sandbox_process import SandboxProcess

from accessibility.rides import cancelling, records
from core import db
from tests.accessibility.rides.city import RideCity
from tests.accessibility.rides.mortal_worker import start_worker
from tests.points.exchange.mortal_worker import MortalWorker, When

ENDS: Final = {"bound", "not_bound", "cancelled", "lost"}
TOLD: Final = {"bound": "ride_bound", "not_bound": "ride_not_bound", "cancelled": "ride_cancelled", "lost": "ride_lost"}


@dataclass(frozen=True)
class Trial:
    """Something that is about to be driven, and how it may end."""

    begin: Callable[[RideCity], UUID]
    ends: frozenset[str]


def _one_way(town: RideCity) -> UUID:
    rider = town.rider()
    (request,) = town.ask(rider)
    return town.choose(rider, town.offers(request)["yellow"])


def _both_ways(town: RideCity) -> UUID:
    rider = town.rider()
    out, back = town.ask(rider, town.wish(return_at=town.now + timedelta(hours=8)))
    return town.choose(rider, town.offers(out)["yellow"], town.offers(back)["harbour"])


def _no_way_back(town: RideCity) -> UUID:
    rider = town.rider()
    out, back = town.ask(rider, town.wish(return_at=town.now + timedelta(hours=8)))
    returning = town.offers(back)["harbour"]
    town.books.set_switch("harbour", "hold", "refuses", match={"trip": returning.trip})
    return town.choose(rider, town.offers(out)["yellow"], returning)


def _cancelled(town: RideCity) -> UUID:
    rider = town.rider()
    ride = town.bound(rider)
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=rider.id, by=rider.id, reason="", now=town.now)
    return ride.booking_id


TRIALS: Final[Mapping[str, Trial]] = {
    # A fleet on a busy machine may answer too late to be bound: then there is none.
    "one way": Trial(_one_way, frozenset({"bound", "not_bound"})),
    "both ways": Trial(_both_ways, frozenset({"bound", "not_bound"})),
    "no way back": Trial(_no_way_back, frozenset({"not_bound"})),
    "cancelled": Trial(_cancelled, frozenset({"cancelled"})),
}


@pytest.fixture(scope="session")
def worker(fleets_sandbox: SandboxProcess) -> Iterator[MortalWorker]:
    worker = start_worker(fleets_sandbox.url)
    yield worker
    worker.stop()


def _deaths(calls: int, commits: int) -> Iterator[tuple[int, When]]:
    for number in range(1, calls + 1):
        yield number, "before"
        yield number, "after"
    for number in range(1, commits + 1):
        yield number, "commit"


@pytest.mark.parametrize("name", TRIALS)
def test_killed_between_any_two_steps_there_is_one_ride_or_none_and_told(
    town: RideCity, worker: MortalWorker, name: str
) -> None:
    trial = TRIALS[name]
    calls = {"one way": 3, "both ways": 6, "no way back": 3, "cancelled": 1}[name]
    killed, usual = 0, 0
    for death in _deaths(calls, calls + 2):
        town.books.clear_switches()
        town.books.reset()
        booking_id = trial.begin(town)
        work = {"booking": str(booking_id), "at": town.now.isoformat()}
        killed += worker.dies(db.database().url, "drive", death, **work)
        with db.unit_of_work() as session:
            # Until the server has noticed that who held the booking is dead.
            records.locked(session, booking_id)
        town.settle(until=140, step=20)
        rides = town.booking(booking_id).rides
        (end,) = {each.status for each in rides}
        assert end in trial.ends, (death, rides)
        usual += end != "not_bound" or "bound" not in trial.ends
        for each in rides:
            told = [fact for fact in town.told(TOLD[each.status]) if fact["ride_id"] == str(each.id)]
            assert len(told) == 1, (death, each)
        theirs = {order["trip"] for order in town.their_orders("held", "bound")}
        assert theirs == {order.trip for order in town.booking(booking_id).orders if order.status == "bound"}, death
        assert len(theirs) == sum(each.status == "bound" for each in rides)
    assert killed >= calls * 2
    assert usual > killed / 2, "most of them come about"
