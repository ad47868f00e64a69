"""Signing in by citizen certificate: words to sign, whose the certificate is, and which ones a person has used.

A certificate says a name and a number of its issuer's, not the ID number. Whose it is the issuer answers once; from
then on it is written down. Who holds the card and knows its PIN was looked at in person when it was issued, so this
proves an ID number as nothing that is done from afar does.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.crypto import blind_index, token_hash
from core.errors import NotFound
from core.ids import new_uuid, typeid
from core.settings import settings
from identity import attempts, certificate_paths, levels, locks, people, proofing, security_notices, takeovers
from identity.actors import Actor
from identity.certificate_errors import (
    CertificateChallengeRefused,
    CertificateIdNumberNeeded,
    CertificateNotTheirs,
    CertificateOfAnother,
)
from identity.certificate_models import Certificate, CertificateChallenge
from identity.certificate_paths import Holder, Path, Trust
from identity.models import Person
from identity.words import CERTIFICATE_PURPOSE

CHALLENGE = timedelta(minutes=5)
FRESH = timedelta(minutes=15)
"""How lately somebody must have signed in for what they had only said of themselves to be theirs."""
AMR = ("sc", "pin")
"""A smart card, unlocked by its PIN (RFC 8176)."""
_FORMAT = "mykaohsiung certificate sign-in 1"


@dataclass(frozen=True, slots=True)
class Challenge:
    """Words to be signed once, and the `secret` by which the browser that asked for them is known again."""

    id: UUID
    to_be_signed: bytes
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a signature has shown: the path of the certificate, and whom it names."""

    path: Path
    holder: Holder

    @property
    def holder_index(self) -> bytes:
        """By which the certificate's holder is found again, whatever card the issuer has put the number on."""
        issuer = self.path[0].issuer.rfc4514_string()
        return blind_index(f"{issuer}\x00{self.holder.serial_number}", purpose="certificate")

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate."""
        return self.path[0].fingerprint(hashes.SHA256())


def give_out(session: Session, *, now: datetime) -> Challenge:
    """New words to sign: for what, for which site, when, and 256 random bits, so that no signature fits another site,
    another purpose or another time."""
    challenge_id, secret, expires_at = new_uuid(), secrets.token_urlsafe(32), now + CHALLENGE
    lines = (
        _FORMAT,
        f"{CERTIFICATE_PURPOSE.zh} {CERTIFICATE_PURPOSE.en}",
        f"site: {settings().public_origin}",
        f"challenge: {typeid('cch', challenge_id)}",
        f"nonce: {secrets.token_urlsafe(32)}",
        f"valid until: {clock.on_the_wire(expires_at)}",
    )
    words = "\n".join(lines).encode()
    session.add(
        CertificateChallenge(
            id=challenge_id, secret_hash=token_hash(secret), to_be_signed=words, expires_at=expires_at, used_at=None
        )
    )
    session.flush()
    return Challenge(challenge_id, words, secret, expires_at)


def use(session: Session, challenge_id: UUID, secret: str | None, *, now: datetime) -> bytes:
    """The words of a challenge, used up from now on whatever comes of it. Raises CertificateChallengeRefused."""
    parameters = {"id": challenge_id, "secret_hash": token_hash(secret or ""), "now": now}
    words = session.execute(_USE, parameters).scalar_one_or_none()
    if words is None:
        raise CertificateChallengeRefused
    return bytes(words)


def weighed(sent: Mapping[str, Any], words: bytes, trust: Trust, *, now: datetime) -> Evidence:
    """What the certificates and the signature in `sent` (base64, as the route has checked) prove, revocation excepted.

    Raises the refusals of `identity.certificate_paths`.
    """
    certificates = certificate_paths.read(_decoded(sent["certificates"]))
    path = certificate_paths.followed(certificates, trust, now=now)
    certificate_paths.check_use(path, trust)
    certificate_paths.check_signature(path[0], words, base64.b64decode(sent["signature"]), sent["algorithm"])
    return Evidence(path, certificate_paths.holder_of(path[0]))


def is_to_be_matched(session: Session, evidence: Evidence, national_id: str | None, *, now: datetime) -> bool:
    """Whether the issuer must be asked to whom the certificate belongs; it is asked so often a day, and no more.

    Raises CertificateIdNumberNeeded, CertificateNotTheirs, MethodLocked.
    """
    known = session.get(Certificate, evidence.holder_index)
    if known is not None:
        person = people.get(session, known.person_id)
        if national_id is not None and person.national_id_index != people.index_of(national_id):
            raise CertificateNotTheirs
        return False
    if national_id is None:
        raise CertificateIdNumberNeeded
    if evidence.holder.last_four not in (None, national_id[-4:]):
        raise CertificateNotTheirs
    attempts.take_or_refuse(session, evidence.holder_index, attempts.CERTIFICATE_MATCHES, now=now)
    return True


def enter(
    session: Session,
    evidence: Evidence,
    national_id: str | None,
    *,
    caller: Actor | None,
    language: str,
    now: datetime,
) -> UUID:
    """Whose the certificate is: somebody known, somebody new, or whoever an ID number was taken from by saying so.

    `national_id` has been matched with the certificate, unless that was written down before. Proofing rises to 4, the
    name is the certificate's. Raises CertificateOfAnother when the caller is signed in as somebody else, MethodShut,
    CertificateIdNumberNeeded when it was forgotten meanwhile whose the certificate is.
    """
    known, is_new = session.get(Certificate, evidence.holder_index), False
    if known is not None:
        person = people.get(session, known.person_id)
    elif national_id is not None:
        person, is_new = _found_or_enrolled(session, national_id, language, now)
    else:
        raise CertificateIdNumberNeeded
    # The person first, here and in `remove`, and their certificates after that: no two wait for each other.
    session.refresh(person, with_for_update=True)
    if caller is not None and caller.id != person.id:
        raise CertificateOfAnother
    locks.refuse_if_locked(session, person.id, "certificate")
    reference = evidence.fingerprint.hex()
    if is_new:
        proofing.record(session, person.id, levels.PROVED_IN_PERSON, method="certificate", reference=reference, now=now)
    else:
        if person.proofing_level == levels.SELF_ASSERTED and not _has_just_signed_in(caller, now):
            _take_over(session, person, language, now)
        proofing.raise_to(
            session, person.id, levels.PROVED_IN_PERSON, method="certificate", reference=reference, now=now
        )
    people.set_name(session, person.id, evidence.holder.name)
    is_first = _write_down(session, person.id, evidence, now=now)
    if is_first and not is_new:
        ending = evidence.holder.serial_number[-4:]
        security_notices.tell(session, person.id, "certificate_added", values={"ending": ending}, now=now)
    return person.id


def held_by(session: Session, person_id: UUID) -> Sequence[Certificate]:
    """The certificates that this person has signed in with, the newest first."""
    query = select(Certificate).where(Certificate.person_id == person_id).order_by(Certificate.id.desc())
    return list(session.scalars(query))


def remove(session: Session, actor: Actor, certificate_id: UUID, *, now: datetime) -> None:
    """Forget whose a certificate is: with it one signs in again only by giving the ID number anew. The person's other
    sessions that a certificate began end. Raises NotFound."""
    session.refresh(people.get(session, actor.id), with_for_update=True)
    parameters = {"id": certificate_id, "person_id": actor.id}
    ending = session.execute(_REMOVE, parameters).scalar_one_or_none()
    if ending is None:
        raise NotFound
    session.execute(_END_BEGUN_WITH, {"person_id": actor.id, "kept": actor.session_id, "now": now})
    security_notices.tell(
        session, actor.id, "certificate_removed", values={"ending": ending}, session_id=actor.session_id, now=now
    )


def _found_or_enrolled(session: Session, national_id: str, language: str, now: datetime) -> tuple[Person, bool]:
    person_id = people.enrol(
        session,
        national_id=national_id,
        mobile=None,
        password_hash=None,
        proofing_level=levels.PROVED_IN_PERSON,
        language=language,
        now=now,
    )
    person = people.find(session, national_id)
    assert person is not None
    return person, person_id is not None


def _has_just_signed_in(caller: Actor | None, now: datetime) -> bool:
    """Whether password and mobile are in the same hand as the card: somebody left signed in elsewhere says nothing."""
    if caller is None or caller.auth_time is None or caller.with_officer is not None:
        return False
    return "pwd" in caller.amr and caller.auth_time >= now - FRESH


def _take_over(session: Session, person: Person, language: str, now: datetime) -> None:
    """Whoever had only said that the ID number is theirs keeps nothing by which to come back."""
    people.replace_unproved(
        session,
        person,
        mobile=None,
        password_hash=None,
        proofing_level=levels.SELF_ASSERTED,
        language=language,
    )
    takeovers.end_what_was(session, person.id, reason="taken over", now=now)


def _write_down(session: Session, person_id: UUID, evidence: Evidence, *, now: datetime) -> bool:
    """Whose the certificate is, and that it was used; answers whether this is the first time."""
    leaf = evidence.path[0]
    statement = insert(Certificate).values(
        holder_index=evidence.holder_index,
        id=new_uuid(),
        person_id=person_id,
        ending=evidence.holder.serial_number[-4:],
        fingerprint=evidence.fingerprint,
        valid_until=leaf.not_valid_after_utc,
        added_at=now,
        last_used_at=now,
    )
    renewed = {name: statement.excluded[name] for name in ("fingerprint", "valid_until", "last_used_at")}
    written = statement.on_conflict_do_update(index_elements=["holder_index"], set_=renewed)
    added_at: datetime = session.execute(written.returning(Certificate.added_at)).scalar_one()
    return added_at == now


def _decoded(certificates: Sequence[str]) -> list[bytes]:
    return [base64.b64decode(one) for one in certificates]


_USE = text(
    """
    UPDATE identity.certificate_challenge SET used_at = :now
     WHERE id = :id AND secret_hash = :secret_hash AND used_at IS NULL AND expires_at > :now
    RETURNING to_be_signed
    """
)
_REMOVE = text("DELETE FROM identity.certificate WHERE id = :id AND person_id = :person_id RETURNING ending")
_END_BEGUN_WITH = text(
    """
    UPDATE identity.session SET ended_at = :now, end_reason = 'certificate removed'
     WHERE person_id = :person_id AND ended_at IS NULL AND id IS DISTINCT FROM :kept AND amr && '{sc}'
    """
)
