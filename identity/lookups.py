"""How many people each officer looks up: what an auditor asks first about somebody who is curious."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

SHOWN = timedelta(days=30)
UNUSUAL_IN_AN_HOUR = 25
"""A counter serves a person in some four minutes at the fastest: more look-ups than this want an explanation."""


def by_officer(session: Session, *, now: datetime) -> list[Row[Any]]:
    """Look-ups by officer and day in Taipei, the latest first, refused ones too; at most 500 rows."""
    since = {"since": now - SHOWN, "unusual": UNUSUAL_IN_AN_HOUR}
    return list(session.execute(_BY_OFFICER, since))


_BY_OFFICER = text(
    """
    WITH hours AS (
        SELECT officer_id, date_trunc('hour', opened_at, 'Asia/Taipei') AS hour,
               count(*) FILTER (WHERE outcome = 'found') AS found,
               count(*) FILTER (WHERE outcome = 'nobody') AS nobody,
               count(*) FILTER (WHERE outcome = 'own_record') AS own_record,
               count(*) FILTER (WHERE outcome = 'too_many') AS too_many,
               count(*) AS all_of_them
          FROM identity.counter_case WHERE opened_at > :since GROUP BY 1, 2
    )
    SELECT o.name AS officer, o.staff_number, o.bureau, (h.hour AT TIME ZONE 'Asia/Taipei')::date AS day,
           sum(h.found)::int AS found, sum(h.nobody)::int AS nobody, sum(h.own_record)::int AS own_record,
           sum(h.too_many)::int AS too_many, max(h.all_of_them)::int AS most_in_an_hour,
           bool_or(h.own_record > 0 OR h.too_many > 0 OR h.all_of_them > :unusual) AS is_unusual
      FROM hours h JOIN identity.officer o ON o.id = h.officer_id
     GROUP BY o.name, o.staff_number, o.bureau, 4 ORDER BY 4 DESC, o.staff_number LIMIT 500
    """
)
