"""An alert for the whole city, as two duty officers send it and a worker resolves it, to phones all over the city."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import clock, db
from core.districts import DISTRICTS
from notify.alerts import composing, duty, intake, records, sending

# Nobody's in particular: the database only holds that they differ.
_FIRST, _SECOND = UUID(int=1), UUID(int=2)


def entered(now: datetime, *, severity: str = "Extreme") -> UUID:
    """An alert for the whole city that the first officer has entered and that waits for the second. Answers its id."""
    words = {"zh": "全市地震演練測試，請就地掩護。", "en": "A measurement: take cover where you are."}
    given: dict[str, Any] = {
        "event": "地震", "category": "Geo", "response": "Shelter", "urgency": "Immediate", "severity": severity,
        "certainty": "Observed", "headline": words, "description": words, "instruction": None, "web": None,
        "expires_at": now + timedelta(hours=2), "is_drill": False,
        "area": {"name": None, "is_whole_city": True, "districts": [], "circles": [], "polygons": []},
    }  # fmt: skip
    with db.unit_of_work() as session:
        content = composing.document(given, None, now)
        return intake.receive(session, content, source="desk", officer_id=_FIRST, now=now).alert.id


def approved_and_resolved(alert_id: UUID) -> None:
    """The second officer approves, and one worker resolves the audience, without the second that it may wait for its
    turn; senders hand over meanwhile what each chunk has lined up."""
    with db.unit_of_work() as session:
        duty.approve(session, alert_id, officer_id=_SECOND, now=clock.now())
    is_out = False
    while not is_out:
        sending.send_due(clock.now())
        with db.unit_of_work() as session:
            is_out = records.get(session, alert_id).status != "sending"


def spread(now: datetime) -> None:
    """Put the phones that are there into the city: a third at a position, a third in a district alone, and of a third
    nothing is known."""
    with db.unit_of_work() as session:
        session.execute(_SPREAD, {"now": now, "districts": list(DISTRICTS)})


_SPREAD = text(
    """
    UPDATE notify.device AS d
       SET position = CASE WHEN n % 3 = 0 THEN point(120.2 + random() * 0.25, 22.5 + random() * 0.4) END,
           position_at = CASE WHEN n % 3 = 0 THEN CAST(:now AS timestamptz) END,
           district = CASE WHEN n % 3 < 2 THEN (CAST(:districts AS text[]))[1 + n % 38] END
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM notify.device WHERE gone_at IS NULL) AS numbered
     WHERE numbered.id = d.id
    """
)
