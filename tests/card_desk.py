"""The card processor of the sandbox as tests use it: its client, a payer with a card in the browser, and its desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3
from sandbox_process import SandboxBooks, post_form

from partners.adyen.client import AdyenClient, AdyenConfig, CardSession, PaymentAnswer, SessionResult

RETURN = "http://localhost:8080/app/payments/return"
VISA, MASTERCARD, CHALLENGED = "4111111111111111", "5555444433331111", "4212345678901237"
PAYER = "per_1"


def card_client(sandbox_url: str, *, api_key: str = "sandbox-adyen-key", account: str = "KaohsiungCity") -> AdyenClient:
    """Adyen's own library, pointed at the sandbox; it waits a second for an answer, no more."""
    config = AdyenConfig(f"{sandbox_url}/adyen/v72", api_key, account, read_timeout_seconds=1.0)
    return AdyenClient(config)


def open_page(adyen: AdyenClient, reference: str = "pay_1", amount_twd: int = 605, payer: str = PAYER) -> CardSession:
    """The page for a new card."""
    return adyen.open_session(
        reference=reference,
        amount_twd=amount_twd,
        return_url=f"{RETURN}?payment={reference}",
        shopper_reference=payer,
        expires_at=(datetime.now(UTC) + timedelta(minutes=30)).replace(microsecond=0),
    )


def enter_card(url: str, number: str = VISA, holder_name: str = "王小美", **form: str) -> urllib3.BaseHTTPResponse:
    """Fills in the page as a payer does; 303 leads on, 422 shows the page again."""
    return post_form(url, number=number, holder_name=holder_name, expiry="03/30", cvc="737", **form)


def brought_back(answer: urllib3.BaseHTTPResponse, return_url: str = RETURN) -> dict[str, str]:
    """The query with which the browser comes back to the city."""
    assert answer.status == 303, answer.data.decode()
    address = str(answer.headers["location"])
    assert address.startswith(return_url), address
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def entered(adyen: AdyenClient, reference: str = "pay_1", amount_twd: int = 605, **form: str) -> SessionResult:
    """A whole payment with a new card, from the page to what Adyen says became of it."""
    page = open_page(adyen, reference, amount_twd)
    back = brought_back(enter_card(page.url, **form))
    return adyen.session_result(back["sessionId"], back["sessionResult"])


def keep_card(adyen: AdyenClient, *, number: str = VISA, holder_name: str = "王小美") -> str:
    """The token of a card that the payer had Adyen keep."""
    entered(adyen, "pay_keeping", number=number, holder_name=holder_name, keep="yes")
    return adyen.stored_cards(PAYER)[-1].token


def pay_kept(adyen: AdyenClient, token: str, reference: str = "pay_1", amount_twd: int = 605) -> PaymentAnswer:
    """A payment with a kept card."""
    return adyen.pay_with_kept_card(
        reference=reference, amount_twd=amount_twd, return_url=RETURN, shopper_reference=PAYER, token=token
    )


def fill_card_desk(books: SandboxBooks) -> None:
    """Something in every book of the processor."""
    adyen = card_client(books.url)
    payment = pay_kept(adyen, keep_card(adyen), "pay_cards")
    adyen.refund(reference="ref_cards", psp_reference=payment.psp_reference, amount_twd=5, reason="citizen")
    books.asked("POST", "/books/adyen/payments/pay_cards/dispute/chargeback")
    books.asked("POST", "/books/adyen/batches")


def told(city: Any, count: int) -> list[dict[str, Any]]:
    """The items of the first `count` notices about payments that reached the city, in their order."""
    items: list[dict[str, Any]] = []
    for heard in city.wait_for(count):
        items += [each["NotificationRequestItem"] for each in heard.body.get("notificationItems", [])]
    return items
