"""A fare from the end of its ride to its receipt, by every way of paying, and what comes back of it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from bank_city import BankCustomer, uuid_of
from card_city import CardPayer, send_refunds
from flask.testing import FlaskClient
from other_rails import link_other_bank, pay_by, put_other_rails_behind
from planted_rides import Planted, plant, told
from sandbox_process import SandboxBooks
from werkzeug.test import TestResponse

from accessibility import events
from accessibility.fares import ports as fare_ports
from accessibility.fares import settling
from core import clock, db
from core.ids import new_uuid, typeid
from tests.wallet.money_back import bring_points, sent, shown, status_of
from wallet import disputes
from wallet.disputes import Kind, Notice
from wallet.ride_bills import RideBills


@pytest.fixture(autouse=True)
def cards(client: FlaskClient) -> Iterator[list[str]]:
    """The cards that every rider has, none at first; the wallet is where fares are paid."""
    held: list[str] = []
    before = (fare_ports._cards_of, fare_ports._payable)
    fare_ports.plug_in(cards_of=lambda _session, _rider, _now: tuple(held), payable=RideBills())
    yield held
    fare_ports.plug_in(cards_of=before[0], payable=before[1])


def done(customer: BankCustomer, fare_twd: int = 135, **more: Any) -> Planted:
    """A ride of this person that is over."""
    now = clock.now()
    ride = plant(customer.person_id, price_twd=fare_twd, minutes=20, pick_up_at=now - timedelta(minutes=30), **more)
    told(events.RIDE_DONE, ride.facts(fare_twd=fare_twd), at=now)
    return ride


def fare(customer: BankCustomer, ride: Planted, language: str = "zh-TW") -> dict[str, Any]:
    path = f"/v1/rides/{typeid('ride', ride.id)}/fare"
    return customer.got("GET", path, Accept_Language=language)  # type: ignore[no-any-return]


def correct(ride: Planted, fare_twd: int) -> None:
    with db.unit_of_work() as session:
        settling.correct(
            session, ride.rider_id, ride.id, stated_twd=fare_twd, reason="繞路", by=new_uuid(), now=clock.now()
        )


def refunds(customer: BankCustomer, payment: dict[str, Any]) -> list[dict[str, Any]]:
    return customer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]  # type: ignore[no-any-return]


def test_by_a_new_card_and_what_was_too_much_goes_back_to_it(payer: CardPayer) -> None:
    ride = done(payer.customer)
    bill = fare(payer.customer, ride)["bill_id"]
    payment = payer.paid([bill])
    assert (payment["rail"], payment["total"], payment["fee"]) == ("card", 135, 0)
    assert (fare(payer.customer, ride)["bill_status"], payer.customer.unpaid()) == ("paid", [])
    receipt = payer.customer.got("GET", f"/v1/payments/{payment['id']}/receipt?format=json")
    assert [line["number"] for line in receipt["lines"]] == [typeid("ride", ride.id)]
    correct(ride, 90)
    send_refunds()
    (refund,) = refunds(payer.customer, payment)
    assert (refund["amount"], refund["reason"]) == (45, "ride_fare_lowered")
    there = [each for each in payer.books.read("adyen/changes") if each["kind"] == "refund"]
    assert [each["amount_minor"] for each in there] == [4500]


@pytest.mark.parametrize("rail", ["jkopay", "line_pay"])
def test_by_another_wallet(customer: BankCustomer, bank_books: SandboxBooks, rail: str) -> None:
    undo = put_other_rails_behind(bank_books)
    ride = done(customer)
    begun = pay_by(customer, [fare(customer, ride)["bill_id"]], rail=rail)
    back = urlsplit(bank_books.decide(begun["action"]["url"], decision="pay"))
    result = {name: values[0] for name, values in parse_qs(back.query).items()}
    path = f"/v1/payments/{begun['id']}/completion"
    payment = customer.got("POST", path, {"result": result}, Idempotency_Key=str(new_uuid()))
    assert (payment["status"], payment["rail"], fare(customer, ride)["bill_status"]) == ("captured", rail, "paid")
    (taken,) = bank_books.read("ewallets/payments", wallet=rail)
    assert taken["booked_twd"] == 135
    undo()


def test_by_an_account_at_another_bank(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    undo = put_other_rails_behind(bank_books)
    ride = done(customer)
    link = link_other_bank(customer)
    payment = pay_by(customer, [fare(customer, ride)["bill_id"]], bank_link_id=link["id"])
    # It counts as paid at once, and is final when the other bank can no longer return it.
    assert (payment["status"], payment["rail"], fare(customer, ride)["bill_status"]) == ("provisional", "ach", "paid")
    undo()


def test_by_city_points_alone_or_with_money_and_points_come_back_as_points(customer: BankCustomer) -> None:
    saved = customer.pay([bill["id"] for bill in customer.owe_parking(3000)], customer.link_account())
    bring_points()
    had = points_of(customer)
    assert (saved["status"], had) == ("captured", 40)
    (link,) = customer.got("GET", "/v1/bank-links")["items"]
    small, large = done(customer, 20), done(customer, 135)
    alone = pay_by(customer, [fare(customer, small)["bill_id"]], rail="points")
    assert (alone["status"], alone["points_used"]) == ("captured", 20)
    how: dict[str, Any] = {"bank_link_id": link["id"], "points": 15}
    both = pay_by(customer, [fare(customer, large)["bill_id"]], **how)
    assert (both["status"], both["points_used"], both["total"]) == ("captured", 15, 135)
    assert (points_of(customer), fare(customer, small)["bill_status"]) == (5, "paid")
    correct(small, 5)
    assert points_of(customer) == 5 + 15
    assert [each["amount"] for each in refunds(customer, alone)] == [15]


def test_the_card_s_points_pay_a_part_and_the_bank_the_rest(customer: BankCustomer, cards: list[str]) -> None:
    cards[:] = ["senior"]
    ride = done(customer, 185, is_metered=True)
    owed = fare(customer, ride, "en")
    assert (owed["quota_twd"], owed["rider_pays_twd"], owed["paid_by"]) == (50, 135, "bill")
    payment = customer.pay([owed["bill_id"]], customer.link_account())
    assert (payment["status"], payment["amount"]) == ("captured", 135)
    # The fare becomes less than what the card's points covered: all of the money comes back, and some of the points.
    correct(ride, 30)
    (refund,) = refunds(customer, payment)
    sent(refund)
    assert (shown(customer, refund)["status"], refund["amount"]) == ("completed", 135)
    after = fare(customer, ride)
    assert (after["quota_twd"], after["rider_pays_twd"], after["bill_status"]) == (30, 0, "void")


def test_a_refused_debit_says_why_and_leaves_the_fare_owed(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    ride, link = done(customer), customer.link_account()
    bank_books.set_switch("bank", "debit", "insufficient_funds", count=1)
    payment = customer.pay([fare(customer, ride)["bill_id"]], link)
    assert (payment["status"], payment["failure"]["code"]) == ("failed", "insufficient_funds")
    assert payment["failure"]["message"]
    seen = fare(customer, ride)
    assert (seen["bill_status"], seen["is_settled"]) == ("unpaid", True)
    assert customer.pay([seen["bill_id"]], link)["status"] == "captured"
    assert fare(customer, ride)["bill_status"] == "paid"


def test_a_fare_that_two_devices_pay_is_debited_once(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    ride, link = done(customer), customer.link_account()
    bill = fare(customer, ride)["bill_id"]
    first, second = (customer.begin([bill], link).json for _ in range(2))
    answers = [confirmed(customer, each) for each in (first, second, first)]
    assert sorted(answer.status_code for answer in answers) in ([200, 200, 409], [200, 409, 409])
    assert fare(customer, ride)["bill_status"] == "paid"
    booked = [each for each in bank_books.read("bank/debits") if each["status"] == "booked"]
    assert [each["amount_twd"] for each in booked] == [135]


def confirmed(customer: BankCustomer, payment: dict[str, Any]) -> TestResponse:
    credential = {"credential": customer.device.get(payment["authorization"]["options"])}
    path = f"/v1/payments/{payment['id']}/authorization"
    return customer.send("POST", path, credential, Idempotency_Key=str(new_uuid()))


def say(payment: dict[str, Any], *kinds: Kind) -> None:
    for kind in kinds:
        notice = Notice(
            payment_id=uuid_of("pay", payment["id"]), kind=kind, reference="dispute-1", reason="Fraud",
            reason_code="10.4", amount_twd=payment["total"], happened_at=clock.now(),
        )  # fmt: skip
        with db.unit_of_work() as session:
            assert disputes.take_notice(session, notice, clock.now())


def test_a_fare_that_was_lowered_and_then_disputed_is_owed_as_lowered(customer: BankCustomer) -> None:
    ride = done(customer)
    payment = customer.pay([fare(customer, ride)["bill_id"]], customer.link_account())
    correct(ride, 90)
    (refund,) = refunds(customer, payment)
    sent(refund)
    say(payment, "CHARGEBACK")
    assert status_of(customer, payment) == "charged_back"
    assert [(bill["amount"], bill["status"]) for bill in customer.unpaid()] == [(90, "unpaid")]
    correct(ride, 70)
    assert [bill["amount"] for bill in customer.unpaid()] == [70]
    say(payment, "CHARGEBACK_REVERSED")
    assert (customer.unpaid(), fare(customer, ride)["bill_status"]) == ([], "paid")


def test_a_fare_of_nothing_is_not_owed_again_because_its_payment_is_disputed(customer: BankCustomer) -> None:
    ride = done(customer)
    payment = customer.pay([fare(customer, ride)["bill_id"]], customer.link_account())
    correct(ride, 0)
    (refund,) = refunds(customer, payment)
    sent(refund)
    assert (refund["amount"], customer.unpaid(), fare(customer, ride)["bill_status"]) == (135, [], "void")
    if status_of(customer, payment) == "captured":
        say(payment, "CHARGEBACK")
    assert customer.unpaid() == []


def points_of(customer: BankCustomer) -> int:
    return int(customer.got("GET", "/v1/points")["balance"])
