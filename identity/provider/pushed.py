"""Requests that a site pushes to us before it sends the person here (RFC 9126).

They come from the site itself, proven, and not through the browser: nobody reads or changes them on the way.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import token_hash

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFE = timedelta(seconds=90)


def keep(session: Session, client_id: str, parameters: Mapping[str, str], *, now: datetime) -> str:
    """Keep a request that is in order, and answer the `request_uri` that stands for it once."""
    request_uri = f"{PREFIX}{secrets.token_urlsafe(32)}"
    values = {
        "hash": token_hash(request_uri), "client_id": client_id, "parameters": orjson.dumps(dict(parameters)).decode(),
        "expires_at": now + LIFE,
    }  # fmt: skip
    session.execute(_KEEP, values)
    return request_uri


def take(session: Session, request_uri: str, client_id: str, *, now: datetime) -> dict[str, str] | None:
    """The request that this site pushed, used up; None when there is none, it has lapsed or was used."""
    row = session.execute(_TAKE, {"hash": token_hash(request_uri), "client_id": client_id, "now": now}).one_or_none()
    return None if row is None else dict(row.parameters)


_KEEP = text(
    "INSERT INTO identity.pushed_request (request_uri_hash, client_id, parameters, expires_at) "
    "VALUES (:hash, :client_id, CAST(:parameters AS jsonb), :expires_at)"
)
_TAKE = text(
    """
    UPDATE identity.pushed_request SET used_at = :now
     WHERE request_uri_hash = :hash AND client_id = :client_id AND used_at IS NULL AND expires_at > :now
    RETURNING parameters
    """
)
