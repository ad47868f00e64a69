"""The application in this process with the bank's sandbox behind it: citizens with a passkey, accounts and bills."""

from __future__ import annotations

import itertools
import os
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from paying_city import national_id, parking_file
from sandbox_process import SandboxBooks
from software_authenticator import SoftwareAuthenticator
from werkzeug.test import TestResponse

from core import clock, db
from core.ids import parse_typeid
from core.settings import settings
from identity import people, sessions, vehicles
from partners import wire
from partners.bank.client import BankClient
from wallet import bill_batches, ports
from wallet.double_payments import reported_elsewhere
from wallet.rails.bank_of_kaohsiung import BankOfKaohsiungRail

_numbers = itertools.count(random.Random(os.getpid()).randrange(1, 80_000_000))


@dataclass
class BankCustomer:
    """Somebody signed in at level 3 with a passkey of their own; requests go straight into the application."""

    client: FlaskClient
    books: SandboxBooks
    person_id: UUID
    identity_no: str
    token: str
    plate: str
    device: SoftwareAuthenticator = field(default_factory=SoftwareAuthenticator)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            path, method=method, json=body, headers={"Authorization": f"Bearer {self.token}", **named}
        )

    def got(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request that must succeed; its JSON."""
        answer = self.send(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        return answer.json

    def weak_token(self) -> str:
        """A session of the same person at level 2."""
        with db.unit_of_work() as session:
            return _session_of(self.person_id, ("pwd", "otp", "mfa", "sms"), session)

    def link_account(self, number: int = 0, **limits: str) -> dict[str, Any]:
        """Consent on the bank's own page to one of this person's accounts, and come back."""
        begun = self.got("POST", "/v1/bank-links", {})
        account = self.accounts()[number]["account_no"]
        back = self.books.approve_mandate(begun["authorize_url"], account=account, **limits)
        query = dict(part.split("=") for part in back.split("?")[1].split("&"))
        body = {"state": query["state"], "code": query["code"]}
        return self.got("POST", f"/v1/bank-links/{begun['id']}/completion", body)  # type: ignore[no-any-return]

    def accounts(self) -> list[dict[str, Any]]:
        """This person's accounts at the bank."""
        return self.books.accounts(national_id=self.identity_no)

    def owe_parking(self, *amounts: int) -> list[dict[str, Any]]:
        """Parking fees on this person's car, due in twelve days; answers all of the unpaid bills."""
        with db.unit_of_work() as session:
            bill_batches.receive(
                session, [parking_file(self.plate, amounts)], source="parking", sender=None, now=clock.now(),
                on_reported_elsewhere=reported_elsewhere,
            )  # fmt: skip
        return self.unpaid()

    def unpaid(self) -> list[dict[str, Any]]:
        """The unpaid bills."""
        return self.got("GET", "/v1/bills?status=unpaid&limit=200")["items"]  # type: ignore[no-any-return]

    def begin(self, bill_ids: Sequence[str], link: dict[str, Any]) -> TestResponse:
        """POST /v1/payments."""
        body = {"bill_ids": list(bill_ids), "bank_link_id": link["id"]}
        return self.send("POST", "/v1/payments", body, Idempotency_Key=str(uuid.uuid4()))

    def pay(self, bill_ids: Sequence[str], link: dict[str, Any]) -> dict[str, Any]:
        """Begin and confirm."""
        begun = self.begin(bill_ids, link)
        assert begun.status_code == 201, begun.text
        payment = begun.json
        credential = {"credential": self.device.get(payment["authorization"]["options"])}
        path = f"/v1/payments/{payment['id']}/authorization"
        return self.got("POST", path, credential, Idempotency_Key=str(uuid.uuid4()))  # type: ignore[no-any-return]


def bank_customer(client: FlaskClient, books: SandboxBooks) -> BankCustomer:
    """Somebody new, with a car, a passkey and two accounts at the bank that nothing is linked to yet."""
    number = next(_numbers)
    identity_no, plate = national_id(number % 9_999_999), f"BNK-{number % 9000 + 1000}"
    now = clock.now()
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session, national_id=identity_no, mobile=f"09{number:08d}", password="a pass phrase of mine", now=now
        )
        vehicles.add(session, person_id, plate, "car", now=now)
        token = _session_of(person_id, ("hwk", "user"), session)
    for count in range(2):
        books.put(
            "bank/accounts", account_no=f"9017-2{count}00-{number:08d}", holder_name="存戶", balance_twd=100_000,
            national_id=identity_no,
        )  # fmt: skip
    customer = BankCustomer(client, books, person_id, identity_no, token, plate)
    ceremony = customer.got("POST", "/v1/auth/passkeys/registration/options", {})
    customer.device = SoftwareAuthenticator(settings().rp_id, settings().public_origin)
    made = {"ceremony_id": ceremony["ceremony_id"], "credential": customer.device.create(ceremony["options"])}
    customer.token = customer.got("POST", "/v1/auth/passkeys/registration/verify", made)["access_token"]
    return customer


def put_the_bank_behind(books: SandboxBooks) -> Callable[[], None]:
    """From now on the wallet's bank is this sandbox's; answers how to go back."""
    before = ports.ports()
    bank = BankClient(wire.Peer("bank", f"{books.url}/bank", "sandbox-bank-secret", read_timeout_seconds=2.0))
    rails = {**before.rails, "bank_of_kaohsiung": BankOfKaohsiungRail(bank)}
    ports.plug_in(replace(before, bank=bank, rails=rails))
    return lambda: ports.plug_in(before)


def uuid_of(prefix: str, identifier: str) -> UUID:
    """The UUID inside a TypeID."""
    return parse_typeid(prefix, identifier)


def at(text: str) -> datetime:
    """A moment written in Taipei time: `at("2026-11-21 10:00")`."""
    return datetime.fromisoformat(f"{text}+08:00")


def _session_of(person_id: UUID, amr: tuple[str, ...], session: Any) -> str:
    issued = sessions.begin(
        session, person_id=person_id, amr=amr, transport="bearer", user_agent="", replaces=None, now=clock.now()
    )
    return issued.token
