"""Life events over HTTP: a bureau's system tells of them."""

from __future__ import annotations

from core.clock import on_the_wire
from core.errors import Forbidden
from core.http import Answer, Call, Routes, bureau
from core.ids import typeid
from core.text import Text
from notify.topics import life_events
from notify.topics.errors import LifeEventReused
from notify.topics.schemas import LifeEventCreate, LifeEventSchema

routes = Routes("notify")


@routes.post(
    "/v1/bureau/life-events",
    access=bureau(scope="life-events:write"),
    shows_person_data=False,
    body=LifeEventCreate,
    answers={202: LifeEventSchema},
    problems=[Forbidden, LifeEventReused],
    summary=Text(
        "通報生活事件", "Tell of a life event: it may offer a subscription, end some, or open what they are about"
    ),
)
def tell_of_life_event(call: Call) -> Answer:
    """The answer does not say whether that person uses the app. The same report again is answered the same."""
    taken = life_events.receive(call.session, bureau=call.actor.bureau, report=dict(call.body), now=call.now)
    return Answer(
        {
            "id": typeid("lev", taken.id),
            "kind": taken.kind,
            "reference": taken.reference,
            "received_at": on_the_wire(taken.received_at),
        },
        status=202,
    )
