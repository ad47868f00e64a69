"""Holds end when their time is over: by a void in the book like any other, written by a sweep."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.book import Release, release


def void_expired(session: Session, now: datetime, *, limit: int = 500) -> int:
    """Void up to `limit` holds whose `expires_at` is past, as one group; answers how many.

    The void is what ends a hold, not the clock: until the sweep has come by, a hold can still be settled.
    """
    expired = session.execute(
        text("SELECT ledger.lock_expired_holds(:now, :limit)"), {"now": now, "limit": limit}
    ).scalars()
    releases = [Release(hold_id, reason="expired") for hold_id in expired]
    if releases:
        release(session, releases, now=now)
    return len(releases)
