"""A fine in parts: everybody whose fine it is hears of each turn, and what to do now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from core import db
from core.ids import new_uuid, typeid
from notify import devices, inbox
from tests.notify.conftest import NOW, RecordingProvider, bring

Happened = Callable[..., UUID]
FINE, PART = new_uuid(), new_uuid()


def told(person_id: UUID) -> list[inbox.Message]:
    with db.unit_of_work() as session:
        return inbox.page_of_messages(session, person_id=person_id, limit=50, cursor=None)[0]


def plan(*people: UUID, **more: Any) -> dict[str, Any]:
    named = [str(person) for person in people]
    return {
        "plan_id": str(new_uuid()),
        "bill_id": str(FINE),
        "person_ids": named,
        "amount_twd": 1800,
        "parts": 3,
    } | more


def missed(*people: UUID, next_due_on: str | None) -> dict[str, Any]:
    return plan(*people, part=1, part_bill_id=str(PART), part_twd=600, left_twd=1800, next_due_on=next_due_on)


def test_a_granted_plan_says_how_many_parts_and_when_the_first_is_due_to_everybody_whose_fine_it_is(
    happened: Happened, provider: RecordingProvider
) -> None:
    one, other = new_uuid(), new_uuid()
    event = happened("wallet.instalments_granted", plan(one, other, first_twd=600, first_due_on="2026-12-05"))
    bring(event)
    bring(event)
    for person in (one, other):
        [message] = told(person)
        assert message.title.zh == "罰鍰可以分 3 期繳納"
        assert "NT$1,800" in message.body.zh and "第 1 期 NT$600，請在 115年12月5日 前繳納" in message.body.zh
        assert "by 2026-12-05" in message.body.en
        assert message.link == f"/app/bills/{typeid('bill', FINE)}"


@pytest.mark.parametrize(("refusal", "words"), [("too_many_parts", "較少的期數"), ("something_new", "請洽主管機關")])
def test_a_refusal_gives_the_bureaus_reason_in_plain_words_to_whoever_asked(
    happened: Happened, provider: RecordingProvider, refusal: str, words: str
) -> None:
    person = new_uuid()
    fact = {"request_id": str(new_uuid()), "bill_id": str(FINE), "person_id": str(person), "amount_twd": 1800,
            "refusal": refusal}  # fmt: skip
    bring(happened("wallet.instalments_refused", fact))
    [message] = told(person)
    assert words in message.body.zh and "期限前繳納" in message.body.zh
    assert refusal not in message.body.zh


def test_a_part_put_off_says_until_when_and_leads_to_that_part(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    fact = plan(person, part=2, part_bill_id=str(PART), part_twd=600, due_on="2027-01-20")
    bring(happened("wallet.instalment_delayed", fact))
    [message] = told(person)
    assert message.title.zh == "分期第 2 期延到 116年1月20日"
    assert message.link == f"/app/bills/{typeid('bill', PART)}"


def test_a_missed_part_warns_that_one_more_ends_the_plan_and_what_would_be_owed_then(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    bring(happened("wallet.instalment_missed", missed(person, next_due_on="2027-01-05")))
    [message] = told(person)
    assert message.title.en == "Part 1 of your fine is overdue"
    assert "116年1月5日" in message.body.zh and "NT$1,800 要一次繳清" in message.body.zh
    assert message.link == f"/app/bills/{typeid('bill', PART)}"


def test_a_missed_last_part_threatens_with_nothing(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    bring(happened("wallet.instalment_missed", missed(person, next_due_on=None)))
    [message] = told(person)
    assert "終止" not in message.body.zh and "結清" in message.body.zh


def test_an_ended_plan_says_what_is_owed_at_once(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    bring(happened("wallet.instalments_ended", plan(person, left_twd=1200)))
    [message] = told(person)
    assert "NT$1,200 要一次繳清" in message.body.zh
    assert message.link == f"/app/bills/{typeid('bill', FINE)}"


def test_a_fine_that_is_paid_off_lies_in_the_inbox_without_a_push(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    with db.unit_of_work() as session:
        devices.register(session, person_id=person, kind="fid", address="fid-of-the-phone", name="", now=NOW)
    bring(happened("wallet.instalments_completed", plan(person)))
    assert [message.kind for message in told(person)] == ["instalments_completed"]
    assert provider.pushes == []
    bring(happened("wallet.instalments_ended", plan(person, left_twd=1200)))
    assert len(provider.pushes) == 1
