"""Topics and one's own subscriptions over HTTP.

Whoever acts for another does not see or change what that person subscribed to: it says much about a life, and nobody
needs it to pay a bill.
"""

from __future__ import annotations

from typing import Any

from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid
from core.text import Text
from identity.schemas import Nothing
from notify.topics import history, standing, subjects, subscriptions, topics
from notify.topics.answers import happened, subscription_answer, topic_answer
from notify.topics.errors import (
    NeedHasPassed,
    NotRenewable,
    SubscriptionEnded,
    TooManySubscriptions,
    TopicClosed,
)
from notify.topics.schemas import (
    HistorySchema,
    SubjectList,
    SubscriptionChange,
    SubscriptionCreate,
    SubscriptionPage,
    SubscriptionSchema,
    SubscriptionsQuery,
    TopicList,
)

routes = Routes("notify")
_ANYBODY = citizen(loa=1)
_CITIZEN = citizen(loa=2)


@routes.get(
    "/v1/topics",
    access=_ANYBODY,
    answers={200: TopicList},
    summary=Text("可以訂閱的主題", "What may be subscribed to, and how each subscription would end"),
)
def list_topics(call: Call) -> Answer:
    """A bureau's topics together. `subscription_id` is my own live one to the topic as a whole."""
    mine = standing.live_by_topic(call.session, call.actor.id) if call.actor.loa >= 2 else {}
    items = [
        topic_answer(topic, call.language, mine.get(topic.id), call.now) for topic in topics.open_topics(call.session)
    ]
    return Answer({"items": items, "next_cursor": None})


@routes.get(
    "/v1/topics/<topic_code>/subjects",
    access=_CITIZEN,
    answers={200: SubjectList},
    problems=[NotFound],
    summary=Text("這個主題可以只訂哪些事", "What of mine a subscription to this topic can be about"),
)
def list_subjects(call: Call) -> Answer:
    topic = topics.by_code(call.session, call.path["topic_code"])
    found = subjects.choices(call.session, call.actor.id, topic, call.now)
    items = [
        {
            "subject": subjects.on_the_wire(each.subject),
            "kind": each.subject.partition(":")[0],
            "name": each.name.in_language(call.language),
            "district": each.district,
        }
        for each in found
    ]
    return Answer({"items": items, "next_cursor": None})


@routes.get(
    "/v1/subscriptions",
    access=_CITIZEN,
    query=SubscriptionsQuery,
    answers={200: SubscriptionPage},
    summary=Text("我的訂閱", "My subscriptions, live and ended, the newest first"),
)
def list_subscriptions(call: Call) -> Answer:
    limit, cursor = call.query["limit"], call.query["cursor"]
    rows = standing.page(
        call.session,
        call.actor.id,
        status=call.query["status"],
        limit=limit + 1,
        before=decode_moment_cursor(cursor) if cursor else None,
    )
    shown = rows[:limit]
    is_more = len(rows) > limit
    next_cursor = encode_moment_cursor(shown[-1].began_at, shown[-1].id) if is_more else None
    return Answer({"items": [_answer(each, call) for each in shown], "next_cursor": next_cursor})


@routes.post(
    "/v1/subscriptions",
    access=_CITIZEN,
    body=SubscriptionCreate,
    answers={200: SubscriptionSchema, 201: SubscriptionSchema},
    problems=[NotFound, TopicClosed, NeedHasPassed, TooManySubscriptions],
    summary=Text("訂閱一個主題", "Subscribe to a topic; 200 when a live subscription tells of it already"),
)
def begin_subscription(call: Call) -> Answer:
    """`subject` is one that `GET /v1/topics/{code}/subjects` names; without it, the topic as a whole."""
    subject = call.body["subject"]
    mine, is_new = subscriptions.begin(
        call.session,
        person_id=call.actor.id,
        topic_code=call.body["topic"],
        subject=subjects.parse(subject) if subject else "",
        ends_on=call.body["ends_on"],
        now=call.now,
    )
    return Answer(_answer(mine, call), status=201 if is_new else 200)


@routes.get(
    "/v1/subscriptions/<subscription_id>",
    access=_CITIZEN,
    answers={200: SubscriptionSchema},
    problems=[NotFound],
    summary=Text("一個訂閱", "One subscription of mine"),
)
def show_subscription(call: Call) -> Answer:
    return Answer(_answer(standing.one(call.session, call.actor.id, _named(call)), call))


@routes.patch(
    "/v1/subscriptions/<subscription_id>",
    access=_CITIZEN,
    body=SubscriptionChange,
    answers={200: SubscriptionSchema},
    problems=[NotFound, SubscriptionEnded],
    summary=Text("改結束的日子，或回答還需要", "Choose another last day, or answer that it is still wanted"),
)
def change_subscription(call: Call) -> Answer:
    who = {"person_id": call.actor.id, "subscription_id": _named(call), "now": call.now}
    if call.body.get("is_still_wanted"):
        subscriptions.say_still_wanted(call.session, **who)
    if "ends_on" in call.body:
        subscriptions.change_end(call.session, **who, ends_on=call.body["ends_on"])
    return Answer(_answer(standing.one(call.session, call.actor.id, who["subscription_id"]), call))


@routes.delete(
    "/v1/subscriptions/<subscription_id>",
    access=_CITIZEN,
    answers={204: None},
    problems=[NotFound],
    summary=Text("停止訂閱", "End a subscription; its history stays"),
)
def end_subscription(call: Call) -> Answer:
    subscriptions.end(call.session, person_id=call.actor.id, subscription_id=_named(call), now=call.now)
    return Answer(status=204)


@routes.post(
    "/v1/subscriptions/<subscription_id>/renewal",
    access=_CITIZEN,
    body=Nothing,
    answers={200: SubscriptionSchema, 201: SubscriptionSchema},
    problems=[NotFound, NotRenewable, TooManySubscriptions],
    summary=Text("續訂", "Take it again: 201 a new one after an end, 200 a live one that counts anew"),
)
def renew_subscription(call: Call) -> Answer:
    mine, is_new = subscriptions.renew(
        call.session, person_id=call.actor.id, subscription_id=_named(call), now=call.now
    )
    return Answer(_answer(mine, call), status=201 if is_new else 200)


@routes.get(
    "/v1/subscriptions/<subscription_id>/history",
    access=_CITIZEN,
    answers={200: HistorySchema},
    problems=[NotFound],
    summary=Text("這個訂閱的經過", "All that happened to a subscription, and why"),
)
def subscription_history(call: Call) -> Answer:
    mine = standing.one(call.session, call.actor.id, _named(call))
    items = [happened(each, mine, call.language) for each in history.of(call.session, mine.id)]
    return Answer({"items": items, "next_cursor": None})


def _named(call: Call) -> Any:
    return parse_typeid("sub", call.path["subscription_id"])


def _answer(mine: standing.Subscription, call: Call) -> dict[str, Any]:
    return subscription_answer(mine, call.language, call.now)
