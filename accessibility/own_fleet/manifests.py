"""A van's shift as its driver sees it, a day as the desk sees it, and both as a bureau's system reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.own_fleet import drivers, stops
from accessibility.own_fleet.ports import city
from accessibility.own_fleet.telegrams import FLEET
from core.clock import on_the_wire
from core.ids import typeid
from core.text import Language
from identity.access_log import record_accesses
from identity.actors import Actor


def of_driver(session: Session, driver: Actor, language: Language, now: datetime) -> dict[str, Any]:
    """The shift of this driver with who rides; whose data that is, is written down once in each of their sessions."""
    wheel = drivers.at_wheel(session, driver)
    (row,) = session.execute(_TOURS, {"tour": wheel.tour_id, "day": None}).all()
    found = stops.of_tours(session, [row.id])
    left = [each for each in found if each.customer is not None and each.outcome is None]
    fresh = {each.order_id: each.trip for each in left if each.shown_in != wheel.session_id}
    riders = city().riders_of(session, list(fresh.values())) if fresh else {}
    record_accesses(
        session, actor=driver, person_ids=set(riders.values()), what="ride", purpose="ride_driven", now=now,
        reference=row.number,
    )  # fmt: skip
    if fresh:
        session.execute(_SHOWN, {"ids": list(fresh), "in": wheel.session_id})
    return {
        **_shift(row, found, now),
        "now": on_the_wire(now),
        "is_broken": row.broken_at is not None,
        "dispatch_phone": session.execute(_DESK_PHONE, {"fleet": FLEET}).scalar(),
        "driver": {"name": row.driver_name, "number": row.driver_number},
        "stops": [
            stops.shown(each, language, with_rider=each.outcome is None) for each in found if each.kind != "break"
        ],
    }


def session_of(session: Session, driver: Actor, now: datetime) -> dict[str, Any]:
    """Who drives which van, and until when."""
    wheel = drivers.at_wheel(session, driver)
    (row,) = session.execute(_TOURS, {"tour": wheel.tour_id, "day": None}).all()
    of = _shift(row, [], now)
    return {
        "vehicle": of["vehicle"], "driver": {"name": row.driver_name, "number": row.driver_number},
        "shift": of["shift"], "now": on_the_wire(now), "token": None,
    }  # fmt: skip


def of_day(session: Session, day: date, language: Language, now: datetime) -> list[dict[str, Any]]:
    """Every van with its shifts of that day, to about 100 m and without a name."""
    rows = session.execute(_TOURS, {"tour": None, "day": day}).all()
    by_tour: defaultdict[UUID, list[Any]] = defaultdict(list)
    for each in stops.of_tours(session, [row.id for row in rows]):
        by_tour[each.tour_id].append(each)
    return [_of_desk(row, by_tour[row.id], language, now) for row in rows]


def for_bureau(session: Session, day: date, language: Language, now: datetime) -> list[dict[str, Any]]:
    """The same for the system of a bureau: what is driven when, and nobody's name."""
    wanted, van = ("shift", "version", "breaks", "stops"), ("number", "plate", "model")
    return [
        {"vehicle": {name: each[name] for name in van}} | {name: each[name] for name in wanted}
        for each in of_day(session, day, language, now)
    ]


def _of_desk(row: Any, found: Sequence[Any], language: Language, now: datetime) -> dict[str, Any]:
    status = "broken_down" if row.broken_at is not None else "in_service" if row.ends_at > now else "off"
    shift = _shift(row, found, now)
    waiting = [each for each in found if each.outcome is None and each.arrived_at is None and each.kind == "pickup"]
    late = max((int((each.expected_at - each.window_ends_at).total_seconds() // 60) for each in waiting), default=0)
    return {
        **shift["vehicle"],
        **{name: shift[name] for name in ("version", "shift", "breaks")},
        "tour": typeid("tour", row.id),
        "driver": {"name": row.driver_name, "number": row.driver_number, "phone": row.driver_phone},
        "depot": {
            "label": row.depot_label if language == "zh-TW" else row.depot_label_en,
            "latitude": row.depot_latitude,
            "longitude": row.depot_longitude,
        },
        "layouts": [{"wheelchairs": each[0], "seats": each[1]} for each in row.layouts],
        "status": status,
        "broken_why": row.broken_why,
        "position": None
        if row.seen_at is None
        else {"latitude": row.latitude, "longitude": row.longitude, "seen_at": on_the_wire(row.seen_at)},
        "late_minutes": max(late, 0),
        "stops": [stops.shown(each, language, with_rider=False) for each in found if each.kind != "break"],
    }


def _shift(row: Any, found: Sequence[Any], now: datetime) -> dict[str, Any]:
    return {
        "vehicle": {"number": row.number, "plate": row.plate, "model": row.model},
        "version": row.version,
        "shift": {"starts_at": on_the_wire(row.starts_at), "ends_at": on_the_wire(row.ends_at)},
        "breaks": [
            {
                "id": typeid("stop", each.id),
                "planned_at": on_the_wire(each.expected_at),
                "starts_at": on_the_wire(each.window_starts_at),
                "starts_by": on_the_wire(each.window_ends_at),
                "minutes": each.seconds // 60,
                "began_at": on_the_wire(each.arrived_at) if each.arrived_at else None,
                "ended_at": on_the_wire(each.left_at) if each.left_at else None,
            }
            for each in stops.breaks_of(found)
        ],
    }


_TOURS = text(
    """
    SELECT t.id, t.version, t.starts_at, t.ends_at, v.number, v.plate, v.model, v.layouts, v.broken_at, v.broken_why,
           v.latitude, v.longitude, v.seen_at, d.name AS driver_name, d.number AS driver_number,
           d.phone AS driver_phone, p.label AS depot_label, p.label_en AS depot_label_en,
           p.latitude AS depot_latitude, p.longitude AS depot_longitude
      FROM accessibility.van_tour AS t
      JOIN accessibility.van AS v ON v.id = t.van_id
      JOIN accessibility.van_driver AS d ON d.id = t.driver_id
      JOIN accessibility.depot AS p ON p.id = v.depot_id
     WHERE t.id = CAST(:tour AS uuid) OR (t.day = CAST(:day AS date) AND t.status <> 'off')
     ORDER BY v.number, t.starts_at
    """
)
_DESK_PHONE = text("SELECT phone FROM accessibility.fleet WHERE code = :fleet")
_SHOWN = text("UPDATE accessibility.van_order SET shown_in = :in WHERE id = ANY(:ids)")
