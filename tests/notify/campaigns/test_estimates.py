"""Estimates: what would become of an audience, in numbers from which nobody can be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import clock, db
from core.ids import parse_typeid
from notify.campaigns import campaigns, estimates, forecasts, runs, tallies
from notify.campaigns.errors import EstimatesUsedUp
from notify.cap.decisions import decide_due
from tests.notify.campaigns.conftest import Desk, People, rows

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def _counted(desk: Desk, campaign: dict[str, Any], at: datetime) -> dict[str, int]:
    with db.unit_of_work() as session:
        found = campaigns.get(session, by=desk.editor.actor, campaign_id=parse_typeid("cmp", campaign["id"]))
        return forecasts.counted(session, found, at=at, now=at)


def _prefer(person: Any, **chosen: Any) -> None:
    names = ", ".join(chosen)
    values = ", ".join(f":{name}" for name in chosen)
    rows(f"INSERT INTO notify.preference (person_id, updated_at, {names}) VALUES (:person, now(), {values})",
         person=person, **chosen)  # fmt: skip


def test_sleep_the_cap_the_deadline_and_missing_devices_are_each_counted(desk: Desk, people: People) -> None:
    everyone = people(desk.topic_id, 10)
    people(desk.topic_id, 3, devices=False)
    asleep, capped, never, tokyo = everyone[0], everyone[1], everyone[2], everyone[3]
    _prefer(asleep, quiet_from="11:00", quiet_until="15:00")
    _prefer(tokyo, quiet_from="13:00", quiet_until="14:00", timezone="Asia/Tokyo")
    _prefer(never, daily_cap=0)
    rows("INSERT INTO notify.person_day (person_id, day, used) VALUES (:p, '2026-11-21', 3)", p=capped)
    rows("INSERT INTO notify.person_day (person_id, day, used) VALUES (:p, '2026-11-20', 3)", p=everyone[4])
    campaign = desk.written()
    found = _counted(desk, campaign, NOON)
    assert found == {
        "audience": 13, "reachable": 10, "unreachable": 3, "asleep_now": 2, "capped": 2, "expired": 0,
        "would_send_today": 8, "would_wait": 1, "would_digest": 1,
    }  # fmt: skip
    rows("UPDATE notify.campaign SET deadline = :soon", soon=NOON + timedelta(hours=2))
    found = _counted(desk, campaign, NOON)
    assert (found["expired"], found["would_wait"], found["would_digest"]) == (1, 0, 2)


def _reach_by_line(people: list[Any]) -> None:
    rows("UPDATE notify.device SET kind = 'line' WHERE person_id = ANY(CAST(:people AS uuid[]))", people=people)


@pytest.mark.parametrize(
    ("channels", "reachable"),
    [
        ({}, 60),
        ({"line": True, "budget_twd": 100}, 64),
        ({"sms": True, "budget_twd": 100}, 67),
        ({"sms": True, "line": True, "budget_twd": 5}, 65),
    ],
)
def test_what_is_estimated_counted_and_delivered_agree_on_whom_it_reaches(
    desk: Desk, people: People, channels: dict[str, Any], reachable: int
) -> None:
    rows("UPDATE notify.topic SET channels = '{push,sms,line}'")
    everyone = people(desk.topic_id, 60) + (by_line := people(desk.topic_id, 4))
    _reach_by_line(by_line)
    everyone += people(desk.topic_id, 3, devices=False)
    for person in everyone:
        _prefer(person, quiet_from="00:00", quiet_until="00:00")
    campaign = desk.written(channels=channels)
    now = clock.now() + timedelta(minutes=1)
    found = _counted(desk, campaign, now)
    assert (found["reachable"], found["unreachable"], found["would_send_today"]) == (
        reachable,
        67 - reachable,
        reachable,
    )
    rows("UPDATE notify.campaign SET state = 'scheduled', next_run_at = now(), approved_by = gen_random_uuid(), "
         "submitted_by = gen_random_uuid(), approved_hash = '\\x00'")  # fmt: skip
    rows("UPDATE notify.campaign SET approved_hash = :hash",
         hash=bytes.fromhex(desk.editor.call("GET", desk.at(campaign)).json["hash"]))  # fmt: skip
    runs.start_due(now)
    decide_due(now + timedelta(seconds=20))
    (run,) = rows("SELECT id FROM notify.run")
    with db.unit_of_work() as session:
        counted = tallies.read(session, run.id)
    (rung,) = rows(
        "SELECT count(DISTINCT m.person_id) AS n FROM notify.delivery d JOIN notify.message m ON m.id = d.message_id"
    )
    assert rung.n == reachable
    assert (counted["sent"], counted["unreachable"]) == (67, 67 - reachable)


def test_what_a_campaign_pays_for_changes_whom_it_reaches_and_tells_nothing_more_of_its_audience(
    desk: Desk, people: People
) -> None:
    rows("UPDATE notify.topic SET channels = '{push,sms,line}'")
    people(desk.topic_id, 60)
    _reach_by_line(people(desk.topic_id, 100))
    free = desk.editor.call("POST", f"{desk.at(desk.written())}/estimate", {}).json
    paid = desk.written(channels={"line": True, "budget_twd": 1000})
    found = desk.editor.call("POST", f"{desk.at(paid)}/estimate", {}).json
    assert free["audience"] == found["audience"]
    assert 40 <= free["reachable"]["value"] <= 80 and 140 <= found["reachable"]["value"] <= 180


def test_an_estimate_is_round_sticky_and_says_what_each_reason_does(desk: Desk, people: People) -> None:
    people(desk.topic_id, 150)
    campaign = desk.written()
    first = desk.editor.call("POST", f"{desk.at(campaign)}/estimate", {}).json
    assert 120 <= first["audience"]["value"] <= 180 and first["audience"]["value"] % 10 == 0
    assert first["audience"]["text"] == f"約 {first['audience']['value']}"
    assert first["unreachable"] == {"text": "少於 20", "value": None}
    assert {each["reason"] for each in first["by_reason"]} == {"asleep", "cap", "deadline", "unreachable"}
    people(desk.topic_id, 100)
    again = desk.publisher.call("POST", f"{desk.at(campaign)}/estimate", {}).json
    same = desk.editor.call("POST", f"{desk.at(desk.written(name='又一則'))}/estimate", {}).json
    other = desk.editor.call("POST", f"{desk.at(desk.written(priority='low'))}/estimate", {}).json
    assert again == first == same
    assert other["audience"] == first["audience"], "another hour or priority tells nothing more of the audience"
    rows("DELETE FROM notify.estimate")
    assert desk.editor.call("POST", f"{desk.at(campaign)}/estimate", {}).json["audience"] != first["audience"]


def test_a_count_under_twenty_says_so_and_is_not_sent_to(desk: Desk, people: People) -> None:
    campaign = desk.written()
    for more in (0, 1, 18):
        people(desk.topic_id, more)
        rows("DELETE FROM notify.estimate")
        estimate = desk.editor.call("POST", f"{desk.at(campaign)}/estimate", {}, language="en").json
        shown = {name for name, count in estimate.items() if isinstance(count, dict) and count["value"] is not None}
        assert shown == set() and estimate["audience"]["text"] == "under 20"
        answer = desk.editor.call("POST", f"{desk.at(campaign)}/submission", {})
        assert (answer.status_code, answer.json["type"].rsplit("/", 1)[1]) == (409, "audience-too-small")


def test_those_whom_one_thing_concerns_may_be_few(desk: Desk, people: People) -> None:
    rows("INSERT INTO notify.subject (subject, kind, bureau, name_zh, name_en, opened_at) "
         "VALUES ('roadworks:7', 'roadworks', 'public_works', '工程', 'Works', now())")  # fmt: skip
    people(desk.topic_id, 3, subject="roadworks:7")
    campaign = desk.submitted(audience={"subject": "roadworks:7"})
    assert campaign["state"] == "submitted" and campaign["audience"]["subject"] == "roadworks:7"


def test_an_officer_and_a_bureau_ask_only_so_many_different_questions_a_day(
    desk: Desk, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "MOST_OF_OFFICER", 3)
    monkeypatch.setattr(estimates, "MOST_OF_BUREAU", 5)
    people(desk.topic_id, 30)
    written = [desk.written(audience={"districts": [f"64000{n}"]}) for n in range(110, 260, 10)]

    def ask(officer: Any, number: int) -> int:
        answer = officer.call("POST", f"{desk.at(written[number])}/estimate", {})
        assert answer.status_code == 200 or answer.headers["Retry-After"]
        return int(answer.status_code)

    assert [ask(desk.editor, number) for number in (0, 1, 2, 3, 0, 1)] == [200, 200, 200, 429, 200, 200]
    assert [ask(desk.publisher, number) for number in (0, 3, 4, 5)] == [200, 200, 200, 429]
    assert [ask(desk.other_publisher, number) for number in (4, 5)] == [200, 429], "the bureau has asked five"
    with pytest.raises(EstimatesUsedUp), db.unit_of_work() as session:
        found = campaigns.get(session, by=desk.editor.actor, campaign_id=parse_typeid("cmp", written[6]["id"]))
        estimates.of_campaign(session, found, by=desk.editor.actor, now=datetime.now(UTC))
