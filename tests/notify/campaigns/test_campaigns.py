"""Four eyes on exact words: who may do what with a campaign, when, and what any change undoes."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from signed_in_officer import signed_in_officer

from core import clock, db
from core.clock import on_the_wire
from core.ids import parse_typeid
from notify.campaigns import campaigns, moves
from notify.campaigns.errors import CampaignElsewhere, OtherWords
from tests.notify.campaigns.conftest import CONTENT, HASH_OF_NOTHING, Desk, People, rows

MANY = 120


def test_a_campaign_is_written_submitted_and_approved_by_somebody_else(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    draft = desk.written()
    assert (draft["state"], draft["version"], draft["priority"]) == ("draft", 1, "normal")
    assert draft["written_by"]["staff_number"] == desk.editor.staff_number
    submitted = desk.editor.call("POST", f"{desk.at(draft)}/submission", {}).json
    assert submitted["state"] == "submitted" and submitted["hash"] == draft["hash"]
    answer = desk.publisher.call("POST", f"{desk.at(draft)}/approval", {"hash": submitted["hash"]})
    assert answer.status_code == 200 and answer.json["state"] == "scheduled"
    assert answer.json["approved_by"]["staff_number"] == desk.publisher.staff_number
    assert answer.json["next_run_at"] is not None
    assert [line["what"] for line in answer.json["history"]] == ["written", "submitted", "approved"]
    kept = rows("SELECT what, words FROM notify.campaign_event WHERE words IS NOT NULL ORDER BY at")
    assert [row.words["content"] for row in kept] == [CONTENT, CONTENT]


def test_whoever_wrote_changed_or_submitted_it_cannot_approve_it(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    draft = desk.publisher.call("POST", "/v1/bureau/campaigns", desk.body()).json
    changed = desk.editor.call("PUT", desk.at(draft), desk.body(name="別的名字"), If_Match='"1"').json
    submitted = desk.other_publisher.call("POST", f"{desk.at(draft)}/submission", {}).json
    assert submitted["version"] == changed["version"] + 1
    for hand in (desk.publisher, desk.other_publisher):
        answer = hand.call("POST", f"{desk.at(draft)}/approval", {"hash": submitted["hash"]})
        assert (answer.status_code, answer.json["type"].rsplit("/", 1)[1]) == (403, "campaign-second-person")
    body = {"hash": submitted["hash"]}
    assert desk.editor.call("POST", f"{desk.at(draft)}/approval", body).status_code == 403
    third = signed_in_officer(desk.client, "publisher", bureau="public_works")
    assert third.call("POST", f"{desk.at(draft)}/approval", body).status_code == 200


def test_any_change_voids_the_submission_and_the_approval(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    other_words = {**CONTENT, "en": {**CONTENT["en"], "title": "A market this weekend!"}}
    tomorrow = on_the_wire(clock.now() + timedelta(days=1))
    for before in (desk.submitted(), desk.approved(schedule={"kind": "at", "at": tomorrow})):
        tag = f'"{before["version"]}"'
        after = desk.editor.call("PUT", desk.at(before), desk.body(content=other_words), If_Match=tag).json
        assert after["state"] == "draft" and after["hash"] != before["hash"]
        assert (after["submitted_by"], after["approved_by"], after["next_run_at"]) == (None, None, None)
        answer = desk.publisher.call("POST", f"{desk.at(before)}/approval", {"hash": before["hash"]})
        assert answer.json["type"].endswith("campaign-state")


def test_words_that_are_not_those_that_were_read_are_not_approved(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    submitted = desk.submitted()
    answer = desk.publisher.call("POST", f"{desk.at(submitted)}/approval", {"hash": HASH_OF_NOTHING})
    assert (answer.status_code, answer.json["type"].rsplit("/", 1)[1]) == (409, "campaign-other-words")


def test_a_change_and_an_approval_at_once_never_approve_what_was_not_read(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    for number in range(6):
        submitted = desk.submitted()
        campaign_id = parse_typeid("cmp", submitted["id"])
        read, version = bytes.fromhex(submitted["hash"]), submitted["version"]
        with db.unit_of_work() as session:
            agreed = campaigns.read(session, campaign_id).agreed

        def approve(campaign_id: Any = campaign_id, read: bytes = read) -> str:
            try:
                with db.unit_of_work() as session:
                    moves.approve(
                        session, by=desk.publisher.actor, campaign_id=campaign_id, agreed_hash=read, now=clock.now()
                    )
            except (OtherWords, CampaignElsewhere) as refused:
                return type(refused).__name__
            return "approved"

        def change(
            campaign_id: Any = campaign_id, agreed: Any = agreed, version: int = version, number: int = number
        ) -> str:
            document = {**agreed, "name": f"改名 {number}"}
            try:
                with db.unit_of_work() as session:
                    campaigns.change(
                        session, by=desk.editor.actor, campaign_id=campaign_id, version=version, document=document,
                        now=clock.now(),
                    )  # fmt: skip
            except Exception as refused:
                return type(refused).__name__
            return "changed"

        with ThreadPoolExecutor(2) as workers:
            order = [approve, change] if number % 2 else [change, approve]
            outcomes = {future.result() for future in [workers.submit(work) for work in order]}
        with db.unit_of_work() as session:
            after = campaigns.read(session, campaign_id)
        assert outcomes in (
            {"approved", "PreconditionFailed"}, {"changed", "CampaignElsewhere"}, {"changed", "OtherWords"},
        )  # fmt: skip
        assert (after.approved_hash is None) == (after.state == "draft")
        assert after.approved_hash in (None, after.agreed_hash)


def test_two_approvals_at_once_are_one(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    submitted = desk.submitted()
    officers = (desk.publisher, desk.other_publisher)

    def approve(number: int) -> int:
        body = {"hash": submitted["hash"]}
        alone = replace(officers[number], client=desk.client.application.test_client())
        return alone.call("POST", f"{desk.at(submitted)}/approval", body).status_code

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(approve, range(2))) == [200, 409]
    assert len(rows("SELECT 1 FROM notify.campaign_event WHERE what = 'approved'")) == 1


def test_the_database_itself_refuses_one_person_alone(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    submitted = desk.submitted()
    for column in ("written_by", "submitted_by"):
        with pytest.raises(Exception, match="campaign_four_eyes"):
            rows(f"UPDATE notify.campaign SET approved_by = {column}, approved_hash = 'x', state = 'scheduled'")
    with pytest.raises(Exception, match="campaign_approved_before_it_is_sent"):
        rows("UPDATE notify.campaign SET state = 'sending'")
    for statement in ("UPDATE notify.campaign_event SET note = 'x'", "DELETE FROM notify.campaign_event"):
        with pytest.raises(Exception, match="only grows") as refused:
            rows(statement)
        assert isinstance(getattr(refused.value, "orig", None), psycopg.Error)
    assert submitted["state"] == "submitted"


def test_a_campaign_is_its_bureau_s_own(desk: Desk) -> None:
    draft = desk.written()
    stranger = signed_in_officer(desk.client, "editor", "publisher", bureau="education")
    assert stranger.call("GET", "/v1/bureau/campaigns").json["items"] == []
    for method, path, body in (
        ("GET", "", None), ("PUT", "", desk.body(topic="school.news")), ("DELETE", "", None), ("POST", "/submission", {}),
        ("POST", "/approval", {"hash": draft["hash"]}), ("POST", "/recall", {"reason": "發錯了"}),
        ("POST", "/estimate", {}), ("GET", "/report", None), ("GET", "/preview", None), ("POST", "/test-message", {}),
    ):  # fmt: skip
        headers = {"If_Match": '"1"'} if method in ("PUT", "DELETE") else {}
        assert stranger.call(method, desk.at(draft) + path, body, **headers).status_code == 404, path
    foreign = stranger.call("POST", "/v1/bureau/campaigns", desk.body())
    assert [error["pointer"] for error in foreign.json["errors"]] == ["/topic"]


def test_two_editors_do_not_overwrite_each_other(desk: Desk) -> None:
    draft = desk.written()
    assert desk.editor.call("PUT", desk.at(draft), desk.body()).status_code == 428
    first = desk.editor.call("PUT", desk.at(draft), desk.body(name="一"), If_Match='"1"')
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    assert desk.publisher.call("PUT", desk.at(draft), desk.body(name="二"), If_Match='"1"').status_code == 412
    assert desk.publisher.call("DELETE", desk.at(draft), If_Match='"1"').status_code == 412
    assert desk.publisher.call("DELETE", desk.at(draft), If_Match='"2"').status_code == 204
    assert desk.editor.call("GET", desk.at(draft)).json["state"] == "cancelled"
    assert desk.editor.call("PUT", desk.at(draft), desk.body(), If_Match='"3"').status_code == 409
    other = desk.written()
    assert desk.editor.call("POST", f"{desk.at(other)}/submission", {}, If_Match='"9"').status_code == 412


def test_a_name_is_something_that_can_be_read(desk: Desk) -> None:
    for name in ("  ", "名\u202e稱", "\u3000"):
        answer = desk.editor.call("POST", "/v1/bureau/campaigns", desk.body(name=name))
        assert [error["pointer"] for error in answer.json["errors"]] == ["/name"]


def test_what_is_given_back_says_why_and_can_be_written_anew(desk: Desk, people: People) -> None:
    people(desk.topic_id, MANY)
    submitted = desk.submitted()
    returned = desk.publisher.call("POST", f"{desk.at(submitted)}/return", {"reason": "日期不對"}).json
    assert returned["state"] == "draft" and returned["history"][-1]["note"] == "日期不對"
    assert desk.editor.call("POST", f"{desk.at(submitted)}/submission", {}).status_code == 200


def test_each_move_is_allowed_from_the_states_of_its_table_alone(desk: Desk, people: People) -> None:
    draft = desk.written()
    someone = signed_in_officer(desk.client, "publisher", bureau="public_works").officer_id
    people(desk.topic_id, MANY)
    bodies: dict[str, tuple[str, dict[str, str]]] = {
        "submission": ("submit", {}), "return": ("return", {"reason": "改"}), "pause": ("pause", {}),
        "approval": ("approve", {"hash": draft["hash"]}), "resumption": ("resume", {}), "cancellation": ("cancel", {}),
        "recall": ("recall", {"reason": "內容有誤"}),
    }  # fmt: skip
    for state, (path, (move, body)) in itertools.product(campaigns.STATES, bodies.items()):
        rows(
            "UPDATE notify.campaign SET state = :state, submitted_by = :editor, approved_by = :by, "
            "approved_hash = '\\x00', next_run_at = now() + interval '1 day'",
            state=state, by=someone, editor=desk.editor.officer_id,
        )  # fmt: skip
        officer = desk.editor if move == "submit" else desk.publisher
        answer = officer.call("POST", f"{desk.at(draft)}/{path}", body)
        is_allowed = state in moves.MOVES[move][0]
        assert answer.status_code == (200 if is_allowed else 409), (path, state, answer.json)
        if is_allowed and move != "resume":
            assert answer.json["state"] == moves.MOVES[move][1]


def test_every_state_is_reached_and_every_move_leads_from_states_that_are(desk: Desk) -> None:
    reached = {to for _, to in moves.MOVES.values()} | {"draft"}
    assert reached == set(campaigns.STATES)
    assert all(origins <= reached for origins, _ in moves.MOVES.values())


def test_a_link_does_not_tell_another_site_by_which_fact_somebody_was_chosen(desk: Desk) -> None:
    drivers = {"districts": [], "place_kinds": [], "facts": [{"name": "has_car"}], "near": None}
    site = "https://www.kcg.gov.tw/parking"
    for link in (f"{site}?for=drivers", f"{site}#drivers", f"{site};for=drivers", f"{site}%3Ffor=drivers", f"{site}?"):
        told = desk.body(content={**CONTENT, "link": link}, audience=drivers)
        refused = desk.editor.call("POST", "/v1/bureau/campaigns", told)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/content/link"), link
    for link in (site, "/app/bills?kind=parking"):
        desk.written(content={**CONTENT, "link": link}, audience=drivers)
    everybody = desk.written(content={**CONTENT, "link": f"{site}?page=7"})
    narrowed = desk.body(content={**CONTENT, "link": f"{site}?page=7"}, audience=drivers)
    changed = desk.editor.call("PUT", desk.at(everybody), narrowed, If_Match='"1"')
    assert changed.status_code == 422
    rows(
        "UPDATE notify.campaign SET audience = jsonb_set(audience, '{facts}', '[{\"name\": \"has_car\"}]')",
    )
    assert desk.editor.call("POST", f"{desk.at(everybody)}/submission", {}).status_code == 422
