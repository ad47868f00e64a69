"""A bureau's own topics over HTTP, for its writers and approvers of messages."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.cursors import decode_cursor, encode_cursor
from core.errors import Forbidden, NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, PageQuery, Routes, officer
from core.text import Text
from core.version_tags import ETAG, tagged, version_of
from notify.topics import desk, ending_words, topics
from notify.topics.answers import bureau_name
from notify.topics.desk_schemas import BureauTopicCreate, BureauTopicPage, BureauTopicPut, BureauTopicSchema
from notify.topics.errors import TopicChangeWaits, TopicCodeTaken
from notify.topics.topics import Topic

routes = Routes("notify")
_WRITERS = officer("editor", "publisher")


@routes.get(
    "/v1/bureau/topics",
    access=_WRITERS,
    shows_person_data=False,
    query=PageQuery,
    answers={200: BureauTopicPage},
    summary=Text("本機關的主題", "My bureau's topics, drafts too"),
)
def bureau_topics(call: Call) -> Answer:
    limit, cursor = call.query["limit"], call.query["cursor"]
    after = decode_cursor(cursor, str)[0] if cursor else ""
    found = topics.page_of_bureau(call.session, call.actor.bureau, limit=limit + 1, after=after.replace("\x00", ""))
    shown = found[:limit]
    next_cursor = encode_cursor(shown[-1].code) if len(found) > limit else None
    return Answer({"items": [_answer(each, call) for each in shown], "next_cursor": next_cursor})


@routes.post(
    "/v1/bureau/topics",
    access=_WRITERS,
    shows_person_data=False,
    body=BureauTopicCreate,
    answers={201: BureauTopicSchema},
    answer_headers={201: ETAG},
    problems=[Forbidden, TopicCodeTaken],
    summary=Text("新增主題", "Write a topic; only a publisher opens one"),
)
def create_topic(call: Call) -> Answer:
    """Sensitive facts take effect when a second person has approved them (`/v1/approvals`)."""
    made = desk.create(call.session, call.body, by=call.actor, now=call.now)
    return _tagged(made, call, status=201)


@routes.get(
    "/v1/bureau/topics/<topic_code>",
    access=_WRITERS,
    shows_person_data=False,
    answers={200: BureauTopicSchema},
    answer_headers={200: ETAG},
    problems=[NotFound],
    summary=Text("一個主題", "One topic of my bureau"),
)
def show_bureau_topic(call: Call) -> Answer:
    return _tagged(topics.of_bureau(call.session, call.actor.bureau, call.path["topic_code"]), call)


@routes.put(
    "/v1/bureau/topics/<topic_code>",
    access=_WRITERS,
    shows_person_data=False,
    body=BureauTopicPut,
    answers={200: BureauTopicSchema},
    answer_headers={200: ETAG},
    problems=[NotFound, Forbidden, TopicChangeWaits, PreconditionRequired, PreconditionFailed],
    summary=Text("修改、開放或停止主題", "Change, open or close a topic; closing it ends its subscriptions"),
)
def change_topic(call: Call) -> Answer:
    """`If-Match` carries the `ETag` of the last reading. Only a publisher opens or closes. A change of an open topic is
    proposed (`awaits_change`) and holds once another publisher has approved it (`/v1/approvals`); so is opening a
    closed topic otherwise than it was open."""
    changed = desk.change(
        call.session, call.path["topic_code"], call.body, version=version_of(call), by=call.actor, now=call.now
    )
    return _tagged(changed, call)


def _tagged(topic: Topic, call: Call, *, status: int = 200) -> Answer:
    return tagged(_answer(topic, call), topic.version, status=status)


def _answer(topic: Topic, call: Call) -> dict[str, Any]:
    return {
        "code": topic.code,
        "bureau": topic.bureau,
        "bureau_name": bureau_name(topic.bureau).in_language(call.language),
        "status": topic.status,
        "name": topic.name.in_language(call.language),
        "purpose": topic.purpose.in_language(call.language),
        "texts": {name: _both(getattr(topic, name)) for name in topics.TEXTS},
        "channels": list(topic.channels),
        "highest_priority": topics.PRIORITIES[topic.highest_priority - 1],
        "subject_kind": topic.subject_kind,
        "endings": list(topic.endings),
        "ends": [rule.in_language(call.language) for rule in ending_words.shown(topic.rules, subject=None)],
        "facts": list(topic.facts),
        "facts_awaiting": desk.facts_awaiting(call.session, topic.code),
        "awaits_change": desk.awaits_change(call.session, topic.code),
        "offered_at": topic.offered_at,
        "offered_days": topic.offered_days,
        "version": topic.version,
        "updated_at": on_the_wire(topic.updated_at),
    }


def _both(words: Text) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}
