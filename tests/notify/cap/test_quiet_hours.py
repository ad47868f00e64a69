"""When a person is awake: their own clock, windows over midnight, clocks that change, and Taipei's days."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core import db

NIGHT = (time(22), time(7))


def _ask(function: str, window: tuple[time, time], zone: str, moment: datetime) -> datetime:
    with db.single_statements() as session:
        answer: datetime = session.execute(
            text(f"SELECT notify.{function}(:from, :until, :zone, :moment)"),
            {"from": window[0], "until": window[1], "zone": zone, "moment": moment},
        ).scalar()
    return answer


def _at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))  # type: ignore[misc,arg-type]


AWAKE = {
    "just before": (NIGHT, "Asia/Taipei", (2026, 11, 5, 21, 59, 59), (2026, 11, 5, 21, 59, 59)),
    "as it begins": (NIGHT, "Asia/Taipei", (2026, 11, 5, 22), (2026, 11, 6, 7)),
    "midnight in Taipei": (NIGHT, "Asia/Taipei", (2026, 11, 6, 0), (2026, 11, 6, 7)),
    "just before it ends": (NIGHT, "Asia/Taipei", (2026, 11, 6, 6, 59, 59), (2026, 11, 6, 7)),
    "as it ends": (NIGHT, "Asia/Taipei", (2026, 11, 6, 7), (2026, 11, 6, 7)),
    "a siesta": ((time(13), time(15)), "Asia/Taipei", (2026, 11, 6, 14), (2026, 11, 6, 15)),
    "a siesta alone": ((time(13), time(15)), "Asia/Taipei", (2026, 11, 6, 0), (2026, 11, 6, 0)),
    "equal ends: never": ((time(0), time(0)), "Asia/Taipei", (2026, 11, 6, 3), (2026, 11, 6, 3)),
    "equal at 22:00": ((time(22), time(22)), "Asia/Taipei", (2026, 11, 6, 22), (2026, 11, 6, 22)),
    "the night of 23 hours": (NIGHT, "America/New_York", (2027, 3, 13, 23), (2027, 3, 14, 7)),
    "the night of 25 hours": (NIGHT, "America/New_York", (2027, 11, 6, 23), (2027, 11, 7, 7)),
    "no 02:30 that day": ((time(22), time(2, 30)), "America/New_York", (2027, 3, 13, 23), (2027, 3, 14, 3, 30)),
    "three quarters of an hour": (NIGHT, "Asia/Kathmandu", (2026, 11, 5, 23), (2026, 11, 6, 7)),
}


def test_whoever_is_asleep_is_awake_when_their_quiet_hours_end(database: db.Database) -> None:
    for case, (window, zone, moment, awake) in AWAKE.items():
        assert _ask("awake_at", window, zone, _at(zone, *moment)) == _at(zone, *awake), case


def test_the_clock_is_the_persons_own(database: db.Database) -> None:
    noon_in_taipei = datetime(2026, 11, 5, 4, tzinfo=UTC)
    assert _ask("awake_at", NIGHT, "Asia/Taipei", noon_in_taipei) == noon_in_taipei
    assert _ask("awake_at", NIGHT, "America/New_York", noon_in_taipei) == _at("America/New_York", 2026, 11, 5, 7)


MORNINGS = {
    "by day": (NIGHT, "Asia/Taipei", (2026, 11, 5, 12), (2026, 11, 6, 7)),
    "just before midnight": (NIGHT, "Asia/Taipei", (2026, 11, 5, 23, 59, 59), (2026, 11, 6, 7)),
    "at midnight it is tomorrow": (NIGHT, "Asia/Taipei", (2026, 11, 6, 0), (2026, 11, 7, 7)),
    "never at midnight": ((time(0), time(0)), "Asia/Taipei", (2026, 11, 5, 12), (2026, 11, 6, 7)),
    "a late sleeper": ((time(1), time(9)), "Asia/Taipei", (2026, 11, 5, 12), (2026, 11, 6, 9)),
    "a siesta": ((time(13), time(15)), "Asia/Taipei", (2026, 11, 5, 12), (2026, 11, 6, 7)),
    "as the clocks change": (NIGHT, "America/New_York", (2027, 3, 13, 12), (2027, 3, 14, 7)),
}


def test_what_waits_for_tomorrow_waits_until_the_person_wakes(database: db.Database) -> None:
    for case, (window, zone, moment, morning) in MORNINGS.items():
        assert _ask("wakes_tomorrow", window, zone, _at(zone, *moment)) == _at(zone, *morning), case


_TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
_ZONES = st.sampled_from(["Asia/Taipei", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "UTC"])
_MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quiet_from=_TIMES, quiet_until=_TIMES, zone=_ZONES, moment=_MOMENTS)
def test_nobody_is_woken_and_nobody_waits_longer_than_a_night(
    database: db.Database, quiet_from: time, quiet_until: time, zone: str, moment: datetime
) -> None:
    for function in ("awake_at", "wakes_tomorrow"):
        awake = _ask(function, (quiet_from, quiet_until), zone, moment)
        local = awake.astimezone(ZoneInfo(zone)).time()
        assert not _is_quiet(quiet_from, quiet_until, local)
        assert timedelta() <= awake - moment <= timedelta(hours=50)
    if not _is_quiet(quiet_from, quiet_until, moment.astimezone(ZoneInfo(zone)).time()):
        assert _ask("awake_at", (quiet_from, quiet_until), zone, moment) == moment


def _is_quiet(quiet_from: time, quiet_until: time, local: time) -> bool:
    if quiet_from <= quiet_until:
        return quiet_from <= local < quiet_until
    return local >= quiet_from or local < quiet_until


def test_no_time_zone_is_kept_that_the_database_cannot_reckon_in(database: db.Database) -> None:
    with psycopg.connect(database.url) as connection, pytest.raises(psycopg.errors.InvalidParameterValue):
        connection.execute(
            "INSERT INTO notify.preference (person_id, timezone, updated_at) "
            "VALUES (gen_random_uuid(), 'Kaohsiung', now())"
        )
