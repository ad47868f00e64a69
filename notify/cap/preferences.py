"""What a person decides about being rung: how often a day, when not, in which time zone, and the evening's digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidRequest, PreconditionFailed
from notify.campaigns import tallies

MOST_A_DAY = 20


@dataclass(frozen=True, slots=True)
class Preferences:
    """The choices of one person; as they stand here, those of everybody who never made any.

    At most `daily_cap` messages of campaigns ring on a day; none from `quiet_from` to `quiet_until` on the clock of
    `timezone` (equal: no quiet hours); the digest, where it is wanted, comes at `digest_at`; `warns_of_expiry`: told
    before points lapse. `version` is 0 until something was chosen.
    """

    daily_cap: int = 3
    quiet_from: time = time(22)
    quiet_until: time = time(7)
    timezone: str = "Asia/Taipei"
    takes_digest: bool = True
    digest_at: time = time(19)
    warns_of_expiry: bool = True
    version: int = 0


def preferences_of(session: Session, person_id: UUID) -> Preferences:
    """What the person chose, or the defaults."""
    row = session.execute(_READ, {"person_id": person_id}).one_or_none()
    return Preferences() if row is None else Preferences(**row._mapping)


def change(
    session: Session, *, person_id: UUID, version: int, changes: Mapping[str, Any], now: datetime
) -> Preferences:
    """Change some of the choices; `changes` maps names of `Preferences` to what is chosen.

    A raised cap or other quiet hours hold from now on: what waits for tomorrow or for waking is looked at again at
    once. Raises PreconditionFailed unless `version` is the present one, InvalidRequest for a time zone that the
    database does not know.
    """
    before = preferences_of(session, person_id)
    if before.version != version:
        raise PreconditionFailed
    if "timezone" in changes and not session.execute(_IS_ZONE, {"name": changes["timezone"]}).scalar():
        raise InvalidRequest(errors=[FieldError("/timezone", "Not a time zone of the IANA database.")])
    chosen = replace(before, **changes)
    written = session.execute(
        _WRITE,
        {
            "person_id": person_id, "version": version, "daily_cap": chosen.daily_cap, "now": now,
            "quiet_from": chosen.quiet_from, "quiet_until": chosen.quiet_until, "timezone": chosen.timezone,
            "takes_digest": chosen.takes_digest, "digest_at": chosen.digest_at,
            "warns_of_expiry": chosen.warns_of_expiry,
        },
    ).scalar()  # fmt: skip
    if written is None:
        raise PreconditionFailed
    rows = session.execute(_LOOK_AGAIN, {"person_id": person_id, "now": now}).all()
    tallies.add_to_each(
        session,
        {row.run_id: {"waiting_tomorrow": -1, "waited": -(row.waited == 1)} for row in rows if row.reason == "cap"},
    )
    return replace(chosen, version=written)


_COLUMNS = "daily_cap, quiet_from, quiet_until, timezone, takes_digest, digest_at, warns_of_expiry, version"
_READ = text(f"SELECT {_COLUMNS} FROM notify.preference WHERE person_id = :person_id")  # noqa: S608
_IS_ZONE = text("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = :name)")
# Two first choices at once meet at the primary key: the second finds a version that is not 0.
_WRITE = text(
    """
    INSERT INTO notify.preference AS p (person_id, daily_cap, quiet_from, quiet_until, timezone, takes_digest,
                                        digest_at, warns_of_expiry, version, updated_at)
    VALUES (:person_id, :daily_cap, :quiet_from, :quiet_until, :timezone, :takes_digest, :digest_at, :warns_of_expiry,
            1, :now)
    ON CONFLICT (person_id) DO UPDATE
       SET daily_cap = excluded.daily_cap, quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
           timezone = excluded.timezone, takes_digest = excluded.takes_digest, digest_at = excluded.digest_at,
           warns_of_expiry = excluded.warns_of_expiry, version = p.version + 1, updated_at = excluded.updated_at
     WHERE p.version = :version
    RETURNING version
    """
)
# Whoever decides in this moment locks the same rows in the same order.
_LOOK_AGAIN = text(
    """
    UPDATE notify.candidate c
       SET not_before = :now, waited = c.waited - CASE WHEN c.reason = 'cap' THEN 1 ELSE 0 END, reason = NULL
      FROM (SELECT run_id, person_id, reason, waited FROM notify.candidate
             WHERE person_id = :person_id AND status = 'waiting' AND not_before > :now
             ORDER BY run_id FOR UPDATE) waiting
     WHERE c.run_id = waiting.run_id AND c.person_id = waiting.person_id
    RETURNING c.run_id, waiting.reason, waiting.waited
    """
)
