"""Signing in by citizen certificate over HTTP, and the certificates that a person has used."""

from __future__ import annotations

import base64

from core import db
from core.clock import on_the_wire
from core.errors import NotFound, Unavailable
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import certificate_ports, certificates, ports, revocation, sessions
from identity.certificate_errors import (
    CertificateChainBroken,
    CertificateChallengeRefused,
    CertificateExpired,
    CertificateIdNumberNeeded,
    CertificateNameRefused,
    CertificateNotTheirs,
    CertificateNotYetValid,
    CertificateOfAnother,
    CertificatePolicyWrong,
    CertificateRevoked,
    CertificateRootUnknown,
    CertificateSignatureRefused,
    CertificateUnreadable,
    CertificateUseWrong,
    RevocationListNotTrusted,
    RevocationListStale,
    RevocationListUnreachable,
)
from identity.certificate_models import Certificate
from identity.certificate_schemas import (
    CertificateChallengeRequest,
    CertificateChallengeSchema,
    CertificateListSchema,
    CertificateVerification,
)
from identity.errors import MethodLocked
from identity.recovery_errors import MethodShut
from identity.schemas import SessionSchema
from identity.session_answers import COOKIE_HEADER, circumstances, session_answer

routes = Routes("identity")
_COOKIE = "__Host-certificate"


@routes.post(
    "/v1/auth/certificate/challenge",
    access=public(),
    body=CertificateChallengeRequest,
    answers={200: CertificateChallengeSchema},
    problems=[Unavailable],
    answer_headers={200: {"Set-Cookie": "the challenge's secret, where `transport` is cookie"}},
    summary=Text("取得要用自然人憑證簽的內容", "Get the words to sign with a citizen certificate"),
)
def certificate_challenge(call: Call) -> Answer:
    """Valid for five minutes and once, and in this browser alone: its secret comes in a cookie that no script reads, or
    in the body."""
    certificate_ports.refuse_if_not_offered()
    given = certificates.give_out(call.session, now=call.now)
    is_cookie = call.body["transport"] == "cookie"
    seconds = int(certificates.CHALLENGE.total_seconds())
    cookie = f"{_COOKIE}={given.secret}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    body = {
        "challenge_id": typeid("cch", given.id),
        "to_be_signed": base64.b64encode(given.to_be_signed).decode(),
        "words": given.to_be_signed.decode(),
        "challenge_secret": None if is_cookie else given.secret,
        "expires_at": on_the_wire(given.expires_at),
    }
    return Answer(body, headers={"Set-Cookie": cookie} if is_cookie else {})


@routes.post(
    "/v1/auth/certificate/verify",
    access=public(),
    body=CertificateVerification,
    answers={200: SessionSchema},
    problems=[
        CertificateChallengeRefused,
        CertificateUnreadable,
        CertificateRootUnknown,
        CertificateChainBroken,
        CertificateExpired,
        CertificateNotYetValid,
        CertificateUseWrong,
        CertificatePolicyWrong,
        CertificateSignatureRefused,
        CertificateNameRefused,
        CertificateRevoked,
        RevocationListUnreachable,
        RevocationListStale,
        RevocationListNotTrusted,
        CertificateIdNumberNeeded,
        CertificateNotTheirs,
        CertificateOfAnother,
        MethodLocked,
        MethodShut,
        Unavailable,
    ],
    own_units=True,
    answer_headers={200: COOKIE_HEADER},
    summary=Text("以自然人憑證登入", "Sign in with a citizen certificate"),
)
def certificate_verify(call: Call) -> Answer:
    """A session of level 4 begins; whoever was not registered is now. The challenge is used up whatever comes of it.

    Without `national_id` only a certificate that has signed in here before is taken.
    """
    challenge_id, national_id = parse_typeid("cch", call.body["challenge_id"]), call.body["national_id"]
    secret = call.body["challenge_secret"] or call.request.cookies.get(_COOKIE)
    with db.unit_of_work() as session:
        words = certificates.use(session, challenge_id, secret, now=call.now)
    evidence = certificates.weighed(call.body, words, certificate_ports.trust(), now=call.now)
    revocation.check(evidence.path, now=call.now)
    with db.unit_of_work() as session:
        is_to_be_matched = certificates.is_to_be_matched(session, evidence, national_id, now=call.now)
    if is_to_be_matched:
        with ports.asking_outside():
            is_theirs = certificate_ports.ports().authority.is_certificate_of(
                serial_number=evidence.holder.serial_number, national_id=national_id
            )
        if not is_theirs:
            raise CertificateNotTheirs
    with db.unit_of_work() as session:
        person_id = certificates.enter(
            session, evidence, national_id, caller=call.actor, language=call.language, now=call.now
        )
        issued = sessions.begin(session, person_id=person_id, amr=certificates.AMR, **circumstances(call))
        return session_answer(session, issued, now=call.now)


@routes.get(
    "/v1/me/certificates",
    access=citizen(loa=1),
    answers={200: CertificateListSchema},
    summary=Text("我用過的自然人憑證", "The citizen certificates that I have used"),
)
def list_certificates(call: Call) -> Answer:
    """The newest first; people have one, and perhaps the one before it."""
    items = [_item(certificate) for certificate in certificates.held_by(call.session, call.actor.id)]
    return Answer({"items": items})


@routes.delete(
    "/v1/me/certificates/<certificate_id>",
    access=citizen(loa=3),
    answers={204: None},
    problems=[NotFound],
    summary=Text("移除一張自然人憑證", "Remove one of my citizen certificates"),
)
def remove_certificate(call: Call) -> Answer:
    """It is forgotten whose it is, and the person's other sessions that it began end. Signing in with it again takes
    the ID number anew."""
    certificate_id = parse_typeid("ctf", call.path["certificate_id"])
    certificates.remove(call.session, call.actor, certificate_id, now=call.now)
    return Answer(status=204)


def _item(certificate: Certificate) -> dict[str, str]:
    return {
        "id": typeid("ctf", certificate.id),
        "ending": certificate.ending,
        "valid_until": on_the_wire(certificate.valid_until),
        "added_at": on_the_wire(certificate.added_at),
        "last_used_at": on_the_wire(certificate.last_used_at),
    }
