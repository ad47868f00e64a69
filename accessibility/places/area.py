"""Where rides may begin and end: the city, and what the rule allows beyond it. The allowance is data with its source.

高雄市復康巴士服務及收費辦法: rides are within the city; they may end in the adjoining towns of 屏東縣 and 臺南市, and
from the districts at the border at hospitals in four more districts of 臺南市; the way back is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from accessibility.places.errors import NotInTaiwan, OutsideServiceArea
from accessibility.places.place import Place
from core import district_shapes
from core.districts import DISTRICTS
from core.text import Text

_DATA: Final = Path(__file__).parent / "data"
# Taiwan with its islands, in degrees: a quick answer for pins whose two numbers were swapped.
_SOUTH, _WEST, _NORTH, _EAST = 20.5, 116.5, 26.6, 122.6
TAOYUAN_CITY: Final = "68000"
TAOYUAN_DISTRICT: Final = "64000370"

Allowance = Literal["adjoining", "hospitals"]


@dataclass(frozen=True, slots=True)
class Beyond:
    """A town outside the city where rides may end: any, or (`hospitals`) medical ones from a district at the border."""

    code: str
    name: Text
    county: Text
    allowance: Allowance

    @property
    def full_name(self) -> Text:
        """The town with its county or city."""
        return Text(f"{self.county.zh}{self.name.zh}", f"{self.name.en}, {self.county.en}")


@dataclass(frozen=True, slots=True)
class Where:
    """What lies at a pin. `district` is the town code of a district of the city or of a town in `beyond`; None: no
    ride goes there. `county` is the code of the county or city; None: the sea, or another country."""

    district: str | None
    is_in_city: bool
    county: str | None


@cache
def beyond() -> Mapping[str, Beyond]:
    """The towns outside the city where rides may end, by their town codes."""
    counties: dict[str, Text] = {code: Text(*names) for code, names in _rule()["counties"].items()}
    return {
        each["code"]: Beyond(each["code"], Text(each["zh"], each["en"]), counties[each["code"][:5]], each["allowance"])
        for each in _rule()["towns"]
    }


def source() -> Text:
    """Where the allowance is written."""
    return Text(*_rule()["source"])


def is_confirmed() -> bool:
    """Whether the bureau has confirmed that the allowance is as written there."""
    return bool(_rule()["is_confirmed"])


def beyond_words(town: Beyond) -> Text:
    """What to tell somebody who points at a town beyond the city."""
    if town.allowance == "adjoining":
        words = Text(
            "{there}不在高雄市，但可以到那裡，也可以預約回程。",
            "{there} is not in Kaohsiung, but rides may end there, and the way back can be booked.",
        )
    else:
        words = Text(
            "{there}不在高雄市：只有從與臺南市相鄰的行政區出發就醫，才能到那裡。",
            "{there} is not in Kaohsiung: only medical rides from the districts that border on Tainan go there.",
        )
    return words.format(there=town.full_name)


@cache
def border_districts() -> frozenset[str]:
    """The districts from which hospitals beyond the adjoining towns may be reached."""
    return frozenset(_rule()["border_districts"])


@cache
def counties() -> Mapping[str, Text]:
    """Every county and city of the country, by its code."""
    return {
        each["properties"]["COUNTYCODE"]: Text(
            each["properties"]["COUNTYNAME"].replace("台", "臺"), each["properties"]["COUNTYENG"]
        )
        for each in _collection("counties.geojson")
    }


def name_of(district: str) -> Text:
    """What people call a district of the city, or a town beyond it with its county."""
    return DISTRICTS[district] if district in DISTRICTS else beyond()[district].full_name


def at(*, latitude: float, longitude: float, end: str = "place") -> Where:
    """What lies at a pin; `end` is where it stands in the request, for the refusal.

    Raises NotInTaiwan where no county of Taiwan is within a few kilometres.
    """
    if not _is_about_taiwan(latitude, longitude):
        is_swapped = _is_about_taiwan(longitude, latitude)
        raise NotInTaiwan(_SWAPPED if is_swapped else None, place=end, is_swapped=is_swapped)
    point = shapely.Point(longitude, latitude)
    for code, outline in district_shapes.outlines().items():
        if outline.covers(point):
            return Where(code, True, "64000")
    for code, outline in town_outlines().items():
        if outline.covers(point):
            return Where(code, False, code[:5])
    county = next((code for code, outline in _county_outlines().items() if outline.covers(point)), None)
    if county in (None, "64000"):
        # At the shore or at the simplified border of the city.
        beside = district_shapes.district_at(latitude=latitude, longitude=longitude)
        if beside is not None:
            return Where(beside, True, "64000")
    if county is None and not any(outline.distance(point) < _A_FEW_KM for outline in _county_outlines().values()):
        raise NotInTaiwan(place=end, is_swapped=False)
    return Where(None, False, county)


_SWAPPED: Final = Text(
    "經緯度填反了：高雄的緯度約 22 到 23，經度約 120 到 121。",
    "Latitude and longitude are swapped: Kaohsiung lies at about 22 to 23 north, 120 to 121 east.",
)


def _is_about_taiwan(latitude: float, longitude: float) -> bool:
    return _SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST


def refusal(where: Where, *, end: str = "place") -> OutsideServiceArea:
    """The refusal of a place to which no ride goes."""
    if where.county == TAOYUAN_CITY:
        words = Text(
            "這個位置在桃園市，不在高雄市。如果您要去的是高雄市桃源區，請重新選擇。",
            "That position is in Taoyuan City (桃園市), not in Kaohsiung. If you mean Taoyuan District (桃源區) of "
            "Kaohsiung, please choose again.",
        )
        return OutsideServiceArea(words, place=end, district=TAOYUAN_DISTRICT)
    there = counties().get(where.county or "", Text("海上或岸外", "the sea"))
    words = Text(
        "這個位置在{there}。車趟在高雄市內，可以到{towns}。",
        "That position is in {there}. Rides are within Kaohsiung and may end in {towns}.",
    )
    adjoining = [each.name for each in beyond().values() if each.allowance == "adjoining"]
    towns = Text("、".join(each.zh for each in adjoining), ", ".join(each.en for each in adjoining))
    return OutsideServiceArea(words.format(there=there, towns=towns), place=end, district=None)


def check(
    pickup: Place, dropoff: Place, *, purpose: str, is_return: bool = False, ends: tuple[str, str] = ("from", "to")
) -> None:
    """Whether a ride may go from one place to the other; the way back of such a ride may, too. `ends` is where both
    stand in the request, for the refusal.

    Raises OutsideServiceArea.
    """
    origin, goal = (dropoff, pickup) if is_return else (pickup, dropoff)
    start, finish = reversed(ends) if is_return else ends
    if origin.district not in DISTRICTS:
        words = Text(
            "{there}不在高雄市：車趟從高雄市內出發，回程才可以從那裡上車。",
            "{there} is not in Kaohsiung: rides begin within the city; from there only the way back can be booked.",
        )
        raise OutsideServiceArea(words.format(there=name_of(origin.district)), place=start, district=None)
    town = beyond().get(goal.district)
    if goal.district in DISTRICTS or (town is not None and town.allowance == "adjoining"):
        return
    if purpose != "medical" or origin.district not in border_districts():
        words = Text(
            "到{there}只限就醫，而且要從與臺南市相鄰的行政區出發。",
            "To {there} only medical rides go, and only from the districts that border on Tainan.",
        )
        raise OutsideServiceArea(words.format(there=name_of(goal.district)), place=finish, district=None)


_A_FEW_KM: Final = 0.05  # degrees


@cache
def _rule() -> Any:
    return orjson.loads((_DATA / "service_area.json").read_bytes())


def _collection(name: str) -> Any:
    return orjson.loads((_DATA / name).read_bytes())["features"]


@cache
def town_outlines() -> dict[str, BaseGeometry]:
    return _outlines("surrounding_towns.geojson", "TOWNCODE")


@cache
def _county_outlines() -> dict[str, BaseGeometry]:
    return _outlines("counties.geojson", "COUNTYCODE")


def _outlines(name: str, code: str) -> dict[str, BaseGeometry]:
    found = {
        str(each["properties"][code]): shapely.from_geojson(orjson.dumps(each["geometry"]))
        for each in _collection(name)
    }
    for outline in found.values():
        shapely.prepare(outline)
    return found
