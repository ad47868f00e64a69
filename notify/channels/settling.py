"""Writing down what became of a batch, in one statement, with what follows from it: devices that are gone, counts of
runs, money spent or given back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify.campaigns import tallies
from notify.channels import gates, paid
from partners.outcomes import Delivered, Outcome, Refused, RetryLater, Unregistered

MOST_ATTEMPTS = 12
HELD_SECONDS = 600
"""So much later what is held is looked at again, where nobody makes it due when its campaign goes on."""
_FIRST_WAIT_SECONDS = 10
_LONGEST_WAIT_SECONDS = 3600
# What it is called in the row, where what stands in its way was known before it was sent.
_OBJECTIONS = {"lapsed": "given_up", "no_address": "gone", "device_gone": "gone"}


@dataclass(frozen=True, slots=True)
class Settled:
    """What a delivery becomes: `next_at` while it stays pending, `excused` where its attempt says nothing about it."""

    id: UUID
    attempt: int
    status: str
    next_at: datetime | None = None
    name: str | None = None
    error: str | None = None
    excused: int = 0
    keeps_provider: bool = True


def objected(
    delivery: UUID, attempt: int, objection: str, now: datetime, *, wakes_at: datetime | None = None
) -> Settled:
    """A delivery that may not go. Held ones wait, since their campaign may go on, and so do those of whoever sleeps."""
    if objection == "asleep" and wakes_at is not None:
        return put_back(delivery, attempt, wakes_at, "asleep")
    if objection == "held":
        return put_back(delivery, attempt, now + timedelta(seconds=HELD_SECONDS), "held")
    return Settled(delivery, attempt, _OBJECTIONS.get(objection, "withdrawn"), error=objection)


def put_back(delivery: UUID, attempt: int, next_at: datetime, error: str | None = None) -> Settled:
    """A delivery that was leased and not sent: due again then, and none the older for it."""
    return Settled(delivery, attempt, "pending", next_at, error=error, excused=1)


def answered(
    delivery: UUID,
    attempt: int,
    excused: int,
    outcome: Outcome,
    now: datetime,
    *,
    is_alert: bool = False,
    is_probe: bool = False,
) -> Settled:
    """A delivery that was handed over, or tried to be. Attempts that met a provider closed for all do not count.

    An alert waits no longer for a provider than for the gate; nor does it count how often it has tried one.
    """
    match outcome:
        case Delivered(name):
            return Settled(delivery, attempt, "handed_over", name=name)
        case Unregistered():
            return Settled(delivery, attempt, "gone", error="unregistered")
        case Refused(code):
            return Settled(delivery, attempt, "given_up", error=code)
        case RetryLater(after_seconds, "provider"):
            obeyed = min(after_seconds, gates.ALERTS_OBEY_SECONDS) if is_alert else after_seconds
            wait = obeyed * random.uniform(1, 1.02)  # noqa: S311
            next_at = now + timedelta(seconds=wait)
            return Settled(delivery, attempt, "pending", next_at, error="not now", excused=1, keeps_provider=False)
        case RetryLater(_, "connection") if is_alert and is_probe:
            return put_back(delivery, attempt, now + timedelta(seconds=gates.ALERTS_AFTER_SILENCE_SECONDS), "not now")
        case RetryLater(after_seconds, fault) if attempt - excused < MOST_ATTEMPTS:
            seconds = max(after_seconds, _wait_seconds(attempt - excused))
            next_at = now + timedelta(seconds=seconds)
            is_sure = fault == "message"
            return Settled(delivery, attempt, "pending", next_at, error="not now", keeps_provider=not is_sure)
        case RetryLater():
            return Settled(delivery, attempt, "given_up", error="attempts")


def settle(session: Session, channel: str, batch: Sequence[Settled], now: datetime) -> None:
    """Write a batch down. A delivery that somebody else finished, or leased again, in the meantime stays as it is."""
    if not batch:
        return
    ordered = sorted(batch, key=lambda each: each.id)
    values = {
        "now": now,
        "ids": [each.id for each in ordered],
        "attempts": [each.attempt for each in ordered],
        "statuses": [each.status for each in ordered],
        "nexts": [each.next_at for each in ordered],
        "names": [each.name for each in ordered],
        "errors": [each.error for each in ordered],
        "excused": [each.excused for each in ordered],
        "keeps": [each.keeps_provider for each in ordered],
    }
    counts: dict[UUID, dict[str, int]] = {}
    for row in session.execute(_SETTLE, values):
        counts.setdefault(row.run_id, {})[row.status] = row.n
    if channel in paid.CHANNELS:
        paid.settle(session, [each.id for each in ordered if each.status != "pending"])
    if counts:
        tallies.add_to_each(session, counts)


def _wait_seconds(attempt: int) -> float:
    """Twice as long each time, with a quarter of chance so that an outage does not end in a stampede."""
    longest = min(_FIRST_WAIT_SECONDS * 2 ** (max(attempt, 1) - 1), _LONGEST_WAIT_SECONDS)
    return float(longest * random.uniform(1, 1.25))  # noqa: S311


# What was handed over is a fact whoever holds the lease by now; "later" must not push away the next sender's attempt.
# Devices are locked in one order, so that two batches never wait for each other in a circle.
_SETTLE = text(
    """
    WITH said AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS integer[]), CAST(:statuses AS text[]),
                             CAST(:nexts AS timestamptz[]), CAST(:names AS text[]), CAST(:errors AS text[]),
                             CAST(:excused AS smallint[]), CAST(:keeps AS boolean[]))
                   AS x (id, attempt, status, next_at, name, error, excused, keeps_provider)
    ), done AS (
        UPDATE notify.delivery AS d
           SET status = said.status, next_at = coalesce(said.next_at, d.next_at), provider_name = said.name,
               last_error = coalesce(said.error, d.last_error), excused = d.excused + said.excused,
               provider = CASE WHEN said.keeps_provider THEN d.provider END,
               settled_at = CASE WHEN said.status <> 'pending' THEN CAST(:now AS timestamptz) END
          FROM said
         WHERE d.id = said.id AND d.status = 'pending' AND (said.status <> 'pending' OR d.attempts = said.attempt)
        RETURNING d.message_id, d.device_id, d.status, d.last_error
    ), gone AS (
        SELECT v.id FROM notify.device AS v
         WHERE v.id IN (SELECT device_id FROM done WHERE status = 'gone' AND last_error = 'unregistered')
           AND v.gone_at IS NULL
         ORDER BY v.id FOR UPDATE
    ), forgotten AS (
        UPDATE notify.device AS v SET gone_at = :now, gone_reason = 'unregistered', address_sealed = NULL
          FROM gone WHERE v.id = gone.id
    )
    SELECT coalesce(m.run_id, m.alert_id) AS run_id, done.status, count(*) AS n
      FROM done JOIN notify.message AS m ON m.id = done.message_id
     WHERE coalesce(m.run_id, m.alert_id) IS NOT NULL AND done.status <> 'pending'
     GROUP BY coalesce(m.run_id, m.alert_id), done.status
    """
)
