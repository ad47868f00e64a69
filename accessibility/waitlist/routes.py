"""Waiting over HTTP: standing in line, where one stands, taking what is kept, and leaving."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.rides import saga
from accessibility.rides.errors import AnotherRideThen
from accessibility.waitlist import answering, bodies, states, waits
from accessibility.waitlist.errors import NoOfferToAccept, NothingToWaitFor, WaitsAlready
from accessibility.waitlist.schemas import WaitCreate, WaitPage, WaitSchema
from core import db
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import parse_typeid
from core.text import Text
from identity import acting
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("waitlist")
_READS: Final = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})
_BOOKS: Final = citizen(loa=2, delegable=RIDES_BOOK)


@routes.post(
    "/v1/waitlist",
    access=_BOOKS,
    body=WaitCreate,
    idempotent=True,
    answers={201: WaitSchema},
    problems=[NotFound, NotDelegated, NothingToWaitFor, WaitsAlready],
    summary=Text("候補一個沒有車的需求", "Wait for a ride that no fleet has: both legs together"),
)
def join(call: Call) -> Answer:
    """Whoever waits already stays where they are in the line."""
    rider_id = _rider(call.session, call, "done_ride_asked", RIDES_BOOK)
    wait = waits.join(call.session, rider_id, parse_typeid("rreq", call.body["request_id"]), now=call.now)
    return Answer(bodies.wait(call.session, wait, call.language, call.now), status=201)


@routes.get(
    "/v1/waitlist",
    access=_READS,
    query=PageQuery,
    answers={200: WaitPage},
    problems=[NotDelegated],
    summary=Text("我的候補", "What I wait for and have waited for, newest first"),
)
def my_waits(call: Call) -> Answer:
    rider_id = _rider(call.session, call, "rides", RIDES_READ, RIDES_BOOK)
    limit, cursor = call.query["limit"], call.query["cursor"]
    before = decode_moment_cursor(cursor) if cursor else None
    found = waits.of_rider(call.session, rider_id, limit=limit + 1, before=before)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].joined_at, shown[-1].id) if len(found) > limit else None
    items = [bodies.wait(call.session, each, call.language, call.now) for each in shown]
    return Answer({"items": items, "next_cursor": more})


@routes.get(
    "/v1/waitlist/<wait_id>",
    access=_READS,
    answers={200: WaitSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("一筆候補", "One wait: the place in line, the chance, what is kept until when"),
)
def my_wait(call: Call) -> Answer:
    rider_id = _rider(call.session, call, "rides", RIDES_READ, RIDES_BOOK)
    wait = waits.get(call.session, parse_typeid("wait", call.path["wait_id"]), rider_id=rider_id)
    return Answer(bodies.wait(call.session, wait, call.language, call.now))


@routes.delete(
    "/v1/waitlist/<wait_id>",
    access=_BOOKS,
    answers={204: None},
    problems=[NotFound, NotDelegated],
    summary=Text("離開候補", "Leave the line; what is kept goes to the next"),
)
def leave(call: Call) -> Answer:
    """Leaving what is over changes nothing."""
    rider_id = _rider(call.session, call, "done_ride_asked", RIDES_BOOK)
    answering.leave(call.session, parse_typeid("wait", call.path["wait_id"]), rider_id=rider_id, now=call.now)
    return Answer(status=204)


@routes.post(
    "/v1/waitlist/<wait_id>/acceptance",
    access=_BOOKS,
    idempotent=True,
    own_units=True,
    answers={201: WaitSchema, 202: WaitSchema},
    problems=[NotFound, NotDelegated, NoOfferToAccept, AnotherRideThen],
    summary=Text("接受保留的車", "Take what is kept; 202: the fleet has not answered yet, read it again"),
)
def accept(call: Call) -> Answer:
    """201: bound, and told. Who is too late is told so, and stays in line."""
    with db.unit_of_work() as session:
        rider_id = _rider(session, call, "done_ride_asked", RIDES_BOOK)
        call.idempotency.claim(session)
        wait_id = parse_typeid("wait", call.path["wait_id"])
        wait = answering.accept(session, wait_id, rider_id=rider_id, now=call.now)
    saga.drive(wait.booking_id, call.now)
    with db.unit_of_work() as session:
        wait = answering.settle(session, wait_id, now=call.now)
        is_settled = wait.status == states.ENDED
        answer = Answer(bodies.wait(session, wait, call.language, call.now), status=201 if is_settled else 202)
        call.idempotency.store(session, answer)
    return answer


def _rider(session: Session, call: Call, what: str, *scopes: str) -> UUID:
    rider_id = acting.subject(call.actor)
    acting.require(session, call.actor, rider_id, *scopes, what=what, now=call.now)
    return rider_id
