"""How topics and subscriptions look to the person who asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from core.clock import on_the_wire, taipei_date
from core.ids import typeid
from core.text import Language, Text
from identity.words import BUREAU_NAMES
from notify.topics import ending_words, subjects
from notify.topics.endings import latest_day
from notify.topics.history import Happened
from notify.topics.standing import Subscription
from notify.topics.subscriptions import can_renew
from notify.topics.topics import Topic

_CHANGED = Text("您改了結束的日子", "You changed its last day")
_ASKED = Text("一段時間沒有點開，所以問您還需不需要", "You opened none of it for a while, so you were asked")
_ANSWERED = {
    "citizen": Text("您回答還需要", "You said that you still want it"),
    "opened": Text("您點開了一則訊息，等於回答還需要", "You opened a message, which answers it"),
}
_RENEWED = Text("您讓它重新起算", "You let it count anew")
_ENDED = Text("結束：{because}", "Ended: {because}")


def bureau_name(bureau: str) -> Text:
    """The bureau's name; its code where it has none."""
    return BUREAU_NAMES.get(bureau, Text(bureau, bureau))


def topic_answer(topic: Topic, language: Language, subscription_id: UUID | None, now: datetime) -> dict[str, Any]:
    """A topic that may be subscribed to; `latest_end`: the last day of who begins now and chooses no earlier one."""
    latest_end = latest_day(topic.rules, taipei_date(now))
    return {
        "code": topic.code,
        "bureau": topic.bureau,
        "bureau_name": bureau_name(topic.bureau).in_language(language),
        "name": topic.name.in_language(language),
        "purpose": topic.purpose.in_language(language),
        "sample": {
            "title": topic.sample_title.in_language(language),
            "body": topic.sample_body.in_language(language),
        },
        "legal_basis": topic.legal_basis.in_language(language),
        "channels": list(topic.channels),
        "subject_kind": topic.subject_kind,
        "needs_subject": topic.needs_subject,
        "ends": [rule.in_language(language) for rule in ending_words.shown(topic.rules, subject=None)],
        "latest_end": latest_end.isoformat() if latest_end else None,
        "subscription_id": typeid("sub", subscription_id) if subscription_id else None,
    }


def subscription_answer(mine: Subscription, language: Language, now: datetime) -> dict[str, Any]:
    """A subscription of the caller's own."""
    ends = ending_words.shown(mine.topic.rules, subject=mine.subject, has_date=mine.ends_at is not None)
    because = ending_words.because(mine.ended_how, mine.subject) if mine.ended_how else None
    latest_end = latest_day(mine.topic.rules, mine.counted_from)
    question = None
    if mine.is_live and mine.asked_at and mine.answer_by:
        last_moment = mine.answer_by - timedelta(seconds=1)
        question = {"asked_at": on_the_wire(mine.asked_at), "answer_by": on_the_wire(last_moment)}
    return {
        "id": typeid("sub", mine.id),
        "topic": mine.topic.code,
        "topic_name": mine.topic.name.in_language(language),
        "bureau_name": bureau_name(mine.topic.bureau).in_language(language),
        "subject": subjects.on_the_wire(mine.subject),
        "subject_name": mine.subject_name.in_language(language) if mine.subject_name else None,
        "status": mine.status,
        "began_at": on_the_wire(mine.began_at),
        "began_how": ending_words.BEGAN[mine.began_how].in_language(language),
        "ends_on": mine.ends_on.isoformat() if mine.ends_on else None,
        "latest_end": latest_end.isoformat() if latest_end else None,
        "ends": [rule.in_language(language) for rule in ends],
        "question": question,
        "sends": mine.sends,
        "last_sent_at": on_the_wire(mine.last_sent_at) if mine.last_sent_at else None,
        "ended_at": on_the_wire(mine.ended_at) if mine.ended_at else None,
        "ended_how": mine.ended_how,
        "ended_because": because.in_language(language) if because else None,
        "can_renew": can_renew(mine, now),
    }


def happened(each: Happened, mine: Subscription, language: Language) -> dict[str, Any]:
    """One line of a subscription's history."""
    ends_on = taipei_date(each.ends_at - timedelta(microseconds=1)).isoformat() if each.ends_at else None
    return {
        "at": on_the_wire(each.at),
        "what": each.what,
        "how": each.how,
        "words": words_of(each, mine.subject).in_language(language),
        "ends_on": ends_on,
    }


def words_of(each: Happened, subject: str) -> Text:
    """What happened, in words."""
    match each.what:
        case "began":
            return ending_words.BEGAN[each.how]
        case "answered":
            return _ANSWERED[each.how]
        case "ended":
            return _ENDED.format(because=ending_words.because(each.how, subject))
        case "changed":
            return _CHANGED
        case "asked":
            return _ASKED
        case "renewed":
            return _RENEWED
        case _:
            assert_never(each.what)
