"""Stories of fifty campaigns that a generator writes: people, their pasts and clocks, and who changes their mind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

CAMPAIGNS, PEOPLE, TOPICS = 50, 5, 10
# Half past a minute: no quiet hours end, and no evening begins, while a round gathers.
BEGIN = datetime.fromisoformat("2026-11-05T10:00:30+08:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# At once, noon, dusk, the evening itself, after the digest, in the night, morning, the next evening, days and a week on.
MOMENTS = (0 * HOUR, 2 * HOUR, 8 * HOUR, 8.84 * HOUR, 9.1 * HOUR, 15 * HOUR, 21 * HOUR, 33 * HOUR, 3 * DAY, 8 * DAY)
LIVES = (timedelta(seconds=20), 2 * HOUR, 8.95 * HOUR, 21 * HOUR, 30 * HOUR, 3 * DAY, 7 * DAY)
NIGHTS = ((22, 7), (0, 0), (9, 12), (1, 9), (13, 15), (18, 6))
SEVEN = time(19)


@dataclass(frozen=True)
class Chosen:
    """What one person chose, and how often their day had rung before."""

    cap: int
    night: tuple[int, int]
    zone: str
    digest_at: time
    takes_digest: bool
    used: int


@dataclass(frozen=True)
class Campaign:
    """At which of the moments, so many seconds later, and whom it is for: each person's interest, 0 for not."""

    moment: int
    seconds: int
    topic: int
    priority: int
    life: timedelta
    waited: int
    was_asleep_unknown: bool
    interests: tuple[int, ...]


@dataclass(frozen=True)
class Change:
    """What somebody does just before a moment, to a campaign, a subscription or their own cap."""

    moment: int
    what: str
    one: int
    number: int


@dataclass(frozen=True)
class Story:
    """Three moments of fifty campaigns."""

    moments: tuple[timedelta, ...]
    people: tuple[Chosen, ...]
    campaigns: tuple[Campaign, ...]
    silences: tuple[int | None, ...]
    changes: tuple[Change, ...]


def _tuples(each: st.SearchStrategy[Any], size: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(each, min_size=size, max_size=size).map(tuple)


_CHOSEN = st.builds(
    Chosen,
    cap=st.sampled_from((3, 1, 2, 5, 0)),
    night=st.sampled_from(NIGHTS),
    zone=st.sampled_from(("Asia/Taipei", "Asia/Tokyo", "America/New_York")),
    digest_at=st.sampled_from((SEVEN, time(12, 30), time(6, 30), time(23))),
    takes_digest=st.sampled_from((True, True, False)),
    used=st.sampled_from((0, 0, 1, 2, 4)),
)
_CAMPAIGN = st.builds(
    Campaign,
    moment=st.integers(0, 2),
    seconds=st.sampled_from((0, 3, 8, 14, 20, 28)),
    topic=st.integers(0, TOPICS - 1),
    priority=st.integers(1, 4),
    life=st.sampled_from(LIVES),
    waited=st.sampled_from((0, 0, 1, 2)),
    was_asleep_unknown=st.booleans(),
    interests=_tuples(st.sampled_from((2, 0, 1, 4)), PEOPLE),
)
_CHANGE = st.builds(
    Change,
    moment=st.integers(0, 2),
    what=st.sampled_from(("unsubscribe", "hold", "release", "stop", "choose")),
    one=st.integers(0, CAMPAIGNS - 1),
    number=st.integers(0, 4),
)
STORY = st.builds(
    Story,
    moments=st.lists(st.sampled_from(MOMENTS), min_size=3, max_size=3, unique=True).map(sorted).map(tuple),
    people=_tuples(_CHOSEN, PEOPLE),
    campaigns=_tuples(_CAMPAIGN, CAMPAIGNS),
    silences=_tuples(st.sampled_from((None, 3, 8)), PEOPLE * TOPICS),
    changes=st.lists(_CHANGE, max_size=8).map(tuple),
)
