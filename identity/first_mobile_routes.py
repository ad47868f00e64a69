"""A first mobile number over HTTP."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.clock import on_the_wire
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import first_mobile
from identity.errors import CodeRefused, MethodLocked
from identity.federation_errors import MobileKnown
from identity.schemas import ChallengeSchema, Mobile, challenge_field

routes = Routes("identity")


class FirstMobileRequest(Schema):
    mobile = Mobile(required=True, metadata={"example": "0912345678", "pattern": "^09[0-9]{8}$"})


class FirstMobileCode(Schema):
    challenge_id = challenge_field()
    code = fields.String(required=True, validate=[validate.Regexp("^[0-9]{6}$"), validate.Length(equal=6)])


@routes.post(
    "/v1/me/mobile",
    access=citizen(loa=3, phishing_resistant=True),
    body=FirstMobileRequest,
    answers={202: ChallengeSchema},
    problems=[MobileKnown, MethodLocked],
    summary=Text("登記第一個手機號碼", "Give a first mobile number"),
)
def give_mobile(call: Call) -> Answer:
    """A code goes to the number. For people who registered without one."""
    challenge = first_mobile.send_code(call.session, call.actor, call.body["mobile"], now=call.now)
    body = {
        "challenge_id": typeid("otp", challenge.id),
        "expires_at": on_the_wire(challenge.expires_at),
        "sent_to": challenge.sent_to,
    }
    return Answer(body, 202)


@routes.post(
    "/v1/me/mobile/verification",
    access=citizen(loa=3, phishing_resistant=True),
    body=FirstMobileCode,
    answers={204: None},
    problems=[CodeRefused, MobileKnown, MethodLocked],
    summary=Text("輸入傳到該號碼的驗證碼", "Give the code that went to the number"),
)
def verify_mobile(call: Call) -> Answer:
    """From now on text messages go there."""
    claim_id = parse_typeid("otp", call.body["challenge_id"])
    first_mobile.confirm(call.session, call.actor, claim_id, call.body["code"], now=call.now)
    return Answer(status=204)
