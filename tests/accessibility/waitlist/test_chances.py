"""A chance is what really came of it for others, or it is not told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accessibility.waitlist import chances
from accessibility.waitlist.chances import Chance, Seen
from core import db
from tests.accessibility.waitlist.lines import NOW, WANTED


def test_nothing_is_said_where_too_little_is_known() -> None:
    few = [Seen("district", 3, 3), Seen("hour", 8, 8), Seen("city", 11, 11)]
    assert chances.of(few) == chances.UNKNOWN == chances.of([])
    assert "還不知道" in chances.in_words(chances.UNKNOWN).zh


def test_the_most_alike_that_are_enough_count_and_the_words_say_what_they_rest_on() -> None:
    chance = chances.of([Seen("district", 5, 5), Seen("hour", 40, 26), Seen("city", 900, 90)])
    assert chance.seen == Seen("hour", 40, 26) and chance.share == 0.65
    assert chances.in_words(chance).zh == "全市相近時段、差不多順位候補過的 40 次裡，有 26 次等到了車（大約六成）。"
    assert "Of 40 who waited" in chances.in_words(chance).en and "about 6 in 10" in chances.in_words(chance).en


@pytest.mark.parametrize(("hits", "tries"), [(0, 12), (12, 12), (6, 12), (26, 40), (1, 400)])
def test_bounds_hold_the_share_and_stay_between_none_and_all(hits: int, tries: int) -> None:
    low, high = chances.wilson(hits, tries)
    assert 0 <= low <= hits / tries <= high <= 1 and low < high


def test_the_score_interval_is_wilson_s() -> None:
    # By hand, z = 1.2816: centre (0.5 + 0.13688/2) / (1 + 0.13688) = 0.5, half width 0.17346.
    low, high = chances.wilson(6, 12)
    assert low == pytest.approx(0.3266, abs=0.0005) and high == pytest.approx(0.6734, abs=0.0005)


def test_what_happened_is_counted_without_anybody_s_name_and_read_by_what_is_alike(database: db.Database) -> None:
    with db.unit_of_work() as session:
        for place, rank, hour, hits in (
            ("64000080", 1, 0, 9), ("64000080", 1, 1, 8), ("64000080", 3, 0, 2), ("64000050", 1, 0, 4),
        ):  # fmt: skip
            for number in range(10):
                chances.count(
                    session, wanted_at=WANTED + timedelta(hours=hour), district=place, rank=rank,
                    was_offered=number < hits, now=NOW,
                )  # fmt: skip
        seen = chances.seen(session, wanted_at=WANTED, district="64000080", rank=1, now=NOW)
        assert seen == [Seen("district", 20, 17), Seen("hour", 30, 21), Seen("city", 40, 23)]
        assert chances.of(seen).share == 0.85
        saturday = chances.seen(session, wanted_at=WANTED - timedelta(days=2), district="64000080", rank=1, now=NOW)
        assert saturday[:2] == [Seen("district", 0, 0), Seen("hour", 0, 0)], "a Saturday is not like a Monday"
        later = chances.seen(session, wanted_at=WANTED, district="64000080", rank=1, now=NOW + timedelta(days=300))
        assert chances.of(later) == Chance(None, None, None, None), "what is long ago counts no more"
