"""How often a till, or a network that wants to become one, may be wrong before it has to wait."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from points.till.errors import TooManyTries

Kind = Literal["code", "pin", "enrolment"]


class _Most(NamedTuple):
    tries: int
    within: timedelta


# A code is right by luck once in five thousand million tries, a PIN once in a million, an enrolment code in 2^50.
MOST: Final[Mapping[Kind, _Most]] = {
    "code": _Most(20, timedelta(minutes=10)),
    "pin": _Most(15, timedelta(minutes=15)),
    "enrolment": _Most(10, timedelta(minutes=15)),
}


def refuse_after(kind: Kind, used: int | None, resets_at: datetime | None, now: datetime) -> None:
    """Raises TooManyTries where so many were wrong until then; for who has read the count with something else."""
    if used is not None and resets_at is not None and used >= MOST[kind].tries and resets_at > now:
        raise TooManyTries(seconds=max(1, math.ceil((resets_at - now).total_seconds())))


def count(session: Session, kind: Kind, subject: str, *, now: datetime) -> None:
    """One more was wrong. Commit it whatever else becomes of the request."""
    session.execute(_COUNT, {"kind": kind, "subject": subject, "now": now, "until": now + MOST[kind].within})


def take(session: Session, kind: Kind, subject: str, *, now: datetime) -> None:
    """Count a try before it is weighed, so that parallel ones cannot slip through. Raises TooManyTries.

    Commit it whatever becomes of the try.
    """
    row = session.execute(_READ, {"kind": kind, "subject": subject, "now": now}).one_or_none()
    if row is not None:
        refuse_after(kind, row.used, row.resets_at, now)
    count(session, kind, subject, now=now)


def clear(session: Session, kind: Kind, subject: str) -> None:
    """Forget the wrong ones: one was right."""
    session.execute(_CLEAR, {"kind": kind, "subject": subject})


_READ = text(
    "SELECT used, resets_at FROM points.wrong_try WHERE kind = :kind AND subject = :subject AND resets_at > :now "
    "FOR UPDATE"
)
_COUNT = text(
    """
    INSERT INTO points.wrong_try AS w (kind, subject, used, resets_at) VALUES (:kind, :subject, 1, :until)
    ON CONFLICT (kind, subject) DO UPDATE
       SET used = CASE WHEN w.resets_at <= :now THEN 1 ELSE w.used + 1 END,
           resets_at = CASE WHEN w.resets_at <= :now THEN :until ELSE w.resets_at END
    """
)
_CLEAR = text("DELETE FROM points.wrong_try WHERE kind = :kind AND subject = :subject")
