"""The treasury account's statement: what was booked, once each, and the ways in which a bank gets it wrong."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from lxml import etree
from sandbox_process import SandboxBooks

from core.clock import now, taipei_date
from partners import wire
from partners.bank.client import BankClient, Mandate

Granted = Callable[..., Mandate]
NAMES = {"c": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}


@pytest.fixture
def today() -> date:
    return taipei_date(now())


@pytest.fixture
def busy_day(bank: BankClient, books: SandboxBooks, granted: Granted) -> Mandate:
    """Three debits, a refund, a credit order, a payout of two transactions, and charges."""
    mandate = granted()
    for number, amount in enumerate((600, 20, 35), start=1):
        bank.debit(
            reference=f"pay_{number}", mandate_id=mandate.mandate_id, amount_twd=amount, purpose=f"罰鍰 & {number}"
        )
    bank.debit(reference="pay_too_much", mandate_id=mandate.mandate_id, amount_twd=5001, purpose="x")
    bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=600)
    bank.refund_to(reference="ref_2", mandate_id=mandate.mandate_id, amount_twd=15, purpose="退款 <2>")
    books.put(
        "bank/incoming", reference="ADYEN-BATCH-7", party="Adyen N.V.", amount_twd=1000, remittance="TX1234567XT batch 7",
        details=[{"reference": "A", "amount_twd": 400}, {"reference": "B", "amount_twd": 600}],
    )  # fmt: skip
    books.put("bank/incoming", reference="FEE-11", kind="charges", party="高雄銀行", amount_twd=30, remittance="手續費")
    return mandate


def fetched(bank: BankClient, day: date) -> bytes:
    into = io.BytesIO()
    length = bank.fetch_statement(day, into)
    assert length == len(into.getvalue())
    return into.getvalue()


def read(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False))


def texts(element: etree._Element, path: str) -> list[str]:
    return [str(found.text) for found in element.iterfind(path, NAMES)]


def entries(statement: etree._Element) -> list[tuple[str, str, list[str]]]:
    """Side, amount and the references of every entry."""
    return [
        (texts(entry, "c:CdtDbtInd")[0], texts(entry, "c:Amt")[0], texts(entry, ".//c:EndToEndId"))
        for entry in statement.iterfind(".//c:Ntry", NAMES)
    ]


def balance(statement: etree._Element, code: str) -> int:
    for found in statement.iterfind(".//c:Bal", NAMES):
        if texts(found, "c:Tp/c:CdOrPrtry/c:Cd") == [code]:
            amount = int(texts(found, "c:Amt")[0].removesuffix(".00"))
            return amount if texts(found, "c:CdtDbtInd") == ["CRDT"] else -amount
    raise AssertionError(f"no balance {code}")


def test_every_booking_is_one_entry_under_our_reference(bank: BankClient, busy_day: Mandate, today: date) -> None:
    found = entries(read(fetched(bank, today)))
    assert sorted(found) == sorted([
        ("CRDT", "600.00", ["pay_1"]),
        ("CRDT", "20.00", ["pay_2"]),
        ("CRDT", "35.00", ["pay_3"]),
        ("DBIT", "600.00", ["ref_1"]),
        ("DBIT", "15.00", ["ref_2"]),
        ("CRDT", "1000.00", ["A", "B"]),
        ("DBIT", "30.00", ["FEE-11"]),
    ])  # fmt: skip


def test_balances_and_sums_add_up_and_agree_with_the_account(
    bank: BankClient, books: SandboxBooks, busy_day: Mandate, today: date
) -> None:
    statement = read(fetched(bank, today))
    assert balance(statement, "OPBD") == 0
    assert balance(statement, "CLBD") == books.balance("9017-9000-0001") == 600 + 20 + 35 - 600 - 15 + 1000 - 30
    assert texts(statement, ".//c:TtlNtries/c:NbOfNtries") == ["7"]
    assert texts(statement, ".//c:TtlCdtNtries/c:Sum") == ["1655.00"]
    assert texts(statement, ".//c:TtlDbtNtries/c:Sum") == ["645.00"]
    assert texts(statement, ".//c:TtlNetNtry/c:Amt") == ["1010.00"]


def test_words_and_codes_come_through(bank: BankClient, busy_day: Mandate, today: date) -> None:
    statement = read(fetched(bank, today))
    assert {"罰鍰 & 1", "退款 <2>", "TX1234567XT batch 7", "手續費"} <= set(texts(statement, ".//c:Ustrd"))
    assert texts(statement, ".//c:SubFmlyCd").count("PADD") == 3
    assert texts(statement, ".//c:SubFmlyCd").count("CHRG") == 1
    assert texts(statement, ".//c:Btch/c:NbOfTxs") == ["2"]
    assert texts(statement, ".//c:Acct/c:Id/c:Othr/c:Id") == ["901790000001"]
    long = [
        text for text in texts(statement, ".//c:EndToEndId") + texts(statement, ".//c:AcctSvcrRef") if len(text) > 35
    ]
    assert long == []


def test_asked_again_with_nothing_new_it_is_the_same_to_the_byte(
    bank: BankClient, busy_day: Mandate, today: date
) -> None:
    assert fetched(bank, today) == fetched(bank, today)


def test_the_next_day_opens_where_the_day_before_closed(bank: BankClient, books: SandboxBooks, today: date) -> None:
    for back, amount in ((2, 500), (1, 70)):
        day = today - timedelta(days=back)
        books.put("bank/incoming", reference=f"P{back}", party="x", amount_twd=amount, booked_on=day.isoformat())
    first, second = (read(fetched(bank, today - timedelta(days=back))) for back in (2, 1))
    assert (balance(first, "OPBD"), balance(first, "CLBD")) == (0, 500)
    assert (balance(second, "OPBD"), balance(second, "CLBD")) == (500, 570)
    assert balance(read(fetched(bank, today)), "OPBD") == 570


def test_an_incoming_entry_is_booked_once_and_must_add_up(books: SandboxBooks) -> None:
    entry = {"reference": "P1", "party": "ACH", "amount_twd": 90, "kind": "debit", "remittance": "net"}
    books.put("bank/incoming", **entry)
    books.put("bank/incoming", **entry)
    assert books.balance("9017-9000-0001") == -90
    with pytest.raises(AssertionError, match="reference_reused"):
        books.put("bank/incoming", **entry | {"amount_twd": 91})
    for wrong in ({"kind": "gift"}, {"booked_on": "5 May"}, {"details": [{"reference": "A", "amount_twd": 89}]},
                  {"amount_twd": 0}):  # fmt: skip
        with pytest.raises(AssertionError, match="invalid"):
            books.put("bank/incoming", **entry | {"reference": "P2"} | wrong)


def test_a_day_that_has_not_begun_or_is_none_has_no_statement(bank: BankClient, today: date) -> None:
    assert bank.fetch_statement(today + timedelta(days=1), io.BytesIO()) is None
    with pytest.raises(wire.Refused):
        wire.call(bank.peer, "GET", "/v1/statements/2026-02-30.xml")


def test_a_day_without_bookings_has_balances_alone(bank: BankClient, today: date) -> None:
    statement = read(fetched(bank, today - timedelta(days=400)))
    assert entries(statement) == []
    assert (balance(statement, "OPBD"), balance(statement, "CLBD")) == (0, 0)


@pytest.mark.parametrize("mode", ["missing_entry", "extra_entry", "one_dollar_off", "wrong_date"])
def test_a_wrong_statement_is_wrong_in_one_entry_and_otherwise_adds_up(
    bank: BankClient, books: SandboxBooks, busy_day: Mandate, today: date, mode: str
) -> None:
    right = fetched(bank, today)
    books.set_switch("bank", "statement", mode, count=1)
    statement = read(fetched(bank, today))
    before, after = entries(read(right)), entries(statement)
    assert balance(statement, "CLBD") == sum(
        (1 if side == "CRDT" else -1) * int(amount.removesuffix(".00")) for side, amount, _ in after
    )
    if mode == "missing_entry":
        assert after == before[1:]
    elif mode == "extra_entry":
        assert after == [*before, ("CRDT", "777.00", ["NOTPROVIDED"])]
    elif mode == "one_dollar_off":
        assert after[0][1] == f"{int(before[0][1].removesuffix('.00')) + 1}.00"
        assert after[1:] == before[1:]
    else:
        days = texts(statement, ".//c:BookgDt/c:Dt")
        assert days == [(today - timedelta(days=1)).isoformat()] + [today.isoformat()] * (len(before) - 1)
    assert fetched(bank, today) == right


def test_debits_can_be_booked_as_one_entry(
    bank: BankClient, books: SandboxBooks, busy_day: Mandate, today: date
) -> None:
    books.set_switch("bank", "statement", "batched_entries", size=2)
    statement = read(fetched(bank, today))
    batched = [references for _, _, references in entries(statement) if references[0].startswith("pay_")]
    assert batched == [["pay_1", "pay_2"], ["pay_3"]]
    assert ("CRDT", "620.00", ["pay_1", "pay_2"]) in entries(statement)
    assert balance(statement, "CLBD") == 1010


def test_a_duplicate_is_another_message_about_the_same_statement(
    bank: BankClient, books: SandboxBooks, busy_day: Mandate, today: date
) -> None:
    first = read(fetched(bank, today))
    books.set_switch("bank", "statement", "duplicate_statement")
    second = read(fetched(bank, today))
    assert texts(first, ".//c:MsgId") != texts(second, ".//c:MsgId")
    assert texts(first, ".//c:Stmt/c:Id") == texts(second, ".//c:Stmt/c:Id")
    assert texts(second, ".//c:CpyDplctInd") == ["DUPL"]
    assert entries(first) == entries(second)


def test_a_closing_balance_that_the_entries_do_not_lead_to(
    bank: BankClient, books: SandboxBooks, busy_day: Mandate, today: date
) -> None:
    books.set_switch("bank", "statement", "wrong_totals")
    assert balance(read(fetched(bank, today)), "CLBD") == 1011


def test_a_document_cut_short_is_signed_all_the_same_and_no_xml(
    bank: BankClient, books: SandboxBooks, busy_day: Mandate, today: date
) -> None:
    books.set_switch("bank", "statement", "truncated_xml", share=0.5)
    content = fetched(bank, today)
    with pytest.raises(etree.XMLSyntaxError):
        read(content)


def test_a_statement_signed_with_a_wrong_key_is_not_believed(
    bank: BankClient, books: SandboxBooks, busy_day: Mandate, today: date
) -> None:
    books.set_switch("bank", "statement", "bad_signature")
    with pytest.raises(wire.AnswerNotTrusted):
        fetched(bank, today)
