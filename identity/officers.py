"""The city's officers: who is on the roster, and the one-time codes by which they enrol a passkey."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import crypto
from core.crypto import token_hash
from core.ids import new_uuid
from identity import shifts
from identity.errors import EnrolmentCodeRefused
from identity.officer_models import Officer, OfficerEnrolmentCode, OfficerPasskey, OfficerSessionRow
from identity.shifts import Stretch

ROLES = (
    "finance",
    "auditor",
    "bureau_officer",
    "counter",
    "operator",
    "registrar",
    "editor",
    "publisher",
    "duty_officer",
    "points_officer",
    "dispatcher",
    "mobility",
)
APART = (frozenset({"dispatcher", "mobility"}),)
"""Roles that one person never holds together: who plans rides must not learn who complained about them."""
BUREAUS = (
    "parking", "fines", "treasury", "civil_affairs", "rdec", "culture", "public_works", "education", "fire",
    "social_affairs", "economic", "health", "transport", "environment",
)  # fmt: skip
CODE_LIFE = timedelta(hours=24)
# Crockford's base 32: no I, L, O, U to mistake. 16 of them are 80 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110", "- \u2010\u2011\u2012\u2013\u2014\u3000")


class RolesApart(ValueError):
    """These roles are never held by the same person (`APART`)."""


@dataclass(frozen=True, slots=True)
class OnRoster:
    """An officer as the roster shows them."""

    officer: Officer
    is_on_roster: bool
    has_passkey: bool


def add(
    session: Session,
    *,
    staff_number: str,
    name: str,
    bureau: str,
    roles: Collection[str],
    until: datetime | None = None,
    shift: Sequence[Stretch] | None = None,
    national_id: str | None = None,
    now: datetime,
) -> Officer:
    """Put somebody on the roster; one who is known by that number comes back with this bureau, these roles and hours.

    Outside their `shift` (minutes of the week; None: no hours are set) no session of theirs begins or answers. Of
    their own ID number only the blind index is kept, by which the counter refuses them their own record. Raises
    RolesApart.
    """
    if any(apart <= set(roles) for apart in APART):
        raise RolesApart
    values: dict[str, Any] = {
        "name": name,
        "bureau": bureau,
        "roles": sorted(roles),
        "on_roster_from": now,
        "on_roster_until": until,
        "left_at": None,
        "shift": shifts.for_database(shift),
    }
    if national_id is not None:
        values["national_id_index"] = crypto.blind_index(national_id, purpose="national_id")
    statement = insert(Officer).values(id=new_uuid(), staff_number=staff_number, added_at=now, **values)
    statement = statement.on_conflict_do_update(index_elements=["staff_number"], set_=values)
    return session.scalars(statement.returning(Officer), execution_options={"populate_existing": True}).one()


def find(session: Session, staff_number: str) -> Officer | None:
    """Whoever has, or had, this staff number."""
    return session.scalars(select(Officer).where(Officer.staff_number == staff_number)).one_or_none()


def everybody(session: Session, *, now: datetime) -> list[OnRoster]:
    """All officers there have been, by staff number."""
    has_passkey = exists().where(OfficerPasskey.officer_id == Officer.id)
    rows = session.execute(select(Officer, has_passkey).order_by(Officer.staff_number)).all()
    return [OnRoster(officer, is_on_roster(officer, now), held) for officer, held in rows]


def is_on_roster(officer: Officer, now: datetime) -> bool:
    """Whether this officer may work at this moment."""
    has_ended = officer.on_roster_until is not None and officer.on_roster_until <= now
    return officer.left_at is None and officer.on_roster_from <= now and not has_ended


def leave(session: Session, officer: Officer, *, now: datetime) -> None:
    """Take somebody off the roster: their sessions, codes and passkeys are dead from this commit on."""
    officer.left_at = now
    _take_away_keys(session, officer.id, "left the roster", now)


def make_code(session: Session, officer: Officer, *, has_lost_passkeys: bool = False, now: datetime) -> str:
    """A new one-time code to enrol a passkey, shown this once; earlier ones are dead.

    With `has_lost_passkeys`, the passkeys and sessions there were end first.
    """
    if has_lost_passkeys:
        _take_away_keys(session, officer.id, "passkeys lost", now)
    session.execute(delete(OfficerEnrolmentCode).where(OfficerEnrolmentCode.officer_id == officer.id))
    code = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    session.add(
        OfficerEnrolmentCode(
            id=new_uuid(),
            officer_id=officer.id,
            code_hash=token_hash(code),
            made_at=now,
            expires_at=now + CODE_LIFE,
        )
    )
    session.flush()
    return "-".join(code[start : start + 4] for start in range(0, 16, 4))


def holder_of_code(session: Session, code: str, *, now: datetime) -> tuple[UUID, Officer]:
    """The id of a code as it was typed, and whose it is. Raises EnrolmentCodeRefused."""
    query = select(OfficerEnrolmentCode.id, Officer).join(Officer, Officer.id == OfficerEnrolmentCode.officer_id)
    return _usable(session, query.where(OfficerEnrolmentCode.code_hash == token_hash(_as_made(code))), now)


def use_code(session: Session, code_id: UUID, *, now: datetime) -> Officer:
    """Whose the code is, which is used up from now on. Raises EnrolmentCodeRefused."""
    query = select(OfficerEnrolmentCode.id, Officer).join(Officer, Officer.id == OfficerEnrolmentCode.officer_id)
    _, officer = _usable(session, query.where(OfficerEnrolmentCode.id == code_id).with_for_update(), now)
    session.execute(update(OfficerEnrolmentCode).where(OfficerEnrolmentCode.id == code_id).values(used_at=now))
    return officer


def names_of(session: Session, officer_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of these officers."""
    query = select(Officer.id, Officer.name).where(Officer.id.in_(officer_ids))
    return {row.id: row.name for row in session.execute(query)}


def _usable(session: Session, query: Select[UUID, Officer], now: datetime) -> tuple[UUID, Officer]:
    unused = query.where(OfficerEnrolmentCode.used_at.is_(None), OfficerEnrolmentCode.expires_at > now)
    row = session.execute(unused).one_or_none()
    if row is None or not is_on_roster(row[1], now):
        raise EnrolmentCodeRefused
    return row[0], row[1]


def _as_made(code: str) -> str:
    return code.upper().translate(_MISREAD)


def _take_away_keys(session: Session, officer_id: UUID, reason: str, now: datetime) -> None:
    session.execute(
        update(OfficerSessionRow)
        .where(OfficerSessionRow.officer_id == officer_id, OfficerSessionRow.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )
    session.execute(delete(OfficerEnrolmentCode).where(OfficerEnrolmentCode.officer_id == officer_id))
    session.execute(delete(OfficerPasskey).where(OfficerPasskey.officer_id == officer_id))
