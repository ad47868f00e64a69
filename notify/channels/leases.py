"""Taking what is due: one sender alone holds a delivery until its lease ends, and looks once more whether it may go.

Between the writing of a message and its turn a campaign may have been stopped, a subscription ended, an alert
cancelled, a phone given away, and its owner may have gone to bed. So the ground of every message is read again in the
statement that leases it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify.cap.preferences import Preferences
from notify.channels import wording
from notify.channels.wording import Message

LEASE_SECONDS = 45
EMERGENCY = 9
URGENT_FROM = 7
"""Alerts, of whatever severity: they do not wait for the rate of a channel."""
_USUAL = Preferences()
URGENCIES = tuple(range(EMERGENCY, -1, -1))


@dataclass(frozen=True, slots=True)
class Due:
    """A channel that is open, or may be tried, and has work."""

    name: str
    has_emergencies: bool
    has_others: bool


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this sender alone tries until its lease ends. `objection` says why it may not go, if so:
    lapsed, device_gone, recalled, stopped, subscription_ended, topic_closed, alert_cancelled, alert_expired, held,
    asleep (until `wakes_at`), no_address.
    `excused` of its attempts say nothing about it."""

    id: UUID
    attempt: int
    excused: int
    channel: str
    urgency: int
    objection: str | None
    provider: str | None
    message: Message | None
    person_id: UUID
    wakes_at: datetime | None = None


def due_channels(session: Session, now: datetime, *, event_id: UUID | None, least_urgency: int) -> list[Due]:
    """The channels that are not closed and have a delivery due (of that event alone, when given), and those that are
    and may be tried by an alert."""
    values = {"now": now, "event_id": event_id, "urgent_from": URGENT_FROM, "urgencies": _urgencies(least_urgency)}
    rows = session.execute(_DUE_OF_EVENT if event_id else _DUE, values)
    return [Due(row.name, row.has_emergencies, row.has_others) for row in rows]


def lease(
    session: Session,
    channel: str,
    now: datetime,
    *,
    limit: int,
    event_id: UUID | None = None,
    most_urgency: int = EMERGENCY,
    least_urgency: int = 0,
) -> list[Leased]:
    """Take up to `limit` due deliveries of a channel for `LEASE_SECONDS`, the most urgent first and among equals the
    longest due."""
    values = {
        "channel": channel, "now": now, "until": now + timedelta(seconds=LEASE_SECONDS), "limit": limit,
        "event_id": event_id, "urgencies": [each for each in _urgencies(least_urgency) if each <= most_urgency],
        "quiet_from": _USUAL.quiet_from, "quiet_until": _USUAL.quiet_until, "timezone": _USUAL.timezone,
    }  # fmt: skip
    rows = session.execute(_LEASE_OF_EVENT if event_id else _LEASE, values).all()
    messages = wording.messages_for(session, channel, [row for row in rows if row.objection is None], now)
    return [
        Leased(
            row.id,
            row.attempts,
            row.excused,
            channel,
            row.urgency,
            row.objection or (None if row.id in messages else "no_address"),
            row.provider,
            messages.get(row.id),
            row.person_id,
            row.wakes_at,
        )
        for row in rows
    ]


def _urgencies(least: int) -> Sequence[int]:
    return [each for each in URGENCIES if each >= least]


# The first row of each urgency, by the index: however many wait, they are not looked at.
_DUE = text(
    """
    SELECT c.name, bool_or(u.urgency >= :urgent_from) AS has_emergencies,
           bool_or(u.urgency < :urgent_from) AS has_others
      FROM notify.channel AS c
     CROSS JOIN unnest(CAST(:urgencies AS smallint[])) AS u (urgency)
     CROSS JOIN LATERAL (
           SELECT d.id FROM notify.delivery AS d
            WHERE d.channel = c.name AND d.status = 'pending' AND d.urgency = u.urgency AND d.next_at <= :now
            ORDER BY d.next_at LIMIT 1) AS first
     WHERE CASE WHEN c.closed_until > :now
                THEN u.urgency >= :urgent_from
                     AND (c.alerts_pass OR c.alerts_try_at <= :now AND coalesce(c.probing_until <= :now, true))
                ELSE coalesce(c.probing_until <= :now, true) END
     GROUP BY c.name ORDER BY c.name
    """
)
_DUE_OF_EVENT = text(
    """
    SELECT c.name, true AS has_emergencies, true AS has_others
      FROM notify.channel AS c
     WHERE c.closed_until IS NULL AND EXISTS (
           SELECT FROM notify.delivery AS d
            WHERE d.event_id = :event_id AND d.channel = c.name AND d.status = 'pending' AND d.next_at <= :now)
     ORDER BY c.name
    """
)
# A subscription that its last message or a wider one ended owes what was decided before.
_LEASING = """
    WITH due AS ({due}
    ), leased AS (
        UPDATE notify.delivery AS d SET next_at = :until, attempts = d.attempts + 1
          FROM due WHERE d.id = due.id
        RETURNING d.id, d.message_id, d.device_id, d.attempts, d.excused, d.urgency, d.expires_at, d.provider,
                  d.last_error
    )
    SELECT l.id, l.message_id, l.device_id, l.attempts, l.excused, l.urgency, l.expires_at, l.provider, l.last_error,
           m.person_id, m.kind,
           coalesce(m.title_zh, c.title_zh) AS title_zh, coalesce(m.title_en, c.title_en) AS title_en,
           coalesce(m.body_zh, c.body_zh) AS body_zh, coalesce(m.body_en, c.body_en) AS body_en,
           coalesce(m.link, c.link) AS link, v.kind AS device_kind, v.address_sealed,
           a.severity, CASE WHEN a.id IS NOT NULL THEN coalesce(a.thread, a.id) END AS alert_thread,
           CASE WHEN l.expires_at <= :now THEN 'lapsed'
                WHEN l.device_id IS NOT NULL AND (v.gone_at IS NOT NULL OR v.person_id <> m.person_id)
                THEN 'device_gone'
                WHEN m.recalled_at IS NOT NULL THEN 'recalled'
                WHEN m.settled_at IS NOT NULL THEN 'need_passed'
                WHEN r.status = 'stopped' THEN 'stopped'
                WHEN m.basis IN ('subscription', 'question') AND (s.status IS DISTINCT FROM 'live' OR s.ends_at <= :now)
                     AND (m.basis = 'subscription' AND s.ended_how IN ('count', 'replaced')
                          AND m.created_at <= s.ended_at) IS NOT TRUE
                THEN 'subscription_ended'
                WHEN m.basis IN ('subscription', 'question') AND t.status = 'closed' THEN 'topic_closed'
                WHEN a.status IN ('cancelled', 'refused') THEN 'alert_cancelled'
                WHEN a.expires_at <= :now THEN 'alert_expired'
                WHEN r.is_held THEN 'held'
                WHEN awake.at > :now THEN 'asleep' END AS objection, awake.at AS wakes_at
      FROM leased AS l
      JOIN notify.message AS m ON m.id = l.message_id
      LEFT JOIN notify.device AS v ON v.id = l.device_id
      LEFT JOIN notify.content AS c ON c.id = m.content_id
      LEFT JOIN notify.run AS r ON r.id = m.run_id
      LEFT JOIN notify.subscription AS s ON s.id = m.subscription_id
      LEFT JOIN notify.topic AS t ON t.id = s.topic_id
      LEFT JOIN notify.alert AS a ON a.id = m.alert_id
      LEFT JOIN notify.preference AS p ON p.person_id = m.person_id AND m.basis = 'subscription'
      LEFT JOIN LATERAL (
           SELECT notify.awake_at(coalesce(p.quiet_from, :quiet_from), coalesce(p.quiet_until, :quiet_until),
                                  coalesce(p.timezone, :timezone), :now) AS at) AS awake ON m.basis = 'subscription'
     ORDER BY l.urgency DESC, l.id
"""
# One scan for each urgency, so that what is not due yet is never walked over.
_LEASE = text(
    _LEASING.format(
        due="""
        SELECT turn.id FROM unnest(CAST(:urgencies AS smallint[])) AS u (urgency)
         CROSS JOIN LATERAL (
               SELECT d.id FROM notify.delivery AS d
                WHERE d.channel = :channel AND d.status = 'pending' AND d.urgency = u.urgency AND d.next_at <= :now
                ORDER BY d.next_at LIMIT :limit FOR UPDATE SKIP LOCKED) AS turn
         LIMIT :limit"""
    )
)
_LEASE_OF_EVENT = text(
    _LEASING.format(
        due="""
        SELECT d.id FROM notify.delivery AS d
         WHERE d.event_id = :event_id AND d.channel = :channel AND d.status = 'pending' AND d.next_at <= :now
           AND d.urgency = ANY(CAST(:urgencies AS smallint[]))
         ORDER BY d.next_at LIMIT :limit FOR UPDATE SKIP LOCKED"""
    )
)
