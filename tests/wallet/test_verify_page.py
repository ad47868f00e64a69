"""“Was this paid?”: yes or no, when and how much, true after everything that can become of a payment; and nothing else."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from paid_payments import Paid, becomes, given_back, paid
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import db
from core.clock import TAIPEI
from core.ids import new_uuid
from wallet.verify_routes import WRONG_CODES

AT = datetime(2026, 11, 5, 14, 3, tzinfo=TAIPEI)


def page(client: FlaskClient, payment: Paid) -> str:
    answer = client.get(payment.verify_path)
    assert answer.status_code == 200
    return answer.text


def verdict(shown: str) -> str:
    return "yes" if '<body class="yes">' in shown else "no" if '<body class="no">' in shown else "?"


def test_it_says_yes_when_and_how_much_in_both_languages(client: FlaskClient) -> None:
    shown = page(client, paid(new_uuid(), [600, 180], kind="fine", at=AT))
    assert verdict(shown) == "yes"
    for words in (
        "已繳費",
        "Paid",
        "115年11月5日 14:03",
        "2026-11-05 14:03",
        "NT$ 790",
        "這筆款項繳了嗎？",
        "Was this paid?",
    ):
        assert words in shown
    assert '<meta name="viewport"' in shown and 'lang="en"' in shown and "<script" not in shown


def test_it_says_nothing_of_whom_or_for_what(client: FlaskClient) -> None:
    payment = paid(new_uuid(), [60])
    shown = page(client, payment)
    with db.unit_of_work() as session:
        number = session.execute(text("SELECT number FROM wallet.receipt")).scalar()
        bill = session.execute(text("SELECT number, plate FROM wallet.bill")).one()
    for secret in (number, bill.number, bill.plate, "四維三路", "***1234", "停車", str(payment.id)):
        assert secret not in shown


@pytest.mark.parametrize("status", ["returned", "charged_back"])
def test_a_payment_that_was_taken_back_says_no(client: FlaskClient, status: str) -> None:
    payment = paid(new_uuid(), [60])
    becomes(payment, status)
    shown = page(client, payment)
    assert verdict(shown) == "no" and "未繳費" in shown and "taken back" in shown


def test_a_dispute_that_was_won_says_yes_again(client: FlaskClient) -> None:
    payment = paid(new_uuid(), [60])
    becomes(payment, "charged_back")
    becomes(payment, "captured", stands=True)
    assert verdict(page(client, payment)) == "yes"


def test_what_went_back_in_full_says_no_and_where_to_look(client: FlaskClient) -> None:
    payment = paid(new_uuid(), [600], kind="fine")
    given_back(payment, 600, fee_twd=5)
    shown = page(client, payment)
    assert verdict(shown) == "no" and "全數退還" in shown
    becomes(payment, "refunded")
    assert verdict(page(client, payment)) == "no"


def test_what_went_back_in_part_says_yes_with_what_is_left(client: FlaskClient) -> None:
    payment = paid(new_uuid(), [600, 60])
    given_back(payment, 100)
    shown = page(client, payment)
    assert verdict(shown) == "yes" and "NT$ 560" in shown and "NT$ 100" in shown


def test_the_second_of_two_payments_gone_back_leaves_the_first_as_it_is(client: FlaskClient) -> None:
    payment = paid(new_uuid(), [600])
    given_back(payment, 600, reason="paid_elsewhere_again")
    shown = page(client, payment)
    assert verdict(shown) == "yes" and "NT$ 600" in shown and "已退款" not in shown


def test_while_another_bank_may_return_it_the_page_says_until_when(client: FlaskClient) -> None:
    payment = paid(new_uuid(), [60], rail="ach", status="provisional")
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.payment SET final_on = '2026-11-09'"))
    shown = page(client, payment)
    assert verdict(shown) == "yes" and "115年11月9日" in shown and "2026-11-09" in shown


def wrong_code(client: FlaskClient, address: str = "203.0.113.7") -> TestResponse:
    return client.get(f"/verify/{new_uuid().hex}", environ_overrides={"REMOTE_ADDR": address})


def test_a_code_that_belongs_to_no_receipt_says_so(client: FlaskClient) -> None:
    answer = wrong_code(client)
    assert answer.status_code == 404 and "查無此收據" in answer.text and verdict(answer.text) == "no"


def test_whoever_guesses_codes_has_to_wait_and_nobody_else(client: FlaskClient) -> None:
    payment = paid(new_uuid(), [60])
    assert [wrong_code(client).status_code for _ in range(WRONG_CODES.tries)] == [404] * WRONG_CODES.tries
    stopped = wrong_code(client)
    assert stopped.status_code == 429 and int(stopped.headers["Retry-After"]) > 500
    right = client.get(payment.verify_path, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert right.status_code == 429
    assert verdict(page(client, payment)) == "yes"


def test_right_codes_are_never_counted(client: FlaskClient) -> None:
    payment = paid(new_uuid(), [60])
    assert {client.get(payment.verify_path).status_code for _ in range(WRONG_CODES.tries + 5)} == {200}
