"""The places that people look for: districts, stations of metro and light rail, hospitals, schools and venues.

Read once from `data/places.json`; where each line comes from stands in `data/README.md`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

import orjson

from core import taiwan
from core.district_shapes import KM_PER_DEGREE
from core.text import Text

Kind = Literal["district", "hospital", "metro", "light_rail", "venue", "school"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""In the order in which equally good finds are listed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One place. `id` stays the same for good; `also` are other names, among them a station's codes."""

    id: str
    kind: Kind
    name: Text
    district: str
    latitude: float
    longitude: float
    address: str
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Keys:
    """How an entry is found: its names as they are compared, and the beginnings of their English words."""

    names: tuple[str, ...]
    words: tuple[str, ...]


@cache
def entries() -> Sequence[Entry]:
    """Every place of the catalogue."""
    found = orjson.loads((Path(__file__).parent / "data" / "places.json").read_bytes())
    return tuple(
        Entry(
            each["id"], each["kind"], Text(each["zh"], each["en"]), each["district"], each["latitude"],
            each["longitude"], each["address"], tuple(each["also"]),
        )
        for each in found
    )  # fmt: skip


@cache
def _by_id() -> Mapping[str, Entry]:
    return {each.id: each for each in entries()}


def by_id(entry_id: str) -> Entry | None:
    """The place of that id."""
    return _by_id().get(entry_id)


def named(typed: str) -> Entry | None:
    """The one place that is called so, exactly; None: there is none, or more than one."""
    key = comparable(typed)
    found = [entry for entry, keys in _keys() if key and key in keys.names]
    return found[0] if len(found) == 1 else None


def search(typed: str, *, near: tuple[float, float] | None, limit: int) -> list[Entry]:
    """Places whose names are, begin with, or contain what was typed, the best first; of equally good ones the nearest
    to `near` (latitude, longitude) first, else in the order of `KINDS`."""
    key = comparable(typed)
    if not key:
        return []
    ranked = []
    for place, (entry, keys) in enumerate(_keys()):
        rank = _rank(key, keys)
        if rank is not None:
            away = 0.0 if near is None else kilometres(near, (entry.latitude, entry.longitude))
            ranked.append((rank, round(away, 3), KINDS.index(entry.kind), len(entry.name.zh), place, entry))
    ranked.sort(key=lambda each: each[:-1])
    return [each[-1] for each in ranked[:limit]]


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two places (latitude, longitude), flat: right to a percent at the size of a city."""
    east = math.cos(math.radians((one[0] + other[0]) / 2))
    return math.hypot(one[0] - other[0], (one[1] - other[1]) * east) * KM_PER_DEGREE


def comparable(typed: str) -> str:
    """A name as it is compared: half width, lower case, 臺 as 台, without city, spaces and marks."""
    plain = _MARKS.sub("", taiwan.normalise(typed).lower().translate(_VARIANTS))
    shorter = plain.removeprefix("高雄市").removeprefix("捷運").removeprefix("輕軌")
    return shorter or plain


def _rank(key: str, keys: _Keys) -> int | None:
    if key in keys.names:
        return 0
    if any(name.startswith(key) for name in keys.names):
        return 1
    if any(word.startswith(key) for word in keys.words):
        return 2
    if any(key in name for name in keys.names):
        return 3
    return None


@cache
def _keys() -> Sequence[tuple[Entry, _Keys]]:
    found = []
    for entry in entries():
        names = {entry.name.zh, entry.name.en, *entry.also}
        if entry.kind in ("metro", "light_rail"):
            names |= {f"{entry.name.zh.removesuffix('站')}站", entry.name.zh.removesuffix("站")}
            names |= {f"{entry.name.en} Station"}
        if entry.kind == "district":
            names |= {entry.name.zh.removesuffix("區"), f"{entry.name.en} District"}
        words = tuple(comparable(word) for name in names if name.isascii() for word in name.split()[1:])
        found.append((entry, _Keys(tuple(filter(None, map(comparable, names))), tuple(filter(None, words)))))
    return tuple(found)


_MARKS: Final = re.compile(r"[\s\-‐‑–—'’.,，、。()（）&/]")
_VARIANTS: Final = str.maketrans({"臺": "台", "号": "號", "医": "醫", "学": "學"})
