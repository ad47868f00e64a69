"""A person's own pages over HTTP: who I am, my vehicles."""

from __future__ import annotations

from typing import Any

from core import db
from core.clock import on_the_wire
from core.errors import NotFound, RateLimited
from core.http import Answer, Call, PageQuery, Routes, citizen, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import levels, passkeys, people, ports, vehicles
from identity.errors import VehicleNotYours
from identity.models import Vehicle
from identity.pages_of_ids import continued, page_answer
from identity.passkey_routes import passkey_item
from identity.schemas import MeChange, MeSchema, VehicleClaim, VehicleSchema

routes = Routes("identity")


@routes.get("/v1/me", access=citizen(loa=1), answers={200: MeSchema}, summary=Text("我的資料", "Who I am"))
def me(call: Call) -> Answer:
    """Numbers are shown with their middles hidden."""
    return Answer(_me(call))


@routes.patch(
    "/v1/me",
    access=citizen(loa=1),
    body=MeChange,
    answers={200: MeSchema},
    summary=Text("變更語言", "Change my language"),
)
def change_me(call: Call) -> Answer:
    """The language in which text messages and notices are written."""
    people.choose_language(call.session, call.actor.id, call.body["language"])
    return Answer(_me(call))


@routes.get(
    "/v1/me/vehicles",
    access=citizen(loa=2),
    query=PageQuery,
    answers={200: page_of(VehicleSchema)},
    summary=Text("我的車輛", "My vehicles"),
)
def list_vehicles(call: Call) -> Answer:
    """The newest first."""
    limit = call.query["limit"]
    rows = vehicles.page(call.session, call.actor.id, limit=limit + 1, before=continued(call, "veh"))
    return page_answer([_vehicle_item(row) for row in rows], limit)


@routes.post(
    "/v1/me/vehicles",
    access=citizen(loa=2),
    body=VehicleClaim,
    answers={201: VehicleSchema},
    problems=[VehicleNotYours, RateLimited],
    own_units=True,
    summary=Text("加入我的車輛（向監理資料查證）", "Add a vehicle of mine (the register is asked)"),
)
def add_vehicle(call: Call) -> Answer:
    """The register is asked with the caller's own ID number; somebody else's plate and no plate answer alike."""
    plate, kind = call.body["plate"], call.body["vehicle"]
    with db.unit_of_work() as session:
        question = vehicles.question(session, call.actor.id, plate, kind, now=call.now)
    with ports.asking_outside():
        ownership = ports.vehicle_register.check_ownership(
            plate=question.plate, national_id=question.national_id, vehicle=question.vehicle
        )
    if not ownership.is_owner:
        raise VehicleNotYours
    with db.unit_of_work() as session:
        vehicle = vehicles.kind_of(plate, kind, ownership.vehicle)
        return Answer(_vehicle_item(vehicles.add(session, call.actor.id, plate, vehicle, now=call.now)), 201)


@routes.delete(
    "/v1/me/vehicles/<vehicle_id>",
    access=citizen(loa=2),
    answers={204: None},
    problems=[NotFound],
    summary=Text("移除我的車輛", "Take a vehicle off my list"),
)
def remove_vehicle(call: Call) -> Answer:
    """Its bills are no longer shown, unless they are on the ID number itself."""
    vehicles.remove(call.session, call.actor.id, parse_typeid("veh", call.path["vehicle_id"]), now=call.now)
    return Answer(status=204)


def _me(call: Call) -> dict[str, Any]:
    numbers = people.masked(call.session, call.actor.id)
    held = passkeys.held_by(call.session, call.actor.id)
    return {
        "id": typeid("per", call.actor.id),
        "national_id": numbers.national_id,
        "mobile": numbers.mobile,
        "name": people.name_of(call.session, call.actor.id),
        "acr": levels.acr(call.actor.loa),
        "phishing_resistant": call.actor.is_phishing_resistant,
        "language": people.person_language(call.session, call.actor.id),
        "passkeys": [passkey_item(passkey, call.language) for passkey in held],
    }


def _vehicle_item(vehicle: Vehicle) -> dict[str, Any]:
    return {
        "id": typeid("veh", vehicle.id),
        "plate": vehicle.plate,
        "vehicle": vehicle.vehicle,
        "added_at": on_the_wire(vehicle.added_at),
    }
