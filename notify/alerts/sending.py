"""Telling everybody inside: an alert's audience in steps, each in chunks of people, each chunk in one transaction.

A step is one way in which people can be inside (a place that they named, a device at a position, a device or a place
of which only the district is known); for the whole city it is everybody. `step` and `resolved_to` are written down with
every chunk, and a message is unique for alert and person, so that a worker that dies leaves nothing half told and
nobody told twice.

Whoever has a chunk in hand holds the alert's turn and not its row: a duty officer ends it meanwhile without waiting,
and the chunk is then not kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.ids import new_uuid
from core.settings import settings
from notify.alerts import audience_sql, duty, inside, records, turns
from notify.alerts.areas import EVERYWHERE
from notify.alerts.records import Alert
from notify.campaigns import tallies

_log = logging.getLogger("mykaohsiung.alerts")

CHUNK_PEOPLE = 5_000
# A worker does not stay with alerts for longer: the next run goes on where it stopped.
RUN_SECONDS = 20.0
# A position older than this no longer says that somebody is elsewhere; it still says that they may be there.
POSITION_SAYS_ELSEWHERE_FOR = timedelta(hours=24)
REPEATED = ("Extreme", "Severe")


@dataclass(frozen=True, slots=True)
class Step:
    """One way to be inside: `how` names the query, `district` or `about` what it asks about."""

    part: int
    how: str
    district: str | None = None
    about: UUID | None = None


def send_due(now: datetime) -> int:
    """Tell everybody whom an alert has not reached yet, the gravest alert first, for `RUN_SECONDS` at most.

    Answers how many people were told. Opens its own units of work; several workers at once take different alerts.
    """
    told = 0
    failed: set[UUID] = set()
    until = time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        alert = None
        try:
            with db.unit_of_work() as session:
                alert = _next(session, _STUMBLED) or _next(session, failed)
                if alert is None:
                    break
                told += advance(session, alert, now)
            _STUMBLED.discard(alert.id)
        except Exception:
            if alert is None:
                raise
            if not _is_sending(alert.id):
                # It was ended while this chunk was in hand.
                continue
            # It is tried again after the others, in every pass.
            _log.exception("alert %s cannot go on", alert.id)
            _STUMBLED.add(alert.id)
            failed.add(alert.id)
    _forget_who_was_where(until)
    return told


class AlertEnded(Exception):
    """The alert was ended while a chunk of it was in hand, which must not be kept."""


def advance(session: Session, alert: Alert, now: datetime) -> int:
    """One chunk of an alert's audience, in the turn of the caller's transaction. Answers how many people were told.

    Raises AlertEnded when somebody ended the alert meanwhile: the caller rolls back.
    """
    steps = steps_of(session, alert)
    if alert.expires_at <= now:
        _finish(session, alert, "expired", now)
        return 0
    if alert.step >= len(steps):
        _finish(session, alert, None, now)
        return 0
    step = steps[alert.step]
    if step.how == "gather":
        reached = inside.gather(session, alert.id, step.part, alert.gathered_to)
        _go_on(session, alert, step=alert.step + (reached is None), gathered_to=reached or 0)
        return 0
    values = _values(alert, steps, now)
    people = list(session.execute(audience_sql.PEOPLE[step.how], values).scalars())
    told, devices = _tell(session, alert, step, people, values, now) if people else (0, 0)
    is_last = len(people) < CHUNK_PEOPLE
    if told:
        tallies.add(session, alert.id, {"audience": told, "sent": devices})
    _go_on(
        session,
        alert,
        step=alert.step + is_last,
        resolved_to=None if is_last else people[-1],
        people=told,
        devices=devices,
    )
    return told


def steps_of(session: Session, alert: Alert) -> list[Step]:
    """The steps of an alert, the same every time: whoever is inside for sure comes first in each part."""
    if alert.audience == "told":
        threads = dict.fromkeys(records.get(session, about).thread for about in alert.about)
        return [Step(0, "told", about=told) for thread in threads for told in records.of_thread(session, thread)]
    if alert.audience == "left":
        return [Step(0, "left", about=alert.about[0])]
    steps: list[Step] = []
    for row in session.execute(_PARTS, {"id": alert.id}):
        if EVERYWHERE.issubset(row.named):
            steps.append(Step(row.part, "everybody"))
            continue
        near = [code for code in row.near if code not in row.named]
        steps += [Step(row.part, "named_place", district=code) for code in row.named]
        if row.circles or row.polygons:
            steps += [Step(row.part, "gather"), Step(row.part, "inside")]
        steps += [Step(row.part, "named_device", district=code) for code in row.named]
        steps += [Step(row.part, "near_device", district=code) for code in near]
        steps += [Step(row.part, "near_place", district=code) for code in near]
    return steps


def _values(alert: Alert, steps: list[Step], now: datetime) -> dict[str, Any]:
    step = steps[alert.step]
    return {
        "alert_id": alert.id, "part": step.part, "district": step.district, "about": step.about,
        "abouts": [each.about for each in steps if each.about],
        "update": alert.about[1] if alert.audience == "left" else None,
        "after": alert.resolved_to, "limit": CHUNK_PEOPLE, "known_since": now - POSITION_SAYS_ELSEWHERE_FOR,
    }  # fmt: skip


def _tell(
    session: Session, alert: Alert, step: Step, people: list[UUID], values: dict[str, Any], now: datetime
) -> tuple[int, int]:
    written = values | {
        "people": people, "ids": [new_uuid() for _ in people], "now": now, "expires_at": alert.expires_at,
        "everywhere": step.how in ("named_place", "everybody"),
    }  # fmt: skip
    if alert.audience != "area":
        told, devices = session.execute(audience_sql.TELL_AGAIN, written).one()
    else:
        told, devices = session.execute(audience_sql.TELL, written).one()
    return int(told), int(devices)


def _next(session: Session, without: Collection[UUID] = ()) -> Alert | None:
    for alert_id in session.execute(_SENDING, {"without": list(without)}).scalars().all():
        if turns.take(session, alert_id):
            # Read only now: another worker may have had its turn.
            alert = records.get(session, alert_id)
            if alert.status == "sending":
                return alert
    return None


def _is_sending(alert_id: UUID) -> bool:
    with db.unit_of_work() as session:
        return records.get(session, alert_id).status == "sending"


def _go_on(
    session: Session,
    alert: Alert,
    *,
    step: int,
    resolved_to: UUID | None = None,
    gathered_to: int = 0,
    people: int = 0,
    devices: int = 0,
) -> None:
    """How far it has come: the last statement of a chunk, because from here on whoever ends the alert waits."""
    values = {
        "id": alert.id, "step": step, "to": resolved_to, "gathered_to": gathered_to, "people": people,
        "devices": devices,
    }  # fmt: skip
    if session.execute(_GO_ON, values).scalar() is None:
        raise AlertEnded


def _forget_who_was_where(until: float) -> None:
    """Of every alert that is no longer being sent, in chunks, at least one."""
    while True:
        with db.unit_of_work() as session:
            is_more = inside.empty_ended(session)
        if not is_more or time.monotonic() >= until:
            return


def _finish(session: Session, alert: Alert, ended_how: str | None, now: datetime) -> None:
    repeats = ended_how is None and alert.audience == "area" and alert.severity in REPEATED and not alert.is_drill
    every = timedelta(minutes=settings().alerts.repeat_minutes)
    finished = session.execute(
        _FINISH,
        {
            "id": alert.id, "now": now, "ended_how": ended_how, "ended_at": now if ended_how else None,
            "repeat_at": now + every if repeats else None,
        },
    )  # fmt: skip
    if finished.scalar() is None:
        raise AlertEnded
    if alert.audience == "area" and settings().alerts.tells_all_clear:
        for updated in _not_cleared(session, alert):
            duty.all_clear(session, updated, alert, now)


def _not_cleared(session: Session, alert: Alert) -> Iterator[Alert]:
    """What an alert updates; of an update that was itself overtaken before it had reached everybody, also what that
    one updated."""
    for about in alert.about:
        updated = records.get(session, about)
        yield updated
        if updated.resolved_at is None:
            yield from _not_cleared(session, updated)


# Alerts that failed in this process when they were last tried.
_STUMBLED: set[UUID] = set()


_SENDING = text(
    """
    SELECT id FROM notify.alert WHERE status = 'sending' AND NOT id = ANY(CAST(:without AS uuid[]))
     ORDER BY array_position(ARRAY['Extreme', 'Severe', 'Moderate', 'Minor', 'Unknown'], severity), received_at
    """
)
_PARTS = text(
    """
    SELECT part, named, near, circles <> '[]' AS circles, polygons <> '[]' AS polygons
      FROM notify.alert_part WHERE alert_id = :id ORDER BY part
    """
)
_GO_ON = text(
    """
    UPDATE notify.alert
       SET step = :step, resolved_to = CAST(:to AS uuid), gathered_to = :gathered_to, people = people + :people,
           devices = devices + :devices
     WHERE id = :id AND status = 'sending'
    RETURNING 1
    """
)
_FINISH = text(
    """
    UPDATE notify.alert
       SET status = 'sent', resolved_at = :now, ended_how = coalesce(:ended_how, ended_how),
           ended_at = coalesce(CAST(:ended_at AS timestamptz), ended_at), repeat_at = CAST(:repeat_at AS timestamptz)
     WHERE id = :id AND status = 'sending'
    RETURNING 1
    """
)
