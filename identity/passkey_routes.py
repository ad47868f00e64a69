"""Passkeys over HTTP: adding one, signing in with one, naming one, removing one."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import InsufficientAuthentication, NotFound
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import ceremonies, devices, new_passkeys, passkey_removal, passkeys, sessions
from identity.challenges import Begun
from identity.device_schemas import PasskeyChange, PasskeyListSchema
from identity.errors import AssertionRefused, CeremonyRefused, PasskeyLimitReached, PasskeyRefused
from identity.models import Passkey
from identity.recovery_errors import MethodShut
from identity.schemas import (
    CeremonySchema,
    Nothing,
    PasskeyLogin,
    PasskeyRegistration,
    PasskeySchema,
    PasskeySessionSchema,
    SessionSchema,
)
from identity.session_answers import COOKIE_HEADER, circumstances, session_answer

routes = Routes("identity")


@routes.post(
    "/v1/auth/passkeys/registration/options",
    access=citizen(loa=2),
    body=Nothing,
    answers={200: CeremonySchema},
    problems=[PasskeyLimitReached, InsufficientAuthentication],
    summary=Text("開始新增通行金鑰", "Begin to add a passkey"),
)
def registration_options(call: Call) -> Answer:
    """A further one takes a sign-in of level 3 that no forged page can take, 15 minutes old at the most. The first
    one takes evidence checked in person (certificate, mobile ID, counter), or the half hour after registering."""
    return _begun(ceremonies.begin_registration(call.session, call.actor, now=call.now))


@routes.post(
    "/v1/auth/passkeys/registration/verify",
    access=citizen(loa=2),
    body=PasskeyRegistration,
    answers={201: PasskeySessionSchema},
    problems=[CeremonyRefused, PasskeyRefused, PasskeyLimitReached, InsufficientAuthentication],
    answer_headers={201: COOKIE_HEADER},
    summary=Text("完成新增通行金鑰", "Finish adding a passkey"),
)
def registration_verify(call: Call) -> Answer:
    """The session is replaced by one that the new passkey began, over the transport that the caller uses; the
    person's others end."""
    began = circumstances(call)
    passkey, amr = ceremonies.finish_registration(
        call.session,
        call.actor,
        parse_typeid("cer", call.body["ceremony_id"]),
        call.body["credential"],
        call.body["name"],
        network=began["network"],
        now=call.now,
    )
    issued = sessions.begin(call.session, person_id=call.actor.id, amr=amr, **began)
    return session_answer(call.session, issued, now=call.now, status=201, passkey_id=typeid("psk", passkey.id))


@routes.post(
    "/v1/auth/passkeys/login/options",
    access=public(),
    body=Nothing,
    answers={200: CeremonySchema},
    summary=Text("開始以通行金鑰登入", "Begin to sign in with a passkey"),
)
def login_options(call: Call) -> Answer:
    """The device offers whom it knows; nothing is said of anybody."""
    return _begun(ceremonies.begin_login(call.session, now=call.now))


@routes.post(
    "/v1/auth/passkeys/login/verify",
    access=public(),
    body=PasskeyLogin,
    answers={200: SessionSchema},
    problems=[CeremonyRefused, AssertionRefused, MethodShut],
    answer_headers={200: COOKIE_HEADER},
    summary=Text("完成以通行金鑰登入", "Finish signing in with a passkey"),
)
def login_verify(call: Call) -> Answer:
    """A session of level 3 begins; the caller's old one, if any, ends."""
    ceremony_id = parse_typeid("cer", call.body["ceremony_id"])
    began = circumstances(call)
    signed_in = ceremonies.finish_login(
        call.session, ceremony_id, call.body["credential"], network=began["network"], now=call.now
    )
    issued = sessions.begin(call.session, person_id=signed_in.person_id, amr=signed_in.amr, **began)
    return session_answer(call.session, issued, now=call.now)


@routes.get(
    "/v1/me/passkeys",
    access=citizen(loa=1),
    answers={200: PasskeyListSchema},
    summary=Text("我的通行金鑰", "My passkeys"),
)
def list_passkeys(call: Call) -> Answer:
    """In the order they were made; 20 at the most."""
    items = [passkey_item(passkey, call.language) for passkey in passkeys.held_by(call.session, call.actor.id)]
    can_add_now = new_passkeys.may_add(call.session, call.actor, now=call.now)
    return Answer({"items": items, "can_add_now": can_add_now})


@routes.patch(
    "/v1/me/passkeys/<passkey_id>",
    access=citizen(loa=2),
    body=PasskeyChange,
    answers={200: PasskeySchema},
    problems=[NotFound],
    summary=Text("為通行金鑰取名字", "Name one of my passkeys"),
)
def rename_passkey(call: Call) -> Answer:
    """The name is for its owner's eyes alone."""
    passkey_id = parse_typeid("psk", call.path["passkey_id"])
    renamed = passkeys.rename(call.session, call.actor.id, passkey_id, call.body["name"])
    return Answer(passkey_item(renamed, call.language))


@routes.delete(
    "/v1/me/passkeys/<passkey_id>",
    access=citizen(loa=3),
    answers={204: None},
    problems=[NotFound],
    summary=Text("移除我的通行金鑰", "Remove one of my passkeys"),
)
def remove_passkey(call: Call) -> Answer:
    """It signs nobody in from now on. The person's other sessions end; this one stays. The last one may go."""
    passkey_removal.remove(call.session, call.actor, parse_typeid("psk", call.path["passkey_id"]), now=call.now)
    return Answer(status=204)


def _begun(begun: Begun) -> Answer:
    return Answer({"ceremony_id": typeid("cer", begun.id), "options": begun.options})


def passkey_item(passkey: Passkey, language: str) -> dict[str, Any]:
    """A passkey as its owner sees it."""
    place = devices.place_label(passkey.last_used_network) if passkey.last_used_network else None
    return {
        "id": typeid("psk", passkey.id),
        "name": passkey.name,
        "created_at": on_the_wire(passkey.created_at),
        "last_used_at": on_the_wire(passkey.last_used_at) if passkey.last_used_at else None,
        "last_used_place": place.in_language(language) if place else None,
        "is_synced": passkey.is_backup_eligible,
    }
