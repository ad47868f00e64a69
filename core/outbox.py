"""The outbox: a fact is written down in the transaction that made it true, and leaves after the commit.

After commit the process hands the event's id to Celery at once (`core.handover`); a relay sweeps whatever was not
handed over or not finished. Each consumer's effect is committed together with a mark, so a second delivery changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid

_FIRST_RETRY_SECONDS = 2
_LAST_RETRY_SECONDS = 600
INSERT = """
    INSERT INTO core.outbox (id, kind, payload, recorded_at)
    VALUES (:event_id, :event_kind, CAST(:event_payload AS jsonb), :event_recorded_at)
"""


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that has happened. `payload` is JSON: ids as text, money in whole NT$, moments in RFC 3339."""

    id: UUID
    kind: str
    payload: dict[str, Any]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Consumer:
    """Somebody who acts on a kind of event.

    `effect` runs once per event, inside the unit of work that also marks it done. `then` runs after that commit with
    no transaction open (for calls outside); a crash may lose it, so its room must also sweep for what is due.
    """

    name: str
    kind: str
    effect: Callable[[Session, Event, datetime], None]
    then: Callable[[Event], None] | None = None


def record(session: Session, kind: str, payload: dict[str, Any], *, now: datetime) -> UUID:
    """Write down that something happened, in the caller's transaction. Answers the event's id."""
    values = values_for(session, kind, payload, now=now)
    session.execute(_INSERT, values)
    event_id: UUID = values["event_id"]
    return event_id


def record_all(session: Session, kind: str, payloads: Sequence[dict[str, Any]], *, now: datetime) -> list[UUID]:
    """Write down that something happened to many at once, in one statement. Answers the events' ids, in their order."""
    values = [values_for(session, kind, payload, now=now) for payload in payloads]
    ids: list[UUID] = [each["event_id"] for each in values]
    columns = {"ids": ids, "payloads": [each["event_payload"] for each in values], "kind": kind, "now": now}
    if ids:
        session.execute(_INSERT_ALL, columns)
    return ids


def values_for(session: Session, kind: str, payload: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The parameters of `INSERT`, for a caller who records the event inside a statement of its own."""
    event_id = new_uuid()
    session.info.setdefault("recorded_events", []).append(event_id)
    return {
        "event_id": event_id,
        "event_kind": kind,
        "event_payload": orjson.dumps(payload).decode(),
        "event_recorded_at": now,
    }


def unsettled(session: Session, *, now: datetime, older_than_seconds: float, limit: int) -> list[UUID]:
    """Events that nobody has finished with and whose next attempt is due, oldest first; each is leased to the caller.

    The lease keeps two relays from sweeping the same event in the same moments.
    """
    rows = session.execute(
        _LEASE,
        {"before": now - timedelta(seconds=older_than_seconds), "now": now, "until": now + timedelta(seconds=10),
         "limit": limit},
    )  # fmt: skip
    return [row.id for row in rows]


def take(session: Session, event_ids: Sequence[UUID]) -> list[Event]:
    """Those of the events that are not settled yet, in the order in which they were recorded, locked.

    An event that another transaction holds is left out. Two workers that have the same event in hand would otherwise
    wait for each other's marks while they hold the locks of its consumers.
    """
    rows = session.execute(_TAKE, {"ids": list(event_ids)})
    return [Event(row.id, row.kind, row.payload, row.recorded_at) for row in rows]


def not_consumed(session: Session, consumer: str, events: Sequence[Event], *, now: datetime) -> list[Event]:
    """Mark the events as consumed by `consumer`; answers those that were not before. The others are done with."""
    if not events:
        return []
    values = {"consumer": consumer, "ids": [event.id for event in events], "now": now}
    marked = set(session.execute(_MARK, values).scalars())
    return [event for event in events if event.id in marked]


def is_preceded(session: Session, event: Event, *, kinds: Sequence[str], consumer: str, member: str) -> bool:
    """Whether an earlier event about the same thing still waits for this consumer, who wants them in order.

    Events are about the same thing when `member` of their payloads is equal. Of the kinds given, those that `consumer`
    (or a consumer whose name begins with it and a dot) has marked are done with.
    """
    values = {"id": event.id, "kinds": list(kinds), "consumer": consumer, "member": member,
              "value": event.payload[member], "at": event.recorded_at}  # fmt: skip
    return session.execute(_PRECEDED, values).first() is not None


def is_any_unsettled(session: Session, *, kinds: Sequence[str], before: datetime) -> bool:
    """Whether an event of these kinds that was recorded before then still waits for a consumer."""
    return session.execute(_UNSETTLED_BEFORE, {"kinds": list(kinds), "before": before}).first() is not None


def settle(session: Session, event_ids: Sequence[UUID], *, now: datetime) -> None:
    """Every consumer is done with these events."""
    session.execute(_SETTLE, {"ids": list(event_ids), "now": now})


def postpone(session: Session, event_id: UUID, *, now: datetime, error: str) -> None:
    """A consumer failed: try again later, each time waiting twice as long, ten minutes at the most."""
    session.execute(
        _POSTPONE,
        {"id": event_id, "now": now, "error": error[:500], "first": _FIRST_RETRY_SECONDS, "last": _LAST_RETRY_SECONDS},
    )


_INSERT_ALL = text(
    """
    INSERT INTO core.outbox (id, kind, payload, recorded_at)
    SELECT e.id, :kind, e.payload, :now
      FROM unnest(CAST(:ids AS uuid[]), CAST(:payloads AS jsonb[])) AS e(id, payload)
    """
)
_INSERT = text(INSERT)
_LEASE = text(
    """
    UPDATE core.outbox SET not_before = :until
     WHERE id IN (SELECT id FROM core.outbox
                   WHERE settled_at IS NULL AND recorded_at < :before AND (not_before IS NULL OR not_before <= :now)
                   ORDER BY recorded_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)
_TAKE = text(
    "SELECT id, kind, payload, recorded_at FROM core.outbox "
    "WHERE id = ANY(:ids) AND settled_at IS NULL ORDER BY recorded_at, id FOR UPDATE SKIP LOCKED"
)
_MARK = text(
    "INSERT INTO core.consumption (consumer, event_id, consumed_at) "
    "SELECT :consumer, id, CAST(:now AS timestamptz) FROM unnest(CAST(:ids AS uuid[])) AS id "
    "ON CONFLICT DO NOTHING RETURNING event_id"
)
_PRECEDED = text(
    """
    SELECT 1 FROM core.outbox o
     WHERE o.settled_at IS NULL AND o.kind = ANY(:kinds) AND (o.recorded_at, o.id) < (:at, :id)
       AND o.payload ->> :member = :value
       AND NOT EXISTS (SELECT FROM core.consumption c
                        WHERE c.event_id = o.id
                          AND (c.consumer = :consumer OR starts_with(c.consumer, :consumer || '.')))
    """
)
_UNSETTLED_BEFORE = text(
    "SELECT 1 FROM core.outbox WHERE settled_at IS NULL AND recorded_at < :before AND kind = ANY(:kinds) LIMIT 1"
)
_SETTLE = text("UPDATE core.outbox SET settled_at = :now WHERE id = ANY(:ids)")
_POSTPONE = text(
    """
    UPDATE core.outbox
       SET attempts = attempts + 1, last_error = :error,
           not_before = CAST(:now AS timestamptz)
                        + make_interval(secs => LEAST(:first * power(2, LEAST(attempts, 20)), :last))
     WHERE id = :id
    """
)
