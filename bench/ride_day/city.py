"""The demo city of the simulated day in the database: its fleets, vans with drivers and rosters, and riders."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import city as fleets
from accessibility.own_fleet import drivers
from accessibility.riders import eligibility, profile
from accessibility.riders.eligibility import Severity
from accessibility.riders.profile import RiderProfile, Wheelchair
from bench.ride_day import shifts
from bench.ride_day.demand import DAY, SIZES, Person
from core.ids import new_uuid
from identity import levels, people
from partners.bureaus.client import RideStanding

CODES: Final = ("rehabus", "yellow", "harbour", "mountain")


def found(session: Session, vans: int, persons: Iterable[Person], now: datetime) -> dict[str, UUID]:
    """Everything before the first request. Answers who each rider is, by the number that drivers ring."""
    fleets.ensure_fleets(session)
    session.execute(text("UPDATE accessibility.fleet SET is_open = code = ANY(:codes)"), {"codes": list(CODES)})
    _vans(session, vans)
    return {person.phone: _rider(session, person, now) for person in persons}


def _rider(session: Session, person: Person, now: datetime) -> UUID:
    rider_id = people.enrol(
        session, national_id=_national_id(person.number), mobile=person.phone, password_hash=None,
        proofing_level=levels.PROVED_BY_MOBILE, language="zh-TW", now=now,
    )  # fmt: skip
    assert rider_id is not None
    people.set_name(session, rider_id, person.name)
    severity: Severity = "severe" if person.is_severe else "moderate"
    told = RideStanding(
        has_certificate=True, severity=severity, needs_wheelchair=person.wheelchair != "none",
        books_first=person.is_severe and person.wheelchair != "none", card="disability",
    )  # fmt: skip
    eligibility.hear(session, rider_id, told, now=now)
    size = SIZES.get(person.wheelchair)
    chair = Wheelchair(person.wheelchair, *size) if size else None
    profile.save(
        session,
        RiderProfile(
            rider_id, 0, chair, can_transfer=person.can_transfer, companions_usual=person.companions,
            has_service_dog=person.has_dog, fleet_order=("rehabus",),
        ),
        now=now,
    )  # fmt: skip
    return rider_id


def _vans(session: Session, count: int) -> None:
    depots = {code: new_uuid() for code in shifts.DEPOTS}
    for code, spot in shifts.DEPOTS.items():
        session.execute(
            _DEPOT,
            {"id": depots[code], "code": code, "latitude": spot.latitude, "longitude": spot.longitude,
             "district": spot.district},
        )  # fmt: skip
    for number, van in enumerate(shifts.vans(count)):
        van_id = new_uuid()
        width, length = shifts.LARGEST_MM
        session.execute(
            _VAN,
            {"id": van_id, "number": van.number, "plate": f"RAA-{number:04d}", "model": shifts.MODEL,
             "depot": depots[van.depot], "layouts": json.dumps(shifts.LAYOUTS), "width": width, "length": length,
             "mass": shifts.HEAVIEST_KG},
        )  # fmt: skip
        for turn, shift in enumerate(van.shifts):
            driver_id = new_uuid()
            session.execute(
                _DRIVER,
                {"id": driver_id, "number": f"{number * 2 + turn + 1:04d}", "name": f"駕駛{number:03d}{'甲乙'[turn]}",
                 "phone": f"0966{number * 2 + turn:06d}", "pin": drivers.pin_hash(driver_id, "394817")},
            )  # fmt: skip
            until = datetime.combine(DAY, shift.rests) + timedelta(minutes=shifts.BREAK_WITHIN_MINUTES)
            rest = [f"{shift.rests:%H:%M}", f"{until:%H:%M}", shifts.BREAK_MINUTES]
            session.execute(
                _ROSTER,
                {"id": new_uuid(), "van": van_id, "driver": driver_id, "weekday": DAY.weekday(),
                 "begins": shift.begins, "ends": shift.ends, "breaks": json.dumps([rest])},
            )  # fmt: skip


def _national_id(number: int) -> str:
    """An ID number with a true check digit (A, then 1, seven digits)."""
    digits = f"1{number + 3_000_000:07d}"
    weights = 1 + sum(int(digit) * weight for digit, weight in zip(digits, (8, 7, 6, 5, 4, 3, 2, 1), strict=True))
    return f"A{digits}{-weights % 10}"


_DEPOT = text(
    """
    INSERT INTO accessibility.depot (id, code, label, label_en, latitude, longitude, district)
    VALUES (:id, :code, :code, :code, :latitude, :longitude, :district)
    """
)
_VAN = text(
    """
    INSERT INTO accessibility.van (id, number, plate, model, depot_id, layouts, chair_width_mm, chair_length_mm,
                                   chair_mass_kg, has_lift, has_ramp, features)
    VALUES (:id, :number, :plate, :model, :depot, CAST(:layouts AS jsonb), :width, :length, :mass, true, false, '{O}')
    """
)
_DRIVER = text(
    """
    INSERT INTO accessibility.van_driver (id, number, name, phone, pin_hash)
    VALUES (:id, :number, :name, :phone, :pin)
    """
)
_ROSTER = text(
    """
    INSERT INTO accessibility.van_roster (id, van_id, driver_id, weekday, begins, ends, breaks, valid_from)
    VALUES (:id, :van, :driver, :weekday, :begins, :ends, CAST(:breaks AS jsonb), DATE '2026-01-01')
    """
)
