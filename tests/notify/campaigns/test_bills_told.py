"""What was told of bills stays true: at once by the wallet's events, and by rounds through all that waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count, islice
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in

from core import db, taiwan
from core.clock import taipei_date
from core.ids import new_uuid
from core.outbox import Event
from notify.campaigns import bills_told, runs, tallies
from notify.campaigns.tasks import CONSUMERS
from notify.cap import digests
from notify.cap.decisions import decide_due
from tests.notify.campaigns.billed import SCHEDULE, WORDS, bill, candidates, subscribe, tomorrow_at_nine
from tests.notify.campaigns.conftest import Desk, rows

FIRST = tomorrow_at_nine()
DUE_ON: date = taipei_date(FIRST) + timedelta(days=3)
SOON = timedelta(seconds=20)


def _begin(desk: Desk) -> None:
    desk.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    runs.start_due(FIRST)


def _happens(kind: str, now: datetime = FIRST, **payload: Any) -> None:
    """A fact of the wallet, told to whoever keeps campaigns true."""
    event = Event(new_uuid(), f"wallet.{kind}", payload, now)
    (consumer,) = [each for each in CONSUMERS if each.kind == event.kind]
    with db.unit_of_work() as session:
        consumer.effect(session, event, now)


def _paid(*bills: UUID) -> None:
    rows("UPDATE wallet.bill SET status = 'paid', paid_channel = '7-ELEVEN', paid_at = now() WHERE id = ANY(:ids)",
         ids=list(bills))  # fmt: skip


def _owed_again(*bills: UUID) -> None:
    rows("UPDATE wallet.bill SET status = 'unpaid', paid_channel = NULL, paid_at = NULL WHERE id = ANY(:ids)",
         ids=list(bills))  # fmt: skip


def _captured(*bills: UUID) -> None:
    _paid(*bills)
    _happens("payment_captured", bill_ids=[str(each) for each in bills])


def _undone(*bills: UUID) -> None:
    _owed_again(*bills)
    _happens("payment_undone", bills=[{"bill_id": str(each)} for each in bills])


def _device(person_id: UUID) -> None:
    rows("INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, "
         "last_seen_at) VALUES (gen_random_uuid(), :p, 'fid', sha256('x'), '\\x00', '', now(), now())",
         p=person_id)  # fmt: skip


def _message(person: SignedIn) -> dict[str, Any]:
    """The one reminder in the person's inbox."""
    items = person.call("GET", "/v1/inbox", language="en").json["items"]
    (found,) = [each for each in items if each["kind"] == "campaign"]
    return dict(found)


def _deliveries() -> list[tuple[str, str | None]]:
    return [(row.status, row.last_error) for row in rows("SELECT status, last_error FROM notify.delivery ORDER BY id")]


def _numbers() -> Iterator[str]:
    """Numbers of invented people."""
    return filter(taiwan.national_id_valid, (f"A1{n:08d}" for n in count(20_000_000)))


@pytest.fixture
def mei(parking: Desk, client: FlaskClient) -> SignedIn:
    """Somebody who is told of every bill of theirs."""
    person = sign_in(client)
    subscribe(parking, person.person_id)
    return person


def test_what_is_paid_while_it_waits_is_withdrawn_and_what_is_left_told_of(
    parking: Desk, client: FlaskClient, mei: SignedIn
) -> None:
    ming = sign_in(client, "E179864328", "0987654321").person_id
    subscribe(parking, ming)
    paid = [bill(mei.person_id, due_on=DUE_ON), bill(ming, due_on=DUE_ON, amount_twd=60)]
    bill(ming, due_on=DUE_ON, amount_twd=40)
    _begin(parking)
    _captured(*paid)
    found = {row.person_id: row for row in candidates()}
    assert (found[mei.person_id].status, found[mei.person_id].reason) == ("withdrawn", "need_passed")
    assert found[ming].status == "waiting" and "共 40 元" in found[ming].fields["body_zh"]
    with db.unit_of_work() as session:
        counted = tallies.read(session, found[ming].run_id)
    assert (counted["audience"], counted["withdrawn"]) == (2, 1)


@pytest.mark.parametrize("kind", ["bill_collected", "bill_paid_elsewhere"])
def test_a_message_whose_bill_is_paid_says_so_and_rings_no_more(parking: Desk, mei: SignedIn, kind: str) -> None:
    _device(mei.person_id)
    bill_id = bill(mei.person_id, due_on=DUE_ON)
    _begin(parking)
    decide_due(FIRST + SOON)
    before = _message(mei)
    assert before["settled_at"] is None and "NT$100" in before["body"]
    _paid(bill_id)
    _happens(kind, FIRST + SOON, bill_id=str(bill_id))
    after = _message(mei)
    assert after["title"] == before["title"] and after["body"].startswith("Paid meanwhile")
    assert after["settled_at"] is not None and after["recalled_at"] is None
    assert _deliveries() == [("withdrawn", "need_passed")]


def test_money_taken_back_makes_a_message_tell_of_the_bill_again(parking: Desk, mei: SignedIn) -> None:
    bills = [bill(mei.person_id, due_on=DUE_ON, amount_twd=amount) for amount in (100, 30)]
    _begin(parking)
    decide_due(FIRST + SOON)
    first = _message(mei)
    _captured(*bills)
    assert _message(mei)["settled_at"] is not None
    _undone(bills[1])
    again = _message(mei)
    assert again["settled_at"] is None and "NT$30 in all" in again["body"]
    _undone(bills[0])
    assert _message(mei) == first


def test_a_push_about_several_bills_that_still_waits_tells_of_those_that_are_left(parking: Desk, mei: SignedIn) -> None:
    _device(mei.person_id)
    paid, _ = (bill(mei.person_id, due_on=DUE_ON, amount_twd=amount) for amount in (60, 40))
    _begin(parking)
    decide_due(FIRST + SOON)
    assert _message(mei)["title"] == "2 parking fees due in 3 days"
    _captured(paid)
    left = _message(mei)
    assert left["title"] == "1 parking fees due in 3 days" and "NT$40" in left["body"] and left["settled_at"] is None
    assert _deliveries() == [("pending", None)]


def test_the_digest_leaves_out_what_is_paid_and_lists_what_is_owed(
    parking: Desk, client: FlaskClient, mei: SignedIn
) -> None:
    ming = sign_in(client, "E179864328", "0987654321")
    subscribe(parking, ming.person_id)
    rows("UPDATE notify.preference SET daily_cap = 0, digest_at = '19:00'")
    paid = bill(mei.person_id, due_on=DUE_ON)
    bill(ming.person_id, due_on=DUE_ON)
    _begin(parking)
    decide_due(FIRST + SOON)
    assert len(rows("SELECT 1 FROM notify.digest_line WHERE settled_at IS NULL")) == 2
    _captured(paid)
    digests.send_due(FIRST + timedelta(hours=10, minutes=1))
    (digest,) = rows("SELECT person_id FROM notify.message WHERE kind = 'digest'")
    assert digest.person_id == ming.person_id
    assert _message(mei)["body"].startswith("Paid meanwhile")


def test_who_was_never_told_of_a_bill_is_told_when_it_is_owed_again(parking: Desk, mei: SignedIn) -> None:
    bill_id = bill(mei.person_id, due_on=DUE_ON)
    _begin(parking)
    _captured(bill_id)
    decide_due(FIRST + SOON)
    _undone(bill_id)
    runs.start_due(FIRST + timedelta(days=1))
    assert sorted(row.status for row in candidates()) == ["waiting", "withdrawn"]


@pytest.mark.parametrize("status", ["unpaid", "appealed"])
def test_what_is_overdue_or_appealed_is_not_said_to_be_paid(parking: Desk, mei: SignedIn, status: str) -> None:
    bill_id = bill(mei.person_id, due_on=DUE_ON)
    _begin(parking)
    decide_due(FIRST + SOON)
    before = _message(mei)
    rows("UPDATE wallet.bill SET status = :status WHERE id = :id", id=bill_id, status=status)
    _happens("bill_refunded", FIRST + timedelta(days=9), bill_id=str(bill_id))
    assert _message(mei) == before


def test_a_round_looks_at_all_that_waits_however_small_its_batches(parking: Desk, client: FlaskClient) -> None:
    people = [
        sign_in(client, number, f"09120000{place:02d}").person_id for place, number in enumerate(islice(_numbers(), 5))
    ]
    bills = {}
    for person_id in people:
        subscribe(parking, person_id)
        bills[person_id] = bill(person_id, due_on=DUE_ON)
    _begin(parking)
    people.sort()
    # Paid, and nobody was told: the events came while the audience was being found.
    *_, last = people
    _paid(*(bills[each] for each in people if each != last))
    bills_told.recheck(FIRST + SOON, batch=2)
    assert {row.person_id: row.status for row in candidates()} == dict.fromkeys(people, "withdrawn") | {last: "waiting"}
    (run,) = rows("SELECT rechecked_to, rechecked_at FROM notify.run")
    assert (run.rechecked_to, run.rechecked_at) == (None, FIRST + SOON)
    # The next round begins when it is time for it, and one that was broken off goes on where it was.
    _paid(bills[last])
    bills_told.recheck(FIRST + 2 * SOON, batch=2)
    assert [row.status for row in candidates()].count("waiting") == 1
    rows("UPDATE notify.run SET rechecked_to = :last", last=last)
    bills_told.recheck(FIRST + 2 * SOON, batch=2)
    assert [row.status for row in candidates()].count("waiting") == 1, "the round had passed them already"
    bills_told.recheck(FIRST + timedelta(minutes=6), batch=2)
    assert [row.status for row in candidates()].count("waiting") == 0


def test_a_message_is_reworded_only_in_the_words_that_were_approved(parking: Desk, mei: SignedIn) -> None:
    paid, _ = (bill(mei.person_id, due_on=DUE_ON, amount_twd=amount) for amount in (60, 40))
    _begin(parking)
    decide_due(FIRST + SOON)
    rows("UPDATE notify.campaign SET content = jsonb_set(content, '{en,title}', '\"Not approved by anybody\"')")
    _captured(paid)
    assert _message(mei)["title"] == "1 parking fees due in 3 days"
