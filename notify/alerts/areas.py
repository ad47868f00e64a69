"""What a CAP message says about Kaohsiung: parts, the gravest first, each with the area of whoever is to hear it.

A geocode names districts. Circles and polygons hold places exactly; for people of whom only a district is known, the
districts that they overlap count. Whatever names or covers all districts is the whole city.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core import district_shapes
from core.districts import DISTRICTS
from partners.cap.document import SEVERITIES, Area, Circle, Info, Message, Named, Point

EVERYWHERE = frozenset(DISTRICTS)
_CITY = "64"
_SCHEMES = re.compile(r"Taiwan_Geocode_\d+")
# 6400600 in Taiwan_Geocode_103 is town 006 of city 64, with two digits of a village; in the town codes it is 64000060.
_BY_GEOCODE = {f"64{code[4:]}0": code for code in DISTRICTS}
# The same as it stands in lists made from the town codes: 6400006.
_BY_LISTED_CODE = {code[:-1]: code for code in DISTRICTS}


@dataclass(frozen=True, slots=True)
class Reach:
    """An area within Kaohsiung: districts by name, districts that shapes overlap, and the shapes themselves."""

    named: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()
    circles: tuple[Circle, ...] = ()
    polygons: tuple[tuple[Point, ...], ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether any of it is in Kaohsiung."""
        return bool(self.named or self.near)

    @property
    def is_whole_city(self) -> bool:
        """Whether it holds for everybody, also for those of whom nothing is known."""
        return self.named == EVERYWHERE


@dataclass(frozen=True, slots=True)
class Part:
    """Infos that say one thing in one or more languages, where in Kaohsiung it holds, and what those places are called
    there."""

    infos: tuple[Info, ...]
    reach: Reach
    places: tuple[str, ...] = ()

    @property
    def severity(self) -> str:
        """How grave it is."""
        return self.infos[0].severity


def parts_of(message: Message) -> tuple[Part, ...]:
    """What is to be said in Kaohsiung, the gravest first; nothing for an alert about elsewhere."""
    same: dict[object, list[Info]] = {}
    for info in message.infos:
        where = tuple((area.polygons, area.circles, area.geocodes) for area in info.areas)
        saying = same.setdefault((where, info.severity, info.urgency, info.expires), [])
        if info.language.lower() in {other.language.lower() for other in saying}:
            saying = same.setdefault((where, info.severity, info.urgency, info.expires, info.event, id(info)), [])
        saying.append(info)
    parts = [_part(infos) for infos in same.values()]
    here = [part for part in parts if part.reach.is_here]
    return tuple(sorted(here, key=lambda part: SEVERITIES.index(part.severity)))


def _part(infos: list[Info]) -> Part:
    here = [(area, reach) for area in infos[0].areas if (reach := reach_of(area)).is_here]
    together = Reach(
        named=frozenset[str]().union(*(reach.named for _, reach in here)),
        near=frozenset[str]().union(*(reach.near for _, reach in here)),
        circles=tuple(circle for _, reach in here for circle in reach.circles),
        polygons=tuple(polygon for _, reach in here for polygon in reach.polygons),
    )
    return Part(tuple(infos), together, tuple(" ".join(area.description.split()) for area, _ in here))


def reach_of(area: Area) -> Reach:
    """What of an area concerns Kaohsiung. Shapes that overlap none of its districts are left out; one that covers them
    all names them all."""
    named: set[str] = set()
    near: set[str] = set()
    circles: list[Circle] = []
    polygons: list[tuple[Point, ...]] = []
    for geocode in area.geocodes:
        named |= districts_named(geocode)
    for circle in area.circles:
        at = circle.center
        overlapped = district_shapes.overlapping_circle(
            latitude=at.latitude, longitude=at.longitude, radius_km=circle.radius_km
        )
        if overlapped:
            circles.append(circle)
            near |= overlapped
            if overlapped == EVERYWHERE and district_shapes.is_city_in_circle(
                latitude=at.latitude, longitude=at.longitude, radius_km=circle.radius_km
            ):
                named |= EVERYWHERE
    for polygon in area.polygons:
        points = [(at.latitude, at.longitude) for at in polygon]
        overlapped = district_shapes.overlapping_polygon(points)
        if overlapped:
            polygons.append(polygon)
            near |= overlapped
            if overlapped == EVERYWHERE and district_shapes.is_city_in_polygon(points):
                named |= EVERYWHERE
    return Reach(frozenset(named), frozenset(near), tuple(circles), tuple(polygons))


def districts_named(geocode: Named) -> frozenset[str]:
    """The districts that a geocode names, at any level: the city, a district, a village (its whole district).

    A code of Kaohsiung that nobody knows counts as the whole city: to warn too many is the smaller mistake.
    """
    if not _SCHEMES.fullmatch(geocode.name) or not geocode.value.startswith(_CITY):
        return frozenset()
    code = geocode.value.partition("-")[0]
    town = _BY_GEOCODE.get(code) or _BY_LISTED_CODE.get(code) or (code if code in DISTRICTS else None)
    if town is None and len(code) >= 7:
        town = _BY_GEOCODE.get(f"{code[:5]}00")
    return EVERYWHERE if town is None else frozenset({town})
