"""What waits for somebody: the citizen's yes above an amount, the desk's look over a limit, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.ids import typeid
from points.till import redemptions, tasks
from tests.points.till.city import Phone, Shop, at_once, in_the_book, only_limit, phone, shop, sign_in_again

Later = Callable[[timedelta], None]
HELD = "/v1/points-desk/held"


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


@pytest.fixture
def asked(cafe: Shop, mei: Phone) -> str:
    """A redemption of 600 points that waits for mei's yes."""
    answer = cafe.ask(mei.code(), 600)
    assert answer.status_code == 201 and answer.json["status"] == "awaiting_citizen", answer.text
    return str(answer.json["id"])


def status_at(till: Shop, redemption_id: str) -> str:
    return str(till.call("GET", f"/v1/merchant/redemptions/{redemption_id}").json["status"])


def confirm(who: Phone, redemption_id: str) -> Any:
    return who.post(f"/v1/points/redemptions/{redemption_id}/confirmation")


def test_many_points_wait_for_a_yes_with_the_passkey_used_after_the_till_asked(
    cafe: Shop, mei: Phone, asked: str
) -> None:
    assert mei.balance() == 400, "they are set aside"
    too_old = confirm(mei, asked)
    assert too_old.status_code == 401 and "max_age" in too_old.headers["WWW-Authenticate"]
    weak = sign_in_again(mei, amr=("pwd", "sms"))
    assert confirm(weak, asked).status_code == 401
    assert status_at(cafe, asked) == "awaiting_citizen"
    fresh = sign_in_again(mei)
    assert confirm(fresh, asked).json["status"] == "done"
    assert confirm(fresh, asked).json["status"] == "done", "saying yes again changes nothing"
    assert (status_at(cafe, asked), mei.balance()) == ("done", 400)
    assert in_the_book(f"points:merchant:{cafe.merchant_id}") == 600


def test_a_no_frees_the_points_and_a_yes_comes_too_late(cafe: Shop, mei: Phone, asked: str) -> None:
    said = mei.post(f"/v1/points/redemptions/{asked}/refusal")
    assert (said.json["status"], said.json["explanation"]) == ("refused", "the customer said no on the phone")
    assert (status_at(cafe, asked), mei.balance()) == ("refused", 1_000)
    assert slug(confirm(sign_in_again(mei), asked)) == "redemption-not-now"


def test_nobody_else_can_answer(cafe: Shop, mei: Phone, asked: str) -> None:
    other = phone(cafe.client, 0)
    assert confirm(other, asked).status_code == 404
    assert other.post(f"/v1/points/redemptions/{asked}/refusal").status_code == 404
    assert other.call("GET", f"/v1/points/redemptions/{asked}").status_code == 404
    assert shop(cafe.client).call("GET", f"/v1/merchant/redemptions/{asked}").status_code == 404


def test_what_nobody_answers_within_a_minute_ends_by_itself(cafe: Shop, mei: Phone, asked: str, later: Later) -> None:
    later(timedelta(seconds=61))
    assert slug(confirm(sign_in_again(mei), asked)) == "redemption-not-now"
    assert tasks.expire_redemptions(clock.now()) == 1
    assert tasks.expire_redemptions(clock.now()) == 0
    assert (status_at(cafe, asked), mei.balance()) == ("expired", 1_000)


def test_a_till_calls_off_what_waits(cafe: Shop, mei: Phone, asked: str) -> None:
    assert cafe.post(f"/v1/merchant/redemptions/{asked}/void").json["status"] == "voided"
    assert mei.balance() == 1_000
    assert slug(confirm(sign_in_again(mei), asked)) == "redemption-not-now"


def test_of_a_yes_and_the_end_of_the_minute_at_once_one_counts(
    cafe: Shop, mei: Phone, asked: str, later: Later
) -> None:
    fresh = sign_in_again(mei)
    at_once(
        lambda: confirm(fresh, asked),
        lambda: mei.post(f"/v1/points/redemptions/{asked}/refusal"),
        lambda: cafe.post(f"/v1/merchant/redemptions/{asked}/void"),
        lambda: tasks.expire_redemptions(clock.now() + timedelta(seconds=61)),
    )
    ended = status_at(cafe, asked)
    held = in_the_book(f"points:merchant:{cafe.merchant_id}") if ended == "done" else 0
    assert (ended == "done") == (held == 600) and mei.balance() == 1_000 - held
    assert in_the_book("points:tender_held") == 0


def test_what_is_over_a_limit_is_held_and_released_by_the_desk(client: FlaskClient, cafe: Shop, mei: Phone) -> None:
    only_limit("person_day", "person", points=100)
    assert cafe.ask(mei.code(), 80).json["status"] == "done"
    held = cafe.ask(mei.code(-1), 30)
    assert (held.status_code, held.json["status"], held.json["reason"]) == (201, "held", "person_day")
    assert "than one person may use" in held.json["explanation"]
    assert (mei.balance(), in_the_book(f"points:merchant:{cafe.merchant_id}")) == (890, 80)
    desk = signed_in_officer(client, "points_officer", bureau="economic")
    (waiting,) = desk.call("GET", HELD, language="en").json["items"]
    assert (waiting["id"], waiting["person_id"]) == (held.json["id"], typeid("per", mei.person_id))
    path = f"{HELD}/{held.json['id']}/release"
    assert desk.call("POST", path, Idempotency_Key="r1").status_code == 204
    assert desk.call("POST", path, Idempotency_Key="r2").status_code == 204, "again changes nothing"
    assert status_at(cafe, held.json["id"]) == "done"
    assert (mei.balance(), in_the_book(f"points:merchant:{cafe.merchant_id}")) == (890, 110)
    read = mei.call("GET", "/v1/me/access-log").json["items"]
    assert "a look at uses of points over a limit" in str(read)
    assert desk.call("GET", HELD).json["items"] == []


def test_what_the_desk_refuses_or_never_looks_at_goes_back(
    client: FlaskClient, cafe: Shop, mei: Phone, later: Later
) -> None:
    only_limit("merchant_day", "merchant", points=10)
    one, other = (cafe.ask(mei.code(step), 30).json["id"] for step in (0, -1))
    desk = signed_in_officer(client, "points_officer", bureau="economic")
    assert desk.call("POST", f"{HELD}/{one}/refusal", Idempotency_Key="n1").status_code == 204
    assert slug(desk.call("POST", f"{HELD}/{one}/release", Idempotency_Key="n2")) == "redemption-not-now"
    assert (status_at(cafe, one), mei.balance()) == ("refused", 970)
    tasks.expire_redemptions(clock.now() + timedelta(days=3, seconds=1))
    assert (status_at(cafe, other), mei.balance()) == ("expired", 1_000)
    row = cafe.call("GET", f"/v1/merchant/redemptions/{other}").json
    assert row["reason"] == "merchant_day"


def test_a_desk_s_look_is_for_officers_of_points_alone(client: FlaskClient) -> None:
    assert signed_in_officer(client, "finance").call("GET", HELD).status_code == 403


def test_a_yes_over_a_limit_is_held_too(cafe: Shop, mei: Phone, asked: str) -> None:
    only_limit("device_day", "device", points=100)
    held = confirm(sign_in_again(mei), asked).json
    assert (held["status"], held["reason"]) == ("held", "device_day")
    assert (mei.balance(), in_the_book("points:tender_held")) == (400, 600)


def test_twenty_at_once_by_one_person_do_not_slip_past_the_limit(cafe: Shop, mei: Phone) -> None:
    only_limit("person_day", "person", points=70)
    works: list[Callable[[], Any]] = []
    for _ in range(10):
        mei.renew()
        works += [partial(cafe.ask, mei.code(step), 10) for step in (0, -1)]
    answers = at_once(*works)
    assert sorted(answer.json["status"] for answer in answers) == ["done"] * 7 + ["held"] * 13
    assert in_the_book(f"points:merchant:{cafe.merchant_id}") == 70


def test_a_printed_code_is_paid_from_the_phone_and_the_till_sees_it_at_once(cafe: Shop, mei: Phone) -> None:
    weak = sign_in_again(mei, amr=("pwd", "sms"))
    paid = weak.post("/v1/points/redemptions", {"shop_code": cafe.shop_code, "points": 60}, key="p1")
    assert (paid.status_code, paid.json["status"], paid.json["shop"]) == (201, "done", "Yancheng Coffee main shop")
    assert weak.post("/v1/points/redemptions", {"shop_code": cafe.shop_code, "points": 60}, key="p1").json == paid.json
    (seen,) = cafe.call("GET", "/v1/merchant/redemptions").json["items"]
    assert (seen["id"], seen["presented"], seen["till"]) == (paid.json["id"], "shop_code", None)
    assert mei.balance() == 940
    many = weak.post("/v1/points/redemptions", {"shop_code": cafe.shop_code, "points": 501})
    assert many.json["status"] == "awaiting_citizen"
    too_many = weak.post("/v1/points/redemptions", {"shop_code": cafe.shop_code, "points": 500})
    assert (slug(too_many), too_many.json["available"]) == ("not-enough-points", 439)
    nowhere = weak.post("/v1/points/redemptions", {"shop_code": "0123456789", "points": 5})
    assert (nowhere.status_code, slug(nowhere)) == (422, "shop-code-unknown")


@pytest.mark.parametrize("points", [0, -5, 2.5, "10"])
def test_what_is_no_number_of_points_is_refused_from_the_phone_too(cafe: Shop, mei: Phone, points: Any) -> None:
    body = {"shop_code": cafe.shop_code, "points": points}
    assert mei.post("/v1/points/redemptions", body).status_code == 422


def test_a_merchant_that_no_longer_takes_part_takes_nothing(cafe: Shop, mei: Phone) -> None:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.merchant SET status = 'suspended'"))
    refused = cafe.ask(mei.code(), 10)
    assert (refused.status_code, slug(refused), refused.json["merchant_status"]) == (
        403,
        "till-not-in-use",
        "suspended",
    )
    assert slug(cafe.call("GET", "/v1/till")) == "till-not-in-use"
    assert slug(mei.post("/v1/points/redemptions", {"shop_code": cafe.shop_code, "points": 5})) == "shop-code-unknown"


def test_every_state_is_reached_from_some_other_and_the_ends_lead_nowhere() -> None:
    reached = {after for moves in redemptions.MOVES.values() for after in moves}
    assert reached | {"awaiting_citizen"} == set(redemptions.MOVES)
    assert [state for state, moves in redemptions.MOVES.items() if not moves] == ["voided", "refused", "expired"]
