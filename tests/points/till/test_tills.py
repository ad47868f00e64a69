"""How a device becomes a till, who is at it, and what a cash register needs instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from core import clock, db
from core.crypto import token_hash
from core.ids import new_uuid
from core.settings import settings
from points.merchants.secrets import new_till_code, till_code_hash
from tests.points.till.city import PIN, Phone, Shop, at_once, shop

Later = Callable[[timedelta], None]


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


@pytest.fixture
def code(cafe: Shop) -> str:
    """A code for a second till of the café."""
    made = new_till_code()
    with db.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO points.till (id, merchant_id, branch_id, name, code_hash, code_until, added_at) "
                "VALUES (:id, :merchant, :branch, '二號機', :hash, :until, :now)"
            ),
            {"id": new_uuid(), "merchant": cafe.merchant_id, "branch": cafe.branch_id, "hash": till_code_hash(made),
             "until": clock.now() + timedelta(minutes=15), "now": clock.now()},
        )  # fmt: skip
    return made


def enrol(client: FlaskClient, code: str, **more: Any) -> Any:
    return client.application.test_client().post("/v1/till/enrolments", json={"code": code, **more})


def shift(till: Shop, number: str, pin: str = PIN) -> Any:
    return till.call("POST", "/v1/till/shifts", {"staff_number": number, "pin": pin})


def number_of(till: Shop) -> str:
    return str(till.call("GET", "/v1/till").json["staff"]["number"])


def test_a_code_makes_one_device_a_till_once_however_it_is_typed(client: FlaskClient, cafe: Shop, code: str) -> None:
    typed = f"{code[:4]}-{code[4:]}".lower()
    answers = at_once(*[lambda: enrol(client, typed, transport="bearer")] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    (made,) = [answer.json for answer in answers if answer.status_code == 201]
    assert made["name"] == "二號機" and len(made["token"]) > 40
    sent = {"Authorization": f"Bearer {made['token']}"}
    seen = client.get("/v1/till", headers=sent).json
    assert (seen["staff"], seen["branch"]["name"], seen["shop_code"]) == (None, "總店", cafe.shop_code)
    assert slug(client.get("/v1/merchant/redemptions", headers=sent)) == "nobody-at-the-till"


def test_in_a_browser_no_script_sees_the_token(client: FlaskClient, code: str) -> None:
    answer = enrol(client, code)
    assert answer.json["token"] is None
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-till=") and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    sent = {"Cookie": f"__Host-till={token}"}
    browser = client.application.test_client(use_cookies=False)
    assert browser.get("/v1/till", headers=sent).status_code == 200
    assert slug(browser.delete("/v1/till/shift", headers=sent)) == "cross-site-request"
    own = {**sent, "Origin": settings().public_origin}
    assert browser.delete("/v1/till/shift", headers=own).status_code == 204


def test_an_old_code_or_a_guessed_one_enrols_nothing(client: FlaskClient, code: str, later: Later) -> None:
    assert [enrol(client, f"0000000{digit}").status_code for digit in range(9)] == [422] * 9
    later(timedelta(minutes=15, seconds=1))
    assert slug(enrol(client, code)) == "till-enrolment-code-wrong"
    assert [enrol(client, f"1000000{digit}").status_code for digit in range(10)][-1] == 429


def test_who_guesses_enrolment_codes_has_to_wait_even_with_a_right_one(client: FlaskClient, code: str) -> None:
    for digit in range(10):
        enrol(client, f"0000000{digit % 10}")
    waits = enrol(client, code)
    assert (waits.status_code, slug(waits)) == (429, "till-too-many-wrong-tries") and "Retry-After" in waits.headers


def test_a_shift_ends_by_the_clock_by_hand_and_with_the_next(cafe: Shop, mei: Phone, later: Later) -> None:
    number = number_of(cafe)
    assert shift(cafe, number).status_code == 204
    assert cafe.call("GET", "/v1/till").json["staff"]["number"] == number
    assert cafe.call("DELETE", "/v1/till/shift").status_code == 204
    assert cafe.call("DELETE", "/v1/till/shift").status_code == 204
    assert slug(cafe.ask(mei.code(), 10)) == "nobody-at-the-till"
    assert shift(cafe, number).status_code == 204
    assert cafe.ask(mei.code(), 10).json["staff"]["name"] == "小美"
    later(timedelta(hours=14, seconds=1))
    assert slug(cafe.ask(mei.code(), 10)) == "nobody-at-the-till"


def test_five_wrong_pins_lock_the_number_at_every_till(cafe: Shop, client: FlaskClient, later: Later) -> None:
    number, other = number_of(cafe), shop(client, of=cafe)
    assert [slug(shift(cafe, number, "000000")) for _ in range(5)] == ["till-pin-wrong"] * 5
    for till in (cafe, other):
        locked = shift(till, number)
        assert (locked.status_code, slug(locked)) == (429, "till-too-many-wrong-tries")
    later(timedelta(minutes=15, seconds=1))
    assert shift(cafe, number).status_code == 204
    assert [slug(shift(cafe, number, "000000")) for _ in range(4)] == ["till-pin-wrong"] * 4
    assert shift(cafe, number).status_code == 204, "a right one begins the count anew"


def test_wrong_pins_at_once_are_all_counted(cafe: Shop) -> None:
    number = number_of(cafe)
    answers = at_once(*[lambda: shift(cafe, number, "000000")] * 12)
    assert sorted(answer.status_code for answer in answers) == [422] * 5 + [429] * 7


def test_a_till_that_tries_many_numbers_has_to_wait_too(cafe: Shop) -> None:
    number = number_of(cafe)
    answers = [slug(shift(cafe, f"9{at:03d}", "123456")) for at in range(16)]
    assert answers == ["till-pin-wrong"] * 15 + ["till-too-many-wrong-tries"]
    assert shift(cafe, number).status_code == 429


def test_staff_of_another_merchant_or_who_left_open_no_shift(cafe: Shop, client: FlaskClient) -> None:
    stranger = number_of(shop(client))
    assert slug(shift(cafe, stranger)) == "till-pin-wrong"
    number = number_of(cafe)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.staff SET left_at = now() WHERE id = :id"), {"id": cafe.clerk})
    assert slug(shift(cafe, number)) == "till-pin-wrong"


def test_a_till_that_was_taken_away_is_nobody(cafe: Shop, mei: Phone) -> None:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.till SET revoked_at = now() WHERE id = :id"), {"id": cafe.till_id})
    assert cafe.ask(mei.code(), 10).status_code == 401


def test_a_cash_register_takes_points_without_a_shift_and_gives_them_back(
    client: FlaskClient, cafe: Shop, mei: Phone
) -> None:
    register = _register(client, cafe, "redemptions:write")
    taken = register.ask(mei.code(), 30, reference="POS-1")
    assert (taken.status_code, taken.json["staff"], taken.json["till"]["name"]) == (201, None, "POS")
    assert register.post(f"/v1/merchant/redemptions/{taken.json['id']}/refunds", {"points": 10}).status_code == 201
    second = register.ask(mei.code(-1), 5).json["id"]
    assert register.post(f"/v1/merchant/redemptions/{second}/void").json["status"] == "voided"
    assert register.call("GET", "/v1/till").json["is_register"] is True
    assert _register(client, cafe, "bills:write").ask(mei.code(), 1).status_code == 401, "another scope is no till's"


def _register(client: FlaskClient, of: Shop, scope: str) -> Shop:
    token, client_id, now = f"register-{new_uuid()}", new_uuid(), clock.now()
    with db.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO identity.bureau_client (id, client_id, bureau, public_jwk, scopes, registered_at) "
                "VALUES (:id, :name, 'merchant', '{}', CAST(:scopes AS text[]), :now)"
            ),
            {"id": client_id, "name": f"register-{client_id}", "scopes": [scope], "now": now},
        )
        session.execute(
            text(
                "INSERT INTO identity.access_token (token_hash, client_id, scopes, issued_at, expires_at) "
                "VALUES (:hash, :name, CAST(:scopes AS text[]), :now, :until)"
            ),
            {"hash": token_hash(token), "name": f"register-{client_id}", "scopes": [scope], "now": now,
             "until": now + timedelta(hours=1)},
        )  # fmt: skip
        till_id = new_uuid()
        session.execute(
            text(
                "INSERT INTO points.till (id, merchant_id, branch_id, name, register_client_id, added_at) "
                "VALUES (:id, :merchant, :branch, 'POS', :client, :now)"
            ),
            {"id": till_id, "merchant": of.merchant_id, "branch": of.branch_id, "client": client_id, "now": now},
        )
    return Shop(client, of.merchant_id, of.branch_id, of.shop_code, till_id, token, of.clerk)
