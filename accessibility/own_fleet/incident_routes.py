"""What drivers reported, over HTTP, for the dispatch desk."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accessibility.own_fleet import incidents
from accessibility.own_fleet.schemas import SeenSchema
from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer, page_of
from core.ids import parse_typeid, typeid
from core.text import Text

routes = Routes("accessibility")
_KINDS = ("breakdown", "accident", "rider_unwell", "road_closed", "other")


class VanIncidentSchema(Schema):
    """What a driver reported, and whom to ring about it."""

    id = fields.String(required=True)
    at = fields.DateTime(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(_KINDS))
    note = fields.String(required=True)
    vehicle = fields.String(required=True)
    driver_name = fields.String(required=True)
    driver_phone = fields.String(required=True)
    position = fields.Nested(SeenSchema, required=True, allow_none=True)


class IncidentHandlingSchema(Schema):
    note = fields.String(
        load_default="", validate=validate.Length(0, 500), metadata={"description": "what was done about it"}
    )


VanIncidentPage = page_of(VanIncidentSchema)


@routes.get(
    "/v1/dispatch/incidents",
    access=officer("dispatcher", "auditor"),
    answers={200: VanIncidentPage},
    shows_person_data=False,
    summary=Text("駕駛回報的狀況", "What drivers reported in the last 24 hours and nobody has taken care of yet"),
)
def open_incidents(call: Call) -> Answer:
    items = [
        {
            "id": typeid("inc", row.id),
            "at": on_the_wire(row.at),
            "kind": row.kind,
            "note": row.note,
            "vehicle": row.number,
            "driver_name": row.driver_name,
            "driver_phone": row.driver_phone,
            "position": None
            if row.seen_at is None
            else {"latitude": row.latitude, "longitude": row.longitude, "seen_at": on_the_wire(row.seen_at)},
        }
        for row in incidents.open_now(call.session, call.now)
    ]
    return Answer({"items": items, "next_cursor": None})


@routes.put(
    "/v1/dispatch/incidents/<incident_id>/handling",
    access=officer("dispatcher"),
    body=IncidentHandlingSchema,
    answers={204: None},
    problems=[NotFound],
    shows_person_data=False,
    summary=Text("狀況已處理", "An incident is taken care of: it leaves the list of every desk"),
)
def handle_incident(call: Call) -> Answer:
    incident_id = parse_typeid("inc", call.path["incident_id"])
    incidents.handle(call.session, call.actor, incident_id, call.body["note"], call.now)
    return Answer(status=204)
