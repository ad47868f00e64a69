"""How often, and when not: a person's own choices, how their day stands, and why a message came."""

from __future__ import annotations

from datetime import time
from typing import Any

from core.clock import on_the_wire
from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from core.version_tags import ETAG, tagged, version_of
from notify.cap import day, preferences, why
from notify.cap.preferences import Preferences
from notify.cap.schemas import NotificationDaySchema, PreferencesChange, PreferencesSchema, WhySchema
from notify.topics import ending_words

routes = Routes("notify")
_CITIZEN = citizen(loa=2)
_ETAG = {200: ETAG}
_CLOCK_TIMES = ("quiet_from", "quiet_until", "digest_at")


@routes.get(
    "/v1/notification-preferences",
    access=_CITIZEN,
    answers={200: PreferencesSchema},
    answer_headers=_ETAG,
    summary=Text("我的通知上限與勿擾時段", "How often I am rung a day at most, and my quiet hours"),
)
def my_preferences(call: Call) -> Answer:
    """Whoever never chose anything has the defaults, with the version 0."""
    return _tagged(preferences.preferences_of(call.session, call.actor.id))


@routes.patch(
    "/v1/notification-preferences",
    access=_CITIZEN,
    body=PreferencesChange,
    answers={200: PreferencesSchema},
    answer_headers=_ETAG,
    problems=[PreconditionRequired, PreconditionFailed],
    summary=Text("改通知上限、勿擾時段與晚間彙整", "Change the cap, the quiet hours or the evening's digest"),
)
def change_preferences(call: Call) -> Answer:
    """`If-Match` carries the `ETag` of the last reading (RFC 9110 §13.1.1). Receipts, security notices and alerts
    ring whatever is chosen here."""
    changes = {name: time.fromisoformat(value) if name in _CLOCK_TIMES else value for name, value in call.body.items()}
    changed = preferences.change(
        call.session,
        person_id=call.actor.id,
        version=version_of(call),
        changes=changes,
        now=call.now,
    )
    return _tagged(changed)


@routes.get(
    "/v1/notification-day",
    access=_CITIZEN,
    answers={200: NotificationDaySchema},
    summary=Text("今天響了幾次、還有幾則在等", "How often I was rung today, and how much waits"),
)
def my_day(call: Call) -> Answer:
    today = day.day_of(call.session, call.actor.id, call.now)
    body = {"day": today.day.isoformat(), "used": today.used, "cap": today.cap, "waiting": today.waiting}
    return Answer(body)


@routes.get(
    "/v1/inbox/<message_id>/why",
    access=_CITIZEN,
    answers={200: WhySchema},
    problems=[NotFound],
    summary=Text(
        "為什麼收到這則訊息", "Why this message came: on what ground, by which rule, who sent it, how to stop it"
    ),
)
def why_this_message(call: Call) -> Answer:
    message_id = parse_typeid("msg", call.path["message_id"])
    told = why.why(call.session, person_id=call.actor.id, message_id=message_id)
    return Answer(_why(told, call.language))


def _why(told: why.Why, language: str) -> dict[str, Any]:
    cause, mine, sender, decision, stop = told.cause, told.subscription, told.sender, told.decision, told.stop
    return {
        "id": typeid("msg", told.id),
        "basis": told.basis,
        "explanation": told.explanation.in_language(language),
        "event": {"kind": cause.kind, "id": cause.id, "at": on_the_wire(cause.at)},
        "subscription": mine
        and {
            "id": typeid("sub", mine.id),
            "topic_name": mine.topic.name.in_language(language),
            "began_at": on_the_wire(mine.began_at),
            "began_how": ending_words.BEGAN[mine.began_how].in_language(language),
            "ends": why.ends(mine).in_language(language),
        },
        "rule": told.rule and told.rule.in_language(language),
        "sender": sender
        and {
            "bureau_name": sender.bureau_name.in_language(language),
            "written_by": sender.written_by,
            "approved_by": sender.approved_by,
        },
        "cap": decision
        and {
            "text": decision.words.in_language(language),
            "rank": decision.rank,
            "of": decision.of,
            "cap": decision.cap,
            "used": decision.used,
        },
        "alert": told.alert,
        "stop": stop and {"text": stop.words.in_language(language), "href": stop.href, "method": stop.method},
    }


def _tagged(chosen: Preferences) -> Answer:
    body: dict[str, Any] = {
        "daily_cap": chosen.daily_cap,
        "quiet_from": f"{chosen.quiet_from:%H:%M}",
        "quiet_until": f"{chosen.quiet_until:%H:%M}",
        "timezone": chosen.timezone,
        "takes_digest": chosen.takes_digest,
        "digest_at": f"{chosen.digest_at:%H:%M}",
        "warns_of_expiry": chosen.warns_of_expiry,
    }
    return tagged(body, chosen.version)
