"""Debits at other banks: paid provisionally, returned by a file or final by one, with typhoon days in between."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from bank_city import BankCustomer, uuid_of
from flask.testing import FlaskClient
from other_rails import completed, link_other_bank, pay_by, put_other_rails_behind
from sandbox_process import SandboxBooks
from signed_in_officer import signed_in_officer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core import clock, db
from ledger import book
from partners.ach.calendar import next_business_day
from wallet import ach_mandates, ach_returns, closed_days, outcomes, resolving


@pytest.fixture(autouse=True)
def rails(bank_books: SandboxBooks) -> Iterator[None]:
    """The clearing house and the wallets of the sandbox."""
    undo = put_other_rails_behind(bank_books)
    yield
    undo()


def shown(customer: BankCustomer, payment: dict[str, Any]) -> dict[str, Any]:
    return customer.got("GET", f"/v1/payments/{payment['id']}")  # type: ignore[no-any-return]


def close_days(books: SandboxBooks, days: int = 1) -> list[date]:
    closed = books.asked("POST", "/books/ach/day-close", {"days": days})["closed"]
    return [date.fromisoformat(file["day"]) for file in closed]


def sweep() -> None:
    ach_returns.take_return_files(clock.now())


def problems() -> list[str]:
    return [row.wrong for row in rows("SELECT wrong FROM wallet.ach_file_problem WHERE resolved_at IS NULL ORDER BY 1")]


def rows(sql: str) -> list[Any]:
    with db.unit_of_work() as session:
        return list(session.execute(text(sql)))


def recorded(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in rows("SELECT kind, payload FROM core.outbox ORDER BY id") if row.kind == kind]


def paid(customer: BankCustomer, *amounts: int, balance_twd: int = 100_000) -> dict[str, Any]:
    """A provisional payment of parking fees from another bank."""
    link = link_other_bank(customer, balance_twd=balance_twd)
    bills = customer.owe_parking(*(amounts or (60, 90)))
    payment = pay_by(customer, [bill["id"] for bill in bills], bank_link_id=link["id"])
    assert payment["status"] == "provisional", payment
    return payment


def balanced() -> bool:
    with db.unit_of_work() as session:
        return all(line.is_balanced for line in book.trial_balance(session))


def test_row_33_a_debit_counts_as_paid_at_once_and_is_final_when_its_window_has_passed(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    payment = paid(customer)
    assert (payment["rail"], payment["account"][:3], payment["total"]) == ("ach", "***", 150)
    assert customer.unpaid() == []
    assert payment["receipt_url"]
    (entry,) = bank_books.read("ach/entries", reference=payment["id"])
    presented = date.fromisoformat(entry["presented_on"])
    assert payment["final_on"] == next_business_day(presented).isoformat()
    sweep()
    assert shown(customer, payment)["status"] == "provisional"
    assert close_days(bank_books) == [presented]
    sweep()
    assert shown(customer, payment)["status"] == "provisional", "the file of its own day cannot return it"
    close_days(bank_books)
    sweep()
    assert shown(customer, payment)["status"] == "captured"


def test_row_33_a_returned_debit_opens_its_bills_again_and_is_undone_once(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    payment = paid(customer, 60, 90, balance_twd=149)
    close_days(bank_books, 2)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: sweep(), range(4)))
    sweep()
    after = shown(customer, payment)
    assert (after["status"], bool(after["undone_at"])) == ("returned", True)
    assert sorted(bill["amount"] for bill in customer.unpaid()) == [60, 90]
    (undone,) = recorded("wallet.payment_undone")
    assert (undone["how"], undone["reason"], undone["rail"]) == ("returned", "insufficient_funds", "ach")
    assert [(row.effect, row.code) for row in rows("SELECT effect, code FROM wallet.ach_return")] == [("undone", "01")]


def test_a_bill_whose_debit_was_returned_can_be_paid_again(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    paid(customer, 60, balance_twd=10)
    close_days(bank_books, 2)
    sweep()
    again = pay_by(customer, [bill["id"] for bill in customer.unpaid()], bank_link_id=customer.link_account()["id"])
    assert again["status"] == "captured"


def test_a_return_after_the_window_undoes_a_payment_that_was_final(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    bank_books.set_switch("ach", "debit", "returned_late", code=3, days=2)
    payment = paid(customer)
    close_days(bank_books, 2)
    sweep()
    assert shown(customer, payment)["status"] == "captured"
    close_days(bank_books, 2)
    sweep()
    assert shown(customer, payment)["status"] == "returned"
    (undone,) = recorded("wallet.payment_undone")
    assert undone["reason"] == "mandate_revoked"


@pytest.mark.parametrize(
    ("mode", "wrong"),
    [
        ("truncated_file", {"no_trailer", "record_length"}),
        ("wrong_totals", {"total"}),
        ("wrong_encoding", {"encoding"}),
        ("missing_file", {"missing"}),
        ("duplicate_file", {"duplicate_file"}),
    ],
)
def test_nothing_is_final_before_the_file_that_could_return_it_was_read_whole(
    customer: BankCustomer, bank_books: SandboxBooks, mode: str, wrong: set[str]
) -> None:
    bank_books.set_switch("ach", "debit", "returned", code=2, count=1)
    returned = paid(customer, 60)
    kept = paid(customer, 90)
    close_days(bank_books)
    sweep()
    close_days(bank_books, 3)
    bank_books.set_switch("ach", "return_file", mode)
    sweep()
    assert {shown(customer, each)["status"] for each in (returned, kept)} == {"provisional"}
    assert set(problems()) <= wrong
    assert problems()
    bank_books.clear_switches()
    sweep()
    assert shown(customer, returned)["status"] == "returned"
    assert shown(customer, kept)["status"] == "captured"
    assert problems() == []


def test_a_file_out_of_its_place_stops_the_chain(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    payment = paid(customer)
    close_days(bank_books)
    sweep()
    close_days(bank_books, 3)
    bank_books.set_switch("ach", "return_files", "missing_file")
    sweep()
    assert (shown(customer, payment)["status"], problems()) == ("provisional", ["gap"])
    bank_books.clear_switches()
    sweep()
    assert (shown(customer, payment)["status"], problems()) == ("captured", [])


def test_row_33_a_typhoon_day_announced_late_shifts_the_window_and_the_file(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    payment = paid(customer)
    window = date.fromisoformat(payment["final_on"])
    close_days(bank_books)
    bank_books.asked("POST", "/books/ach/closed-days", {"day": window.isoformat(), "reason": "颱風停止上班"})
    sweep()
    later = shown(customer, payment)
    assert (later["status"], later["final_on"]) == ("provisional", next_business_day(window).isoformat())
    (row,) = rows("SELECT day, reason, source FROM wallet.closed_day")
    assert tuple(row) == (window, "颱風停止上班", "clearing house")
    assert close_days(bank_books) == [next_business_day(window)]
    sweep()
    assert shown(customer, payment)["status"] == "captured"


def test_a_typhoon_day_before_the_presentation_shifts_both(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    payment = paid(customer)
    (entry,) = bank_books.read("ach/entries", reference=payment["id"])
    presented = date.fromisoformat(entry["presented_on"])
    bank_books.asked("POST", "/books/ach/closed-days", {"day": presented.isoformat()})
    sweep()
    moved = next_business_day(presented)
    assert shown(customer, payment)["final_on"] == next_business_day(moved).isoformat()
    assert close_days(bank_books, 2) == [moved, next_business_day(moved)]
    sweep()
    assert shown(customer, payment)["status"] == "captured"


def test_an_officers_typhoon_day_shifts_what_is_open_once(customer: BankCustomer) -> None:
    payment = paid(customer)
    window = date.fromisoformat(payment["final_on"])
    for expected in (1, 0):
        with db.unit_of_work() as session:
            moved = closed_days.declare(
                session, window, reason="颱風", source="行政院人事行政總處公告", now=clock.now()
            )
        assert moved == expected
    assert shown(customer, payment)["final_on"] == next_business_day(window).isoformat()


def test_silence_at_submission_is_not_known_and_the_clearing_house_is_asked(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = link_other_bank(customer)
    bills = [bill["id"] for bill in customer.owe_parking(60)]
    bank_books.set_switch("ach", "debit", "timeout_after", count=1, seconds=4)
    payment = pay_by(customer, bills, bank_link_id=link["id"])
    assert payment["status"] == "unknown"
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.payment SET next_ask_at = now() - interval '1 s'"))
    resolving.resolve_due(clock.now())
    assert shown(customer, payment)["status"] == "provisional"
    assert len(bank_books.read("ach/entries", kind="debit")) == 1


def test_a_return_for_a_payment_that_is_not_known_yet_fails_it(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = link_other_bank(customer, balance_twd=5)
    first = paid(customer, 30)
    bills = [bill["id"] for bill in customer.owe_parking(60)]
    bank_books.set_switch("ach", "debit", "timeout_after", count=1, seconds=4)
    payment = pay_by(customer, bills, bank_link_id=link["id"])
    close_days(bank_books, 2)
    sweep()
    after = shown(customer, payment)
    assert (after["status"], after["failure"]["code"]) == ("failed", "insufficient_funds")
    assert shown(customer, first)["status"] == "captured"
    assert [bill["amount"] for bill in customer.unpaid()] == [60]


def test_a_line_of_another_amount_or_of_nobody_is_kept_for_people_and_holds_the_payment(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    bank_books.set_switch("ach", "debit", "returned", code=1)
    payment = paid(customer, 60)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.payment SET fee_twd = fee_twd + 1"))
    close_days(bank_books, 2)
    sweep()
    assert shown(customer, payment)["status"] == "provisional"
    (row,) = rows("SELECT effect, payment_id FROM wallet.ach_return")
    assert (row.effect, row.payment_id) == ("amount_differs", uuid_of("pay", payment["id"]))
    close_days(bank_books, 1)
    sweep()
    assert shown(customer, payment)["status"] == "provisional", "somebody has to look at it first"


def test_a_crash_between_two_lines_is_made_good_by_the_next_sweep(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    bank_books.set_switch("ach", "debit", "returned", code=1)
    first, second = paid(customer, 60), paid(customer, 90)
    close_days(bank_books, 2)
    with db.unit_of_work() as session:
        session.execute(text(_BREAK.format(uuid_of("pay", second["id"]))))
    with pytest.raises(DBAPIError, match="the worker is gone"):
        sweep()
    assert [shown(customer, each)["status"] for each in (first, second)] == ["returned", "provisional"]
    with db.unit_of_work() as session:
        session.execute(text("DROP TRIGGER crash ON wallet.payment"))
    sweep()
    assert {shown(customer, each)["status"] for each in (first, second)} == {"returned"}
    assert len(recorded("wallet.payment_undone")) == 2


# As if the process died while it wrote the second one: its transaction is gone, the first one's is not.
_BREAK = """
CREATE FUNCTION wallet.crash() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.id = '{}' THEN RAISE EXCEPTION 'the worker is gone'; END IF; RETURN NEW; END $$;
CREATE TRIGGER crash BEFORE UPDATE ON wallet.payment FOR EACH ROW EXECUTE FUNCTION wallet.crash();
"""


def test_finality_comes_once_and_not_to_what_came_back(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    payment = paid(customer, 60, balance_twd=1)
    close_days(bank_books, 2)
    sweep()
    with db.unit_of_work() as session:
        after = outcomes.became_final(session, uuid_of("pay", payment["id"]), now=clock.now())
    assert after.status == "returned"


def test_another_banks_account_is_linked_on_that_banks_page(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    link = link_other_bank(customer, account_no="00281234567890", per_payment_limit="3000", daily_limit="9000")
    assert (link["bank"], link["bank_name"], link["account"], link["status"]) == (
        "812",
        "台新銀行",
        "***7890",
        "active",
    )
    assert (link["per_payment_limit"], link["daily_limit"]) == (3000, 9000)
    assert rows("SELECT 1 FROM wallet.bank_link WHERE bank_link::text LIKE '%00281234567890%'") == []
    assert customer.send("DELETE", f"/v1/bank-links/{link['id']}").status_code == 204
    assert [one["status"] for one in bank_books.read("ach/authorisations")] == ["ended"]


def test_a_bank_that_answers_tomorrow_leaves_the_link_pending_until_it_does(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    bank_books.set_switch("ach", "authorisation_request", "answers_tomorrow")
    link = link_other_bank(customer)
    assert link["status"] == "pending"
    bill = customer.owe_parking(60)[0]
    begun = customer.begin([bill["id"]], link)
    assert (begun.status_code, begun.json["type"].rsplit("/", 1)[-1]) == (409, "bank-link-not-active")
    ach_mandates.check_due(clock.now())
    assert customer.got("GET", f"/v1/bank-links/{link['id']}")["status"] == "pending"
    close_days(bank_books)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bank_link SET check_at = now() - interval '1 s'"))
    ach_mandates.check_due(clock.now())
    assert customer.got("GET", f"/v1/bank-links/{link['id']}")["status"] == "active"


def test_a_denial_or_somebody_elses_account_is_a_refused_link(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    begun = customer.got("POST", "/v1/bank-links", {"bank": "8120000", "account_no": "123456789"})
    assert completed(customer, begun, bank_books.decide(begun["authorize_url"], decision="deny"))["status"] == "refused"
    bank_books.put("ach/accounts", bank="812", account_no="5550001", national_id="E179864328", balance_twd=1)
    begun = customer.got("POST", "/v1/bank-links", {"bank": "812", "account_no": "5550001"})
    assert completed(customer, begun, bank_books.decide(begun["authorize_url"]))["status"] == "refused"


@pytest.mark.parametrize(
    "body",
    [{"bank": "999", "account_no": "123456"}, {"bank": "812"}, {"bank": "812", "account_no": "12"}, {"bank": "x"}],
)
def test_a_bank_or_account_that_cannot_be_is_refused(customer: BankCustomer, body: dict[str, str]) -> None:
    assert customer.send("POST", "/v1/bank-links", body).status_code == 422


def test_the_citys_own_bank_is_linked_directly_whatever_its_code(customer: BankCustomer) -> None:
    assert customer.got("POST", "/v1/bank-links", {"bank": "016"})["bank"] == "bank_of_kaohsiung"
    banks = customer.got("GET", "/v1/banks")["items"]
    assert (banks[0]["bank"], banks[0]["needs_account"]) == ("bank_of_kaohsiung", False)
    assert {"bank": "812", "name": "台新銀行", "needs_account": True} in banks


def test_what_is_in_the_book_adds_up_after_all_of_it(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    paid(customer, 60, balance_twd=1)
    paid(customer, 90)
    close_days(bank_books, 2)
    sweep()
    assert balanced()


def test_an_officer_enters_a_typhoon_day_with_its_source_and_sees_the_files(
    client: FlaskClient, customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    officer = signed_in_officer(client, "finance")
    payment = paid(customer)
    body = {"day": payment["final_on"], "reason": "颱風", "source": "行政院人事行政總處 115-11-20 公告"}
    made = officer.call("POST", "/v1/closed-days", body)
    assert (made.status_code, made.json["payments_shifted"], made.json["source"]) == (201, 1, body["source"])
    assert shown(customer, payment)["final_on"] > payment["final_on"]
    assert officer.call("POST", "/v1/closed-days", body).json["payments_shifted"] == 0
    assert [one["day"] for one in officer.call("GET", "/v1/closed-days").json["items"]] == [payment["final_on"]]
    files = officer.call("GET", "/v1/return-files").json
    assert (files["items"], files["problems"], files["provisional"], files["provisional_total"]) == ([], [], 1, 150)
    sunday = next(
        day
        for day in (date.fromisoformat(payment["final_on"]) + timedelta(n) for n in range(7))
        if day.isoweekday() == 7
    )
    for wrong in ({"day": sunday.isoformat()}, {"day": "2030-01-02"}, {"day": "1151120"}, {"source": ""}):
        assert officer.call("POST", "/v1/closed-days", {**body, **wrong}).status_code == 422
    auditor = signed_in_officer(client, "auditor")
    assert auditor.call("POST", "/v1/closed-days", body).status_code == 403
    close_days(bank_books)
    bank_books.set_switch("ach", "return_file", "truncated_file")
    sweep()
    assert [one["wrong"] for one in auditor.call("GET", "/v1/return-files").json["problems"]] != []
