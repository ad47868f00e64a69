"""The drivers of vans: who is at the wheel of which, by the van's number and a PIN, as long as the shift lasts."""

from __future__ import annotations

import hmac
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.own_fleet import roster
from accessibility.own_fleet.errors import TooManyDriverTries, WrongDriverPin
from accessibility.own_fleet.ports import travel
from core import crypto
from core.clock import taipei_date
from core.crypto import token_hash
from core.ids import new_uuid
from identity.actors import Actor

_BEFORE: Final = timedelta(minutes=60)
_AFTER: Final = timedelta(minutes=90)
_MOST_WRONG: Final = 10
_MOST_WRONG_OF_A_NETWORK: Final = 30
_WITHIN: Final = timedelta(minutes=15)
# Compared with where nobody drives that van, so that both take as long.
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A session of a driver at a van, on one shift."""

    session_id: UUID
    driver_id: UUID
    van_id: UUID
    tour_id: UUID


def begin(session: Session, *, number: str, pin: str, network: str, now: datetime) -> tuple[str, Actor]:
    """Begin a session at the wheel of that van; the one that was open on its shift ends. Answers its token, and who.

    Raises WrongDriverPin and TooManyDriverTries (the unit of work is kept: a wrong try stays counted).
    """
    take_try(session, f"van:{number}", _MOST_WRONG, now)
    take_try(session, f"net:{network}", _MOST_WRONG_OF_A_NETWORK, now)
    roster.make_day(session, taipei_date(now), travel(), now)
    shifts = session.execute(_SHIFTS, {"number": number, "from": now - _AFTER, "until": now + _BEFORE}).all()
    found = [row for row in shifts if is_pin(row.driver_id, pin, row.pin_hash)]
    if not shifts:
        is_pin(_NOBODY, pin, "")
    if not found:
        raise WrongDriverPin
    forget_tries(session, f"van:{number}")
    forget_tries(session, f"net:{network}")
    row, token = found[0], secrets.token_urlsafe(32)
    session.execute(_END_OTHERS, {"tour": row.tour_id, "now": now})
    values = {
        "id": new_uuid(), "hash": token_hash(token), "van": row.van_id, "driver": row.driver_id, "tour": row.tour_id,
        "now": now, "until": row.ends_at + _AFTER,
    }  # fmt: skip
    session.execute(_BEGIN, values)
    return token, Actor("driver", row.driver_id, session_id=values["id"], name=row.name, bureau="transport")


def resolve(session: Session, token: str, now: datetime) -> Actor | None:
    """The driver whose session this is; None when it is unknown or over."""
    row = session.execute(_RESOLVE, {"hash": token_hash(token), "now": now}).one_or_none()
    return None if row is None else Actor("driver", row.driver_id, session_id=row.id, name=row.name, bureau="transport")


def at_wheel(session: Session, driver: Actor) -> Wheel:
    """Which van this driver drives, on which shift."""
    return Wheel(*session.execute(_WHEEL, {"id": driver.session_id}).one())


def end(session: Session, driver: Actor, now: datetime) -> None:
    """End this session."""
    session.execute(_END, {"id": driver.session_id, "now": now})


def pin_hash(driver_id: UUID, pin: str) -> str:
    """What is kept of a driver's PIN, for that person only. It is short, so it is keyed."""
    return crypto.blind_index(f"{driver_id}:{pin}", purpose="van_driver_pin").hex()


def is_pin(driver_id: UUID, pin: str, kept: str) -> bool:
    """Whether this is the PIN that was kept as `kept`, in a time that tells nothing."""
    return hmac.compare_digest(pin_hash(driver_id, pin), kept)


def take_try(session: Session, subject: str, most: int, now: datetime) -> None:
    """Count a try before it is weighed, so that parallel ones cannot slip through. Raises TooManyDriverTries."""
    row: Any = session.execute(_TRY, {"subject": subject, "now": now, "until": now + _WITHIN}).one()
    if row.used > most:
        raise TooManyDriverTries(seconds=max(1, math.ceil((row.resets_at - now).total_seconds())))


def forget_tries(session: Session, subject: str) -> None:
    """Forget the wrong ones: one was right."""
    session.execute(_FORGET, {"subject": subject})


_SHIFTS = text(
    """
    SELECT t.id AS tour_id, t.van_id, t.driver_id, t.ends_at, d.name, d.pin_hash
      FROM accessibility.van AS v
      JOIN accessibility.van_tour AS t ON t.van_id = v.id AND t.starts_at <= :until AND t.ends_at >= :from
      JOIN accessibility.van_driver AS d ON d.id = t.driver_id AND d.left_at IS NULL
     WHERE v.number = :number AND v.retired_at IS NULL AND t.status <> 'off'
     ORDER BY t.starts_at DESC
    """
)
_END_OTHERS = text("UPDATE accessibility.van_session SET ended_at = :now WHERE tour_id = :tour AND ended_at IS NULL")
_BEGIN = text(
    """
    INSERT INTO accessibility.van_session (id, token_hash, van_id, driver_id, tour_id, begun_at, ends_at)
    VALUES (:id, :hash, :van, :driver, :tour, :now, :until)
    """
)
_RESOLVE = text(
    """
    SELECT s.id, s.driver_id, d.name
      FROM accessibility.van_session AS s JOIN accessibility.van_driver AS d ON d.id = s.driver_id
     WHERE s.token_hash = :hash AND s.ended_at IS NULL AND s.ends_at > :now AND d.left_at IS NULL
    """
)
_WHEEL = text("SELECT id, driver_id, van_id, tour_id FROM accessibility.van_session WHERE id = :id")
_END = text("UPDATE accessibility.van_session SET ended_at = :now WHERE id = :id")
_TRY = text(
    """
    INSERT INTO accessibility.van_wrong_try AS w (subject, used, resets_at) VALUES (:subject, 1, :until)
    ON CONFLICT (subject) DO UPDATE
       SET used = CASE WHEN w.resets_at <= :now THEN 1 ELSE w.used + 1 END,
           resets_at = CASE WHEN w.resets_at <= :now THEN :until ELSE w.resets_at END
    RETURNING used, resets_at
    """
)
_FORGET = text("DELETE FROM accessibility.van_wrong_try WHERE subject = :subject")
