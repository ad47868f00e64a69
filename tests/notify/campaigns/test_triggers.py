"""Reminders of bills about to be due: each bill once, in the person's numbers."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from signed_in import sign_in

from core.clock import taipei_date
from notify.campaigns import runs
from notify.cap.decisions import decide_due
from tests.notify.campaigns.billed import SCHEDULE, WORDS, bill, candidates, subscribe, tomorrow_at_nine
from tests.notify.campaigns.conftest import Desk, rows


def test_a_person_hears_once_of_what_is_due_in_their_own_numbers(parking: Desk, client: FlaskClient) -> None:
    mei, ming = sign_in(client).person_id, sign_in(client, "E179864328", "0987654321").person_id
    first = tomorrow_at_nine()
    today = taipei_date(first)
    for person_id in (mei, ming):
        subscribe(parking, person_id)
    bill(mei, due_on=today + timedelta(days=3), amount_twd=1000)
    bill(mei, due_on=today + timedelta(days=2), amount_twd=260)
    bill(mei, due_on=today + timedelta(days=4))
    bill(mei, due_on=today - timedelta(days=1))
    bill(mei, due_on=today + timedelta(days=2), bureau="fines")
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(first)
    (told,) = candidates()
    assert told.person_id == mei
    assert told.fields["title_zh"] == "2 筆停車費 2 天後到期" and "1,260" in told.fields["body_en"]
    decide_due(first + timedelta(seconds=20))
    (message,) = rows("SELECT title_en, body_zh FROM notify.message WHERE kind = 'campaign'")
    assert message.title_en == "2 parking fees due in 2 days" and "共 1,260 元" in message.body_zh
    # The day after, the bill that was four days off is due, and only that one is told of.
    second = first + timedelta(days=1)
    rows("UPDATE notify.person_day SET used = 0")
    runs.start_due(second)
    runs.start_due(second + timedelta(seconds=1))
    (again,) = [each for each in candidates() if each.run_id != told.run_id]
    assert again.fields["title_zh"] == "1 筆停車費 3 天後到期"
    runs.start_due(second + timedelta(days=1))
    assert len(candidates()) == 2, "nothing new is due on the third day"


def test_who_asked_about_one_bill_hears_of_that_one_alone(parking: Desk, client: FlaskClient) -> None:
    mei = sign_in(client).person_id
    first = tomorrow_at_nine()
    due_on = taipei_date(first) + timedelta(days=3)
    asked = bill(mei, due_on=due_on, amount_twd=70)
    bill(mei, due_on=due_on, amount_twd=900)
    subscribe(parking, mei, f"bill:{asked}")
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(first)
    (told,) = candidates()
    assert "共 70 元" in told.fields["body_zh"]
    (fired,) = rows("SELECT subject FROM notify.trigger_fired")
    assert fired.subject == f"bill:{asked}"


def test_only_the_bureaus_whose_bills_they_are_remind_of_them(desk: Desk) -> None:
    answer = desk.editor.call("POST", "/v1/bureau/campaigns", desk.body(content=WORDS, schedule=SCHEDULE))
    assert [error["pointer"] for error in answer.json["errors"]] == ["/schedule/event"]
