"""Notices on their way to bureaus: signed, in order for each bill, tried again over days, each attempt written down.

A bureau that is slow or down holds up nobody else: each has a sweep of its own, and while its receiver fails only the
oldest notice knocks. The first acknowledgement then makes all that waited due at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.errors import NotFound
from core.ids import typeid
from core.outbox import Event
from partners import wire
from partners.bureaus.client import News
from wallet.book import BUREAUS
from wallet.ports import ports

# The first attempt is made while other work of this process waits; later ones give a slow receiver its time.
FIRST_PATIENCE_SECONDS: Final = 3.0
PATIENCE_SECONDS: Final = 30.0
_LEASE_MARGIN = timedelta(seconds=10)
_DOWN_AFTER_FAILURES = 3
_AT_ONCE = 4
_SWEEP_SECONDS = 20.0
_log = logging.getLogger("mykaohsiung.wallet")
_sweeping = {bureau: threading.Lock() for bureau in BUREAUS}


def send_for_event(event: Event) -> None:
    """Make the first attempt with the notices of this event, unless their bureau's receiver is in trouble."""
    with db.single_statements() as session:
        rows = session.execute(
            _LEASE_EVENT,
            {"payment_id": UUID(event.payload["payment_id"]), "event_id": event.id, "now": clock.now(),
             "until": clock.now() + timedelta(seconds=FIRST_PATIENCE_SECONDS) + _LEASE_MARGIN},
        ).all()  # fmt: skip
    for row in rows:
        _attempt(row, FIRST_PATIENCE_SECONDS, clock.now())


def send_due(bureau: str, now: datetime) -> None:
    """Send what is due for one bureau, four at a time, until nothing is, its receiver fails, or the sweep's time is up.

    One sweep for each bureau runs in a process at a time; a second one finds it busy and does nothing.
    """
    if not _sweeping[bureau].acquire(blocking=False):
        return
    try:
        _sweep(bureau, now)
    finally:
        _sweeping[bureau].release()


def redeliver(session: Session, notice_id: UUID, *, bureau: str | None, now: datetime) -> None:
    """Make a notice due at once, acknowledged or given up or not: the receiver knows by its id whether it had it.

    Raises NotFound, also for another bureau's where one is named.
    """
    if session.execute(_REDELIVER, {"id": notice_id, "bureau": bureau, "now": now}).rowcount == 0:  # type: ignore[attr-defined]
        raise NotFound


def _sweep(bureau: str, now: datetime) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        while time.monotonic() - began < _SWEEP_SECONDS:
            at = now + timedelta(seconds=time.monotonic() - began)
            rows = _leased(bureau, at)
            acknowledged = list(threads.map(_attempt, rows, repeat(PATIENCE_SECONDS), repeat(at)))
            if not any(acknowledged):
                return


def _leased(bureau: str, now: datetime) -> list[Any]:
    until = now + timedelta(seconds=PATIENCE_SECONDS) + _LEASE_MARGIN
    with db.unit_of_work() as session:
        failures = session.execute(_FAILURES, {"bureau": bureau}).scalar() or 0
        many = 1 if failures >= _DOWN_AFTER_FAILURES else _AT_ONCE * 2
        values = {"bureau": bureau, "now": now, "until": until, "limit": many}
        return list(session.execute(_LEASE_DUE, values))


def _attempt(row: Any, patience_seconds: float, now: datetime) -> bool:
    """One delivery, and what came of it written down. True: acknowledged."""
    body = dict(row.body)
    news = News(
        id=typeid("ntc", row.id),
        kind=row.kind,
        happened_at=row.happened_at,
        facts={"payment_id": typeid("pay", row.payment_id), **body},
    )
    began = time.monotonic()
    failure: wire.CallFailed | None = None
    try:
        ports().bureaus.tell(row.bureau, news, patience_seconds=patience_seconds)
    except wire.CallFailed as failed:
        failure = failed
    values = {
        "id": row.id, "bureau": row.bureau, "now": now, "number": row.tries, "started": now,
        "took": int((time.monotonic() - began) * 1000), "outcome": _outcome(failure),
        "detail": None if failure is None else str(failure)[:300],
    }  # fmt: skip
    if failure is None:
        _acknowledged(values)
        return True
    with db.unit_of_work() as session:
        session.execute(_TRY_LATER, values)
        # A refusal says something about the notice, everything else about the receiver.
        if not isinstance(failure, wire.Refused):
            session.execute(_LINE_FAILED, values)
    return False


def _acknowledged(values: dict[str, Any]) -> None:
    with db.unit_of_work() as session:
        was = session.execute(_ACKNOWLEDGED, values).first()
        if was is not None and was.failures >= _DOWN_AFTER_FAILURES:
            woken = session.execute(_WAKE, values).rowcount  # type: ignore[attr-defined]
            _log.info("the receiver of %s answers again: %d notices are due", values["bureau"], woken)


def _outcome(failure: wire.CallFailed | None) -> str:
    kinds: Sequence[tuple[type[wire.CallFailed], str]] = (
        (wire.NotReached, "not_reached"),
        (wire.Unavailable, "unavailable"),
        (wire.Refused, "refused"),
        (wire.AnswerNotTrusted, "not_trusted"),
        (wire.NoAnswer, "no_answer"),
    )
    return next((word for kind, word in kinds if isinstance(failure, kind)), "acknowledged")


_IS_READY = """
    n.acknowledged_at IS NULL AND (n.leased_until IS NULL OR n.leased_until <= :now)
    AND NOT EXISTS (SELECT FROM wallet.bureau_notice e WHERE e.id = ANY(n.waits_for) AND e.acknowledged_at IS NULL)
"""
_RETURNED = "n.id, n.bureau, n.kind, n.payment_id, n.body, n.happened_at, n.tries"
_LEASE_EVENT = text(
    f"""
    UPDATE wallet.bureau_notice n SET leased_until = :until, tries = tries + 1
     WHERE n.payment_id = :payment_id AND n.event_id = :event_id AND n.tries = 0 AND {_IS_READY}
       AND NOT EXISTS (SELECT FROM wallet.bureau_line l WHERE l.bureau = n.bureau AND l.failures > 0)
    RETURNING {_RETURNED}
    """  # noqa: S608
)
_LEASE_DUE = text(
    f"""
    UPDATE wallet.bureau_notice n SET leased_until = :until, tries = tries + 1
     WHERE n.id IN (SELECT n.id FROM wallet.bureau_notice n
                     WHERE n.bureau = :bureau AND n.next_try_at <= :now AND {_IS_READY}
                     ORDER BY n.next_try_at, n.id LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING {_RETURNED}
    """  # noqa: S608
)
_FAILURES = text("SELECT failures FROM wallet.bureau_line WHERE bureau = :bureau")
_ATTEMPT = """
    INSERT INTO wallet.notice_attempt (notice_id, number, started_at, took_ms, outcome, detail)
    VALUES (:id, :number, :started, :took, :outcome, :detail)
    ON CONFLICT (notice_id, number) DO NOTHING
"""
_ACKNOWLEDGED = text(
    f"""
    WITH notice AS (
        UPDATE wallet.bureau_notice
           SET acknowledged_at = :now, next_try_at = NULL, leased_until = NULL, gave_up_at = NULL, last_error = NULL
         WHERE id = :id
    ), attempt AS ({_ATTEMPT}),
    line AS (SELECT bureau, failures FROM wallet.bureau_line WHERE bureau = :bureau AND failures > 0 FOR UPDATE)
    UPDATE wallet.bureau_line l SET failures = 0, down_since = NULL FROM line WHERE l.bureau = line.bureau
    RETURNING line.failures
    """  # noqa: S608
)
_WAKE = text(
    "UPDATE wallet.bureau_notice SET next_try_at = :now WHERE bureau = :bureau AND next_try_at > :now "
    "AND acknowledged_at IS NULL"
)
# A notice older than all waits together is given up; the last wait stands for attempts beyond the table.
_TRY_LATER = text(
    f"""
    WITH attempt AS ({_ATTEMPT}), waits AS (
        SELECT max(attempt) AS last, sum(wait_seconds) AS total FROM wallet.notice_wait
    ), step AS (
        SELECT w.wait_seconds, waits.total FROM wallet.notice_wait w, waits WHERE w.attempt = LEAST(:number, waits.last)
    )
    UPDATE wallet.bureau_notice n
       SET leased_until = NULL, last_error = :detail,
           next_try_at = CASE WHEN n.created_at + make_interval(secs => step.total) > :now
                              THEN CAST(:now AS timestamptz) + make_interval(secs => step.wait_seconds) END,
           gave_up_at = CASE WHEN n.created_at + make_interval(secs => step.total) <= :now
                             THEN CAST(:now AS timestamptz) END
      FROM step WHERE n.id = :id AND n.acknowledged_at IS NULL
    """  # noqa: S608
)
_LINE_FAILED = text(
    """
    INSERT INTO wallet.bureau_line AS l (bureau, failures, down_since) VALUES (:bureau, 1, :now)
    ON CONFLICT (bureau) DO UPDATE SET failures = l.failures + 1, down_since = COALESCE(l.down_since, :now)
    """
)
_REDELIVER = text(
    """
    UPDATE wallet.bureau_notice
       SET next_try_at = :now, gave_up_at = NULL, acknowledged_at = NULL, leased_until = NULL
     WHERE id = :id AND (CAST(:bureau AS text) IS NULL OR bureau = :bureau)
    """
)
