"""What a site may be told of a person, and what it takes: an approved purpose, the person's consent, a level.

There is no `email` and no `birthdate`: the city's register of people holds neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import taiwan
from core.text import Text
from identity import people
from identity.models import Person
from identity.provider.models import RelyingParty


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that can be said of a person.

    `scope` asks for it (OpenID Connect Core §5.4), `label` names it for people, `loa` is the least level at which it is
    said; `goes_with` is the claim whose purpose and consent it shares.
    """

    name: str
    scope: str
    label: Text
    loa: int
    read: Callable[[Session, Person], Any]
    goes_with: str


def _phone_number(_session: Session, person: Person) -> str | None:
    mobile = people.opened_mobile(person)
    return taiwan.to_e164(mobile) if mobile else None


def _phone_number_verified(_session: Session, person: Person) -> bool | None:
    # A code sent to it was entered when the person registered.
    return True if person.mobile_sealed else None


def _name(session: Session, person: Person) -> str | None:
    return people.name_of(session, person.id)


def _national_id(_session: Session, person: Person) -> str:
    return people.opened_national_id(person)


CLAIMS = {
    claim.name: claim
    for claim in (
        Claim("name", "profile", Text("姓名", "your name"), 2, _name, "name"),
        Claim("phone_number", "phone", Text("手機號碼", "your mobile number"), 2, _phone_number, "phone_number"),
        Claim(
            "phone_number_verified",
            "phone",
            Text("手機號碼經過驗證", "that the mobile number was verified"),
            2,
            _phone_number_verified,
            "phone_number",
        ),
        Claim("national_id", "national_id", Text("身分證字號", "your ID number"), 3, _national_id, "national_id"),
    )
}
"""Everything that can be told beside who somebody is to the site (`sub`) and how they signed in."""

RELEASABLE = tuple(name for name, claim in CLAIMS.items() if claim.goes_with == name)
"""What a site registers a purpose for and a person agrees to."""


def of_scopes(scopes: Collection[str]) -> frozenset[str]:
    """The claims that these scopes ask for."""
    return frozenset(name for name, claim in CLAIMS.items() if claim.scope in scopes)


def allowed(client: RelyingParty, asked: Iterable[str]) -> frozenset[str]:
    """Of the claims asked for, those that the site may have: known ones with an approved purpose."""
    return frozenset(name for name in asked if name in CLAIMS and CLAIMS[name].goes_with in client.claims)


def to_agree_to(asked: Collection[str]) -> tuple[str, ...]:
    """What a person is asked to agree to for these claims, in the order in which it is shown."""
    return tuple(name for name in RELEASABLE if any(CLAIMS[each].goes_with == name for each in asked))


def agreed(asked: Iterable[str], granted: Collection[str]) -> list[str]:
    """Of the claims asked for, those that the person agreed to."""
    return sorted(name for name in asked if CLAIMS[name].goes_with in granted)


def least_loa(asked: Iterable[str]) -> int:
    """The level at which all these claims can be said."""
    return max((CLAIMS[name].loa for name in asked), default=1)


def of_person(session: Session, person_id: UUID, names: Collection[str]) -> dict[str, Any]:
    """These claims of this person; what is not known is left out (OpenID Connect Core §5.3.2)."""
    if not names:
        return {}
    person = people.get(session, person_id)
    said = {name: CLAIMS[name].read(session, person) for name in sorted(names)}
    return {name: value for name, value in said.items() if value is not None}
