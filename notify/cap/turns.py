"""Whose turn it is: one statement decides on everything that is due for up to `MOST_PEOPLE` people, and writes it.

The best of a person's candidates, as many as the day has room for, become messages; the others wait for tomorrow, or
lie in the inbox for the digest where tomorrow would be too late. Two rules keep the day open for what comes up:
the last ring before the evening is not for messages of ordinary priority that are left over from another day, nor, once
it has rung, for such as can wait until then; and what waits for tomorrow waits until its evening where it has the time.
No subscription starves beside louder ones: what has not rung for a week has one step more, waits for the morning, and
may take the only ring there is where it comes first.

    waiting ─ among the best of its round ─────────→ sent        a message, and a delivery for each live device
            ─ the last ring is kept, it can wait ──→ waiting     until the evening
            ─ no room, tomorrow is soon enough ────→ waiting     for tomorrow, one step more urgent
            ─ no room, tomorrow is too late ───────→ digested    a message without a delivery
            ─ asleep ──────────────────────────────→ waiting     until the person wakes
            ─ its deadline has passed ─────────────→ expired
            ─ the subscription has ended ──────────→ withdrawn
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify.cap.preferences import Preferences
from notify.cap.rounds import GATHER_SECONDS, Rounds

MOST_PEOPLE = 500
MOST_PENDING = 20_000
LEAVES_WITHIN_SECONDS = 60
PASSES_FROM = 4
"""What is as urgent as this is decided on however much the channels have to do."""
EARLIER_MINUTES = 10
"""So long before the digest what can wait is decided on: by then the day shows how much room it had."""
UNHEARD_DAYS = 7
"""A subscription that has not rung for so long has one step more, waits for the morning instead of the evening, and
as a leftover may take the day's last ring where it comes first."""
LANE_LOCKS = 7_270_034
_DEFAULTS = Preferences()

# The tallies in which a sender sees what was decided. Whoever is asleep was counted when the audience was made, what
# waits for this evening is decided then, and of those who wait for another day `_DECIDE` says who comes and who goes.
TALLIES: dict[tuple[str, str | None], tuple[str, ...]] = {
    ("sent", None): ("sent",),
    ("digested", "cap"): ("digested",),
    ("digested", "cap_is_zero"): ("digested", "digested_cap_is_zero"),
    ("waiting", "cap"): (),
    ("waiting", "evening"): (),
    ("waiting", "asleep"): (),
    ("expired", "cap"): ("expired", "expired_cap"),
    ("expired", "asleep"): ("expired", "expired_asleep"),
    ("expired", "deadline"): ("expired",),
    ("withdrawn", "subscription_ended"): ("withdrawn",),
    ("withdrawn", "run_stopped"): ("withdrawn",),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """The people of a lane that this transaction alone decides about; `is_full`: the channels have enough to do."""

    people: Sequence[UUID]
    is_full: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided: how many of each tally in each run, and the subscription of each message that was sent."""

    decisions: int = 0
    tallies: dict[UUID, Counter[str]] = field(default_factory=dict)
    subscriptions: list[UUID] = field(default_factory=list)


class CapExceeded(AssertionError):
    """A decision would have rung somebody more often than they allow; nothing of it is committed."""


def take(session: Session, lane: int, rounds: Rounds, now: datetime) -> Taken | None:
    """Lock the lane until the transaction ends and find who is due in it; None where somebody else has the lane.

    The lock is tried, never waited for, and a transaction holds one: deciders cannot wait for each other.
    """
    row = session.execute(
        _TAKE,
        {
            "locks": LANE_LOCKS, "lane": lane, "runs": list(rounds.runs), "due_by": list(rounds.due_by),
            "most": MOST_PEOPLE, "most_pending": MOST_PENDING, "now": now,
            "soon": now + timedelta(seconds=LEAVES_WITHIN_SECONDS), "passes_from": PASSES_FROM,
        },
    ).one()  # fmt: skip
    return Taken(row.people, row.is_full) if row.is_mine else None


def decide(session: Session, people: Sequence[UUID], rounds: Rounds, now: datetime) -> Decided:
    """Decide on all that is due for these people, whose lane the caller has locked in a statement before.

    Raises CapExceeded where a day would end up over its cap, which no order of events should lead to.
    """
    rows = session.execute(
        _DECIDE,
        {
            "people": list(people), "now": now, "horizon": rounds.horizon, "gather": GATHER_SECONDS,
            "cap": _DEFAULTS.daily_cap, "quiet_from": _DEFAULTS.quiet_from, "quiet_until": _DEFAULTS.quiet_until,
            "zone": _DEFAULTS.timezone, "takes_digest": _DEFAULTS.takes_digest, "digest_at": _DEFAULTS.digest_at,
            "earlier": EARLIER_MINUTES, "unheard": UNHEARD_DAYS,
        },
    ).all()  # fmt: skip
    if any(row.over_cap for row in rows):
        raise CapExceeded
    tallies: dict[UUID, Counter[str]] = defaultdict(Counter)
    subscriptions: list[UUID] = []
    for row in rows:
        for what in TALLIES[row.verdict, row.reason]:
            tallies[row.run_id][what] += row.n
        tallies[row.run_id]["waiting_tomorrow"] += row.wait_from_now - row.waited_until_now
        tallies[row.run_id]["waited"] += row.wait_at_first
        subscriptions.extend(row.subscriptions or ())
    return Decided(sum(row.n for row in rows), tallies, subscriptions)


# Only what could leave soon keeps the channels busy: neither what sleeps, backs off or is held, nor a closed channel.
_TAKE = text(
    """
    WITH lane AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(:locks, :lane) AS is_mine),
    pending AS (
        SELECT count(*) >= :most_pending AS is_full
          FROM (SELECT FROM notify.channel h
                 CROSS JOIN generate_series(0, 4) AS u (urgency)
                 CROSS JOIN LATERAL (
                       SELECT FROM notify.delivery d
                        WHERE d.channel = h.name AND d.urgency = u.urgency AND d.status = 'pending'
                          AND d.next_at <= :soon
                          AND d.event_id <> ALL (ARRAY(SELECT id FROM notify.run WHERE is_held AND deadline > :now))
                        LIMIT :most_pending) AS ahead_in_it
                 WHERE h.closed_until IS NULL LIMIT :most_pending) AS ahead
    )
    SELECT is_mine, is_full, ARRAY(
        SELECT DISTINCT due.person_id
          FROM unnest(CAST(:runs AS uuid[]), CAST(:due_by AS timestamptz[])) AS r (id, due_by)
               CROSS JOIN LATERAL (
                   SELECT c.person_id, c.priority FROM notify.candidate c
                    WHERE c.run_id = r.id AND notify.lane(c.person_id) = :lane AND c.status = 'waiting'
                      AND c.not_before <= r.due_by
                    ORDER BY c.not_before, c.person_id LIMIT :most) AS due
         WHERE is_mine AND (NOT is_full OR due.priority >= :passes_from)
         ORDER BY due.person_id LIMIT :most) AS people
      FROM lane CROSS JOIN pending
    """
)

# `tonight` is the person's evening; whose digest is due in their sleep has none, and nothing is kept for it.
# A person's round is the last one that has closed and is complete; whoever began after it takes part in the next.
# Candidates, and the subscriptions of what is to be sent, are locked in one order and read again once locked: a run
# recalled or a subscription ended in this very moment sends nothing.
# `live` is part of `verdict`, so FULL JOIN answers what LEFT JOIN would; but it cannot be done row by row, which the
# planner chooses for the few rows it expects and which takes the square of the many there are.
_DECIDE = text(
    """
    WITH person AS MATERIALIZED (
        SELECT u.person_id, coalesce(p.daily_cap, :cap) AS cap, coalesce(p.quiet_from, :quiet_from) AS quiet_from,
               coalesce(p.quiet_until, :quiet_until) AS quiet_until, coalesce(p.timezone, :zone) AS zone,
               coalesce(p.takes_digest, :takes_digest) AS takes_digest, coalesce(p.digest_at, :digest_at) AS digest_at
          FROM unnest(CAST(:people AS uuid[])) AS u (person_id) LEFT JOIN notify.preference p USING (person_id)
    ), clock AS MATERIALIZED (
        SELECT person_id, cap, takes_digest, day, coalesce(d.used, 0) AS used,
               notify.awake_at(quiet_from, quiet_until, zone, :now) AS awake_at,
               CASE WHEN notify.awake_at(quiet_from, quiet_until, zone, tonight) = tonight THEN tonight
                    ELSE CAST(:now AS timestamptz) END AS tonight,
               notify.wakes_tomorrow(quiet_from, quiet_until, zone, :now) AS tomorrow,
               notify.awake_at(quiet_from, quiet_until, zone, (day + 1 + digest_at - make_interval(mins => :earlier))
                                                              AT TIME ZONE zone) AS evening,
               notify.awake_at(quiet_from, quiet_until, zone,
                   (day + digest_at + CASE WHEN (day + digest_at) AT TIME ZONE zone > :now THEN interval '0'
                                           ELSE interval '1 day' END) AT TIME ZONE zone) AS digest_at
          FROM (SELECT *, (day + digest_at - make_interval(mins => :earlier)) AT TIME ZONE zone AS tonight
                  FROM (SELECT *, (CAST(:now AS timestamptz) AT TIME ZONE zone)::date AS day FROM person) AS p) AS t
               LEFT JOIN notify.person_day d USING (person_id, day)
    ), waiting AS MATERIALIZED (
        SELECT c.*, r.content_id, r.begun_at,
               CASE WHEN c.not_before <= r.round_at THEN r.round_at
                    ELSE c.not_before + make_interval(secs => :gather) END AS closes_at
          FROM notify.candidate c JOIN notify.run r ON r.id = c.run_id AND r.status = 'deciding' AND NOT r.is_held
         WHERE c.person_id = ANY(CAST(:people AS uuid[])) AND c.status = 'waiting' AND c.not_before <= :horizon
         ORDER BY c.person_id, c.run_id FOR NO KEY UPDATE OF c
    ), due AS MATERIALIZED (
        SELECT * FROM (SELECT *, max(closes_at) FILTER (WHERE closes_at <= :horizon) OVER (PARTITION BY person_id)
                                 AS round_closed_at FROM waiting) AS w
         WHERE begun_at <= round_closed_at AND not_before <= round_closed_at
    ), standing AS (
        SELECT d.*, k.cap, k.used, k.day, k.awake_at, k.tonight, k.tomorrow, k.evening, k.digest_at, k.takes_digest,
               CASE WHEN s.id IS NULL THEN 'ended' WHEN d.deadline <= :now THEN 'late'
                    WHEN k.awake_at > :now THEN 'asleep' ELSE 'competes' END AS standing,
               s.last_sent_at IS NULL OR s.last_sent_at < CAST(:now AS timestamptz) - make_interval(days => :unheard)
               AS is_unheard
          FROM due d JOIN clock k USING (person_id)
               LEFT JOIN notify.subscription s
                      ON s.id = d.subscription_id AND s.status = 'live' AND (s.ends_at IS NULL OR s.ends_at > :now)
    ), ordered AS (
        SELECT *, count(*) OVER (PARTITION BY person_id, standing) AS contenders, row_number() OVER (
                   PARTITION BY person_id, standing
                   ORDER BY priority + waited + is_unheard::int DESC, deadline, interest DESC, run_id) AS place
          FROM standing
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY person_id, standing, is_patient ORDER BY place) AS turn
          FROM (SELECT *, place >= cap - used AND used < cap AND priority <= 2 AND :now < tonight
                          AND (waited > 0 AND NOT (is_unheard AND place = 1) OR used > 0 AND deadline > tonight)
                          AS is_patient
                  FROM ordered) AS o
    ), verdict AS MATERIALIZED (
        SELECT *, CASE standing WHEN 'ended' THEN 'withdrawn' WHEN 'late' THEN 'expired' WHEN 'asleep' THEN 'waiting'
                       ELSE CASE WHEN is_patient AND deadline > tonight THEN 'waiting'
                                 WHEN turn <= cap - used AND NOT is_patient THEN 'sent'
                                 WHEN cap = 0 OR deadline <= tomorrow THEN 'digested' ELSE 'waiting' END
                  END AS verdict
          FROM ranked
    ), live AS MATERIALIZED (
        SELECT s.id, t.most_sends - s.sends AS room FROM notify.subscription s JOIN notify.topic t ON t.id = s.topic_id
         WHERE s.id IN (SELECT subscription_id FROM verdict WHERE verdict IN ('sent', 'digested'))
           AND s.status = 'live' AND (s.ends_at IS NULL OR s.ends_at > :now)
         ORDER BY s.id FOR NO KEY UPDATE OF s
    ), kept AS (
        SELECT v.run_id, v.person_id, v.subscription_id, v.topic_id, v.content_id, v.priority, v.deadline, v.fields,
               v.waited, v.reason, v.not_before, v.standing, v.cap, v.used, v.day, v.awake_at, v.tonight, v.tomorrow,
               v.evening, v.digest_at, v.takes_digest, v.place, v.contenders, v.is_patient, v.is_unheard,
               CASE WHEN v.verdict IN ('sent', 'digested') AND l.id IS NULL
                      OR v.verdict = 'sent' AND l.room < row_number() OVER (
                             PARTITION BY v.subscription_id, v.verdict ORDER BY v.place)
                    THEN 'withdrawn' ELSE v.verdict END
               AS verdict
          FROM verdict v FULL JOIN live l ON l.id = v.subscription_id
    ), decision AS MATERIALIZED (
        SELECT *, CASE WHEN verdict IN ('sent', 'digested') THEN notify.new_id() END AS message_id,
               CASE WHEN verdict = 'sent' THEN NULL
                    WHEN verdict = 'withdrawn' THEN 'subscription_ended'
                    WHEN standing = 'asleep' THEN 'asleep'
                    WHEN verdict = 'expired' THEN CASE WHEN waited > 0 THEN 'cap'
                                                       WHEN reason = 'asleep' OR deadline <= not_before THEN 'asleep'
                                                       ELSE 'deadline' END
                    WHEN is_patient AND verdict = 'waiting' AND deadline > tonight THEN 'evening'
                    WHEN cap = 0 THEN 'cap_is_zero' ELSE 'cap' END AS because
          FROM kept
    ), moved AS (
        UPDATE notify.candidate c
           SET status = d.verdict, reason = d.because,
               decided_at = CASE WHEN d.verdict = 'waiting' THEN NULL ELSE CAST(:now AS timestamptz) END,
               not_before = CASE WHEN d.verdict <> 'waiting' THEN c.not_before
                                 WHEN d.because = 'asleep' THEN d.awake_at WHEN d.because = 'evening' THEN d.tonight
                                 WHEN d.evening > d.tomorrow AND d.deadline > d.evening AND NOT d.is_unheard
                                 THEN d.evening
                                 ELSE d.tomorrow END,
               waited = c.waited + CASE WHEN d.verdict = 'waiting' AND d.because = 'cap' THEN 1 ELSE 0 END
          FROM decision d
         WHERE c.run_id = d.run_id AND c.person_id = d.person_id
    ), counted AS (
        INSERT INTO notify.person_day AS p (person_id, day, used)
        SELECT person_id, day, count(*) FROM decision WHERE verdict = 'sent' GROUP BY person_id, day ORDER BY person_id
        ON CONFLICT (person_id, day) DO UPDATE SET used = p.used + excluded.used
        RETURNING person_id, used
    ), written AS (
        INSERT INTO notify.message (person_id, id, kind, basis, content_id, subscription_id, run_id, event_id, title_zh,
                                    title_en, body_zh, body_en, link, why, created_at)
        SELECT person_id, message_id, 'campaign', 'subscription', content_id, subscription_id, run_id, run_id,
               fields ->> 'title_zh', fields ->> 'title_en', fields ->> 'body_zh', fields ->> 'body_en',
               fields ->> 'link',
               jsonb_build_object('rank', place, 'of', contenders, 'cap', cap, 'used', used, 'waited', waited,
                                  'rang', verdict = 'sent'), :now
          FROM decision WHERE message_id IS NOT NULL
    ), delivered AS (
        INSERT INTO notify.delivery (id, message_id, device_id, event_id, channel, urgency, status, next_at, expires_at)
        SELECT notify.new_id(), d.message_id, v.id, d.run_id, v.channel, d.priority, 'pending', :now, d.deadline
          FROM decision d JOIN notify.pushed_device v ON v.person_id = d.person_id
         WHERE d.verdict = 'sent'
    ), lined AS (
        INSERT INTO notify.digest_line (person_id, message_id, run_id, subscription_id, deadline, due_at)
        SELECT person_id, message_id, run_id, subscription_id, deadline, digest_at
          FROM decision WHERE verdict = 'digested' AND takes_digest AND deadline > digest_at
    ), learnt AS (
        INSERT INTO notify.interest AS i (person_id, topic_id, sent)
        SELECT person_id, topic_id, count(*) FROM decision WHERE verdict = 'sent'
         GROUP BY person_id, topic_id ORDER BY person_id, topic_id
        ON CONFLICT (person_id, topic_id) DO UPDATE SET sent = i.sent + excluded.sent
    )
    SELECT run_id, verdict, because AS reason, count(*) AS n,
           array_agg(subscription_id) FILTER (WHERE verdict = 'sent') AS subscriptions,
           count(*) FILTER (WHERE reason = 'cap') AS waited_until_now,
           count(*) FILTER (WHERE verdict = 'waiting' AND because = 'cap') AS wait_from_now,
           count(*) FILTER (WHERE verdict = 'waiting' AND because = 'cap' AND waited = 0) AS wait_at_first,
           EXISTS (SELECT FROM counted JOIN clock USING (person_id) WHERE counted.used > clock.cap) AS over_cap
      FROM decision GROUP BY run_id, verdict, because
    """
)
