"""Beginning, ending, changing and renewing a subscription, as its person asks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import taipei_date
from core.errors import FieldError, InvalidRequest, NotFound
from core.ids import new_uuid
from notify.topics import events, history, judging, leaving, standing, subjects, topics
from notify.topics.endings import Keep, Standing, end_of, verdict
from notify.topics.errors import (
    NeedHasPassed,
    NotRenewable,
    SubscriptionEnded,
    TooManySubscriptions,
    TopicClosed,
)
from notify.topics.judging import Ending
from notify.topics.standing import Subscription
from notify.topics.subjects import Subject
from notify.topics.topics import Topic

MOST_LIVE = 100
# Each is kept for ever.
MOST_BEGUN_A_DAY = 200
_LONGEST = timedelta(days=3653)
BeganHow = Literal["citizen", "offer", "renewal", "need_returned"]
BEGAN_HOW: tuple[BeganHow, ...] = ("citizen", "offer", "renewal", "need_returned")


def begin(
    session: Session,
    *,
    person_id: UUID,
    topic_code: str,
    subject: str = "",
    ends_on: date | None = None,
    how: BeganHow = "citizen",
    ref: str | None = None,
    now: datetime,
) -> tuple[Subscription, bool]:
    """Subscribe this person to a topic, or to one subject of it ("bill:…", as stored). Answers it, and whether it is
    new: somebody who hears of it already keeps the subscription that they have.

    `ends_on` is the last day that the person chose, no later than the topic's own. To take a whole topic ends the
    person's subscriptions to single subjects of it. Raises NotFound, TopicClosed, NeedHasPassed, TooManySubscriptions,
    InvalidRequest.
    """
    topic = topics.by_code(session, topic_code)
    if topic.status != "open":
        raise TopicClosed
    about = _about(session, person_id, topic, subject)
    _take_turns(session, person_id)
    known = standing.covering(session, person_id, topic.id, subject)
    if known is not None:
        return known, False
    if about is not None and about.is_over:
        raise NeedHasPassed
    if ends_on is not None:
        _require_possible(topic, ends_on, taipei_date(now), taipei_date(now))
    return _insert(session, person_id, topic, about, ends_on, how, ref, now), True


def end(session: Session, *, person_id: UUID, subscription_id: UUID, now: datetime) -> None:
    """The person wants no more of it; ending what has ended changes nothing. Its sender sees it. Raises NotFound."""
    mine = standing.locked(session, person_id, subscription_id)
    if mine.is_live:
        run_id = leaving.cause_of(session, person_id=person_id, subscription_id=mine.id, now=now)
        judging.end(session, [Ending(mine, "citizen", leaving.ref_of(run_id))], now)
        leaving.count(session, run_id)


def change_end(
    session: Session, *, person_id: UUID, subscription_id: UUID, ends_on: date | None, now: datetime
) -> Subscription:
    """Let it end on another day, or (None) by its topic's rules alone. Raises NotFound, SubscriptionEnded,
    InvalidRequest for a day that has passed or is later than the topic's own."""
    mine = _locked_live(session, person_id, subscription_id)
    if ends_on is not None:
        _require_possible(mine.topic, ends_on, mine.counted_from, taipei_date(now))
    ends_at = end_of(mine.topic.rules, mine.counted_from, ends_on)
    if ends_at != mine.ends_at:
        session.execute(_CHANGE, {"id": mine.id, "ends_at": ends_at, "now": now})
        history.add(session, person_id, mine.id, "changed", "citizen", ends_at=ends_at, now=now)
        _look_again(session, person_id, mine.id, now)
    return standing.one(session, person_id, mine.id)


def say_still_wanted(session: Session, *, person_id: UUID, subscription_id: UUID, now: datetime) -> Subscription:
    """Answer the question whether it is still wanted: yes. Without a question it changes nothing. Raises NotFound,
    SubscriptionEnded."""
    mine = _locked_live(session, person_id, subscription_id)
    if mine.asked_at is not None:
        session.execute(_ANSWER, {"id": mine.id})
        history.add(session, person_id, mine.id, "answered", "citizen", ends_at=mine.ends_at, now=now)
        _look_again(session, person_id, mine.id, now)
    return standing.one(session, person_id, mine.id)


def renew(session: Session, *, person_id: UUID, subscription_id: UUID, now: datetime) -> tuple[Subscription, bool]:
    """Take again what has ended, or begin anew to count for what is live. Answers it, and whether it is a new one.

    A rule that ends the very same one at this moment has either come before, and this takes it again, or finds it
    renewed and leaves it. Raises NotFound, NotRenewable, TooManySubscriptions.
    """
    _take_turns(session, person_id)
    mine = standing.locked(session, person_id, subscription_id)
    if mine.is_live:
        return _renew_live(session, mine, now), False
    known = standing.covering(session, person_id, mine.topic.id, mine.subject)
    if known is not None:
        return known, False
    if not _may_be_taken_again(mine, now):
        raise NotRenewable
    about = _still_there(session, mine)
    ref = f"subscription:{mine.id}"
    renewed = _insert(session, person_id, mine.topic, about, None, "renewal", ref, now)
    leaving.take_back(session, mine.id, now)
    return renewed, True


def begin_again(session: Session, ended: Subscription, *, ref: str, now: datetime) -> Subscription | None:
    """What ended because its need had passed begins again, since the need is there after all: as the person had asked
    to hear of it until it is settled. None where they hear of it already, or it cannot be taken again."""
    _take_turns(session, ended.person_id)
    if ended.topic.status != "open" or standing.covering(session, ended.person_id, ended.topic.id, ended.subject):
        return None
    try:
        about = _still_there(session, ended)
        return _insert(session, ended.person_id, ended.topic, about, None, "need_returned", ref, now)
    except (NotRenewable, TooManySubscriptions):
        return None


def can_renew(mine: Subscription, now: datetime) -> bool:
    """Whether renewing could do anything: what it was about is not over, its topic open, and it is not taken again."""
    return mine.is_live or (not mine.has_successor and _may_be_taken_again(mine, now))


def _about(session: Session, person_id: UUID, topic: Topic, subject: str) -> Subject | None:
    if not subject:
        if topic.needs_subject:
            raise _invalid("/subject", "this topic has to be about something: choose what")
        return None
    if subject.partition(":")[0] not in topic.subject_kinds:
        raise _invalid("/subject", "a subscription to this topic is not about such a thing")
    return subjects.resolve(session, person_id, subject)


def _may_be_taken_again(mine: Subscription, now: datetime) -> bool:
    ends_at = end_of(mine.topic.rules, taipei_date(now))
    is_over = mine.ended_how == "need_passed" or (ends_at is not None and ends_at <= now)
    return mine.topic.status == "open" and not is_over


def _still_there(session: Session, mine: Subscription) -> Subject | None:
    if not mine.subject:
        return None
    try:
        about = subjects.resolve(session, mine.person_id, mine.subject)
    except NotFound:
        raise NotRenewable from None
    if about.is_over:
        raise NotRenewable
    return about


def _require_possible(topic: Topic, ends_on: date, counted_from: date, today: date) -> None:
    if ends_on < today:
        raise _invalid("/ends_on", "that day has passed")
    if ends_on > today + _LONGEST:
        raise _invalid("/ends_on", "more than ten years away")
    latest = end_of(topic.rules, counted_from)
    chosen = end_of((), counted_from, ends_on)
    if latest is not None and chosen is not None and chosen > latest:
        raise _invalid("/ends_on", "later than this topic's own last day")


def _insert(
    session: Session,
    person_id: UUID,
    topic: Topic,
    about: Subject | None,
    ends_on: date | None,
    how: BeganHow,
    ref: str | None,
    now: datetime,
) -> Subscription:
    live, begun = standing.counts(session, person_id, now - timedelta(days=1))
    if live >= MOST_LIVE or begun >= MOST_BEGUN_A_DAY:
        raise TooManySubscriptions
    ends_at = end_of(topic.rules, taipei_date(now), ends_on)
    subject, district = (about.subject, about.district) if about else ("", None)
    told = verdict(Standing(began_at=now, subject=subject, ends_at=ends_at), topic.rules, now)
    if not isinstance(told, Keep):
        raise TopicClosed
    subscription_id = new_uuid()
    name = orjson.dumps({"zh": about.name.zh, "en": about.name.en}).decode() if about else None
    session.execute(
        _BEGIN,
        {"id": subscription_id, "person_id": person_id, "topic_id": topic.id, "subject": subject, "name": name,
         "district": district, "now": now, "how": how, "ref": ref, "ends_at": ends_at, "check_at": told.check_at},
    )  # fmt: skip
    history.add(session, person_id, subscription_id, "began", how, ref=ref, ends_at=ends_at, now=now)
    fact = events.of(person_id, subscription_id, topic.code, subjects.on_the_wire(subject))
    outbox.record(session, events.SUBSCRIPTION_BEGAN, fact, now=now)
    if not subject:
        narrower = session.execute(_NARROWER, {"person_id": person_id, "topic_id": topic.id}).all()
        ref = f"subscription:{subscription_id}"
        judging.end(session, [Ending(each, "replaced", ref) for each in standing.read(session, narrower)], now)
    return standing.one(session, person_id, subscription_id)


def _renew_live(session: Session, mine: Subscription, now: datetime) -> Subscription:
    ends_at = end_of(mine.topic.rules, taipei_date(now))
    session.execute(_RENEW, {"id": mine.id, "now": now, "ends_at": ends_at})
    history.add(session, mine.person_id, mine.id, "renewed", "citizen", ends_at=ends_at, now=now)
    _look_again(session, mine.person_id, mine.id, now)
    return standing.one(session, mine.person_id, mine.id)


def _look_again(session: Session, person_id: UUID, subscription_id: UUID, now: datetime) -> None:
    judging.judge(session, [standing.locked(session, person_id, subscription_id)], now)


def _locked_live(session: Session, person_id: UUID, subscription_id: UUID) -> Subscription:
    mine = standing.locked(session, person_id, subscription_id)
    if not mine.is_live:
        raise SubscriptionEnded
    return mine


def _take_turns(session: Session, person_id: UUID) -> None:
    """Beginnings of one person's subscriptions come one after the other, so that none is doubled or above the limit."""
    session.execute(_TURN, {"key": f"notify.subscriptions {person_id}"})


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(errors=[FieldError(pointer, detail)])


_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_BEGIN = text(
    """
    INSERT INTO notify.subscription (id, person_id, topic_id, subject, subject_name, district, began_at, began_how,
                                     began_ref, ends_at, check_at)
    VALUES (:id, :person_id, :topic_id, :subject, CAST(:name AS jsonb), :district, :now, :how, :ref, :ends_at,
            :check_at)
    """
)
_NARROWER = text(
    f"SELECT {standing.COLUMNS} FROM notify.subscription s WHERE s.person_id = :person_id AND s.topic_id = :topic_id "  # noqa: S608
    "AND s.status = 'live' AND s.subject <> '' ORDER BY s.id FOR UPDATE OF s"
)
_CHANGE = text(
    "UPDATE notify.subscription SET ends_at = :ends_at, check_at = :now, version = version + 1 WHERE id = :id"
)
_ANSWER = text(
    "UPDATE notify.subscription SET asked_at = NULL, answer_by = NULL, unopened = 0, unopened_since = NULL, "
    "version = version + 1 WHERE id = :id"
)
_RENEW = text(
    "UPDATE notify.subscription SET renewed_at = :now, ends_at = :ends_at, sends = 0, unopened = 0, "
    "unopened_since = NULL, asked_at = NULL, answer_by = NULL, version = version + 1 WHERE id = :id"
)
