"""Money that came by a slip: told when it arrived, when it was too much, and when it went back or could not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from core import db
from core.ids import new_uuid, typeid
from notify import inbox
from tests.notify.conftest import RecordingProvider, bring

Happened = Callable[..., UUID]
BILL = new_uuid()


def told(person_id: UUID) -> list[inbox.Message]:
    with db.unit_of_work() as session:
        return inbox.page_of_messages(session, person_id=person_id, limit=50, cursor=None)[0]


def collected(person_id: UUID, **changed: Any) -> dict[str, Any]:
    return {
        "payment_id": str(new_uuid()), "bill_id": str(BILL), "bureau": "fines", "number": "BZC123456", "amount_twd": 1200,
        "fee_twd": 7, "channel": "7-ELEVEN", "paid_at": "2026-11-04T04:10:00+00:00", "person_id": str(person_id),
    } | changed  # fmt: skip


def overpaid(*people: UUID, **changed: Any) -> dict[str, Any]:
    return {
        "overpayment_id": str(new_uuid()), "bill_id": str(BILL), "bureau": "fines", "number": "BZC123456",
        "channel": "全家", "amount_twd": 1200, "reason": "paid_twice", "person_ids": [str(person) for person in people],
    } | changed  # fmt: skip


def test_cash_that_has_arrived_is_told_once_with_shop_amount_fee_and_moment(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    event = happened("wallet.bill_collected", collected(person))
    bring(event)
    bring(event)
    [message] = told(person)
    assert message.kind == "slip_paid"
    assert message.title.zh == "已經由 7-ELEVEN 繳納 NT$1,200"
    assert message.title.en == "Paid via 7-ELEVEN: NT$1,200"
    assert "（另付手續費 NT$7）" in message.body.zh and "不必再繳" in message.body.zh
    assert message.link == f"/app/bills/{typeid('bill', BILL)}"
    assert "115年11月4日 12:10" in message.why["explanation"]["zh"]
    assert "BZC123456" not in f"{message.title}{message.body}"


def test_a_transfer_by_twqr_without_a_fee_speaks_of_none(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    bring(happened("wallet.bill_collected", collected(person, channel="TWQR", fee_twd=0)))
    [message] = told(person)
    assert "TWQR" in message.title.zh and "手續費" not in message.body.zh and "fee" not in message.body.en


def test_a_report_that_names_nobody_tells_nobody_and_holds_nothing_up(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    nameless = collected(person)
    del nameless["person_id"]
    bring(happened("wallet.bill_collected", nameless), happened("wallet.overpayment_found", overpaid()))
    assert told(person) == []


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("paid_twice", "已經繳清，全家便利商店又收了"),
        ("bill_void", "已經撤銷"),
        ("bill_cheaper", "已經降價"),
        ("new", "太多"),
    ],
)
def test_everybody_whose_bill_it_is_hears_of_money_too_much_why_and_how_it_comes_back(
    happened: Happened, provider: RecordingProvider, reason: str, words: str
) -> None:
    one, other = new_uuid(), new_uuid()
    bring(happened("wallet.overpayment_found", overpaid(one, other, reason=reason)))
    for person in (one, other):
        [message] = told(person)
        assert message.title.zh == "多繳了 NT$1,200，可以退還給您"
        assert words in message.body.zh and "高雄銀行帳戶" in message.body.zh
        assert "free of charge" in message.body.en
        assert message.link == "/app/me/overpayments"
        assert "BZC123456" not in f"{message.title}{message.body}"


def test_money_too_much_that_is_back_is_told_with_the_account(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    fact = overpaid() | {"person_id": str(person), "account": "***1234", "returned_at": "2026-11-05T07:00:00+00:00"}
    bring(happened("wallet.overpayment_returned", fact))
    [message] = told(person)
    assert (message.kind, message.body.zh) == ("overpayment_returned", "NT$1,200 已退到 ***1234，不收任何費用。")
    assert "15:00" in message.why["explanation"]["zh"]


def test_money_too_much_that_the_bank_could_not_send_is_safe_and_wants_another_account(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    fact = overpaid() | {"person_id": str(person), "account": "***1234", "failure_code": "account_closed"}
    bring(happened("wallet.overpayment_not_returned", fact))
    [message] = told(person)
    assert "沒有遺失" in message.body.zh and "選擇另一個帳戶" in message.body.zh
    assert "account_closed" not in message.body.en
    assert message.link == "/app/me/overpayments"
