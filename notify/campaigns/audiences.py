"""Who is to be told: a topic's subscribers, narrowed by places, facts and where devices are.

An audience is checked once, when it is written, and kept in one canonical form, so that the same people asked for in
two ways are the same question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from core.districts import DISTRICTS
from core.errors import FieldError
from notify.campaigns.errors import CampaignRefused

PLACE_KINDS = ("home", "work", "school")
LEAST_RADIUS_M, MOST_RADIUS_M = 300, 30_000
LEAST_AREA_KM2 = 0.25
MOST_CORNERS = 100
MOST_FACTS = 5
# Latitudes and longitudes of the city's mainland, generously; whoever swaps the two lands outside.
SOUTH, NORTH, WEST, EAST = 22.3, 23.6, 120.0, 121.2
PERSONAL_SUBJECTS = frozenset({"bill", "vehicle", "case", "ride", "permit", "child"})
"""Kinds of things that belong to somebody: an officer who names one would name a person."""

_DEGREE_DIGITS = 3
_RADIUS_STEP_M = 100
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Fact:
    """People who allowed this fact about them to be used; of any value where none is named."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Circle:
    """Around a point (WGS 84 degrees), so many metres along the ground."""

    latitude: float
    longitude: float
    radius_m: int


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed ring of (latitude, longitude) in WGS 84 degrees; the first corner is the last one again."""

    ring: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Audience:
    """Subscribers of a topic who meet every condition given. An empty condition asks for nothing.

    `districts`: town codes of a place of theirs, of one of `place_kinds` (any, where none is named); `near`: where a
    device of theirs was seen last; `subject`: subscribed about this thing, and no other.
    """

    districts: tuple[str, ...] = ()
    place_kinds: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    near: Circle | Polygon | None = None
    subject: str | None = None

    @property
    def is_everybody(self) -> bool:
        """Whether all subscribers of the topic are meant."""
        return self == Audience()


@dataclass(frozen=True, slots=True)
class TopicRules:
    """What a topic allows its audiences: facts (sensitive ones stand here only after a second person agreed), and the
    things of its bureau that are open and may be named as a subject."""

    facts: frozenset[str]
    subject_kind: str | None = None
    subjects: frozenset[str] = frozenset()


def read_audience(document: Mapping[str, Any], rules: TopicRules) -> Audience:
    """The audience that a JSON document asks for, in canonical form.

    Raises CampaignRefused, naming every member that is wrong.
    """
    errors: list[FieldError] = []
    audience = Audience(
        districts=_districts(document.get("districts") or (), errors),
        place_kinds=_place_kinds(document),
        facts=_facts(document.get("facts") or (), rules, errors),
        near=_near(document.get("near"), errors),
        subject=_subject(document.get("subject"), rules, errors),
    )
    if errors:
        raise CampaignRefused(errors=errors)
    return audience


def stored(document: Mapping[str, Any]) -> Audience:
    """The audience in a document that `as_document` made."""
    near = document["near"]
    shape: Circle | Polygon | None = None
    if near is not None:
        circle = near.get("circle")
        shape = Circle(**circle) if circle else Polygon(tuple((lat, lon) for lat, lon in near["polygon"]))
    return Audience(
        tuple(document["districts"]),
        tuple(document["place_kinds"]),
        tuple(Fact(each["name"], each["value"]) for each in document["facts"]),
        shape,
        document["subject"],
    )


def as_document(audience: Audience) -> dict[str, Any]:
    """The audience as JSON: two that ask for the same have the same document."""
    match audience.near:
        case Circle(latitude, longitude, radius_m):
            near: Any = {"circle": {"latitude": latitude, "longitude": longitude, "radius_m": radius_m}}
        case Polygon(ring):
            near = {"polygon": [list(corner) for corner in ring]}
        case None:
            near = None
    return {
        "districts": list(audience.districts),
        "place_kinds": list(audience.place_kinds),
        "facts": [{"name": fact.name, "value": fact.value} for fact in audience.facts],
        "near": near,
        "subject": audience.subject,
    }


def _districts(asked: Sequence[str], errors: list[FieldError]) -> tuple[str, ...]:
    for position, code in enumerate(asked):
        if code not in DISTRICTS:
            errors.append(FieldError(f"/audience/districts/{position}", "is not the code of a district of the city"))
    return tuple(sorted(set(asked)))


def _place_kinds(document: Mapping[str, Any]) -> tuple[str, ...]:
    # Naming every kind asks for no more than naming none, and without a district no place is looked at.
    kinds = set(document.get("place_kinds") or ())
    return tuple(sorted(kinds)) if document.get("districts") and kinds != set(PLACE_KINDS) else ()


def _facts(asked: Sequence[Mapping[str, Any]], rules: TopicRules, errors: list[FieldError]) -> tuple[Fact, ...]:
    if len(asked) > MOST_FACTS:
        errors.append(FieldError("/audience/facts", f"names more than {MOST_FACTS} facts"))
    for position, fact in enumerate(asked):
        if fact["name"] not in rules.facts:
            reason = "is not a fact that this topic may be narrowed by; a sensitive one needs the topic's own approval"
            errors.append(FieldError(f"/audience/facts/{position}/name", reason))
    found = {Fact(fact["name"], fact.get("value") or None) for fact in asked}
    return tuple(sorted(found, key=lambda fact: (fact.name, fact.value or "")))


def _subject(asked: str | None, rules: TopicRules, errors: list[FieldError]) -> str | None:
    if not asked:
        return None
    kind = asked.partition(":")[0]
    if kind in PERSONAL_SUBJECTS:
        errors.append(FieldError("/audience/subject", "belongs to somebody: name a thing of the bureau's own"))
    elif kind != rules.subject_kind or asked not in rules.subjects:
        errors.append(FieldError("/audience/subject", "is not an open thing of this bureau that the topic is about"))
    return asked


def _near(asked: Mapping[str, Any] | None, errors: list[FieldError]) -> Circle | Polygon | None:
    if asked is None:
        return None
    circle, polygon = asked.get("circle"), asked.get("polygon")
    if (circle is None) == (polygon is None):
        errors.append(FieldError("/audience/near", "is either a circle or a polygon"))
        return None
    return _circle(circle, errors) if circle is not None else _polygon(polygon or (), errors)


def _circle(asked: Mapping[str, Any], errors: list[FieldError]) -> Circle | None:
    found: list[FieldError] = []
    _must_be_in_the_city([(asked["latitude"], asked["longitude"])], "/audience/near/circle", found)
    radius = round(asked["radius_m"] / _RADIUS_STEP_M) * _RADIUS_STEP_M
    if not LEAST_RADIUS_M <= radius <= MOST_RADIUS_M:
        reason = f"is not from {LEAST_RADIUS_M} to {MOST_RADIUS_M:,} metres"
        found.append(FieldError("/audience/near/circle/radius_m", reason))
    errors += found
    return None if found else Circle(_coarse(asked["latitude"]), _coarse(asked["longitude"]), radius)


def _polygon(asked: Sequence[Sequence[float]], errors: list[FieldError]) -> Polygon | None:
    where = "/audience/near/polygon"
    found: list[FieldError] = []
    corners = [(_coarse(corner[0]), _coarse(corner[1])) for corner in asked if len(corner) == 2]
    if len(corners) != len(asked):
        found.append(FieldError(where, "has a corner that is not [latitude, longitude]"))
    elif not 4 <= len(corners) <= MOST_CORNERS + 1:
        found.append(FieldError(where, f"needs 3 to {MOST_CORNERS} corners, the first one again at the end"))
    elif corners[0] != corners[-1]:
        found.append(FieldError(where, "is not closed: its last corner is not its first"))
    else:
        _must_be_in_the_city(corners, where, found)
        shape = shapely.Polygon([(longitude, latitude) for latitude, longitude in corners])
        if not shape.is_valid:
            found.append(FieldError(where, f"is no area: {shapely.is_valid_reason(shape)}"))
        elif _square_km(shape) < LEAST_AREA_KM2:
            found.append(FieldError(where, f"is smaller than {LEAST_AREA_KM2} square kilometres"))
    errors += found
    return None if found else Polygon(_from_one_corner(corners))


def _must_be_in_the_city(points: Iterable[tuple[float, float]], where: str, errors: list[FieldError]) -> None:
    if any(not (SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST) for latitude, longitude in points):
        errors.append(FieldError(where, "lies outside the city (latitude comes first, then longitude)"))


def _square_km(shape: shapely.Polygon) -> float:
    return float(shape.area) * _KM_PER_DEGREE**2 * math.cos(math.radians((SOUTH + NORTH) / 2))


def _from_one_corner(corners: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The same ring begun at its least corner, in one direction."""
    ring = list(corners[:-1])
    start = ring.index(min(ring))
    ring = ring[start:] + ring[:start]
    if ring[1] > ring[-1]:
        ring = [ring[0], *reversed(ring[1:])]
    return (*ring, ring[0])


def _coarse(degrees: float) -> float:
    # Devices tell where they are to 0.001 degree: finer areas would only be more questions.
    return round(degrees, _DEGREE_DIGITS)
