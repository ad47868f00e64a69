"""Under which name a site knows a person: another one in every sector, so that sites cannot compare notes.

Pairwise subjects (OpenID Connect Core §8.1): HMAC-SHA256 of the person's id under a salt that the sector alone has.
"""

from __future__ import annotations

import base64
import hmac
import os
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import crypto
from core.ids import new_uuid

_TABLE = "identity.provider_sector"


def subject_of(session: Session, person_id: UUID, sector: str) -> str:
    """The `sub` of this person for the sites of that sector: 43 characters, always the same ones."""
    digest = hmac.digest(_salt_of(session, sector), person_id.bytes, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _salt_of(session: Session, sector: str) -> bytes:
    row = session.execute(_READ, {"sector": sector}).one_or_none()
    if row is None:
        row_id = new_uuid()
        sealed = crypto.seal(os.urandom(32), table=_TABLE, column="salt", row_id=row_id)
        session.execute(_ADD, {"sector": sector, "id": row_id, "sealed": sealed})
        # Another request may have been first.
        row = session.execute(_READ, {"sector": sector}).one()
    return crypto.open_sealed(row.salt_sealed, table=_TABLE, column="salt", row_id=row.id)


_READ = text("SELECT id, salt_sealed FROM identity.provider_sector WHERE sector = :sector")
_ADD = text(
    "INSERT INTO identity.provider_sector (sector, id, salt_sealed) VALUES (:sector, :id, :sealed) "
    "ON CONFLICT DO NOTHING"
)
