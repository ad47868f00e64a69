"""Following somebody's rides over HTTP: whoever acts for them asks to be told, too."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.http import Answer, Call, Routes, citizen
from core.text import Text
from identity.delegation_errors import NotDelegated
from notify import ride_followers
from notify.ride_followers import ActsForNobody

routes = Routes("ride-notices")
_ACTING = citizen(loa=2, delegable=ride_followers.SCOPES)


class RideNotices(Schema):
    is_wanted = fields.Boolean(required=True, truthy={True}, falsy={False})


@routes.get(
    "/v1/ride-notices",
    access=_ACTING,
    answers={200: RideNotices},
    problems=[ActsForNobody, NotDelegated],
    summary=Text("是否一起收到您協助的人的乘車通知", "Whether you are told of the rides of whom you act for"),
)
def following(call: Call) -> Answer:
    return Answer({"is_wanted": ride_followers.is_following(call.session, call.actor, now=call.now)})


@routes.put(
    "/v1/ride-notices",
    access=_ACTING,
    body=RideNotices,
    answers={200: RideNotices},
    problems=[ActsForNobody, NotDelegated],
    summary=Text("一起收到您協助的人的乘車通知，或不再收", "Be told of the rides of whom you act for, or no longer"),
)
def follow(call: Call) -> Answer:
    """Each message that you are sent stands in their access log; it ends with the delegation."""
    ride_followers.follow(call.session, call.actor, is_wanted=call.body["is_wanted"], now=call.now)
    return Answer({"is_wanted": call.body["is_wanted"]})
