"""The desk that rings: which calls are to be made, and what came of each."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from accessibility.calls import calls, ports
from accessibility.calls.calls import RideCall
from accessibility.calls.errors import CallOver, NotAnAnswer
from accessibility.calls.schemas import RideCallAnswer, RideCallPage, RideCallSchema
from accessibility.fleets import terms
from core.clock import on_the_wire
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, PageQuery, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log

routes = Routes("ride-calls")
_DESK: Final = officer("dispatcher")
_SAID: Final = ("minutes", "price_twd", "vehicle", "driver")
_A_RIDER: Final = Text("乘客", "the rider")


@routes.get(
    "/v1/dispatch/calls",
    access=_DESK,
    query=PageQuery,
    answers={200: RideCallPage},
    shows_person_data=True,
    summary=Text("要打的電話", "Calls to be made now, those first whose time is over first"),
)
def to_ring(call: Call) -> Answer:
    """Fleets without a machine are asked without a name; riders are rung with what they are to be told."""
    limit, cursor = call.query["limit"], call.query["cursor"]
    after = decode_moment_cursor(cursor) if cursor else None
    found = calls.open_calls(call.session, call.now, limit=limit + 1, after=after)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].until, shown[-1].id) if len(found) > limit else None
    riders = calls.not_shown_before(call.session, shown, call.actor.id)
    access_log.record_accesses(
        call.session, actor=call.actor, person_ids=riders, what="ride_notices", purpose="ride", now=call.now
    )
    return Answer({"items": [_body(call.session, each, call) for each in shown], "next_cursor": more})


@routes.post(
    "/v1/dispatch/calls/<ride_call_id>/answer",
    access=_DESK,
    body=RideCallAnswer,
    idempotent=True,
    answers={200: RideCallSchema},
    problems=[NotFound, CallOver, NotAnAnswer],
    shows_person_data=True,
    summary=Text("回報電話的結果", "Say what came of a call; who was not reached is rung again, three times in all"),
)
def answer(call: Call) -> Answer:
    given = {name: call.body[name] for name in _SAID if call.body[name] not in (None, "")}
    given |= {
        name: on_the_wire(call.body[name]) for name in ("pick_up_at", "kept_until") if call.body[name] is not None
    }
    done = calls.answer(
        call.session, parse_typeid("rcal", call.path["ride_call_id"]), call.body["answer"], given=given,
        note=call.body["note"], officer_id=call.actor.id, now=call.now,
    )  # fmt: skip
    riders = [done.rider_id] if done.names_rider else []
    access_log.record_accesses(
        call.session, actor=call.actor, person_ids=riders, what="ride_notices", purpose="ride", now=call.now
    )
    return Answer(_body(call.session, done, call))


def _body(session: Session, each: RideCall, call: Call) -> dict[str, Any]:
    name, phone = _A_RIDER, each.phone or ""
    words = ports.customer(session, each) if each.question == "customer" else each.words
    if each.fleet is not None:
        name, phone = terms.names(session)[each.fleet]
    return {
        "id": typeid("rcal", each.id),
        "kind": each.kind,
        "question": each.question,
        "to": name.in_language(call.language),
        "phone": phone,
        "words": words.in_language(call.language),
        "facts": dict(each.facts),
        "asked_at": on_the_wire(each.asked_at),
        "due_at": on_the_wire(each.due_at),
        "answer_by": on_the_wire(each.until),
        "tries": each.tries,
        "answers": list(each.answers),
        "ride_id": typeid("ride", each.ride_id) if each.ride_id else None,
    }
