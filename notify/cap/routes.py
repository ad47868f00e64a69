"""How often, and when not: a person's own choices over HTTP."""

from __future__ import annotations

from datetime import time
from typing import Any

from core.errors import PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, Routes, citizen
from core.text import Text
from notify.cap import preferences
from notify.cap.preferences import Preferences
from notify.cap.schemas import PreferencesChange, PreferencesSchema

routes = Routes("notify")
_CITIZEN = citizen(loa=2)
_ETAG = {200: {"ETag": "what If-Match of the next change carries: the version in quotes"}}
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
        version=_version_of(call.request.headers.get("If-Match")),
        changes=changes,
        now=call.now,
    )
    return _tagged(changed)


def _version_of(if_match: str | None) -> int:
    """The version in an If-Match header. Raises PreconditionRequired without one, PreconditionFailed for another."""
    if if_match is None:
        raise PreconditionRequired
    digits = if_match.strip().removeprefix('"').removesuffix('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise PreconditionFailed
    return int(digits)


def _tagged(chosen: Preferences) -> Answer:
    body: dict[str, Any] = {
        "daily_cap": chosen.daily_cap,
        "quiet_from": f"{chosen.quiet_from:%H:%M}",
        "quiet_until": f"{chosen.quiet_until:%H:%M}",
        "timezone": chosen.timezone,
        "takes_digest": chosen.takes_digest,
        "digest_at": f"{chosen.digest_at:%H:%M}",
    }
    return Answer(body, headers={"ETag": f'"{chosen.version}"'})
