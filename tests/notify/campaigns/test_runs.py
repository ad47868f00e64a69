"""Sending: begun once, resolved in chunks that a crash neither loses nor repeats, held, ended and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock, db
from core.clock import on_the_wire
from core.ids import parse_typeid
from notify.campaigns import campaigns, moves, runs, tallies, withdrawals
from notify.cap.decisions import decide_due
from notify.deliveries import send_due
from tests.notify.campaigns.conftest import Desk, People, rows
from tests.notify.conftest import RecordingProvider

MANY = 120


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(runs, "CHUNK", 40)
    monkeypatch.setattr(withdrawals, "CHUNK", 50)
    yield


@pytest.fixture(autouse=True)
def nobody_sleeps(desk: Desk) -> None:
    """Whatever the hour at which the tests run."""
    rows("ALTER TABLE notify.preference ALTER COLUMN quiet_from SET DEFAULT '00:00'")


def _awake(people: list[Any]) -> None:
    rows(
        "INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
        "SELECT p, '00:00', '00:00', now() FROM unnest(CAST(:people AS uuid[])) AS p",
        people=people,
    )


def _state(campaign: dict[str, Any]) -> str:
    return str(
        rows("SELECT state FROM notify.campaign WHERE id = :id", id=parse_typeid("cmp", campaign["id"]))[0].state
    )


def _run() -> Any:
    (run,) = rows("SELECT * FROM notify.run")
    return run


def _tallies(run: Any) -> dict[str, int]:
    with db.unit_of_work() as session:
        return {what: n for what, n in tallies.read(session, run.id).items() if n}


def test_a_campaign_is_sent_to_everybody_it_means_and_is_done(desk: Desk, people: People, small_chunks: None) -> None:
    _awake(everyone := people(desk.topic_id, MANY))
    _awake(without := people(desk.topic_id, 3, devices=False))
    campaign = desk.approved()
    now = clock.now()
    runs.start_due(now)
    run = _run()
    assert run.status == "deciding" and run.resolved_at is not None and _state(campaign) == "sending"
    assert _tallies(run) == {"audience": MANY + 3, "unreachable": 3}
    found = rows("SELECT person_id, priority, not_before, deadline FROM notify.candidate")
    assert {row.person_id for row in found} == {*everyone, *without}
    assert {(row.priority, row.deadline) for row in found} == {(2, run.deadline)}
    decide_due(now + timedelta(seconds=20))
    assert _tallies(run)["sent"] == MANY + 3
    rows("UPDATE notify.delivery SET status = 'handed_over', settled_at = now(), provider_name = 'p'")
    runs.start_due(now + timedelta(seconds=21))
    assert _state(campaign) == "done"
    report = desk.editor.call("GET", f"{desk.at(campaign)}/report").json
    assert report["totals"]["sent"]["value"] % 10 == 0 and report["runs"][0]["status"] == "done"
    lines = desk.editor.call("GET", f"{desk.at(campaign)}/report?format=csv").text.splitlines()
    assert lines[0].startswith("campaign,run,begun_at") and lines[1].startswith(campaign["id"]) and len(lines) == 2


def test_two_workers_never_begin_the_same_run(desk: Desk, people: People, small_chunks: None) -> None:
    _awake(people(desk.topic_id, MANY))
    for _ in range(3):
        desk.approved()
    now = clock.now()
    with ThreadPoolExecutor(6) as workers:
        list(workers.map(lambda _: runs.start_due(now), range(6)))
    assert len(rows("SELECT id FROM notify.run")) == 3
    for run in rows("SELECT * FROM notify.run"):
        runs.resolve(run.id, now)
        assert _tallies(run)["audience"] == MANY
    assert len(rows("SELECT run_id FROM notify.candidate")) == 3 * MANY
    with pytest.raises(Exception, match="run_once_for_each_moment"):
        rows("INSERT INTO notify.run (id, campaign_id, content_id, scheduled_for, round_at, deadline, begun_at) "
             "SELECT gen_random_uuid(), campaign_id, content_id, scheduled_for, round_at, deadline, begun_at "
             "FROM notify.run")  # fmt: skip


def test_a_run_that_cannot_go_on_keeps_no_other_waiting(desk: Desk, people: People) -> None:
    _awake(people(desk.topic_id, MANY))
    first, second = desk.approved(), desk.approved()
    now = clock.now()
    broken = parse_typeid("cmp", first["id"])
    rows("UPDATE notify.campaign SET next_run_at = next_run_at - interval '1 hour' WHERE id = :id", id=broken)
    assert runs.begin_next(now)
    rows('UPDATE notify.campaign SET audience = \'{"near": {"circle": {}}}\' WHERE id = :id', id=broken)
    runs.start_due(now)
    states = {row.campaign_id: row.status for row in rows("SELECT campaign_id, status FROM notify.run")}
    assert states == {broken: "resolving", parse_typeid("cmp", second["id"]): "deciding"}


def test_a_crash_between_or_within_chunks_loses_nobody_and_counts_nobody_twice(
    desk: Desk, people: People, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _awake(everyone := people(desk.topic_id, MANY))
    desk.approved()
    now = clock.now()
    runs.begin_next(now)
    run = _run()
    assert runs.resolve_chunk(run.id, now, 40) == runs.Chunk(40, False)

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(tallies, "add", crash)
        runs.resolve_chunk(run.id, now, 40)
    after = _run()
    assert after.resolved_to == everyone[39] and _tallies(run) == {"audience": 40}
    assert len(rows("SELECT run_id FROM notify.candidate")) == 40
    runs.start_due(now + timedelta(seconds=1))
    assert _run().status == "deciding" and _tallies(run) == {"audience": MANY}
    assert len(rows("SELECT run_id FROM notify.candidate")) == MANY


def test_an_audience_of_few_is_found_in_wider_steps(desk: Desk, people: People, small_chunks: None) -> None:
    people(desk.topic_id, 400)
    few = people(desk.topic_id, 60, fact=("has_car", ""))
    _awake(few)
    desk.approved(audience={"facts": [{"name": "has_car"}]})
    runs.start_due(clock.now())
    assert {row.person_id for row in rows("SELECT person_id FROM notify.candidate")} == set(few)


def test_after_the_deadline_nothing_is_sent(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    now = clock.now()
    campaign = desk.approved(
        schedule={"kind": "at", "at": on_the_wire(now + timedelta(hours=2))},
        deadline=on_the_wire(now + timedelta(hours=3)),
    )
    runs.start_due(now + timedelta(hours=1))
    assert _state(campaign) == "scheduled"
    runs.start_due(now + timedelta(hours=3))
    assert _state(campaign) == "done" and rows("SELECT id FROM notify.run") == []
    history = desk.editor.call("GET", desk.at(campaign)).json["history"]
    assert history[-1]["what"] == "too_late" and history[-1]["by"] is None


def test_words_that_changed_behind_the_approval_are_not_sent(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    campaign = desk.approved()
    rows("UPDATE notify.campaign SET content = jsonb_set(content, '{zh,title}', '\"別的字\"')")
    runs.start_due(clock.now())
    assert rows("SELECT id FROM notify.run") == [] and _state(campaign) == "done"
    assert desk.editor.call("GET", desk.at(campaign)).json["history"][-1]["what"] == "stopped"


def test_a_weekly_campaign_is_sent_each_week_and_each_replaces_the_one_before(desk: Desk, people: People) -> None:
    _awake(people(desk.topic_id, MANY))
    now = clock.now()
    weekdays = {"kind": "recurring", "every": "day", "at": "12:00", "until": f"{(now + timedelta(days=9)):%Y-%m-%d}"}
    campaign = desk.approved(schedule=weekdays)
    first = datetime.fromisoformat(campaign["next_run_at"])
    runs.start_due(first)
    run = _run()
    assert run.scheduled_for == first and run.deadline == first + timedelta(days=1)
    assert desk.editor.call("GET", desk.at(campaign)).json["next_run_at"] == on_the_wire(first + timedelta(days=1))
    decide_due(first + timedelta(seconds=20))
    rows("UPDATE notify.delivery SET status = 'withdrawn', settled_at = now()")
    runs.start_due(first + timedelta(seconds=30))
    assert _state(campaign) == "scheduled"
    # An outage of three days: the one that was missed is made up for once, not three times.
    runs.start_due(first + timedelta(days=3, hours=1))
    assert len(rows("SELECT id FROM notify.run")) == 2
    assert desk.editor.call("GET", desk.at(campaign)).json["next_run_at"] == on_the_wire(first + timedelta(days=4))


def test_what_is_paused_waits_and_what_is_resumed_goes_on(desk: Desk, people: People) -> None:
    _awake(people(desk.topic_id, MANY))
    campaign = desk.approved()
    now = clock.now()
    runs.start_due(now)
    assert desk.editor.call("POST", f"{desk.at(campaign)}/pause", {}).json["state"] == "paused"
    assert _run().is_held
    decide_due(now + timedelta(seconds=20))
    assert rows("SELECT id FROM notify.message") == []
    assert desk.editor.call("POST", f"{desk.at(campaign)}/resumption", {}).json["state"] == "sending"
    decide_due(now + timedelta(seconds=40))
    assert len(rows("SELECT id FROM notify.message")) == MANY


def test_what_is_cancelled_before_it_began_never_begins(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    campaign = desk.approved()
    desk.publisher.call("POST", f"{desk.at(campaign)}/cancellation", {})
    runs.start_due(clock.now())
    assert rows("SELECT id FROM notify.run") == []


def test_a_recall_takes_back_what_waits_what_is_on_its_way_and_what_people_have(
    desk: Desk, people: People, small_chunks: None
) -> None:
    _awake(people(desk.topic_id, MANY))
    campaign = desk.approved()
    now = clock.now()
    runs.start_due(now)
    # Half of them cannot be decided on yet.
    rows("UPDATE notify.candidate SET not_before = :later WHERE person_id IN "
         "(SELECT person_id FROM notify.candidate ORDER BY person_id LIMIT 60)", later=now + timedelta(hours=5))  # fmt: skip
    decide_due(now + timedelta(seconds=20))
    rows("UPDATE notify.delivery SET status = 'handed_over', settled_at = now(), provider_name = 'p' WHERE id IN "
         "(SELECT id FROM notify.delivery ORDER BY id LIMIT 10)")  # fmt: skip
    answer = desk.editor.call("POST", f"{desk.at(campaign)}/recall", {"reason": "日期寫錯了"})
    assert answer.status_code == 200 and answer.json["state"] == "recalled"
    # One more is in the hands of a sender at this moment.
    later = now + timedelta(seconds=60)
    rows("UPDATE notify.delivery SET next_at = :leased WHERE id = (SELECT id FROM notify.delivery "
         "WHERE status = 'pending' LIMIT 1)", leased=later + timedelta(seconds=30))  # fmt: skip
    withdrawals.withdraw_stopped(later)
    decide_due(later)
    assert rows("SELECT id FROM notify.message WHERE recalled_at IS NULL") == []
    by_status = {row.status: row.n for row in rows("SELECT status, count(*) AS n FROM notify.delivery GROUP BY 1")}
    assert by_status == {"handed_over": 10, "withdrawn": MANY - 71, "pending": 1}
    assert {row.status for row in rows("SELECT status FROM notify.candidate WHERE person_id NOT IN "
                                       "(SELECT person_id FROM notify.message)")} == {"withdrawn"}  # fmt: skip
    assert _run().withdrawn_at is None, "a decision that was in hand may still commit"
    late = rows("SELECT person_id, id FROM notify.message LIMIT 1")[0]
    rows("UPDATE notify.message SET recalled_at = NULL WHERE id = :id", id=late.id)
    withdrawals.withdraw_stopped(later + timedelta(seconds=120))
    assert rows("SELECT id FROM notify.delivery WHERE status = 'pending'") == []
    assert _run().withdrawn_at is not None and _run().stop_reason == "日期寫錯了"
    assert rows("SELECT id FROM notify.message WHERE recalled_at IS NULL") == []


def test_a_reason_for_a_recall_keeps_the_rules_of_words(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    campaign = desk.approved()
    answer = desk.editor.call("POST", f"{desk.at(campaign)}/recall", {"reason": "見 www.evil.com"})
    assert answer.status_code == 422 and answer.json["errors"][0]["pointer"] == "/reason"


def test_a_recall_while_it_is_being_resolved_stops_it(desk: Desk, people: People, small_chunks: None) -> None:
    people(desk.topic_id, MANY)
    campaign = desk.approved()
    now = clock.now()
    runs.begin_next(now)
    run = _run()
    runs.resolve_chunk(run.id, now, 40)
    with db.unit_of_work() as session:
        moves.recall(
            session, by=desk.editor.actor, campaign_id=parse_typeid("cmp", campaign["id"]), reason="錯了", now=now
        )
    assert runs.resolve_chunk(run.id, now, 40) is None
    with db.unit_of_work() as session:
        assert campaigns.read(session, parse_typeid("cmp", campaign["id"])).state == "recalled"


def _statuses() -> dict[str, int]:
    return {row.status: row.n for row in rows("SELECT status, count(*) AS n FROM notify.delivery GROUP BY 1")}


@pytest.fixture
def on_its_way(desk: Desk, people: People, provider: RecordingProvider) -> dict[str, Any]:
    """A campaign that everybody has been decided on, and nothing of it handed over."""
    _awake(people(desk.topic_id, MANY))
    campaign = desk.approved()
    runs.start_due(clock.now())
    decide_due(clock.now() + timedelta(seconds=20))
    runs.start_due(clock.now() + timedelta(seconds=21))
    assert _run().status == "done" and _statuses() == {"pending": MANY} and _state(campaign) == "sending"
    return campaign


def test_a_pause_holds_what_is_on_its_way_and_resumed_it_goes_at_once(desk: Desk, on_its_way: dict[str, Any]) -> None:
    desk.editor.call("POST", f"{desk.at(on_its_way)}/pause", {})
    later = clock.now() + timedelta(seconds=30)
    send_due(later)
    held = {row.last_error for row in rows("SELECT last_error FROM notify.delivery WHERE status = 'pending'")}
    assert _statuses() == {"pending": MANY} and held == {"held"}
    assert send_due(later + timedelta(seconds=60)) == 0, "what is held is not looked at again and again"
    leased = rows("UPDATE notify.delivery SET next_at = :then WHERE id = (SELECT id FROM notify.delivery LIMIT 1) "
                  "RETURNING id, next_at", then=clock.now() + timedelta(seconds=20))  # fmt: skip
    assert desk.editor.call("POST", f"{desk.at(on_its_way)}/resumption", {}).json["state"] == "sending"
    assert rows("SELECT id, next_at FROM notify.delivery WHERE next_at > :now", now=clock.now()) == leased
    rows("UPDATE notify.delivery SET status = 'handed_over', settled_at = now(), provider_name = 'p'")
    runs.start_due(later)
    assert _state(on_its_way) == "done"


def test_what_is_cancelled_withdraws_what_is_on_its_way_and_what_was_held(
    desk: Desk, on_its_way: dict[str, Any]
) -> None:
    desk.editor.call("POST", f"{desk.at(on_its_way)}/pause", {})
    send_due(clock.now() + timedelta(seconds=30))
    answer = desk.publisher.call("POST", f"{desk.at(on_its_way)}/cancellation", {})
    assert answer.json["state"] == "cancelled" and _run().status == "stopped"
    withdrawals.withdraw_stopped(clock.now())
    assert _statuses() == {"withdrawn": MANY}


def test_what_is_resumed_when_nothing_of_it_is_left_is_done(desk: Desk, on_its_way: dict[str, Any]) -> None:
    desk.editor.call("POST", f"{desk.at(on_its_way)}/pause", {})
    rows("UPDATE notify.delivery SET status = 'withdrawn', settled_at = now()")
    assert desk.editor.call("POST", f"{desk.at(on_its_way)}/resumption", {}).json["state"] == "sending"
    runs.start_due(clock.now())
    assert _state(on_its_way) == "done"


def test_a_run_that_is_held_does_not_end_before_it_goes_on(desk: Desk, people: People) -> None:
    _awake(people(desk.topic_id, MANY))
    campaign = desk.approved()
    runs.start_due(clock.now())
    desk.editor.call("POST", f"{desk.at(campaign)}/pause", {})
    rows("UPDATE notify.candidate SET status = 'withdrawn', decided_at = now()")
    decide_due(clock.now() + timedelta(seconds=20))
    assert _run().status == "deciding"
    desk.editor.call("POST", f"{desk.at(campaign)}/resumption", {})
    decide_due(clock.now() + timedelta(seconds=20))
    assert (_run().status, _run().is_held) == ("done", False)
