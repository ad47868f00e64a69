"""The inbox: what a person has been told, newest first, and why. Somebody else's message is no message: NotFound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.text import Text
from notify.receipts.receipts import opened_in_the_app


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in both languages. `why` holds the explanation and the event that caused it. `recalled_at`: since
    when its sender no longer stands by it; `settled_at`: since when nothing of what it tells of is left to pay. Where
    it came by a subscription, its topic and that topic's bureau."""

    id: UUID
    kind: str
    basis: str
    title: Text
    body: Text
    link: str
    why: dict[str, Any]
    subscription_id: UUID | None
    topic: str | None
    topic_name: Text | None
    bureau: str | None
    alert: AlertState | None
    created_at: datetime
    read_at: datetime | None
    recalled_at: datetime | None
    settled_at: datetime | None
    digest_id: UUID | None
    gathered: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertState:
    """How the alert stands now of which a message told. `severity`: a code of CAP 1.2, section 3.2.2."""

    severity: str
    is_drill: bool
    is_cancelled: bool
    expires_at: datetime


def page_of_messages(
    session: Session, *, person_id: UUID, limit: int, cursor: str | None
) -> tuple[list[Message], str | None]:
    """A page of the person's messages, newest first, and the cursor of the next. What a digest has gathered stands in
    the digest, not beside it. Raises InvalidRequest for a strange cursor."""
    before_at, before_id = decode_moment_cursor(cursor) if cursor else (None, None)
    rows = session.execute(
        _PAGE_BEFORE if cursor else _PAGE,
        {"person_id": person_id, "limit": limit + 1, "before_at": before_at, "before_id": before_id},
    ).all()
    messages = [_message(row) for row in rows[:limit]]
    is_more = len(rows) > limit
    next_cursor = encode_moment_cursor(messages[-1].created_at, messages[-1].id) if is_more else None
    return _with_gathered(session, person_id, messages), next_cursor


def unread_count(session: Session, person_id: UUID) -> int:
    """How many messages the person has not read; what a digest has gathered is not counted beside it."""
    return int(session.execute(_UNREAD, {"person_id": person_id}).scalar_one())


def message(session: Session, *, person_id: UUID, message_id: UUID) -> Message:
    """One message of the person. Raises NotFound."""
    row = session.execute(_ONE, {"person_id": person_id, "id": message_id}).one_or_none()
    if row is None:
        raise NotFound
    return _with_gathered(session, person_id, [_message(row)])[0]


def mark(session: Session, *, person_id: UUID, message_id: UUID, is_read: bool, now: datetime) -> Message:
    """Mark a message read (the first time counts, and is its opening) or unread. Raises NotFound."""
    if is_read:
        opened_in_the_app(session, person_id=person_id, message_id=message_id, now=now)
    session.execute(_MARK, {"person_id": person_id, "id": message_id, "is_read": is_read, "now": now})
    return message(session, person_id=person_id, message_id=message_id)


def _with_gathered(session: Session, person_id: UUID, messages: list[Message]) -> list[Message]:
    """The same, each digest with what it has gathered."""
    digests = [each.id for each in messages if each.basis == "digest"]
    if not digests:
        return messages
    found = [_message(row) for row in session.execute(_GATHERED, {"person_id": person_id, "digests": digests})]
    return [
        replace(each, gathered=tuple(one for one in found if one.digest_id == each.id))
        if each.basis == "digest"
        else each
        for each in messages
    ]


def _message(row: Row[Any]) -> Message:
    # What was recalled is no longer read; its title stays, so that whoever saw it ring knows which it was.
    is_taken_back = row.recalled_at is not None and row.alert_id is None
    body = Text(row.body_zh, row.body_en)
    if is_taken_back:
        body = RECALLED.format(because=row.stop_reason or "")
    elif row.settled_at is not None:
        body = SETTLED
    return Message(
        id=row.id,
        kind=row.kind,
        basis=row.basis,
        title=Text(row.title_zh, row.title_en),
        body=body,
        link="/app/inbox" if is_taken_back else row.link,
        why=row.why,
        subscription_id=row.subscription_id,
        topic=row.topic,
        topic_name=Text(row.topic_zh, row.topic_en) if row.topic else None,
        bureau=row.bureau,
        alert=AlertState(row.severity, row.is_drill, row.alert_status == "cancelled", row.expires_at)
        if row.severity
        else None,
        created_at=row.created_at,
        read_at=row.read_at,
        recalled_at=row.recalled_at,
        settled_at=row.settled_at,
        digest_id=row.digest_id,
    )


RECALLED = Text("發送機關收回了這則通知。{because}", "The bureau that sent this has withdrawn it. {because}")
SETTLED = Text("已繳清或已不必繳，不用再處理。", "Paid meanwhile, or no longer to be paid: nothing is left to do.")
_MESSAGES = """
    SELECT m.id, m.kind, m.basis,
           coalesce(m.title_zh, c.title_zh) AS title_zh, coalesce(m.title_en, c.title_en) AS title_en,
           coalesce(m.body_zh, c.body_zh) AS body_zh, coalesce(m.body_en, c.body_en) AS body_en,
           coalesce(m.link, c.link) AS link, m.why, m.subscription_id, m.created_at, m.read_at, m.recalled_at,
           m.settled_at, m.alert_id, r.stop_reason,
           t.code AS topic, t.name_zh AS topic_zh, t.name_en AS topic_en, t.bureau,
           a.severity, a.is_drill, a.status AS alert_status, a.expires_at, l.digest_id
      FROM notify.message m
      LEFT JOIN notify.content c ON c.id = m.content_id
      LEFT JOIN notify.run r ON r.id = m.run_id
      LEFT JOIN notify.subscription s ON s.id = m.subscription_id
      LEFT JOIN notify.topic t ON t.id = s.topic_id
      LEFT JOIN notify.alert a ON a.id = m.alert_id
      LEFT JOIN notify.digest_line l ON l.person_id = m.person_id AND l.message_id = m.id
     WHERE m.person_id = :person_id
"""
_LISTED = _MESSAGES + "AND l.digest_id IS NULL "
_NEWEST_FIRST = "ORDER BY m.created_at DESC, m.id DESC"
_PAGE = text(f"{_LISTED} {_NEWEST_FIRST} LIMIT :limit")
_PAGE_BEFORE = text(f"{_LISTED} AND (m.created_at, m.id) < (:before_at, :before_id) {_NEWEST_FIRST} LIMIT :limit")
_GATHERED = text(f"{_MESSAGES} AND l.digest_id = ANY(:digests) {_NEWEST_FIRST}")
_UNREAD = text(
    """
    SELECT count(*) FROM notify.message m
     WHERE person_id = :person_id AND read_at IS NULL
       AND NOT EXISTS (SELECT FROM notify.digest_line l WHERE l.person_id = m.person_id AND l.message_id = m.id
                                                          AND l.digest_id IS NOT NULL)
    """
)
_ONE = text(_MESSAGES + "AND m.id = :id")
_MARK = text(
    "UPDATE notify.message SET read_at = CASE WHEN :is_read THEN coalesce(read_at, :now) END "
    "WHERE person_id = :person_id AND id = :id"
)
