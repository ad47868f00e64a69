"""A bill that its bureau or another channel's file closes while nobody pays it here: nobody is reminded of it any more."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from bureau_system import BureauSystem
from feed_files import feed
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from signed_in import SignedIn
from sqlalchemy import text

from api import delivery, wiring
from core import clock, db, outbox
from core.clock import taipei_date
from notify.campaigns import runs
from notify.cap.decisions import decide_due
from tests.notify.campaigns.billed import SCHEDULE, WORDS, bill, candidates, subscribe, tomorrow_at_nine
from tests.notify.campaigns.conftest import Desk, rows
from wallet import bill_batches, bill_news, events
from wallet.double_payments import reported_elsewhere

SOON = timedelta(seconds=20)


def _roc(day: date) -> str:
    return f"{day.year - 1911}{day:%m%d}"


def _parking_file(payer: PayingCitizen, due_on: date, number: str, status: str) -> bytes:
    return feed("parking", {"單號": number, "車號": payer.plate, "繳費期限": _roc(due_on), "狀態": status})


def _paid_at_a_store(number: str) -> bytes:
    yesterday = taipei_date(clock.now()) - timedelta(days=1)
    return feed("paid-elsewhere", {"帳單編號": number, "金額": "40", "繳費時間": f"{yesterday:%Y%m%d}1400"})


def _send(bureau: BureauSystem, content: bytes) -> None:
    headers = {"Content-Type": "text/csv", **bureau.headers}
    answer = bureau.http.post("/v1/bureau/bill-batches?source=parking", data=content, headers=headers)
    assert (answer.status_code, answer.json["refused"]) == (201, 0), answer.text


def _events_arrive() -> None:
    for _ in range(3):
        with db.unit_of_work() as session:
            ids = session.execute(text("SELECT id FROM core.outbox ORDER BY recorded_at, id")).scalars().all()
        delivery.deliver(list(ids), wiring.consumers_by_kind())


@pytest.mark.parametrize("how", ["void", "paid", "store"])
def test_what_a_file_closes_ends_its_subscription_and_every_reminder_at_once(
    client: FlaskClient, parking: Desk, how: str
) -> None:
    payer = paying_citizen(client, 1, fees=())
    person, bureau = SignedIn(payer.client, payer.person_id, payer.token), BureauSystem(client, "parking")
    due_on, number = taipei_date(tomorrow_at_nine()) + timedelta(days=3), "3326266985532151"
    _send(bureau, _parking_file(payer, due_on, number, "未繳"))
    (bill_id,) = payer.bill_ids()
    mine = person.call("POST", "/v1/subscriptions", {"topic": "parking.due", "subject": bill_id}).json
    subscribe(parking, person.person_id, subject="keeps-them-awake")
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(tomorrow_at_nine())
    assert [row.status for row in candidates()] == ["waiting"]
    _events_arrive()

    if how == "store":
        with db.unit_of_work() as session:
            bill_batches.receive(
                session, [_paid_at_a_store(number)], source="paid-elsewhere", sender=None, now=clock.now(),
                on_reported_elsewhere=reported_elsewhere,
            )  # fmt: skip
    else:
        _send(bureau, _parking_file(payer, due_on, number, {"void": "註銷", "paid": "已繳"}[how]))
    _events_arrive()

    ended = person.call("GET", f"/v1/subscriptions/{mine['id']}", language="en").json
    assert (ended["status"], ended["ended_how"], ended["ended_because"]) == (
        "ended",
        "need_passed",
        "the bill is paid or void",
    )
    assert [(row.status, row.reason) for row in candidates()] == [("withdrawn", "need_passed")]
    decide_due(tomorrow_at_nine() + SOON)
    runs.start_due(tomorrow_at_nine() + timedelta(days=1))
    assert [message["kind"] for message in person.call("GET", "/v1/inbox").json["items"]] == ["subscription_ended"]
    assert len(candidates()) == 1


def test_what_a_bureau_takes_back_from_void_is_heard_of_again(client: FlaskClient, parking: Desk) -> None:
    payer = paying_citizen(client, 1, fees=())
    person, bureau = SignedIn(payer.client, payer.person_id, payer.token), BureauSystem(client, "parking")
    due_on, number = taipei_date(tomorrow_at_nine()) + timedelta(days=3), "3326266985532151"
    _send(bureau, _parking_file(payer, due_on, number, "未繳"))
    (bill_id,) = payer.bill_ids()
    mine = person.call("POST", "/v1/subscriptions", {"topic": "parking.due", "subject": bill_id}).json
    subscribe(parking, person.person_id, subject="keeps-them-awake")
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(tomorrow_at_nine())
    decide_due(tomorrow_at_nine() + SOON)
    states = []
    for more_days, status in enumerate(("註銷", "未繳", "未繳")):
        _send(bureau, _parking_file(payer, due_on + timedelta(days=more_days), number, status))
        _events_arrive()
        live = person.call("GET", "/v1/subscriptions").json["items"]
        (told,) = [each for each in person.call("GET", "/v1/inbox").json["items"] if each["kind"] == "campaign"]
        states.append((len([each for each in live if each["status"] == "live"]), told["settled_at"] is not None))
    assert states == [(1, True), (2, False), (2, False)]
    ended = person.call("GET", f"/v1/subscriptions/{mine['id']}").json
    assert ended["status"] == "ended"
    assert len(rows("SELECT 1 FROM core.outbox WHERE kind = :kind", kind=events.BILLS_REOPENED)) == 1


def test_bills_that_change_otherwise_are_told_of_to_nobody(client: FlaskClient) -> None:
    payer, bureau = paying_citizen(client, 1, fees=()), BureauSystem(client, "parking")
    due_on = taipei_date(clock.now()) + timedelta(days=9)
    _send(bureau, _parking_file(payer, due_on, "3326266985532151", "未繳"))
    _send(bureau, _parking_file(payer, due_on + timedelta(days=1), "3326266985532151", "未繳"))
    assert rows("SELECT 1 FROM core.outbox WHERE kind = :kind", kind=events.BILLS_CLOSED) == []


def test_many_bills_are_told_of_in_few_events_and_only_the_followed_ones_are_looked_at(
    client: FlaskClient, parking: Desk
) -> None:
    payer = paying_citizen(client, 1, fees=())
    followed = bill(payer.person_id, due_on=taipei_date(clock.now()) + timedelta(days=9))
    subscribe(parking, payer.person_id, subject=f"bill:{followed}")
    others = [followed, *(row.id for row in rows("SELECT gen_random_uuid() AS id FROM generate_series(1, 700)"))]
    with db.unit_of_work() as session:
        bill_news.tell(session, others, "void", now=clock.now())
    told = rows("SELECT payload FROM core.outbox WHERE kind = :kind", kind=events.BILLS_CLOSED)
    assert sorted(len(row.payload["bill_ids"]) for row in told) == [201, 500]
    _events_arrive()
    assert rows("SELECT ended_how FROM notify.subscription WHERE subject = :s", s=f"bill:{followed}") == [
        ("need_passed",)
    ]
    with db.unit_of_work() as session:
        assert not outbox.is_any_unsettled(session, kinds=[events.BILLS_CLOSED], before=clock.now())
