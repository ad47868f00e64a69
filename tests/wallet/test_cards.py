"""Paying by card, Apple Pay and Google Pay, from the choice of bills to the receipt."""

from __future__ import annotations

import uuid
from datetime import timedelta

import orjson
import pytest
from bank_city import bank_customer
from card_city import CardPayer, resolve, return_url, rows, weigh
from card_desk import CHALLENGED, MASTERCARD, brought_back, enter_card
from flask.testing import FlaskClient
from sandbox_process import post_form

from core import clock
from wallet import resolving
from wallet.rails import adyen as adyen_rail

TOKEN = '{"network": "visa", "last4": "1111", "holderName": "王小美"}'


def test_a_new_card_pays_on_the_processor_s_page(payer: CardPayer) -> None:
    payment = payer.opened(payer.owe(600))
    assert payment["action"]["type"] == "redirect" and payment["failure"] is None
    done = payer.back(payment, payer.entered(payment))
    assert (done["status"], done["rail"], done["total"]) == ("captured", "card", 600)
    assert payer.customer.unpaid() == []
    (written,) = payer.books.read("adyen/payments", reference=payment["id"])
    assert (written["amount_minor"], written["captured_minor"]) == (60000, 60000)
    assert payer.back(payment, {}) == payer.now(payment), "coming back again changes nothing"


def test_a_payer_who_leaves_the_page_has_paid_nothing(payer: CardPayer) -> None:
    payment = payer.opened(payer.owe(600))
    result = brought_back(post_form(payment["action"]["url"], decision="cancel"), return_url())
    done = payer.back(payment, result)
    assert (done["status"], done["failure"]["code"]) == ("failed", "payer_cancelled")
    assert len(payer.customer.unpaid()) == 1


def test_a_payer_who_comes_back_without_having_paid_may_still_go_on(payer: CardPayer) -> None:
    payment = payer.opened(payer.owe(600))
    still = payer.back(payment, {})
    assert (still["status"], still["action"]["url"]) == ("action_required", payment["action"]["url"])
    assert payer.back(payment, payer.entered(payment))["status"] == "captured"


def test_another_payment_s_result_finishes_nothing(payer: CardPayer) -> None:
    payer.owe(20, 4000)
    cheap, dear = (
        payer.opened([bill["id"]]) for bill in sorted(payer.customer.unpaid(), key=lambda bill: bill["amount"])
    )
    result = payer.entered(cheap)
    stolen = payer.back(dear, result)
    assert stolen["status"] in ("unknown", "action_required") and payer.now(dear)["paid_at"] is None
    assert payer.back(cheap, result)["status"] == "captured"


def test_a_card_is_kept_when_its_owner_ticks_it_and_pays_again_without_a_page(payer: CardPayer) -> None:
    payer.paid(payer.owe(600))
    assert payer.cards() == []
    payer.paid(payer.owe(30), keep="yes")
    (card,) = payer.cards()
    assert (card["label"], card["last_four"], card["is_expired"]) == ("Visa ***1111", "1111", False)
    payment = payer.begin(payer.owe(40), card_id=card["id"], rail=None)
    assert (payment["rail"], payment["account"], payment["card_id"]) == ("card", "Visa ***1111", card["id"])
    assert payer.confirm(payment)["status"] == "captured"


def test_a_card_that_its_owner_wants_kept_is_kept_without_being_asked_again(payer: CardPayer) -> None:
    payment = payer.opened(payer.owe(600), keep_card=True)
    payer.back(payment, payer.entered(payment, number=MASTERCARD))
    assert [card["label"] for card in payer.cards()] == ["Mastercard ***1111"]


def test_a_removed_card_pays_nothing_and_is_deleted_at_the_processor(payer: CardPayer) -> None:
    payer.paid(payer.owe(600), keep="yes")
    (card,) = payer.cards()
    begun = payer.begin(payer.owe(30), card_id=card["id"])
    assert payer.customer.send("DELETE", f"/v1/cards/{card['id']}").status_code == 204
    assert payer.books.read("adyen/cards") == []
    assert payer.cards() == []
    credential = payer.customer.device.get(begun["authorization"]["options"])
    refused = payer.customer.send(
        "POST", f"/v1/payments/{begun['id']}/authorization", {"credential": credential},
        Idempotency_Key=str(uuid.uuid4()),
    )  # fmt: skip
    assert refused.status_code == 409 and refused.json["type"].endswith("payment-changed")
    assert payer.customer.send("DELETE", f"/v1/cards/{card['id']}").status_code == 404


def test_a_card_is_removed_here_at_once_and_there_as_soon_as_the_processor_answers(payer: CardPayer) -> None:
    payer.paid(payer.owe(600), keep="yes")
    (card,) = payer.cards()
    payer.books.set_switch("adyen", "stored_card_deletion", "error_500", count=1)
    assert payer.customer.send("DELETE", f"/v1/cards/{card['id']}").status_code == 204
    assert payer.customer.got("GET", "/v1/cards")["items"] == []
    assert len(payer.books.read("adyen/cards")) == 1
    assert payer.cards() == []
    assert payer.books.read("adyen/cards") == []


def test_somebody_else_s_card_is_not_found(payer: CardPayer, client: FlaskClient) -> None:
    payer.paid(payer.owe(600), keep="yes")
    (card,) = payer.cards()
    other = CardPayer(bank_customer(client, payer.books), payer.books)
    body = {"bill_ids": other.owe(30), "card_id": card["id"]}
    answer = other.customer.send("POST", "/v1/payments", body, Idempotency_Key="x")
    assert answer.status_code == 404
    assert other.customer.send("DELETE", f"/v1/cards/{card['id']}").status_code == 404
    assert len(payer.cards()) == 1


def kept(payer: CardPayer, **form: str) -> str:
    payment = payer.opened(payer.owe(25))
    asking = enter_card(payment["action"]["url"], keep="yes", **form)
    if "/3ds/" in asking.headers["location"]:
        asking = post_form(asking.headers["location"], decision="approve")
    payer.back(payment, brought_back(asking, return_url()))
    return str(payer.cards()[0]["id"])


@pytest.mark.parametrize(("decision", "status"), [("approve", "captured"), ("deny", "failed")])
def test_a_kept_card_s_bank_may_ask_the_payer(payer: CardPayer, decision: str, status: str) -> None:
    card_id = kept(payer, number=CHALLENGED)
    payment = payer.confirm(payer.begin(payer.owe(600), card_id=card_id))
    assert payment["status"] == "action_required" and "/adyen/3ds/" in payment["action"]["url"]
    answered = post_form(payment["action"]["url"], decision=decision)
    assert payer.back(payment, brought_back(answered, return_url()))["status"] == status
    resolve()
    assert payer.now(payment)["status"] == status


def test_a_kept_card_that_is_refused_leaves_the_bill_unpaid(payer: CardPayer) -> None:
    card_id = kept(payer)
    payer.books.set_switch("adyen", "payment", "refuse_card", count=1)
    payment = payer.confirm(payer.begin(payer.owe(600), card_id=card_id))
    assert (payment["status"], payment["failure"]["code"]) == ("failed", "card_declined")
    assert len(payer.customer.unpaid()) == 1


@pytest.mark.parametrize("rail", ["apple_pay", "google_pay"])
def test_a_phone_s_wallet_pays_with_a_token_that_is_nowhere_kept(payer: CardPayer, rail: str) -> None:
    payment = payer.confirm(payer.begin(payer.owe(600), rail=rail), TOKEN)
    assert (payment["status"], payment["rail"]) == ("captured", rail)
    (row,) = rows("SELECT CAST(p AS text) FROM wallet.payment p WHERE rail = :rail", rail=rail)
    assert "holderName" not in row[0]


def test_a_wallet_without_its_token_pays_nothing(payer: CardPayer) -> None:
    payment = payer.confirm(payer.begin(payer.owe(600), rail="apple_pay"))
    assert (payment["status"], payment["failure"]["code"]) == ("failed", "wallet_token_missing")


def test_a_kept_card_whose_answer_was_lost_is_found_by_asking_again(payer: CardPayer) -> None:
    card_id = kept(payer)
    payer.books.set_switch("adyen", "payment", "timeout_after", count=1, seconds=2)
    payment = payer.confirm(payer.begin(payer.owe(600), card_id=card_id))
    assert payment["status"] == "unknown"
    resolve()
    assert payer.now(payment)["status"] == "captured"
    assert len(payer.books.read("adyen/payments", reference=payment["id"])) == 1


def test_a_kept_card_whose_order_never_arrived_is_ordered_again_once(payer: CardPayer) -> None:
    card_id = kept(payer)
    payer.books.set_switch("adyen", "payment", "timeout_before", count=1, seconds=2)
    payment = payer.confirm(payer.begin(payer.owe(600), card_id=card_id))
    assert payment["status"] == "unknown"
    resolve()
    assert payer.now(payment)["status"] == "captured"
    assert len(payer.books.read("adyen/payments", reference=payment["id"])) == 1


def test_a_wallet_whose_answer_was_lost_waits_for_the_notice_and_nothing_is_guessed(payer: CardPayer) -> None:
    payer.books.set_switch("adyen", "payment", "timeout_after", count=1, seconds=2)
    payment = payer.confirm(payer.begin(payer.owe(600), rail="apple_pay"), TOKEN)
    assert payment["status"] == "unknown"
    resolve()
    assert payer.now(payment)["status"] == "unknown"
    payer.heard(payer.told("AUTHORISATION"))
    assert payer.now(payment)["status"] == "captured"


def test_a_wallet_whose_order_never_arrived_is_cancelled_there_before_it_is_given_up_here(
    payer: CardPayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    payer.books.set_switch("adyen", "payment", "timeout_before", count=1, seconds=2)
    payment = payer.confirm(payer.begin(payer.owe(600), rail="google_pay"), TOKEN)
    monkeypatch.setattr(adyen_rail, "_ON_ITS_WAY", timedelta(0))
    resolve()
    assert payer.now(payment)["status"] == "unknown"
    payer.heard(payer.told("TECHNICAL_CANCEL"))
    done = payer.now(payment)
    assert (done["status"], done["failure"]["code"]) == ("failed", "not_executed")
    assert len(payer.customer.unpaid()) == 1


def test_a_page_that_nobody_came_back_from_ends_with_the_processor_s_word(
    payer: CardPayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adyen_rail, "PAGE_MINUTES", 0)
    monkeypatch.setattr(adyen_rail, "_ON_ITS_WAY", timedelta(0))
    monkeypatch.setattr(adyen_rail, "_NOTICE_USUALLY_BY", timedelta(0))
    payment = payer.opened(payer.owe(600))
    resolve()
    assert payer.now(payment)["status"] in ("action_required", "unknown")
    payer.heard(payer.told("TECHNICAL_CANCEL"))
    assert payer.now(payment)["status"] == "failed"


def test_the_processor_out_of_reach_leaves_the_payment_unknown(payer: CardPayer) -> None:
    payer.books.set_switch("adyen", "session", "error_500")
    payment = payer.confirm(payer.begin(payer.owe(600)))
    assert payment["status"] == "unknown"
    resolve()
    assert payer.now(payment)["status"] == "unknown"
    payer.books.clear_switches()
    resolving.resolve_due(clock.now() + timedelta(minutes=30))
    assert payer.now(payment)["status"] == "action_required"


def test_a_notice_about_a_token_makes_us_ask_which_cards_are_kept(payer: CardPayer) -> None:
    payer.paid(payer.owe(600), keep="yes")
    (webhook,) = payer.books.webhooks(target="adyen", type="recurring.token.created")
    headers = orjson.loads(webhook["headers"])
    content = orjson.dumps(webhook["body"])
    rows("DELETE FROM wallet.card_check RETURNING 1")
    assert payer.hear(content, **headers).status_code == 200
    weigh()
    assert len(payer.cards()) == 1
