"""Carrying out what the engine says of live subscriptions: keeping, asking, ending; each with its history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from notify.topics import events, history, notes, standing
from notify.topics.endings import Ask, End, EndedHow, Happening, Keep, verdict
from notify.topics.standing import Subscription
from notify.topics.subjects import on_the_wire


def judge(
    session: Session, subscriptions: Iterable[Subscription], now: datetime, event: Happening | None = None
) -> int:
    """Judge these live subscriptions, which the caller has locked, and do what follows. Answers how many ended."""
    ended = 0
    for each in subscriptions:
        told = verdict(each.standing, each.topic.rules, now, event)
        match told:
            case Keep(check_at, drops_question):
                if drops_question or check_at != each.check_at:
                    values = {"id": each.id, "check_at": check_at, "drops_question": drops_question}
                    session.execute(_KEEP, values)
                if drops_question:
                    history.add(session, each.person_id, each.id, "answered", "opened", ends_at=each.ends_at, now=now)
            case Ask(answer_by):
                look_at = min(answer_by, each.ends_at or answer_by)
                session.execute(_ASK, {"id": each.id, "now": now, "answer_by": answer_by, "check_at": look_at})
                history.add(session, each.person_id, each.id, "asked", "silence", ends_at=each.ends_at, now=now)
                notes.ask(session, each, answer_by, now)
            case End(how, ref):
                end(session, each, how, ref, now)
                ended += 1
    return ended


def end(session: Session, ending: Subscription, how: EndedHow, ref: str | None, now: datetime) -> None:
    """End a live subscription, which the caller has locked: with its reason, its history, its note and its event."""
    session.execute(_END, {"id": ending.id, "now": now, "how": how, "ref": ref})
    history.add(session, ending.person_id, ending.id, "ended", how, ref=ref, ends_at=ending.ends_at, now=now)
    fact = events.of(ending.person_id, ending.id, ending.topic.code, on_the_wire(ending.subject)) | {"how": how}
    cause = outbox.record(session, events.SUBSCRIPTION_ENDED, fact, now=now)
    notes.tell_of_end(session, ending, how, cause, now)


def about(session: Session, subject: str, *, limit: int, person_id: UUID | None = None) -> list[Subscription]:
    """Live subscriptions about a subject, locked in the order of their ids."""
    values = {"subject": subject, "limit": limit, "person_id": person_id}
    return standing.read(session, session.execute(_ABOUT, values).all())


def in_districts(session: Session, person_id: UUID, districts: Iterable[str]) -> list[Subscription]:
    """A person's live subscriptions about what is in these districts, locked in the order of their ids."""
    values = {"person_id": person_id, "districts": list(districts)}
    return standing.read(session, session.execute(_IN_DISTRICTS, values).all())


_KEEP = text(
    """
    UPDATE notify.subscription
       SET check_at = :check_at,
           asked_at = CASE WHEN :drops_question THEN NULL ELSE asked_at END,
           answer_by = CASE WHEN :drops_question THEN NULL ELSE answer_by END,
           version = version + CASE WHEN :drops_question THEN 1 ELSE 0 END
     WHERE id = :id
    """
)
_ASK = text(
    "UPDATE notify.subscription SET asked_at = :now, answer_by = :answer_by, check_at = :check_at, "
    "version = version + 1 WHERE id = :id"
)
_END = text(
    "UPDATE notify.subscription SET status = 'ended', ended_at = :now, ended_how = :how, ended_ref = :ref, "
    "check_at = NULL, version = version + 1 WHERE id = :id"
)
_ABOUT = text(
    f"SELECT {standing.COLUMNS} FROM notify.subscription s WHERE s.status = 'live' AND s.subject = :subject "  # noqa: S608
    "AND s.subject <> '' AND (CAST(:person_id AS uuid) IS NULL OR s.person_id = :person_id) "
    "ORDER BY s.id LIMIT :limit FOR UPDATE OF s"
)
_IN_DISTRICTS = text(
    f"SELECT {standing.COLUMNS} FROM notify.subscription s WHERE s.status = 'live' AND s.person_id = :person_id "  # noqa: S608
    "AND s.district = ANY(:districts) ORDER BY s.id FOR UPDATE OF s"
)
