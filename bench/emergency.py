"""An alert for the whole city, as two duty officers send it: what the bench of an emergency begins with."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from core import db
from notify.alerts import composing, duty, intake
from notify.districts import DISTRICTS

# Nobody's in particular: the database only holds that they differ.
_FIRST, _SECOND = UUID(int=1), UUID(int=2)


def city_wide(now: datetime, *, severity: str = "Extreme") -> UUID:
    """Enter and approve an alert for all districts; it is `sending` from then on. Answers its id, which is the event's
    id of its messages and deliveries."""
    words = {"zh": "全市地震演練測試，請就地掩護。", "en": "A measurement: take cover where you are."}
    given = {
        "event": "地震", "category": "Geo", "response": "Shelter", "urgency": "Immediate", "severity": severity,
        "certainty": "Observed", "headline": words, "description": words, "instruction": None, "web": None,
        "expires_at": now + timedelta(hours=2), "is_drill": False,
        "area": {"name": None, "is_whole_city": True, "districts": [], "circles": [], "polygons": []},
    }  # fmt: skip
    with db.unit_of_work() as session:
        content = composing.document(given, None, now)
        alert = intake.receive(session, content, source="desk", officer_id=_FIRST, now=now).alert
        duty.approve(session, alert.id, officer_id=_SECOND, now=now)
    return alert.id


def people(count: int, now: datetime) -> None:
    """People with a phone each, spread over the districts, a third of them at a position in the city."""
    with db.unit_of_work() as session:
        session.execute(
            text(
                """
                INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at,
                                           last_seen_at, position, position_at, district)
                SELECT gen_random_uuid(), gen_random_uuid(), 'fid', sha256(CAST(CAST(n AS text) AS bytea)), '', '',
                       :now, :now, CASE WHEN n % 3 = 0 THEN point(120.2 + random() * 0.25, 22.5 + random() * 0.4) END,
                       CASE WHEN n % 3 = 0 THEN CAST(:now AS timestamptz) END,
                       (CAST(:districts AS text[]))[1 + n % 38]
                  FROM generate_series(1, :count) AS n
                """
            ),
            {"now": now, "count": count, "districts": list(DISTRICTS)},
        )
