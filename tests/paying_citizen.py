"""Citizens in this process who can pay: signed in at level 3, an account linked, parking fees on their car."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from paying_city import national_id, parking_file
from werkzeug.test import TestResponse

from core import clock, db
from core.ids import new_uuid, typeid
from identity import people, sessions, vehicles
from partners.bank.client import Mandate
from wallet import bank_links, bill_batches
from wallet.double_payments import reported_elsewhere


@dataclass
class PayingCitizen:
    """Somebody signed in, whose requests go straight into the application."""

    client: FlaskClient
    person_id: UUID
    token: str
    link_id: str
    plate: str

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            path, method=method, json=body, headers={"Authorization": f"Bearer {self.token}", **named}
        )

    def bill_ids(self) -> list[str]:
        """The unpaid ones."""
        return [bill["id"] for bill in self.send("GET", "/v1/bills?status=unpaid").json["items"]]

    def pay(self, bill_ids: list[str], key: str) -> TestResponse:
        """Begin a payment."""
        body = {"bill_ids": bill_ids, "bank_link_id": self.link_id}
        return self.send("POST", "/v1/payments", body, Idempotency_Key=key)


def paying_citizen(client: FlaskClient, number: int, fees: tuple[int, ...] = (20, 30)) -> PayingCitizen:
    """Somebody new with a passkey session, a linked account, and these parking fees (NT$)."""
    now = clock.now()
    plate = f"PAY-{1000 + number}"
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session,
            national_id=national_id(number),
            mobile=f"09{number:08d}",
            password="a pass phrase of mine",
            now=now,
        )
        vehicles.add(session, person_id, plate, "car", now=now)
        issued = sessions.begin(
            session,
            person_id=person_id,
            amr=("hwk", "user"),
            transport="bearer",
            user_agent="",
            replaces=None,
            now=now,
        )
        link_id, _ = bank_links.begin(session, person_id=person_id, now=now)
        mandate = Mandate(f"mandate-{new_uuid()}", "***1234", 5000, 20000, "active")
        bank_links.activate(session, person_id=person_id, link_id=link_id, mandate=mandate, now=now)
        bill_batches.receive(
            session,
            [parking_file(plate, fees)],
            source="parking",
            sender=None,
            now=now,
            on_reported_elsewhere=reported_elsewhere,
        )
    return PayingCitizen(client, person_id, issued.token, typeid("blk", link_id), plate)
