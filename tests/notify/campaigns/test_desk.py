"""What a desk has beside the campaign itself: templates, previews, one's own phone, and the city's view."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.ids import parse_typeid
from notify.campaigns import desk_phones, reports, runs, tallies, withdrawals
from notify.cap.decisions import decide_due
from notify.receipts import receipts
from notify.topics import subscriptions
from tests.notify.campaigns.conftest import CONTENT, Desk, People, rows


@pytest.fixture
def mei(client: FlaskClient) -> SignedIn:
    return sign_in(client)


def test_templates_are_the_bureau_s_own_and_keep_the_rules_of_words(desk: Desk) -> None:
    body = {"name": "市集", "topic": desk.topic, "content": CONTENT}
    made = desk.editor.call("POST", "/v1/bureau/campaign-templates", body)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    address = f"/v1/bureau/campaign-templates/{made.json['id']}"
    assert desk.publisher.call("GET", "/v1/bureau/campaign-templates").json["items"] == [made.json]
    stranger = signed_in_officer(desk.client, "editor", bureau="education")
    assert stranger.call("GET", "/v1/bureau/campaign-templates").json["items"] == []
    assert stranger.call("DELETE", address, If_Match='"1"').status_code == 404
    changed = desk.publisher.call("PUT", address, {**body, "name": "夜市"}, If_Match='"1"')
    assert (changed.json["name"], changed.json["version"]) == ("夜市", 2)
    assert desk.editor.call("PUT", address, body, If_Match='"1"').status_code == 412
    assert desk.editor.call("PUT", address, body).status_code == 428
    wrong = {**body, "content": {**CONTENT, "link": "https://evil.com"}}
    assert desk.editor.call("POST", "/v1/bureau/campaign-templates", wrong).status_code == 422
    assert desk.editor.call("DELETE", address, If_Match='"2"').status_code == 204
    assert desk.editor.call("GET", "/v1/bureau/campaign-templates").json["items"] == []


def test_a_preview_is_cut_as_a_lock_screen_cuts_it(desk: Desk) -> None:
    long = {
        "zh": {"title": "本週末的市集", "body": "一" * 100},
        "en": {"title": "A market this weekend", "body": "a market " * 24 + "end"},
    }
    campaign = desk.written(content={**CONTENT, **long})
    chinese, english = desk.editor.call("GET", f"{desk.at(campaign)}/preview").json["items"]
    assert chinese["lock_screen"] == {"title": "本週末的市集", "lines": ["一" * 20] * 3 + ["一" * 19 + "…"]}
    assert english["lock_screen"]["lines"][0] == "a market a market a market a market a"
    assert english["lock_screen"]["lines"][-1].endswith("…")
    assert all(len(line) <= 40 for line in english["lock_screen"]["lines"])


def test_a_test_goes_to_one_s_own_phone_alone_once_it_is_linked(desk: Desk, mei: SignedIn, people: People) -> None:
    people(desk.topic_id, 30)
    campaign = desk.written()
    refused = desk.editor.call("POST", f"{desk.at(campaign)}/test-message", {})
    assert refused.status_code == 409 and refused.json["type"].endswith("no-phone-linked")
    mei.call("POST", "/v1/devices", {"kind": "fid", "address": "dQw4w9WgXcQ-0123456789"})
    code = desk.editor.call("POST", "/v1/bureau/test-phone/code", {}).json["code"]
    assert mei.call("POST", "/v1/test-devices", {"code": "0000-0000-0000"}).status_code == 422
    typed = code.lower().replace("-", " ")
    asked = mei.call("POST", "/v1/test-devices", {"code": typed}, language="en")
    assert (asked.status_code, asked.json["staff_number"]) == (200, desk.editor.staff_number)
    assert (asked.json["officer_name"], asked.json["bureau_name"]) == ("測試承辦", "Public Works Bureau")
    confirmation = f"/v1/test-devices/{asked.json['id']}/confirmation"
    stranger = sign_in(desk.client, "B123456780", "0987654321")
    assert stranger.call("POST", "/v1/test-devices", {"code": typed}).status_code == 422, "it is Mei's now"
    assert stranger.call("POST", confirmation, {}).status_code == 422
    assert not desk.editor.call("GET", "/v1/bureau/test-phone").json["is_linked"], "nobody has agreed yet"
    assert desk.editor.call("POST", f"{desk.at(campaign)}/test-message", {}).status_code == 409
    assert mei.call("POST", confirmation, {}).status_code == 204
    assert mei.call("POST", confirmation, {}).status_code == 422, "a code is used once"
    assert desk.editor.call("GET", "/v1/bureau/test-phone").json["is_linked"]
    (linked,) = mei.call("GET", "/v1/test-devices").json["items"]
    assert (linked["id"], linked["staff_number"]) == (asked.json["id"], desk.editor.staff_number)
    assert stranger.call("DELETE", f"/v1/test-devices/{linked['id']}").status_code == 404
    sent = desk.editor.call("POST", f"{desk.at(campaign)}/test-message", {})
    assert (sent.status_code, sent.json["own_phones"]) == (201, 1)
    *_, line = desk.publisher.call("GET", desk.at(campaign)).json["history"]
    assert (line["what"], line["by"], line["own_phones"], line["to_state"]) == ("tested", "測試承辦", 1, "draft")
    (message,) = mei.call("GET", "/v1/inbox", language="en").json["items"]
    assert (message["id"], message["kind"]) == (sent.json["message_id"], "test")
    assert message["title"] == "[Test] A market this weekend"
    assert "nobody else got it" in str(mei.call("GET", f"/v1/inbox/{message['id']}/why", language="en").json)
    assert len(rows("SELECT id FROM notify.delivery")) == 1 and len(rows("SELECT id FROM notify.message")) == 1
    assert mei.call("DELETE", f"/v1/test-devices/{linked['id']}").status_code == 204
    assert desk.editor.call("POST", f"{desk.at(campaign)}/test-message", {}).status_code == 409


def test_a_phone_takes_so_many_tests_of_an_officer_an_hour(
    desk: Desk, mei: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_phones, "TESTS", replace(desk_phones.TESTS, tries=2))
    campaign = desk.written()
    for officer in (desk.editor, desk.publisher):
        code = officer.call("POST", "/v1/bureau/test-phone/code", {}).json["code"]
        asked = mei.call("POST", "/v1/test-devices", {"code": code}).json
        assert mei.call("POST", f"/v1/test-devices/{asked['id']}/confirmation", {}).status_code == 204
    tests = [desk.editor.call("POST", f"{desk.at(campaign)}/test-message", {}) for _ in range(3)]
    assert [test.status_code for test in tests] == [201, 201, 429]
    assert tests[2].json["type"].endswith("tests-used-up") and 0 < int(tests[2].headers["Retry-After"]) <= 3600
    assert desk.publisher.call("POST", f"{desk.at(campaign)}/test-message", {}).status_code == 201, "each has their own"
    whats = [line["what"] for line in desk.editor.call("GET", desk.at(campaign)).json["history"]]
    assert whats == ["written", "tested", "tested", "tested"]


def test_a_code_for_one_s_own_phone_lapses_and_a_newer_one_ends_it(desk: Desk, mei: SignedIn) -> None:
    older, newer = (desk.editor.call("POST", "/v1/bureau/test-phone/code", {}).json["code"] for _ in range(2))
    assert mei.call("POST", "/v1/test-devices", {"code": older}).status_code == 422
    asked = mei.call("POST", "/v1/test-devices", {"code": newer}).json
    rows("UPDATE notify.desk_phone_code SET expires_at = now()")
    assert mei.call("POST", "/v1/test-devices", {"code": newer}).status_code == 422
    assert mei.call("POST", f"/v1/test-devices/{asked['id']}/confirmation", {}).status_code == 422


def test_who_has_it_in_the_inbox_reads_that_it_was_withdrawn_and_why(desk: Desk, mei: SignedIn, people: People) -> None:
    people(desk.topic_id, 120)
    rows("INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how) "
         "VALUES (gen_random_uuid(), :p, :t, now(), 'citizen')", p=mei.person_id, t=desk.topic_id)  # fmt: skip
    rows("INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
         "VALUES (:p, '00:00', '00:00', now())", p=mei.person_id)  # fmt: skip
    campaign = desk.approved()
    now = clock.now()
    runs.start_due(now)
    decide_due(now + timedelta(seconds=20))
    assert mei.call("GET", "/v1/inbox").json["items"][0]["title"] == CONTENT["zh"]["title"]  # type: ignore[index]
    desk.editor.call("POST", f"{desk.at(campaign)}/recall", {"reason": "市集延期"})
    withdrawals.withdraw_stopped(clock.now())
    (message,) = mei.call("GET", "/v1/inbox").json["items"]
    assert message["recalled_at"] is not None and "市集延期" in message["body"]
    assert CONTENT["zh"]["body"] not in message["body"]  # type: ignore[index]


def test_the_city_sees_who_sends_how_much_by_week_and_no_small_number(desk: Desk, people: People) -> None:
    awake = people(desk.topic_id, 140)
    never = people(desk.topic_id, 80)
    rows("INSERT INTO notify.preference (person_id, quiet_from, quiet_until, daily_cap, updated_at) "
         "SELECT p, '00:00', '00:00', CASE WHEN p = ANY(CAST(:never AS uuid[])) THEN 0 ELSE 3 END, now() "
         "FROM unnest(CAST(:people AS uuid[])) AS p", people=awake + never, never=never)  # fmt: skip
    campaign = desk.approved()
    now = clock.now()
    runs.start_due(now)
    decide_due(now + timedelta(seconds=20))
    (run,) = rows("SELECT id FROM notify.run")
    with db.unit_of_work() as session:
        for row in session.execute(text("SELECT person_id, id FROM notify.message")).all()[:100]:
            receipts.opened_in_the_app(session, person_id=row.person_id, message_id=row.id, now=now)
        for row in session.execute(text("SELECT person_id, id FROM notify.subscription")).all()[:7]:
            subscriptions.end(session, person_id=row.person_id, subscription_id=row.id, now=now + timedelta(minutes=1))
    auditor = signed_in_officer(desk.client, "auditor")
    (line,) = auditor.call("GET", "/v1/bureau/sending?weeks=1").json["items"]
    assert (line["bureau"], line["topic"], line["runs"]) == ("public_works", desk.topic, 1)
    found: dict[str, Any] = line["counts"]
    assert 110 <= found["sent"]["value"] <= 170 and 70 <= found["opened"]["value"] <= 130
    assert found["unsubscribed"]["value"] is None
    assert 50 <= found["lost_to_cap"]["value"] <= 110
    city = desk.publisher.call("GET", "/v1/bureau/sending")
    assert city.status_code == 200
    assert all(each["is_open"] and each["name"] for each in city.json["channels"]) and len(city.json["channels"]) == 8
    rdec = signed_in_officer(desk.client, "operator", bureau="rdec")
    assert rdec.call("GET", "/v1/bureau/sending").status_code == 200
    for other in (desk.editor, signed_in_officer(desk.client, "operator", bureau="civil_affairs")):
        assert other.call("GET", "/v1/bureau/sending").status_code == 403
    progress = desk.editor.call("GET", f"{desk.at(campaign)}/progress").json
    assert progress["state"] == "sending" and progress["runs"][0]["counts"]["sent"]["value"] is not None
    with db.unit_of_work() as session:
        assert tallies.read(session, run.id)["unsubscribed"] == 7
        assert reports.of_city(session, weeks=1, now=now + timedelta(days=21)) == []
    assert parse_typeid("run", progress["runs"][0]["id"]) == run.id
    _is_told_alike_wherever_it_is_asked_for(desk, campaign, line["counts"])


def _is_told_alike_wherever_it_is_asked_for(desk: Desk, campaign: dict[str, Any], of_city: dict[str, Any]) -> None:
    """One noise for one question: nobody averages the report, its total, the CSV, the progress and the city's view."""
    report, progress = (desk.editor.call("GET", f"{desk.at(campaign)}/{what}").json for what in ("report", "progress"))
    (line,) = csv.DictReader(desk.editor.call("GET", f"{desk.at(campaign)}/report?format=csv").text.splitlines())
    told = [report["totals"], report["runs"][0]["counts"], progress["totals"], progress["runs"][0]["counts"]]
    assert told[1:] == told[:-1]
    assert {what: str(count["value"] or "") for what, count in report["totals"].items()}.items() <= line.items()
    assert of_city.items() <= report["totals"].items()
