"""Whatever makes room has those who wait for it looked at at once: a van that is back, a ride that is moved away, a shift
more, a trip that the desk gives to another van, a fleet whose booking opens; but never more often than is sane."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from signed_in import sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from accessibility.fleets import ports as fleet_ports
from accessibility.own_fleet import room
from accessibility.waitlist import offering, states
from api import wiring
from api.delivery import deliver
from core import clock, db
from core.clock import taipei_date
from core.ids import typeid
from tests.accessibility.waitlist import small_city
from tests.accessibility.waitlist.small_city import City, rows


@pytest.fixture
def city(client: FlaskClient, tmp_path: Path) -> Iterator[City]:
    before = dict(fleet_ports._fleets)
    yield small_city.made(tmp_path / "ahead")
    clock.follow(None)
    fleet_ports.plug_in(before)


@pytest.fixture
def desk(client: FlaskClient, city: City) -> SignedInOfficer:
    return signed_in_officer(client, "dispatcher", bureau="transport")


def heard() -> None:
    """Bring what was published to its consumers."""
    for row in rows("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY recorded_at, id"):
        deliver([row.id], wiring.consumers_by_kind())


def number_of(van: object) -> str:
    return str(rows("SELECT number FROM accessibility.van WHERE id = :id", id=van)[0].number)


def test_a_van_that_is_back_from_a_breakdown_is_offered_at_once(city: City, desk: SignedInOfficer) -> None:
    number = number_of(city.van())
    broken = desk.call(
        "POST", f"/v1/dispatch/vehicles/{number}/breakdown", {"reason": "tyre"}, Idempotency_Key=str(uuid4())
    )
    assert broken.status_code == 200, broken.json
    wait = city.wait()
    heard()
    assert offering.look(city.now) == 0 and city.again(wait).tries == 0, "nobody has looked yet"
    assert desk.call("DELETE", f"/v1/dispatch/vehicles/{number}/breakdown").status_code == 204
    heard()
    assert offering.look(city.now) == 1
    assert city.again(wait).status == states.OFFERED


def test_the_hour_that_a_ride_is_moved_away_from_is_looked_at_and_not_only_the_one_it_is_moved_to(
    city: City, client: FlaskClient
) -> None:
    mei = sign_in(client, "A123456789", "0912345678")
    city.entitle(mei.person_id)
    city.late_van()
    city.book(mei.person_id)
    [ride] = rows("SELECT id FROM accessibility.ride")
    wait = city.wait()
    heard()
    moved = client.post(
        f"/v1/rides/{typeid('ride', ride.id)}/changes",
        json={"pick_up_at": (city.nine + timedelta(hours=6)).isoformat()},
        headers={"Authorization": f"Bearer {mei.token}", "Idempotency-Key": str(uuid4())},
    )
    assert moved.status_code == 200, moved.json
    heard()
    assert offering.look(city.now) == 1
    assert city.again(wait).status == states.OFFERED


def test_a_trip_that_the_desk_gives_to_another_van_makes_room_in_the_one_it_had(
    city: City, desk: SignedInOfficer
) -> None:
    city.van()
    city.book(city.rider())
    wait = city.wait()
    heard()
    other = number_of(city.van())
    [order] = rows("SELECT trip FROM accessibility.van_order WHERE state = 'bound'")
    day = desk.call("GET", f"/v1/dispatch/day?date={taipei_date(city.nine)}").json
    [version] = [each["version"] for each in day["vehicles"] if each["number"] == other]
    assigned = desk.call(
        "POST", "/v1/dispatch/assignments", {"trip": order.trip, "vehicle": other, "reason": "nearer"},
        Idempotency_Key=str(uuid4()), If_Match=f'"{version}"',
    )  # fmt: skip
    assert assigned.status_code == 200, assigned.json
    heard()
    assert offering.look(city.now) == 1
    assert city.again(wait).status == states.OFFERED


def test_a_shift_more_is_for_those_who_wait_on_its_day_alone(city: City) -> None:
    wait, other_day = city.wait(), city.wait(pick_up_at=city.nine + timedelta(days=1))
    van = city.van()
    with db.unit_of_work() as session:
        room.tell(session, [taipei_date(city.nine)], [number_of(van)], "shift", now=city.now)
    heard()
    assert offering.look(city.now) == 1
    assert city.again(wait).status == states.OFFERED and city.again(other_day).tries == 0


def test_however_much_comes_free_the_fleets_are_asked_at_a_sane_pace(city: City) -> None:
    wait = city.wait()
    for seconds in (0, 4, 8):
        with db.unit_of_work() as session:
            room.tell(session, [taipei_date(city.nine)], ["R001"], "shift", now=city.now)
        heard()
        offering.look(city.now)
        assert city.again(wait).tries == 1, f"{seconds} seconds later"
        city.later(seconds=4)
    city.later(seconds=12)
    offering.look(city.now)
    assert city.again(wait).tries == 2


def test_a_fleet_that_takes_no_bookings_yet_is_asked_at_the_moment_at_which_it_does(city: City) -> None:
    wait = city.wait()
    opens = city.now + timedelta(seconds=50)
    with db.unit_of_work() as session:
        said = text("UPDATE accessibility.ask SET status = 'not_asked', reason = 'too_early', next_at = :at")
        session.execute(said, {"at": opens})
        assert offering.next_look(session, [city.again(wait)], tries=9, found=0, now=city.now) == opens
    later = opens + timedelta(seconds=1)
    with db.unit_of_work() as session:
        by_pace = offering.next_look(session, [city.again(wait)], tries=9, found=0, now=later)
    assert by_pace == later + timedelta(minutes=30)
