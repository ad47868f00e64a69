"""A citizen certificate proves who somebody is and moves no money: a payment takes a passkey's signature over its words.

「應用於帳務交易時，應簽署完整付款指示」: what signs a payment must have signed the whole instruction (rules for banks'
electronic business, article 9); a card signs the words of a sign-in here and nothing else.
"""

from __future__ import annotations

import base64
import uuid
from pathlib import Path

import pytest
from bank_city import BankCustomer
from card_reader import CardHolder, Reader, plug_in
from flask.testing import FlaskClient
from identity_city import City
from sandbox_process import SandboxBooks
from software_authenticator import SoftwareAuthenticator

from core import db
from core.settings import settings


@pytest.fixture
def holder(client: FlaskClient, customer: BankCustomer, bank_books: SandboxBooks, tmp_path: Path) -> CardHolder:
    """The bank's customer at a computer with a card reader, signed in with the card."""
    plug_in(bank_books, tmp_path)
    bank_books.put("moica/cards", national_id=customer.identity_no, name="王小美", pin="246810")
    city = City(client.application, db.database(), bank_books)
    holder = CardHolder(city.phone((customer.identity_no, "", "")))
    answer = holder.sign_in()
    assert answer.json["acr"] == "urn:mykaohsiung:loa:4", answer.json
    return holder


def debits(books: SandboxBooks, customer: BankCustomer) -> int:
    numbers = {account["account_no"] for account in customer.accounts()}
    mandates = {one["mandate_id"] for one in books.mandates() if one["account_no"] in numbers}
    return sum(debit["mandate_id"] in mandates for debit in books.debits())


def test_whatever_a_certificate_signs_no_payment_goes_through(
    customer: BankCustomer, holder: CardHolder, bank_books: SandboxBooks
) -> None:
    link, bills = customer.link_account(), customer.owe_parking(20)
    begun = holder.phone.send(
        "POST", "/v1/payments", {"bill_ids": [bills[0]["id"]], "bank_link_id": link["id"]},
        **{"Idempotency-Key": str(uuid.uuid4())},
    )  # fmt: skip
    assert begun.status_code == 201
    options = begun.json["authorization"]["options"]
    path = f"/v1/payments/{begun.json['id']}/authorization"
    signed = Reader(bank_books, customer.identity_no).sign(_padded(options["challenge"]))
    strange = SoftwareAuthenticator(settings().rp_id, settings().public_origin)
    strange.create(customer.got("POST", "/v1/auth/passkeys/registration/options", {})["options"])
    as_passkey = strange.get(options)
    as_passkey["response"]["signature"] = signed["signature"].rstrip("=").replace("+", "-").replace("/", "_")
    for body in ({}, {"certificate": signed}, {"credential": signed}, {"credential": as_passkey}):
        answer = holder.phone.send("POST", path, body, **{"Idempotency-Key": str(uuid.uuid4())})
        assert answer.status_code in (401, 409, 422), answer.json
    assert customer.send("GET", f"/v1/payments/{begun.json['id']}").json["status"] != "captured"
    assert debits(bank_books, customer) == 0


def test_whoever_has_a_card_and_no_passkey_can_sign_no_payment(
    customer: BankCustomer, holder: CardHolder, bank_books: SandboxBooks
) -> None:
    link, bills = customer.link_account(), customer.owe_parking(20)
    passkeys = holder.phone.get("/v1/me/passkeys").json["items"]
    for passkey in passkeys:
        assert holder.phone.send("DELETE", f"/v1/me/passkeys/{passkey['id']}").status_code == 204
    begun = holder.phone.send(
        "POST", "/v1/payments", {"bill_ids": [bills[0]["id"]], "bank_link_id": link["id"]},
        **{"Idempotency-Key": str(uuid.uuid4())},
    )  # fmt: skip
    assert begun.status_code == 201
    options = begun.json["authorization"]["options"]
    assert options["allowCredentials"] == []
    strange = SoftwareAuthenticator(settings().rp_id, settings().public_origin)
    strange.create(holder.phone.begin_passkey()["options"])
    path = f"/v1/payments/{begun.json['id']}/authorization"
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert holder.phone.send("POST", path, {"credential": strange.get(options)}, **key).status_code == 401
    assert debits(bank_books, customer) == 0


def _padded(text: str) -> str:
    """Base64url without its end, as base64."""
    return base64.b64encode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))).decode()
