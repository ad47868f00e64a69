"""How long this room keeps what it wrote down to do its work. The tours themselves stay, with nobody's name.

Every run is recorded (身心障礙者個人照顧服務辦法 art. 76); who rode is no part of that for longer than complaints and
lost things take.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text

from core import db
from core.keeping import Kept

NAMES_DAYS = 60
_CHUNK = 2_000

RULES = (
    Kept(
        "accessibility.van_telegram", 90, "k.answered_at < :before",
        "a telegram that comes twice does so within days; its words are not in it",
    ),
    Kept("accessibility.van_offer", 2, "k.lapses_at < :before", "an offer stands for minutes"),
    Kept("accessibility.van_shut", 400, "k.shut_at < :before", "a hold that comes late does so within days"),
    Kept("accessibility.van_wrong_try", 2, "k.resets_at < :before", "wrong tries count for minutes"),
    Kept(
        "accessibility.van_session", 400, "k.ends_at < :before",
        "who drove is asked when a rider complains, within a year",
    ),
    Kept(
        "accessibility.van_event", 30,
        "k.kind = 'position' AND k.day < CAST(:before AS timestamptz)::date "
        "AND k.day >= CAST(:before AS timestamptz)::date - 400",
        "where a van was beside what it did: for as long as a rider may appeal against a point",
    ),
    Kept(
        "accessibility.van_event", 400, "k.day < CAST(:before AS timestamptz)::date",
        "a day is looked at again when somebody complains, within a year",
    ),
    Kept("accessibility.van_absence", 400, "k.ends_at < :before", "who could drive is asked within a year"),
    Kept("accessibility.van_incident_handled", 400, "k.at < :before", "as long as the incident is kept"),
)  # fmt: skip


def forget_names(now: datetime) -> int:
    """Forget who rode and at which doors, of rides that ended so long ago. Answers of how many."""
    with db.unit_of_work() as session:
        values = {"before": now - timedelta(days=NAMES_DAYS), "most": _CHUNK}
        return len(session.execute(_FORGET, values).all())


_FORGET = text(
    """
    UPDATE accessibility.van_order SET customer = NULL
     WHERE id = ANY(ARRAY(SELECT id FROM accessibility.van_order
                           WHERE customer IS NOT NULL AND ended_at < :before LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING 1
    """
)
