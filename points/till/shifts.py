"""Who is at a till: a shift that somebody opens with staff number and PIN, and that ends by itself."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid
from identity.actors import Actor
from points.merchants.secrets import is_pin
from points.till import wrong_tries
from points.till.errors import TooManyTries, WrongPin

LONGEST: Final = timedelta(hours=14)
_WRONG_IN_A_ROW: Final = 5
_LOCKED_FOR: Final = timedelta(minutes=15)
# Compared with where nobody has that number, so that both take as long.
_NOBODY: Final = UUID(int=0)


def begin(session: Session, *, till: Actor, staff_number: str, pin: str, now: datetime) -> UUID:
    """Open a shift on this till for that member of staff; the one that was open ends. Answers the staff's id.

    Raises WrongPin (unit of work is kept: a wrong try stays counted), TooManyTries for the till or the staff number.
    """
    wrong_tries.take(session, "pin", str(till.id), now=now)
    found = session.execute(_STAFF, {"merchant_id": till.merchant_id, "number": staff_number}).one_or_none()
    if found is not None and found.locked_until is not None and found.locked_until > now:
        raise TooManyTries(seconds=max(1, math.ceil((found.locked_until - now).total_seconds())))
    is_right = is_pin(found.id if found else _NOBODY, pin, found.pin_hash if found else "")
    if found is None or not is_right:
        if found is not None:
            values = {"id": found.id, "most": _WRONG_IN_A_ROW, "until": now + _LOCKED_FOR}
            session.execute(_WRONG, values)
        raise WrongPin
    wrong_tries.clear(session, "pin", str(till.id))
    if found.wrong_pins:
        session.execute(_RIGHT, {"id": found.id})
    end(session, till=till, now=now)
    session.execute(
        _BEGIN, {"id": new_uuid(), "till_id": till.id, "staff_id": found.id, "now": now, "until": now + LONGEST}
    )
    staff_id: UUID = found.id
    return staff_id


def end(session: Session, *, till: Actor, now: datetime) -> None:
    """End the shift that is open on this till; where none is, nothing happens."""
    session.execute(_END, {"till_id": till.id, "now": now})


# Tries of one staff number take turns, so that parallel ones cannot slip through.
_STAFF = text(
    "SELECT id, pin_hash, wrong_pins, locked_until FROM points.staff "
    "WHERE merchant_id = :merchant_id AND number = :number AND left_at IS NULL FOR NO KEY UPDATE"
)
_WRONG = text(
    """
    UPDATE points.staff
       SET wrong_pins = CASE WHEN wrong_pins + 1 >= :most THEN 0 ELSE wrong_pins + 1 END,
           locked_until = CASE WHEN wrong_pins + 1 >= :most THEN CAST(:until AS timestamptz) ELSE locked_until END
     WHERE id = :id
    """
)
_RIGHT = text("UPDATE points.staff SET wrong_pins = 0, locked_until = NULL WHERE id = :id")
_END = text("UPDATE points.till_shift SET ended_at = :now WHERE till_id = :till_id AND ended_at IS NULL")
_BEGIN = text(
    "INSERT INTO points.till_shift (id, till_id, staff_id, begun_at, ends_at) "
    "VALUES (:id, :till_id, :staff_id, :now, :until)"
)
