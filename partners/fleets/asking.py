"""1A and 1B: what is asked of every fleet at once, and what each answers."""

from __future__ import annotations

from typing import Any

from partners.fleets.checking import TelegramWrong
from partners.fleets.contents import Chair, FleetOffer, NoOffer, Wish
from partners.fleets.forms import (
    Parts,
    maybe_time,
    moment,
    read_maybe_time,
    read_moment,
    read_rough,
    read_vehicle_kind,
    rough,
    time_text,
    vehicle,
)


def write_wish(wish: Wish, trip: str) -> Parts:
    """tripRequest; companions, the chair's size and stops between have no place in it."""
    tds: dict[str, Any] = {
        "pickupAddress": rough(wish.pickup),
        "dropoffAddress": rough(wish.dropoff),
        "pickupTime": moment(wish.pick_up_at, "asap" if wish.is_asap else "scheduled"),
        "pickupWindowStartTime": moment(wish.window_starts_at),
        "pickupWindowEndTime": moment(wish.window_ends_at),
        "detoursPermissible": wish.may_be_pooled,
        "@specialAttributes": list(wish.functions),
    }
    if wish.arrive_by is not None:
        tds |= {"appointmentTime": moment(wish.arrive_by), "hardConstraintOnDropoffTime": True}
    _in_order(wish)
    chair = wish.chair and {name: getattr(wish.chair, name) for name in Chair.__slots__}
    stops = [rough(stop) for stop in wish.stops]
    return Parts(tds, {"companions": wish.companions, "chair": chair, "stops": stops})


def read_wish(parts: Parts) -> Wish:
    """A wish as a fleet reads it."""
    tds, more = parts.element, parts.more
    wish = Wish(
        read_rough(tds["pickupAddress"]),
        read_rough(tds["dropoffAddress"]),
        read_moment(tds["pickupTime"]),
        read_moment(tds["pickupWindowStartTime"]),
        read_moment(tds["pickupWindowEndTime"]),
        tuple(tds["@specialAttributes"]),
        None if more["chair"] is None else Chair(**more["chair"]),
        more["companions"],
        read_moment(tds["appointmentTime"]) if "appointmentTime" in tds else None,
        tds["pickupTime"].get("@timeType") == "asap",
        tds["detoursPermissible"],
        tuple(read_rough(stop) for stop in more["stops"]),
    )
    _in_order(wish)
    return wish


def _in_order(wish: Wish) -> None:
    if not wish.window_starts_at <= wish.pick_up_at <= wish.window_ends_at:
        raise TelegramWrong("/tds/pickupTime", "outside_its_window")
    if wish.arrive_by is not None and wish.arrive_by <= wish.pick_up_at:
        raise TelegramWrong("/tds/appointmentTime", "arrives_before_pickup")


def write_offer(offer: FleetOffer, trip: str) -> Parts:
    """tripRequestResponse of a fleet that could."""
    tds = {
        "tripAvailable": True,
        "scheduledPickupTime": moment(offer.pick_up_at, "promised"),
        "@fareAmount": offer.price_twd,
    }
    more = {
        "offer": offer.offer,
        "window_starts_at": time_text(offer.window_starts_at),
        "window_ends_at": time_text(offer.window_ends_at),
        "arrives_at": time_text(offer.arrives_at),
        "is_metered": offer.is_metered,
        "vehicle": vehicle(offer.vehicle),
        "lapses_at": time_text(offer.lapses_at),
        "confidence": offer.confidence,
        "is_pooled": offer.is_pooled,
        "ride_minutes_at_most": offer.ride_minutes_at_most,
    }
    return Parts(tds, more)


def write_no_offer(answer: NoOffer, trip: str) -> Parts:
    """tripRequestResponse of a fleet that cannot."""
    return Parts({"tripAvailable": False}, {"reason": answer.reason, "next_at": maybe_time(answer.next_at)})


def read_response(parts: Parts) -> FleetOffer | NoOffer:
    """What a fleet answers."""
    tds, more = parts.element, parts.more
    if not tds["tripAvailable"]:
        return NoOffer(more["reason"], read_maybe_time(more["next_at"]))
    starts, ends, arrives, lapses = (
        read_moment({"@time": more[name]}) for name in ("window_starts_at", "window_ends_at", "arrives_at", "lapses_at")
    )
    offer = FleetOffer(
        more["offer"], read_moment(tds["scheduledPickupTime"]), starts, ends, arrives, tds["@fareAmount"],
        more["is_metered"], read_vehicle_kind(more["vehicle"]), lapses, more["confidence"], more["is_pooled"],
        more["ride_minutes_at_most"],
    )  # fmt: skip
    if not starts <= offer.pick_up_at <= ends:
        raise TelegramWrong("/tds/scheduledPickupTime", "outside_its_window")
    if arrives <= offer.pick_up_at:
        raise TelegramWrong("/more/arrives_at", "arrives_before_pickup")
    return offer
