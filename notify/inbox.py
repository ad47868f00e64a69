"""The inbox: what a person has been told, newest first, and why. Somebody else's message is no message: NotFound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.text import Text


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in both languages. `why` holds the explanation and the event that caused it."""

    id: UUID
    kind: str
    title: Text
    body: Text
    link: str
    why: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


def page_of_messages(
    session: Session, *, person_id: UUID, limit: int, cursor: str | None
) -> tuple[list[Message], str | None]:
    """A page of the person's messages, newest first, and the cursor of the next. Raises InvalidRequest for a strange
    cursor."""
    before_at, before_id = decode_moment_cursor(cursor) if cursor else (None, None)
    rows = session.execute(
        _PAGE_BEFORE if cursor else _PAGE,
        {"person_id": person_id, "limit": limit + 1, "before_at": before_at, "before_id": before_id},
    ).all()
    messages = [_message(row) for row in rows[:limit]]
    is_more = len(rows) > limit
    return messages, encode_moment_cursor(messages[-1].created_at, messages[-1].id) if is_more else None


def unread_count(session: Session, person_id: UUID) -> int:
    """How many messages the person has not read."""
    return int(session.execute(_UNREAD, {"person_id": person_id}).scalar_one())


def message(session: Session, *, person_id: UUID, message_id: UUID) -> Message:
    """One message of the person. Raises NotFound."""
    row = session.execute(_ONE, {"person_id": person_id, "id": message_id}).one_or_none()
    if row is None:
        raise NotFound
    return _message(row)


def mark(session: Session, *, person_id: UUID, message_id: UUID, is_read: bool, now: datetime) -> Message:
    """Mark a message read (the first time counts) or unread. Raises NotFound."""
    row = session.execute(
        _MARK, {"person_id": person_id, "id": message_id, "is_read": is_read, "now": now}
    ).one_or_none()
    if row is None:
        raise NotFound
    return _message(row)


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        kind=row.kind,
        title=Text(row.title_zh, row.title_en),
        body=Text(row.body_zh, row.body_en),
        link=row.link,
        why=row.why,
        created_at=row.created_at,
        read_at=row.read_at,
    )


_COLUMNS = "id, kind, title_zh, title_en, body_zh, body_en, link, why, created_at, read_at"
_PAGE = text(
    f"SELECT {_COLUMNS} FROM notify.message WHERE person_id = :person_id "  # noqa: S608
    "ORDER BY created_at DESC, id DESC LIMIT :limit"
)
_PAGE_BEFORE = text(
    f"SELECT {_COLUMNS} FROM notify.message "  # noqa: S608
    "WHERE person_id = :person_id AND (created_at, id) < (:before_at, :before_id) "
    "ORDER BY created_at DESC, id DESC LIMIT :limit"
)
_UNREAD = text("SELECT count(*) FROM notify.message WHERE person_id = :person_id AND read_at IS NULL")
_ONE = text(f"SELECT {_COLUMNS} FROM notify.message WHERE person_id = :person_id AND id = :id")  # noqa: S608
_MARK = text(
    "UPDATE notify.message SET read_at = CASE WHEN :is_read THEN coalesce(read_at, :now) END "  # noqa: S608
    f"WHERE person_id = :person_id AND id = :id RETURNING {_COLUMNS}"
)
