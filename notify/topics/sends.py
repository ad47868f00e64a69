"""Counting what was sent by a subscription, and noticing when a rule of its topic has to look at it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

COUNT_SENDS = """
    WITH sent AS (
        SELECT id, count(*)::int AS n FROM unnest(CAST(:subscription_ids AS uuid[])) AS id GROUP BY id
    ), locked AS (
        SELECT s.id, sent.n, t.most_sends, t.silent_sends, t.silent_days
          FROM notify.subscription s JOIN sent USING (id) JOIN notify.topic t ON t.id = s.topic_id
         WHERE s.status = 'live'
         ORDER BY s.id FOR UPDATE OF s
    )
    UPDATE notify.subscription s
       SET sends = s.sends + l.n,
           unopened = s.unopened + l.n,
           unopened_since = CASE WHEN s.unopened = 0 THEN :now ELSE s.unopened_since END,
           last_sent_at = :now,
           check_at = CASE
               WHEN s.sends + l.n >= l.most_sends OR (s.asked_at IS NULL AND s.unopened + l.n >= l.silent_sends)
                   THEN :now
               WHEN s.unopened = 0 AND l.silent_days IS NOT NULL
                   THEN least(s.check_at, :now + make_interval(days => l.silent_days))
               ELSE s.check_at END
      FROM locked l
     WHERE s.id = l.id
"""
"""One message more for each of `:subscription_ids` (a subscription may be named several times), at `:now`.

Rows are locked in the order of their ids. A subscription that has ended counts nothing.
"""


def count_sends(session: Session, subscription_ids: Sequence[UUID], *, now: datetime) -> None:
    """Count one message for each time that a subscription is named, in the sender's own transaction."""
    session.execute(_COUNT_SENDS, {"subscription_ids": list(subscription_ids), "now": now})


_COUNT_SENDS = text(COUNT_SENDS)
