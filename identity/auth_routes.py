"""Signing in and out over HTTP: registering, password, code."""

from __future__ import annotations

from core import db
from core.clock import on_the_wire
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import codes, passwords, ports, registration, sessions, sign_in
from identity.codes import Applicant, Challenge
from identity.errors import (
    CodeRefused,
    CredentialsRefused,
    MethodLocked,
    PasswordRefused,
    RegistrationNotConfirmed,
)
from identity.recovery_errors import MethodShut
from identity.schemas import (
    ChallengeSchema,
    LoginRequest,
    OtpVerification,
    RegistrationRequest,
    SessionSchema,
)
from identity.session_answers import CLEARED_COOKIE, COOKIE_HEADER, circumstances, session_answer

routes = Routes("identity")


@routes.post(
    "/v1/auth/password/register",
    access=public(),
    body=RegistrationRequest,
    answers={202: ChallengeSchema},
    problems=[PasswordRefused, MethodLocked],
    own_units=True,
    summary=Text("以身分證字號、手機與密碼註冊", "Register with ID number, mobile and password"),
)
def register(call: Call) -> Answer:
    """A code goes to the mobile. Answers alike whether or not the ID number is registered already."""
    national_id, mobile, password = call.body["national_id"], call.body["mobile"], call.body["password"]
    passwords.check(password, not_containing=(national_id, mobile))
    applicant = Applicant(national_id, mobile, passwords.hash_of(password), call.language)
    with db.unit_of_work() as session:
        return _challenge_answer(registration.request(session, applicant, now=call.now))


@routes.post(
    "/v1/auth/password/login",
    access=public(),
    body=LoginRequest,
    answers={202: ChallengeSchema},
    problems=[CredentialsRefused, MethodLocked, MethodShut],
    own_units=True,
    summary=Text("以密碼登入，接著輸入第二道驗證", "Sign in by password; a second factor follows"),
)
def password_login(call: Call) -> Answer:
    """The password is weighed between two transactions, because weighing it is slow on purpose. The challenge is the
    same for everybody, whichever second factors they have; a code is sent only where one by text message is wanted."""
    password = call.body["password"]
    with db.unit_of_work() as session:
        claim = sign_in.claim(session, call.body["national_id"], now=call.now)
    if not passwords.is_right(password, claim.password_hash):
        raise CredentialsRefused
    is_outdated = passwords.is_outdated(claim.password_hash or "")
    new_hash = passwords.hash_of(password) if is_outdated else None
    with db.unit_of_work() as session:
        challenge = sign_in.begin_challenge(
            session, claim, second_factor=call.body["second_factor"], now=call.now, new_hash=new_hash
        )
        return _challenge_answer(challenge)


@routes.post(
    "/v1/auth/otp/verify",
    access=public(),
    body=OtpVerification,
    answers={200: SessionSchema},
    problems=[CodeRefused, MethodLocked, MethodShut, RegistrationNotConfirmed],
    own_units=True,
    answer_headers={200: COOKIE_HEADER},
    summary=Text("輸入簡訊驗證碼，完成登入或註冊", "Give the code, and so finish signing in or registering"),
)
def verify_otp(call: Call) -> Answer:
    """A session begins. For a registration the telephone company is asked first whose the mobile is."""
    challenge_id = parse_typeid("otp", call.body["challenge_id"])
    with db.unit_of_work() as session:
        proven = codes.prove(session, challenge_id, call.body["code"], now=call.now)
        if proven.person_id is not None:
            issued = sessions.begin(session, person_id=proven.person_id, amr=("pwd", "sms"), **circumstances(call))
            return session_answer(session, issued, now=call.now)
    assert proven.applicant is not None
    with ports.asking_outside():
        mobile_is_theirs = ports.telephone_company.is_number_of(
            national_id=proven.applicant.national_id, mobile=proven.applicant.mobile
        )
    with db.unit_of_work() as session:
        person_id = registration.complete(session, challenge_id, mobile_is_theirs=mobile_is_theirs, now=call.now)
        issued = sessions.begin(session, person_id=person_id, amr=("pwd", "sms"), **circumstances(call))
        return session_answer(session, issued, now=call.now)


@routes.post(
    "/v1/auth/logout",
    access=citizen(loa=1),
    answers={204: None},
    answer_headers={204: {"Set-Cookie": "clears the session's cookie"}},
    summary=Text("登出", "Sign out"),
)
def logout(call: Call) -> Answer:
    """The session ends at once, on our side."""
    sessions.end(call.session, person_id=call.actor.id, session_id=call.actor.session_id, now=call.now)
    return Answer(status=204, headers={"Set-Cookie": CLEARED_COOKIE})


def _challenge_answer(challenge: Challenge) -> Answer:
    body = {
        "challenge_id": typeid("otp", challenge.id),
        "expires_at": on_the_wire(challenge.expires_at),
        "sent_to": challenge.sent_to,
    }
    return Answer(body, 202)
