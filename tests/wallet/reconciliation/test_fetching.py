"""From a citizen's payment to the bank's own statement, fetched over the wire, matched and booked."""

from __future__ import annotations

from datetime import timedelta

from bank_city import BankCustomer
from sandbox_process import SandboxBooks
from settling_city import balance, kinds, must_be_explained, open_breaks

from core import clock, db
from core.clock import taipei_date
from wallet import book
from wallet.reconciliation import fetching, files, late


def test_yesterdays_statement_is_fetched_once_and_settles_what_was_paid(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = customer.link_account()
    for bill in customer.owe_parking(60, 70, 80):
        customer.pay([bill["id"]], link)
    owed = balance(book.BANK_CLEARING)
    assert owed >= 210
    tomorrow = clock.now() + timedelta(days=1)
    fetching.fetch_files(tomorrow)
    fetching.fetch_files(tomorrow)
    late.look(tomorrow)
    assert kinds() == []
    assert balance(book.BANK_CLEARING) == 0 and balance(book.TREASURY_BANK) == owed
    must_be_explained(tomorrow)
    with db.unit_of_work() as session:
        (taken,) = files.files(session, source="bank", limit=9, before=None)
    assert taken.matched == 3 and taken.last_day == taipei_date(clock.now())


def test_a_statement_that_is_cut_off_is_refused_and_the_whole_one_taken_when_it_is_there(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    bank_books.put("bank/incoming", reference="STRANGE-1", party="路人", amount_twd=77, remittance="?")
    tomorrow = clock.now() + timedelta(days=1)
    bank_books.set_switch("bank", "statement", "truncated_xml", share=0.7, count=1)
    fetching.fetch_files(tomorrow)
    assert kinds() == []
    fetching.fetch_files(tomorrow)
    (found,) = open_breaks()
    assert (found.kind, found.theirs_twd) == ("missing_ours", 77)
    with db.unit_of_work() as session:
        statuses = {each.status: each.refusal for each in files.files(session, source="bank", limit=9, before=None)}
    assert statuses == {"taken": None, "refused": "statement-truncated"}
    must_be_explained(tomorrow)
