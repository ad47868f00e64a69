"""Alerts over HTTP: from bureaus' systems as CAP documents, and where a citizen's device is."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import NotFound, UnsupportedMediaType
from core.http import Answer, Call, PageQuery, Routes, bureau, citizen
from core.ids import parse_typeid
from core.text import Text
from notify.alerts import intake, positions, records
from notify.alerts.errors import AlertNamedTwice, AlertTimesWrong
from notify.alerts.schemas import AlertPage, AlertSchema, PositionPut, PositionSchema
from notify.alerts.shown import alert_shown
from partners.cap.errors import AlertDocumentRefused, AlertSignatureWrong, AlertXmlUnsafe

routes = Routes("alerts")
_BUREAU = bureau(scope="alerts:write")
_CITIZEN = citizen(loa=2)
_MEDIA_TYPES = ("application/cap+xml", "text/xml", "application/xml")


@routes.post(
    "/v1/bureau/alerts",
    access=_BUREAU,
    shows_person_data=False,
    summary=Text("送出一則 CAP 告警", "Send an alert (CAP 1.2)"),
    answers={200: AlertSchema, 201: AlertSchema},
    answer_headers={201: {"Location": "where the alert is"}},
    problems=[
        UnsupportedMediaType, AlertXmlUnsafe, AlertDocumentRefused, AlertSignatureWrong, AlertTimesWrong,
        AlertNamedTwice,
    ],
    accepts=_MEDIA_TYPES,
)  # fmt: skip
def send_alert(call: Call) -> Answer:
    """Take a CAP 1.2 document over. With the enveloped signature of its registered sender it goes out at once; without,
    two duty officers confirm it. The same document again answers 200 and changes nothing."""
    if call.request.mimetype not in _MEDIA_TYPES:
        raise UnsupportedMediaType
    received = intake.receive(
        call.session,
        call.request.get_data(cache=True),
        source=_source(call),
        bureau=call.actor.bureau,
        now=call.now,
    )
    body = alert_shown(received.alert, call.language)
    if not received.is_new:
        return Answer(body)
    return Answer(body, status=201, headers={"Location": f"/v1/bureau/alerts/{body['id']}"})


@routes.get(
    "/v1/bureau/alerts",
    access=_BUREAU,
    shows_person_data=False,
    query=PageQuery,
    answers={200: AlertPage},
    summary=Text("本機關送出的告警", "The alerts that this bureau's systems sent, newest first"),
)
def my_alerts(call: Call) -> Answer:
    alerts, cursor = records.page(
        call.session, limit=call.query["limit"], cursor=call.query["cursor"], source=_source(call)
    )
    return Answer({"items": [alert_shown(alert, call.language) for alert in alerts], "next_cursor": cursor})


@routes.get(
    "/v1/bureau/alerts/<alert_id>",
    access=_BUREAU,
    shows_person_data=False,
    answers={200: AlertSchema},
    problems=[NotFound],
    summary=Text("一則告警的狀態", "Where one of this bureau's alerts stands"),
)
def my_alert(call: Call) -> Answer:
    alert = records.get(call.session, parse_typeid("alr", call.path["alert_id"]))
    if alert.source != _source(call):
        raise NotFound
    return Answer(alert_shown(alert, call.language))


@routes.put(
    "/v1/devices/<device_id>/position",
    access=_CITIZEN,
    body=PositionPut,
    answers={200: PositionSchema},
    problems=[NotFound],
    summary=Text("告知這台裝置的大概位置", "Say about where a device is: kept to 0.001 degree, only the last one"),
)
def put_position(call: Call) -> Answer:
    device_id = parse_typeid("dev", call.path["device_id"])
    kept = positions.put(call.session, person_id=call.actor.id, device_id=device_id, now=call.now, **call.body)
    return Answer(position_shown(kept))


@routes.delete(
    "/v1/devices/<device_id>/position",
    access=_CITIZEN,
    answers={204: None},
    problems=[NotFound],
    summary=Text("不再使用這台裝置的位置", "Forget where a device is"),
)
def forget_position(call: Call) -> Answer:
    device_id = parse_typeid("dev", call.path["device_id"])
    positions.forget(call.session, person_id=call.actor.id, device_id=device_id, now=call.now)
    return Answer(status=204)


def _source(call: Call) -> str:
    return f"bureau:{call.actor.bureau}"


def position_shown(kept: positions.Position) -> dict[str, Any]:
    """A device's position, as it is kept."""
    return {
        "latitude": kept.latitude,
        "longitude": kept.longitude,
        "district": kept.district,
        "at": on_the_wire(kept.at),
    }
