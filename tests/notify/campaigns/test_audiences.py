"""Who is meant: what may be asked for, and that SQL finds exactly those whom an independent reckoning finds."""

from __future__ import annotations

import itertools
import math
import random
from datetime import timedelta
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core import clock, db
from notify.campaigns import audience_sql, audiences
from notify.campaigns.audiences import MOST_CORNERS, Audience, Circle, Fact, Polygon, TopicRules
from notify.campaigns.errors import CampaignRefused
from tests.notify.campaigns.conftest import Desk, People

RULES = TopicRules(frozenset({"has_car", "commutes"}), "roadworks", frozenset({"roadworks:7"}))
SQUARE = [[22.60, 120.28], [22.60, 120.32], [22.64, 120.32], [22.64, 120.28], [22.60, 120.28]]


def _found(desk: Desk, audience: Audience) -> set[Any]:
    meant = audience_sql.compiled(audience, desk.topic_id, now=clock.now())
    with db.unit_of_work() as session:
        query = text(f"SELECT DISTINCT s.person_id FROM notify.subscription AS s WHERE {meant.condition}")
        return set(session.execute(query, meant.parameters).scalars())


def test_conditions_are_all_met_or_nobody_is_meant(desk: Desk, people: People) -> None:
    at_home = set(people(desk.topic_id, 3, district="64000080"))
    at_work = set(people(desk.topic_id, 2, district="64000080", place_kind="work", fact=("has_car", "")))
    drivers = set(people(desk.topic_id, 4, fact=("has_car", "")))
    commuters = set(people(desk.topic_id, 2, fact=("commutes", "R")))
    of_roadworks = set(people(desk.topic_id, 2, subject="roadworks:7"))
    everybody = at_home | at_work | drivers | commuters | of_roadworks
    for audience, expected in (
        (Audience(), everybody),
        (Audience(districts=("64000080",)), at_home | at_work),
        (Audience(districts=("64000080",), place_kinds=("home",)), at_home),
        (Audience(facts=(Fact("has_car"),)), drivers | at_work),
        (Audience(districts=("64000080",), facts=(Fact("has_car"),)), at_work),
        (Audience(facts=(Fact("commutes", "R"),)), commuters),
        (Audience(facts=(Fact("commutes", "O"),)), set()),
        (Audience(subject="roadworks:7"), of_roadworks),
    ):
        assert _found(desk, audience) == expected, audience


def test_a_circle_and_a_polygon_hold_exactly_those_that_another_geometry_says(desk: Desk, people: People) -> None:
    dice = random.Random(7)
    places: dict[Any, tuple[float, float]] = {}
    for _ in range(150):
        at = (round(dice.uniform(22.58, 22.66), 3), round(dice.uniform(120.26, 120.34), 3))
        (person,) = people(desk.topic_id, 1, at=at)
        places[person] = at
    ring = [(22.60, 120.28), (22.61, 120.33), (22.65, 120.31), (22.63, 120.30), (22.645, 120.27), (22.60, 120.28)]
    shape = shapely.Polygon([(longitude, latitude) for latitude, longitude in ring])
    inside = {who for who, (lat, lon) in places.items() if shape.covers(shapely.Point(lon, lat))}
    assert _found(desk, Audience(near=Polygon(tuple(ring)))) == inside and 10 < len(inside) < 140
    for radius_m in (500, 1500, 4000):
        near = {who for who, at in places.items() if _metres((22.62, 120.30), at) <= radius_m}
        assert _found(desk, Audience(near=Circle(22.62, 120.30, radius_m))) == near
    assert _found(desk, Audience(near=Circle(22.62, 120.30, 30_000))) == places.keys()


def test_beside_a_short_edge_inside_and_outside_are_metres_apart(desk: Desk, people: People) -> None:
    """Rings of a hundred corners, the most that are allowed, with edges of some 30 to 120 m."""
    dice = random.Random(11)
    places: dict[Any, tuple[float, float]] = {}
    rings: list[tuple[tuple[float, float], ...]] = []
    for number in range(3):
        middle, sizes = (22.62, 120.20 + number * 0.1), [dice.uniform(0.008, 0.01) for _ in range(MOST_CORNERS - 1)]
        corners = [
            (round(middle[0] + size * math.sin(angle), 6), round(middle[1] + size * math.cos(angle), 6))
            for nth, size in enumerate(sizes)
            for angle in [2 * math.pi * nth / len(sizes)]
        ]
        rings.append((*corners, corners[0]))
        for (y1, x1), (y2, x2) in itertools.pairwise(rings[-1]):
            along, off = dice.random(), dice.choice((0.97, 0.995, 0.999, 1.001, 1.005, 1.03))
            y, x = y1 + (y2 - y1) * along, x1 + (x2 - x1) * along
            at = (middle[0] + (y - middle[0]) * off, middle[1] + (x - middle[1]) * off)
            (person,) = people(desk.topic_id, 1, at=at)
            places[person] = at
    for ring in rings:
        shape = shapely.Polygon([(longitude, latitude) for latitude, longitude in ring])
        inside = {
            who for who, (latitude, longitude) in places.items() if shape.covers(shapely.Point(longitude, latitude))
        }
        assert 20 < len(inside) < MOST_CORNERS
        assert _found(desk, Audience(near=Polygon(ring))) == inside


def test_where_somebody_was_yesterday_is_not_where_they_are(desk: Desk, people: People) -> None:
    here = (22.62, 120.30)
    now = set(people(desk.topic_id, 2, at=here))
    people(desk.topic_id, 2, at=here, seen_at=clock.now() - timedelta(hours=25))
    assert _found(desk, Audience(near=Circle(*here, 1000))) == now


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"districts": ["63000010"]}, "/audience/districts/0"),
        ({"facts": [{"name": "rider"}]}, "/audience/facts/0/name"),
        ({"subject": "bill:0193af00-0000-7000-8000-000000000000"}, "/audience/subject"),
        ({"subject": "roadworks:8"}, "/audience/subject"),
        ({"near": {}}, "/audience/near"),
        ({"near": {"circle": {"latitude": 22.6, "longitude": 120.3, "radius_m": 500}, "polygon": SQUARE}}, "/audience/near"),
        ({"near": {"circle": {"latitude": 120.3, "longitude": 22.6, "radius_m": 500}}}, "/audience/near/circle"),
        ({"near": {"circle": {"latitude": 22.6, "longitude": 120.3, "radius_m": 200}}}, "/audience/near/circle/radius_m"),
        ({"near": {"circle": {"latitude": 22.6, "longitude": 120.3, "radius_m": 31_000}}}, "/audience/near/circle/radius_m"),
        ({"near": {"polygon": SQUARE[:-1]}}, "/audience/near/polygon"),
        ({"near": {"polygon": [*SQUARE[:2], SQUARE[0]]}}, "/audience/near/polygon"),
        ({"near": {"polygon": [[lon, lat] for lat, lon in SQUARE]}}, "/audience/near/polygon"),
        ({"near": {"polygon": [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]}}, "/audience/near/polygon"),
        ({"near": {"polygon": [[22.60, 120.300], [22.60, 120.302], [22.602, 120.302], [22.60, 120.300]]}}, "/audience/near/polygon"),
    ],
)  # fmt: skip
def test_what_may_not_be_asked_for_is_refused_by_name(document: dict[str, Any], pointer: str) -> None:
    with pytest.raises(CampaignRefused) as refused:
        audiences.read_audience(document, RULES)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_the_same_people_asked_for_in_two_ways_are_the_same_question() -> None:
    turned = [*SQUARE[2:], SQUARE[1], SQUARE[2]]
    ways: list[dict[str, Any]] = [
        {"districts": ["64000080", "64000050"], "place_kinds": ["school", "home", "work"],
         "facts": [{"name": "has_car"}, {"name": "commutes", "value": "R"}], "near": {"polygon": SQUARE}},
        {"districts": ["64000050", "64000080", "64000080"], "place_kinds": [],
         "facts": [{"name": "commutes", "value": "R"}, {"name": "has_car", "value": ""}], "near": {"polygon": turned}},
        {"districts": ["64000050", "64000080"],
         "facts": [{"name": "commutes", "value": "R"}, {"name": "has_car"}, {"name": "has_car"}],
         "near": {"polygon": [[lat + 0.0002, lon - 0.0003] for lat, lon in reversed(SQUARE)]}},
    ]  # fmt: skip
    documents = [audiences.as_document(audiences.read_audience(way, RULES)) for way in ways]
    assert documents[0] == documents[1] == documents[2]
    assert audiences.as_document(audiences.stored(documents[0])) == documents[0]


@given(
    st.lists(
        st.tuples(st.floats(22.4, 23.4), st.floats(120.1, 121.0)), min_size=3, max_size=12, unique=True
    )
)  # fmt: skip
def test_a_ring_reads_the_same_from_every_corner_in_both_directions(corners: list[tuple[float, float]]) -> None:
    def read(ring: list[tuple[float, float]]) -> dict[str, Any] | None:
        closed = [list(corner) for corner in [*ring, ring[0]]]
        try:
            return audiences.as_document(audiences.read_audience({"near": {"polygon": closed}}, RULES))
        except CampaignRefused:
            return None

    first = read(corners)
    for start in range(len(corners)):
        turned = corners[start:] + corners[:start]
        assert read(turned) == first and read(turned[::-1]) == first


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the spherical law of cosines, which is not how the SQL reckons."""
    lat_1, lon_1, lat_2, lon_2 = (math.radians(degrees) for degrees in (*one, *other))
    cosine = math.sin(lat_1) * math.sin(lat_2) + math.cos(lat_1) * math.cos(lat_2) * math.cos(lon_2 - lon_1)
    return 6_371_008.8 * math.acos(min(1.0, cosine))
