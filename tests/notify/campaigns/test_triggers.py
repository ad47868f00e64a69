"""Reminders of bills about to be due: each bill once, in the person's numbers, and none that is paid by then."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in import sign_in
from signed_in_officer import signed_in_officer

from api import bill_reminders
from core import clock, db
from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid
from identity import people as identity_people
from notify.campaigns import ports, runs, tallies, triggers
from notify.cap.decisions import decide_due
from tests.notify.campaigns.conftest import Desk, rows

WORDS = {
    "zh": {"title": "{count} 筆停車費 {days} 天後到期", "body": "共 {total} 元，{due} 前可繳。"},
    "en": {"title": "{count} parking fees due in {days} days", "body": "NT${total} in all, by {due}."},
    "link": "/app/bills",
    "fields": {},
}
SCHEDULE = {"kind": "event", "event": "bill_due", "days_before": 3, "at": "09:00"}


@pytest.fixture
def parking(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The parking bureau's desk, and the wallet behind the port."""
    monkeypatch.setattr(ports, "bills_due", bill_reminders.bills_due)
    editor, publisher, other = (
        signed_in_officer(client, role, bureau="parking") for role in ("editor", "publisher", "publisher")
    )
    (topic,) = rows("SELECT id FROM notify.topic WHERE code = 'parking.due'")
    return Desk(client, editor, publisher, other, "parking.due", topic.id)


def _bill(person_id: UUID, *, due_on: date, amount_twd: int = 100, bureau: str = "parking") -> UUID:
    bill_id = new_uuid()
    with db.unit_of_work() as session:
        index = identity_people.national_id_index_of(session, person_id)
    rows(
        """
        INSERT INTO wallet.bill (id, bureau, kind, number, plate, owner_index, owner_sealed, occurred_at, amount_twd,
                                 due_on, payable_by_agent, status, batch_id, updated_at)
        VALUES (:id, :bureau, :kind, :number, 'ABC-1234', :index, '\\x00', now(), :amount, :due, true, 'unpaid', :id,
                now())
        """,
        id=bill_id, bureau=bureau, kind="parking" if bureau == "parking" else "fine", number=str(bill_id),
        index=index, amount=amount_twd, due=due_on,
    )  # fmt: skip
    return bill_id


def _subscribe(desk: Desk, person_id: UUID, subject: str = "") -> None:
    rows(
        "INSERT INTO notify.subscription (id, person_id, topic_id, subject, began_at, began_how) "
        "VALUES (gen_random_uuid(), :person, :topic, :subject, now(), 'citizen')",
        person=person_id, topic=desk.topic_id, subject=subject,
    )  # fmt: skip
    rows(
        "INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
        "VALUES (:person, '00:00', '00:00', now()) ON CONFLICT DO NOTHING",
        person=person_id,
    )


def _tomorrow_at_nine() -> datetime:
    day = taipei_date(clock.now()) + timedelta(days=1)
    return datetime.combine(day, time(9, 0), TAIPEI).astimezone(UTC)


def _candidates() -> list[Any]:
    return rows("SELECT * FROM notify.candidate ORDER BY run_id, person_id")


def test_a_person_hears_once_of_what_is_due_in_their_own_numbers(parking: Desk, client: FlaskClient) -> None:
    mei, ming = sign_in(client).person_id, sign_in(client, "E179864328", "0987654321").person_id
    first = _tomorrow_at_nine()
    today = taipei_date(first)
    for person_id in (mei, ming):
        _subscribe(parking, person_id)
    _bill(mei, due_on=today + timedelta(days=3), amount_twd=1000)
    _bill(mei, due_on=today + timedelta(days=2), amount_twd=260)
    _bill(mei, due_on=today + timedelta(days=4))
    _bill(mei, due_on=today - timedelta(days=1))
    _bill(mei, due_on=today + timedelta(days=2), bureau="fines")
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(first)
    (told,) = _candidates()
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
    (again,) = [each for each in _candidates() if each.run_id != told.run_id]
    assert again.fields["title_zh"] == "1 筆停車費 3 天後到期"
    runs.start_due(second + timedelta(days=1))
    assert len(_candidates()) == 2, "nothing new is due on the third day"


def test_what_is_paid_before_it_is_sent_is_not_told_of(parking: Desk, client: FlaskClient) -> None:
    mei, ming = sign_in(client).person_id, sign_in(client, "E179864328", "0987654321").person_id
    first = _tomorrow_at_nine()
    due_on = taipei_date(first) + timedelta(days=3)
    for person_id in (mei, ming):
        _subscribe(parking, person_id)
    paid = [_bill(mei, due_on=due_on), _bill(ming, due_on=due_on, amount_twd=60)]
    _bill(ming, due_on=due_on, amount_twd=40)
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(first)
    assert len(_candidates()) == 2
    rows("UPDATE wallet.bill SET status = 'paid', paid_channel = '7-ELEVEN', paid_at = now() WHERE id = ANY(:ids)",
         ids=paid)  # fmt: skip
    triggers.recheck(first + timedelta(seconds=10))
    found = {row.person_id: row for row in _candidates()}
    assert (found[mei].status, found[mei].reason) == ("withdrawn", "need_passed")
    assert found[ming].status == "waiting" and "共 40 元" in found[ming].fields["body_zh"]
    with db.unit_of_work() as session:
        counted = tallies.read(session, found[mei].run_id)
    assert (counted["audience"], counted["withdrawn"]) == (2, 1)


def test_a_push_that_still_waits_for_its_turn_is_taken_back_when_the_bill_is_paid(
    parking: Desk, client: FlaskClient
) -> None:
    mei = sign_in(client).person_id
    first = _tomorrow_at_nine()
    _subscribe(parking, mei)
    rows("INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, "
         "last_seen_at) VALUES (gen_random_uuid(), :p, 'fid', sha256('x'), '\\x00', '', now(), now())", p=mei)  # fmt: skip
    bill_id = _bill(mei, due_on=taipei_date(first) + timedelta(days=3))
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(first)
    decide_due(first + timedelta(seconds=20))
    triggers.recheck(first + timedelta(seconds=21))
    assert [row.status for row in rows("SELECT status FROM notify.delivery")] == ["pending"]
    rows(
        "UPDATE wallet.bill SET status = 'paid', paid_channel = '7-ELEVEN', paid_at = now() WHERE id = :id", id=bill_id
    )
    triggers.recheck(first + timedelta(seconds=22))
    (delivery,) = rows("SELECT status, last_error FROM notify.delivery")
    assert (delivery.status, delivery.last_error) == ("withdrawn", "need_passed")


def test_who_asked_about_one_bill_hears_of_that_one_alone(parking: Desk, client: FlaskClient) -> None:
    mei = sign_in(client).person_id
    first = _tomorrow_at_nine()
    due_on = taipei_date(first) + timedelta(days=3)
    asked = _bill(mei, due_on=due_on, amount_twd=70)
    _bill(mei, due_on=due_on, amount_twd=900)
    _subscribe(parking, mei, f"bill:{asked}")
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(first)
    (told,) = _candidates()
    assert "共 70 元" in told.fields["body_zh"]
    (fired,) = rows("SELECT subject FROM notify.trigger_fired")
    assert fired.subject == f"bill:{asked}"


def test_only_the_bureaus_whose_bills_they_are_remind_of_them(desk: Desk) -> None:
    answer = desk.editor.call("POST", "/v1/bureau/campaigns", desk.body(content=WORDS, schedule=SCHEDULE))
    assert [error["pointer"] for error in answer.json["errors"]] == ["/schedule/event"]
