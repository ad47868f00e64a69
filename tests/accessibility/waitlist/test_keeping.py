"""A fleet without a machine keeps a vehicle for somebody who waits: the desk rings, the operator says until when, the
rider is asked, and the desk rings back with yes or no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer

from accessibility.calls import calls
from accessibility.calls.calls import RideCall
from accessibility.fleets import ports as fleet_ports
from accessibility.requests import telephone
from accessibility.rides import saga
from accessibility.waitlist import keeping, offering, states, waits
from accessibility.waitlist.waits import Wait
from api import wiring
from api.delivery import deliver
from core import clock, db
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


@pytest.fixture
def mei(client: FlaskClient, city: City) -> SignedIn:
    person = sign_in(client, "A123456789", "0912345678")
    city.entitle(person.person_id)
    return person


def to_ring(desk: SignedInOfficer) -> list[dict[str, Any]]:
    return [each for each in desk.call("GET", "/v1/dispatch/calls").json["items"] if each["kind"] == "fleet"]


def listed(city: City) -> list[RideCall]:
    """The same long after the desk signed in."""
    with db.unit_of_work() as session:
        found = calls.open_calls(session, city.now, limit=50, after=None)
    return [each for each in found if each.kind == "fleet"]


def say(desk: SignedInOfficer, call: dict[str, Any], said: str, **given: Any) -> None:
    body = {"answer": said, **given}
    told = desk.call("POST", f"/v1/dispatch/calls/{call['id']}/answer", body, Idempotency_Key=str(uuid4()))
    assert told.status_code == 200, told.json


def settled() -> None:
    """Everything that is due happens."""
    for row in rows("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY recorded_at, id"):
        deliver([row.id], wiring.consumers_by_kind())


def see(who: SignedIn, wait: Wait) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {who.token}", "Accept-Language": "en"}
    answer: dict[str, Any] = who.client.get(f"/v1/waitlist/{typeid('wait', wait.id)}", headers=headers).json
    return answer


def accept(who: SignedIn, wait: Wait) -> Any:
    headers = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": str(uuid4())}
    return who.client.post(f"/v1/waitlist/{typeid('wait', wait.id)}/acceptance", headers=headers)


def kept(city: City, desk: SignedInOfficer, who: SignedIn, *, minutes: int = 30) -> Wait:
    """Somebody waits, and the operator keeps a vehicle for so long."""
    wait = city.wait(who.person_id)
    [ask] = to_ring(desk)
    assert ask["question"] == "ask" and "留到幾點" in ask["words"]
    say(desk, ask, "yes", price_twd=300, kept_until=(city.now + timedelta(minutes=minutes)).isoformat())
    keeping.offer_kept(city.now)
    return wait


def test_it_is_offered_with_a_time_to_accept_and_a_yes_is_rung_back(
    city: City, desk: SignedInOfficer, mei: SignedIn
) -> None:
    wait = kept(city, desk, mei)
    shown = see(mei, wait)
    assert shown["status"] == "offered" and [each["fleet"] for each in shown["offers"]] == ["telephone"]
    assert timedelta(minutes=14) < datetime.fromisoformat(shown["accept_by"]) - city.now <= timedelta(minutes=15)
    assert to_ring(desk) == [], "nobody rings before the rider has said anything"
    for _ in range(3):
        city.later(minutes=4)
        offering.close(city.now)
    assert see(mei, wait)["status"] == "offered", "the operator's word lasts: nothing is given back in between"

    taken = accept(mei, wait)
    assert (taken.status_code, taken.json["status"]) == (202, "accepting")
    [bind] = to_ring(desk)
    assert bind["question"] == "bind" and "您幫我們留到" in bind["words"] and "kept_until" in bind["facts"]
    say(desk, bind, "yes", vehicle="TDE-123")
    settled()
    assert (see(mei, wait)["status"], see(mei, wait)["why"]) == ("ended", "taken")
    assert [row.status for row in rows("SELECT status FROM accessibility.ride")] == ["bound"]


def test_an_operator_who_says_no_in_the_end_puts_the_rider_back_in_line_and_they_are_told(
    city: City, desk: SignedInOfficer, mei: SignedIn
) -> None:
    wait = kept(city, desk, mei)
    accept(mei, wait)
    [bind] = to_ring(desk)
    say(desk, bind, "no")
    saga.drive_due(city.now)
    settled()
    assert see(mei, wait)["status"] == "waiting"
    ended = rows("SELECT payload FROM core.outbox WHERE kind = 'accessibility.waitlist_ended'")
    assert [row.payload["why"] for row in ended] == ["gone"]


@pytest.mark.parametrize("way", ["lapses", "leaves"])
def test_who_does_not_want_it_is_rung_off(city: City, desk: SignedInOfficer, mei: SignedIn, way: str) -> None:
    wait = kept(city, desk, mei)
    if way == "lapses":
        city.later(minutes=16)
        offering.close(city.now)
    else:
        headers = {"Authorization": f"Bearer {mei.token}"}
        assert mei.client.delete(f"/v1/waitlist/{typeid('wait', wait.id)}", headers=headers).status_code == 204
        city.later(seconds=1)
        saga.drive_due(city.now)
    [off] = listed(city)
    assert off.question == "cancel" and "請不用再留" in off.words.zh
    assert keeping.offer_kept(city.now) == 0 and telephone.ring_off(city.now) == 0, "once is enough"
    assert city.again(wait).status == (states.WAITING if way == "lapses" else states.ENDED)


def test_the_time_to_accept_ends_while_there_is_time_to_ring_back(
    city: City, desk: SignedInOfficer, mei: SignedIn
) -> None:
    wait = kept(city, desk, mei, minutes=12)
    by = city.again(wait).accept_by
    assert by is not None and timedelta(minutes=6) < by - city.now <= timedelta(minutes=7)


def test_what_is_kept_for_too_short_or_by_no_word_is_told_and_not_held(
    city: City, desk: SignedInOfficer, mei: SignedIn
) -> None:
    wait = kept(city, desk, mei, minutes=3)
    assert city.again(wait).status == states.WAITING
    [told] = [row.payload for row in rows(
        "SELECT payload FROM core.outbox WHERE kind = 'accessibility.request_answered'"
    ) if row.payload.get("fleet")]  # fmt: skip
    assert told["fleet"] == "telephone"


def test_an_operator_who_keeps_it_for_somebody_who_is_gone_is_rung_off_and_nobody_rings_for_them_first(
    city: City, desk: SignedInOfficer, mei: SignedIn
) -> None:
    wait = city.wait(mei.person_id)
    [ask] = to_ring(desk)
    with db.unit_of_work() as session:
        waits.leave(session, waits.get(session, wait.id), now=city.now)
    say(desk, ask, "yes", kept_until=(city.now + timedelta(minutes=30)).isoformat())
    assert telephone.ring_off(city.now) == 1 and telephone.ring_off(city.now) == 0
    [off] = to_ring(desk)
    assert off["question"] == "cancel" and "不需要了" in off["words"]

    other = city.wait(city.rider())
    assert len(to_ring(desk)) == 2
    with db.unit_of_work() as session:
        waits.leave(session, waits.get(session, other.id), now=city.now)
    assert calls.close_unwanted(city.now) == 1
    assert [each["question"] for each in to_ring(desk)] == ["cancel"]


def test_operators_are_rung_again_once_an_hour_for_the_first_in_line(city: City, desk: SignedInOfficer) -> None:
    line = [city.wait() for _ in range(4)]
    for call in to_ring(desk):
        say(desk, call, "no")
    city.later(minutes=40)
    offering.look(city.now)
    assert listed(city) == [], "not so soon"
    city.later(minutes=31)
    offering.look(city.now)
    rung = rows("SELECT rider_id FROM accessibility.call WHERE question = 'ask' AND done_at IS NULL")
    assert {row.rider_id for row in rung} == {each.rider_id for each in line[:3]}
    city.later(minutes=5)
    offering.look(city.now)
    assert len(listed(city)) == 3, "who is to be rung already is not rung twice"


def test_both_ways_are_kept_or_neither_is_offered(city: City, desk: SignedInOfficer, mei: SignedIn) -> None:
    wait = city.wait(mei.person_id, return_at=city.nine + timedelta(hours=3))
    until = (city.now + timedelta(minutes=40)).isoformat()
    first, second = to_ring(desk)
    say(desk, first, "yes", kept_until=until)
    assert keeping.offer_kept(city.now) == 0 and city.again(wait).status == states.WAITING
    say(desk, second, "yes", kept_until=until)
    assert keeping.offer_kept(city.now) == 1
    assert [each["fleet"] for each in see(mei, wait)["offers"]] == ["telephone", "telephone"]
