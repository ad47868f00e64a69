"""The bank's own page, as a browser and as a program use it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from sandbox_process import SandboxBooks, post_form

from partners import wire
from partners.bank.client import BankClient, MandateRequest

RETURN = "http://localhost:8080/app/bank-return"


def asked(bank: BankClient, reference: str = "blk_1", *, hint: str | None = "A123456789") -> MandateRequest:
    return bank.request_mandate(
        reference=reference,
        return_url=RETURN,
        holder_ref=f"per_{hint or reference}",
        state=f"{reference}.secret",
        holder_hint=hint,
    )


def query_of(address: str) -> dict[str, str]:
    assert address.startswith(f"{RETURN}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_the_page_shows_the_holder_their_accounts_and_the_limits(bank: BankClient) -> None:
    page = urllib3.request("GET", asked(bank).authorize_url)
    text = page.data.decode()
    assert page.status == 200
    for words in ("王小美", "9017-0000-1234", "50,000", "每筆上限", "Limit per day", 'value="5000"', 'value="20000"'):
        assert words in text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "form-action 'self' http://localhost:8080" in page.headers["content-security-policy"]


def test_approval_brings_state_and_a_code_that_makes_the_mandate(bank: BankClient, books: SandboxBooks) -> None:
    form = {"account": "9017-0000-1234", "per_payment_limit": "3,000", "daily_limit": "9000", "monthly_limit": "30000"}
    back = query_of(books.approve_mandate(asked(bank).authorize_url, **form))
    assert back["state"] == "blk_1.secret"
    mandate = bank.exchange_code(back["code"])
    assert (mandate.account_masked, mandate.per_payment_limit_twd, mandate.daily_limit_twd) == ("***1234", 3000, 9000)
    assert (mandate.status, mandate.monthly_limit_twd) == ("active", 30_000)


def test_a_code_makes_one_mandate_however_often_it_is_sent(bank: BankClient, books: SandboxBooks) -> None:
    code = query_of(books.approve_mandate(asked(bank).authorize_url))["code"]
    assert bank.exchange_code(code) == bank.exchange_code(code)
    assert len(books.mandates()) == 1


def test_a_made_up_code_is_refused(bank: BankClient) -> None:
    with pytest.raises(wire.Refused) as refusal:
        bank.exchange_code("guess")
    assert refusal.value.code == "code_unknown"


def test_denial_brings_state_and_access_denied(bank: BankClient, books: SandboxBooks) -> None:
    address = asked(bank).authorize_url
    assert query_of(books.decide(address, decision="deny")) == {"state": "blk_1.secret", "error": "access_denied"}
    assert books.mandates() == []


def test_the_first_decision_stands(bank: BankClient, books: SandboxBooks) -> None:
    address = asked(bank).authorize_url
    approved = books.approve_mandate(address)
    assert books.decide(address, decision="deny") == approved
    again = urllib3.request("GET", address, redirect=False, retries=False)
    assert (again.status, again.headers["location"]) == (303, approved)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"per_payment_limit": "0"}, "Enter a whole number"),
        ({"per_payment_limit": "five"}, "Enter a whole number"),
        ({"per_payment_limit": "５０"}, "Enter a whole number"),
        ({"per_payment_limit": "500", "daily_limit": "499"}, "must not be below"),
        ({"daily_limit": "5000", "monthly_limit": "4999"}, "monthly limit must not be below"),
        ({"monthly_limit": "-1"}, "Enter a whole number"),
        ({"account": "9017-0000-2345"}, "Choose one of your accounts"),
    ],
)
def test_a_wrong_form_is_shown_again_with_what_is_wrong(bank: BankClient, form: dict[str, str], words: str) -> None:
    page = post_form(asked(bank).authorize_url, decision="approve", **form)
    assert page.status == 422
    assert words in page.data.decode()


def test_somebody_the_bank_does_not_know_is_offered_two_fresh_accounts(bank: BankClient, books: SandboxBooks) -> None:
    request = asked(bank, hint=None)
    assert urllib3.request("GET", request.authorize_url).data.decode().count('type="radio"') == 2
    accounts = books.accounts(holder_ref="per_blk_1")
    assert [account["balance_twd"] for account in accounts] == [100_000, 100_000]
    asked(bank, "blk_2", hint=None)
    assert len({account["account_no"] for account in books.accounts()}) == len(books.accounts())


def test_the_same_reference_is_the_same_request(bank: BankClient) -> None:
    assert asked(bank) == asked(bank)
    with pytest.raises(wire.Refused) as refusal:
        asked(bank, hint="E934041203")
    assert refusal.value.code == "reference_reused"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "/relative", "http://x/#part", "ftp://x/"])
def test_the_browser_is_sent_back_to_web_addresses_only(bank: BankClient, address: str) -> None:
    with pytest.raises(wire.Refused):
        bank.request_mandate(reference="blk_1", return_url=address, holder_ref="per_1", state="s")


def test_what_the_address_already_carries_is_kept(bank: BankClient, books: SandboxBooks) -> None:
    request = bank.request_mandate(reference="b", return_url=f"{RETURN}?lang=en", holder_ref="per_1", state="s")
    assert query_of(books.approve_mandate(request.authorize_url)).keys() == {"lang", "state", "code"}


def test_an_unknown_request_shows_a_page_that_says_so(books: SandboxBooks) -> None:
    page = urllib3.request("GET", f"{books.url}/bank/authorize/mrq_never")
    assert page.status == 404
    assert "這個連結已失效" in page.data.decode()
