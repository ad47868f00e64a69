"""Idempotency keys (draft-ietf-httpapi-idempotency-key-header-07), kept in PostgreSQL beside what they protect.

An answer is stored in the transaction of its effect, so after a crash either both exist or neither. A refusal that
changed nothing is not kept: the same key may try again. Kept for at least 24 hours, scoped to the caller.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.errors import IdempotencyInProgress, IdempotencyKeyMissing, IdempotencyKeyReused
from core.http import Answer
from core.statements import with_commit

KEPT_FOR = timedelta(hours=48)
_LEASE = timedelta(seconds=30)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Replayed(Exception):
    """This request has been answered before: `answer` is what was said then."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


@dataclass(slots=True)
class KeyedRequest:
    """One request under its key: `caller` scopes the key, `fingerprint` tells one body from another."""

    caller: str
    key: str
    route: str
    fingerprint: bytes
    language: str
    now: datetime
    is_claimed: bool = False

    def claim(self, session: Session) -> bool:
        """Begin work under the key; True when it is taken over from a request that died, False when it is new.

        Raises Replayed when it was answered before, IdempotencyKeyReused for another body, IdempotencyInProgress
        while the first request is still running (a request that died is given up after 30 seconds).
        """
        values = {
            "caller": self.caller,
            "key": self.key,
            "route": self.route,
            "fingerprint": self.fingerprint,
            "now": self.now,
            "until": self.now + _LEASE,
        }
        # The advisory lock refuses a second request at once; the primary key alone would make it wait for the first.
        is_alone, is_new = session.execute(_CLAIM, values | {"name": f"{self.caller}\x1f{self.key}"}).one()
        if not is_alone:
            raise IdempotencyInProgress
        if is_new:
            self.is_claimed = True
            return False
        row = session.execute(_READ, values).one_or_none()
        if row is None:
            # The first request failed in this very moment and gave the key back.
            raise IdempotencyInProgress
        if bytes(row.fingerprint) != self.fingerprint or row.route != self.route:
            raise IdempotencyKeyReused
        if row.status is not None:
            headers = {**row.headers, "Idempotency-Replayed": "true"}
            raise Replayed(Answer(raw=bytes(row.body), status=row.status, headers=headers))
        if row.lease_until > self.now:
            raise IdempotencyInProgress
        session.execute(_TAKE_OVER, values)
        self.is_claimed = True
        return True

    def store(self, session: Session, answer: Answer) -> None:
        """Keep the answer, in the transaction of the effect that it reports: it travels with the commit."""
        with_commit(
            session,
            _STORE,
            {
                "caller": self.caller,
                "key": self.key,
                "status": answer.status,
                "headers": orjson.dumps({"Content-Language": self.language, **answer.headers}).decode(),
                "body": orjson.dumps(answer.body),
            },
        )

    def give_back(self) -> None:
        """The request failed after its claim was committed: free the key for another try."""
        if self.is_claimed:
            with db.unit_of_work() as session:
                lease = {"caller": self.caller, "key": self.key, "until": self.now + _LEASE}
                session.execute(_GIVE_BACK, lease)


def key_from(sent: str | None) -> str:
    """The key in an Idempotency-Key header, quoted as RFC 9651 wants it or bare as many clients send it.

    Raises IdempotencyKeyMissing when there is none, or one that is no key.
    """
    key = (sent or "").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyMissing
    return key


def fingerprint_of(method: str, path: str, body: bytes) -> bytes:
    """What tells one request from another under the same key."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).digest()


def forget_old_keys(session: Session, *, now: datetime) -> int:
    """Delete keys past their keeping time; answers how many."""
    return session.execute(_FORGET, {"before": now - KEPT_FOR}).rowcount  # type: ignore[attr-defined, no-any-return]


_CLAIM = text(
    """
    WITH door AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 7)) AS is_alone),
    claimed AS (
        INSERT INTO core.idempotency (caller, key, route, fingerprint, claimed_at, lease_until)
        SELECT :caller, :key, :route, :fingerprint, CAST(:now AS timestamptz), CAST(:until AS timestamptz)
          FROM door WHERE is_alone
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT door.is_alone, EXISTS (SELECT 1 FROM claimed) AS is_new FROM door
    """
)
_READ = text(
    "SELECT route, fingerprint, lease_until, status, headers, body FROM core.idempotency "
    "WHERE caller = :caller AND key = :key FOR UPDATE"
)
_TAKE_OVER = text("UPDATE core.idempotency SET lease_until = :until WHERE caller = :caller AND key = :key")
_STORE = text(
    "UPDATE core.idempotency SET status = :status, headers = CAST(:headers AS jsonb), body = :body, "
    "lease_until = NULL WHERE caller = :caller AND key = :key"
)
# Only our own lease: once our claim was rolled back, another request may hold the key.
_GIVE_BACK = text(
    "DELETE FROM core.idempotency WHERE caller = :caller AND key = :key AND lease_until = :until AND status IS NULL"
)
_FORGET = text("DELETE FROM core.idempotency WHERE claimed_at < :before")
