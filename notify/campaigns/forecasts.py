"""What would become of an audience: the cap's own order, reckoned ahead for a campaign that has not begun.

Most people have nothing else on its way, and one look at their day tells. Of the others everything that waits is put in
order with it, as `cap/turns.py` does: once when its round closes, or when they wake, and once more in their evening.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify import reach
from notify.campaigns import audience_sql, schedules
from notify.campaigns.campaigns import Campaign
from notify.cap.preferences import Preferences
from notify.cap.rounds import GATHER_SECONDS
from notify.cap.turns import EARLIER_MINUTES, UNHEARD_DAYS
from notify.channels import paid

OF_AUDIENCE = ("audience", "reachable", "unreachable")
OF_SENDING = ("asleep_now", "capped", "expired", "would_send_today", "would_wait", "would_digest")
_DEFAULTS = Preferences()


def counted(session: Session, campaign: Campaign, *, at: datetime, now: datetime) -> dict[str, int]:
    """The exact numbers if it were sent at `at` to those whom it means now, and nothing else began.

    For whoever publishes them: they leave this room only through `counts.published`.
    """
    meant = audience_sql.compiled(campaign.meant_for, campaign.topic_id, now=now)
    paid_for = paid.people_paid_for(
        session, campaign_id=campaign.id, bureau=campaign.bureau, channels=campaign.channels, now=now
    )
    session.execute(_ROOM_TO_SORT)
    row = session.execute(
        text(_COUNTED.format(condition=meant.condition)),
        meant.parameters
        | reach.paid_channels(campaign.channels)
        | {
            "paid_for": paid_for, "at": at, "priority": campaign.priority, "topic": campaign.topic_id,
            "deadline": schedules.worth_until(campaign.planned, campaign.deadline, at),
            "cap": _DEFAULTS.daily_cap, "quiet_from": _DEFAULTS.quiet_from, "quiet_until": _DEFAULTS.quiet_until,
            "zone": _DEFAULTS.timezone, "digest_at": _DEFAULTS.digest_at,
            "gather": GATHER_SECONDS, "earlier": EARLIER_MINUTES, "unheard": UNHEARD_DAYS,
        },
    ).one()  # fmt: skip
    return {name: int(getattr(row, name)) for name in (*OF_AUDIENCE, *OF_SENDING)}


_ROOM_TO_SORT = text("SET LOCAL work_mem = '64MB'")


def _clock(quiet_from: str, quiet_until: str, zone: str, digest_at: str, source: str) -> str:
    """SQL: the clock of somebody who chose that. `turn_at`: when it is decided on, which is not before they wake;
    `tonight`: their evening, or that moment where they sleep through it."""
    quiet = f"{quiet_from}, {quiet_until}, {zone}"
    gathered = "make_interval(secs => :gather)"
    return f"""
        SELECT *, CASE WHEN notify.awake_at({quiet}, evening) = evening THEN evening ELSE turn_at END AS tonight,
               notify.wakes_tomorrow({quiet}, turn_at) AS tomorrow
          FROM (SELECT *, (turn_at AT TIME ZONE {zone})::date AS day,
                       ((turn_at AT TIME ZONE {zone})::date + {digest_at} - make_interval(mins => :earlier))
                           AT TIME ZONE {zone} AS evening
                  FROM (SELECT *, CASE WHEN notify.awake_at({quiet}, woken) = woken THEN woken
                                       ELSE notify.awake_at({quiet}, woken) + {gathered} END AS turn_at
                          FROM (SELECT *, notify.awake_at({quiet}, :at) AS awake_at,
                                       notify.awake_at({quiet}, :at) + {gathered} AS woken
                                  FROM {source}) AS a) AS w) AS t
    """  # noqa: S608


_WHO_CHOSE = "(SELECT o.* FROM notify.preference o JOIN audience USING (person_id)) AS o"
# Clocks are reckoned once for all who never changed theirs. `rival`: what waits of other runs and comes into the same
# round or the same evening; who has any is `contended`, and gets ours (the newest: the last of equals) put among it.
# What can wait for the evening (`is_patient`) takes no ring of the day: it comes again at `tonight`, beside whatever
# waits for then, for as many rings as are left.
_COUNTED = f"""
    WITH audience AS MATERIALIZED (
        SELECT DISTINCT ON (s.person_id) s.person_id, s.id AS subscription_id, s.last_sent_at
          FROM notify.subscription AS s WHERE {{condition}} ORDER BY s.person_id, s.id
    ), reached AS MATERIALIZED (
        SELECT a.person_id FROM audience a WHERE {reach.by_push("a.person_id")}
    ), payable AS MATERIALIZED (
        SELECT a.person_id FROM audience a WHERE {reach.by_money("a.person_id")}
    ), usual AS MATERIALIZED (
        {_clock(":quiet_from", ":quiet_until", ":zone", ":digest_at", "(SELECT) AS everybody")}
    ), chosen AS MATERIALIZED (
        {_clock("quiet_from", "quiet_until", "timezone", "digest_at", _WHO_CHOSE)}
    ), clock AS MATERIALIZED (
        SELECT a.person_id, a.subscription_id, a.last_sent_at, coalesce(c.daily_cap, :cap) AS cap,
               coalesce(c.awake_at, u.awake_at) AS awake_at, coalesce(c.turn_at, u.turn_at) AS turn_at,
               coalesce(c.tonight, u.tonight) AS tonight, coalesce(c.tomorrow, u.tomorrow) AS tomorrow,
               coalesce(y.used, 0) AS used
          FROM audience a CROSS JOIN usual u
               LEFT JOIN chosen c ON c.person_id = a.person_id
               LEFT JOIN notify.person_day y ON y.person_id = a.person_id AND y.day = coalesce(c.day, u.day)
    ), rival AS MATERIALIZED (
        SELECT k.*, c.run_id, c.subscription_id AS by_id, c.priority, c.waited, c.deadline, c.interest, c.not_before,
               s.last_sent_at AS rang_at
          FROM notify.candidate c
               JOIN notify.run r ON r.id = c.run_id AND r.status IN ('resolving', 'deciding') AND NOT r.is_held
               JOIN clock k ON k.person_id = c.person_id
               JOIN notify.subscription s ON s.id = c.subscription_id AND s.status = 'live'
                                         AND (s.ends_at IS NULL OR s.ends_at > k.turn_at)
         WHERE c.status = 'waiting' AND c.deadline > k.turn_at
           AND c.not_before <= greatest(k.turn_at, k.tonight + make_interval(secs => :gather))
    ), contended AS MATERIALIZED (
        SELECT DISTINCT person_id FROM rival
    ), beside AS (
        SELECT rival.*, false AS is_ours FROM rival
         UNION ALL
        SELECT k.*, NULL, k.subscription_id, :priority, 0, :deadline,
               coalesce((i.opened + 1)::real / (i.sent + 2), 0.5)::real, k.awake_at, k.last_sent_at, true
          FROM clock k JOIN contended USING (person_id)
               LEFT JOIN notify.interest i ON i.person_id = k.person_id AND i.topic_id = :topic
    ), placed AS (
        SELECT *, not_before <= turn_at AS is_due, row_number() OVER (
                   PARTITION BY person_id, not_before <= turn_at
                   ORDER BY priority + waited + is_unheard::int DESC, deadline, interest DESC, is_ours, run_id) AS place
          FROM (SELECT *, rang_at IS NULL OR rang_at < turn_at - a_week AS is_unheard
                  FROM beside CROSS JOIN (SELECT make_interval(days => :unheard) AS a_week) AS w) AS b
    ), patient AS (
        SELECT *, is_due AND place >= cap - used AND used < cap AND priority <= 2 AND turn_at < tonight
                  AND (waited > 0 AND NOT (is_unheard AND place = 1) OR used > 0 AND deadline > tonight) AS is_patient
          FROM placed
    ), day AS (
        SELECT *, is_due AND NOT is_patient
                  AND row_number() OVER (PARTITION BY person_id, is_due, is_patient ORDER BY place) <= cap - used
                  AS rings
          FROM patient
    ), dusk AS (
        SELECT *, count(*) FILTER (WHERE rings) OVER (PARTITION BY person_id) AS rung,
               coalesce(bool_or(rings) OVER (PARTITION BY person_id, by_id), false) AS was_heard,
               tonight + make_interval(secs => :gather) AS evening_at
          FROM day
    ), night AS (
        SELECT *, is_again AND row_number() OVER (
                      PARTITION BY person_id, is_again
                      ORDER BY priority + waited
                               + (NOT was_heard AND (rang_at IS NULL OR rang_at < evening_at - a_week))::int DESC,
                               deadline, interest DESC, is_ours, run_id) <= cap - used - rung AS rings_again
          FROM (SELECT *, turn_at < tonight AND deadline > evening_at
                          AND (is_patient OR NOT is_due) AS is_again
                  FROM dusk) AS d
    ), standing AS (
        SELECT k.awake_at, k.cap, k.tomorrow, k.turn_at,
               r.person_id IS NOT NULL AS is_pushed, r.person_id IS NULL AND m.person_id IS NOT NULL AS is_paid,
               CASE WHEN :deadline <= k.turn_at THEN 'expired'
                    WHEN n.person_id IS NULL AND k.used < k.cap OR n.rings OR n.rings_again THEN 'rings'
                    WHEN k.cap = 0 OR :deadline <= k.tomorrow THEN 'digested' ELSE 'waits' END AS becomes
          FROM clock k
               LEFT JOIN night n ON n.person_id = k.person_id AND n.is_ours
               LEFT JOIN reached r ON r.person_id = k.person_id
               LEFT JOIN payable m ON m.person_id = k.person_id
    )
    SELECT count(*) AS audience,
           count(*) FILTER (WHERE is_pushed) + least(count(*) FILTER (WHERE is_paid), :paid_for) AS reachable,
           count(*) FILTER (WHERE NOT is_pushed) - least(count(*) FILTER (WHERE is_paid), :paid_for) AS unreachable,
           count(*) FILTER (WHERE awake_at > :at) AS asleep_now,
           count(*) FILTER (WHERE becomes = 'expired') AS expired,
           count(*) FILTER (WHERE becomes IN ('waits', 'digested')) AS capped,
           count(*) FILTER (WHERE becomes = 'rings' AND is_pushed)
               + least(count(*) FILTER (WHERE becomes = 'rings' AND is_paid), :paid_for) AS would_send_today,
           count(*) FILTER (WHERE becomes = 'waits') AS would_wait,
           count(*) FILTER (WHERE becomes = 'digested') AS would_digest
      FROM standing
"""  # noqa: S608
