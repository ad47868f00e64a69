"""What the worker does about tills from time to time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from core import db
from points import limits
from points.till import pay_codes, redemptions

_AT_MOST = 2_000


def expire_redemptions(now: datetime) -> int:
    """End redemptions that nobody answered in time. One unit of work for each: their locks are of one person."""
    ended = 0
    while ended < _AT_MOST:
        with db.unit_of_work() as session:
            if not redemptions.expire_due(session, now=now, limit=1):
                break
        ended += 1
    return ended


def forget(now: datetime) -> None:
    """Delete keys that lapsed and counts that no limit looks at."""
    with db.unit_of_work() as session:
        pay_codes.forget_old_keys(session, now)
        limits.forget_old_counts(session, now)


SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "points.expire_redemptions": (5.0, expire_redemptions),
    "points.forget_pay_codes": (3600.0, forget),
}
