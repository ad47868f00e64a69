"""Counting tries in PostgreSQL: each is taken before it is weighed, so that parallel ones cannot slip through.

A subject is a keyed hash of 32 bytes, so that people nobody knows are counted exactly like those we know.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import Problem, RateLimited
from identity.errors import MethodLocked


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` by `method`. Where each try `extends` it, the window runs anew: a lock after the last."""

    method: str
    tries: int
    window: timedelta
    extends: bool


# Five failures in a row lock the method for at least 15 minutes: the cyber-security baseline for agencies
# (資通安全責任等級分級辦法, annex 10).
PASSWORD = Limit("password", 5, timedelta(minutes=15), extends=True)
SMS_CODE = Limit("sms_code", 5, timedelta(minutes=15), extends=True)
REGISTRATION_CODE = Limit("registration_code", 5, timedelta(minutes=15), extends=True)
CODES_SENT = Limit("codes_sent", 10, timedelta(minutes=15), extends=False)
NOTICES_SENT = Limit("notices_sent", 1, timedelta(days=1), extends=False)
CERTIFICATE_MATCHES = Limit("certificate_matches", 10, timedelta(days=1), extends=False)
VEHICLE_LOOKUPS = Limit("vehicle_lookups", 10, timedelta(days=1), extends=False)


def take(session: Session, subject: bytes, limit: Limit, *, now: datetime) -> bool:
    """Take one try, before it is weighed; False when there is none left. Commit it whatever comes of the try."""
    parameters = {
        "subject": subject, "method": limit.method, "now": now, "until": now + limit.window, "tries": limit.tries,
        "extends": limit.extends,
    }  # fmt: skip
    return session.execute(_TAKE, parameters).first() is not None


def take_or_refuse(session: Session, subject: bytes, limit: Limit, *, now: datetime) -> None:
    """Take one try. Raises MethodLocked, or RateLimited where nothing gets locked, with the seconds to wait."""
    if not take(session, subject, limit, now=now):
        raise _refusal(limit, seconds_to_wait(session, subject, limit, now=now))


def refuse_if_none_left(session: Session, subject: bytes, limit: Limit, *, now: datetime) -> None:
    """Raises like `take_or_refuse`, without taking a try."""
    seconds = seconds_to_wait(session, subject, limit, now=now)
    if seconds:
        raise _refusal(limit, seconds)


def clear(session: Session, subject: bytes, limit: Limit) -> None:
    """Forget the tries: one has succeeded."""
    session.execute(_CLEAR, {"subject": subject, "method": limit.method})


def _refusal(limit: Limit, seconds: int) -> Problem:
    if limit is VEHICLE_LOOKUPS:
        return RateLimited(headers={"Retry-After": str(seconds)})
    return MethodLocked(retry_after_seconds=seconds)


def seconds_to_wait(session: Session, subject: bytes, limit: Limit, *, now: datetime) -> int:
    """How long until a try is left again; 0 when one is."""
    row = session.execute(_READ, {"subject": subject, "method": limit.method}).one_or_none()
    if row is None or row.used < limit.tries or row.resets_at <= now:
        return 0
    seconds: float = (row.resets_at - now).total_seconds()
    return max(1, math.ceil(seconds))


# The conflicting row stays locked until the transaction ends, and its WHERE is evaluated on the row as it is then: of
# fifty parallel tries exactly as many get a row back as are left.
_TAKE = text(
    """
    INSERT INTO identity.attempt AS a (subject, method, used, resets_at) VALUES (:subject, :method, 1, :until)
    ON CONFLICT (subject, method) DO UPDATE
       SET used = CASE WHEN a.resets_at <= :now THEN 1 ELSE a.used + 1 END,
           resets_at = CASE WHEN a.resets_at <= :now OR :extends THEN :until ELSE a.resets_at END
     WHERE a.used < :tries OR a.resets_at <= :now
    RETURNING used
    """
)
_READ = text("SELECT used, resets_at FROM identity.attempt WHERE subject = :subject AND method = :method")
_CLEAR = text("DELETE FROM identity.attempt WHERE subject = :subject AND method = :method")
