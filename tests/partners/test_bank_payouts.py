"""Files of transfers: executed once, answered always alike, refused with a reason, and shown on the statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sandbox_process import SandboxBooks

from core.clock import now, taipei_date
from partners import wire
from partners.bank import account_statement, pain001, pain002
from partners.bank.client import BankClient
from partners.bank.iso20022 import MessageWrong
from partners.bank.pain001 import Transfer
from partners.bank.payouts import PayoutClient
from tests.partners.transfers import payout_file

STALL = Transfer("pyt_1", "鹽埕小吃 <&> 行", "822", "123456789012", 1260, "點數結算 11/16–11/22")
SHOP = Transfer("pyt_2", "書店", "016", "901710000001", 35, "點數結算")


@pytest.fixture
def payouts(bank: BankClient) -> PayoutClient:
    return PayoutClient(bank.peer)


@pytest.fixture
def today() -> date:
    return taipei_date(now())


def test_a_file_is_executed_and_says_so_of_each_transfer(
    payouts: PayoutClient, books: SandboxBooks, today: date
) -> None:
    report = payouts.send(payout_file("pbt_1", STALL, SHOP))
    assert [(each.end_to_end, each.status, each.executed_on) for each in report.outcomes] == [
        ("pyt_1", "executed", today),
        ("pyt_2", "executed", today),
    ]
    assert books.balance("9017-9000-0002") == -1295
    (paid,) = books.read("bank/payouts", reference="pyt_1")
    assert (paid["payee"], paid["remark"], paid["status"]) == (STALL.payee, STALL.remark, "booked")


def test_the_same_file_again_is_executed_once_and_answered_alike(payouts: PayoutClient, books: SandboxBooks) -> None:
    file = payout_file("pbt_1", STALL)
    first = payouts.send(file)
    books.put("bank/payees", bank_code="822", account_no=STALL.account, status="closed")
    assert payouts.send(file) == first == payouts.find_report("pbt_1")
    assert books.balance("9017-9000-0002") == -1260
    with pytest.raises(wire.Refused) as refusal:
        payouts.send(replace(file, transfers=(replace(STALL, amount_twd=9),)))
    assert refusal.value.code == "message_id_reused"


def test_a_transfer_that_was_executed_is_not_executed_in_another_file(
    payouts: PayoutClient, books: SandboxBooks
) -> None:
    payouts.send(payout_file("pbt_1", STALL))
    report = payouts.send(payout_file("pbt_2", STALL))
    assert [(each.status, each.reason) for each in report.outcomes] == [("refused", "AM05")]
    assert books.balance("9017-9000-0002") == -1260


def test_closed_and_unknown_accounts_are_refused_by_themselves(payouts: PayoutClient, books: SandboxBooks) -> None:
    books.put("bank/payees", bank_code="822", account_no=STALL.account, status="closed")
    books.set_settings(adopt_unknown=False)
    nobody = Transfer("pyt_3", "無", "700", "00000000000000", 5, "")
    report = payouts.send(payout_file("pbt_1", STALL, replace(SHOP, account="999999"), nobody))
    assert [each.reason for each in report.outcomes] == ["AC04", "AC01", "AC01"]
    assert books.balance("9017-9000-0002") == 0


def test_a_lost_answer_is_found_by_the_file_s_name(payouts: PayoutClient, books: SandboxBooks) -> None:
    books.set_switch("bank", "payout_file", "timeout_after", seconds=2)
    assert payouts.find_report("pbt_1") is None
    with pytest.raises(wire.NoAnswer):
        payouts.send(payout_file("pbt_1", STALL))
    found = payouts.find_report("pbt_1")
    assert found is not None and found.outcomes[0].status == "executed"


def test_a_file_can_be_refused_whole(payouts: PayoutClient, books: SandboxBooks) -> None:
    books.set_switch("bank", "payout_file", "file_refused")
    report = payouts.send(payout_file("pbt_1", STALL))
    assert (report.refusal, report.outcomes) == ("FF01", ())
    assert books.balance("9017-9000-0002") == 0


def test_another_payer_s_account_is_refused(payouts: PayoutClient) -> None:
    assert payouts.send(replace(payout_file("pbt_1", STALL), payer_account="901790000001")).refusal == "AC02"


def test_a_file_reads_as_it_was_written() -> None:
    file = payout_file("pbt_1", STALL, SHOP)
    assert pain001.read(pain001.written(file).encode()) == file


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>3</NbOfTxs>"),
        ("<CtrlSum>1295.00</CtrlSum>", "<CtrlSum>1295.01</CtrlSum>"),
        ("pyt_2", "pyt_1"),
        ('Ccy="TWD">35.00', 'Ccy="USD">35.00'),
        ('Ccy="TWD">35.00', 'Ccy="TWD">35.50'),
        ("<MsgId>pbt_1</MsgId>", "<MsgId></MsgId>"),
        ("<?xml", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><?xml"),
        ("pain.001.001.09", "pain.001.001.03"),
    ],
)
def test_a_file_that_does_not_hold_is_no_file(old: str, new: str) -> None:
    document = pain001.written(payout_file("pbt_1", STALL, SHOP)).replace(old, new)
    with pytest.raises(MessageWrong):
        pain001.read(document.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [("ACSC</TxSts>", "PDNG</TxSts>"), ("ACSC</GrpSts>", "RCVD</GrpSts>"), ("pyt_2", "pyt_1"), ("2026-", "20-")],
)
def test_a_report_that_does_not_hold_is_no_report(old: str, new: str) -> None:
    outcomes = tuple(pain002.Outcome(name, "executed", "", date(2026, 11, 23), "p") for name in ("pyt_1", "pyt_2"))
    at = now().replace(microsecond=0, year=2026)
    document = pain002.written(pain002.Report("pbt_1", at, "", outcomes), report_id="rpt_1")
    assert pain002.read(document.encode()).outcomes == outcomes
    with pytest.raises(MessageWrong):
        pain002.read(document.replace(old, new).encode())


def test_the_statement_shows_what_was_executed_and_adds_up(
    payouts: PayoutClient, books: SandboxBooks, today: date
) -> None:
    payouts.send(payout_file("pbt_1", STALL, SHOP))
    statement = payouts.fetch_statement(today)
    assert statement is not None and statement.account == "901790000002"
    assert [(line.end_to_end, line.signed_twd) for line in statement.lines] == [("pyt_1", -1260), ("pyt_2", -35)]
    assert (statement.opening_twd, statement.closing_twd) == (0, -1295)


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("missing_entry", ["pyt_2"]),
        ("duplicate_entry", ["pyt_1", "pyt_1", "pyt_2"]),
        ("extra_entry", ["pyt_1", "pyt_2", ""]),
    ],
)
def test_a_statement_may_have_other_lines_and_still_add_up(
    payouts: PayoutClient, books: SandboxBooks, today: date, mode: str, names: list[str]
) -> None:
    payouts.send(payout_file("pbt_1", STALL, SHOP))
    books.set_switch("bank", "payout_statement", mode)
    statement = payouts.fetch_statement(today)
    assert statement is not None and [line.end_to_end for line in statement.lines] == names


@pytest.mark.parametrize("mode", ["wrong_totals", "truncated_xml"])
def test_a_statement_that_does_not_hold_is_none(
    payouts: PayoutClient, books: SandboxBooks, today: date, mode: str
) -> None:
    payouts.send(payout_file("pbt_1", STALL))
    books.set_switch("bank", "payout_statement", mode)
    with pytest.raises(MessageWrong):
        payouts.fetch_statement(today)


def test_a_statement_of_another_day_is_none(payouts: PayoutClient, today: date) -> None:
    payouts.send(payout_file("pbt_1", STALL))
    assert payouts.fetch_statement(date(2099, 1, 1)) is None
    with pytest.raises(MessageWrong):
        account_statement.read(b"<x/>", day=today)
