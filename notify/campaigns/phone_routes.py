"""Linking an officer's own phone, from the desk and from the phone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity.schemas import Nothing
from notify.campaigns import desk_phones
from notify.campaigns.desk_phones import Desk
from notify.campaigns.errors import LinkCodeRefused
from notify.campaigns.schemas import (
    DeskAskingSchema,
    DeskPhoneCodeSchema,
    DeskPhoneSchema,
    LinkedDesksSchema,
    TestDeviceBody,
)

routes = Routes("notify")
_WRITERS = officer("editor", "publisher")
_CITIZEN = citizen(loa=2)


@routes.post(
    "/v1/bureau/test-phone/code",
    access=_WRITERS,
    shows_person_data=False,
    body=Nothing,
    answers={201: DeskPhoneCodeSchema},
    summary=Text("取得連結自己手機的連結碼", "Have a code shown by which one's own phone is linked"),
)
def make_link_code(call: Call) -> Answer:
    """Good for ten minutes and one use; a newer code ends the older."""
    code, until = desk_phones.make_code(call.session, by=call.actor, now=call.now)
    return Answer({"code": code, "expires_at": on_the_wire(until)}, status=201)


@routes.get(
    "/v1/bureau/test-phone",
    access=_WRITERS,
    shows_person_data=False,
    answers={200: DeskPhoneSchema},
    summary=Text("是否已連結自己的手機", "Whether one's own phone is linked"),
)
def show_test_phone(call: Call) -> Answer:
    linked_at = desk_phones.linked_at(call.session, by=call.actor)
    return Answer({"is_linked": linked_at is not None, "linked_at": on_the_wire(linked_at) if linked_at else None})


@routes.delete(
    "/v1/bureau/test-phone",
    access=_WRITERS,
    shows_person_data=False,
    answers={204: None},
    summary=Text("解除連結", "End the link"),
)
def unlink_test_phone(call: Call) -> Answer:
    desk_phones.unlink(call.session, by=call.actor)
    return Answer(status=204)


@routes.post(
    "/v1/test-devices",
    access=_CITIZEN,
    body=TestDeviceBody,
    answers={200: DeskAskingSchema},
    problems=[LinkCodeRefused],
    summary=Text("看是哪位承辦的桌面要連結", "See whose desk asks to send tests here"),
)
def ask_of_desk(call: Call) -> Answer:
    """`code` is what the desk shows. Nothing is linked before the confirmation; nobody else can use the code now."""
    desk = desk_phones.ask(call.session, person_id=call.actor.id, code=call.body["code"], now=call.now)
    assert desk.until is not None
    return Answer(_desk(desk, call) | {"expires_at": on_the_wire(desk.until)})


@routes.post(
    "/v1/test-devices/<desk_id>/confirmation",
    access=_CITIZEN,
    body=Nothing,
    answers={204: None},
    problems=[NotFound, LinkCodeRefused],
    summary=Text("讓那個桌面試送到這裡", "Let that desk send tests here"),
)
def link_test_phone(call: Call) -> Answer:
    """Only for officers, on the phone that is their own."""
    desk_phones.link(call.session, person_id=call.actor.id, officer_id=_id(call), now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/test-devices",
    access=_CITIZEN,
    answers={200: LinkedDesksSchema},
    summary=Text("哪些承辦桌面會試送到這裡", "Which desks may send tests here"),
)
def show_links(call: Call) -> Answer:
    found = desk_phones.desks_of_person(call.session, call.actor.id)
    return Answer(
        {"items": [_desk(desk, call) | {"linked_at": on_the_wire(desk.linked_at)} for desk in found if desk.linked_at]}
    )


@routes.delete(
    "/v1/test-devices/<desk_id>",
    access=_CITIZEN,
    answers={204: None},
    problems=[NotFound],
    summary=Text("不再接收那個桌面的試送", "Take no more tests of that desk"),
)
def end_link(call: Call) -> Answer:
    desk_phones.unlink_from_phone(call.session, person_id=call.actor.id, officer_id=_id(call))
    return Answer(status=204)


def _id(call: Call) -> UUID:
    return parse_typeid("dsk", call.path["desk_id"])


def _desk(desk: Desk, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("dsk", desk.id),
        "officer_name": desk.officer_name,
        "staff_number": desk.staff_number,
        "bureau_name": desk.bureau_name.in_language(call.language),
    }
