"""Exactly whoever is inside is told: SQL with its index against plain trigonometry and ray casting, point by point."""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import shapely

from core import district_shapes
from notify.alerts import inside
from notify.alerts.areas import EVERYWHERE, parts_of
from notify.shapes import box_around
from partners.cap.document import Circle, Point
from partners.cap.reading import read
from tests.notify.alerts.conftest import City
from tests.partners.cap_documents import alert, area, info

Place = tuple[float, float]


def vector(at: Place) -> tuple[float, float, float]:
    """From the Earth's middle towards a place."""
    latitude, longitude = map(math.radians, at)
    return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)


def km_apart(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    """By the angle between two vectors: nothing in common with the haversine formula."""
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return 6371.0088 * math.atan2(math.hypot(*cross), sum(x * y for x, y in zip(a, b, strict=True)))


def km_between(one: Place, other: Place) -> float:
    return km_apart(vector(one), vector(other))


def in_polygon(at: Place, polygon: Sequence[Place]) -> bool:
    """A ray to the east crosses the outline an odd number of times."""
    is_inside = False
    for (y1, x1), (y2, x2) in itertools.pairwise(polygon):
        if (y1 > at[0]) != (y2 > at[0]) and at[1] < (x2 - x1) * (at[0] - y1) / (y2 - y1) + x1:
            is_inside = not is_inside
    return is_inside


def beside(circle: Circle, chance: random.Random, off_km: float) -> Place:
    """A place in some direction, so far beyond the circle's border (or before it, below 0)."""
    bearing, angle = chance.uniform(0, 2 * math.pi), (circle.radius_km + off_km) / 6371.0088
    latitude, longitude = math.radians(circle.center.latitude), math.radians(circle.center.longitude)
    north = math.asin(math.sin(latitude) * math.cos(angle) + math.cos(latitude) * math.sin(angle) * math.cos(bearing))
    east = longitude + math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(latitude),
        math.cos(angle) - math.sin(latitude) * math.sin(north),
    )
    return math.degrees(north), math.degrees(east)


def test_kaohsiung_s_own_alert_reaches_exactly_the_devices_in_its_331_circles(city: City, samples_dir: Path) -> None:
    document = (samples_dir / "cap" / "KHC_Parking_20190823224823.xml").read_bytes()
    # The same circles, today.
    document = document.replace(b"2019-08-27", b"2026-11-23").replace(b"2019-08-23", b"2026-11-21")
    document = document.replace(b"T22:33", b"T08:00")
    (part,) = parts_of(read(document))
    circles = part.reach.circles
    assert len(circles) == 331
    chance = random.Random(331)
    around = [beside(chance.choice(circles), chance, chance.choice((-0.002, 0.002, 0.02))) for _ in range(1000)]
    within = [beside(circle, chance, -0.05) for circle in circles]
    anywhere = [(chance.uniform(22.45, 23.4), chance.uniform(120.15, 121.0)) for _ in range(300)]
    places = around + within + anywhere
    devices = dict(zip([device for _, device in city.phones(places)], places, strict=True))
    told = city.devices_told(city.sent(document).id)
    rings = [(vector((circle.center.latitude, circle.center.longitude)), circle.radius_km) for circle in circles]
    expected = {
        device
        for device, at in devices.items()
        for here in [vector(at)]
        if any(km_apart(here, middle) <= radius_km for middle, radius_km in rings)
    }
    assert len(told) == len(set(told)) and set(told) == expected
    assert 331 <= len(expected) < len(places)


def test_polygons_and_circles_of_any_shape_hold_whoever_is_inside_and_nobody_else(city: City) -> None:
    chance = random.Random(1)
    polygons = [_star(chance) for _ in range(12)]
    circles = [
        Circle(Point(chance.uniform(22.5, 23.0), chance.uniform(120.25, 120.7)), chance.choice((0.0, 0.3, 3.0, 12.0)))
        for _ in range(4)
    ]
    shapes = [f"<polygon>{' '.join(f'{y!r},{x!r}' for y, x in each)}</polygon>" for each in polygons]
    shapes += [
        f"<circle>{each.center.latitude!r},{each.center.longitude!r} {each.radius_km}</circle>" for each in circles
    ]
    places = [(chance.uniform(22.3, 23.2), chance.uniform(120.1, 120.9)) for _ in range(800)]
    for polygon in polygons:
        for (y1, x1), (y2, x2) in itertools.pairwise(polygon):
            along = chance.random()
            y, x = y1 + (y2 - y1) * along, x1 + (x2 - x1) * along
            places += [(y + off, x + off) for off in (-2e-5, 2e-5)]
    places += [beside(circle, chance, off) for circle in circles for off in (-0.001, 0.001) if circle.radius_km]
    devices = dict(zip([device for _, device in city.phones(places)], places, strict=True))
    told = set(city.devices_told(city.sent(alert(info(area(*shapes)))).id))
    reach = [part.reach for part in parts_of(read(alert(info(area(*shapes)))))]
    kept = [[(at.latitude, at.longitude) for at in polygon] for each in reach for polygon in each.polygons]
    rings = [circle for each in reach for circle in each.circles]
    expected = {
        device
        for device, at in devices.items()
        if any(in_polygon(at, polygon) for polygon in kept)
        or any(km_between(at, (each.center.latitude, each.center.longitude)) <= each.radius_km for each in rings)
    }
    assert told == expected and expected
    # A third way of reckoning agrees about polygons.
    drawn = [shapely.Polygon([(x, y) for y, x in polygon]) for polygon in kept]
    for at in devices.values():
        assert any(in_polygon(at, each) for each in kept) == any(
            one.covers(shapely.Point(at[1], at[0])) for one in drawn
        )


def _star(chance: random.Random) -> list[Place]:
    """A closed outline around a middle, concave as chance has it, which never crosses itself."""
    middle = (chance.uniform(22.55, 22.9), chance.uniform(120.3, 120.6))
    angles = sorted(chance.uniform(0, 2 * math.pi) for _ in range(chance.randint(5, 14)))
    points = [
        (middle[0] + size * math.sin(angle), middle[1] + size * math.cos(angle))
        for angle in angles
        for size in [chance.uniform(0.01, 0.12)]
    ]
    points = [(round(y, 6), round(x, 6)) for y, x in points]
    return [*points, points[0]]


@pytest.mark.parametrize("latitude", [0.0, 22.6, -60.0, 89.0, 89.999])
def test_the_box_around_a_circle_holds_all_of_it(latitude: float) -> None:
    chance = random.Random(7)
    for radius in (0.0, 0.1, 50.0, 3000.0):
        south, west, north, east = box_around(latitude, 120.3, radius)
        for _ in range(50):
            y, x = beside(Circle(Point(latitude, 120.3), radius), chance, 0)
            x = (x + 180) % 360 - 180
            assert south <= y <= north and west <= x <= east


def test_who_is_inside_two_shapes_is_told_once(city: City) -> None:
    person, device = city.phone(at=(22.625, 120.300))
    circle = "<circle>22.625,120.300 1</circle>"
    sent = city.sent(alert(info(area(circle, circle), area(circle))))
    assert city.people_told(sent.id) == {person} and city.devices_told(sent.id) == [device]


def test_a_device_inside_is_told_and_one_of_the_same_person_elsewhere_is_left_alone(city: City) -> None:
    person, here = city.phone(at=(22.625, 120.300))
    _, elsewhere = city.phone(person, at=(22.9, 120.5))
    _, unknown = city.phone(person)
    sent = city.sent(alert(info(area("<circle>22.625,120.300 1</circle>"))))
    assert set(city.devices_told(sent.id)) == {here, unknown}
    assert elsewhere not in city.devices_told(sent.id)


def test_a_phone_that_is_gone_is_not_told_and_where_it_was_is_forgotten(city: City) -> None:
    _, device = city.phone(at=(22.625, 120.300), district="64000080")
    city.run(
        "UPDATE notify.device SET gone_at = now(), gone_reason = 'removed', address_sealed = NULL WHERE id = :id",
        id=device,
    )
    assert city.row("SELECT position, position_at, district FROM notify.device WHERE id = :id", id=device) == (
        None, None, None,
    )  # fmt: skip
    sent = city.sent(alert(info(area("<circle>22.625,120.300 1</circle>"))))
    assert city.devices_told(sent.id) == []


def test_a_list_of_people_is_not_kept(city: City) -> None:
    city.phone(at=(22.625, 120.300))
    city.sent(alert(info(area("<circle>22.625,120.300 1</circle>"))))
    assert city.row("SELECT count(*) FROM notify.alert_inside") == (0,)


def test_whoever_is_inside_is_found_the_same_in_many_small_chunks_and_forgotten_in_chunks(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(43)
    spots = [(round(chance.uniform(22.5, 22.8), 3), round(chance.uniform(120.2, 120.5), 3)) for _ in range(60)]
    devices = city.phones([chance.choice(spots) for _ in range(400)])
    crowd = city.phones([spots[0]] * 30)
    shapes = [f"<circle>{chance.choice(spots)[0]},{chance.choice(spots)[1]} 6</circle>" for _ in range(5)]
    shapes.insert(0, "<polygon>22.5,120.2 22.8,120.5 22.8,120.2 22.5,120.5 22.5,120.2</polygon>")
    document = alert(info(area(*shapes)))
    at_once = set(city.devices_told(city.sent(document).id))
    monkeypatch.setattr(inside, "MOST_AT_ONCE", 20)
    monkeypatch.setattr(inside, "EMPTIED_AT_ONCE", 50)
    in_chunks = city.sent(document.replace(b"KHC-2026-0001", b"KHC-2026-0002"))
    told = city.devices_told(in_chunks.id)
    assert len(told) == len(set(told)) and set(told) == at_once
    assert 100 < len(told) < len(devices) + len(crowd)
    assert city.row("SELECT count(*) FROM notify.alert_inside") == (0,)


def test_a_polygon_that_crosses_itself_ten_thousand_times_is_held_against_the_districts_at_once() -> None:
    chance = random.Random(5)
    scribble = [(chance.uniform(22.0, 23.5), chance.uniform(120.0, 121.2)) for _ in range(10_000)]
    scribble.append(scribble[0])
    began = time.process_time()
    assert district_shapes.overlapping_polygon(scribble) == EVERYWHERE
    assert not district_shapes.is_city_in_polygon(scribble)
    assert time.process_time() - began < 20
