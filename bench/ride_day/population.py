"""How many people live in each district (戶政司, March 2022), and where people with a certificate go most."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

import shapely

from core import district_shapes

PEOPLE: Final = {
    "64000010": 22_692, "64000020": 139_577, "64000030": 195_131, "64000040": 189_700, "64000050": 331_151,
    "64000060": 48_808, "64000070": 26_138, "64000080": 163_426, "64000090": 181_514, "64000100": 27_022,
    "64000110": 155_408, "64000120": 356_674, "64000130": 68_666, "64000140": 111_606, "64000150": 41_033,
    "64000160": 33_872, "64000170": 93_969, "64000180": 44_076, "64000190": 95_381, "64000200": 40_083,
    "64000210": 29_142, "64000220": 6_760, "64000230": 27_853, "64000240": 50_962, "64000250": 29_567,
    "64000260": 29_677, "64000270": 13_647, "64000280": 18_577, "64000290": 34_995, "64000300": 34_962,
    "64000310": 37_737, "64000320": 12_058, "64000330": 5_743, "64000340": 11_215, "64000350": 13_700,
    "64000360": 1_889, "64000370": 4_220, "64000380": 3_151,
}  # fmt: skip
INNER: Final = frozenset(f"64000{number:02d}0" for number in range(1, 13))
MOUNTAIN: Final = frozenset(f"64000{number:02d}0" for number in range(30, 39))
# So far from its middle people live, also where the district goes on for thirty kilometres of forest.
_SETTLED_KM: Final = 3.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A door: degrees (WGS 84) and the code of the district around it."""

    latitude: float
    longitude: float
    district: str

    def metres_to(self, other: Spot) -> float:
        """How far it is in a straight line; flat enough at the size of a city."""
        north = (self.latitude - other.latitude) * district_shapes.KM_PER_DEGREE
        east = (self.longitude - other.longitude) * district_shapes.KM_PER_DEGREE * math.cos(math.radians(22.7))
        return math.hypot(north, east) * 1_000


def kind_of(district: str) -> str:
    """inner, outer or mountain."""
    return "inner" if district in INNER else "mountain" if district in MOUNTAIN else "outer"


# Large hospitals, each about where it is (to a few hundred metres): what a simulation needs, and no map.
HOSPITALS: Final = (
    Spot(22.6463, 120.3096, "64000050"), Spot(22.6797, 120.3229, "64000030"), Spot(22.6498, 120.3560, "64000180"),
    Spot(22.6137, 120.2977, "64000080"), Spot(22.6257, 120.3230, "64000080"), Spot(22.6553, 120.2913, "64000020"),
    Spot(22.5669, 120.3628, "64000110"), Spot(22.7663, 120.3640, "64000210"), Spot(22.7966, 120.2945, "64000190"),
    Spot(22.8808, 120.4831, "64000300"), Spot(22.6265, 120.3610, "64000120"), Spot(22.6018, 120.2757, "64000100"),
)  # fmt: skip


def home(random: Random) -> Spot:
    """A door in a district drawn by how many people live there."""
    return spot_in(random.choices(tuple(PEOPLE), tuple(PEOPLE.values()))[0], random)


def spot_in(district: str, random: Random) -> Spot:
    """A door somewhere in the settled part of a district."""
    outline, middle = district_shapes.outlines()[district], _middle(district)
    reach = _SETTLED_KM / district_shapes.KM_PER_DEGREE
    while True:
        longitude, latitude = (random.uniform(at - reach, at + reach) for at in middle)
        if math.hypot(longitude - middle[0], latitude - middle[1]) <= reach and outline.covers(
            shapely.Point(longitude, latitude)
        ):
            return Spot(round(latitude, 5), round(longitude, 5), district)


def near(spot: Spot, places: tuple[Spot, ...], random: Random) -> Spot:
    """One of these places, the nearer the likelier."""
    return random.choices(places, [1 / (1_500 + spot.metres_to(each)) ** 2 for each in places])[0]


@cache
def _middle(district: str) -> tuple[float, float]:
    at = shapely.point_on_surface(district_shapes.outlines()[district])
    return at.x, at.y
