"""What an agreed month comes to is paid through the bank once, or received from the partner, to the dollar."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.clock import taipei_date
from identity import approvals
from partners.bank.account_statement import AccountStatement, Line
from points.exchange import nettings, ports, statements, terms
from points.exchange.errors import NothingToPay, PartnerAccountMissing
from points.exchange.nettings import Netting
from points.merchants import accounts, bank_days, payouts
from tests.points.exchange.city import City
from tests.points.exchange.mortal_worker import MortalWorker, When
from tests.points.exchange.test_statements import month, officer
from tests.points.merchants.city import put_the_bank_behind

PAID_FROM = "9017-9000-0002"
OWED, OWES = "okmart", "familymart"


@dataclass
class Desk:
    """A month that was agreed with a partner, two officers, and the bank."""

    bank: SandboxBooks
    now: datetime

    @property
    def netting(self) -> Netting:
        with db.unit_of_work() as session:
            (found,) = nettings.page(session, statuses=nettings.STATUSES, partner=None, limit=9, before=None)
        return found

    def propose(self, name: str = "甲") -> Netting:
        with db.unit_of_work() as session:
            return nettings.propose(session, self.netting.id, note="月結", by=officer(name), now=self.now)

    def decide(self, *, is_approved: bool = True) -> None:
        approval = self.netting.approval_id
        assert approval is not None
        with db.unit_of_work() as session:
            approvals.decide(session, approval, by=officer("乙"), is_approved=is_approved, note="好", now=self.now)

    def order(self) -> None:
        self.propose()
        self.decide()

    def next_day(self) -> None:
        bank_days.fetch_days(self.now + timedelta(days=1))

    def pays_in(self, amount_twd: int, words: str, reference: str = "E2E-1") -> None:
        self.bank.put(
            "bank/incoming", account="points", reference=reference, party="全家", amount_twd=amount_twd,
            remittance=words,
        )  # fmt: skip

    @property
    def payable(self) -> int:
        with db.unit_of_work() as session:
            return terms.balance_of(session, nettings.payable_code(self.netting.partner))

    @property
    def in_the_bank(self) -> int:
        with db.unit_of_work() as session:
            return terms.balance_of(session, accounts.BANK)

    def differences(self) -> list[tuple[str, int]]:
        with db.unit_of_work() as session:
            rows = session.execute(
                text("SELECT kind, amount_twd FROM points.payout_difference WHERE closed_at IS NULL ORDER BY opened_at")
            )
            return [tuple(row) for row in rows]


@pytest.fixture
def desk(kaohsiung: City, books: SandboxBooks) -> Desk:
    put_the_bank_behind(books)
    nettings.register()
    return Desk(books, clock.now())


@pytest.fixture
def owes(kaohsiung: City, desk: Desk) -> Desk:
    """The city owes the partner NT$200."""
    month(kaohsiung, OWED).take()
    assert (desk.netting.status, desk.netting.amount_twd, desk.payable) == ("to_pay", 200, 200)
    return desk


@pytest.fixture
def is_owed(kaohsiung: City, desk: Desk) -> Desk:
    """The partner owes the city NT$100."""
    exchange = kaohsiung.begun(OWES, kaohsiung.somebody(200), "in")
    kaohsiung.drive(exchange)
    name = f"{taipei_date(kaohsiung.now):%Y-%m}"
    content = ports.partner(OWES).statement(name)
    with db.unit_of_work() as session:
        statements.take(session, OWES, name, content, now=kaohsiung.now + timedelta(days=40))
        session.execute(text("UPDATE points.partner_netting SET agreed_at = :now"), {"now": desk.now})
    assert (desk.netting.status, desk.netting.amount_twd, desk.payable) == ("owed", -100, -100)
    return desk


def test_what_the_city_owes_is_paid_once_two_officers_have_said_so(owes: Desk) -> None:
    payouts.send_due(owes.now)
    assert owes.bank.read("bank/payouts") == [], "nothing leaves before two have said so"
    owes.order()
    assert owes.netting.status == "ordered" and owes.payable == 200
    payouts.send_due(owes.now)
    assert (owes.netting.status, owes.netting.closed_on) == ("paid", taipei_date(owes.now))
    (paid,) = owes.bank.read("bank/payouts")
    assert (paid["payee"], paid["bank_code"], paid["account_no"], paid["amount_twd"]) == (
        "來來超商股份有限公司", "004", "004200000102", 200,
    )  # fmt: skip
    assert (owes.payable, owes.in_the_bank, owes.bank.balance(PAID_FROM)) == (0, -200, -200)
    owes.next_day()
    assert owes.differences() == []
    with db.unit_of_work() as session:
        (day,) = bank_days.page(session, limit=9, before=None)
    assert day.paid_twd == day.stated_twd == day.matched_twd == 200


def test_twice_over_is_once(owes: Desk, kaohsiung: City) -> None:
    owes.propose()
    for _ in range(2):
        with pytest.raises(NothingToPay):
            owes.propose()
    owes.decide()
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: payouts.send_due(owes.now), range(4)))
    payouts.send_due(owes.now + timedelta(minutes=2))
    with pytest.raises(NothingToPay):
        owes.propose()
    with db.unit_of_work() as session:
        statement = session.execute(text("SELECT statement_id FROM points.partner_netting")).scalar_one()
        nettings.begin(session, statement, now=owes.now)
    assert owes.netting.status == "paid"
    assert owes.bank.balance(PAID_FROM) == -200 and len(owes.bank.read("bank/payouts")) == 1


@pytest.mark.parametrize("moment", [(1, "before"), (1, "after"), (1, "commit"), (2, "commit"), (3, "commit")])
def test_a_process_that_is_killed_while_it_pays_pays_once(
    owes: Desk, mortal_worker: MortalWorker, moment: tuple[int, When]
) -> None:
    owes.order()
    assert mortal_worker.dies(db.database().url, "payouts", moment, at=owes.now.isoformat())
    assert (owes.netting.status, owes.in_the_bank) == ("ordered", 0)
    payouts.send_due(owes.now + timedelta(minutes=2))
    assert (owes.netting.status, owes.payable, owes.in_the_bank) == ("paid", 0, -200)
    assert owes.bank.balance(PAID_FROM) == -200
    assert [file["times_sent"] for file in owes.bank.read("bank/payout-files")] == [1]


@pytest.mark.parametrize("mode", ["timeout_after", "error_500"])
def test_a_bank_without_an_answer_is_asked_and_pays_once(owes: Desk, mode: str) -> None:
    put_the_bank_behind(owes.bank, patience_seconds=0.5)
    owes.order()
    owes.bank.set_switch("bank", "payout_file", mode, count=1, **({"seconds": 1.0} if mode == "timeout_after" else {}))
    payouts.send_due(owes.now)
    assert owes.netting.status == "ordered"
    payouts.send_due(owes.now + timedelta(minutes=2))
    assert owes.netting.status == "paid" and owes.bank.balance(PAID_FROM) == -200


@pytest.mark.parametrize(("how", "reason"), [("payee", "AC04"), ("file", "FF01")])
def test_what_the_bank_refuses_stops_until_two_officers_order_it_anew(owes: Desk, how: str, reason: str) -> None:
    if how == "payee":
        owes.bank.put("bank/payees", bank_code="004", account_no="004200000102", status="closed")
    else:
        owes.bank.set_switch("bank", "payout_file", "file_refused", count=1)
    owes.order()
    payouts.send_due(owes.now)
    assert (owes.netting.status, owes.netting.reason, owes.payable) == ("stopped", reason, 200)
    assert owes.differences() == [("stopped", 200)]
    owes.bank.put("bank/payees", bank_code="004", account_no="004200000102", status="open")
    payouts.send_due(owes.now + timedelta(minutes=2))
    assert owes.netting.status == "stopped", "nothing is tried again by itself"
    owes.propose()
    owes.decide(is_approved=False)
    assert owes.netting.status == "stopped"
    owes.order()
    payouts.send_due(owes.now + timedelta(minutes=4))
    assert (owes.netting.status, owes.payable, owes.bank.balance(PAID_FROM)) == ("paid", 0, -200)


def test_a_declined_payment_is_still_to_be_made_and_without_an_account_none_is_proposed(owes: Desk) -> None:
    owes.propose()
    owes.decide(is_approved=False)
    assert (owes.netting.status, owes.netting.approval_id) == ("to_pay", None)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.partner SET bank_account = NULL"))
    with pytest.raises(PartnerAccountMissing):
        owes.propose()


def test_what_the_statement_shows_is_paid_also_where_no_answer_ever_came(owes: Desk) -> None:
    owes.order()
    owes.bank.set_switch("bank", "payout_file", "error_500_after")
    owes.bank.set_switch("bank", "payout_report", "error_500")
    payouts.send_due(owes.now)
    owes.next_day()
    assert owes.netting.status == "paid" and owes.differences() == []


@pytest.mark.parametrize("where", ["words", "reference"])
def test_a_credit_with_the_reference_closes_what_is_owed(is_owed: Desk, where: str) -> None:
    with pytest.raises(NothingToPay):
        is_owed.propose()
    if where == "words":
        is_owed.pays_in(100, f"11月點數兌換 {is_owed.netting.reference.upper()} 謝謝")
    else:
        is_owed.pays_in(100, "", is_owed.netting.reference)
    for _ in range(2):
        is_owed.next_day()
    found = is_owed.netting
    assert (found.status, found.received_twd, found.closed_on) == ("received", 100, taipei_date(is_owed.now))
    assert (is_owed.payable, is_owed.in_the_bank, is_owed.differences()) == (0, 100, [])
    with db.unit_of_work() as session:
        (day,) = bank_days.page(session, limit=9, before=None)
    assert day.paid_twd == day.stated_twd == day.matched_twd == -100


def test_what_comes_in_parts_closes_it_with_the_last_and_what_is_beyond_is_shown(is_owed: Desk) -> None:
    reference = is_owed.netting.reference
    is_owed.pays_in(60, reference, "E2E-1")
    is_owed.next_day()
    assert (is_owed.netting.status, is_owed.netting.received_twd, is_owed.payable) == ("owed", 60, -40)
    tomorrow = taipei_date(is_owed.now + timedelta(days=1)).isoformat()
    for name in ("E2E-2", "E2E-3"):
        is_owed.bank.put(
            "bank/incoming", account="points", reference=name, party="全家", amount_twd=40, remittance=reference,
            booked_on=tomorrow,
        )  # fmt: skip
    clock_ahead(is_owed, 1)
    assert (is_owed.netting.status, is_owed.netting.received_twd) == ("received", 140)
    assert (is_owed.payable, is_owed.in_the_bank, is_owed.differences()) == (40, 140, [("amount", 40)])


def clock_ahead(of: Desk, days: int) -> None:
    """The statement of so many days later, as if the bank had it already."""
    day = taipei_date(of.now + timedelta(days=days))
    statement = ahead_statement(of, day)
    with db.unit_of_work() as session:
        bank_days.take(session, statement, now=of.now + timedelta(days=days + 1))


def ahead_statement(of: Desk, day: Any) -> Any:
    rows = [row for row in of.bank.read("bank/incoming") if row["booked_at"][:10] == day.isoformat()]
    lines = tuple(
        Line(place, row["reference"], f"inc_{row['reference']}", row["amount_twd"], day, row["remittance"])
        for place, row in enumerate(rows, 1)
    )
    total = sum(line.signed_twd for line in lines)
    return AccountStatement(f"S{day}", "901790000002", day, 0, total, lines)


def test_two_credits_that_the_bank_gave_no_name_are_both_booked(is_owed: Desk) -> None:
    day = taipei_date(is_owed.now)
    words = is_owed.netting.reference
    lines = tuple(Line(row, f"E2E-{row}", "", 50, day, words) for row in (1, 2))
    with db.unit_of_work() as session:
        bank_days.take(session, AccountStatement("S1", "901790000002", day, 0, 100, lines), now=is_owed.now)
    assert (is_owed.netting.status, is_owed.netting.received_twd) == ("received", 100)
    assert (is_owed.payable, is_owed.differences()) == (0, [])


def test_a_credit_that_the_bank_states_twice_counts_once(is_owed: Desk) -> None:
    is_owed.pays_in(100, is_owed.netting.reference)
    is_owed.bank.set_switch("bank", "payout_statement", "duplicate_entry")
    is_owed.next_day()
    assert (is_owed.netting.received_twd, is_owed.in_the_bank) == (100, 100)
    assert is_owed.differences() == [("again", 100)]


@pytest.mark.parametrize("words", ["點數", "net_00000000000000000000000000", "net_zzz"])
def test_a_credit_that_names_no_month_is_a_difference(is_owed: Desk, words: str) -> None:
    is_owed.pays_in(100, words)
    is_owed.next_day()
    assert (is_owed.netting.status, is_owed.in_the_bank, is_owed.payable) == ("owed", 0, -100)
    assert is_owed.differences() == [("unknown", 100)]


@pytest.mark.parametrize("moment", [(1, "after"), (2, "commit")])
def test_a_process_that_is_killed_while_it_takes_the_statement_books_the_credit_once(
    is_owed: Desk, mortal_worker: MortalWorker, moment: tuple[int, When]
) -> None:
    is_owed.pays_in(100, is_owed.netting.reference)
    tomorrow = is_owed.now + timedelta(days=1)
    assert mortal_worker.dies(db.database().url, "bank_days", moment, at=tomorrow.isoformat())
    assert (is_owed.netting.received_twd, is_owed.in_the_bank) == (0, 0)
    is_owed.next_day()
    assert (is_owed.netting.status, is_owed.in_the_bank) == ("received", 100)


def test_the_desk_sees_months_and_proposes_over_http(client: FlaskClient, owes: Desk) -> None:
    put_the_bank_behind(owes.bank)
    first, second = (signed_in_officer(client, "points_officer", bureau="economic") for _ in range(2))
    listed = first.call("GET", "/v1/points-desk/partner-nettings").json["items"]
    (item,) = listed
    assert (item["partner"], item["amount_twd"], item["status"], item["account"]) == (
        OWED, 200, "to_pay", "004 ***0102",
    )  # fmt: skip
    path = f"/v1/points-desk/partner-nettings/{item['id']}/payment"
    proposed = first.call("POST", path, {"note": "月結"}, Idempotency_Key="a")
    assert (proposed.status_code, proposed.json["status"]) == (202, "proposed")
    approval = proposed.json["approval_id"]
    told = second.call("GET", f"/v1/approvals/{approval}").json
    assert "NT$200" in str(told) and "004200000102" in str(told)
    decided = second.call(
        "POST", f"/v1/approvals/{approval}/decision", {"is_approved": True, "note": "ok"}, Idempotency_Key="b"
    )
    assert decided.status_code == 200, decided.json
    again = first.call("POST", path, {"note": "x"}, Idempotency_Key="c")
    assert (again.status_code, again.json["type"].rpartition("/")[2]) == (409, "partner-month-not-to-pay")
    assert first.call("GET", "/v1/points-desk/partner-nettings?status=paid").json["items"] == []
