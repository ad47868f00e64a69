"""Counts of a run: added to by many at once, nothing lost, read as one number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core import db
from core.ids import new_uuid
from notify.campaigns import tallies


def test_what_many_add_at_once_is_the_sum(database: db.Database) -> None:
    runs = [new_uuid() for _ in range(3)]

    def add(number: int) -> None:
        ordered = runs if number % 2 else runs[::-1]
        with db.unit_of_work() as session:
            tallies.add_to_each(session, {run: {"sent": 2, "expired": 1, "opened": 0} for run in ordered})

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(add, range(80)))
    with db.unit_of_work() as session:
        for counts in tallies.read_each(session, runs).values():
            assert (counts["sent"], counts["expired"], counts["opened"]) == (160, 80, 0)
            assert counts.keys() == set(tallies.WHATS)


def test_a_count_goes_down_by_a_negative_number_and_others_stay(database: db.Database) -> None:
    run, other = new_uuid(), new_uuid()
    with db.unit_of_work() as session:
        tallies.add(session, run, {"waiting_tomorrow": 5})
    with db.unit_of_work() as session:
        tallies.add(session, run, {"waiting_tomorrow": -3, "sent": 3})
        assert tallies.read(session, run)["waiting_tomorrow"] == 2
        assert set(tallies.read(session, other).values()) == {0}


def test_a_count_that_nobody_reads_is_refused(database: db.Database) -> None:
    with db.unit_of_work() as session, pytest.raises(AssertionError, match="not a count"):
        tallies.add(session, new_uuid(), {"sennt": 1})
