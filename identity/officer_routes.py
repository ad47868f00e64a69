"""Officers over HTTP: enrolling a passkey with a code, signing in with it, who I am, signing out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.clock import on_the_wire
from core.http import Answer, Call, Routes, officer, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import officer_ceremonies, officer_sessions
from identity.challenges import Begun
from identity.counter_errors import OutsideShift
from identity.errors import AssertionRefused, CeremonyRefused, EnrolmentCodeRefused, PasskeyRefused
from identity.officer_models import Officer, OfficerSessionRow
from identity.officer_schemas import (
    EnrolmentBegin,
    EnrolmentFinish,
    OfficerLogin,
    OfficerSchema,
    OfficerSessionSchema,
)
from identity.officer_sessions import IssuedToOfficer
from identity.schemas import CeremonySchema, Nothing
from identity.session_answers import COOKIE_HEADER, user_agent_of
from identity.words import BUREAU_NAMES, ROLE_NAMES

COOKIE = "__Host-officer"
_CLEARED_COOKIE = f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"

routes = Routes("identity")


@routes.post(
    "/v1/auth/officers/enrolment/options",
    access=public(),
    body=EnrolmentBegin,
    answers={200: CeremonySchema},
    problems=[EnrolmentCodeRefused],
    summary=Text("承辦人員以登錄碼開始新增通行金鑰", "An officer begins to add a passkey, with a one-time code"),
)
def enrolment_options(call: Call) -> Answer:
    """The code is used up only when the passkey is there."""
    return _begun(officer_ceremonies.begin_enrolment(call.session, call.body["code"], now=call.now))


@routes.post(
    "/v1/auth/officers/enrolment/verify",
    access=public(),
    body=EnrolmentFinish,
    answers={201: OfficerSessionSchema},
    problems=[CeremonyRefused, PasskeyRefused, EnrolmentCodeRefused, OutsideShift],
    answer_headers={201: COOKIE_HEADER},
    summary=Text("承辦人員完成新增通行金鑰", "An officer finishes adding a passkey"),
)
def enrolment_verify(call: Call) -> Answer:
    """The officer is signed in with the new passkey."""
    ceremony_id = parse_typeid("cer", call.body["ceremony_id"])
    who, amr = officer_ceremonies.finish_enrolment(call.session, ceremony_id, call.body["credential"], now=call.now)
    return _signed_in(call, who, amr, status=201)


@routes.post(
    "/v1/auth/officers/login/options",
    access=public(),
    body=Nothing,
    answers={200: CeremonySchema},
    summary=Text("承辦人員開始以通行金鑰登入", "An officer begins to sign in with a passkey"),
)
def officer_login_options(call: Call) -> Answer:
    """The device offers whom it knows; nothing is said of anybody."""
    return _begun(officer_ceremonies.begin_login(call.session, now=call.now))


@routes.post(
    "/v1/auth/officers/login/verify",
    access=public(),
    body=OfficerLogin,
    answers={200: OfficerSessionSchema},
    problems=[CeremonyRefused, AssertionRefused, OutsideShift],
    answer_headers={200: COOKIE_HEADER},
    summary=Text("承辦人員完成以通行金鑰登入", "An officer finishes signing in with a passkey"),
)
def officer_login_verify(call: Call) -> Answer:
    """A session of ten hours at the most, and of a quarter of an hour unused."""
    ceremony_id = parse_typeid("cer", call.body["ceremony_id"])
    who, amr = officer_ceremonies.finish_login(call.session, ceremony_id, call.body["credential"], now=call.now)
    return _signed_in(call, who, amr, status=200)


@routes.post(
    "/v1/auth/officers/logout",
    access=officer(),
    shows_person_data=False,
    answers={204: None},
    answer_headers={204: {"Set-Cookie": "clears the session's cookie"}},
    summary=Text("承辦人員登出", "An officer signs out"),
)
def officer_logout(call: Call) -> Answer:
    """The session ends at once, on our side."""
    officer_sessions.end(call.session, call.actor, now=call.now)
    return Answer(status=204, headers={"Set-Cookie": _CLEARED_COOKIE})


@routes.get(
    "/v1/officer",
    access=officer(),
    shows_person_data=False,
    answers={200: OfficerSchema},
    summary=Text("我是哪位承辦人員", "Which officer I am"),
)
def who_i_am(call: Call) -> Answer:
    """Name, bureau, roles, and until when the session lasts."""
    who, row = officer_sessions.current(call.session, call.actor)
    return Answer(_shown(who, row, call))


def _signed_in(call: Call, who: Officer, amr: tuple[str, ...], *, status: int) -> Answer:
    issued = officer_sessions.begin(
        call.session, who, amr=amr, transport=call.body["transport"], user_agent=user_agent_of(call), now=call.now
    )
    is_cookie = issued.session.transport == "cookie"
    body = {
        **_shown(who, issued.session, call),
        "token_type": "Bearer",
        "access_token": None if is_cookie else issued.token,
    }
    return Answer(body, status, {"Set-Cookie": _cookie(issued, call.now)} if is_cookie else {})


def _cookie(issued: IssuedToOfficer, now: datetime) -> str:
    seconds = int((issued.session.expires_at - now).total_seconds())
    return f"{COOKIE}={issued.token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}"


def _shown(who: Officer, row: OfficerSessionRow, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("ofc", who.id),
        "name": who.name,
        "staff_number": who.staff_number,
        "bureau": who.bureau,
        "bureau_name": BUREAU_NAMES[who.bureau].in_language(call.language),
        "roles": list(who.roles),
        "role_names": [ROLE_NAMES[role].in_language(call.language) for role in who.roles],
        "auth_time": on_the_wire(row.auth_time),
        "idle_until": on_the_wire(row.idle_until),
        "expires_at": on_the_wire(row.expires_at),
        "seconds_left": int((row.idle_until - call.now).total_seconds()),
    }


def _begun(begun: Begun) -> Answer:
    return Answer({"ceremony_id": typeid("cer", begun.id), "options": begun.options})
