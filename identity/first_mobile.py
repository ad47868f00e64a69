"""A first mobile number for somebody who came with a mobile ID or a certificate and gave none.

The code proves that the number is in their hand, and no more: it raises nothing, and identifies nobody. Another number
in place of one that is there is written down at a counter.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import crypto
from core.ids import new_uuid
from core.taiwan import mask_mobile
from identity import attempts, people, security_notices, texts_out
from identity.actors import Actor
from identity.attempts import Limit
from identity.codes import CODE_LIFE, Challenge
from identity.errors import CodeRefused
from identity.federation_errors import MobileKnown
from identity.federation_models import FirstMobile
from identity.models import Person
from identity.words import CODE_SMS

CODE = Limit("first_mobile_code", 5, timedelta(minutes=15), extends=True)
_TABLE = "identity.first_mobile"


def send_code(session: Session, actor: Actor, mobile: str, *, now: datetime) -> Challenge:
    """Send a code to the number; one asked for before is good no more. Counted for the person and for the number.

    Raises MobileKnown, MethodLocked, RateLimited.
    """
    person = people.get(session, actor.id)
    if person.mobile_index is not None:
        raise MobileKnown
    attempts.refuse_if_none_left(session, person.national_id_index, CODE, now=now)
    for subject in (person.national_id_index, people.mobile_index_of(mobile)):
        attempts.take_or_refuse(session, subject, attempts.CODES_SENT, now=now)
    claim_id, code, expires_at = new_uuid(), f"{secrets.randbelow(1_000_000):06d}", now + CODE_LIFE
    values = {
        "id": claim_id,
        "mobile_sealed": crypto.seal(mobile, table=_TABLE, column="mobile", row_id=claim_id),
        "code_hash": _hash_of(claim_id, code),
        "expires_at": expires_at,
    }
    statement = insert(FirstMobile).values(person_id=person.id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))
    words = CODE_SMS.format(code=code).in_language(person.language)
    texts_out.write(session, person_id=person.id, mobile=mobile, body=words, now=now, life=CODE_LIFE)
    return Challenge(claim_id, expires_at, mask_mobile(mobile))


def confirm(session: Session, actor: Actor, claim_id: UUID, code: str, *, now: datetime) -> None:
    """The number is theirs from now on, and messages go there. Raises CodeRefused, MethodLocked, MobileKnown."""
    person = session.scalars(select(Person).where(Person.id == actor.id).with_for_update()).one()
    attempts.take_or_refuse(session, person.national_id_index, CODE, now=now)
    claim = session.get(FirstMobile, actor.id)
    is_open = claim is not None and claim.id == claim_id and now < claim.expires_at
    if not is_open or claim is None or not hmac.compare_digest(claim.code_hash, _hash_of(claim.id, code)):
        raise CodeRefused
    attempts.clear(session, person.national_id_index, CODE)
    if person.mobile_index is not None:
        raise MobileKnown
    mobile = crypto.open_sealed(claim.mobile_sealed, table=_TABLE, column="mobile", row_id=claim.id).decode()
    people.set_mobile(person, mobile)
    session.execute(delete(FirstMobile).where(FirstMobile.person_id == actor.id))
    session.flush()
    security_notices.tell(session, person.id, "mobile_added", session_id=actor.session_id, now=now)


def _hash_of(claim_id: UUID, code: str) -> bytes:
    # Keyed, with the claim's id in it: a code is good for its own claim only.
    return crypto.blind_index(f"{claim_id}:{code}", purpose="first_mobile_code")
