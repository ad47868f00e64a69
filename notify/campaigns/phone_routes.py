"""Linking an officer's own phone, from the desk and from the phone."""

from __future__ import annotations

from core.clock import on_the_wire
from core.http import Answer, Call, Routes, citizen, officer
from core.text import Text
from identity.schemas import Nothing
from notify.campaigns import desk_phones
from notify.campaigns.errors import LinkCodeRefused
from notify.campaigns.schemas import DeskPhoneCodeSchema, DeskPhoneSchema, TestDeviceBody, TestDevicesSchema

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
    answers={204: None},
    problems=[LinkCodeRefused],
    summary=Text("讓自己的承辦桌面試送到這裡", "Let one's own desk send tests here"),
)
def link_test_phone(call: Call) -> Answer:
    """`code` is what the desk shows. Only for officers, on the phone that is their own."""
    desk_phones.link(call.session, person_id=call.actor.id, code=call.body["code"], now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/test-devices",
    access=_CITIZEN,
    answers={200: TestDevicesSchema},
    summary=Text("哪些承辦桌面會試送到這裡", "Since when desks may send tests here"),
)
def show_links(call: Call) -> Answer:
    linked = desk_phones.links_of_person(call.session, call.actor.id)
    return Answer({"linked_at": [on_the_wire(moment) for moment in linked]})


@routes.delete(
    "/v1/test-devices",
    access=_CITIZEN,
    answers={204: None},
    summary=Text("不再接收試送", "Take no more tests"),
)
def end_links(call: Call) -> Answer:
    desk_phones.unlink_person(call.session, call.actor.id)
    return Answer(status=204)
