"""The rows of alerts: reading them, and writing down a new one with its parts and their words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.ids import new_uuid, typeid
from core.text import Text
from notify.alerts.areas import Reach
from notify.alerts.words import BASIS, Words
from partners.cap.document import Circle, Message, Point, Reference

STATUSES = ("awaiting_approval", "sending", "sent", "refused", "cancelled", "recorded")
ENDINGS = ("cancelled", "superseded", "corrected", "refused", "expired")
LIVE = ("awaiting_approval", "sending", "sent")
NOT_OUT = ("awaiting_approval", "refused", "recorded")
# How loud each gravity is: 9 rings through, 8 sounds like any message, 7 makes no sound; all before what is no alert.
URGENCIES = {"Extreme": 9, "Severe": 9, "Moderate": 8, "Minor": 7, "Unknown": 7}
LINK = "/app/inbox"
EVENT = "notify.alert"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it stands. `people` and `devices` count who has been told so far."""

    id: UUID
    identifier: str
    sender: str
    sent_at: datetime
    status: str
    is_drill: bool
    msg_type: str
    audience: str
    about: tuple[UUID, ...]
    thread: UUID
    source: str
    is_signature_trusted: bool
    severity: str
    title: Text | None
    body: Text | None
    summary: dict[str, Any]
    because: str | None
    expires_at: datetime
    received_by: UUID | None
    received_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    step: int
    resolved_to: UUID | None
    gathered_to: int
    resolved_at: datetime | None
    people: int
    devices: int
    repeats: int
    ended_at: datetime | None
    ended_how: str | None


@dataclass(frozen=True, slots=True)
class NewPart:
    """Words to be written for whoever is in that reach, so loud."""

    words: Words
    severity: str
    urgency: int
    reach: Reach


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert that is about to be written down; see the columns of notify.alert."""

    message: Message
    document: bytes
    status: str
    audience: str
    about: tuple[UUID, ...]
    thread: UUID | None
    source: str
    is_signature_trusted: bool
    severity: str
    because: str | None
    expires_at: datetime
    received_by: UUID | None
    parts: Sequence[NewPart]


def add(session: Session, new: NewAlert, now: datetime) -> UUID | None:
    """Write an alert down with its parts. None when one of that sender, identifier and time is there already."""
    alert_id = new_uuid()
    if session.execute(_ADD, _row(alert_id, new, now)).scalar() is None:
        return None
    _add_parts(session, alert_id, new, now)
    return alert_id


def replace_unsigned(session: Session, alert_id: UUID, new: NewAlert, now: datetime) -> UUID | None:
    """Put what a sender signed in the place of a copy of that name that nobody signed and that has not gone out.

    None when the copy has gone out meanwhile, or something signed is there already.
    """
    if session.execute(_REPLACE, _row(alert_id, new, now)).scalar() is None:
        return None
    session.execute(_NO_PARTS, {"id": alert_id})
    _add_parts(session, alert_id, new, now)
    return alert_id


def _row(alert_id: UUID, new: NewAlert, now: datetime) -> dict[str, Any]:
    message = new.message
    return {
        "id": alert_id, "identifier": message.identifier, "sender": message.sender, "sent_at": message.sent,
        "status": new.status, "is_drill": message.status == "Exercise", "msg_type": message.msg_type,
        "supersedes": new.about[0] if new.about else None, "source": new.source,
        "trusted": new.is_signature_trusted, "severity": new.severity,
        "parsed": orjson.dumps(_summary(new)).decode(), "document": new.document, "expires_at": new.expires_at,
        "received_by": new.received_by, "now": now, "audience": new.audience, "about": list(new.about),
        "thread": new.thread or alert_id, "because": new.because,
        "ended_at": now if new.status == "recorded" else None,
    }  # fmt: skip


def _add_parts(session: Session, alert_id: UUID, new: NewAlert, now: datetime) -> None:
    for number, part in enumerate(new.parts):
        content_id = _add_content(session, alert_id, new, part, now)
        session.execute(
            _ADD_PART,
            {
                "alert_id": alert_id, "part": number, "content_id": content_id, "severity": part.severity,
                "urgency": part.urgency, "named": sorted(part.reach.named), "near": sorted(part.reach.near),
                "circles": orjson.dumps([_circle(circle) for circle in part.reach.circles]).decode(),
                "polygons": orjson.dumps([[_point(at) for at in each] for each in part.reach.polygons]).decode(),
            },
        )  # fmt: skip
        if number == 0:
            session.execute(_HAS_WORDS, {"id": alert_id, "content_id": content_id})


def named(session: Session, reference: Reference) -> tuple[Alert, bytes] | None:
    """The alert of that sender, identifier and time, with its document."""
    values = {"sender": reference.sender, "identifier": reference.identifier, "sent_at": reference.sent}
    row = session.execute(_NAMED, values).one_or_none()
    return None if row is None else (_alert(row), bytes(row.document))


def get(session: Session, alert_id: UUID, *, is_locked: bool = False) -> Alert:
    """One alert; `is_locked` keeps others from changing it meanwhile. Raises NotFound."""
    if is_locked:
        session.execute(_LOCK, {"id": alert_id})
    row = session.execute(_ONE, {"id": alert_id}).one_or_none()
    if row is None:
        raise NotFound
    return _alert(row)


def document_of(session: Session, alert_id: UUID) -> bytes:
    """The document as it arrived. Raises NotFound."""
    content = session.execute(_DOCUMENT, {"id": alert_id}).scalar()
    if content is None:
        raise NotFound
    return bytes(content)


def page(
    session: Session, *, limit: int, cursor: str | None, source: str | None = None
) -> tuple[list[Alert], str | None]:
    """A page of alerts, the newest first, and the cursor of the next; of one source, when given."""
    before_at, before_id = decode_moment_cursor(cursor) if cursor else (None, None)
    values = {"limit": limit + 1, "before_at": before_at, "before_id": before_id, "source": source}
    rows = session.execute(_PAGE, values).all()
    alerts = [_alert(row) for row in rows[:limit]]
    is_more = len(rows) > limit
    return alerts, encode_moment_cursor(alerts[-1].received_at, alerts[-1].id) if is_more else None


def of_thread(session: Session, thread: UUID) -> tuple[UUID, ...]:
    """The alerts of a line of updates that told people of an area, newest first."""
    return tuple(session.execute(_THREAD, {"thread": thread}).scalars())


def end(session: Session, ids: Collection[UUID], *, how: str, by: UUID | None, now: datetime) -> None:
    """These alerts are over: what of them still waits for its turn is not sent, and nothing repeats."""
    if ids:
        session.execute(_END, {"ids": sorted(ids), "how": how, "by": by, "now": now})


def _add_content(session: Session, alert_id: UUID, new: NewAlert, part: NewPart, now: datetime) -> UUID:
    content_id = new_uuid()
    explanation = part.words.explanation
    why = {
        "explanation": {"zh": f"{explanation.zh}{BASIS.zh}", "en": f"{explanation.en} {BASIS.en}"},
        "event": {"kind": EVENT, "id": typeid("alr", alert_id), "at": new.message.sent.isoformat()},
        "alert": {
            "id": typeid("alr", alert_id), "sender": new.message.sender, "severity": part.severity,
            "is_drill": new.message.status == "Exercise",
        },
    }  # fmt: skip
    title, body = part.words.title, part.words.body
    session.execute(
        _ADD_CONTENT,
        {
            "id": content_id, "title_zh": title.zh, "title_en": title.en, "body_zh": body.zh, "body_en": body.en,
            "link": LINK, "why": orjson.dumps(why).decode(), "now": now,
        },
    )  # fmt: skip
    return content_id


def _summary(new: NewAlert) -> dict[str, Any]:
    """What a desk shows of the document without reading it again."""
    info = new.message.infos[0] if new.message.infos else None
    return {
        "event": info.event if info else None,
        "categories": list(info.categories) if info else [],
        "urgency": info.urgency if info else "Unknown",
        "certainty": info.certainty if info else "Unknown",
        "sender_name": info.sender_name if info else None,
        "web": info.web if info else None,
        "note": new.message.note,
        "areas": [area.description for each in new.message.infos for area in each.areas][:50],
        "parts": [
            {
                "severity": part.severity, "districts": sorted(part.reach.named), "near": sorted(part.reach.near),
                "circles": [_circle(circle) for circle in part.reach.circles],
                "polygons": [[_point(at) for at in each] for each in part.reach.polygons],
            }
            for part in new.parts
        ],
    }  # fmt: skip


def _circle(circle: Circle) -> list[float]:
    return [*_point(circle.center), circle.radius_km]


def _point(point: Point) -> list[float]:
    return [point.latitude, point.longitude]


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        row.id, row.identifier, row.sender, row.sent_at, row.status, row.is_drill, row.msg_type, row.audience,
        tuple(row.about), row.thread or row.id, row.source, row.is_signature_trusted, row.severity,
        Text(row.title_zh, row.title_en) if row.title_zh is not None else None,
        Text(row.body_zh, row.body_en) if row.body_zh is not None else None,
        row.parsed, row.because, row.expires_at, row.received_by, row.received_at, row.approved_by, row.approved_at,
        row.step, row.resolved_to, row.gathered_to, row.resolved_at, row.people, row.devices,
        row.repeats, row.ended_at, row.ended_how,
    )  # fmt: skip


_COLUMNS = """
    SELECT a.id, a.identifier, a.sender, a.sent_at, a.status, a.is_drill, a.msg_type, a.audience, a.about, a.thread,
           a.source, a.is_signature_trusted, a.severity, c.title_zh, c.title_en, c.body_zh, c.body_en, a.parsed,
           a.because, a.expires_at, a.received_by, a.received_at, a.approved_by, a.approved_at, a.step, a.resolved_to,
           a.gathered_to, a.resolved_at, a.people, a.devices, a.repeats, a.ended_at, a.ended_how, a.document
      FROM notify.alert AS a LEFT JOIN notify.content AS c ON c.id = a.content_id
"""
_ONE = text(f"{_COLUMNS} WHERE a.id = :id")
# Whoever writes messages of an alert holds its key meanwhile: this does not wait for them.
_LOCK = text("SELECT 1 FROM notify.alert WHERE id = :id FOR NO KEY UPDATE")
_NAMED = text(f"{_COLUMNS} WHERE a.sender = :sender AND a.identifier = :identifier AND a.sent_at = :sent_at")
_DOCUMENT = text("SELECT document FROM notify.alert WHERE id = :id")
_PAGE = text(
    f"{_COLUMNS} WHERE (CAST(:source AS text) IS NULL OR a.source = :source) AND "
    "(CAST(:before_at AS timestamptz) IS NULL OR (a.received_at, a.id) < (:before_at, CAST(:before_id AS uuid))) "
    "ORDER BY a.received_at DESC, a.id DESC LIMIT :limit"
)
_THREAD = text(
    "SELECT id FROM notify.alert WHERE thread = :thread AND audience = 'area' AND status <> 'recorded' "
    "ORDER BY received_at DESC"
)
_ADD = text(
    """
    INSERT INTO notify.alert (id, identifier, sender, sent_at, status, is_drill, msg_type, supersedes, source,
                              is_signature_trusted, severity, parsed, document, expires_at, received_by, received_at,
                              audience, about, thread, because, ended_at)
    VALUES (:id, :identifier, :sender, :sent_at, :status, :is_drill, :msg_type, :supersedes, :source, :trusted,
            :severity, CAST(:parsed AS jsonb), :document, :expires_at, :received_by, :now, :audience,
            CAST(:about AS uuid[]), :thread, :because, :ended_at)
    ON CONFLICT ON CONSTRAINT alert_named_once DO NOTHING
    RETURNING id
    """
)
_REPLACE = text(
    """
    UPDATE notify.alert
       SET status = :status, is_drill = :is_drill, msg_type = :msg_type, supersedes = :supersedes, source = :source,
           is_signature_trusted = :trusted, severity = :severity, parsed = CAST(:parsed AS jsonb),
           document = :document, expires_at = :expires_at, received_by = :received_by, received_at = :now,
           audience = :audience, about = CAST(:about AS uuid[]), thread = :thread, because = :because,
           content_id = NULL, ended_at = :ended_at, ended_how = NULL, ended_by = NULL
     WHERE id = :id AND NOT is_signature_trusted AND status IN ('awaiting_approval', 'refused', 'recorded')
    RETURNING id
    """
)
_NO_PARTS = text("DELETE FROM notify.alert_part WHERE alert_id = :id")
_ADD_CONTENT = text(
    """
    INSERT INTO notify.content (id, title_zh, title_en, body_zh, body_en, link, why, created_at)
    VALUES (:id, :title_zh, :title_en, :body_zh, :body_en, :link, CAST(:why AS jsonb), :now)
    """
)
_ADD_PART = text(
    """
    INSERT INTO notify.alert_part (alert_id, part, content_id, severity, urgency, named, near, circles, polygons)
    VALUES (:alert_id, :part, :content_id, :severity, :urgency, CAST(:named AS text[]), CAST(:near AS text[]),
            CAST(:circles AS jsonb), CAST(:polygons AS jsonb))
    """
)
_HAS_WORDS = text("UPDATE notify.alert SET content_id = :content_id WHERE id = :id")
_END = text(
    """
    UPDATE notify.alert
       SET status = CASE WHEN :how = 'refused' THEN 'refused' ELSE 'cancelled' END, ended_at = :now, ended_how = :how,
           ended_by = :by, repeat_at = NULL
     WHERE id = ANY(:ids) AND status IN ('awaiting_approval', 'sending', 'sent')
    """
)
