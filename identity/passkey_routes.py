"""Passkeys over HTTP: adding one, signing in with one, removing one."""

from __future__ import annotations

from core.errors import InsufficientAuthentication, NotFound
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import ceremonies, passkey_removal, sessions
from identity.challenges import Begun
from identity.errors import AssertionRefused, CeremonyRefused, PasskeyLimitReached, PasskeyRefused
from identity.schemas import (
    CeremonySchema,
    Nothing,
    PasskeyLogin,
    PasskeyRegistration,
    PasskeySessionSchema,
    SessionSchema,
)
from identity.session_answers import COOKIE_HEADER, session_answer, user_agent_of

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
    """Whoever has a passkey must have signed in with it."""
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
    """The session is replaced by one of level 3, over the transport that the caller uses."""
    passkey, amr = ceremonies.finish_registration(
        call.session,
        call.actor,
        parse_typeid("cer", call.body["ceremony_id"]),
        call.body["credential"],
        call.body["name"],
        now=call.now,
    )
    issued = sessions.begin(
        call.session,
        person_id=call.actor.id,
        amr=amr,
        transport=call.transport,
        user_agent=user_agent_of(call),
        replaces=call.actor.session_id,
        now=call.now,
    )
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
    problems=[CeremonyRefused, AssertionRefused],
    answer_headers={200: COOKIE_HEADER},
    summary=Text("完成以通行金鑰登入", "Finish signing in with a passkey"),
)
def login_verify(call: Call) -> Answer:
    """A session of level 3 begins; the caller's old one, if any, ends."""
    ceremony_id = parse_typeid("cer", call.body["ceremony_id"])
    signed_in = ceremonies.finish_login(call.session, ceremony_id, call.body["credential"], now=call.now)
    issued = sessions.begin(
        call.session,
        person_id=signed_in.person_id,
        amr=signed_in.amr,
        transport=call.body["transport"],
        user_agent=user_agent_of(call),
        replaces=call.actor.session_id if call.actor else None,
        now=call.now,
    )
    return session_answer(call.session, issued, now=call.now)


@routes.delete(
    "/v1/me/passkeys/<passkey_id>",
    access=citizen(loa=3),
    answers={204: None},
    problems=[NotFound],
    summary=Text("移除我的通行金鑰", "Remove one of my passkeys"),
)
def remove_passkey(call: Call) -> Answer:
    """It signs nobody in from now on. Other sessions that a passkey began end; this one stays. The last one may go."""
    passkey_removal.remove(call.session, call.actor, parse_typeid("psk", call.path["passkey_id"]), now=call.now)
    return Answer(status=204)


def _begun(begun: Begun) -> Answer:
    return Answer({"ceremony_id": typeid("cer", begun.id), "options": begun.options})
