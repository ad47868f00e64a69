"""A person's own pages over HTTP: who I am, my sessions, my vehicles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core import db
from core.clock import on_the_wire
from core.errors import NotFound, RateLimited
from core.http import Answer, Call, PageQuery, Routes, citizen, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import levels, people, ports, sessions, vehicles
from identity.errors import VehicleNotYours
from identity.models import Passkey, SessionRow, Vehicle
from identity.pages_of_ids import continued, page_answer
from identity.schemas import MeChange, MeSchema, SessionItemSchema, VehicleClaim, VehicleSchema

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
    "/v1/me/sessions",
    access=citizen(loa=1),
    query=PageQuery,
    answers={200: page_of(SessionItemSchema)},
    summary=Text("我在哪裡登入", "Where I am signed in"),
)
def list_sessions(call: Call) -> Answer:
    """The newest first."""
    limit = call.query["limit"]
    before = continued(call, "ses")
    rows = sessions.running(call.session, person_id=call.actor.id, now=call.now, limit=limit + 1, before=before)
    proofing = people.get(call.session, call.actor.id).proofing_level
    return page_answer([_session_item(row, proofing, call) for row in rows], limit)


@routes.delete(
    "/v1/me/sessions/<session_id>",
    access=citizen(loa=1),
    answers={204: None},
    problems=[NotFound],
    summary=Text("結束一個登入", "End one of my sessions"),
)
def end_session(call: Call) -> Answer:
    """It ends at once."""
    session_id = parse_typeid("ses", call.path["session_id"])
    sessions.end(call.session, person_id=call.actor.id, session_id=session_id, now=call.now)
    return Answer(status=204)


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
    vehicles.remove(call.session, call.actor.id, parse_typeid("veh", call.path["vehicle_id"]))
    return Answer(status=204)


def _me(call: Call) -> dict[str, Any]:
    numbers = people.masked(call.session, call.actor.id)
    held = call.session.scalars(select(Passkey).where(Passkey.person_id == call.actor.id).order_by(Passkey.id))
    return {
        "id": typeid("per", call.actor.id),
        "national_id": numbers.national_id,
        "mobile": numbers.mobile,
        "acr": levels.acr(call.actor.loa),
        "language": people.person_language(call.session, call.actor.id),
        "passkeys": [_passkey_item(passkey) for passkey in held],
    }


def _passkey_item(passkey: Passkey) -> dict[str, Any]:
    return {
        "id": typeid("psk", passkey.id),
        "name": passkey.name,
        "created_at": on_the_wire(passkey.created_at),
        "last_used_at": on_the_wire(passkey.last_used_at) if passkey.last_used_at else None,
        "is_synced": passkey.is_backup_eligible,
    }


def _session_item(row: SessionRow, proofing: int, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("ses", row.id),
        "acr": levels.acr(levels.assurance(proofing=proofing, authenticator=row.authenticator_level)),
        "amr": row.amr,
        "transport": row.transport,
        "user_agent": row.user_agent,
        "created_at": on_the_wire(row.created_at),
        "last_used_at": on_the_wire(row.last_used_at),
        "expires_at": on_the_wire(row.expires_at),
        "is_current": row.id == call.actor.session_id,
    }


def _vehicle_item(vehicle: Vehicle) -> dict[str, Any]:
    return {
        "id": typeid("veh", vehicle.id),
        "plate": vehicle.plate,
        "vehicle": vehicle.vehicle,
        "added_at": on_the_wire(vehicle.added_at),
    }
