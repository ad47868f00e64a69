"""Why a message came, told for every ground from the rows that led to it; and how the person's day stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sent_statements import statements_of
from signed_in import SignedIn, sign_in

from api.app import create_app
from core import db
from core.ids import new_uuid, typeid
from identity import officers
from notify.campaigns import audiences
from notify.cap import digests
from notify.cap.decisions import decide_due
from tests.notify.cap.conftest import LATER, NOW, City

EVENING = datetime.fromisoformat("2026-11-05T19:00:00+08:00")


@pytest.fixture
def mei(database: db.Database) -> SignedIn:
    return sign_in(create_app().test_client())


def _sent_to(city: City, person: SignedIn, **conditions: Any) -> UUID:
    """A run of a campaign with that audience, written by one officer and approved by another; its run."""
    run = city.run([person.person_id])
    everybody = audiences.as_document(audiences.Audience())
    with db.unit_of_work() as session:
        written_by, approved_by = (
            officers.add(
                session, staff_number=number, name=name, bureau="culture", roles=["editor", "publisher"],
                now=NOW,
            ).id
            for number, name in (("CUL-901", "林書瑋"), ("CUL-902", "陳怡君"))
        )  # fmt: skip
    city.change(
        "UPDATE notify.campaign SET audience = CAST(:audience AS jsonb), written_by = :writer, submitted_by = :writer, "
        "approved_by = :approver WHERE id = (SELECT campaign_id FROM notify.run WHERE id = :run)",
        audience=orjson.dumps(everybody | conditions).decode(), writer=written_by, approver=approved_by, run=run,
    )  # fmt: skip
    return run


def _why(person: SignedIn, language: str = "zh-TW") -> Any:
    (message,) = [each for each in person.call("GET", "/v1/inbox").json["items"] if each["basis"] != "transaction"]
    answer = person.call("GET", f"/v1/inbox/{message['id']}/why", language=language)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_message_by_subscription_names_it_the_rule_the_officers_the_cap_and_the_way_to_stop(
    city: City, mei: SignedIn
) -> None:
    run = _sent_to(city, mei, districts=["64000050"], place_kinds=["home"], facts=[{"name": "has_car", "value": None}])
    decide_due(LATER)
    told = _why(mei, "en")
    subscription = typeid("sub", city.subscription(mei.person_id))
    assert told["basis"] == "subscription"
    assert told["event"] == {"kind": "notify.run", "id": typeid("run", run), "at": "2026-11-05T10:00:00+08:00"}
    assert told["subscription"]["id"] == subscription
    assert told["subscription"]["began_how"] == "You subscribed in My Kaohsiung"
    assert told["rule"].startswith("You subscribe to “Events”, and your home is in ")
    assert told["rule"].endswith(", and you let us use “I have a car”.")
    assert told["sender"] == {
        "bureau_name": "Bureau of Cultural Affairs", "written_by": "林書瑋", "approved_by": "陳怡君"
    }  # fmt: skip
    assert {name: told["cap"][name] for name in ("rank", "of", "cap", "used")} == {
        "rank": 1,
        "of": 1,
        "cap": 3,
        "used": 0,
    }
    assert told["cap"]["text"].endswith("so it rang.")
    assert told["stop"] == {"text": "Stop “Events”", "href": f"/v1/subscriptions/{subscription}", "method": "DELETE"}
    assert told["alert"] is None
    assert mei.call(told["stop"]["method"], told["stop"]["href"]).status_code == 204
    assert _why(mei)["stop"] is None


def test_a_message_that_lost_says_against_how_many_and_that_it_did_not_ring(city: City, mei: SignedIn) -> None:
    _sent_to(city, mei)
    city.change("UPDATE notify.candidate SET priority = 1, deadline = :at", at=NOW + timedelta(hours=3))
    for n in range(3):
        city.run([mei.person_id], topic=f"t{n}", priority=3)
    decide_due(LATER)
    city.change("DELETE FROM notify.delivery; DELETE FROM notify.message WHERE (why ->> 'rang')::boolean")
    told = _why(mei)
    assert told["cap"]["text"] == (
        "當時有 4 則通知要給您，這一則排第 4。您一天最多響 3 次，那天先前已響 0 次，所以沒有響，只放進信箱。"
    )


def test_a_digest_says_what_it_gathered_and_how_to_have_no_more_of_them(city: City, mei: SignedIn) -> None:
    city.change(
        "INSERT INTO notify.preference (person_id, daily_cap, updated_at) VALUES (:id, 0, now())", id=mei.person_id
    )
    city.run([mei.person_id], deadline=EVENING + timedelta(hours=2))
    decide_due(LATER)
    digests.send_due(EVENING)
    told = _why(mei)
    assert told["basis"] == "digest"
    assert "1 則" in told["explanation"]
    assert (told["cap"], told["subscription"], told["sender"]) == (None, None, None)
    assert told["stop"] == {"text": "不要再收到彙整", "href": "/v1/notification-preferences", "method": "PATCH"}


def test_a_question_names_the_subscription_that_it_is_about(city: City, mei: SignedIn) -> None:
    city.run([mei.person_id])
    subscription = city.subscription(mei.person_id)
    _write(city, mei, "question", "question", _told("您很久沒有點開"), subscription_id=subscription)
    told = _why(mei)
    assert told["explanation"] == "您很久沒有點開"
    assert told["subscription"]["id"] == typeid("sub", subscription)
    assert told["stop"]["method"] == "DELETE"


def test_an_alert_names_who_warned_and_cannot_be_stopped(city: City, mei: SignedIn) -> None:
    alert, content = new_uuid(), new_uuid()
    why = _told("高雄市政府消防局發布的警報") | {
        "alert": {"id": typeid("alr", alert), "sender": "kcg.gov.tw", "severity": "Severe", "is_drill": False}
    }
    city.change(
        "INSERT INTO notify.content (id, title_zh, title_en, body_zh, body_en, link, why, created_at) "
        "VALUES (:id, 'a', 'a', 'b', 'b', '/app', CAST(:why AS jsonb), now())",
        id=content, why=orjson.dumps(why).decode(),
    )  # fmt: skip
    _write(city, mei, "alert", "alert", {}, alert_id=alert, content_id=content)
    told = _why(mei)
    assert told["alert"] == why["alert"]
    assert told["sender"] == {"bureau_name": "kcg.gov.tw", "written_by": None, "approved_by": None}
    assert told["rule"].startswith("緊急警報通知範圍內的每一個人")
    assert told["stop"] is None


def test_a_test_message_says_who_sent_it(city: City, mei: SignedIn) -> None:
    _write(city, mei, "test", "test", _told("您自己試送的訊息"))
    told = _why(mei)
    assert (told["basis"], told["explanation"]) == ("test", "您自己試送的訊息")
    assert all(told[name] is None for name in ("subscription", "rule", "sender", "cap", "alert", "stop"))


def test_somebody_elses_message_has_no_reason(city: City, mei: SignedIn) -> None:
    (other,) = city.people(1)
    city.run([other])
    decide_due(LATER)
    (row,) = city.read("SELECT id FROM notify.message")
    assert mei.call("GET", f"/v1/inbox/{typeid('msg', row.id)}/why").status_code == 404


def test_the_reason_takes_few_statements(city: City, mei: SignedIn, database: db.Database) -> None:
    _sent_to(city, mei)
    decide_due(LATER)
    (message,) = mei.call("GET", "/v1/inbox").json["items"]
    with statements_of(database) as sent:
        mei.call("GET", f"/v1/inbox/{message['id']}/why")
    # Who calls; the message with its run and campaign; the subscription; its topic; the officers' names.
    assert len([each for each in sent if each.startswith("SELECT")]) <= 5


def test_the_day_says_how_often_it_rang_and_how_much_waits(city: City, mei: SignedIn) -> None:
    for n in range(5):
        city.run([mei.person_id], topic=f"t{n}")
    decide_due(LATER)
    city.change("UPDATE notify.person_day SET day = (now() AT TIME ZONE 'Asia/Taipei')::date")
    told = mei.call("GET", "/v1/notification-day").json
    assert (told["used"], told["cap"], told["waiting"]) == (3, 3, 2)


def test_a_recalled_message_keeps_its_title_and_says_why_it_was_withdrawn(city: City, mei: SignedIn) -> None:
    run = _sent_to(city, mei)
    decide_due(LATER)
    city.change("UPDATE notify.run SET stop_reason = '日期寫錯了。' WHERE id = :run", run=run)
    city.change("UPDATE notify.message SET recalled_at = now()")
    (message,) = mei.call("GET", "/v1/inbox").json["items"]
    assert message["title"] == "市集"
    assert message["body"] == "發送機關收回了這則通知。日期寫錯了。"
    assert message["link"] == "/app/inbox"


def _told(explanation: str) -> dict[str, Any]:
    return {
        "explanation": {"zh": explanation, "en": explanation},
        "event": {"kind": "notify.something", "id": "x", "at": NOW.isoformat()},
    }


def _write(city: City, person: SignedIn, kind: str, basis: str, why: dict[str, Any], **columns: Any) -> None:
    values = {"subscription_id": None, "alert_id": None, "content_id": None} | columns
    words = ", ".join("NULL" if values["content_id"] else "'x'" for _ in range(5))
    city.change(
        "INSERT INTO notify.message (person_id, id, kind, basis, subscription_id, alert_id, content_id, why, event_id, "
        "created_at, title_zh, title_en, body_zh, body_en, link) VALUES (:person, :id, :kind, :basis, :subscription_id, "
        f":alert_id, :content_id, CAST(:why AS jsonb), :id, now(), {words})",
        person=person.person_id, id=new_uuid(), kind=kind, basis=basis, why=orjson.dumps(why).decode(), **values,
    )  # fmt: skip
