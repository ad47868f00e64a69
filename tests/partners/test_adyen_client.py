"""Cards through Adyen's own library against the sandbox, every message held to the form Adyen publishes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import urllib3
from card_desk import (
    CHALLENGED,
    MASTERCARD,
    PAYER,
    RETURN,
    brought_back,
    card_client,
    enter_card,
    entered,
    keep_card,
    open_page,
    pay_kept,
)
from sandbox_process import SandboxBooks, post_form

from partners import wire
from partners.adyen import test_values
from partners.adyen.client import AdyenClient, AdyenConfig


@pytest.fixture
def adyen(books: SandboxBooks) -> Iterator[AdyenClient]:
    """The client; at the end nothing was said that is not as Adyen publishes it."""
    yield card_client(books.url)
    assert books.read("adyen/objections") == []


def test_a_new_card_is_entered_on_adyen_s_page_and_pays(adyen: AdyenClient, books: SandboxBooks) -> None:
    page = open_page(adyen)
    shown = urllib3.request("GET", page.url)
    for words in ("NT$605", "保留這張卡", "Keep this card", "卡號"):
        assert words in shown.data.decode()
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]
    back = brought_back(enter_card(page.url))
    assert back["payment"] == "pay_1"
    result = adyen.session_result(back["sessionId"], back["sessionResult"])
    assert (result.reference, result.status, result.id) == ("pay_1", "completed", page.id)
    (payment,) = result.payments
    assert (payment.result_code, payment.amount_twd) == ("Authorised", 605)
    (written,) = books.read("adyen/payments")
    assert (written["amount_minor"], written["captured_minor"], written["last_four"]) == (60500, 60500, "1111")


def test_the_same_reference_is_the_same_page(adyen: AdyenClient, books: SandboxBooks) -> None:
    assert open_page(adyen).id == open_page(adyen).id
    assert len(books.read("adyen/sessions")) == 1


def test_a_session_is_told_only_to_who_brings_its_result(adyen: AdyenClient) -> None:
    page = open_page(adyen)
    brought_back(enter_card(page.url))
    with pytest.raises(wire.Refused):
        adyen.session_result(page.id, "guess")
    with pytest.raises(wire.Refused):
        adyen.session_result("CS0000/../payments", "guess")


def test_a_refused_card_may_be_exchanged_for_another_and_three_end_it(adyen: AdyenClient) -> None:
    page = open_page(adyen)
    refused = enter_card(page.url, holder_name="DECLINED")
    assert refused.status == 422 and "did not approve" in refused.data.decode()
    brought_back(enter_card(page.url, number=MASTERCARD))
    page = open_page(adyen, "pay_2")
    for _ in range(2):
        assert enter_card(page.url, holder_name="CARD_EXPIRED").status == 422
    back = brought_back(enter_card(page.url, holder_name="BLOCK_CARD"))
    result = adyen.session_result(back["sessionId"], back["sessionResult"])
    assert (result.status, result.payments) == ("refused", ())


def test_leaving_the_page_ends_the_session_unpaid(adyen: AdyenClient, books: SandboxBooks) -> None:
    page = open_page(adyen)
    back = brought_back(post_form(page.url, decision="cancel"))
    assert adyen.session_result(back["sessionId"], back["sessionResult"]).status == "canceled"
    assert brought_back(enter_card(page.url)) == back, "the page leads back, whatever is sent to it afterwards"
    assert books.read("adyen/payments") == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"number": "4111111111111112"}, "not a card number"),
        ({"number": "４１１１１１１１１１１１１１１１"}, "not a card number"),
        ({"expiry": "03/20"}, "not yet past"),
        ({"expiry": "13/30"}, "not yet past"),
        ({"cvc": "12"}, "security code"),
        ({"holder_name": " "}, "name on the card"),
    ],
)
def test_a_wrong_form_is_shown_again_without_the_card(adyen: AdyenClient, form: dict[str, str], words: str) -> None:
    filled = {"number": "4111111111111111", "expiry": "03/30", "cvc": "737", "holder_name": "<b>王</b>"} | form
    page = post_form(open_page(adyen).url, **filled)
    assert page.status == 422 and words in page.data.decode()
    assert filled["number"] not in page.data.decode() and "<b>王</b>" not in page.data.decode()


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_a_new_card_s_bank_asks_on_its_own_page(adyen: AdyenClient, decision: str) -> None:
    page = open_page(adyen)
    asking = enter_card(page.url, number=CHALLENGED)
    assert asking.status == 303
    assert "Your bank wants to make sure" in urllib3.request("GET", asking.headers["location"]).data.decode()
    answer = post_form(asking.headers["location"], decision=decision)
    if decision == "deny":
        assert answer.status == 422
        return
    back = brought_back(answer)
    assert adyen.session_result(back["sessionId"], back["sessionResult"]).status == "completed"


def test_a_card_is_kept_only_when_the_payer_ticks_it_and_pays_again_by_token(
    adyen: AdyenClient, books: SandboxBooks
) -> None:
    entered(adyen, "pay_0")
    assert adyen.stored_cards(PAYER) == ()
    token = keep_card(adyen)
    (card,) = adyen.stored_cards(PAYER)
    assert (card.token, card.brand, card.last_four, card.expiry_month, card.expiry_year) == (
        token,
        "visa",
        "1111",
        3,
        2030,
    )
    assert adyen.stored_cards("per_somebody_else") == ()
    paid = pay_kept(adyen, token)
    assert (paid.result_code, paid.amount_twd, paid.action_url) == ("Authorised", 605, "")
    adyen.forget_card(shopper_reference=PAYER, token=token)
    adyen.forget_card(shopper_reference=PAYER, token=token)
    assert adyen.stored_cards(PAYER) == ()
    with pytest.raises(wire.Refused):
        pay_kept(adyen, token, "pay_2")


def test_somebody_else_s_token_pays_nothing(adyen: AdyenClient, books: SandboxBooks) -> None:
    token = keep_card(adyen)
    with pytest.raises(wire.Refused):
        adyen.pay_with_kept_card(
            reference="pay_1", amount_twd=5, return_url=RETURN, shopper_reference="per_2", token=token
        )
    adyen.forget_card(shopper_reference="per_2", token=token)
    assert len(adyen.stored_cards(PAYER)) == 1


@pytest.mark.parametrize(("decision", "code"), [("approve", "Authorised"), ("deny", "Refused")])
def test_a_kept_card_s_bank_may_ask_and_the_details_say_what_became_of_it(
    adyen: AdyenClient, books: SandboxBooks, decision: str, code: str
) -> None:
    paid = pay_kept(adyen, keep_card_of_asking_bank(adyen))
    assert (paid.result_code, paid.psp_reference) == ("RedirectShopper", "")
    assert books.read("adyen/payments", reference="pay_1") == []
    back = brought_back(post_form(paid.action_url, decision=decision))
    brought = {"redirect_result": back["redirectResult"]}
    first = adyen.payment_details(reference="pay_1", amount_twd=605, **brought)
    assert (first.result_code, first.amount_twd) == (code, 605)
    assert adyen.payment_details(reference="pay_1", amount_twd=605, **brought) == first
    for other in ({"reference": "pay_2", "amount_twd": 605}, {"reference": "pay_1", "amount_twd": 5}):
        with pytest.raises(wire.AnswerNotTrusted):
            adyen.payment_details(**other, **brought)
    assert len(books.read("adyen/payments", reference="pay_1")) == 1
    with pytest.raises(wire.Refused):
        adyen.payment_details(reference="pay_1", amount_twd=605, redirect_result="guess")


def keep_card_of_asking_bank(adyen: AdyenClient) -> str:
    page = open_page(adyen, "pay_keeping")
    asking = enter_card(page.url, number=CHALLENGED, keep="yes")
    brought_back(post_form(asking.headers["location"], decision="approve"))
    return adyen.stored_cards(PAYER)[-1].token


@pytest.mark.parametrize("wallet", ["applepay", "googlepay"])
@pytest.mark.parametrize("holder_name", ["王小美", *test_values.BY_NAME])
def test_a_phone_s_wallet_pays_with_its_one_time_token(adyen: AdyenClient, wallet: str, holder_name: str) -> None:
    paid = adyen.pay_with_wallet(
        reference="pay_1", amount_twd=605, return_url=RETURN, shopper_reference=PAYER, wallet=wallet,  # type: ignore[arg-type]
        token=f'{{"holderName": "{holder_name}", "network": "visa", "last4": "1111"}}',
    )  # fmt: skip
    expected = test_values.BY_NAME.get(holder_name, test_values.APPROVED)
    assert (paid.result_code, paid.refusal_reason) == (expected.code, expected.refusal_reason)


def test_a_sealed_wallet_token_pays_too(adyen: AdyenClient) -> None:
    paid = adyen.pay_with_wallet(
        reference="pay_1", amount_twd=605, return_url=RETURN, shopper_reference=PAYER, wallet="applepay",
        token="VNRWtuNlNEWkRCSm1xWndjMDFFbktkQU...",
    )  # fmt: skip
    assert paid.result_code == "Authorised"


def test_payments_asked_for_at_the_same_time_under_one_reference_are_one(
    adyen: AdyenClient, books: SandboxBooks
) -> None:
    token = keep_card(adyen)

    def pay(_: int) -> str:
        while True:
            try:
                return pay_kept(adyen, token).psp_reference
            except wire.NoAnswer:
                """The first is still at work."""

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(pay, range(24)))) == 1
    assert len(books.read("adyen/payments", reference="pay_1")) == 1


def test_after_a_timeout_the_same_call_brings_the_first_answer(adyen: AdyenClient, books: SandboxBooks) -> None:
    token = keep_card(adyen)
    books.set_switch("adyen", "payment", "timeout_after", count=1, seconds=2)
    with pytest.raises(wire.NoAnswer):
        pay_kept(adyen, token)
    found = pay_kept(adyen, token)
    (written,) = books.read("adyen/payments", reference="pay_1")
    assert (found.psp_reference, found.result_code) == (written["psp_reference"], "Authorised")


def test_changes_are_taken_at_once_and_done_later(adyen: AdyenClient, books: SandboxBooks) -> None:
    paid = pay_kept(adyen, keep_card(adyen))
    name = adyen.refund(reference="ref_1", psp_reference=paid.psp_reference, amount_twd=600, reason="double_payment")
    assert (
        adyen.refund(reference="ref_1", psp_reference=paid.psp_reference, amount_twd=600, reason="double_payment")
        == name
    )
    adyen.refund(reference="ref_2", psp_reference=paid.psp_reference, amount_twd=6, reason="citizen")
    assert [(one["reference"], one["status"]) for one in books.read("adyen/changes", kind="refund")] == [
        ("ref_1", "done"), ("ref_2", "refused"),
    ]  # fmt: skip
    adyen.cancel(reference="pay_1", psp_reference=paid.psp_reference)
    adyen.cancel_by_reference("pay_never")
    adyen.capture(reference="pay_1", psp_reference=paid.psp_reference, amount_twd=605)
    with pytest.raises(wire.Refused):
        adyen.refund(reference="ref_3", psp_reference="NEVER", amount_twd=6, reason="citizen")


@pytest.mark.parametrize(
    ("mode", "failure"),
    [("error_500", wire.NoAnswer), ("error_500_after", wire.NoAnswer), ("maintenance", wire.NoAnswer),
     ("timeout_before", wire.NoAnswer), ("timeout_after", wire.NoAnswer), ("hundredth", wire.AnswerNotTrusted)],
)  # fmt: skip
def test_every_way_a_payment_can_fail_has_its_type(
    adyen: AdyenClient, books: SandboxBooks, mode: str, failure: type[wire.CallFailed]
) -> None:
    token = keep_card(adyen)
    params = {"seconds": 2.0} if mode in ("timeout_before", "timeout_after") else {}
    books.set_switch("adyen", "payment", mode, **params)
    with pytest.raises(failure) as raised:
        pay_kept(adyen, token)
    assert type(raised.value) is failure


def test_the_wrong_key_or_merchant_account_is_refused(books: SandboxBooks) -> None:
    for client, status in ((card_client(books.url, api_key="x"), 401), (card_client(books.url, account="x"), 403)):
        with pytest.raises(wire.Refused) as refusal:
            client.stored_cards(PAYER)
        assert refusal.value.status == status


def test_where_nobody_listens_nothing_happened() -> None:
    with pytest.raises(wire.NotReached):
        AdyenClient(AdyenConfig("http://127.0.0.1:1/v72", "k", "m")).stored_cards(PAYER)


@pytest.mark.parametrize(
    ("status", "headers", "content", "failure"),
    [
        (200, {}, b"[]", wire.AnswerNotTrusted),
        (200, {}, b"<html>", wire.AnswerNotTrusted),
        (200, {}, b'{"resultCode":"Authorised","amount":{"currency":"EUR","value":60500}}', wire.AnswerNotTrusted),
        (200, {}, b'{"resultCode":"Authorised","amount":{"currency":"TWD","value":60550}}', wire.AnswerNotTrusted),
        (200, {}, b'{"resultCode":"Authorised","merchantReference":"pay_2"}', wire.AnswerNotTrusted),
        (200, {}, b'{"resultCode":"RedirectShopper","action":{"type":"redirect","url":"javascript:alert(1)"}}', wire.AnswerNotTrusted),
        (307, {"location": "http://127.0.0.1:1/"}, b"", wire.NoAnswer),
        (429, {"retry-after": "7"}, b"{}", wire.Unavailable),
        (422, {}, b'{"errorCode":"704"}', wire.NoAnswer),
        (422, {}, b'{"errorCode":"800","message":"Contract not found"}', wire.Refused),
        (500, {}, b"[]", wire.AnswerNotTrusted),
        (502, {}, b"bad gateway", wire.NoAnswer),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_as_agreed_is_no_answer(
    status: int, headers: dict[str, str], content: bytes, failure: type[wire.CallFailed]
) -> None:
    class Odd(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        client = AdyenClient(AdyenConfig(f"http://127.0.0.1:{server.server_address[1]}/v72", "k", "m"))
        with pytest.raises(failure) as raised:
            pay_kept(client, "TOKEN")
        assert type(raised.value) is failure
    finally:
        server.shutdown()


def test_the_sandbox_refuses_what_adyen_s_published_form_refuses(books: SandboxBooks, samples_dir: Path) -> None:
    amount_as_text = {"amount": {"currency": "TWD", "value": "605"}, "merchantAccount": "KaohsiungCity"}
    answer = urllib3.request(
        "POST",
        f"{books.url}/adyen/v72/sessions",
        headers={"x-api-key": "sandbox-adyen-key"},
        json=amount_as_text | {"reference": "pay_1", "returnUrl": RETURN},
    )
    assert answer.status == 422 and "605" in answer.json()["message"]
    (objection,) = books.read("adyen/objections")
    assert objection["operation"] == "session"
