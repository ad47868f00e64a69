"""What a person takes back is not used either for what already waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from core import clock, db
from core.clock import taipei_date
from notify.alerts import positions
from notify.campaigns import consents, runs, tallies
from notify.cap.decisions import decide_due
from notify.topics import facts, places
from tests.notify.campaigns.conftest import EVERYBODY, Desk, People, rows

AT = (22.631, 120.302)
HERE = {"circle": {"latitude": AT[0], "longitude": AT[1], "radius_m": 1000}}
ASKED: dict[str, dict[str, Any]] = {
    "fact": {"facts": [{"name": "has_car", "value": None}]},
    "place": {"districts": ["64000050"], "place_kinds": ["home"]},
    "position": {"near": HERE},
    "nothing": {},
}


def _give_up(what: str, person: UUID, now: datetime) -> None:
    with db.unit_of_work() as session:
        if what == "fact":
            facts.take_back(session, person, "has_car", now)
        elif what == "place":
            places.put(session, person, {"home": None, "work": "64000060"}, now)
        else:
            device = session.connection().exec_driver_sql(
                "SELECT id FROM notify.device WHERE person_id = %s", (person,)
            ).scalar_one()  # fmt: skip
            positions.forget(session, person_id=person, device_id=device, now=now)


def _run(desk: Desk, people: People, asked: str) -> tuple[Any, UUID, datetime]:
    found = people(desk.topic_id, 120, district="64000050", at=AT, fact=("has_car", ""))
    rows("INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
         "SELECT p, '00:00', '00:00', now() FROM unnest(CAST(:people AS uuid[])) AS p", people=found)  # fmt: skip
    desk.approved(audience=EVERYBODY | ASKED[asked])
    now = clock.now()
    runs.start_due(now)
    (run,) = rows("SELECT id FROM notify.run")
    return run, found[0], now


def _standing(person: UUID) -> tuple[str, str | None]:
    (row,) = rows("SELECT status, reason FROM notify.candidate WHERE person_id = :p", p=person)
    return row.status, row.reason


@pytest.mark.parametrize("what", ["fact", "place", "position"])
def test_what_waits_because_of_what_is_taken_back_is_withdrawn_and_of_nobody_else(
    desk: Desk, people: People, what: str
) -> None:
    run, person, now = _run(desk, people, what)
    _give_up(what, person, now)
    assert _standing(person) == ("withdrawn", consents.REASON)
    decide_due(now + timedelta(seconds=20))
    assert rows("SELECT id FROM notify.message WHERE person_id = :p", p=person) == []
    with db.unit_of_work() as session:
        counted = tallies.read(session, run.id)
    assert (counted["audience"], counted["withdrawn"], counted["sent"]) == (120, 1, 119)


def test_who_waited_for_another_day_does_not_wait_any_more(desk: Desk, people: People) -> None:
    run, person, now = _run(desk, people, "fact")
    rows("INSERT INTO notify.person_day (person_id, day, used) VALUES (:p, :day, 3)", p=person, day=taipei_date(now))
    decide_due(now + timedelta(seconds=20))
    assert _standing(person) == ("waiting", "cap")
    _give_up("fact", person, now)
    with db.unit_of_work() as session:
        counted = tallies.read(session, run.id)
    assert (counted["waiting_tomorrow"], counted["waited"], counted["withdrawn"], counted["sent"]) == (0, 1, 1, 119)


@pytest.mark.parametrize("what", ["fact", "place", "position"])
def test_a_delivery_that_has_not_left_is_withdrawn_too(desk: Desk, people: People, what: str) -> None:
    _, person, now = _run(desk, people, what)
    decide_due(now + timedelta(seconds=20))
    # As after a failed try: due again later.
    rows("UPDATE notify.delivery SET next_at = now() + interval '5 minutes'")
    _give_up(what, person, now)
    left = rows("SELECT d.status, d.last_error, count(*) AS n FROM notify.delivery d GROUP BY 1, 2 ORDER BY 1")
    assert [tuple(row) for row in left] == [("pending", None, 119), ("withdrawn", "consent_ended", 1)]


def test_what_asked_for_nothing_of_it_stays_and_what_they_still_meet(desk: Desk, people: People) -> None:
    _, person, now = _run(desk, people, "nothing")
    for what in ("fact", "place", "position"):
        _give_up(what, person, now)
    assert _standing(person) == ("waiting", None)
    wanted = EVERYBODY | {"districts": ["64000060"], "facts": [], "near": None}
    rows("UPDATE notify.content SET why = why || jsonb_build_object('audience', CAST(:a AS jsonb))",
         a=orjson.dumps(wanted).decode())  # fmt: skip
    _give_up("fact", person, now)
    assert _standing(person) == ("waiting", None), "they work in that district"
    with db.unit_of_work() as session:
        places.put(session, person, {}, now)
    assert _standing(person) == ("withdrawn", consents.REASON)


def test_the_run_keeps_for_whom_and_by_whom_it_was_agreed(desk: Desk, people: People) -> None:
    _run(desk, people, "fact")
    ((campaign,), (content,)) = rows("SELECT * FROM notify.campaign"), rows("SELECT why FROM notify.content")
    assert content.why["audience"] == campaign.audience
    assert content.why["written_by"] == str(campaign.written_by)
    assert content.why["approved_by"] == str(campaign.approved_by)


def _in_the_middle_of(
    monkeypatch: pytest.MonkeyPatch, do: Callable[[], object], meanwhile: Callable[[], object]
) -> None:
    """Begin `meanwhile` once `do` has done all but its last statement; both commit."""
    is_there, goes_on = threading.Event(), threading.Event()
    counted = {name: getattr(tallies, name) for name in ("add", "add_to_each")}

    def stop_here(session: Any, *more: Any) -> None:
        if threading.current_thread().name.startswith("first") and more[-1]:
            is_there.set()
            assert goes_on.wait(20)
        counted["add" if len(more) == 2 else "add_to_each"](session, *more)

    for name in counted:
        monkeypatch.setattr(tallies, name, stop_here)
    with ThreadPoolExecutor(1, "first") as first, ThreadPoolExecutor(1, "second") as second:
        doing = first.submit(do)
        assert is_there.wait(20)
        other = second.submit(meanwhile)
        _until_it_waits_or_is_done(other)
        goes_on.set()
        doing.result(20)
        other.result(20)


def _until_it_waits_or_is_done(other: Any) -> None:
    for _ in range(200):
        waiting = rows(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )  # fmt: skip
        if other.done() or waiting:
            return
        threading.Event().wait(0.02)
    raise AssertionError("it neither waits nor ends")


@pytest.mark.parametrize("what", ["fact", "place", "position"])
def test_what_is_taken_back_in_the_moment_in_which_it_finds_somebody_does_not_slip_in(
    desk: Desk, people: People, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    found = people(desk.topic_id, 120, district="64000050", at=AT, fact=("has_car", ""))
    desk.approved(audience=EVERYBODY | ASKED[what])
    now = clock.now()
    runs.begin_next(now)
    (run,) = rows("SELECT id FROM notify.run")
    _in_the_middle_of(monkeypatch, lambda: runs.resolve(run.id, now), lambda: _give_up(what, found[0], now))
    assert _standing(found[0]) == ("withdrawn", consents.REASON)
    assert len(rows("SELECT person_id FROM notify.candidate WHERE status = 'waiting'")) == 119


def test_while_somebody_takes_it_back_no_chunk_is_found_with_it(desk: Desk, people: People) -> None:
    found = people(desk.topic_id, 120, fact=("has_car", ""))
    desk.approved(audience=EVERYBODY | ASKED["fact"])
    now = clock.now()
    runs.begin_next(now)
    (run,) = rows("SELECT id FROM notify.run")
    with db.unit_of_work() as session:
        facts.take_back(session, found[0], "has_car", now)
        assert runs.resolve(run.id, now) == 0, "it is left for the next pass"
    assert runs.resolve(run.id, now) == 119


def test_what_is_taken_back_in_the_moment_of_the_decision_is_not_handed_over(
    desk: Desk, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, person, now = _run(desk, people, "fact")
    rows(
        "UPDATE notify.candidate SET not_before = :later WHERE person_id <> :p",
        later=now + timedelta(hours=1),
        p=person,
    )
    _in_the_middle_of(
        monkeypatch, lambda: decide_due(now + timedelta(seconds=20)), lambda: _give_up("fact", person, now)
    )
    of_person = rows(
        "SELECT d.status FROM notify.delivery d JOIN notify.message m ON m.id = d.message_id WHERE m.person_id = :p",
        p=person,
    )
    assert [row.status for row in of_person] == ["withdrawn"]
