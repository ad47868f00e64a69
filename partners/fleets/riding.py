"""3A, 3B, 4A, 4B, 5 and the two TDS lacks, status and error: the ride itself and how it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from partners.fleets.checking import TelegramWrong
from partners.fleets.contents import (
    FleetError,
    FleetStatus,
    StatusAsked,
    TaskConfirmed,
    TripDone,
    TripScheduled,
    TripTask,
    VehicleAt,
)
from partners.fleets.forms import (
    Parts,
    door,
    location,
    maybe_time,
    moment,
    read_door,
    read_maybe_time,
    read_moment,
    time_text,
)

_LONGEST_AHEAD: Final = timedelta(hours=24)
"""No ride takes longer, and nobody knows further ahead when a vehicle comes."""


def write_task(task: TripTask, trip: str) -> Parts:
    """tripTask, from a fleet to its vehicle."""
    tds: dict[str, Any] = {
        "customerPickupLocInVehPerformanceSequence": task.pickup_turn,
        "pickupNodeAddress": door(task.pickup),
        "pickupNodeScheduledTime": moment(task.pick_up_at),
        "customerDropoffLocInVehPerformanceSequence": task.dropoff_turn,
        "dropoffNodeAddress": door(task.dropoff),
        "dropoffNodeScheduledTime": moment(task.drop_off_at),
        "customerName": task.customer_name,
        "tripTaskId": task.task,
        "tripTicketId": trip,
        "@specialAttributes": list(task.functions),
        "numOtherReservedPassengers": task.companions,
    }
    if task.notes:
        tds["@notesForDriver"] = task.notes
    return Parts(tds, {"fleet_order": task.fleet_order, "customer_phone": task.customer_phone})


def read_task(parts: Parts) -> TripTask:
    """What a vehicle is given to do."""
    tds, more = parts.element, parts.more
    return TripTask(
        tds["tripTaskId"], more["fleet_order"], tds["customerName"], read_door(tds["pickupNodeAddress"]),
        read_door(tds["dropoffNodeAddress"]), read_moment(tds["pickupNodeScheduledTime"]),
        read_moment(tds["dropoffNodeScheduledTime"]), tds["customerPickupLocInVehPerformanceSequence"],
        tds["customerDropoffLocInVehPerformanceSequence"], tuple(tds["@specialAttributes"]),
        tds["numOtherReservedPassengers"], more["customer_phone"], tds.get("@notesForDriver", ""),
    )  # fmt: skip


def write_task_confirmed(confirmed: TaskConfirmed, trip: str) -> Parts:
    """tripTaskConfirmation. TDS demands `tripStatus` and defines `@tripStatus`: both stand there, and say the same."""
    tds = {
        "customerLocInDropoffSequence": confirmed.turn,
        "nodePerformedTime": moment(confirmed.at, "actual"),
        "tripStatus": confirmed.result,
        "@tripStatus": confirmed.result,
        "tripTaskId": confirmed.task,
        "tripTicketId": trip,
        "vehicleNumber": confirmed.vehicle_number,
    }
    return Parts(tds, {"fleet_order": confirmed.fleet_order, "reason": confirmed.reason})


def read_task_confirmed(parts: Parts) -> TaskConfirmed:
    """What became of a task."""
    tds, more = parts.element, parts.more
    if tds["tripStatus"] != tds["@tripStatus"]:
        raise TelegramWrong("/tds/@tripStatus", "trip_status_differs")
    return TaskConfirmed(
        tds["tripTaskId"], more["fleet_order"], tds["vehicleNumber"], tds["tripStatus"],
        read_moment(tds["nodePerformedTime"]), tds["customerLocInDropoffSequence"], more["reason"],
    )  # fmt: skip


def write_done(done: TripDone, trip: str) -> Parts:
    """tripTaskCompletion, in whole NT dollars."""
    begun, ended = moment(done.picked_up_at, "actual"), moment(done.dropped_off_at, "actual")
    tds = {
        "cost": done.fare_twd,
        "@fareAmount": done.fare_twd,
        "pickupTime": begun,
        "dropoffTime": ended,
        "performedPickupTime": begun,
        "performedDropoffTime": ended,
        "tripTicketId": trip,
    }
    return Parts(tds, {"fleet_order": done.fleet_order})


def read_done(parts: Parts) -> TripDone:
    """A performed ride."""
    tds = parts.element
    if tds["cost"] != tds["@fareAmount"]:
        raise TelegramWrong("/tds/@fareAmount", "fare_differs")
    picked_up_at, dropped_off_at = (read_moment(tds[name]) for name in ("performedPickupTime", "performedDropoffTime"))
    if not timedelta(0) <= dropped_off_at - picked_up_at <= _LONGEST_AHEAD:
        raise TelegramWrong("/tds/performedDropoffTime", "not_after_pickup")
    return TripDone(parts.more["fleet_order"], picked_up_at, dropped_off_at, tds["cost"])


def write_scheduled(scheduled: TripScheduled, trip: str) -> Parts:
    """tripScheduledConfirmation."""
    tds = {"dataReceived": scheduled.is_received, "tripTicketId": trip}
    return Parts(tds, {"fleet_order": scheduled.fleet_order})


def read_scheduled(parts: Parts) -> TripScheduled:
    """That a fleet has what it was told."""
    return TripScheduled(parts.more["fleet_order"], parts.element["dataReceived"])


def write_position(at: VehicleAt, trip: str) -> Parts:
    """tripTaskStatus."""
    tds = {
        "GPS": location(at.latitude, at.longitude),
        "timecode": moment(at.at, "actual"),
        "vehicleNumber": at.vehicle_number,
    }
    return Parts(tds, {"fleet_order": at.fleet_order, "arrives_at": maybe_time(at.arrives_at)})


def read_position(parts: Parts) -> VehicleAt:
    """Where a vehicle is."""
    tds, more = parts.element, parts.more
    at, arrives_at = read_moment(tds["timecode"]), read_maybe_time(more["arrives_at"])
    if arrives_at is not None and arrives_at - at > _LONGEST_AHEAD:
        raise TelegramWrong("/more/arrives_at", "too_far_ahead")
    return VehicleAt(
        more["fleet_order"], tds["vehicleNumber"], tds["GPS"]["@lat"], tds["GPS"]["@long"], at, arrives_at
    )  # fmt: skip


def write_status_asked(asked: StatusAsked, trip: str) -> Parts:
    """The question how it stands, and that its rider is at the door: TDS has neither."""
    since = maybe_time(asked.rider_at_door_since)
    return Parts(None, {"phase": "asked"} | ({"rider_at_door_since": since} if since else {}))


def write_status(status: FleetStatus, trip: str) -> Parts:
    """How it stands, asked for or not: TDS has no such telegram."""
    more = {
        "phase": "told",
        "state": status.state,
        "at": time_text(status.at),
        "fleet_order": status.fleet_order,
        "reason": status.reason,
        "by": status.by,
        "fee_twd": status.fee_twd,
        "others": list(status.others),
    }
    return Parts(None, more)


def read_status(parts: Parts) -> StatusAsked | FleetStatus:
    """The question, or how it stands."""
    more = parts.more
    if more["phase"] == "asked":
        return StatusAsked(read_maybe_time(more.get("rider_at_door_since")))
    return FleetStatus(
        more["state"], read_moment({"@time": more["at"]}), more["fleet_order"], more["reason"], more["by"],
        more["fee_twd"], tuple(more["others"]),
    )  # fmt: skip


def write_error(error: FleetError, trip: str) -> Parts:
    """Error: TDS has none."""
    return Parts(None, {"code": error.code, "detail": error.detail, "pointer": error.pointer})


def read_error(parts: Parts) -> FleetError:
    """Why a fleet could not."""
    return FleetError(parts.more["code"], parts.more["detail"], parts.more["pointer"])
