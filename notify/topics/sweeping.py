"""Looking for subscriptions that time, a closed topic or something that is over may have ended; a batch at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from core import db
from notify import passes
from notify.topics import judging, offers, standing, subjects
from notify.topics.ending_words import NEED_OF_KIND
from notify.topics.endings import NeedPassed
from notify.topics.standing import Subscription
from notify.topics.topics import all_topics

BATCH: Final = 200
_SUBJECTS_AT_ONCE: Final = 20


def end_due(now: datetime) -> None:
    """Judge what is due, in batches of their own transactions; what another worker has in hand is left to it.

    Each sort has at least one batch in every pass, however much there is of another.
    """
    ends_at = passes.ends_at()
    for step in (_judge_due, _end_of_closed_topics, _end_of_closed_subjects, _lapse_offers):
        is_more = True
        while is_more:
            with db.unit_of_work() as session:
                is_more = step(session, now) and not passes.is_over(ends_at)


def _judge_due(session: Session, now: datetime) -> bool:
    """Whether there may be more."""
    due = _read(session, _DUE, now=now)
    judging.judge(session, due, now)
    return len(due) == BATCH


def _end_of_closed_topics(session: Session, now: datetime) -> bool:
    closed = [topic.id for topic in all_topics(session).values() if topic.status == "closed"]
    affected = _read(session, _OF_TOPICS, topic_ids=closed) if closed else []
    judging.judge(session, affected, now)
    return len(affected) == BATCH


def _end_of_closed_subjects(session: Session, now: datetime) -> bool:
    settled: list[str] = []
    closed = subjects.unsettled(session, _SUBJECTS_AT_ONCE)
    for subject, ref in closed:
        affected = judging.about(session, subject, limit=BATCH)
        judging.judge(session, affected, now, NeedPassed(NEED_OF_KIND[subject.partition(":")[0]], subject, ref))
        if len(affected) == BATCH:
            subjects.settle(session, settled, now)
            return True
        settled.append(subject)
    subjects.settle(session, settled, now)
    return len(closed) == _SUBJECTS_AT_ONCE


def _lapse_offers(session: Session, now: datetime) -> bool:
    return offers.lapse(session, now, BATCH) == BATCH


def _read(session: Session, statement: TextClause, **values: object) -> list[Subscription]:
    return standing.read(session, session.execute(statement, {"limit": BATCH, **values}).all())


_LIVE = f"SELECT {standing.COLUMNS} FROM notify.subscription s WHERE s.status = 'live'"  # noqa: S608
_DUE = text(f"{_LIVE} AND s.check_at <= :now ORDER BY s.check_at LIMIT :limit FOR UPDATE OF s SKIP LOCKED")
_OF_TOPICS = text(
    f"{_LIVE} AND s.topic_id = ANY(:topic_ids) ORDER BY s.topic_id, s.person_id LIMIT :limit "
    "FOR UPDATE OF s SKIP LOCKED"
)
