"""A shop of a running copy with a till that waits for its device, and somebody with points, for the browser tests."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import urllib3
from sqlalchemy import text
from stack import Stack

from core import clock, db
from core.ids import new_uuid, parse_typeid
from points.merchants import staff, tills
from points.till import pay_codes
from tests.points.till import city

CLERK, OWNER, PIN = "101", "100", "482916"


@dataclass(frozen=True)
class Shop:
    """An approved merchant's branch: its till's enrolment code, and a clerk who may not refund beside one who may."""

    merchant_id: UUID
    shop_code: str
    enrolment_code: str


@dataclass
class Customer:
    """Somebody signed in on a phone, over HTTP."""

    stack: Stack
    token: str
    number: str = ""
    key: bytes = b""

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """A request of the phone; what it answers."""
        sent = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(new_uuid()), **headers}
        answer = urllib3.request("POST", self.stack.api_url + path, json=body, headers=sent)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def code(self) -> str:
        """What the phone shows now, never the same twice: each time of a new key."""
        given = self.post("/v1/points/pay-codes")
        self.number, self.key = given["number"], base64.urlsafe_b64decode(given["key"] + "=")
        return pay_codes.code_of(self.number, self.key, pay_codes.step_at(clock.now()))

    def pays_by_the_shops_code(self, shop: Shop, points: int) -> None:
        """Scans the printed code at the counter."""
        self.post("/v1/points/redemptions", {"shop_code": shop.shop_code, "points": points})


@contextmanager
def _database_of(stack: Stack) -> Iterator[None]:
    """This process pointed at the running copy's own database."""
    current = db.configure(stack.database_url)
    yield
    current.engine.dispose()


def shop(stack: Stack) -> Shop:
    """A new one, with an offer."""
    now = clock.now()
    with _database_of(stack):
        of = city.shop(None)  # type: ignore[arg-type]
        with db.unit_of_work() as session:
            for number, name, may_refund in ((CLERK, "阿芳", False), (OWNER, "老闆", True)):
                wanted = {"number": number, "name": name, "pin": PIN, "may_refund": may_refund}
                staff.add(session, of.merchant_id, wanted, now=now)
            _, code = tills.new_code(session, of.merchant_id, of.till_id, now=now)
            session.execute(_OFFER, {"id": new_uuid(), "merchant": of.merchant_id, "now": now})
    return Shop(of.merchant_id, of.shop_code, code)


def customer(stack: Stack, points: int) -> Customer:
    """Somebody new with so many points."""
    with _database_of(stack):
        return Customer(stack, city.phone(None, points).token)  # type: ignore[arg-type]


def give(stack: Stack, person: str, points: int) -> None:
    """So many points for somebody of the running copy (their id on the wire)."""
    with _database_of(stack):
        city.give(parse_typeid("per", person), points)


_OFFER = text(
    """
    INSERT INTO points.offer (id, merchant_id, title_zh, title_en, details_zh, details_en, points, stock, status,
                              valid_from, valid_until, written_at, live_at)
    VALUES (:id, :merchant, '手沖咖啡一杯', 'A cup of drip coffee', '', '', 100, 3, 'live', :now - interval '1 day',
            :now + interval '30 days', :now, :now)
    """
)
