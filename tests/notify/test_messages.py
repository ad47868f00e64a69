"""From an event to the inbox: once, in both languages, with a reason, and nothing on a lock screen that tells who."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.ids import new_uuid, typeid
from notify import inbox
from notify.texts import BASES, WORDINGS
from tests.notify.conftest import NOW, RecordingProvider, bring, captured

Happened = Callable[..., UUID]


def _inbox(person_id: UUID) -> list[inbox.Message]:
    with db.unit_of_work() as session:
        return inbox.page_of_messages(session, person_id=person_id, limit=50, cursor=None)[0]


def test_a_captured_payment_becomes_one_receipt_in_both_languages(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    payload = captured(person)
    bring(happened("wallet.payment_captured", payload))
    [message] = _inbox(person)
    assert message.kind == "payment_receipt"
    assert message.title.zh == "繳費完成 NT$1,265"
    assert "高雄銀行" in message.body.zh
    assert "2 筆" in message.body.zh
    assert message.body.en == (
        "2 bill(s) paid from Bank of Kaohsiung: NT$1,265 in all, with a fee of NT$5. Your receipt is ready."
    )
    assert message.link == f"/app/payments/{typeid('pay', UUID(payload['payment_id']))}"
    assert "115年11月5日 14:03" in message.why["explanation"]["zh"]
    assert "article 16" in message.why["explanation"]["en"]


def test_a_debit_that_the_bank_may_still_return_says_until_when_and_what_silence_means(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    bring(happened("wallet.payment_captured", captured(person, rail="ach", final_on="2026-11-09", points_pt=100)))
    [message] = _inbox(person)
    assert "從您在其他銀行的帳戶繳納" in message.body.zh and "其中 100 元由點數支付" in message.body.zh
    assert "115年11月9日 前還可能退回" in message.body.zh
    assert "if you hear nothing, it is final" in message.body.en


def test_an_event_delivered_twice_and_at_once_tells_once(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    event = happened("wallet.payment_captured", captured(person))
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda _: bring(event), range(16)))
    assert len(_inbox(person)) == 1


def test_a_failed_payment_says_why_in_plain_words(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    for reason in ("insufficient_funds", "payer_cancelled", "something_new"):
        bring(
            happened(
                "wallet.payment_failed",
                {"payment_id": str(new_uuid()), "person_id": str(person), "reason_code": reason, "total_twd": 605},
            )
        )
    newest, cancelled, oldest = _inbox(person)
    assert "您在付款頁面取消了" in cancelled.body.zh
    assert "There is not enough money in the account." in oldest.body.en
    assert "帳戶餘額不足。" in oldest.body.zh
    assert "銀行沒有接受這筆扣款。" in newest.body.zh
    assert "something_new" not in newest.body.zh


@pytest.mark.parametrize("fee_twd", [0, 5])
def test_a_double_payment_is_told_with_amount_and_account(
    happened: Happened, provider: RecordingProvider, fee_twd: int
) -> None:
    person = new_uuid()
    bring(
        happened(
            "wallet.bill_refunded",
            {
                "payment_id": str(new_uuid()),
                "person_id": str(person),
                "refund_id": str(new_uuid()),
                "bill_id": str(new_uuid()),
                "number": "BZC123456",
                "amount_twd": 600,
                "fee_twd": fee_twd,
                "reason": "paid_elsewhere_first",
                "channel": "7-ELEVEN",
                "account": "***1234",
                "completed_at": "2026-11-05T07:00:00+00:00",
            },
        )
    )
    [message] = _inbox(person)
    assert message.title.zh == "重複繳的 NT$600 已退回"
    assert "***1234" in message.body.zh
    assert ("NT$5" in message.body.en) is (fee_twd == 5)
    assert "已由 7-ELEVEN 繳納" in message.why["explanation"]["zh"]
    assert "BZC123456" not in message.title.zh + message.body.zh


def test_a_security_notice_leads_to_the_place_where_one_says_that_was_not_me(
    happened: Happened, provider: RecordingProvider
) -> None:
    person, notice = new_uuid(), new_uuid()
    told = {"person_id": str(person), "kind": "passkey_added", "notice_id": str(notice), "values": {"name": "<script>"}}
    bring(happened("identity.security_notice", told))
    [message] = _inbox(person)
    assert message.link == f"/app/not-me?notice={typeid('ntc', notice)}"
    assert "script" not in message.title.zh + message.body.zh + message.title.en + message.body.en


def test_every_wording_has_a_basis_and_names_no_field_that_could_identify_anybody() -> None:
    harmless = {
        "total",
        "fee",
        "amount",
        "count",
        "rail",
        "reason",
        "account",
        "fee_back",
        "payment",
        "moment",
        "channel",
        "points",
        "expected",
        "why",
        "why_not_changed",
        "again",
        "todo",
        "how",
        "result",
        "vehicle",
        "when",
        "due",
        "part",
        "then",
        "device",
        "place",
        "notice",
        "case",
        "provider",
        "partner",
        "ends",
        "back",
        "value",
        "unit",
        "last",
        "method",
        "left",
        "until",
        "where",
        "office",
        "ending",
        "what",
        "shop",
        "fleet",
        "phone",
        "leg",
        "leg_alone",
        "fault",
        "less",
        "pays",
        "window",
        "eta",
        "latest",
        "accept_by",
        "minutes",
        "attempts",
        "called",
        "by",
        "late",
        "fare",
    }
    for wording in WORDINGS:
        assert BASES[wording.kind].zh
        for words in (wording.title, wording.body, wording.explanation):
            for written in (words.zh, words.en):
                assert set(re.findall(r"\{(\w+)\}", written)) <= harmless


def test_pages_follow_each_other_without_gap_while_messages_arrive(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    for _ in range(7):
        bring(happened("wallet.payment_captured", captured(person)))
    seen: list[UUID] = []
    cursor = None
    while True:
        with db.unit_of_work() as session:
            page, cursor = inbox.page_of_messages(session, person_id=person, limit=3, cursor=cursor)
        seen += [message.id for message in page]
        bring(happened("wallet.payment_captured", captured(new_uuid())))
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7
    with db.unit_of_work() as session:
        assert inbox.unread_count(session, person) == 7
        inbox.mark(session, person_id=person, message_id=seen[0], is_read=True, now=NOW)
        again = inbox.mark(session, person_id=person, message_id=seen[0], is_read=True, now=NOW.replace(year=2027))
        assert again.read_at == NOW
        assert inbox.unread_count(session, person) == 6


@pytest.mark.untouched_database
def test_the_inbox_is_read_from_an_index(database: db.Database) -> None:
    with db.unit_of_work() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(
            row[0]
            for row in session.execute(
                text(
                    "EXPLAIN SELECT * FROM notify.message WHERE person_id = :p AND (created_at, id) < (:at, :p) "
                    "ORDER BY created_at DESC, id DESC LIMIT 50"
                ),
                {"p": new_uuid(), "at": NOW},
            )
        )
    assert "message_newest" in plan
    assert "Sort" not in plan
