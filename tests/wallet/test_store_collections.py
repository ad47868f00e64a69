"""Nightly files: bills closed, the book right, doubles given back, and nothing closed or booked by guessing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bank_city import BankCustomer
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from paying_city import paid_elsewhere_file
from slip_city import balances, file_of, paid, report, slip_for, take
from sqlalchemy import text

from core import clock, db
from partners.stores.files import CollectionLine
from wallet import bill_batches, overpayments
from wallet.double_payments import reported_elsewhere
from wallet.feed_problems import FeedEncodingWrong, FeedTruncated
from wallet.slip_errors import CollectionFormWrong, CollectionTotalsWrong

SEVEN = "store_clearing:7-ELEVEN"
PARKING = "bureau_payable:parking"


@pytest.fixture
def citizen(client: FlaskClient) -> PayingCitizen:
    return paying_citizen(client, 7, (45, 30))


def rows(statement: str, **values: Any) -> list[Any]:
    with db.unit_of_work() as session:
        return list(session.execute(text(statement), values))


def bill(citizen: PayingCitizen | BankCustomer, bill_id: str) -> dict[str, Any]:
    return dict(citizen.send("GET", f"/v1/bills/{bill_id}").json)


def overpaid(citizen: PayingCitizen | BankCustomer) -> list[dict[str, Any]]:
    return list(citizen.send("GET", "/v1/overpayments").json["items"])


def events(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in rows("SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY id", kind=kind)]


def test_cash_at_a_store_closes_the_bill_and_stands_in_the_book(citizen: PayingCitizen) -> None:
    bill_id = citizen.bill_ids()[0]
    slip = slip_for(citizen, bill_id)
    line = paid(slip)
    taken = report(replace(line, fee_twd=7, charge_twd=7))
    assert (taken.lines, taken.collected, taken.set_aside, taken.repeated) == (1, 1, 0, 0)
    closed = bill(citizen, bill_id)
    assert (closed["status"], closed["paid_via"]) == ("paid", "7-ELEVEN")
    assert closed["paid_at"] == line.paid_at.isoformat()
    assert balances(SEVEN, PARKING, "fee_payable:store_barcode") == [slip["amount"] + 7, slip["amount"], 7]


def test_a_transfer_by_twqr_closes_the_bill_and_stands_in_the_book(citizen: PayingCitizen) -> None:
    bill_id = citizen.bill_ids()[0]
    slip = slip_for(citizen, bill_id, "twqr")
    report(paid(slip, channel="twqr"), channel="twqr")
    assert bill(citizen, bill_id)["paid_via"] == "TWQR"
    assert balances("twqr_clearing", PARKING) == [slip["amount"]] * 2


def test_the_bureau_is_told_of_each_bill_once(citizen: PayingCitizen) -> None:
    slips = [slip_for(citizen, bill_id) for bill_id in citizen.bill_ids()]
    report(*map(paid, slips))
    told = events("wallet.bill_collected")
    assert sorted(fact["amount_twd"] for fact in told) == [30, 45]
    assert {fact["bureau"] for fact in told} == {"parking"} and {fact["channel"] for fact in told} == {"7-ELEVEN"}
    assert len(events("wallet.bill_paid_elsewhere")) == 2


def test_whoever_made_the_slip_is_named_where_its_money_is_told_of(citizen: PayingCitizen) -> None:
    slip = slip_for(citizen, citizen.bill_ids()[0])
    report(replace(paid(slip), fee_twd=7))
    (owner,) = rows("SELECT person_id FROM wallet.payment_slip")
    (told,) = events("wallet.bill_collected")
    assert (told["person_id"], told["fee_twd"]) == (str(owner.person_id), 7)


def test_the_same_file_again_changes_nothing(citizen: PayingCitizen) -> None:
    content = file_of(paid(slip_for(citizen, citizen.bill_ids()[0])))
    first, again = take(content), take(content)
    assert (first.is_repeat, again.is_repeat, again.id) == (False, True, first.id)
    assert balances(SEVEN) == [first.amount_twd]
    assert len(rows("SELECT 1 FROM wallet.external_payment")) == 1
    assert overpaid(citizen) == []


def test_a_line_that_comes_twice_counts_once_in_one_file_and_in_two(citizen: PayingCitizen) -> None:
    line = paid(slip_for(citizen, citizen.bill_ids()[0]))
    first = report(line, line)
    second = report(line, number=2)
    assert (first.collected, first.repeated, second.collected, second.repeated) == (1, 1, 0, 1)
    assert balances(SEVEN) == [line.amount_twd]
    assert overpaid(citizen) == []


def test_a_dollar_too_much_or_too_little_closes_nothing_and_is_set_aside(citizen: PayingCitizen) -> None:
    slips = [slip_for(citizen, bill_id) for bill_id in citizen.bill_ids()]
    taken = report(paid(slips[0], amount=slips[0]["amount"] + 1), paid(slips[1], amount=slips[1]["amount"] - 1))
    assert (taken.collected, taken.set_aside) == (0, 2)
    assert len(citizen.bill_ids()) == 2 and balances(SEVEN, PARKING) == [0, 0]
    assert {row.state for row in rows("SELECT state FROM wallet.collection_line")} == {"amount_differs"}


def test_a_slip_that_we_never_made_is_set_aside(citizen: PayingCitizen) -> None:
    slip = slip_for(citizen, citizen.bill_ids()[0])
    taken = report(paid(slip, number="68000099999993"), paid(slip))
    assert (taken.collected, taken.set_aside) == (1, 1)


def test_a_barcode_is_not_collected_by_twqr(citizen: PayingCitizen) -> None:
    slip = slip_for(citizen, citizen.bill_ids()[0])
    assert report(paid(slip, channel="twqr"), channel="twqr").set_aside == 1


def test_cash_for_an_expired_or_withdrawn_slip_counts(citizen: PayingCitizen) -> None:
    first, second = (slip_for(citizen, bill_id) for bill_id in citizen.bill_ids())
    citizen.send("DELETE", f"/v1/payment-slips/{first['id']}")
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.payment_slip SET expires_at = now() - interval '3 days'"))
    assert report(paid(first), paid(second)).collected == 2
    assert citizen.bill_ids() == []


def test_cash_for_a_bill_that_got_dearer_meanwhile_is_set_aside(citizen: PayingCitizen) -> None:
    slip = slip_for(citizen, citizen.bill_ids()[0])
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bill SET amount_twd = amount_twd + 300"))
    assert report(paid(slip)).set_aside == 1
    assert len(citizen.bill_ids()) == 2


def test_cash_for_a_bill_that_got_cheaper_closes_it_and_the_rest_comes_back(citizen: PayingCitizen) -> None:
    bill_id = citizen.bill_ids()[0]
    slip = slip_for(citizen, bill_id)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bill SET amount_twd = 25"))
    report(paid(slip))
    assert bill(citizen, bill_id)["status"] == "paid"
    (found,) = overpaid(citizen)
    assert (found["reason"], found["amount"], found["status"]) == ("bill_cheaper", slip["amount"] - 25, "open")
    assert balances(SEVEN, PARKING) == [slip["amount"]] * 2


def test_cash_for_a_cancelled_bill_comes_back(citizen: PayingCitizen) -> None:
    bill_id = citizen.bill_ids()[0]
    slip = slip_for(citizen, bill_id)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bill SET status = 'void'"))
    report(paid(slip))
    assert bill(citizen, bill_id)["status"] == "void"
    (found,) = overpaid(citizen)
    assert (found["reason"], found["amount"]) == ("bill_void", slip["amount"])


def test_cash_at_two_stores_is_kept_once_and_offered_back_once(citizen: PayingCitizen) -> None:
    bill_id = citizen.bill_ids()[0]
    slip = slip_for(citizen, bill_id)
    early, late = clock.now() - timedelta(hours=2), clock.now() - timedelta(hours=1)
    report(paid(slip, at=late))
    report(paid(slip, at=early, channel="family"), channel="family")
    (found,) = overpaid(citizen)
    assert (found["channel"], found["amount"], found["reason"]) == ("7-ELEVEN", slip["amount"], "paid_twice")
    assert slip["number"] != found["number"] and "退還" in found["message"]
    assert balances(SEVEN, "store_clearing:全家", PARKING) == [slip["amount"], slip["amount"], 2 * slip["amount"]]
    assert len(events("wallet.overpayment_found")) == 1


def test_cash_at_a_post_office_and_at_a_store_is_found_whichever_file_comes_first(citizen: PayingCitizen) -> None:
    first, second = (bill(citizen, bill_id) for bill_id in citizen.bill_ids())
    slips = [slip_for(citizen, one["id"]) for one in (first, second)]
    now = clock.now()
    report(paid(slips[0], at=now - timedelta(hours=2)))
    content = paid_elsewhere_file(
        [(first["number"], first["amount"], now), (second["number"], second["amount"], now)], "郵局"
    )
    with db.unit_of_work() as session:
        bill_batches.receive(
            session, [content], source="paid-elsewhere", sender=None, now=now, on_reported_elsewhere=reported_elsewhere
        )
    overpayments.note_everywhere(now)
    report(paid(slips[1], at=now - timedelta(hours=2)), number=2)
    assert {(one["number"], one["channel"]) for one in overpaid(citizen)} == {
        (first["number"], "郵局"), (second["number"], "郵局"),
    }  # fmt: skip
    overpayments.note_everywhere(now)
    assert len(overpaid(citizen)) == 2


def test_a_payment_that_a_bureaus_export_reported_first_is_the_same_one(citizen: PayingCitizen) -> None:
    owed = bill(citizen, citizen.bill_ids()[0])
    slip = slip_for(citizen, owed["id"])
    now = clock.now()
    content = paid_elsewhere_file([(owed["number"], owed["amount"], now)])
    with db.unit_of_work() as session:
        bill_batches.receive(
            session, [content], source="paid-elsewhere", sender=None, now=now, on_reported_elsewhere=reported_elsewhere
        )
    (known,) = rows("SELECT id, channel_reference FROM wallet.external_payment")
    assert balances(SEVEN) == [0]
    taken = report(paid(slip, at=now, reference=known.channel_reference))
    assert (taken.collected, balances(SEVEN, PARKING)) == (1, [owed["amount"]] * 2)
    assert [row.id for row in rows("SELECT id FROM wallet.collection_line")] == [known.id]
    assert len(rows("SELECT 1 FROM wallet.external_payment")) == 1 and overpaid(citizen) == []


def paid_by_us(customer: BankCustomer, amount_twd: int = 45) -> tuple[dict[str, Any], dict[str, Any]]:
    """A parking fee with a slip that was made first and a payment from the bank account that was booked just now."""
    link = customer.link_account()
    (owed,) = customer.owe_parking(amount_twd)
    slip = slip_for(customer, owed["id"])
    return slip, customer.pay([owed["id"]], link)


def test_cash_after_our_debit_goes_back_to_the_account_that_paid(customer: BankCustomer) -> None:
    slip, payment = paid_by_us(customer)
    report(paid(slip, at=clock.now() + timedelta(minutes=5)))
    (refund,) = customer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
    assert (refund["amount"], refund["fee_refunded"], refund["reason"]) == (45, 0, "paid_elsewhere_again")
    assert overpaid(customer) == [] and balances(SEVEN) == [45]
    assert events("wallet.bill_collected") == []


def test_cash_before_our_debit_stands_and_the_debit_goes_back(customer: BankCustomer) -> None:
    slip, payment = paid_by_us(customer)
    report(paid(slip, at=clock.now() - timedelta(hours=2)))
    (refund,) = customer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
    assert (refund["amount"], refund["reason"]) == (45, "paid_elsewhere_first")
    assert bill(customer, slip["bill_id"])["paid_via"] == "7-ELEVEN"
    assert [fact["amount_twd"] for fact in events("wallet.bill_collected")] == [45]
    assert overpaid(customer) == []


def test_cash_at_two_stores_beside_our_debit_comes_back_twice(customer: BankCustomer) -> None:
    slip, payment = paid_by_us(customer)
    report(paid(slip, at=clock.now() + timedelta(minutes=5)))
    report(paid(slip, at=clock.now() + timedelta(minutes=9), channel="ok"), channel="ok")
    assert len(customer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]) == 1
    (found,) = overpaid(customer)
    assert (found["channel"], found["amount"]) == ("OK", 45)
    assert balances(SEVEN, "store_clearing:OK", PARKING) == [45, 45, 135]


def test_a_payment_that_only_waits_gives_way_to_cash(citizen: PayingCitizen) -> None:
    bill_id = citizen.bill_ids()[0]
    slip = slip_for(citizen, bill_id)
    citizen.pay([bill_id], "key-1")
    report(paid(slip))
    assert bill(citizen, bill_id)["paid_via"] == "7-ELEVEN"
    assert [row.status for row in rows("SELECT status FROM wallet.payment")] == ["cancelled"]


def test_two_hundred_lines_of_four_chains_are_taken_with_every_dollar_in_the_book(client: FlaskClient) -> None:
    citizen = paying_citizen(client, 9, tuple(range(10, 60)))
    slips = [slip_for(citizen, bill["id"]) for bill in citizen.send("GET", "/v1/bills?limit=200").json["items"]]
    lines = [paid(slip, channel=channel) for slip in slips for channel in ("7-eleven", "family", "ok", "hi-life")]
    for channel in ("7-eleven", "family", "ok", "hi-life"):
        report(*(line for line in lines if line.channel.key == channel), channel=channel)
    owed = sum(slip["amount"] for slip in slips)
    assert balances(PARKING) == [4 * owed]
    assert sum(found["amount"] for found in overpaid(citizen)) == 3 * owed
    assert citizen.bill_ids() == []


def spoilt(content: bytes, how: str) -> bytes:
    head, *rest = content.split(b"\r\n")
    if how == "truncated":
        return content[:-200]
    if how == "encoding":
        return content.decode("cp950").encode()
    if how == "totals":
        return content.replace(b"000000045", b"000000046", 1)
    return b"\r\n".join([head.replace(b"7-ELEVEN", b"FAMILY  "), *rest])


@pytest.mark.parametrize(
    ("how", "refusal"),
    [("truncated", FeedTruncated), ("encoding", FeedEncodingWrong), ("totals", CollectionTotalsWrong),
     ("another", CollectionFormWrong)],
)  # fmt: skip
def test_a_file_with_anything_wrong_is_refused_whole(
    citizen: PayingCitizen, how: str, refusal: type[Exception]
) -> None:
    slips = [slip_for(citizen, bill_id) for bill_id in citizen.bill_ids()]
    content = file_of(*sorted(map(paid, slips), key=lambda line: -line.amount_twd))
    with pytest.raises(refusal):
        take(spoilt(content, how))
    assert len(citizen.bill_ids()) == 2 and balances(SEVEN) == [0]
    assert rows("SELECT 1 FROM wallet.collection_line UNION ALL SELECT 1 FROM wallet.collection_file") == []
    assert take(content).collected == 2


def test_lines_are_kept_with_what_became_of_them(citizen: PayingCitizen) -> None:
    line: CollectionLine = paid(slip_for(citizen, citizen.bill_ids()[0]))
    report(line)
    (row,) = rows("SELECT * FROM wallet.collection_line")
    assert (row.state, row.slip_number, row.reference, row.store_name) == (
        "collected", line.slip_number, line.reference, "四維門市",
    )  # fmt: skip
    assert row.amount_twd == line.amount_twd
