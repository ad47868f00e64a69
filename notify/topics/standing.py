"""Subscriptions as they are stored, read for people and for the engine that judges when they end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import NotFound
from core.text import Text
from notify.topics.endings import EndedHow, Standing
from notify.topics.topics import Topic, all_topics


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription of one person. `subject` is "" where it is to the topic alone; see `endings.Standing`."""

    id: UUID
    person_id: UUID
    topic: Topic
    subject: str
    subject_name: Text | None
    district: str | None
    status: str
    began_at: datetime
    began_how: str
    renewed_at: datetime | None
    ends_at: datetime | None
    check_at: datetime | None
    sends: int
    unopened: int
    unopened_since: datetime | None
    last_sent_at: datetime | None
    last_opened_at: datetime | None
    asked_at: datetime | None
    answer_by: datetime | None
    ended_at: datetime | None
    ended_how: EndedHow | None
    has_successor: bool

    @property
    def is_live(self) -> bool:
        """Whether messages may be sent by it."""
        return self.status == "live"

    @property
    def counted_from(self) -> date:
        """The day from which its days are counted."""
        return taipei_date(self.renewed_at or self.began_at)

    @property
    def ends_on(self) -> date | None:
        """Its last day in Taipei."""
        return None if self.ends_at is None else taipei_date(self.ends_at - timedelta(microseconds=1))

    @property
    def standing(self) -> Standing:
        """What the engine judges."""
        return Standing(
            began_at=self.began_at,
            subject=self.subject,
            district=self.district,
            ends_at=self.ends_at,
            sends=self.sends,
            unopened=self.unopened,
            unopened_since=self.unopened_since,
            last_opened_at=self.last_opened_at,
            asked_at=self.asked_at,
            answer_by=self.answer_by,
            is_topic_open=self.topic.status != "closed",
        )


def one(session: Session, person_id: UUID, subscription_id: UUID) -> Subscription:
    """A person's own subscription, live or ended. Raises NotFound."""
    return _one(session, _ONE, person_id, subscription_id)


def locked(session: Session, person_id: UUID, subscription_id: UUID) -> Subscription:
    """The same, locked until the transaction ends, so as whoever else changes it left it. Raises NotFound."""
    return _one(session, _LOCKED, person_id, subscription_id)


def covering(session: Session, person_id: UUID, topic_id: int, subject: str) -> Subscription | None:
    """A live subscription by which the person already hears of that subject of the topic."""
    values = {"person_id": person_id, "topic_id": topic_id, "subject": subject}
    return next(iter(read(session, session.execute(_COVERING, values).all())), None)


def page(
    session: Session, person_id: UUID, *, status: str, limit: int, before: tuple[datetime, UUID] | None
) -> list[Subscription]:
    """A person's subscriptions ("live", "ended" or "all"), the newest first; `before` continues a list."""
    before_at, before_id = before or (None, None)
    values = {"person_id": person_id, "status": status, "limit": limit, "before_at": before_at, "before_id": before_id}
    return read(session, session.execute(_PAGE_BEFORE if before else _PAGE, values).all())


def live_by_topic(session: Session, person_id: UUID) -> dict[int, UUID]:
    """The person's live subscriptions to topics as a whole, by the topic's id."""
    return {row.topic_id: row.id for row in session.execute(_WHOLE, {"person_id": person_id})}


def counts(session: Session, person_id: UUID, since: datetime) -> tuple[int, int]:
    """How many live subscriptions the person has, and how many they have begun since then."""
    row = session.execute(_COUNTS, {"person_id": person_id, "since": since}).one()
    return row.live, row.begun


def read(session: Session, rows: Sequence[Any]) -> list[Subscription]:
    """Rows of notify.subscription with their topics."""
    topics = all_topics(session) if rows else {}
    return [_subscription(row, topics[row.topic_id]) for row in rows]


def _one(session: Session, statement: Any, person_id: UUID, subscription_id: UUID) -> Subscription:
    found = read(session, session.execute(statement, {"person_id": person_id, "id": subscription_id}).all())
    if not found:
        raise NotFound
    return found[0]


def _subscription(row: Any, topic: Topic) -> Subscription:
    return Subscription(
        id=row.id,
        person_id=row.person_id,
        topic=topic,
        subject=row.subject,
        subject_name=Text(**row.subject_name) if row.subject_name else None,
        district=row.district,
        status=row.status,
        began_at=row.began_at,
        began_how=row.began_how,
        renewed_at=row.renewed_at,
        ends_at=row.ends_at,
        check_at=row.check_at,
        sends=row.sends,
        unopened=row.unopened,
        unopened_since=row.unopened_since,
        last_sent_at=row.last_sent_at,
        last_opened_at=row.last_opened_at,
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        ended_at=row.ended_at,
        ended_how=row.ended_how,
        has_successor=row.has_successor,
    )


COLUMNS = """
    s.*, s.status = 'ended' AND EXISTS (
        SELECT FROM notify.subscription l
         WHERE l.person_id = s.person_id AND l.topic_id = s.topic_id AND l.subject IN ('', s.subject)
           AND l.status = 'live' AND l.id <> s.id) AS has_successor
"""
"""What `read` needs of a row `s`; `has_successor` says that the person took it again already."""
_MINE = f"SELECT {COLUMNS} FROM notify.subscription s WHERE s.person_id = :person_id"  # noqa: S608
_ONE = text(f"{_MINE} AND s.id = :id")
_LOCKED = text(f"{_MINE} AND s.id = :id FOR UPDATE OF s")
_COVERING = text(
    f"{_MINE} AND s.topic_id = :topic_id AND s.subject IN ('', :subject) AND s.status = 'live' "
    "ORDER BY s.subject LIMIT 1"
)
_NEWEST = "ORDER BY s.began_at DESC, s.id DESC LIMIT :limit"
_PAGE = text(f"{_MINE} AND (:status = 'all' OR s.status = :status) {_NEWEST}")
_PAGE_BEFORE = text(
    f"{_MINE} AND (:status = 'all' OR s.status = :status) AND (s.began_at, s.id) < (:before_at, :before_id) {_NEWEST}"
)
_WHOLE = text(
    "SELECT topic_id, id FROM notify.subscription WHERE person_id = :person_id AND status = 'live' AND subject = ''"
)
_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM notify.subscription WHERE person_id = :person_id AND status = 'live') AS live,
           (SELECT count(*) FROM notify.subscription WHERE person_id = :person_id AND began_at > :since) AS begun
    """
)
