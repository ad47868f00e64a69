"""What fleets tell of their rides over HTTP: the same signed telegrams as a webhook, by trip and by vehicle."""

from __future__ import annotations

from accessibility.rides import hearing
from accessibility.rides.schemas import FleetNoticeTaken
from core import db
from core.errors import Forbidden, MalformedBody, NotFound
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
_JSON = ("application/json; charset=utf-8",)


def is_fleet(code: str) -> bool:
    """Whether that is a fleet of ours that tells by webhook."""
    return any(each.fleet == code for each in settings().fleets)


def take_webhook(call: Call, code: str) -> Answer:
    """A fleet's webhook: its body is the telegram, and the telegram's id the webhook's. Raises Forbidden,
    MalformedBody, NotFound."""
    fleet = next(each for each in settings().fleets if each.fleet == code)
    telegram, event = _read(call, (fleet,))[1:]
    return _taken(call, fleet.fleet, telegram, event)


@routes.post(
    "/v1/fleet/trips/<trip>/events",
    access=partner_signature(),
    answers={200: FleetNoticeTaken},
    problems=[NotFound, Forbidden, MalformedBody],
    accepts=_JSON,
    own_units=True,
    summary=Text("車隊回報車趟", "What became of a trip, as a fleet's own system tells it"),
)
def trip_event(call: Call) -> Answer:
    """A signed telegram, as in the fleet's webhook; its `trip` is that of the address."""
    fleet, telegram, event = _read(call, settings().fleets)
    if telegram.trip != call.path["trip"]:
        raise MalformedBody
    return _taken(call, fleet.fleet, telegram, event)


@routes.put(
    "/v1/fleet/vehicles/<number>/position",
    access=partner_signature(),
    answers={200: FleetNoticeTaken},
    problems=[NotFound, Forbidden, MalformedBody],
    accepts=_JSON,
    own_units=True,
    summary=Text("車隊回報車輛位置", "Where a vehicle with somebody of ours is: a trip_task_status"),
)
def vehicle_position(call: Call) -> Answer:
    """A signed telegram of kind trip_task_status about that vehicle. Kept while the ride is under way alone."""
    fleet, telegram, event = _read(call, settings().fleets)
    if not isinstance(event, VehicleAt) or event.vehicle_number != call.path["number"]:
        raise MalformedBody
    return _taken(call, fleet.fleet, telegram, event)


def _read(call: Call, fleets: tuple[FleetSettings, ...]) -> tuple[FleetSettings, Telegram, TripEvent]:
    """The fleet whose signature it is, and what it tells."""
    content = call.request.get_data()
    for fleet in fleets:
        try:
            webhook_id = wire.verify_webhook(fleet.secret, call.request.headers, content)
            break
        except wire.NotGenuine:
            continue
    else:
        raise Forbidden
    try:
        telegram, event = heard(content)
    except TelegramWrong:
        raise MalformedBody from None
    if str(telegram.id) != webhook_id:
        raise MalformedBody
    return fleet, telegram, event


def _taken(call: Call, fleet: str, telegram: Telegram, event: TripEvent) -> Answer:
    # What follows from it (another fleet to be asked) the sweep does at once: the fleet does not wait for that.
    with db.unit_of_work() as session:
        hearing.heard(session, fleet=fleet, trip=telegram.trip, telegram_id=telegram.id, event=event, now=call.now)
    return Answer({"received": True})
