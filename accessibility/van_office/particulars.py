"""What may be changed of vans, depots and drivers: one version after the other, written down, and found again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accessibility.own_fleet import events
from accessibility.own_fleet.events import By, Kind
from accessibility.van_office.errors import NumberTaken
from core.clock import taipei_date
from core.errors import NotFound, PreconditionFailed

_MEMBERS = {
    "van_number_key": "number",
    "van_plate_key": "plate",
    "van_driver_number_key": "number",
    "depot_code_key": "code",
}


def require_version(row: Any, version: int) -> Any:
    """The row, as somebody has read it. Raises NotFound where there is none, PreconditionFailed where it is another."""
    if row is None:
        raise NotFound
    if row.version != version:
        raise PreconditionFailed
    return row


def insert(session: Session, statement: Any, values: Mapping[str, Any]) -> None:
    """Write a new one. Raises NumberTaken."""
    attempt = session.begin_nested()
    try:
        session.execute(statement, dict(values))
    except IntegrityError as error:
        attempt.rollback()
        name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        if name not in _MEMBERS:
            raise
        raise NumberTaken(_MEMBERS[name]) from error
    attempt.commit()


def note(
    session: Session, kind: Kind, by: By, now: datetime, *, van_id: UUID | None = None, reason: str = "", **data: Any
) -> None:
    """Write down who changed what of a van or a driver; never a name, a number to call or a PIN."""
    events.note(session, kind, day=taipei_date(now), by=by, now=now, van_id=van_id, reason=reason, **data)


def depot_of(session: Session, code: str) -> Any:
    """An open depot's row by its code, held until the end of the transaction. Raises NotFound."""
    row = session.execute(_DEPOT, {"code": code}).one_or_none()
    if row is None:
        raise NotFound
    return row


_DEPOT = text("SELECT * FROM accessibility.depot WHERE code = :code FOR UPDATE")
