"""Making candidates of the people that a run has found: each once, with what the cap weighs them by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify import reach
from notify.campaigns.campaigns import Campaign
from notify.cap.preferences import Preferences

_DEFAULTS = Preferences()


def add(
    session: Session, chosen: str, values: Mapping[str, Any], *, campaign: Campaign, run: Any, now: datetime
) -> dict[str, int]:
    """Add those to the run whom `chosen` selects (SQL with `values`: person_id, subscription_id, topic_id and fields,
    each person once). What is counted of those who are new to it: audience, unreachable, asleep."""
    counts = session.execute(
        text(_ADD.format(chosen=chosen)),
        {
            **values, **reach.paid_channels(campaign.channels), "run_id": run.id, "priority": campaign.priority,
            "deadline": run.deadline, "now": now, "quiet_from": _DEFAULTS.quiet_from,
            "quiet_until": _DEFAULTS.quiet_until, "zone": _DEFAULTS.timezone,
        },
    ).one()  # fmt: skip
    return {"audience": counts.audience, "unreachable": counts.unreachable, "asleep": counts.asleep}


_ADD = f"""
    WITH chosen AS (
        {{chosen}}
    ), added AS (
        INSERT INTO notify.candidate (run_id, person_id, subscription_id, topic_id, priority, deadline, interest,
                                      not_before, fields)
        SELECT :run_id, c.person_id, c.subscription_id, c.topic_id, :priority, :deadline,
               coalesce((i.opened + 1)::real / (i.sent + 2), 0.5),
               notify.awake_at(coalesce(p.quiet_from, :quiet_from), coalesce(p.quiet_until, :quiet_until),
                               coalesce(p.timezone, :zone), :now), c.fields
          FROM chosen AS c
               LEFT JOIN notify.preference AS p ON p.person_id = c.person_id
               LEFT JOIN notify.interest AS i ON i.person_id = c.person_id AND i.topic_id = c.topic_id
        ON CONFLICT (run_id, person_id) DO NOTHING
        RETURNING person_id, not_before
    )
    SELECT count(*) AS audience, count(*) FILTER (WHERE a.not_before > :now) AS asleep,
           count(*) FILTER (WHERE NOT {reach.by_any("a.person_id")}) AS unreachable
      FROM added AS a
"""  # noqa: S608
