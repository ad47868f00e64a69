"""A bureau's own topics at its desk: written, opened, closed, and sensitive facts only by two persons."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn
from signed_in_officer import SignedInOfficer, signed_in_officer

from tests.notify.topics.conftest import read, subscribe, sweep


def _both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def _body(**changed: Any) -> dict[str, Any]:
    names = ("name", "purpose", "sample_title", "sample_body", "legal_basis")
    return {
        "texts": {name: _both(name) for name in names},
        "channels": ["push"],
        "highest_priority": "normal",
        "subject_kind": None,
        "endings": [{"rule": "date", "on": "2099-06-30"}, {"rule": "silence", "sends": 6, "answer_days": 14}],
        "facts": [],
        "status": "draft",
        **changed,
    }


@pytest.fixture
def editor(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "editor", bureau="culture")


@pytest.fixture
def publisher(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "publisher", bureau="culture")


def test_an_editor_writes_a_topic_and_a_publisher_opens_it(
    editor: SignedInOfficer, publisher: SignedInOfficer, mei: SignedIn
) -> None:
    made = editor.call("POST", "/v1/bureau/topics", _body(code="culture.festival"), language="en")
    assert made.status_code == 201, made.text
    assert made.json["ends"][0] == "after 2099-06-30"
    assert editor.call("POST", "/v1/bureau/topics", _body(code="culture.festival")).status_code == 409
    assert mei.call("POST", "/v1/subscriptions", {"topic": "culture.festival"}).status_code == 404
    address, tag = "/v1/bureau/topics/culture.festival", made.headers["ETag"]
    assert editor.call("PUT", address, _body(status="open"), If_Match=tag).status_code == 403
    opened = publisher.call("PUT", address, _body(status="open"), If_Match=tag)
    assert (opened.status_code, opened.json["status"]) == (200, "open")
    assert publisher.call("PUT", address, _body(status="open"), If_Match=tag).status_code == 412
    assert publisher.call("PUT", address, _body(status="open")).status_code == 428
    mine = subscribe(mei, "culture.festival")
    assert mine["ends_on"] == "2099-06-30"
    draft_again = publisher.call("PUT", address, _body(status="draft"), If_Match=opened.headers["ETag"])
    assert draft_again.status_code == 422
    closed = publisher.call("PUT", address, _body(status="closed"), If_Match=opened.headers["ETag"])
    assert closed.json["status"] == "closed"
    sweep()
    assert read(mei, mine)["ended_how"] == "topic_closed"
    codes = [item["code"] for item in editor.call("GET", "/v1/bureau/topics").json["items"]]
    assert codes == ["culture.events", "culture.festival"]
    first = editor.call("GET", "/v1/bureau/topics?limit=1").json
    rest = editor.call("GET", f"/v1/bureau/topics?limit=1&cursor={first['next_cursor']}").json
    assert (rest["items"][0]["code"], rest["next_cursor"]) == ("culture.festival", None)


def test_another_bureau_s_topic_is_none(client: FlaskClient, editor: SignedInOfficer) -> None:
    assert editor.call("GET", "/v1/bureau/topics/parking.due").status_code == 404
    assert editor.call("PUT", "/v1/bureau/topics/parking.due", _body(), If_Match='"1"').status_code == 404
    stranger = signed_in_officer(client, "finance", bureau="culture")
    assert stranger.call("GET", "/v1/bureau/topics").status_code == 403


def test_sensitive_facts_wait_for_a_second_person(
    client: FlaskClient, editor: SignedInOfficer, publisher: SignedInOfficer
) -> None:
    made = editor.call("POST", "/v1/bureau/topics", _body(code="culture.access", facts=["rider", "has_car"]))
    assert (made.json["facts"], made.json["facts_awaiting"]) == (["has_car"], ["rider"])
    tag = made.headers["ETag"]
    again = editor.call("PUT", "/v1/bureau/topics/culture.access", _body(facts=["rider", "has_car"]), If_Match=tag)
    assert again.json["facts_awaiting"] == ["rider"]
    (proposal,) = publisher.call("GET", "/v1/approvals").json["items"]
    assert proposal["title"] == "主題使用敏感資料"
    shown = publisher.call("GET", f"/v1/approvals/{proposal['id']}", language="en").json["shown"]
    assert {"label": "Topic", "value": "culture.access"} in shown
    assert editor.decide(proposal["id"], is_approved=True).status_code == 403
    assert publisher.decide(proposal["id"], is_approved=True).status_code == 200
    topic = editor.call("GET", "/v1/bureau/topics/culture.access").json
    assert (topic["facts"], topic["facts_awaiting"], topic["version"]) == (["has_car", "rider"], [], 3)


def test_an_open_topic_changes_once_another_publisher_of_the_bureau_has_approved_it(
    client: FlaskClient, editor: SignedInOfficer, publisher: SignedInOfficer
) -> None:
    made = editor.call("POST", "/v1/bureau/topics", _body(code="culture.access", facts=["rider"]))
    (facts,) = publisher.call("GET", "/v1/approvals").json["items"]
    lines = publisher.call("GET", f"/v1/approvals/{facts['id']}", language="en").json["shown"]
    assert {"label": "Purpose", "value": "purpose"} in lines and {
        "label": "Legal basis",
        "value": "legal_basis",
    } in lines
    assert publisher.decide(facts["id"], is_approved=True).status_code == 200
    address, asked = "/v1/bureau/topics/culture.access", _body(facts=["rider"], status="open")
    opened = publisher.call("PUT", address, asked, If_Match='"2"')
    assert (opened.json["status"], opened.json["facts"]) == ("open", ["rider"]), made.json
    tag = opened.headers["ETag"]
    texts = asked["texts"] | {"name": _both("又名"), "purpose": _both("又一用途")}
    for officer in (editor, publisher):
        waits = officer.call("PUT", address, asked | {"texts": texts}, If_Match=tag)
        if officer is editor:
            assert (waits.status_code, waits.json["awaits_change"], waits.json["texts"]) == (200, True, asked["texts"])
    assert (waits.status_code, waits.json["type"].rsplit("/", 1)[-1]) == (409, "topic-change-waits")
    (change,) = publisher.call("GET", "/v1/approvals?status=proposed").json["items"]
    assert {"label": "名稱", "value": "又名"} in publisher.call("GET", f"/v1/approvals/{change['id']}").json["shown"]
    elsewhere = signed_in_officer(client, "publisher", bureau="education")
    assert elsewhere.decide(change["id"], is_approved=True).status_code == 404
    assert editor.decide(change["id"], is_approved=True).status_code == 403
    assert publisher.decide(change["id"], is_approved=True).status_code == 200
    changed = editor.call("GET", address).json
    assert (changed["texts"], changed["awaits_change"]) == (texts, False)
    assert changed["facts"] == [], "they were agreed to for another purpose"


def test_a_closed_topic_opens_again_by_one_person_only_as_it_was(
    editor: SignedInOfficer, publisher: SignedInOfficer
) -> None:
    address, asked = "/v1/bureau/topics/culture.festival", _body(status="open", offered_at=None, offered_days=None)
    publisher.call("POST", "/v1/bureau/topics", asked | {"code": "culture.festival"})

    def put(status: str, **changed: Any) -> dict[str, Any]:
        tag = publisher.call("GET", address).headers["ETag"]
        answer = publisher.call("PUT", address, asked | changed | {"status": status}, If_Match=tag)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    assert put("closed")["status"] == "closed"
    assert put("open")["status"] == "open"
    put("closed")
    for changed in (
        {"texts": asked["texts"] | {"legal_basis": _both("another law")}},
        {"endings": [{"rule": "count", "most": 900}]},
        {"highest_priority": "urgent"},
        {"facts": ["has_car"]},
        {"channels": ["push", "sms"]},
    ):
        put("closed", **changed)
        waits = put("open", **changed)
        assert (waits["status"], waits["awaits_change"]) == ("closed", True), changed
        (proposal,) = publisher.call("GET", "/v1/approvals?status=proposed").json["items"]
        assert publisher.decide(proposal["id"], is_approved=True).status_code == 403
        assert publisher.call("POST", f"/v1/approvals/{proposal['id']}/withdrawal").status_code == 200
    assert put("closed")["awaits_change"] is False
    assert put("open")["status"] == "open", "as it was is as it was, whatever was written meanwhile"


def test_a_topic_written_anew_while_closed_opens_once_a_second_person_agrees(
    client: FlaskClient, editor: SignedInOfficer, publisher: SignedInOfficer
) -> None:
    address, asked = "/v1/bureau/topics/culture.festival", _body(status="open")
    publisher.call("POST", "/v1/bureau/topics", asked | {"code": "culture.festival"})
    publisher.call("PUT", address, asked | {"status": "closed"}, If_Match='"1"')
    texts = asked["texts"] | {"purpose": _both("something else")}
    assert (
        publisher.call("PUT", address, asked | {"texts": texts, "status": "closed"}, If_Match='"2"').json["status"]
        == "closed"
    )
    waits = publisher.call("PUT", address, asked | {"texts": texts}, If_Match='"3"').json
    assert (waits["status"], waits["awaits_change"]) == ("closed", True)
    (proposal,) = publisher.call("GET", "/v1/approvals?status=proposed").json["items"]
    another = signed_in_officer(client, "publisher", bureau="culture")
    assert another.decide(proposal["id"], is_approved=True).status_code == 200
    opened = editor.call("GET", address).json
    assert (opened["status"], opened["texts"]["purpose"]["en"], opened["awaits_change"]) == (
        "open",
        "something else",
        False,
    )


_SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"endings": []}, "/endings"),
    ({"endings": [{"rule": "date"}]}, "/endings/0/rule"),
    ({"endings": [{"rule": "count", "most": 3}, {"rule": "silence"}]}, "/endings/1/rule"),
    ({"endings": [{"rule": "date", "days": 3, "on": "2027-01-01"}]}, "/endings/0/rule"),
    ({"endings": [{"rule": "need_passed", "event": "bill_settled"}]}, "/endings/0/rule"),
    ({"endings": [{"rule": "silence", "sends": 3}, {"rule": "silence", "days": 3}]}, "/endings"),
    ({"offered_at": "marriage_registered"}, "/offered_days"),
    ({"facts": ["age"]}, "/facts/0"),
    ({"texts": {**_body()["texts"], "name": {"zh": "領獎到 evil.com", "en": "x"}}}, "/texts/name/zh"),
    ({"subject_kind": "planet"}, "/subject_kind"),
]


def test_a_topic_whose_rules_make_no_sense_is_refused(editor: SignedInOfficer) -> None:
    for changed, pointer in _SENSELESS:
        refused = editor.call("POST", "/v1/bureau/topics", _body(code="culture.odd", **changed))
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer), refused.text
