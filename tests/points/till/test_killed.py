"""kill -9 of the API at every moment of a sale and of a customer's yes: the till asks again and gets the one outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from waiting import wait_until
from werkzeug.test import TestResponse

from core import clock, db
from core.db import Database
from points.till import tasks
from tests.points.till.city import Phone, Shop, in_the_book, no_limits, phone, sign_in_again
from tests.points.till.mortal_api import MortalApi, mortal_api

ASK = "/v1/merchant/redemptions"
FEWEST_MOMENTS = 6


@pytest.fixture
def mortal(client: FlaskClient, database: Database) -> Iterator[MortalApi]:
    with mortal_api(database.url) as api:
        yield api


@pytest.fixture
def rich(client: FlaskClient) -> Phone:
    no_limits()
    return phone(client, 50_000)


def again(who: Shop | Phone, path: str, body: bytes, headers: dict[str, str]) -> TestResponse:
    """The same request to a process that lives, until the one that died is known to be gone."""

    def answered() -> TestResponse | None:
        answer = who.client.application.test_client().post(
            path, data=body, headers=headers, content_type="application/json"
        )
        return None if answer.status_code == 409 and "in-progress" in answer.json["type"] else answer

    found: TestResponse = wait_until(answered)
    return found


def one(statement: str) -> Any:
    with db.unit_of_work() as session:
        return session.execute(text(statement)).scalar_one()


def headers_of(who: Shop | Phone, key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {who.token}", "Idempotency-Key": key, "Accept-Language": "en"}


def killed_at_every_moment(mortal: MortalApi, request: Callable[[int], tuple[Shop | Phone, str, bytes]]) -> int:
    """Send a new request for each moment to the mortal one, and again to one that lives; how many moments there are."""
    moment = 0
    while True:
        moment += 1
        who, path, body = request(moment)
        headers = headers_of(who, f"killed-at-{moment}")
        lived = mortal.asked(moment, path, body, headers)
        repeated = again(who, path, body, headers)
        assert repeated.status_code < 300 and repeated.json["status"] == "done", (moment, repeated.text)
        assert one("SELECT count(*) FROM points.tender WHERE status = 'held'") == 0, moment
        if lived:
            assert repeated.headers.get("Idempotency-Replayed") == "true"
            return moment


def test_a_till_whose_api_dies_at_any_moment_takes_the_points_once(mortal: MortalApi, cafe: Shop, rich: Phone) -> None:
    replayed = []

    def sale(moment: int) -> tuple[Shop, str, bytes]:
        replayed.append(one("SELECT count(*) FROM points.redemption WHERE status = 'done'"))
        rich.renew()
        return cafe, ASK, json.dumps({"code": rich.code(), "points": 10, "reference": f"sale-{moment}"}).encode()

    sales = killed_at_every_moment(mortal, sale)
    assert sales > FEWEST_MOMENTS
    assert replayed == list(range(sales)), "one sale each, whenever it died"
    assert rich.balance() == 50_000 - 10 * sales
    assert in_the_book(f"points:merchant:{cafe.merchant_id}") == 10 * sales
    assert one("SELECT sum(times) FROM points.use_count WHERE scope = 'person'") == sales
    assert one("SELECT count(*) FROM core.outbox WHERE kind = 'points.redemption_moved'") == sales


def test_a_yes_during_which_the_api_dies_spends_what_was_held_once(mortal: MortalApi, cafe: Shop, rich: Phone) -> None:
    def confirmation(moment: int) -> tuple[Phone, str, bytes]:
        rich.renew()
        asked = cafe.ask(rich.code(), 600).json
        assert asked["status"] == "awaiting_citizen"
        return sign_in_again(rich), f"/v1/points/redemptions/{asked['id']}/confirmation", b""

    sales = killed_at_every_moment(mortal, confirmation)
    assert sales > FEWEST_MOMENTS
    assert rich.balance() == 50_000 - 600 * sales
    assert in_the_book(f"points:merchant:{cafe.merchant_id}") == 600 * sales
    assert one("SELECT count(*) FROM points.redemption WHERE status = 'done'") == sales


def test_what_a_dead_api_had_set_aside_and_nobody_asks_for_again_returns(
    mortal: MortalApi, cafe: Shop, rich: Phone, later: Callable[[timedelta], None]
) -> None:
    body = json.dumps({"code": rich.code(), "points": 600}).encode()
    assert mortal.asked(0, ASK, json.dumps({"code": "0" * 24, "points": 600}).encode(), headers_of(cafe, "unreadable"))
    moment, answered = 0, False
    while not one("SELECT count(*) FROM points.redemption"):
        moment += 1
        answered = mortal.asked(moment, ASK, body, headers_of(cafe, f"dies-{moment}"))
    assert not answered, "it was set aside, and the till never heard of it"
    assert rich.balance() == 49_400
    later(timedelta(seconds=61))
    assert tasks.expire_redemptions(clock.now()) == 1
    assert rich.balance() == 50_000
    assert one("SELECT status FROM points.redemption") == "expired"
    assert one("SELECT count(*) FROM points.tender WHERE status = 'held'") == 0
