"""Opaque cursors of lists: the sort key of the last row shown, so that a page never shifts under inserts."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.errors import FieldError, InvalidRequest


def encode_cursor(*sort_key: Any) -> str:
    """The sort key (JSON scalars) as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(sort_key, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: type) -> list[Any]:
    """The sort key inside a cursor, whose members must be of these kinds. Raises InvalidRequest for any other text."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    if not isinstance(key, list) or [type(member) for member in key] != list(kinds):
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")])
    return key


def encode_moment_cursor(at: datetime, row_id: UUID) -> str:
    """The cursor of a list that is sorted by a moment and then an id."""
    return encode_cursor(at.isoformat(), str(row_id))


def decode_moment_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The moment (aware) and the id inside such a cursor. Raises InvalidRequest for any other text."""
    at, row_id = decode_cursor(cursor, str, str)
    try:
        moment, identifier = datetime.fromisoformat(at), UUID(row_id)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC), identifier
    except (ValueError, OverflowError):
        pass
    raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")])
