"""What the bank's sandbox states is what our reader reads, whole and in every way in which it can be wrong."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

import pytest
from bank_city import BankCustomer
from sandbox_process import SandboxBooks

from core import clock
from core.clock import taipei_date
from wallet.ports import ports
from wallet.reconciliation import camt053
from wallet.reconciliation.lines import StatementLine, Summary
from wallet.reconciliation.problems import StatementTotalsWrong, StatementTruncated

ACCOUNT = "9017-9000-0001"


@pytest.fixture
def day(customer: BankCustomer, bank_books: SandboxBooks) -> date:
    """A day with three payments, a refund, an announced payout of two parts, and charges."""
    link = customer.link_account()
    for bill in customer.owe_parking(60, 70, 80):
        customer.pay([bill["id"]], link)
    reference = bank_books.debits()[0]["reference"]
    ports().bank.refund(reference="ref_01h455vb4pex5vsknk084sn02q", debit_reference=reference, amount_twd=10)
    bank_books.put(
        "bank/incoming", reference="PAYOUT-1", party="Adyen", amount_twd=1000, remittance="batch 1",
        details=[{"reference": "PART-1", "amount_twd": 400}, {"reference": "PART-2", "amount_twd": 600}],
    )  # fmt: skip
    bank_books.put("bank/incoming", reference="FEE-1", kind="charges", party="高雄銀行", amount_twd=15)
    return taipei_date(clock.now())


def fetched(day: date) -> list[bytes]:
    into = io.BytesIO()
    assert ports().bank.fetch_statement(day, into)
    content = into.getvalue()
    return [content[start : start + 1000] for start in range(0, len(content), 1000)]


def read(chunks: list[bytes]) -> tuple[list[StatementLine], Summary]:
    def lines() -> Iterator[StatementLine]:
        nonlocal summary
        summary = yield from camt053.read(chunks, account=ACCOUNT)

    summary = None
    found = list(lines())
    assert summary is not None
    return found, summary


def test_every_booking_is_a_line_under_our_reference(day: date, bank_books: SandboxBooks) -> None:
    lines, summary = read(fetched(day))
    assert {line.our_reference: line.gross_twd for line in lines if line.kind == "payment"} == {
        debit["reference"]: debit["amount_twd"] for debit in bank_books.debits()
    }
    assert [(line.our_reference, line.gross_twd) for line in lines if line.kind == "refund"] == [
        ("ref_01h455vb4pex5vsknk084sn02q", -10)
    ]
    assert {(line.our_reference, line.gross_twd) for line in lines if line.kind == "transfer"} >= {
        ("PART-1", 400), ("PART-2", 600),
    }  # fmt: skip
    assert sum(line.gross_twd for line in lines) == 60 + 70 + 80 - 10 + 1000 - 15
    assert len({line.their_reference for line in lines}) == len(lines)
    assert {line.value_date for line in lines} == {day}
    assert (summary.opening_twd, summary.closing_twd, summary.last_day) == (0, bank_books.balance(ACCOUNT), day)


@pytest.mark.parametrize("mode", ["missing_entry", "extra_entry", "one_dollar_off", "wrong_date", "batched_entries",
                                  "duplicate_statement"])  # fmt: skip
def test_a_statement_that_is_wrong_about_one_thing_is_still_read(
    day: date, bank_books: SandboxBooks, mode: str
) -> None:
    right, _ = read(fetched(day))
    bank_books.set_switch("bank", "statement", mode, count=1)
    lines, _ = read(fetched(day))
    change = {"missing_entry": -1, "extra_entry": 1}.get(mode, 0)
    assert len(lines) == len(right) + change
    if mode == "one_dollar_off":
        assert sum(line.gross_twd for line in lines) == sum(line.gross_twd for line in right) + 1
    if mode == "wrong_date":
        assert {(day - line.value_date).days for line in lines} == {0, 1}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_statement_cut_short_is_refused_whole(day: date, bank_books: SandboxBooks, share: float) -> None:
    bank_books.set_switch("bank", "statement", "truncated_xml", share=share)
    with pytest.raises(StatementTruncated):
        read(fetched(day))


def test_a_closing_balance_that_the_entries_do_not_lead_to_is_refused(day: date, bank_books: SandboxBooks) -> None:
    bank_books.set_switch("bank", "statement", "wrong_totals")
    with pytest.raises(StatementTotalsWrong):
        read(fetched(day))
