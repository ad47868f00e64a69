"""Enrolling one's own phone with a code from the counter, over HTTP."""

from __future__ import annotations

from core.http import Answer, Call, Routes, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import enrolment_slips, sessions
from identity.counter_errors import CounterCodeRefused
from identity.counter_schemas import EnrolmentWithCode, EnrolmentWithCodeFinish
from identity.errors import CeremonyRefused, MethodLocked, PasskeyLimitReached, PasskeyRefused
from identity.recovery_errors import MethodShut
from identity.schemas import CeremonySchema, PasskeySessionSchema
from identity.session_answers import COOKIE_HEADER, circumstances, network_of, session_answer

routes = Routes("identity")


@routes.post(
    "/v1/auth/enrolments/options",
    access=public(),
    body=EnrolmentWithCode,
    answers={200: CeremonySchema},
    problems=[CounterCodeRefused, MethodLocked, MethodShut],
    summary=Text("以櫃檯給的登錄碼開始登錄自己的手機", "Begin to enrol one's own phone with a code from the counter"),
)
def counter_enrolment_options(call: Call) -> Answer:
    """ID number and code together; the code is used up only when the passkey is there."""
    begun = enrolment_slips.begin(call.session, **call.body, now=call.now)
    return Answer({"ceremony_id": typeid("cer", begun.id), "options": begun.options})


@routes.post(
    "/v1/auth/enrolments/verify",
    access=public(),
    body=EnrolmentWithCodeFinish,
    answers={201: PasskeySessionSchema},
    problems=[CeremonyRefused, CounterCodeRefused, PasskeyRefused, PasskeyLimitReached, MethodShut],
    answer_headers={201: COOKIE_HEADER},
    summary=Text("完成登錄自己的手機", "Finish enrolling one's own phone"),
)
def counter_enrolment_verify(call: Call) -> Answer:
    """Signed in with the new passkey; every other session of the person's ends, and they are told."""
    enrolled = enrolment_slips.finish(
        call.session,
        parse_typeid("cer", call.body["ceremony_id"]),
        call.body["credential"],
        call.body["name"],
        network=network_of(call.request.remote_addr),
        now=call.now,
    )
    issued = sessions.begin(call.session, person_id=enrolled.person_id, amr=enrolled.amr, **circumstances(call))
    passkey_id = typeid("psk", enrolled.passkey_id)
    return session_answer(call.session, issued, now=call.now, status=201, passkey_id=passkey_id)
