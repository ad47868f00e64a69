"""The day of a bound ride at the sandbox's fleets: each step by the clock or a button, told to the city by webhook."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import orjson

from core.clock import now, on_the_wire
from core.ids import new_uuid
from partners.desk.books import Row
from partners.desk.protocol import Desk, Refusal
from partners.desk.switches import Mode
from partners.desk.webhooks import write_down_as_is
from partners.fleets import books
from partners.fleets.contents import (
    TaskConfirmed,
    TripDone,
    TripEvent,
    VehicleAt,
    VehicleSeen,
)
from partners.fleets.deciding import stated
from partners.fleets.houses import HOUSES, House
from partners.fleets.telegrams import Telegram, encode

log = logging.getLogger(__name__)

MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "bound": ("on_the_way", "cancelled"),
    "on_the_way": ("at_door", "cancelled"),
    "at_door": ("aboard", "no_show", "cancelled"),
    "aboard": ("done",),
}
"""What may follow what at a fleet; the first is what the clock does."""

_CLOCK_SECONDS: Final = 1.0
_BOARDING: Final = timedelta(minutes=4)
_COMES_FROM: Final = (0.015, -0.02)
_POSITION_EVERY: Final = timedelta(seconds=20)


def start(desk: Desk) -> None:
    """Starts the clock by which bound rides drive; it dies with the process, and what is due stays in the books."""
    threading.Thread(target=_run, args=(desk,), name="fleets", daemon=True).start()


def do_what_is_due(desk: Desk, at: datetime) -> int:
    """Lets lapse and drive whatever is due by then; returns how many rides moved."""
    if desk.books.one(
        "SELECT 1 FROM fleet_order WHERE next_at <= ?1 OR (state = 'held' AND lapses_at <= ?1) LIMIT 1", on_the_wire(at)
    ) is None:  # fmt: skip
        return 0
    moved = 0
    with desk.books.writing() as writing:
        books.let_lapse(writing, at)
        due = writing.execute("SELECT fleet_order FROM fleet_order WHERE next_at <= ?", (on_the_wire(at),)).fetchall()
    for (fleet_order,) in due:
        moved += _moved_when_due(desk, fleet_order, at)
    desk.webhooks.wake()
    return moved


def tell_positions(desk: Desk, at: datetime) -> None:
    """Tells where every vehicle is that drives to a rider or with one, each at most every 20 seconds."""
    due = "state IN ('on_the_way', 'aboard') AND seen_at <= ?"
    before = on_the_wire(at - _POSITION_EVERY)
    if not desk.switches.is_on("webhooks") or desk.books.one(f"SELECT 1 FROM fleet_order WHERE {due}", before) is None:  # noqa: S608
        return
    with desk.books.writing() as writing:
        for row in writing.execute(f"SELECT * FROM fleet_order WHERE {due}", (before,)).fetchall():  # noqa: S608
            order = dict(row)
            tell(writing, HOUSES[order["fleet"]], order["trip"], _seen(order, at), at, None)
            writing.execute(
                "UPDATE fleet_order SET seen_at = ? WHERE fleet_order = ?", (on_the_wire(at), order["fleet_order"])
            )
    desk.webhooks.wake()


def step(desk: Desk, house: House, fleet_order: str, to: str, at: datetime) -> Row:
    """One step of a ride, told to the city; `to` empty: what the clock would do next. Refuses what cannot follow."""
    order = desk.books.one("SELECT trip FROM fleet_order WHERE fleet_order = ?", fleet_order)
    mode = desk.switches.chosen(house.key, "telling", None, {"trip": order and order["trip"], "state": to})
    with desk.books.writing() as writing:
        found = books.order_named(writing, house, fleet_order)
        if found is None:
            raise Refusal(404, "order_not_found", "the fleet has no order of this number")
        possible = MOVES.get(found["state"], ())
        to = to or found["next_state"] or (possible[0] if possible else "")
        if to not in possible:
            raise Refusal(409, "not_now", f"{found['state']} may become {', '.join(possible) or 'nothing more'}")
        moved = _move(writing, house, found, to, at, mode, is_told=desk.switches.is_on("webhooks"))
    desk.webhooks.wake()
    return moved


def tell(
    writing: sqlite3.Connection, house: House, trip: str, event: TripEvent, at: datetime, mode: Mode | None
) -> None:
    """Writes down a telegram for the city; its id is the webhook's."""
    telegram = Telegram(new_uuid(), trip, at, event)
    body = orjson.dumps(encode(telegram)).decode()
    write_down_as_is(writing, house.key, str(telegram.id), telegram.kind, body, {}, mode)


def vehicle_seen(house: House, order: Row) -> VehicleSeen:
    """Which vehicle comes, and who drives it."""
    vehicle = next(each for each in house.vehicles if each.number == order["vehicle"])
    free_from = datetime.fromisoformat(order["pick_up_at"])
    return VehicleSeen(
        order["fleet_order"], vehicle.number, vehicle.driver, vehicle.kind, free_from, vehicle.driver_phone
    )


def _run(desk: Desk) -> None:
    pause = threading.Event()
    while True:
        try:
            do_what_is_due(desk, now())
            tell_positions(desk, now())
        except sqlite3.Error:
            log.exception("the fleets' book could not be read")
        pause.wait(_CLOCK_SECONDS)


def _moved_when_due(desk: Desk, fleet_order: str, at: datetime) -> int:
    row = desk.books.one("SELECT * FROM fleet_order WHERE fleet_order = ?", fleet_order)
    if row is None or row["next_at"] is None or row["next_at"] > on_the_wire(at):
        return 0
    try:
        step(desk, HOUSES[row["fleet"]], fleet_order, "", datetime.fromisoformat(row["next_at"]))
    except Refusal:
        # Between looking and moving somebody else moved it.
        return 0
    return 1


def _move(
    writing: sqlite3.Connection, house: House, order: Row, to: str, at: datetime, mode: Mode | None, *, is_told: bool
) -> Row:
    following = MOVES.get(to, ("",))[0] or None
    values: dict[str, object] = {"state": to, "next_state": following, "next_at": _next_at(order, to, at)}
    if to in ("on_the_way", "aboard"):
        values["seen_at"] = on_the_wire(at)
    if to == "aboard":
        values["aboard_at"] = on_the_wire(at)
    if to == "done":
        values["fare_twd"] = _fare_twd(order)
    if to in ("cancelled", "no_show"):
        reason = order["reason"] or {"cancelled": "車輛臨時無法出車", "no_show": "等候十分鐘未見乘客"}[to]
        values |= {"ended_by": "fleet", "reason": reason}
    moved = books.change(writing, order, at, **values)
    for event in _events(moved, at) if is_told else ():
        tell(writing, house, order["trip"], event, at, mode)
    return moved


def _next_at(order: Row, to: str, at: datetime) -> str | None:
    pick_up_at, arrives_at = (datetime.fromisoformat(order[name]) for name in ("pick_up_at", "arrives_at"))
    if to == "on_the_way":
        return on_the_wire(max(pick_up_at + timedelta(minutes=order["late_minutes"]), at))
    if to == "at_door":
        return on_the_wire(at + _BOARDING)
    if to == "aboard":
        return on_the_wire(at + (arrives_at - pick_up_at))
    return None


def _events(order: Row, at: datetime) -> list[TripEvent]:
    number, vehicle, task = order["fleet_order"], order["vehicle"], f"T-{order['fleet_order']}"
    told: list[TripEvent] = []
    if order["state"] in ("on_the_way", "at_door"):
        told.append(_seen(order, at))
    elif order["state"] == "aboard":
        told.append(TaskConfirmed(task, number, vehicle, "performed", at))
    elif order["state"] == "no_show":
        told.append(TaskConfirmed(task, number, vehicle, "no show", at, reason=order["reason"]))
    elif order["state"] == "done":
        aboard_at = datetime.fromisoformat(order["aboard_at"])
        told.append(TripDone(number, aboard_at, max(at, aboard_at), order["fare_twd"]))
    return [*told, stated(order)]


def _seen(order: Row, at: datetime) -> VehicleAt:
    """Where the vehicle of an order is: on a straight line, by how much of the time until its next stop is over."""
    pickup, dropoff = books.place_of(order["pickup"]), books.place_of(order["dropoff"])
    if order["state"] == "aboard":
        start, end = (pickup.latitude, pickup.longitude), (dropoff.latitude, dropoff.longitude)
    else:
        start, end = (
            (pickup.latitude + _COMES_FROM[0], pickup.longitude + _COMES_FROM[1]),
            (pickup.latitude, pickup.longitude),
        )
    arrives_at = at if order["state"] == "at_door" else datetime.fromisoformat(order["next_at"])
    begun_at = datetime.fromisoformat(order["changed_at"])
    share = 1.0 if arrives_at <= begun_at else min(max((at - begun_at) / (arrives_at - begun_at), 0.0), 1.0)
    latitude, longitude = (round(a + (b - a) * share, 6) for a, b in zip(start, end, strict=True))
    return VehicleAt(order["fleet_order"], order["vehicle"], latitude, longitude, at, arrives_at)


def _fare_twd(order: Row) -> int:
    """What the meter says in the end: up to a tenth more than was estimated, always the same for an order."""
    chance = hashlib.sha256(str(order["fleet_order"]).encode()).digest()[0] / 255
    return round(int(order["price_twd"]) * (1 + chance / 10))
