"""A merchant's staff: a number and a PIN each, set by the owner, to open a shift at a till with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import new_uuid
from points.merchants import rules
from points.merchants.errors import StaffNumberTaken, TooManyOfThem
from points.merchants.secrets import pin_hash


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who works at a merchant's tills."""

    id: UUID
    number: str
    name: str
    may_refund: bool
    locked_until: datetime | None
    added_at: datetime


def add(session: Session, merchant_id: UUID, wanted: Mapping[str, Any], *, now: datetime) -> StaffMember:
    """Somebody new, with a PIN of six digits. Raises StaffNumberTaken, TooManyOfThem."""
    most = rules.value(session, "staff", now)
    if session.execute(_COUNT, {"merchant_id": merchant_id}).scalar_one() >= most:
        raise TooManyOfThem(most=most)
    staff_id = new_uuid()
    row = session.execute(
        _ADD,
        {"id": staff_id, "merchant_id": merchant_id, "number": wanted["number"], "name": wanted["name"],
         "may_refund": wanted["may_refund"], "pin_hash": pin_hash(staff_id, wanted["pin"]), "now": now},
    ).first()  # fmt: skip
    if row is None:
        raise StaffNumberTaken
    return _member(row)


def change(
    session: Session, merchant_id: UUID, staff_id: UUID, wanted: Mapping[str, Any], *, now: datetime
) -> StaffMember:
    """Change name, what they may do, or the PIN; a new PIN opens what wrong ones have locked. Raises NotFound."""
    before = _member(_present(session, merchant_id, staff_id))
    pin = wanted.get("pin")
    row = session.execute(
        _CHANGE,
        {"id": staff_id, "name": wanted.get("name", before.name),
         "may_refund": wanted.get("may_refund", before.may_refund),
         "pin_hash": pin_hash(staff_id, pin) if pin is not None else None},
    ).one()  # fmt: skip
    return _member(row)


def leave(session: Session, merchant_id: UUID, staff_id: UUID, *, now: datetime) -> None:
    """They no longer work there; a shift of theirs ends at once. Raises NotFound."""
    _present(session, merchant_id, staff_id)
    session.execute(_LEAVE, {"id": staff_id, "now": now})
    session.execute(_END_SHIFTS, {"id": staff_id, "now": now})


def of_merchant(session: Session, merchant_id: UUID, *, limit: int, after: UUID | None) -> list[StaffMember]:
    """Who works there now, in the order in which they were added."""
    rows = session.execute(_OF_MERCHANT, {"merchant_id": merchant_id, "limit": limit, "after": after})
    return [_member(row) for row in rows]


def _present(session: Session, merchant_id: UUID, staff_id: UUID) -> Any:
    row = session.execute(_ONE, {"id": staff_id, "merchant_id": merchant_id}).first()
    if row is None:
        raise NotFound
    return row


def _member(row: Any) -> StaffMember:
    return StaffMember(row.id, row.number, row.name, row.may_refund, row.locked_until, row.added_at)


_COUNT = text("SELECT count(*) FROM points.staff WHERE merchant_id = :merchant_id AND left_at IS NULL")
_ADD = text(
    """
    INSERT INTO points.staff (id, merchant_id, number, name, may_refund, pin_hash, added_at)
    VALUES (:id, :merchant_id, :number, :name, :may_refund, :pin_hash, :now)
    ON CONFLICT (merchant_id, number) WHERE left_at IS NULL DO NOTHING RETURNING *
    """
)
_ONE = text("SELECT * FROM points.staff WHERE id = :id AND merchant_id = :merchant_id AND left_at IS NULL FOR UPDATE")
_CHANGE = text(
    """
    UPDATE points.staff
       SET name = :name, may_refund = :may_refund, pin_hash = coalesce(CAST(:pin_hash AS text), pin_hash),
           wrong_pins = CASE WHEN CAST(:pin_hash AS text) IS NULL THEN wrong_pins ELSE 0 END,
           locked_until = CASE WHEN CAST(:pin_hash AS text) IS NULL THEN locked_until END
     WHERE id = :id RETURNING *
    """
)
_LEAVE = text("UPDATE points.staff SET left_at = :now WHERE id = :id")
_END_SHIFTS = text("UPDATE points.till_shift SET ended_at = :now WHERE staff_id = :id AND ended_at IS NULL")
_OF_MERCHANT = text(
    "SELECT * FROM points.staff WHERE merchant_id = :merchant_id AND left_at IS NULL "
    "AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :limit"
)
