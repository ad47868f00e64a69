"""2A, 2B, 2BB, 2A1 and the two TDS lacks, cancel and amend: from an offer to a bound ride, and away from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from partners.fleets.contents import (
    Amend,
    Cancel,
    CustomerTold,
    FleetOrder,
    OrderWanted,
    VehicleKind,
    VehicleSeen,
)
from partners.fleets.forms import (
    Parts,
    door,
    maybe_time,
    moment,
    read_door,
    read_maybe_time,
    read_moment,
    read_rough,
    rough,
)

SOMEBODY: Final = "乘客"
"""TDS demands a name in 2A, where a ride is not bound yet: everybody is called this. The name goes out in 2A1."""
FUNDED_BY: Final = "mykaohsiung"


def write_order_wanted(wanted: OrderWanted, trip: str) -> Parts:
    """clientOrderConfirmation: to hold an offer, or to bind what is held. Still without name, number and door."""
    tds = {
        "customerName": SOMEBODY,
        "fundingEntityId": FUNDED_BY,
        "tripTicketId": trip,
        "pickupAddress": rough(wanted.pickup),
        "dropoffAddress": rough(wanted.dropoff),
        "pickupTime": moment(wanted.pick_up_at),
        "numOtherReservedPassengers": wanted.companions,
    }
    return Parts(tds, {"phase": wanted.phase, "offer": wanted.offer, "fleet_order": wanted.fleet_order})


def read_order_wanted(parts: Parts) -> OrderWanted:
    """What the city takes."""
    tds, more = parts.element, parts.more
    return OrderWanted(
        more["phase"], more["offer"], read_rough(tds["pickupAddress"]), read_rough(tds["dropoffAddress"]),
        read_moment(tds["pickupTime"]), tds["numOtherReservedPassengers"], more["fleet_order"],
    )  # fmt: skip


def write_fleet_order(order: FleetOrder, trip: str) -> Parts:
    """providerOrderConfirmation of a hold or a bound ride."""
    tds: dict[str, Any] = {
        "scheduledPickupPoint": rough(order.pickup),
        "scheduledDropoffPoint": rough(order.dropoff),
        "scheduledPickupTime": moment(order.pick_up_at, "promised"),
        "tripTicketId": trip,
        "@fareAmount": order.price_twd,
    }
    if order.vehicle_number is not None:
        tds["@vehicleNumber"] = order.vehicle_number
    more = {
        "state": order.state,
        "fleet_order": order.fleet_order,
        "is_metered": order.is_metered,
        "lapses_at": maybe_time(order.lapses_at),
    }
    return Parts(tds, more)


def read_fleet_order(parts: Parts) -> FleetOrder:
    """A fleet's yes."""
    tds, more = parts.element, parts.more
    return FleetOrder(
        more["state"], more["fleet_order"], read_rough(tds["scheduledPickupPoint"]),
        read_rough(tds["scheduledDropoffPoint"]), read_moment(tds["scheduledPickupTime"]), tds["@fareAmount"],
        more["is_metered"], read_maybe_time(more["lapses_at"]), tds.get("@vehicleNumber"),
    )  # fmt: skip


def write_vehicle(seen: VehicleSeen, trip: str) -> Parts:
    """vehicleConfirmation; TDS has places in points, but no sizes and no name of the driver."""
    kind = seen.vehicle
    tds = {
        "vehicleNumber": seen.vehicle_number,
        "availabilityForService": moment(seen.available_at),
        "@vehicleModel": kind.model,
        "@hasLift": kind.has_lift,
        "@hasRamp": kind.has_ramp,
        "@ambulatorySpacePoints": kind.seats,
        "@standardWheelchairSpacePoints": kind.chair_places,
    }
    more = {
        "fleet_order": seen.fleet_order,
        "driver_name": seen.driver_name,
        "driver_phone": seen.driver_phone,
        "widest_chair_cm": kind.widest_chair_cm,
        "longest_chair_cm": kind.longest_chair_cm,
        "heaviest_chair_kg": kind.heaviest_chair_kg,
    }
    return Parts(tds, more)


def read_vehicle(parts: Parts) -> VehicleSeen:
    """Which vehicle comes."""
    tds, more = parts.element, parts.more
    kind = VehicleKind(
        tds["@vehicleModel"], tds["@standardWheelchairSpacePoints"], tds["@ambulatorySpacePoints"],
        more["widest_chair_cm"], more["longest_chair_cm"], more["heaviest_chair_kg"], tds["@hasLift"], tds["@hasRamp"],
    )  # fmt: skip
    return VehicleSeen(
        more["fleet_order"], tds["vehicleNumber"], more["driver_name"], kind,
        read_moment(tds["availabilityForService"]), more["driver_phone"],
    )  # fmt: skip


def write_customer(told: CustomerTold, trip: str) -> Parts:
    """customerInfo, of a bound ride alone; numbers stand beside it as text, for TDS's lose their leading zero."""
    tds = {"customerName": told.name}
    if told.caregiver_name is not None:
        tds["caregiverContactInformation"] = told.caregiver_name
    if told.notes:
        tds["notesForDriver"] = told.notes
    more = {
        "phone": told.phone,
        "caregiver_phone": told.caregiver_phone,
        "pickup": door(told.pickup),
        "dropoff": door(told.dropoff),
    }
    return Parts(tds, more)


def read_customer(parts: Parts) -> CustomerTold:
    """Who rides."""
    tds, more = parts.element, parts.more
    return CustomerTold(
        tds["customerName"], more["phone"], read_door(more["pickup"]), read_door(more["dropoff"]),
        tds.get("caregiverContactInformation"), more["caregiver_phone"], tds.get("notesForDriver", ""),
    )  # fmt: skip


def write_cancel(cancel: Cancel, trip: str) -> Parts:
    """Cancel: TDS has none."""
    return Parts(None, {"reason": cancel.reason, "fleet_order": cancel.fleet_order})


def read_cancel(parts: Parts) -> Cancel:
    """What the city no longer wants."""
    return Cancel(parts.more["reason"], parts.more["fleet_order"])


def write_amend(amend: Amend, trip: str) -> Parts:
    """Amend: TDS has none."""
    more = {
        "fleet_order": amend.fleet_order,
        "pick_up_at": maybe_time(amend.pick_up_at),
        "pickup": amend.pickup and rough(amend.pickup),
        "dropoff": amend.dropoff and rough(amend.dropoff),
        "companions": amend.companions,
    }
    return Parts(None, more)


def read_amend(parts: Parts) -> Amend:
    """What the city would have otherwise."""
    more = parts.more
    at: datetime | None = read_maybe_time(more["pick_up_at"])
    pickup, dropoff = (None if more[name] is None else read_rough(more[name]) for name in ("pickup", "dropoff"))
    return Amend(more["fleet_order"], at, pickup, dropoff, more["companions"])
