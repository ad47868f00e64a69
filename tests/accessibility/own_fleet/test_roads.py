"""How far it is by road is learned beside the planning, and never changes a plan that was made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.serving import make_server

from accessibility.dispatch.tours import Place
from accessibility.dispatch.travel import GreatCircle
from accessibility.own_fleet import roads, roster
from accessibility.own_fleet.roads import Roads
from partners.fleets.contents import RoughPlace
from partners.osrm import sandbox
from partners.osrm.client import OsrmClient
from partners.wire import AnswerNotTrusted, NotReached, Refused
from tests.accessibility.own_fleet.city_vans import HOME, HOSPITAL, NOW, Fleet, a_van, rows, wish

FAR = RoughPlace(22.697, 120.372, HOSPITAL.district)
HERE, THERE = Place(22.60, 120.30, "64000080"), Place(22.65, 120.35, "64000050")


@pytest.fixture(scope="module")
def osrm() -> Iterator[OsrmClient]:
    """A routing machine that listens."""
    app = Flask("osrm")
    app.register_blueprint(sandbox.blueprint(most_places=60))
    app.add_url_rule(
        "/nonsense/table/v1/driving/<path:places>", view_func=lambda places: {"code": "Ok", "distances": [[1]]}
    )
    app.register_blueprint(sandbox.blueprint(most_places=2), name="small", url_prefix="/small/osrm")
    app.add_url_rule(
        "/at-sea/table/v1/driving/<path:places>",
        "at_sea",
        view_func=lambda places: ({"code": "NoSegment", "message": "Could not find a matching segment"}, 400),
    )
    app.add_url_rule("/down/table/v1/driving/<path:places>", "down", view_func=lambda places: ({"code": "Busy"}, 503))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield OsrmClient(f"http://127.0.0.1:{server.server_port}/osrm")
    server.shutdown()
    thread.join()


def test_the_machine_is_asked_for_a_table_and_what_is_none_is_refused(osrm: OsrmClient) -> None:
    table = osrm.metres([(22.6, 120.3), (22.65, 120.35)])
    assert table[0][0] == 0 and table[0][1] == table[1][0]
    assert table[0][1] and 10_500 < table[0][1] < 10_900
    with pytest.raises(Refused, match="TooBig"):
        osrm.metres([(22.6, 120.3 + number / 100) for number in range(61)])
    with pytest.raises(ValueError, match="two places"):
        osrm.metres([(22.6, 120.3)])
    with pytest.raises(AnswerNotTrusted):
        OsrmClient(osrm.url.replace("/osrm", "/nonsense")).metres([(22.6, 120.3), (22.65, 120.35)])
    with pytest.raises(NotReached):
        OsrmClient("http://127.0.0.1:9", connect_timeout_seconds=0.5).metres([(22.6, 120.3), (22.65, 120.35)])


def test_what_is_learned_counts_from_a_day_on_which_nothing_was_promised(fleet: Fleet, osrm: OsrmClient) -> None:
    a_van()
    fleet.bound(wish(dropoff=FAR))
    assert roads.learn(osrm, NOW) == 2 and roads.learn(osrm, NOW) == 0
    (day,) = {row.counts_from for row in rows("SELECT counts_from FROM accessibility.van_road")}
    assert day > (NOW + roster.AHEAD).date()

    by_road, straight = Roads(), GreatCircle()
    origin, destination = (Place(each.latitude, each.longitude, "64000060") for each in (HOME, FAR))
    today, then = int(NOW.timestamp()), int((NOW + roster.AHEAD + timedelta(days=4)).timestamp())
    assert by_road.seconds(origin, destination, today) == straight.seconds(origin, destination, today)
    assert by_road.seconds(origin, destination, then) != straight.seconds(origin, destination, then)
    assert by_road.seconds(HERE, THERE, then) == straight.seconds(HERE, THERE, then), "nobody asked about that way"
    assert by_road.seconds(origin, origin, then) == 0


def test_a_machine_that_does_not_answer_changes_nothing(fleet: Fleet) -> None:
    a_van()
    fleet.bound(wish())
    assert roads.learn(OsrmClient("http://127.0.0.1:9", connect_timeout_seconds=0.5), NOW) == 0
    assert rows("SELECT 1 FROM accessibility.van_road") == []


def test_a_machine_of_small_tables_is_asked_for_small_ones(fleet: Fleet, osrm: OsrmClient) -> None:
    a_van()
    fleet.bound(wish(dropoff=FAR))
    fleet.bound(wish("13:00", pickup=FAR))
    small = OsrmClient(osrm.url.replace("/osrm", "/small/osrm"))
    assert [roads.learn(small, NOW) for _ in range(3)] == [2, 2, 0]


def test_a_place_that_no_road_is_near_is_asked_about_once(
    fleet: Fleet, osrm: OsrmClient, caplog: pytest.LogCaptureFixture
) -> None:
    a_van()
    fleet.bound(wish(dropoff=FAR))
    down, at_sea = (OsrmClient(osrm.url.replace("/osrm", path)) for path in ("/down", "/at-sea"))
    assert roads.learn(down, NOW) == 0 and rows("SELECT 1 FROM accessibility.van_road") == []
    assert "OSRM refuses a table of 2 places" in caplog.text
    assert [roads.learn(at_sea, NOW) for _ in range(2)] == [2, 0]
    usual = {row.detour for row in rows("SELECT detour FROM accessibility.van_road")}
    assert usual == {GreatCircle().detour}
