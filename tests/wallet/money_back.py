"""A payment at the bank's sandbox in front of this process, and what becomes of its money."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from bank_city import BankCustomer, uuid_of
from sandbox_process import SandboxBooks
from sqlalchemy import text
from werkzeug.test import TestResponse

from api.delivery import deliver
from core import db
from ledger import book
from partners import wire
from partners.bureaus.client import BureausClient
from points.tasks import CONSUMERS as POINTS
from wallet import ports, refund_sending
from wallet.book import BANK_CLEARING, bureau_payable


@pytest.fixture
def bureaus_behind(bank_books: SandboxBooks) -> SandboxBooks:
    """The wallet's bureaus are the sandbox's, too."""
    peer = wire.Peer("bureaus", f"{bank_books.url}/bureaus", "sandbox-bureaus-secret", read_timeout_seconds=2.0)
    ports.plug_in(replace(ports.ports(), bureaus=BureausClient(peer)))
    return bank_books


def paid(customer: BankCustomer, *amounts: int) -> dict[str, Any]:
    """A captured payment of parking fees of these amounts, from the customer's first account."""
    link = customer.link_account()
    bills = customer.owe_parking(*amounts)
    payment = customer.pay([bill["id"] for bill in bills], link)
    assert payment["status"] == "captured"
    return payment


def split(customer: BankCustomer, amount: int, *, points: int) -> dict[str, Any]:
    """A new parking fee, paid with so many points and the rest from the customer's account."""
    bill = next(bill for bill in customer.owe_parking(amount) if bill["amount"] == amount)
    link = next(link for link in customer.got("GET", "/v1/bank-links")["items"] if link["status"] == "active")
    body = {"bill_ids": [bill["id"]], "bank_link_id": link["id"], "points": points}
    begun = customer.got("POST", "/v1/payments", body, Idempotency_Key=str(uuid.uuid4()))
    credential = {"credential": customer.device.get(begun["authorization"]["options"])}
    path = f"/v1/payments/{begun['id']}/authorization"
    return customer.got("POST", path, credential, Idempotency_Key=str(uuid.uuid4()))  # type: ignore[no-any-return]


def bring_points() -> None:
    """The worker's turn with the facts that concern points."""
    kinds = [consumer.kind for consumer in POINTS]
    with db.unit_of_work() as session:
        found = session.execute(text("SELECT id FROM core.outbox WHERE kind = ANY(:kinds)"), {"kinds": kinds})
        ids = list(found.scalars())
    deliver(ids, {consumer.kind: [consumer] for consumer in POINTS})


def ask(customer: BankCustomer, payment: dict[str, Any], reason: str, amount: int | None = None) -> TestResponse:
    """The citizen asks for a refund of the payment's first bill."""
    body = {"bill_id": payment["bills"][0]["bill_id"], "reason": reason, "amount": amount}
    return customer.send("POST", f"/v1/payments/{payment['id']}/refunds", body, Idempotency_Key=str(uuid.uuid4()))


def withdraw(books: SandboxBooks, payment: dict[str, Any]) -> None:
    """The bureau withdraws the payment's bills in its register."""
    for bill in payment["bills"]:
        books.put("bureaus/parking/bills", number=bill["number"], amount_twd=bill["amount"], status="void")


def sent(refund: dict[str, Any]) -> None:
    """The worker's turn."""
    refund_sending.send(refund_uuid(refund))


def refund_uuid(refund: dict[str, Any]) -> UUID:
    return uuid_of("ref", refund["id"])


def shown(customer: BankCustomer, refund: dict[str, Any]) -> dict[str, Any]:
    """The refund as the citizen sees it."""
    return customer.got("GET", f"/v1/refunds/{refund['id']}")  # type: ignore[no-any-return]


def status_of(customer: BankCustomer, payment: dict[str, Any]) -> str:
    return str(customer.got("GET", f"/v1/payments/{payment['id']}")["status"])


def in_the_book() -> dict[str, int]:
    """What stands on clearing and payable, posted."""
    with db.unit_of_work() as session:
        lines = book.trial_balance(session)
        assert all(line.is_balanced for line in lines)
        return {
            "clearing": book.balance(session, book.account_id(BANK_CLEARING)).posted,
            "parking": book.balance(session, book.account_id(bureau_payable("parking"))).posted,
            "held": sum(line.debits_pending for line in lines),
        }


def recorded(kind: str) -> list[dict[str, Any]]:
    """The facts of that kind that left, oldest first."""
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY id"), {"kind": kind})
        return [row.payload for row in rows]
