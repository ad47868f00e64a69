"""A merchant's tills: devices that enrol by a code, shown once, and cash registers with credentials of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import new_uuid, typeid
from identity import bureaus
from points.merchants import branches, rules
from points.merchants.errors import PublicKeyWrong, TooManyOfThem
from points.merchants.secrets import new_till_code, till_code_hash

# What a register may ask a token for: what `points.till.tills` demands of it.
REGISTER_SCOPE: Final = "redemptions:write"
REGISTER_BUREAU: Final = "merchant"


@dataclass(frozen=True, slots=True)
class Till:
    """A till or cash register. `status`: waiting (for its code to be typed), lapsed, enrolled, register."""

    id: UUID
    branch_id: UUID
    name: str
    status: str
    code_until: datetime | None
    added_at: datetime
    enrolled_at: datetime | None


def add(session: Session, merchant_id: UUID, branch_id: UUID, name: str, *, now: datetime) -> tuple[Till, str]:
    """A till that waits for its device, and the code to type there. Raises NotFound (the branch), TooManyOfThem."""
    code, till_id = new_till_code(), new_uuid()
    _add(
        session, merchant_id, branch_id,
        {"id": till_id, "name": name, "code_hash": till_code_hash(code), "code_until": _until(session, now),
         "client_id": None, "enrolled_at": None}, now,
    )  # fmt: skip
    return get(session, merchant_id, till_id, now=now), code


def new_code(session: Session, merchant_id: UUID, till_id: UUID, *, now: datetime) -> tuple[Till, str]:
    """Another code: another device takes its place once it is typed. Raises NotFound, also for a register."""
    code = new_till_code()
    row = session.execute(
        _NEW_CODE,
        {"id": till_id, "merchant_id": merchant_id, "hash": till_code_hash(code), "until": _until(session, now)},
    ).first()
    if row is None:
        raise NotFound
    return get(session, merchant_id, till_id, now=now), code


def add_register(
    session: Session, merchant_id: UUID, branch_id: UUID, name: str, public_jwk: Mapping[str, Any], *, now: datetime
) -> tuple[Till, str]:
    """A cash register that calls with client credentials (RFC 6749 §4.4, private_key_jwt), and its client id.

    Raises NotFound (the branch), PublicKeyWrong, TooManyOfThem.
    """
    till_id = new_uuid()
    client_id = typeid("til", till_id).replace("_", "-")
    try:
        acts_as = bureaus.register_bureau_client(
            session, client_id, REGISTER_BUREAU, public_jwk, [REGISTER_SCOPE], now=now
        )
    except (ValueError, TypeError, KeyError) as error:
        raise PublicKeyWrong from error
    _add(
        session, merchant_id, branch_id,
        {"id": till_id, "name": name, "code_hash": None, "code_until": None, "client_id": acts_as,
         "enrolled_at": now}, now,
    )  # fmt: skip
    return get(session, merchant_id, till_id, now=now), client_id


def revoke(session: Session, merchant_id: UUID, till_id: UUID, *, now: datetime) -> None:
    """It is a till no more, from this moment on. Raises NotFound."""
    row = session.execute(_REVOKE, {"id": till_id, "merchant_id": merchant_id, "now": now}).first()
    if row is None:
        raise NotFound
    session.execute(_END_SHIFTS, {"id": till_id, "now": now})
    if row.register_client_id is not None:
        bureaus.revoke_bureau_client(session, row.register_client_id, now=now)


def get(session: Session, merchant_id: UUID, till_id: UUID, *, now: datetime) -> Till:
    """One of the merchant's tills. Raises NotFound."""
    row = session.execute(_ONE, {"id": till_id, "merchant_id": merchant_id}).first()
    if row is None:
        raise NotFound
    return _till(row, now)


def of_merchant(session: Session, merchant_id: UUID, *, limit: int, after: UUID | None, now: datetime) -> list[Till]:
    """The merchant's tills that are not revoked, in the order in which they were added."""
    rows = session.execute(_OF_MERCHANT, {"merchant_id": merchant_id, "limit": limit, "after": after})
    return [_till(row, now) for row in rows]


def _add(session: Session, merchant_id: UUID, branch_id: UUID, values: Mapping[str, Any], now: datetime) -> None:
    if branches.get(session, merchant_id, branch_id).closed_at is not None:
        raise NotFound
    most = rules.value(session, "tills", now)
    if session.execute(_COUNT, {"merchant_id": merchant_id}).scalar_one() >= most:
        raise TooManyOfThem(most=most)
    session.execute(_ADD, {**values, "merchant_id": merchant_id, "branch_id": branch_id, "now": now})


def _until(session: Session, now: datetime) -> datetime:
    return now + timedelta(minutes=rules.value(session, "till_code_minutes", now))


def _till(row: Any, now: datetime) -> Till:
    waits = row.code_until is not None and row.code_until > now
    status = (
        "register" if row.register_client_id else "enrolled" if row.token_hash else "waiting" if waits else "lapsed"
    )
    return Till(
        row.id, row.branch_id, row.name, status, row.code_until if waits else None, row.added_at, row.enrolled_at
    )


_ADD = text(
    """
    INSERT INTO points.till (id, merchant_id, branch_id, name, code_hash, code_until, register_client_id, added_at,
                             enrolled_at)
    VALUES (:id, :merchant_id, :branch_id, :name, :code_hash, :code_until, :client_id, :now, :enrolled_at)
    """
)
_NEW_CODE = text(
    """
    UPDATE points.till SET code_hash = :hash, code_until = :until
     WHERE id = :id AND merchant_id = :merchant_id AND revoked_at IS NULL AND register_client_id IS NULL
    RETURNING id
    """
)
_REVOKE = text(
    """
    UPDATE points.till SET revoked_at = :now, token_hash = NULL, code_hash = NULL, code_until = NULL
     WHERE id = :id AND merchant_id = :merchant_id AND revoked_at IS NULL
    RETURNING register_client_id
    """
)
_END_SHIFTS = text("UPDATE points.till_shift SET ended_at = :now WHERE till_id = :id AND ended_at IS NULL")
_COUNT = text("SELECT count(*) FROM points.till WHERE merchant_id = :merchant_id AND revoked_at IS NULL")
_ONE = text("SELECT * FROM points.till WHERE id = :id AND merchant_id = :merchant_id AND revoked_at IS NULL")
_OF_MERCHANT = text(
    "SELECT * FROM points.till WHERE merchant_id = :merchant_id AND revoked_at IS NULL "
    "AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :limit"
)
