"""The line: who competes with whom, in which order, and how often the fleets are asked for them. Pure.

All who want to be picked up in the same hour stand in one line; the rule says whose purposes come first, and among
equals it is whoever came first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from core.clock import TAIPEI

_PAUSES_MINUTES: Final = (2, 4, 8, 15, 30)
_SHORTEST: Final = timedelta(minutes=1)
_LEAST_TO_ACCEPT: Final = timedelta(minutes=2)
_BEFORE_THE_RIDE: Final = timedelta(minutes=20)
# The last rank of each band; whoever stands further back is in the last.
_BANDS: Final = (1, 4)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which purposes come first, and for how long a place is kept for somebody; `source` is where it is written."""

    purposes_first: frozenset[str]
    accept: timedelta
    source: str


def slot_of(moment: datetime) -> str:
    """The hour in Taipei that somebody wants: "2026-11-23T09"."""
    return f"{moment.astimezone(TAIPEI):%Y-%m-%dT%H}"


def place_in_rule(purpose: str, rule: Rule) -> int:
    """0 for who comes first by the rule, 1 for all others."""
    return 0 if purpose in rule.purposes_first else 1


def pause(tries: int, left: timedelta) -> timedelta:
    """How long until the fleets are asked again after so many times without success: longer each time, shorter as the
    hour comes near."""
    usual = timedelta(minutes=_PAUSES_MINUTES[min(max(tries, 1), len(_PAUSES_MINUTES)) - 1])
    return max(min(usual, left / 8), _SHORTEST)


def accept_by(now: datetime, pick_up_at: datetime, rule: Rule) -> datetime:
    """Until when somebody may think about an offer: as long as the rule says, but not up to the ride itself, and at
    least for two minutes."""
    return max(min(now + rule.accept, pick_up_at - _BEFORE_THE_RIDE), now + _LEAST_TO_ACCEPT)


def band_of(rank: int) -> int:
    """Which ranks are alike: the first, the second to fourth, all behind them."""
    return next((band for band, last in enumerate(_BANDS, 1) if rank <= last), len(_BANDS) + 1)


def is_workday(day: date, holidays: Collection[date]) -> bool:
    """Whether offices and clinics are open."""
    return day.isoweekday() <= 5 and day not in holidays
