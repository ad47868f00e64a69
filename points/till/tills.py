"""Which till calls: a device that a merchant enrolled, with whoever's shift is open on it, or a cash register."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import token_hash
from identity import bureaus
from identity.actors import Actor
from points.till import rules
from points.till.errors import TillNotInUse

# The scope that a cash register's access token holds.
REGISTER_SCOPE = "redemptions:write"


def resolve(session: Session, token: str, now: datetime) -> Actor | None:
    """The till that holds this token, or the cash register that holds this access token (RFC 6749 §4.4).

    None when it is unknown or revoked. Raises TillNotInUse where its merchant or branch no longer takes part.
    """
    row = session.execute(_TILL, {"hash": token_hash(token), "now": now}).one_or_none()
    if row is None:
        client = bureaus.resolve_bureau_token(session, token, now)
        if client is None or REGISTER_SCOPE not in client.scopes:
            return None
        row = session.execute(_REGISTER, {"client_id": client.id}).one_or_none()
    if row is None:
        return None
    if row.merchant_status != "approved" or row.closed_at is not None:
        raise TillNotInUse(merchant_status=row.merchant_status)
    return Actor(
        kind="till",
        id=row.id,
        merchant_id=row.merchant_id,
        branch_id=row.branch_id,
        staff_id=row.staff_id,
        name=row.name,
        is_register=row.is_register,
    )


def described(session: Session, till: Actor, now: datetime) -> Any:
    """The till with its merchant, branch, who is at it, and the numbers that redeeming goes by."""
    return session.execute(_DESCRIBED, {"id": till.id, "now": now}).one()


_DESCRIBED = text(
    f"""
    SELECT t.id, t.name, m.id AS merchant_id, m.name AS merchant_name, b.id AS branch_id, b.name AS branch_name,
           b.shop_code, s.id AS staff_id, s.name AS staff_name, s.number AS staff_number, s.may_refund, h.ends_at,
           r.confirm_above, r.confirm_seconds, r.void_hours
      FROM points.till AS t
      JOIN {rules.NEWEST} AS r ON true
      JOIN points.branch AS b ON b.id = t.branch_id
      JOIN points.merchant AS m ON m.id = t.merchant_id
      LEFT JOIN points.till_shift AS h ON h.till_id = t.id AND h.ended_at IS NULL AND h.ends_at > :now
      LEFT JOIN points.staff AS s ON s.id = h.staff_id
     WHERE t.id = :id
    """  # noqa: S608
)
_TILL = text(
    """
    SELECT t.id, t.merchant_id, t.branch_id, t.name, s.staff_id, false AS is_register,
           m.status AS merchant_status, b.closed_at
      FROM points.till AS t
      JOIN points.branch AS b ON b.id = t.branch_id
      JOIN points.merchant AS m ON m.id = t.merchant_id
      LEFT JOIN points.till_shift AS s ON s.till_id = t.id AND s.ended_at IS NULL AND s.ends_at > :now
     WHERE t.token_hash = :hash AND t.revoked_at IS NULL
    """
)
_REGISTER = text(
    """
    SELECT t.id, t.merchant_id, t.branch_id, t.name, NULL::uuid AS staff_id, true AS is_register,
           m.status AS merchant_status, b.closed_at
      FROM points.till AS t
      JOIN points.branch AS b ON b.id = t.branch_id
      JOIN points.merchant AS m ON m.id = t.merchant_id
     WHERE t.register_client_id = :client_id AND t.revoked_at IS NULL
    """
)
