"""The vans' drivers: a new one, another telephone number or licence, a new PIN, somebody who leaves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.own_fleet import drivers as wheel
from accessibility.own_fleet import roster
from accessibility.own_fleet.events import By
from accessibility.van_office import particulars
from accessibility.van_office.errors import StillNeeded
from core.errors import NotFound
from core.ids import new_uuid

_MEMBERS: Final = ("name", "phone", "licence_until")


def listed(session: Session) -> list[Any]:
    """Every driver, those who have left last."""
    return list(session.execute(_LIST).all())


def one(session: Session, number: str) -> Any:
    """One driver. Raises NotFound."""
    row = session.execute(_ONE, {"number": number}).one_or_none()
    if row is None:
        raise NotFound
    return row


def add(session: Session, wanted: Mapping[str, Any], by: By, now: datetime) -> tuple[Any, str]:
    """A new driver. Answers the row and the PIN for the driver's page, which is shown this once. Raises NumberTaken."""
    driver_id, pin = new_uuid(), _pin()
    values = {**wanted, "id": driver_id, "pin": wheel.pin_hash(driver_id, pin)}
    particulars.insert(session, _ADD, values)
    particulars.note(session, "van_driver", by, now, done="added", driver=wanted["number"])
    return one(session, wanted["number"]), pin


def change(session: Session, number: str, wanted: Mapping[str, Any], version: int, by: By, now: datetime) -> Any:
    """Change what is given. A licence that ends before shifts that are given stands against it.

    Raises NotFound, PreconditionFailed, StillNeeded.
    """
    roster.take_turns(session)
    row = particulars.require_version(session.execute(_LOCKED, {"number": number}).one_or_none(), version)
    values = {name: wanted.get(name, getattr(row, name)) for name in _MEMBERS}
    if values["licence_until"] is not None:
        after = {"driver": row.id, "now": now, "day": values["licence_until"]}
        if late := session.execute(_SHIFTS_AFTER, after).scalar_one():
            raise StillNeeded(shifts=late)
    session.execute(_CHANGE, {**values, "id": row.id})
    changed = sorted(name for name in wanted if wanted[name] != getattr(row, name))
    particulars.note(session, "van_driver", by, now, done="changed", driver=number, members=changed)
    return one(session, number)


def new_pin(session: Session, number: str, by: By, now: datetime) -> str:
    """Another PIN, shown this once: the old one and every session begun with it are over. Raises NotFound."""
    row = session.execute(_LOCKED, {"number": number}).one_or_none()
    if row is None:
        raise NotFound
    pin = _pin()
    session.execute(_SET_PIN, {"id": row.id, "pin": wheel.pin_hash(row.id, pin)})
    session.execute(_END_SESSIONS, {"id": row.id, "now": now})
    particulars.note(session, "van_driver", by, now, done="new_pin", driver=number)
    return pin


def leave(session: Session, number: str, version: int, by: By, now: datetime) -> None:
    """They drive no more. Shifts to come stand against it: another takes them first.

    Raises NotFound, PreconditionFailed, StillNeeded.
    """
    roster.take_turns(session)
    row = particulars.require_version(session.execute(_LOCKED, {"number": number}).one_or_none(), version)
    still = session.execute(_SHIFTS_AFTER, {"driver": row.id, "now": now, "day": None}).scalar_one()
    if still:
        raise StillNeeded(shifts=still)
    session.execute(_NO_WEEK, {"id": row.id})
    session.execute(_LEAVE, {"id": row.id, "now": now})
    session.execute(_END_SESSIONS, {"id": row.id, "now": now})
    particulars.note(session, "van_driver", by, now, done="left", driver=number)


def _pin() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


_SELECT = """
    SELECT d.*, (SELECT count(*) FROM accessibility.van_tour AS t
                  WHERE t.driver_id = d.id AND t.status <> 'off' AND t.ends_at > now()) AS shifts
      FROM accessibility.van_driver AS d
"""
_LIST = text(f"{_SELECT} ORDER BY d.left_at IS NOT NULL, d.number")
_ONE = text(f"{_SELECT} WHERE d.number = :number")
_LOCKED = text("SELECT * FROM accessibility.van_driver WHERE number = :number AND left_at IS NULL FOR UPDATE")
_ADD = text(
    """
    INSERT INTO accessibility.van_driver (id, number, name, phone, pin_hash, licence_until)
    VALUES (:id, :number, :name, :phone, :pin, :licence_until)
    """
)
_CHANGE = text(
    """
    UPDATE accessibility.van_driver
       SET name = :name, phone = :phone, licence_until = :licence_until, version = version + 1 WHERE id = :id
    """
)
_SHIFTS_AFTER = text(
    """
    SELECT count(*) FROM accessibility.van_tour
     WHERE driver_id = :driver AND status <> 'off' AND ends_at > :now
       AND (CAST(:day AS date) IS NULL OR day > CAST(:day AS date))
    """
)
_SET_PIN = text("UPDATE accessibility.van_driver SET pin_hash = :pin WHERE id = :id")
_END_SESSIONS = text("UPDATE accessibility.van_session SET ended_at = :now WHERE driver_id = :id AND ended_at IS NULL")
_NO_WEEK = text("DELETE FROM accessibility.van_roster WHERE driver_id = :id")
_LEAVE = text("UPDATE accessibility.van_driver SET left_at = :now, version = version + 1 WHERE id = :id")
