"""Shops with tills, and people with points and a phone, for tests that go over HTTP."""

from __future__ import annotations

import base64
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core import clock, db
from core.crypto import token_hash
from core.ids import new_uuid
from identity import people, sessions
from points.campaigns import open_campaign
from points.merchants.secrets import pin_hash
from points.till import pay_codes
from tests.points.conftest import bring, captured, recorded, terms
from tests.points.merchants.city import business_id, shop_code

_numbers = itertools.count(1)
PIN = "482916"


@dataclass
class Shop:
    """A branch of an approved merchant with one till, at which a clerk is on shift."""

    client: FlaskClient
    merchant_id: UUID
    branch_id: UUID
    shop_code: str
    till_id: UUID
    token: str
    clerk: UUID
    keys: Any = field(default_factory=lambda: itertools.count(1))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request of this till."""
        sent = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.application.test_client().open(path, method=method, json=body, headers=sent)

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        """A POST with a key of its own, or this one."""
        return self.call("POST", path, body, Idempotency_Key=key or f"key-{next(self.keys)}-{self.till_id}")

    def ask(self, code: str, points: Any, key: str | None = None, **more: Any) -> TestResponse:
        """Ask for points by a code."""
        return self.post("/v1/merchant/redemptions", {"code": code, "points": points, **more}, key)


@dataclass
class Phone:
    """Somebody signed in on a phone, with the key that it makes codes from."""

    client: FlaskClient
    person_id: UUID
    token: str
    number: str = ""
    key: bytes = b""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request of this phone."""
        sent = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.application.test_client().open(path, method=method, json=body, headers=sent)

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        """A POST with a key of its own, or this one."""
        return self.call("POST", path, body, Idempotency_Key=key or str(new_uuid()))

    def renew(self) -> dict[str, Any]:
        """Get a new key."""
        answer = self.call("POST", "/v1/points/pay-codes")
        assert answer.status_code == 201, answer.text
        given: dict[str, Any] = answer.json
        self.number, self.key = given["number"], base64.urlsafe_b64decode(given["key"] + "=")
        return given

    def code(self, steps_on: int = 0) -> str:
        """What it shows now, or so many steps from now."""
        if not self.key:
            self.renew()
        return pay_codes.code_of(self.number, self.key, pay_codes.step_at(clock.now()) + steps_on)

    def balance(self) -> int:
        """As the phone shows it."""
        return int(self.call("GET", "/v1/points").json["balance"])


@dataclass(frozen=True)
class OpenTill:
    """A till of a branch with a clerk on shift."""

    merchant_id: UUID
    branch_id: UUID
    shop_code: str
    till_id: UUID
    token: str
    clerk: UUID


def shop(client: FlaskClient, *, may_refund: bool = True, of: Shop | None = None) -> Shop:
    """A new shop, or another till of the same branch."""
    with db.unit_of_work() as session:
        till = open_till(session, may_refund=may_refund, of=of)
    return Shop(client, till.merchant_id, till.branch_id, till.shop_code, till.till_id, till.token, till.clerk)


def open_till(session: Session, *, may_refund: bool = True, of: Shop | None = None) -> OpenTill:
    """The rows of a new shop, or of another till of the same branch."""
    now, token = clock.now(), f"till-{new_uuid()}"
    ids = {"merchant": of.merchant_id if of else new_uuid(), "branch": of.branch_id if of else new_uuid()}
    ids |= {"till": new_uuid(), "staff": new_uuid(), "shift": new_uuid()}
    code = of.shop_code if of else shop_code()
    if of is None:
        session.execute(_MERCHANT, {**ids, "business_id": business_id(), "owner": new_uuid(), "now": now})
        session.execute(_BRANCH, {**ids, "code": code, "now": now})
    number = f"{next(_numbers):04d}"
    session.execute(
        _STAFF, {**ids, "number": number, "pin": pin_hash(ids["staff"], PIN), "may_refund": may_refund, "now": now}
    )
    session.execute(_TILL, {**ids, "hash": token_hash(token), "now": now})
    session.execute(_SHIFT, {**ids, "now": now, "until": now + timedelta(days=3)})
    return OpenTill(ids["merchant"], ids["branch"], code, ids["till"], token, ids["staff"])


def phone(client: FlaskClient, points: int = 0, *, amr: tuple[str, ...] = ("hwk", "user")) -> Phone:
    """Somebody new with so many points (in one lot), signed in by these methods."""
    number, now = next(_numbers), clock.now()
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session, national_id=_national_id(number), mobile=f"09{number:08d}", password="a pass phrase of mine", now=now
        )  # fmt: skip
        issued = sessions.begin(
            session, person_id=person_id, amr=amr, transport="bearer", user_agent="", replaces=None, now=now
        )
    if points:
        give(person_id, points)
    return Phone(client, person_id, issued.token)


def sign_in_again(of: Phone, *, amr: tuple[str, ...] = ("hwk", "user")) -> Phone:
    """The same person by a new session."""
    with db.unit_of_work() as session:
        issued = sessions.begin(
            session, person_id=of.person_id, amr=amr, transport="bearer", user_agent="", replaces=None, now=clock.now()
        )  # fmt: skip
    return Phone(of.client, of.person_id, issued.token)


def give(person_id: UUID, points: int) -> None:
    """One more lot of so many points."""
    now, code = clock.now(), f"gift-{next(_numbers)}"
    of = terms(code=code, points_per_payment=points, points_per_step=0, rail=code.replace("-", "_"),
               valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=400))  # fmt: skip
    with db.unit_of_work() as session:
        open_campaign(session, of, budget_points=10 * points, now=now)
    paid = captured(person_id, rail=of.rail, captured_at=now.isoformat())
    bring(recorded("wallet.payment_captured", paid))


def no_limits() -> None:
    """Nothing is held for being much or often."""
    with db.unit_of_work() as session:
        session.execute(text("DELETE FROM points.velocity_limit"))


def only_limit(code: str, scope: str, *, points: int | None = None, times: int | None = None) -> None:
    """The only limit there is, a day long."""
    no_limits()
    with db.unit_of_work() as session:
        session.execute(
            text("INSERT INTO points.velocity_limit VALUES (:code, :scope, '24 hours', :p, :t, '2020-01-01', 'test')"),
            {"code": code, "scope": scope, "p": points, "t": times},
        )


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment; the answers in the order of the works."""
    gate, answers = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        gate.wait()
        answers[place] = work()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def in_the_book(account: str) -> int:
    """What an account of points holds."""
    from ledger import book

    with db.unit_of_work() as session:
        return book.balance(session, book.account_id(account)).posted


def _national_id(number: int) -> str:
    from paying_city import national_id

    return national_id(7_000 + number)


_MERCHANT = text(
    """
    INSERT INTO points.merchant (id, business_id, name, name_en, category, owner_person_id, phone, status, applied_at,
                                 approved_at)
    VALUES (:merchant, :business_id, '鹽埕咖啡', 'Yancheng Coffee', 'food', :owner, '075550123', 'approved', :now, :now)
    """
)
_BRANCH = text(
    """
    INSERT INTO points.branch (id, merchant_id, name, name_en, address, district, latitude, longitude, shop_code,
                               opened_at)
    VALUES (:branch, :merchant, '總店', 'main shop', '五福四路 1 號', '64000010', 22.6237, 120.2841, :code, :now)
    """
)
_STAFF = text(
    "INSERT INTO points.staff (id, merchant_id, number, name, may_refund, pin_hash, added_at) "
    "VALUES (:staff, :merchant, :number, '小美', :may_refund, :pin, :now)"
)
_TILL = text(
    "INSERT INTO points.till (id, merchant_id, branch_id, name, token_hash, added_at, enrolled_at) "
    "VALUES (:till, :merchant, :branch, '一號機', :hash, :now, :now)"
)
_SHIFT = text(
    "INSERT INTO points.till_shift (id, till_id, staff_id, begun_at, ends_at) "
    "VALUES (:shift, :till, :staff, :now, :until)"
)
