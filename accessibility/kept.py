"""How long this domain keeps what it wrote down: the rules of every room of it, and their sweep."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from accessibility.after import kept as after_kept
from accessibility.conduct import kept as conduct_kept
from accessibility.own_fleet import kept as own_fleet_kept
from accessibility.riders import kept as riders_kept
from accessibility.rides import kept as rides_kept
from accessibility.waitlist import kept as waitlist_kept
from core import keeping

RULES: Final = (
    *riders_kept.RULES,
    *rides_kept.RULES,
    *own_fleet_kept.RULES,
    *conduct_kept.RULES,
    *after_kept.RULES,
    *waitlist_kept.RULES,
)  # fmt: skip


def forget(now: datetime) -> None:
    """The sweep: at night, delete what is past its time."""
    keeping.forget_at_night(RULES, now)
