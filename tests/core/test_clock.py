"""Time: aware and in UTC inside, Taipei where people read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from core import clock


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_the_day_in_taipei_begins_eight_hours_before_utc_s() -> None:
    assert clock.taipei_date(datetime(2026, 11, 5, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 5)
    assert clock.taipei_date(datetime(2026, 11, 5, 16, 0, 0, tzinfo=UTC)) == date(2026, 11, 6)


def test_a_moment_on_the_wire_has_its_offset_and_whole_seconds() -> None:
    assert clock.on_the_wire(datetime(2026, 11, 5, 16, 0, 0, 999_999, tzinfo=UTC)) == "2026-11-06T00:00:00+08:00"


def test_a_demos_clock_is_as_far_ahead_as_its_file_says_from_the_moment_it_says_so(tmp_path: Path) -> None:
    file = tmp_path / "ahead"
    clock.follow(file)
    try:
        right = clock.now()
        clock.put_ahead(file, timedelta(days=30))
        assert timedelta(days=30) <= clock.now() - right < timedelta(days=30, seconds=5)
        clock.put_ahead(file, timedelta(days=31))
        assert timedelta(days=31) <= clock.now() - right
    finally:
        clock.follow(None)
    assert clock.now() - right < timedelta(seconds=5)
