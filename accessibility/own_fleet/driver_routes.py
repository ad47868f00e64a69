"""The page of a van's driver over HTTP: who drives, what comes next, and what has happened."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accessibility.own_fleet import drivers, driving, manifests
from accessibility.own_fleet.driving import Tap
from accessibility.own_fleet.errors import (
    NotAtTheDoor,
    NotWaitedLongEnough,
    ReasonNeeded,
    SomebodyAboard,
    StopNotNow,
    TooManyDriverTries,
    WrongDriverPin,
    WrongRideCode,
)
from accessibility.own_fleet.schemas import (
    AboardSchema,
    DriverSessionRequestSchema,
    DriverSessionSchema,
    IncidentSchema,
    NoShowSchema,
    PlacedTapSchema,
    TapSchema,
    VanManifestSchema,
    VanPositionSchema,
    VanRestSchema,
)
from core.errors import NotFound
from core.http import Answer, Call, Routes, driver, public
from core.ids import parse_typeid
from core.text import Text
from identity.session_answers import network_of

routes = Routes("accessibility")
_COOKIE = "__Host-driver"
_COOKIE_SECONDS = 20 * 3600
_MANIFEST = {200: VanManifestSchema}


@routes.post(
    "/v1/driver/session",
    access=public(),
    body=DriverSessionRequestSchema,
    answers={201: DriverSessionSchema},
    answer_headers={201: {"Set-Cookie": "the driver's token, where `transport` is cookie"}},
    problems=[WrongDriverPin, TooManyDriverTries],
    summary=Text("駕駛登入車輛", "Begin at the wheel: the van's number and the driver's PIN, around the shift"),
)
def begin_driving(call: Call) -> Answer:
    network = network_of(call.request.remote_addr)
    token, who = drivers.begin(
        call.session, number=call.body["vehicle"], pin=call.body["pin"], network=network, now=call.now
    )
    is_cookie = call.body["transport"] == "cookie"
    cookie = f"{_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={_COOKIE_SECONDS}"
    body = manifests.session_of(call.session, who, call.now) | {"token": None if is_cookie else token}
    return Answer(body, 201, {"Set-Cookie": cookie} if is_cookie else {})


@routes.get(
    "/v1/driver/session",
    access=driver(),
    answers={200: DriverSessionSchema},
    shows_person_data=False,
    summary=Text("目前值勤的車輛與班次", "Which van this is, who drives it, and until when"),
)
def driving_now(call: Call) -> Answer:
    return Answer(manifests.session_of(call.session, call.actor, call.now))


@routes.delete(
    "/v1/driver/session",
    access=driver(),
    answers={204: None},
    shows_person_data=False,
    summary=Text("駕駛登出", "Leave the wheel"),
)
def end_driving(call: Call) -> Answer:
    drivers.end(call.session, call.actor, call.now)
    return Answer(status=204)


@routes.get(
    "/v1/driver/manifest",
    access=driver(),
    answers=_MANIFEST,
    shows_person_data=True,
    summary=Text("本班任務清單", "The stops of this shift: what is done, and what comes next with who rides"),
)
def manifest(call: Call) -> Answer:
    return _manifest(call)


@routes.post(
    "/v1/driver/stops/<stop_id>/arrival",
    access=driver(),
    body=PlacedTapSchema,
    answers=_MANIFEST,
    problems=[NotFound, StopNotNow],
    idempotent=True,
    shows_person_data=True,
    summary=Text("抵達這一站", "The van has come to this stop"),
)
def arrive(call: Call) -> Answer:
    driving.arrive(call.session, drivers.at_wheel(call.session, call.actor), _stop(call), _tap(call))
    return _manifest(call)


@routes.post(
    "/v1/driver/stops/<stop_id>/aboard",
    access=driver(),
    body=AboardSchema,
    answers=_MANIFEST,
    problems=[NotFound, StopNotNow, WrongRideCode, TooManyDriverTries, ReasonNeeded],
    idempotent=True,
    shows_person_data=True,
    summary=Text("乘客上車", "Somebody is aboard, by the four digits that they say; or why they cannot say them"),
)
def board(call: Call) -> Answer:
    if call.body["code"] is None and not call.body["reason"].strip():
        raise ReasonNeeded
    tap = _tap(call, note=call.body["reason"])
    driving.board(call.session, drivers.at_wheel(call.session, call.actor), _stop(call), call.body["code"], tap)
    return _manifest(call)


@routes.post(
    "/v1/driver/stops/<stop_id>/out",
    access=driver(),
    body=TapSchema,
    answers=_MANIFEST,
    problems=[NotFound, StopNotNow],
    idempotent=True,
    shows_person_data=True,
    summary=Text("乘客下車", "They are out where they wanted to go"),
)
def bring_out(call: Call) -> Answer:
    driving.bring_out(call.session, drivers.at_wheel(call.session, call.actor), _stop(call), _tap(call))
    return _manifest(call)


@routes.post(
    "/v1/driver/stops/<stop_id>/no-show",
    access=driver(),
    body=NoShowSchema,
    answers=_MANIFEST,
    problems=[NotFound, StopNotNow, NotWaitedLongEnough, NotAtTheDoor],
    idempotent=True,
    shows_person_data=True,
    summary=Text("乘客未出現", "Nobody came, after waiting at the door: the position and the minutes are the proof"),
)
def nobody_there(call: Call) -> Answer:
    tap = _tap(call, note=call.body["note"])
    driving.nobody_there(call.session, drivers.at_wheel(call.session, call.actor), _stop(call), tap)
    return _manifest(call)


@routes.post(
    "/v1/driver/break",
    access=driver(),
    body=VanRestSchema,
    answers=_MANIFEST,
    problems=[NotFound, SomebodyAboard],
    idempotent=True,
    shows_person_data=True,
    summary=Text("開始或結束休息", "The driver's rest begins or ends"),
)
def rest(call: Call) -> Answer:
    wheel = drivers.at_wheel(call.session, call.actor)
    driving.rest(call.session, wheel, _tap(call), is_beginning=call.body["is_beginning"])
    return _manifest(call)


@routes.post(
    "/v1/driver/incident",
    access=driver(),
    body=IncidentSchema,
    answers=_MANIFEST,
    idempotent=True,
    shows_person_data=True,
    summary=Text("回報事件", "Something happened; after a breakdown the van's rides are given to others"),
)
def report(call: Call) -> Answer:
    tap = _tap(call, note=call.body["note"])
    driving.report(call.session, drivers.at_wheel(call.session, call.actor), call.body["kind"], tap)
    return _manifest(call)


@routes.put(
    "/v1/driver/position",
    access=driver(),
    body=VanPositionSchema,
    answers={204: None},
    shows_person_data=False,
    summary=Text("車輛位置", "Where the van is"),
)
def seen_at(call: Call) -> Answer:
    where = (call.body["latitude"], call.body["longitude"])
    wheel = drivers.at_wheel(call.session, call.actor)
    driving.seen_at(call.session, wheel, where, call.body["at"] or call.now, call.now)
    return Answer(status=204)


def _manifest(call: Call) -> Answer:
    return Answer(manifests.of_driver(call.session, call.actor, call.language, call.now))


def _stop(call: Call) -> UUID:
    return parse_typeid("stop", call.path["stop_id"])


def _tap(call: Call, note: str = "") -> Tap:
    latitude, longitude = call.body.get("latitude"), call.body.get("longitude")
    where: Any = None if latitude is None or longitude is None else (latitude, longitude)
    return Tap(call.body["at"] or call.now, call.now, where, note)
