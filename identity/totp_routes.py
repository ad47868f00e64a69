"""Codes of an app and recovery codes over HTTP: setting up, and answering a password's challenge with one."""

from __future__ import annotations

from core import db
from core.clock import on_the_wire
from core.errors import InsufficientAuthentication, NotFound
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import passwords, recovery_codes, security_notices, sessions, totp
from identity.errors import CodeRefused, MethodLocked
from identity.recovery_errors import MethodShut
from identity.recovery_models import Totp
from identity.recovery_schemas import (
    NewRecoveryCodesSchema,
    RecoveryCodesSchema,
    RecoveryCodeVerification,
    TotpConfirmation,
    TotpSchema,
    TotpSetUpSchema,
    TotpVerification,
)
from identity.schemas import Nothing, SessionSchema
from identity.session_answers import COOKIE_HEADER, circumstances, session_answer

routes = Routes("identity")


@routes.post(
    "/v1/auth/totp/verify",
    access=public(),
    body=TotpVerification,
    answers={200: SessionSchema},
    problems=[CodeRefused, MethodLocked, MethodShut],
    answer_headers={200: COOKIE_HEADER},
    summary=Text("輸入驗證器 App 的代碼，完成登入", "Give the code of an app, and so finish signing in"),
)
def verify_totp(call: Call) -> Answer:
    """Answers the challenge of a password that was right."""
    challenge_id = parse_typeid("otp", call.body["challenge_id"])
    person_id = totp.prove(call.session, challenge_id, call.body["code"], now=call.now)
    issued = sessions.begin(call.session, person_id=person_id, amr=("pwd", "otp"), **circumstances(call))
    return session_answer(call.session, issued, now=call.now)


@routes.post(
    "/v1/auth/recovery-codes/verify",
    access=public(),
    body=RecoveryCodeVerification,
    answers={200: SessionSchema},
    problems=[CodeRefused, MethodLocked, MethodShut],
    own_units=True,
    answer_headers={200: COOKIE_HEADER},
    summary=Text("輸入復原碼，完成登入", "Give a recovery code, and so finish signing in"),
)
def verify_recovery_code(call: Call) -> Answer:
    """Answers the challenge of a password that was right. The try is counted before the slow hashing, in a commit of
    its own."""
    with db.unit_of_work() as session:
        claimed = recovery_codes.claim(session, parse_typeid("otp", call.body["challenge_id"]), now=call.now)
    code_hash = passwords.hash_with(call.body["code"], claimed.salt)
    with db.unit_of_work() as session:
        person_id = recovery_codes.prove(session, claimed, code_hash, now=call.now)
        issued = sessions.begin(session, person_id=person_id, amr=("pwd", "rc"), **circumstances(call))
        held = recovery_codes.held(session, person_id)
        left = {"left": str(held.left if held else 0)}
        security_notices.tell(
            session, person_id, "recovery_code_used", values=left, session_id=issued.session_id, now=call.now
        )
        return session_answer(session, issued, now=call.now)


@routes.get(
    "/v1/me/totp",
    access=citizen(loa=1),
    answers={200: TotpSchema},
    summary=Text("我的驗證器 App", "My authenticator app"),
)
def my_totp(call: Call) -> Answer:
    """Since when it signs in, and when it last did; null where none is set up."""
    return Answer(_shown(totp.confirmed(call.session, call.actor.id)))


@routes.post(
    "/v1/me/totp",
    access=citizen(loa=2),
    body=Nothing,
    answers={201: TotpSetUpSchema},
    problems=[InsufficientAuthentication],
    summary=Text("開始設定驗證器 App", "Begin to set up an authenticator app"),
)
def begin_totp(call: Call) -> Answer:
    """A secret for the app; it signs in once a code of it was given. Replacing an app takes level 3."""
    made = totp.begin_setup(call.session, call.actor, now=call.now)
    body = {
        "id": typeid("tot", made.id),
        "secret": made.secret,
        "otpauth_uri": made.uri,
        "qr_svg": made.qr_svg,
        "expires_at": on_the_wire(made.expires_at),
    }
    return Answer(body, 201)


@routes.post(
    "/v1/me/totp/<totp_id>/confirmation",
    access=citizen(loa=2),
    body=TotpConfirmation,
    answers={200: TotpSchema},
    problems=[NotFound, CodeRefused, MethodLocked, InsufficientAuthentication],
    summary=Text("輸入 App 的第一個代碼，完成設定", "Give the app's first code, and so finish setting it up"),
)
def confirm_totp(call: Call) -> Answer:
    """The person's other sessions end, and every channel tells of it."""
    totp_id = parse_typeid("tot", call.path["totp_id"])
    return Answer(_shown(totp.confirm(call.session, call.actor, totp_id, call.body["code"], now=call.now)))


@routes.delete(
    "/v1/me/totp",
    access=citizen(loa=3),
    answers={204: None},
    problems=[NotFound, InsufficientAuthentication],
    summary=Text("移除驗證器 App", "Remove the authenticator app"),
)
def remove_totp(call: Call) -> Answer:
    """Its codes no longer sign in. The person's other sessions end, and every channel tells of it."""
    totp.remove(call.session, call.actor, now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/me/recovery-codes",
    access=citizen(loa=1),
    answers={200: RecoveryCodesSchema},
    summary=Text("我的復原碼還剩幾組", "How many recovery codes I have left"),
)
def my_recovery_codes(call: Call) -> Answer:
    """The codes themselves are shown once, when they are made."""
    held = recovery_codes.held(call.session, call.actor.id)
    if held is None:
        return Answer({"made_at": None, "left": 0})
    return Answer({"made_at": on_the_wire(held.made_at), "left": held.left})


@routes.post(
    "/v1/me/recovery-codes",
    access=citizen(loa=2),
    body=Nothing,
    answers={201: NewRecoveryCodesSchema},
    problems=[InsufficientAuthentication],
    own_units=True,
    summary=Text("產生十組新的復原碼", "Make ten new recovery codes"),
)
def make_recovery_codes(call: Call) -> Answer:
    """The ones before end. Every channel tells of it."""
    totp.refuse_if_stale(call.actor, loa=2, now=call.now)
    made = recovery_codes.make()
    with db.unit_of_work() as session:
        recovery_codes.replace(session, call.actor, made, now=call.now)
    return Answer({"codes": list(made.codes), "made_at": on_the_wire(call.now)}, 201)


def _shown(held: Totp | None) -> dict[str, str | None]:
    confirmed_at = held.confirmed_at if held else None
    last_used_at = held.last_used_at if held else None
    return {
        "confirmed_at": on_the_wire(confirmed_at) if confirmed_at else None,
        "last_used_at": on_the_wire(last_used_at) if last_used_at else None,
    }
