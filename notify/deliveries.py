"""Handing messages over to devices in three steps: lease what is due, push outside any transaction, commit the outcome.

A worker that dies in between leaves its lease to run out, and the push goes out again; the device shows it once,
because both carry the message's id as the tag that the newer replaces.

    pending ─ delivered ────────────────────→ handed_over
            ─ unregistered, device gone ────→ gone         (and the device is gone, at the first word of it)
            ─ refused, expired, 12 attempts → given_up
            ─ not now ──────────────────────→ pending, later
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core import db
from core.crypto import open_sealed
from core.ids import typeid
from notify import ports
from partners.fcm.messages import Delivered, Outcome, Push, Refused, RetryLater, Unregistered

MOST_ATTEMPTS = 12
LEASE_SECONDS = 120
_BATCH = 10
_FIRST_WAIT_SECONDS = 10
_LONGEST_WAIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this worker alone tries until its lease ends. `push` is None where there is nobody to send to."""

    id: UUID
    device_id: UUID
    attempt: int
    has_lapsed: bool
    push: Push | None


def send_due(now: datetime, *, event_id: UUID | None = None) -> int:
    """Hand over every delivery that is due (of that event alone, when given). Answers how many were tried.

    Opens its own units of work. Run by several workers at once, each takes others.
    """
    tried = 0
    while True:
        with db.single_statements() as session:
            leased = lease(session, now, event_id=event_id, limit=_BATCH)
        for delivery in leased:
            outcome = ports.push.send(delivery.push) if delivery.push and not delivery.has_lapsed else None
            with db.unit_of_work() as session:
                settle(session, delivery, outcome, now)
        tried += len(leased)
        if len(leased) < _BATCH:
            return tried


def lease(session: Session, now: datetime, *, event_id: UUID | None, limit: int) -> list[Leased]:
    """Take up to `limit` due deliveries for `LEASE_SECONDS`, the longest due first."""
    until = now + timedelta(seconds=LEASE_SECONDS)
    rows = session.execute(
        _LEASE_OF_EVENT if event_id else _LEASE, {"now": now, "until": until, "limit": limit, "event_id": event_id}
    ).all()
    return [_leased(session, row, now) for row in rows]


def settle(session: Session, delivery: Leased, outcome: Outcome | None, now: datetime) -> None:
    """Write down what became of a leased delivery; None: there was nobody to send to, or it had lapsed."""
    match outcome:
        case Delivered(name):
            _finish(session, delivery, "handed_over", now, provider_name=name)
        case Unregistered():
            _finish(session, delivery, "gone", now)
            session.execute(_DEVICE_GONE, {"id": delivery.device_id, "now": now})
        case Refused(code):
            _finish(session, delivery, "given_up", now, error=code)
        case RetryLater(after_seconds) if delivery.attempt < MOST_ATTEMPTS:
            wait = timedelta(seconds=max(after_seconds, _wait_seconds(delivery.attempt)))
            session.execute(_LATER, {"id": delivery.id, "attempt": delivery.attempt, "next_at": now + wait})
        case RetryLater():
            _finish(session, delivery, "given_up", now, error="attempts")
        case None:
            status = "given_up" if delivery.has_lapsed else "gone"
            _finish(session, delivery, status, now, error="lapsed" if delivery.has_lapsed else None)


def _leased(session: Session, row: Row[tuple[object, ...]], now: datetime) -> Leased:
    push = None
    if row.is_live:
        address = open_sealed(row.address_sealed, table="notify.device", column="address", row_id=row.device_id)
        in_english = ports.language_of(session, row.person_id) == "en"
        push = Push(
            address_kind=row.device_kind,
            address=address.decode(),
            message_id=typeid("msg", row.message_id),
            title=row.title_en if in_english else row.title_zh,
            body=row.body_en if in_english else row.body_zh,
            link=row.link,
            ttl_seconds=max(0, int((row.expires_at - now).total_seconds())),
        )
    return Leased(row.id, row.device_id, row.attempts, row.expires_at <= now, push)


def _finish(
    session: Session,
    delivery: Leased,
    status: str,
    now: datetime,
    *,
    provider_name: str | None = None,
    error: str | None = None,
) -> None:
    session.execute(_FINISH, {"id": delivery.id, "status": status, "name": provider_name, "error": error, "now": now})


def _wait_seconds(attempt: int) -> float:
    """Twice as long each time, with a quarter of chance so that an outage does not end in a stampede."""
    longest = min(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1), _LONGEST_WAIT_SECONDS)
    return float(longest * random.uniform(1, 1.25))  # noqa: S311


_LEASING = """
    WITH due AS (
        SELECT id FROM notify.delivery
         WHERE status = 'pending' AND next_at <= :now {only}
         ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE notify.delivery AS d SET next_at = :until, attempts = d.attempts + 1
          FROM due WHERE d.id = due.id
        RETURNING d.id, d.message_id, d.device_id, d.attempts, d.expires_at
    )
    SELECT l.id, l.message_id, l.device_id, l.attempts, l.expires_at, m.person_id, m.title_zh, m.title_en, m.body_zh,
           m.body_en, m.link, v.kind AS device_kind, v.address_sealed,
           v.gone_at IS NULL AND v.person_id = m.person_id AS is_live
      FROM leased AS l JOIN notify.message AS m ON m.id = l.message_id JOIN notify.device AS v ON v.id = l.device_id
     ORDER BY l.id
"""
_LEASE = text(_LEASING.format(only=""))
_LEASE_OF_EVENT = text(_LEASING.format(only="AND event_id = :event_id"))
_FINISH = text(
    """
    UPDATE notify.delivery
       SET status = :status, settled_at = :now, provider_name = :name, last_error = coalesce(:error, last_error)
     WHERE id = :id AND status = 'pending'
    """
)
# A worker that comes back after its lease must not push away the next attempt of the one that took over.
_LATER = text(
    """
    UPDATE notify.delivery SET next_at = :next_at, last_error = 'not now'
     WHERE id = :id AND status = 'pending' AND attempts = :attempt
    """
)
_DEVICE_GONE = text(
    """
    UPDATE notify.device SET gone_at = :now, gone_reason = 'unregistered', address_sealed = NULL
     WHERE id = :id AND gone_at IS NULL
    """
)
