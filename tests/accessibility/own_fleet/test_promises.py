"""Whatever happens to the plan, everybody in it keeps what they were promised; and the room knows no more than it may."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from accessibility.dispatch.travel import GreatCircle
from accessibility.own_fleet import holding, promises, tasks
from accessibility.own_fleet.promises import Promise
from core import db
from core.clock import TAIPEI
from partners.fleets.client import FleetRefused
from partners.fleets.contents import FleetOffer, NoOffer, RoughPlace
from tests.accessibility.own_fleet.city_vans import NOW, Fleet, a_van, check_plan, rows, wish

ROOM = Path("accessibility/own_fleet")
MAY_KNOW = (
    "accessibility.dispatch",
    "accessibility.fares.meter",
    "accessibility.own_fleet",
    "core",
    "identity",
    "partners.fleets",
    "partners.osrm",
)


@pytest.mark.parametrize("seed", range(3))
def test_after_every_change_the_independent_checker_finds_nothing(fleet: Fleet, seed: int) -> None:
    random = Random(seed)
    for number in range(4):
        a_van(f"R00{number}", breaks=[("11:00", "13:00", 30)], hours=("06:00", "15:00"))
    live: dict[str, str] = {}
    told: dict[str, FleetOffer | None] = {}

    def place() -> RoughPlace:
        return RoughPlace(random.gauss(22.63, 0.03), random.gauss(120.31, 0.03), "64000050")

    changes = 0
    for _ in range(36):
        what = random.choice(("ride", "ride", "ride", "cancel", "amend", "lapse"))
        at = f"{random.randrange(7, 14):02d}:{random.randrange(0, 60, 5):02d}"
        wished = wish(
            at, pickup=place(), dropoff=place(), companions=random.randrange(2), may_be_pooled=random.random() < 0.8
        )
        trip = random.choice(sorted(live)) if live else ""
        if what == "ride" or not live:
            asked = fleet.dispatch()
            offer = fleet.port.ask(asked, wished)
            if isinstance(offer, NoOffer):
                continue
            held = fleet.port.hold(fleet.dispatch(asked.trip), offer, wished)
            if random.random() < 0.8:
                live[asked.trip] = fleet.port.bind(fleet.dispatch(asked.trip), offer.offer, held).fleet_order
                told[asked.trip] = offer
        elif what == "cancel":
            fleet.port.cancel(fleet.dispatch(trip), "rider")
            del live[trip], told[trip]
        elif what == "amend":
            moved = NOW.replace(hour=random.randrange(7, 14))
            try:
                fleet.port.amend(fleet.dispatch(trip), live[trip], pick_up_at=moved)
            except FleetRefused:
                pass
            else:
                told[trip] = None
        else:
            tasks.let_lapse(fleet.clock() + holding.HELD_FOR)
        changes += 1
        check_plan()

    assert changes >= 20 and live
    for row in rows(
        "SELECT o.trip, p.planned_at AS on_at, d.planned_at AS off_at FROM accessibility.van_order AS o "
        "JOIN accessibility.van_stop AS p ON p.order_id = o.id AND p.kind = 'pickup' "
        "JOIN accessibility.van_stop AS d ON d.order_id = o.id AND d.kind = 'dropoff' WHERE o.state = 'bound'"
    ):
        promised = told[row.trip]
        if promised is not None:
            assert promised.window_starts_at <= row.on_at <= promised.window_ends_at
            assert row.off_at <= promised.arrives_at
            assert row.off_at - row.on_at <= timedelta(minutes=(promised.ride_minutes_at_most or 0) + 10)


def test_two_who_swap_their_hours_at_once_wait_for_each_other_or_are_refused(fleet: Fleet) -> None:
    for number in range(3):
        a_van(f"R00{number}", layouts=[(1, 1)])
    orders = [fleet.bound(wish(f"{8 + number:02d}:00", may_be_pooled=False)) for number in range(6)]

    def swap(number: int) -> str:
        trip, order = orders[number]
        moved = NOW.replace(hour=8 + (number + 3) % 6)
        try:
            return fleet.port.amend(fleet.dispatch(trip), order.fleet_order, pick_up_at=moved).state
        except FleetRefused as refused:
            return refused.code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(swap, range(6))) <= {"bound", "no_vehicle"}
    assert check_plan() == 6


def test_the_room_knows_no_rider_no_ride_and_no_complaint() -> None:
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            of_ours = [
                name for name in names if name and name.split(".")[0] in ("accessibility", "notify", "points", "wallet")
            ]
            assert all(name == "accessibility" or name.startswith(MAY_KNOW) for name in of_ours), (file, of_ours)


def test_no_table_of_the_room_has_a_person_in_it(fleet: Fleet) -> None:
    found = rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'accessibility' "
        "AND (table_name LIKE 'van%' OR table_name = 'depot') AND column_name <> 'rider_at_door_at' AND column_name ~ 'rider|person|citizen|complaint|national'"
    )
    assert found == []


def test_what_is_told_is_a_time_that_people_can_read() -> None:
    demand = promises.demand_of(wish())
    for minutes in range(0, 30, 7):
        picked_up = int(NOW.replace(hour=9, minute=minutes).timestamp()) + 42
        promise = promises.promise_at(demand, picked_up, GreatCircle())
        at = promises.moment(promise.pick_up_at).astimezone(TAIPEI)
        assert at.minute % 5 == 0 and at.second == 0
        assert promise.starts <= promise.pick_up_at <= picked_up <= promise.ends < promise.arrives_by
        assert isinstance(promise, Promise) and promise.longest_ride_seconds % 60 == 0


def test_the_database_holds_the_moves_of_orders(fleet: Fleet) -> None:
    a_van()
    fleet.bound(wish())
    with pytest.raises(Exception, match="does not go from bound to done"), db.unit_of_work() as session:
        session.connection().exec_driver_sql("UPDATE accessibility.van_order SET state = 'done'")
