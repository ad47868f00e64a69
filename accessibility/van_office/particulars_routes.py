"""Vans, depots and drivers of the city over HTTP: listed, added, changed (If-Match), retired."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from accessibility.own_fleet.events import By
from accessibility.own_fleet.ports import travel
from accessibility.own_fleet.schemas import VAN_NUMBER
from accessibility.van_office import drivers, vans
from accessibility.van_office.errors import NumberTaken, StillNeeded, VanTooSmall
from accessibility.van_office.particulars_schemas import (
    CityDepotPage,
    CityDepotSchema,
    CityDriverPage,
    CityDriverSchema,
    CityVanPage,
    CityVanSchema,
    DepotChangeSchema,
    DriverPinSchema,
    NewCityDriverSchema,
    NewDepotSchema,
    NewVanDriverSchema,
    NewVanSchema,
    VanChangeSchema,
    VanDriverChangeSchema,
)
from accessibility.van_office.schemas import DRIVER_NUMBER
from core.clock import on_the_wire
from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, Routes, officer
from core.text import Text
from core.version_tags import ETAG, tagged, version_of

routes = Routes("van_office")
_DESK: Final = officer("dispatcher")
_READERS: Final = officer("dispatcher", "auditor")
_VERSIONED: Final = [NotFound, PreconditionRequired, PreconditionFailed]
_DEPOT_CODE: Final = "[a-z][a-z0-9_]{1,30}"
_TAGS: Final = {200: ETAG}


@routes.get(
    "/v1/dispatch/vehicles",
    access=_READERS,
    answers={200: CityVanPage},
    shows_person_data=False,
    summary=Text("復康巴士車輛", "The city's vans, those that are retired last"),
)
def vans_listed(call: Call) -> Answer:
    return Answer({"items": [_van(row) for row in vans.listed(call.session)], "next_cursor": None})


@routes.post(
    "/v1/dispatch/vehicles",
    access=_DESK,
    body=NewVanSchema,
    answers={201: CityVanSchema},
    answer_headers={201: ETAG},
    problems=[NumberTaken],
    shows_person_data=False,
    summary=Text("新增車輛", "A new van; it drives once it is given shifts"),
)
def add_van(call: Call) -> Answer:
    row = vans.add(call.session, _wanted_van(call.body), _by(call), call.now)
    return tagged(_van(row), row.version, status=201)


@routes.get(
    "/v1/dispatch/vehicles/<number>",
    access=_READERS,
    answers={200: CityVanSchema},
    answer_headers=_TAGS,
    problems=[NotFound],
    shows_person_data=False,
    summary=Text("一輛車", "One van"),
)
def van_shown(call: Call) -> Answer:
    row = vans.one(call.session, _of_path(call, "number", VAN_NUMBER))
    return tagged(_van(row), row.version)


@routes.patch(
    "/v1/dispatch/vehicles/<number>",
    access=_DESK,
    body=VanChangeSchema,
    answers={200: CityVanSchema},
    answer_headers=_TAGS,
    problems=[*_VERSIONED, NumberTaken, VanTooSmall],
    shows_person_data=False,
    summary=Text("變更車輛", "Change a van: plate, places, lift or ramp, largest wheelchair, depot"),
)
def change_van(call: Call) -> Answer:
    """Rides that were promised a place in it must still fit, and be reached in time."""
    number = _of_path(call, "number", VAN_NUMBER)
    row = vans.change(call.session, number, _wanted_van(call.body), version_of(call), _by(call), travel(), call.now)
    return tagged(_van(row), row.version)


@routes.delete(
    "/v1/dispatch/vehicles/<number>",
    access=_DESK,
    answers={204: None},
    problems=[*_VERSIONED, StillNeeded],
    shows_person_data=False,
    summary=Text("車輛除役", "Retire a van: its shifts go with it; rides in them stand against it"),
)
def retire_van(call: Call) -> Answer:
    vans.retire(call.session, _of_path(call, "number", VAN_NUMBER), version_of(call), _by(call), call.now)
    return Answer(status=204)


@routes.get(
    "/v1/dispatch/depots",
    access=_READERS,
    answers={200: CityDepotPage},
    shows_person_data=False,
    summary=Text("車庫", "Where vans begin and end their day"),
)
def depots_listed(call: Call) -> Answer:
    return Answer({"items": [_depot(row) for row in vans.depots(call.session)], "next_cursor": None})


@routes.post(
    "/v1/dispatch/depots",
    access=_DESK,
    body=NewDepotSchema,
    answers={201: CityDepotSchema},
    problems=[NumberTaken],
    shows_person_data=False,
    summary=Text("新增車庫", "A new depot"),
)
def add_depot(call: Call) -> Answer:
    return Answer(_depot(vans.add_depot(call.session, call.body, _by(call), call.now)), status=201)


@routes.patch(
    "/v1/dispatch/depots/<code>",
    access=_DESK,
    body=DepotChangeSchema,
    answers={200: CityDepotSchema},
    problems=[*_VERSIONED, VanTooSmall],
    shows_person_data=False,
    summary=Text("變更車庫", "A depot has moved, or has another name"),
)
def change_depot(call: Call) -> Answer:
    code = _of_path(call, "code", _DEPOT_CODE)
    row = vans.change_depot(call.session, code, call.body, version_of(call), _by(call), travel(), call.now)
    return Answer(_depot(row))


@routes.delete(
    "/v1/dispatch/depots/<code>",
    access=_DESK,
    answers={204: None},
    problems=[*_VERSIONED, StillNeeded],
    shows_person_data=False,
    summary=Text("移除車庫", "Take away a depot that no van has"),
)
def remove_depot(call: Call) -> Answer:
    vans.remove_depot(call.session, _of_path(call, "code", _DEPOT_CODE), version_of(call), _by(call), call.now)
    return Answer(status=204)


@routes.get(
    "/v1/dispatch/drivers",
    access=_READERS,
    answers={200: CityDriverPage},
    shows_person_data=False,
    summary=Text("駕駛", "The vans' drivers, those who have left last"),
)
def drivers_listed(call: Call) -> Answer:
    return Answer({"items": [_driver(row) for row in drivers.listed(call.session)], "next_cursor": None})


@routes.post(
    "/v1/dispatch/drivers",
    access=_DESK,
    body=NewVanDriverSchema,
    answers={201: NewCityDriverSchema},
    problems=[NumberTaken],
    shows_person_data=False,
    summary=Text("新增駕駛", "A new driver; the PIN for the driver's page is shown this once"),
)
def add_driver(call: Call) -> Answer:
    row, pin = drivers.add(call.session, call.body, _by(call), call.now)
    return Answer({**_driver(row), "pin": pin}, status=201)


@routes.patch(
    "/v1/dispatch/drivers/<number>",
    access=_DESK,
    body=VanDriverChangeSchema,
    answers={200: CityDriverSchema},
    problems=[*_VERSIONED, StillNeeded],
    shows_person_data=False,
    summary=Text("變更駕駛", "Change a driver's name, telephone number or licence"),
)
def change_driver(call: Call) -> Answer:
    number = _of_path(call, "number", DRIVER_NUMBER)
    return Answer(_driver(drivers.change(call.session, number, call.body, version_of(call), _by(call), call.now)))


@routes.delete(
    "/v1/dispatch/drivers/<number>",
    access=_DESK,
    answers={204: None},
    problems=[*_VERSIONED, StillNeeded],
    shows_person_data=False,
    summary=Text("駕駛離職", "A driver leaves; shifts to come stand against it"),
)
def driver_leaves(call: Call) -> Answer:
    drivers.leave(call.session, _of_path(call, "number", DRIVER_NUMBER), version_of(call), _by(call), call.now)
    return Answer(status=204)


@routes.post(
    "/v1/dispatch/drivers/<number>/pin",
    access=_DESK,
    answers={200: DriverPinSchema},
    problems=[NotFound],
    shows_person_data=False,
    summary=Text("重設駕駛 PIN", "Another PIN for a driver, shown this once; sessions begun with the old one are over"),
)
def new_pin(call: Call) -> Answer:
    pin = drivers.new_pin(call.session, _of_path(call, "number", DRIVER_NUMBER), _by(call), call.now)
    return Answer({"pin": pin})


def _by(call: Call) -> By:
    return By("officer", call.actor.id)


def _of_path(call: Call, name: str, form: str) -> str:
    """A member of the address. Raises NotFound for what nothing is called."""
    if re.fullmatch(form, call.path[name]) is None:
        raise NotFound
    return call.path[name]


def _wanted_van(body: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict(body)
    if "layouts" in wanted:
        wanted["layouts"] = [[each["wheelchairs"], each["seats"]] for each in wanted["layouts"]]
    return wanted


def _van(row: Any) -> dict[str, Any]:
    plain = (
        "number", "plate", "model", "depot", "chair_width_mm", "chair_length_mm", "chair_mass_kg", "has_lift",
        "has_ramp", "features", "rides", "version",
    )  # fmt: skip
    return {name: getattr(row, name) for name in plain} | {
        "layouts": [{"wheelchairs": each[0], "seats": each[1]} for each in row.layouts],
        "broken_at": None if row.broken_at is None else on_the_wire(row.broken_at),
        "retired_at": None if row.retired_at is None else on_the_wire(row.retired_at),
    }


def _depot(row: Any) -> dict[str, Any]:
    plain = ("code", "label", "label_en", "latitude", "longitude", "district", "vans", "version")
    return {name: getattr(row, name) for name in plain}


def _driver(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "name": row.name,
        "phone": row.phone,
        "licence_until": None if row.licence_until is None else row.licence_until.isoformat(),
        "left_at": None if row.left_at is None else on_the_wire(row.left_at),
        "shifts": row.shifts,
        "version": row.version,
    }
