"""The demo city's vans: depots, vans of three kinds, drivers with a PIN, and the week that repeats. All invented.

Twelve for `make run`; as many as wanted for benches. Vans drive from 06:00 to 23:00 (高雄市復康巴士服務及收費辦法),
in two shifts; the last one stands by around the clock, so that the driver's page can be tried at any hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.own_fleet import drivers
from core.ids import new_uuid

VANS: Final = 12
PIN: Final = "246810"
"""Of every demo driver."""
SINCE: Final = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of van: its layouts of (wheelchairs, seats), the largest wheelchair in millimetres and kilograms."""

    model: str
    layouts: tuple[tuple[int, int], ...]
    largest: tuple[int, int, int]
    has_lift: bool
    features: tuple[str, ...] = ()


KINDS: Final = (
    Kind("VW Crafter", ((1, 4), (2, 2)), (800, 1_300, 350), True),
    Kind("Toyota Hiace", ((1, 3), (2, 1)), (750, 1_250, 300), True),
    Kind("Ford Tourneo", ((1, 4),), (760, 1_250, 300), False),
    Kind("VW Crafter", ((1, 4), (2, 2)), (850, 1_400, 400), True, ("O",)),
)
# code, zh, en, latitude, longitude, district
DEPOTS: Final = (
    ("lingya", "苓雅站", "Lingya depot", 22.6201, 120.3302, "64000080"),
    ("zuoying", "左營站", "Zuoying depot", 22.6874, 120.3075, "64000030"),
    ("fengshan", "鳳山站", "Fengshan depot", 22.6262, 120.3610, "64000120"),
    ("gangshan", "岡山站", "Gangshan depot", 22.7936, 120.2959, "64000190"),
    ("qishan", "旗山站", "Qishan depot", 22.8886, 120.4829, "64000300"),
    ("xiaogang", "小港站", "Xiaogang depot", 22.5672, 120.3540, "64000110"),
)
_SHIFTS: Final = (("06:00", "14:30", "09:30", "11:30"), ("14:30", "23:00", "17:30", "19:30"))
_AROUND_THE_CLOCK: Final = (
    ("00:00", "08:00", "03:00", "05:00"),
    ("08:00", "16:00", "11:00", "13:00"),
    ("16:00", "23:59", "19:00", "21:00"),
)
_BREAK_MINUTES: Final = 30
_SURNAMES: Final = "陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴徐"
_GIVEN: Final = ("志豪", "淑惠", "建志", "美玲", "俊宏", "雅雯", "文彬", "秀英", "宗翰", "怡君", "國榮", "麗華")


def load(session: Session, *, vans: int = VANS) -> None:
    """Put so many vans with their drivers on the road; what is there already stays as it is."""
    depots = [_depot(session, depot) for depot in DEPOTS]
    for number in range(1, vans + 1):
        if session.execute(_KNOWN, {"number": van_number(number)}).scalar() is not None:
            continue
        van_id = _van(session, number, depots[(number - 1) % len(depots)])
        shifts = _AROUND_THE_CLOCK if number == vans else _SHIFTS
        for turn, (begins, ends, earliest, latest) in enumerate(shifts):
            driver_id = _driver(session, number * 10 + turn)
            rest = orjson.dumps([[earliest, latest, _BREAK_MINUTES]]).decode()
            for weekday in range(7):
                session.execute(
                    _ROSTER,
                    {
                        "id": new_uuid(), "van": van_id, "driver": driver_id, "weekday": weekday,
                        "begins": time.fromisoformat(begins), "ends": time.fromisoformat(ends), "breaks": rest,
                        "since": SINCE,
                    },
                )  # fmt: skip


def van_number(number: int) -> str:
    """What is written on the van: R001, R002, …"""
    return f"R{number:03d}"


def _depot(session: Session, depot: tuple[str, str, str, float, float, str]) -> UUID:
    code, label, label_en, latitude, longitude, district = depot
    values = {
        "id": new_uuid(), "code": code, "label": label, "label_en": label_en, "latitude": latitude,
        "longitude": longitude, "district": district,
    }  # fmt: skip
    found: UUID = session.execute(_DEPOT, values).scalar_one()
    return found


def _van(session: Session, number: int, depot_id: UUID) -> UUID:
    kind = KINDS[(number - 1) % len(KINDS)]
    width, length, mass = kind.largest
    values = {
        "id": new_uuid(), "number": van_number(number), "plate": f"RBA-{2000 + number}", "model": kind.model,
        "depot": depot_id, "layouts": orjson.dumps(kind.layouts).decode(), "width": width, "length": length,
        "mass": mass, "lift": kind.has_lift, "ramp": not kind.has_lift, "features": list(kind.features),
    }  # fmt: skip
    session.execute(_VAN, values)
    return values["id"]  # type: ignore[return-value]


def _driver(session: Session, number: int) -> UUID:
    driver_id = new_uuid()
    name = _SURNAMES[number % len(_SURNAMES)] + _GIVEN[number % len(_GIVEN)]
    values = {
        "id": driver_id, "number": f"{number:05d}", "name": name, "phone": f"0988{number:06d}",
        "pin": drivers.pin_hash(driver_id, PIN),
    }  # fmt: skip
    session.execute(_DRIVER, values)
    return driver_id


_KNOWN = text("SELECT 1 FROM accessibility.van WHERE number = :number")
_DEPOT = text(
    """
    INSERT INTO accessibility.depot (id, code, label, label_en, latitude, longitude, district)
    VALUES (:id, :code, :label, :label_en, :latitude, :longitude, :district)
    ON CONFLICT (code) DO UPDATE SET label = EXCLUDED.label
    RETURNING id
    """
)
_VAN = text(
    """
    INSERT INTO accessibility.van (id, number, plate, model, depot_id, layouts, chair_width_mm, chair_length_mm,
                                   chair_mass_kg, has_lift, has_ramp, features)
    VALUES (:id, :number, :plate, :model, :depot, CAST(:layouts AS jsonb), :width, :length, :mass, :lift, :ramp,
            :features)
    """
)
_DRIVER = text(
    "INSERT INTO accessibility.van_driver (id, number, name, phone, pin_hash) "
    "VALUES (:id, :number, :name, :phone, :pin)"
)
_ROSTER = text(
    """
    INSERT INTO accessibility.van_roster (id, van_id, driver_id, weekday, begins, ends, breaks, valid_from)
    VALUES (:id, :van, :driver, :weekday, :begins, :ends, CAST(:breaks AS jsonb), :since)
    """
)
