"""What each fleet of the sandbox has written down: telegrams and their answers, offers, orders, shut references."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from core.clock import on_the_wire
from partners.desk.books import Row
from partners.fleets.contents import Chair, RoughPlace
from partners.fleets.houses import House, Vehicle

SCHEMA = """
CREATE TABLE IF NOT EXISTS fleet_telegram (
    position    INTEGER PRIMARY KEY,
    fleet       TEXT NOT NULL,
    id          TEXT NOT NULL,
    kind        TEXT NOT NULL,
    trip        TEXT NOT NULL,
    said        TEXT NOT NULL,
    answer_kind TEXT NOT NULL,
    answer      TEXT NOT NULL,
    received_at TEXT NOT NULL,
    deliveries  INTEGER NOT NULL DEFAULT 1,
    UNIQUE (fleet, id)
);
CREATE TABLE IF NOT EXISTS fleet_offer (
    position     INTEGER PRIMARY KEY,
    fleet        TEXT NOT NULL,
    offer        TEXT NOT NULL UNIQUE,
    trip         TEXT NOT NULL,
    needs        TEXT NOT NULL,
    pickup       TEXT NOT NULL,
    dropoff      TEXT NOT NULL,
    pick_up_at   TEXT NOT NULL,
    arrives_at   TEXT NOT NULL,
    price_twd    INTEGER NOT NULL,
    lapses_at    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS fleet_offer_trip ON fleet_offer (fleet, trip);
CREATE TABLE IF NOT EXISTS fleet_order (
    position     INTEGER PRIMARY KEY,
    fleet        TEXT NOT NULL,
    fleet_order  TEXT NOT NULL UNIQUE,
    trip         TEXT NOT NULL,
    offer        TEXT NOT NULL,
    vehicle      TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('held', 'bound', 'on_the_way', 'at_door', 'aboard', 'done', 'no_show',
                                                'cancelled', 'lapsed')),
    pickup       TEXT NOT NULL,
    dropoff      TEXT NOT NULL,
    needs        TEXT NOT NULL,
    pick_up_at   TEXT NOT NULL,
    arrives_at   TEXT NOT NULL,
    price_twd    INTEGER NOT NULL,
    lapses_at    TEXT,
    next_state   TEXT,
    next_at      TEXT,
    changed_at   TEXT NOT NULL,
    aboard_at    TEXT,
    fare_twd     INTEGER,
    fee_twd      INTEGER NOT NULL DEFAULT 0,
    reason       TEXT NOT NULL DEFAULT '',
    ended_by     TEXT,
    late_minutes INTEGER NOT NULL DEFAULT 0,
    seen_at      TEXT,
    customer     TEXT
);
CREATE INDEX IF NOT EXISTS fleet_order_trip ON fleet_order (fleet, trip);
CREATE INDEX IF NOT EXISTS fleet_order_next ON fleet_order (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS fleet_shut (
    fleet TEXT NOT NULL,
    trip  TEXT NOT NULL,
    PRIMARY KEY (fleet, trip)
) WITHOUT ROWID;
"""
LIVE: Final = ("held", "bound", "on_the_way", "at_door", "aboard")
BOUND: Final = LIVE[1:]
_TURN_AROUND: Final = timedelta(minutes=20)
_LIVE_SQL: Final = "('held', 'bound', 'on_the_way', 'at_door', 'aboard')"


def let_lapse(writing: sqlite3.Connection, at: datetime) -> None:
    """Lets go of every hold whose time is over."""
    writing.execute(
        "UPDATE fleet_order SET state = 'lapsed', changed_at = lapses_at WHERE state = 'held' AND lapses_at <= ?",
        (on_the_wire(at),),
    )


def orders_of(writing: sqlite3.Connection, house: House, trip: str) -> list[Row]:
    """Everything the fleet ever had under our reference, oldest first."""
    rows = writing.execute(
        "SELECT * FROM fleet_order WHERE fleet = ? AND trip = ? ORDER BY position", (house.key, trip)
    ).fetchall()
    return [dict(row) for row in rows]


def order_named(writing: sqlite3.Connection, house: House, fleet_order: str) -> Row | None:
    """One order of that fleet, by its own number."""
    row = writing.execute(
        "SELECT * FROM fleet_order WHERE fleet = ? AND fleet_order = ?", (house.key, fleet_order)
    ).fetchone()
    return None if row is None else dict(row)


def offer_named(writing: sqlite3.Connection, house: House, offer: str, trip: str) -> Row | None:
    """One offer that was made for that trip."""
    row = writing.execute(
        "SELECT * FROM fleet_offer WHERE fleet = ? AND offer = ? AND trip = ?", (house.key, offer, trip)
    ).fetchone()
    return None if row is None else dict(row)


def was_asked(writing: sqlite3.Connection, house: House, trip: str) -> bool:
    """Whether an offer was made for that trip."""
    found = writing.execute("SELECT 1 FROM fleet_offer WHERE fleet = ? AND trip = ? LIMIT 1", (house.key, trip))
    return found.fetchone() is not None


def shut(writing: sqlite3.Connection, house: House, trip: str) -> None:
    """From now on nothing is taken on under that reference."""
    writing.execute("INSERT OR IGNORE INTO fleet_shut VALUES (?, ?)", (house.key, trip))


def is_shut(writing: sqlite3.Connection, house: House, trip: str) -> bool:
    """Whether that reference was given up."""
    found = writing.execute("SELECT 1 FROM fleet_shut WHERE fleet = ? AND trip = ?", (house.key, trip))
    return found.fetchone() is not None


def fitting(house: House, needs: dict[str, Any]) -> list[Vehicle]:
    """The fleet's vehicles with room for that, the smallest first."""
    chair = None if needs["chair"] is None else Chair(**needs["chair"])
    found = [
        each for each in house.vehicles if each.fits(chair, needs_chair=needs["needs_chair"], seats=needs["seats"])
    ]
    return sorted(found, key=lambda each: (each.kind.chair_places, each.kind.widest_chair_cm, each.kind.seats))


def free_vehicle(
    writing: sqlite3.Connection, house: House, needs: dict[str, Any], start: datetime, end: datetime, *, but: str = ""
) -> Vehicle | None:
    """A vehicle with room that nobody has from `start` to `end`, time to turn around on both sides; `but`: an order
    whose own vehicle does not count as taken."""
    taken = {
        row["vehicle"]
        for row in writing.execute(
            f"SELECT vehicle FROM fleet_order WHERE fleet = ? AND state IN {_LIVE_SQL} AND fleet_order <> ?"  # noqa: S608
            " AND pick_up_at < ? AND arrives_at > ?",
            (house.key, but, on_the_wire(end + _TURN_AROUND), on_the_wire(start - _TURN_AROUND)),
        )
    }
    return next((each for each in fitting(house, needs) if each.number not in taken), None)


def free_again_at(writing: sqlite3.Connection, house: House, after: datetime) -> datetime | None:
    """When the first vehicle that is taken after that moment has been brought back."""
    row = writing.execute(
        f"SELECT min(arrives_at) AS at FROM fleet_order WHERE fleet = ? AND state IN {_LIVE_SQL} AND arrives_at > ?",  # noqa: S608
        (house.key, on_the_wire(after)),
    ).fetchone()
    return None if row["at"] is None else datetime.fromisoformat(row["at"]) + _TURN_AROUND


def change(writing: sqlite3.Connection, order: Row, at: datetime, **values: object) -> Row:
    """Writes new values into an order and returns it with them."""
    values["changed_at"] = on_the_wire(at)
    assignments = ", ".join(f"{name} = ?" for name in values)
    writing.execute(
        f"UPDATE fleet_order SET {assignments} WHERE fleet_order = ?",  # noqa: S608
        (*values.values(), order["fleet_order"]),
    )
    return {**order, **values}


def insert(writing: sqlite3.Connection, table: str, **values: object) -> None:
    """Adds a row to one of these books."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    writing.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608


def answered_before(
    writing: sqlite3.Connection, house: House, telegram: UUID, said: str
) -> tuple[bool, dict[str, Any] | None]:
    """Whether this id stands for something else, and the answer it was given before, if it was."""
    row = writing.execute(
        "UPDATE fleet_telegram SET deliveries = deliveries + 1 WHERE fleet = ? AND id = ? RETURNING said, answer",
        (house.key, str(telegram)),
    ).fetchone()
    if row is None:
        return False, None
    return row["said"] != said, orjson.loads(row["answer"])


def place_text(place: RoughPlace) -> str:
    """A place as it stands in a book."""
    return orjson.dumps([place.latitude, place.longitude, place.district]).decode()


def place_of(text: str) -> RoughPlace:
    """A place from a book."""
    return RoughPlace(*orjson.loads(text))
