"""Carrying out what the engine says of live subscriptions: keeping, asking, ending; each with its history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.ids import new_uuid
from notify.topics import events, history, notes, standing
from notify.topics.endings import Ask, End, EndedHow, Happening, Keep, verdict
from notify.topics.standing import Subscription
from notify.topics.subjects import on_the_wire


@dataclass(frozen=True, slots=True)
class Ending:
    """A live subscription that ends, by which rule or whom, and because of what."""

    subscription: Subscription
    how: EndedHow
    ref: str | None = None


def judge(
    session: Session, subscriptions: Iterable[Subscription], now: datetime, event: Happening | None = None
) -> int:
    """Judge these live subscriptions, which the caller has locked, and do what follows. Answers how many ended."""
    ending: list[Ending] = []
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
                ending.append(Ending(each, how, ref))
    end(session, ending, now)
    return len(ending)


def end(session: Session, endings: Sequence[Ending], now: datetime) -> None:
    """End live subscriptions, which the caller has locked: each with its reason, its history, its event and its note.

    One statement of each sort for all of them: when a topic closes, a city's worth of them ends.
    """
    if not endings:
        return
    columns = {
        "person_ids": [each.subscription.person_id for each in endings],
        "subscription_ids": [each.subscription.id for each in endings],
        "hows": [each.how for each in endings],
        "refs": [each.ref for each in endings],
        "now": now,
    }
    session.execute(_END, columns)
    more = {"ids": [new_uuid() for _ in endings], "ends_at": [each.subscription.ends_at for each in endings]}
    session.execute(_WRITE_DOWN, columns | more)
    causes = outbox.record_all(session, events.SUBSCRIPTION_ENDED, [_fact(each) for each in endings], now=now)
    notes.tell_of_ends(
        session, [(each.subscription, each.how, cause) for each, cause in zip(endings, causes, strict=True)], now
    )


def _fact(ending: Ending) -> dict[str, object]:
    mine = ending.subscription
    return events.of(mine.person_id, mine.id, mine.topic.code, on_the_wire(mine.subject)) | {"how": ending.how}


def followed(session: Session, subjects: Sequence[str]) -> list[str]:
    """Those of the subjects that somebody has a live subscription about, in their order: of a city's bills, few."""
    return list(session.execute(_FOLLOWED, {"subjects": list(subjects)}).scalars())


def about(session: Session, subject: str, *, limit: int, person_id: UUID | None = None) -> list[Subscription]:
    """Live subscriptions about a subject, locked in the order of their ids."""
    values = {"subject": subject, "limit": limit, "person_id": person_id}
    return standing.read(session, session.execute(_ABOUT, values).all())


def ended_by(session: Session, subject: str, *, limit: int) -> list[Subscription]:
    """The last subscription of each person about a subject, where that is over for them because its need had passed."""
    values = {"subject": subject, "limit": limit}
    return standing.read(session, session.execute(_ENDED_BY, values).all())


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
    """
    UPDATE notify.subscription s
       SET status = 'ended', ended_at = :now, ended_how = e.how, ended_ref = e.ref, check_at = NULL,
           version = s.version + 1
      FROM unnest(CAST(:subscription_ids AS uuid[]), CAST(:hows AS text[]), CAST(:refs AS text[])) AS e(id, how, ref)
     WHERE s.id = e.id
    """
)
_WRITE_DOWN = text(
    """
    INSERT INTO notify.subscription_event (person_id, id, subscription_id, at, what, how, ref, ends_at)
    SELECT e.person_id, e.id, e.subscription_id, :now, 'ended', e.how, e.ref, e.ends_at
      FROM unnest(CAST(:person_ids AS uuid[]), CAST(:ids AS uuid[]), CAST(:subscription_ids AS uuid[]),
                  CAST(:hows AS text[]), CAST(:refs AS text[]), CAST(:ends_at AS timestamptz[]))
           AS e(person_id, id, subscription_id, how, ref, ends_at)
    """
)
_FOLLOWED = text(
    "SELECT DISTINCT subject FROM notify.subscription WHERE status = 'live' AND subject <> '' "
    "AND subject = ANY(:subjects) ORDER BY subject"
)
_ABOUT = text(
    f"SELECT {standing.COLUMNS} FROM notify.subscription s WHERE s.status = 'live' AND s.subject = :subject "  # noqa: S608
    "AND s.subject <> '' AND (CAST(:person_id AS uuid) IS NULL OR s.person_id = :person_id) "
    "ORDER BY s.id LIMIT :limit FOR UPDATE OF s"
)
_ENDED_BY = text(
    f"SELECT DISTINCT ON (s.person_id, s.topic_id) {standing.COLUMNS} FROM notify.subscription s "  # noqa: S608
    "WHERE s.subject = :subject AND s.subject <> '' AND s.status = 'ended' AND s.ended_how = 'need_passed' "
    "ORDER BY s.person_id, s.topic_id, s.began_at DESC LIMIT :limit"
)
_IN_DISTRICTS = text(
    f"SELECT {standing.COLUMNS} FROM notify.subscription s WHERE s.status = 'live' AND s.person_id = :person_id "  # noqa: S608
    "AND s.district = ANY(:districts) ORDER BY s.id FOR UPDATE OF s"
)
