"""The mobile ID of the state: it names the ID number of whoever unlocked it, so it signs in that person, or a new one.

Who has one stood before an officer with their papers, so their proofing is the highest; what they may do here without a
key of their own is what the authenticator allows (identity.levels).
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core import taiwan
from core.names import NameRefused, checked_name
from core.text import Language
from identity import federation, levels, locks, people, proofing, takeovers
from identity.federation_errors import FederationRefused
from identity.models import Person
from partners.oidc.client import Identity
from partners.oidc.providers import NATIONAL_ID_CLAIM

PROVIDER: Final = "mobile_id"
AMR: Final = ("mob", "user", "mfa")
_log = logging.getLogger("mykaohsiung.identity")


def arrive(session: Session, identity: Identity, *, language: Language, now: datetime) -> UUID:
    """The person whose mobile ID this is; registered now, without password and mobile, where nobody is yet.

    Raises FederationRefused for a number that is none, MethodShut.
    """
    national_id = _national_id_in(identity)
    reference = f"mobile_id:{federation.account_index(identity.issuer, identity.subject).hex()[:16]}"
    person_id = people.enrol(
        session,
        national_id=national_id,
        mobile=None,
        password_hash=None,
        proofing_level=levels.PROVED_IN_PERSON,
        language=language,
        now=now,
    )
    if person_id is not None:
        proofing.record(session, person_id, levels.PROVED_IN_PERSON, method="mobile_id", reference=reference, now=now)
    else:
        person_id = _known(session, national_id, reference, language=language, now=now)
    _take_name(session, person_id, identity)
    return person_id


def _known(session: Session, national_id: str, reference: str, *, language: Language, now: datetime) -> UUID:
    person = people.find(session, national_id)
    assert person is not None
    session.refresh(person, with_for_update=True)
    locks.refuse_if_locked(session, person.id, "mobile_id")
    if person.proofing_level == levels.SELF_ASSERTED:
        _take_over(session, person, reference, language=language, now=now)
    else:
        proofing.raise_to(session, person.id, levels.PROVED_IN_PERSON, method="mobile_id", reference=reference, now=now)
    return person.id


def _take_over(session: Session, person: Person, reference: str, *, language: Language, now: datetime) -> None:
    """The number was registered by somebody who could not prove it to be theirs: it goes to its holder."""
    people.replace_unproved(
        session,
        person,
        mobile=None,
        password_hash=None,
        proofing_level=levels.PROVED_IN_PERSON,
        language=language,
    )
    proofing.record(session, person.id, levels.PROVED_IN_PERSON, method="mobile_id", reference=reference, now=now)
    takeovers.end_what_was(session, person.id, reason="taken over", now=now)


def _national_id_in(identity: Identity) -> str:
    claimed = identity.claims.get(NATIONAL_ID_CLAIM)
    number = taiwan.normalise(claimed).upper() if isinstance(claimed, str) else ""
    if not taiwan.person_id_valid(number):
        _log.error("the mobile ID named no ID number")
        raise FederationRefused
    return number


def _take_name(session: Session, person_id: UUID, identity: Identity) -> None:
    claimed = identity.claims.get("name")
    try:
        name = checked_name(claimed) if isinstance(claimed, str) else None
    except NameRefused as refused:
        # The number is proved all the same.
        _log.warning("the mobile ID gave a name that %s", refused)
        name = None
    if name is not None and name != people.name_of(session, person_id):
        people.set_name(session, person_id, name)
