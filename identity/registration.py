"""Registering: an ID number, a mobile that is proved twice, a password.

The code proves that the mobile is in the applicant's hand; the telephone company, asked only then, that it belongs to
the holder of the ID number. A number registered by somebody who could prove only the first goes to whoever proves both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core import crypto
from identity import attempts, codes, levels, people, proofing, takeovers, texts_out
from identity.codes import Applicant, Challenge
from identity.errors import CodeRefused, RegistrationNotConfirmed
from identity.words import REGISTERED_ALREADY_SMS

FIRST_PASSKEY = timedelta(minutes=30)
"""For so long after registering, the first passkey may be made from password and text message: the mobile was proved
just now. Binding it at enrolment is NIST SP 800-63B-4 §4.1.1."""


def request(session: Session, applicant: Applicant, *, now: datetime) -> Challenge:
    """Send the applicant a code. Where the ID number is registered and proved, its holder gets a notice instead.

    The answer is the same in both cases. Raises MethodLocked for a mobile whose codes failed too often.
    """
    subject = people.mobile_index_of(applicant.mobile)
    attempts.refuse_if_none_left(session, subject, attempts.REGISTRATION_CODE, now=now)
    attempts.take_or_refuse(session, subject, attempts.CODES_SENT, now=now)
    known = people.find(session, applicant.national_id)
    if known is None or known.proofing_level == levels.SELF_ASSERTED:
        # What is done for somebody known is done for everybody: asking about a number often enough must not tell.
        nobody = crypto.blind_index(applicant.national_id, purpose="notices_to_nobody")
        attempts.take(session, nobody, attempts.NOTICES_SENT, now=now)
        return codes.send_to_applicant(session, applicant, subject=subject, now=now)
    words = REGISTERED_ALREADY_SMS.in_language(known.language)
    mobile = people.opened_mobile(known)
    if attempts.take(session, known.national_id_index, attempts.NOTICES_SENT, now=now) and mobile is not None:
        texts_out.write(session, person_id=known.id, mobile=mobile, body=words, now=now)
    else:
        texts_out.write_unsent(session, mobile=applicant.mobile, body=words, now=now)
    return codes.pretend_to_send(session, applicant, subject=subject, now=now)


def complete(session: Session, challenge_id: UUID, *, mobile_is_theirs: bool, now: datetime) -> UUID:
    """Enrol the applicant of a proven challenge, with what the telephone company said. Answers the person's id.

    Raises CodeRefused when the challenge is used, RegistrationNotConfirmed when somebody else has begun with this ID
    number and the telephone company does not name the applicant as its holder.
    """
    applicant = codes.finish_registration(session, challenge_id, now=now)
    proofing_level = levels.PROVED_BY_MOBILE if mobile_is_theirs else levels.SELF_ASSERTED
    person_id = people.enrol(
        session,
        national_id=applicant.national_id,
        mobile=applicant.mobile,
        password_hash=applicant.password_hash,
        proofing_level=proofing_level,
        language=applicant.language,
        first_passkey_until=now + FIRST_PASSKEY,
        now=now,
    )
    if person_id is not None:
        _write_down(session, person_id, mobile_is_theirs=mobile_is_theirs, now=now)
        return person_id
    known = people.find(session, applicant.national_id)
    assert known is not None
    session.refresh(known, with_for_update=True)
    if known.proofing_level != levels.SELF_ASSERTED:
        raise CodeRefused
    if not mobile_is_theirs and known.mobile_index != people.mobile_index_of(applicant.mobile):
        raise RegistrationNotConfirmed
    people.replace_unproved(
        session,
        known,
        mobile=applicant.mobile,
        password_hash=applicant.password_hash,
        proofing_level=proofing_level,
        language=applicant.language,
        first_passkey_until=now + FIRST_PASSKEY,
    )
    _write_down(session, known.id, mobile_is_theirs=mobile_is_theirs, now=now)
    takeovers.end_what_was(session, known.id, reason="taken over", now=now)
    return known.id


def _write_down(session: Session, person_id: UUID, *, mobile_is_theirs: bool, now: datetime) -> None:
    if mobile_is_theirs:
        proofing.record(session, person_id, levels.PROVED_BY_MOBILE, method="mobile", reference="", now=now)
