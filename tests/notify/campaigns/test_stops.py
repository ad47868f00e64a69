"""What two persons agreed on and is not sent after all: a rule has changed, or too few are left. Its writers are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock, db
from core.ids import parse_typeid
from notify.campaigns import campaigns, runs, stops, withdrawals
from notify.cap.decisions import decide_due
from tests.notify.campaigns.conftest import EVERYBODY, Desk, People, rows

MANY = 120
WITH_CAR = EVERYBODY | {"facts": [{"name": "has_car", "value": None}]}


def _state(desk: Desk, campaign: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    shown = desk.editor.call("GET", desk.at(campaign)).json
    return shown["state"], [(line["what"], line["note"]) for line in shown["history"] if line["by"] is None]


def _daily(now: datetime) -> dict[str, Any]:
    return {"kind": "recurring", "every": "day", "at": "12:00", "until": f"{(now + timedelta(days=9)):%Y-%m-%d}"}


def test_an_audience_that_has_become_too_few_is_not_sent_to_and_the_writer_reads_why(
    desk: Desk, people: People
) -> None:
    found = people(desk.topic_id, MANY, fact=("has_car", ""))
    campaign = desk.approved(audience=WITH_CAR)
    rows("DELETE FROM notify.fact WHERE person_id <> ALL(CAST(:left AS uuid[]))", left=found[:12])
    now = clock.now()
    runs.start_due(now)
    (run,) = rows("SELECT status, ended_at, stop_reason FROM notify.run")
    assert (run.status, run.ended_at, run.stop_reason) == ("stopped", now, None)
    for seconds in (20, 40, 140):
        decide_due(now + timedelta(seconds=seconds))
        withdrawals.withdraw_stopped(now + timedelta(seconds=seconds))
        runs.start_due(now + timedelta(seconds=seconds))
    assert rows("SELECT id FROM notify.message") == [] and rows("SELECT id FROM notify.delivery") == []
    assert {row.status for row in rows("SELECT status FROM notify.candidate")} == {"withdrawn"}
    state, history = _state(desk, campaign)
    assert state == "done" and [what for what, _ in history] == ["begun", "stopped"]
    assert history[-1][1] == stops.REASONS[stops.TOO_FEW].zh
    (line,) = rows("SELECT note FROM notify.campaign_event WHERE what = 'stopped'")
    assert stops.told(line.note, "en") == stops.REASONS[stops.TOO_FEW].en


def test_of_one_that_comes_again_only_the_sending_to_too_few_is_left_out(desk: Desk, people: People) -> None:
    found = people(desk.topic_id, MANY)
    campaign = desk.approved(schedule=_daily(clock.now()))
    first = datetime.fromisoformat(campaign["next_run_at"])
    rows("UPDATE notify.subscription SET status = 'ended', ended_at = now(), ended_how = 'citizen' "
         "WHERE person_id <> ALL(CAST(:left AS uuid[]))", left=found[:12])  # fmt: skip
    runs.start_due(first)
    assert _state(desk, campaign)[0] == "scheduled"
    people(desk.topic_id, MANY)
    runs.start_due(first + timedelta(days=1))
    assert [row.status for row in rows("SELECT status FROM notify.run ORDER BY begun_at")] == ["stopped", "deciding"]


def test_few_whom_one_thing_concerns_are_sent_to(desk: Desk, people: People) -> None:
    subject = "roadworks:test-1"
    rows("INSERT INTO notify.subject (subject, kind, bureau, name_zh, name_en, opened_at) "
         "VALUES (:s, 'roadworks', 'public_works', '工程', 'Works', now())", s=subject)  # fmt: skip
    people(desk.topic_id, 3, subject=subject)
    desk.approved(audience=EVERYBODY | {"subject": subject})
    runs.start_due(clock.now())
    assert [row.status for row in rows("SELECT status FROM notify.run")] == ["deciding"]


CHANGES = [
    ("topic", "UPDATE notify.topic SET status = 'closed' WHERE code = 'test.works'"),
    ("audience", "UPDATE notify.topic SET facts = '{commutes}' WHERE code = 'test.works'"),
    ("priority", "UPDATE notify.topic SET highest_priority = 1 WHERE code = 'test.works'"),
    ("channels", "UPDATE notify.topic SET channels = '{push}' WHERE code = 'test.works'"),
]


@pytest.mark.parametrize(("broken", "change"), CHANGES)
def test_each_sending_is_held_against_the_topic_s_rules_of_its_own_day(
    desk: Desk, people: People, broken: str, change: str
) -> None:
    people(desk.topic_id, MANY, fact=("has_car", ""))
    campaign = desk.approved(
        schedule=_daily(clock.now()), audience=WITH_CAR, channels={"sms": True, "line": False, "budget_twd": 100}
    )
    first = datetime.fromisoformat(campaign["next_run_at"])
    runs.start_due(first)
    assert len(rows("SELECT id FROM notify.run WHERE status = 'deciding'")) == 1
    rows("UPDATE notify.run SET status = 'done', ended_at = now()")
    rows(change)
    runs.start_due(first + timedelta(days=1))
    assert len(rows("SELECT id FROM notify.run")) == 1
    state, history = _state(desk, campaign)
    assert (state, history[-1]) == ("done", ("stopped", stops.REASONS[broken].zh))
    with db.unit_of_work() as session:
        assert campaigns.read(session, parse_typeid("cmp", campaign["id"])).next_run_at is None


def test_a_thing_that_is_over_is_not_told_of_again(desk: Desk, people: People) -> None:
    subject = "roadworks:test-2"
    rows("INSERT INTO notify.subject (subject, kind, bureau, name_zh, name_en, opened_at) "
         "VALUES (:s, 'roadworks', 'public_works', '工程', 'Works', now())", s=subject)  # fmt: skip
    people(desk.topic_id, MANY, subject=subject)
    campaign = desk.approved(schedule=_daily(clock.now()), audience=EVERYBODY | {"subject": subject})
    rows("UPDATE notify.subject SET closed_at = now() WHERE subject = :s", s=subject)
    runs.start_due(datetime.fromisoformat(campaign["next_run_at"]))
    assert rows("SELECT id FROM notify.run") == []
    assert _state(desk, campaign)[1][-1] == ("stopped", stops.REASONS["audience"].zh)
