"""A device becomes a till: by a code that its merchant gives it, once, within a quarter of an hour."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import token_hash
from points.merchants.secrets import till_code_hash
from points.till import wrong_tries
from points.till.errors import EnrolmentCodeWrong


@dataclass(frozen=True, slots=True)
class EnrolledTill:
    """A till with its bearer token, which is shown this once."""

    id: UUID
    name: str
    token: str


def enrol(session: Session, *, code: str, network: str, now: datetime) -> EnrolledTill:
    """Make the caller the till that this code was given out for; a device that was it before no longer is.

    Raises EnrolmentCodeWrong for a code that is unknown, used or too old, TooManyTries for a network that guesses.
    """
    wrong_tries.take(session, "enrolment", network, now=now)
    token = secrets.token_urlsafe(32)
    row = session.execute(
        _ENROL, {"code_hash": till_code_hash(code), "token_hash": token_hash(token), "now": now}
    ).one_or_none()
    if row is None:
        raise EnrolmentCodeWrong
    wrong_tries.clear(session, "enrolment", network)
    session.execute(_END_SHIFTS, {"till_id": row.id, "now": now})
    return EnrolledTill(row.id, row.name, token)


_ENROL = text(
    """
    UPDATE points.till AS t
       SET token_hash = :token_hash, enrolled_at = :now, code_hash = NULL, code_until = NULL
      FROM points.branch AS b, points.merchant AS m
     WHERE t.code_hash = :code_hash AND t.code_until > :now AND t.revoked_at IS NULL AND t.register_client_id IS NULL
       AND b.id = t.branch_id AND b.closed_at IS NULL AND m.id = t.merchant_id AND m.status = 'approved'
    RETURNING t.id, t.name
    """
)
_END_SHIFTS = text("UPDATE points.till_shift SET ended_at = :now WHERE till_id = :till_id AND ended_at IS NULL")
