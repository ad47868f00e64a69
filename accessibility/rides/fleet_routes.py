"""What fleets tell of their rides over HTTP: the same signed telegrams as a webhook, by trip and by vehicle."""

from __future__ import annotations

import hashlib
import logging
from typing import Final

import orjson

from accessibility.fleets.errors import FleetTelegramWrong
from accessibility.rides import hearing
from accessibility.rides.schemas import FleetNoticeTaken
from core import db
from core.errors import FieldError, Forbidden, NotFound, Problem
from core.fleet_settings import FleetSettings
from core.http import Answer, Call, Routes, partner_signature
from core.settings import settings
from core.text import Text
from partners import wire
from partners.fleets.checking import TelegramWrong
from partners.fleets.client import heard
from partners.fleets.contents import TripEvent, VehicleAt
from partners.fleets.telegrams import Telegram

routes = Routes("fleets")
PROBLEMS: Final[tuple[type[Problem], ...]] = (NotFound, Forbidden, FleetTelegramWrong)
"""How a telegram of a fleet is refused."""
_JSON = ("application/json; charset=utf-8",)
_log = logging.getLogger("mykaohsiung.accessibility")


def is_fleet(code: str) -> bool:
    """Whether that is a fleet of ours that tells by webhook."""
    return any(each.fleet == code for each in settings().fleets)


def take_webhook(call: Call, code: str) -> Answer:
    """A fleet's webhook: its body is the telegram, and the telegram's id the webhook's. Raises those of `PROBLEMS`."""
    fleet = next(each for each in settings().fleets if each.fleet == code)
    telegram, event = _read(call, (fleet,))[1:]
    return _taken(call, fleet.fleet, telegram, event)


@routes.post(
    "/v1/fleet/trips/<trip>/events",
    access=partner_signature(),
    answers={200: FleetNoticeTaken},
    problems=PROBLEMS,
    accepts=_JSON,
    own_units=True,
    summary=Text("車隊回報車趟", "What became of a trip, as a fleet's own system tells it"),
)
def trip_event(call: Call) -> Answer:
    """A signed telegram, as in the fleet's webhook; its `trip` is that of the address."""
    fleet, telegram, event = _read(call, settings().fleets)
    if telegram.trip != call.path["trip"]:
        raise _refused(fleet.fleet, "trip_differs_from_address", "/trip")
    return _taken(call, fleet.fleet, telegram, event)


@routes.put(
    "/v1/fleet/vehicles/<number>/position",
    access=partner_signature(),
    answers={200: FleetNoticeTaken},
    problems=PROBLEMS,
    accepts=_JSON,
    own_units=True,
    summary=Text("車隊回報車輛位置", "Where a vehicle with somebody of ours is: a trip_task_status"),
)
def vehicle_position(call: Call) -> Answer:
    """A signed telegram of kind trip_task_status about that vehicle. Kept while the ride is under way alone."""
    fleet, telegram, event = _read(call, settings().fleets)
    if not isinstance(event, VehicleAt):
        raise _refused(fleet.fleet, "not_a_position", "/kind")
    if event.vehicle_number != call.path["number"]:
        raise _refused(fleet.fleet, "vehicle_differs_from_address", "/tds/vehicleNumber")
    return _taken(call, fleet.fleet, telegram, event)


def _read(call: Call, fleets: tuple[FleetSettings, ...]) -> tuple[FleetSettings, Telegram, TripEvent]:
    """The fleet whose signature it is, and what it tells. A refusal is written in the log, without what was said."""
    content = call.request.get_data()
    fleet, webhook_id = _signed_by(call, fleets, content)
    try:
        telegram, event = heard(content)
    except TelegramWrong as wrong:
        raise _refused(fleet.fleet, wrong.reason, wrong.pointer, wrong.detail) from None
    if str(telegram.id) != webhook_id:
        raise _refused(fleet.fleet, "id_differs_from_webhook_id", "/id")
    return fleet, telegram, event


def _signed_by(call: Call, fleets: tuple[FleetSettings, ...], content: bytes) -> tuple[FleetSettings, str]:
    why = "no fleet is known"
    for fleet in fleets:
        try:
            return fleet, wire.verify_webhook(fleet.secret, call.request.headers, content)
        except wire.NotGenuine as problem:
            why = str(problem)
    _log.warning("a telegram is refused, said to be of %s: %s", "/".join(each.fleet for each in fleets), why)
    raise Forbidden


def _refused(fleet: str, reason: str, pointer: str, detail: str = "") -> FleetTelegramWrong:
    _log.warning("a telegram of %s is refused: %s %s", fleet, pointer or "/", reason)
    words = f"{reason}: {detail}" if detail else reason
    return FleetTelegramWrong(errors=[FieldError(pointer or "/", words)], reason=reason)


def _taken(call: Call, fleet: str, telegram: Telegram, event: TripEvent) -> Answer:
    # What follows from it (another fleet to be asked) the sweep does at once: the fleet does not wait for that.
    said = orjson.loads(call.request.get_data())
    told = [telegram.kind, telegram.trip, said["tds"], said["more"]]
    digest = hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()
    with db.unit_of_work() as session:
        try:
            hearing.heard(
                session, fleet=fleet, trip=telegram.trip, telegram_id=telegram.id, event=event, now=call.now,
                said_sha256=digest,
            )  # fmt: skip
        except (FleetTelegramWrong, NotFound) as refused:
            _log.warning("a telegram of %s is refused: %s", fleet, refused.slug)
            raise
    return Answer({"received": True})
