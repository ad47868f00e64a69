"""Warnings before points lapse: thirty, seven and one day ahead, one for each person, never two for the same day.

Once a day, from nine in the morning in Taipei, everybody is gone through whose points end within thirty days. Which
warnings went out is written down by person, last day and days ahead; a lot that got another end is simply seen there.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db, outbox
from core.clock import TAIPEI, taipei_date

# person_id, points (all that lapse within the days ahead), ends [{points, last_day}], days, at
EXPIRING_SOON: Final = "points.expiring_soon"
DAYS: Final = (30, 7, 1)
FIRST_HOUR: Final = time(9)
BATCH: Final = 500
_BEGINNING = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


def warn_of_expiry(now: datetime) -> int:
    """Today's warnings, those that have not gone out yet. Answers how many people are told. Opens its own units of
    work; killed, it goes on after the last one."""
    today, told = taipei_date(now), 0
    if now < datetime.combine(today, FIRST_HOUR, TAIPEI):
        return 0
    while True:
        with db.unit_of_work() as session:
            found = warn_some(session, today, now)
        if found is None:
            return told
        told += found


def warn_some(session: Session, today: date, now: datetime) -> int | None:
    """Warn the next few people. Answers how many were told; None where today's warnings are all out."""
    reached = session.execute(_PASS, {"day": today, "end": _BEGINNING[0], "person": _BEGINNING[1]}).one()
    if reached.done_at is not None:
        return None
    until = datetime.combine(today + timedelta(days=max(DAYS) + 1), time.min, TAIPEI)
    values = {"now": now, "until": until, "end": reached.upto_end, "person": reached.upto_person, "most": BATCH}
    rows = session.execute(_ENDING, values).all()
    if not rows:
        session.execute(_PASS_DONE, {"day": today, "now": now})
        return None
    session.execute(_PASS_MOVED, {"day": today, "end": rows[-1].expires_at, "person": rows[-1].person_id})
    return _warn(session, list({row.person_id for row in rows}), today, until, now)


def _warn(session: Session, people: list[UUID], today: date, until: datetime, now: datetime) -> int:
    ends = session.execute(_BY_DAY, {"people": people, "now": now, "until": until}).all()
    due = [(row, next(days for days in reversed(DAYS) if row.last_day <= today + timedelta(days=days))) for row in ends]
    new = session.execute(
        _NOTE,
        {"people": [row.person_id for row, _ in due], "last_days": [row.last_day for row, _ in due],
         "days": [days for _, days in due], "points": [int(row.points) for row, _ in due], "now": now},
    ).all()  # fmt: skip
    told: dict[UUID, list[Any]] = {}
    for row in sorted(new, key=lambda each: (each.person_id, each.last_day)):
        told.setdefault(row.person_id, []).append(row)
    payloads = [
        {
            "person_id": str(person_id),
            "points": sum(int(row.points) for row in rows),
            "ends": [{"points": int(row.points), "last_day": row.last_day.isoformat()} for row in rows],
            "days": min(row.days for row in rows),
            "at": now.isoformat(),
        }
        for person_id, rows in told.items()
    ]
    outbox.record_all(session, EXPIRING_SOON, payloads, now=now)
    return len(payloads)


_PASS = text(
    """
    INSERT INTO points.warning_pass AS p (day, upto_end, upto_person) VALUES (:day, :end, :person)
    ON CONFLICT (day) DO UPDATE SET day = p.day RETURNING upto_end, upto_person, done_at
    """
)
_PASS_MOVED = text("UPDATE points.warning_pass SET upto_end = :end, upto_person = :person WHERE day = :day")
_PASS_DONE = text("UPDATE points.warning_pass SET done_at = :now WHERE day = :day")
_ENDING = text(
    """
    SELECT expires_at, person_id FROM points.lot
     WHERE remaining > 0 AND expires_at > :now AND expires_at <= :until AND (expires_at, person_id) > (:end, :person)
     GROUP BY expires_at, person_id ORDER BY expires_at, person_id LIMIT :most
    """
)
_BY_DAY = text(
    """
    SELECT person_id, ((expires_at - interval '1 microsecond') AT TIME ZONE 'Asia/Taipei')::date AS last_day,
           sum(remaining) AS points
      FROM points.lot
     WHERE person_id = ANY(:people) AND remaining > 0 AND expires_at > :now AND expires_at <= :until
     GROUP BY 1, 2
    """
)
_NOTE = text(
    """
    INSERT INTO points.expiry_warning (person_id, last_day, days, points, warned_at)
    SELECT u.person_id, u.last_day, u.days, u.points, :now
      FROM unnest(CAST(:people AS uuid[]), CAST(:last_days AS date[]), CAST(:days AS smallint[]),
                  CAST(:points AS bigint[])) AS u (person_id, last_day, days, points)
     ORDER BY u.person_id, u.last_day
    ON CONFLICT DO NOTHING RETURNING person_id, last_day, days, points
    """
)
