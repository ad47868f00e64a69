"""A merchant leaves, as its owner wishes or as two officers decide: its tills stop, it is paid, and two let it come back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from api import wiring
from api.delivery import deliver
from core import clock, db
from core.ids import parse_typeid, typeid
from points.merchants import merchants, payouts, settlements
from points.till import tasks
from tests.points.merchants.city import put_the_bank_behind
from tests.points.merchants.test_merchants import ACCOUNT, BRANCH, Owner, approve, owner_of, path_of, remark_code, steps
from tests.points.till.city import Phone, Shop, phone, shop, sign_in_again

WHY = {"reason": "登記已註銷"}


@pytest.fixture
def owner(client: FlaskClient) -> Owner:
    return owner_of(client)


@pytest.fixture
def cafe(client: FlaskClient, owner: Owner) -> Shop:
    """A shop of the owner's with a till, on shift."""
    made = shop(client)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.merchant SET owner_person_id = :id"), {"id": owner.person_id})
    return made


@pytest.fixture
def mei(client: FlaskClient) -> Phone:
    return phone(client, 3_000)


@pytest.fixture
def desk(client: FlaskClient) -> tuple[SignedInOfficer, SignedInOfficer]:
    return tuple(signed_in_officer(client, "points_officer", bureau="economic") for _ in range(2))  # type: ignore[return-value]


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


def shown(of: Shop) -> dict[str, Any]:
    return {"id": typeid("mer", of.merchant_id)}


def desk_path(of: Shop, tail: str = "") -> str:
    return f"/v1/points-desk/merchants/{shown(of)['id']}{tail}"


def test_an_owner_leaves_at_once_and_everything_of_the_shop_ends(
    cafe: Shop, owner: Owner, mei: Phone, client: FlaskClient
) -> None:
    code = mei.code()
    waiting = cafe.ask(code, 600).json
    offer = {"title_zh": "咖啡", "title_en": "Coffee", "points": 50, "valid_until": "2036-01-01T00:00:00+08:00"}
    drafted = owner.got("POST", path_of(shown(cafe), "/offers"), {"valid_from": "2026-01-01T00:00:00+08:00", **offer})
    owner.got("PATCH", path_of(shown(cafe), f"/offers/{drafted['id']}"), {"status": "live"}, If_Match='"1"')
    assert len(mei.call("GET", "/v1/points/shops").json["items"]) == 1
    assert len(mei.call("GET", "/v1/points/offers").json["items"]) == 1

    left = owner.got("POST", path_of(shown(cafe), "/closing"))
    assert (left["status"], left["closed_by"]) == ("closed", "owner") and left["closed_at"]
    assert owner.got("POST", path_of(shown(cafe), "/closing"))["version"] == left["version"], "again changes nothing"
    mei.renew()
    refused = cafe.ask(mei.code(), 10)
    assert (refused.status_code, slug(refused), refused.json["merchant_status"]) == (403, "till-not-in-use", "closed")
    assert "別的方式付款" in cafe.call("GET", "/v1/till", Accept_Language="zh-TW").json["detail"]
    scanned = mei.post("/v1/points/redemptions", {"shop_code": cafe.shop_code, "points": 5})
    assert slug(scanned) == "shop-code-unknown"
    for everybody in ("/v1/points/shops", "/v1/points/offers"):
        assert mei.call("GET", everybody).json["items"] == [], everybody
    assert mei.call("GET", f"/v1/points/shops/{cafe.shop_code}").status_code == 404

    confirmed = sign_in_again(mei).post(f"/v1/points/redemptions/{waiting['id']}/confirmation")
    assert slug(confirmed) == "redemption-not-now", "what waited is over"
    assert tasks.expire_redemptions(clock.now()) == 1
    assert mei.balance() == 3_000
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM points.till_shift WHERE ended_at IS NULL")).scalar() == 0
        assert session.execute(text("SELECT status FROM points.offer")).scalar() == "ended"
    for method, tail, body in (("POST", "/branches", BRANCH), ("PATCH", "", {"name": "x"}), ("POST", "/offers", offer)):
        answer = owner.call(method, path_of(shown(cafe), tail), body, If_Match='"9"')
        assert answer.status_code in (409, 422), tail


def test_the_last_week_of_one_that_left_is_settled_and_paid(
    cafe: Shop, owner: Owner, mei: Phone, client: FlaskClient, bank: SandboxBooks
) -> None:
    put_the_bank_behind(bank)
    now = clock.now()
    assert cafe.ask(mei.code(), 120).json["status"] == "done"
    owner.got("POST", path_of(shown(cafe), "/closing"))
    seen = owner.got("GET", path_of(shown(cafe)))
    assert (seen["unsettled_points"], seen["unpaid"]) == (120, 0)
    assert steps(owner, shown(cafe)) == ["closed_unpaid", "enter_account"]
    settlements.settle_due(now + timedelta(days=8))
    assert owner.got("GET", path_of(shown(cafe)))["unpaid"] == 120, "it waits for an account"
    owner.got("PUT", path_of(shown(cafe), "/bank-account"), ACCOUNT)
    payouts.send_due(now)
    owner.got("POST", path_of(shown(cafe), "/bank-account/proof"), {"code": remark_code(bank)})
    payouts.send_due(now + timedelta(days=8))
    (week,) = owner.got("GET", path_of(shown(cafe), "/settlements"))["items"]
    assert (week["status"], week["amount"]) == ("paid", 120)
    seen = owner.got("GET", path_of(shown(cafe)))
    assert (seen["unsettled_points"], seen["unpaid"]) == (0, 0)
    assert steps(owner, shown(cafe)) == ["closed"]
    wiring.plug_in()


def test_the_city_closes_with_two_officers_and_says_why(cafe: Shop, owner: Owner, desk: Any, mei: Phone) -> None:
    closing = desk_path(cafe, "/closing")
    without = desk[0].call("POST", closing, {})
    assert (without.status_code, without.json["errors"][0]["pointer"]) == (422, "/reason")
    proposed = desk[0].call("POST", closing, WHY)
    assert (proposed.status_code, proposed.json["status"], proposed.json["proposed"]) == (202, "approved", "closed")
    assert cafe.ask(mei.code(), 10).status_code == 201, "one officer alone closes nothing"
    assert slug(desk[0].call("POST", closing, {})) == "second-person-needed"
    assert slug(desk[1].call("POST", desk_path(cafe, "/approval"))) == "merchant-state-wrong"
    words = desk[1].call("GET", f"/v1/approvals/{proposed.json['approval_id']}").json
    assert "登記已註銷" in str(words["shown"]) and "結束這個店家" in str(words["shown"])
    closed = desk[1].call("POST", closing, {})
    assert (closed.status_code, closed.json["status"], closed.json["closed_by"]) == (200, "closed", "city")
    assert owner.got("GET", path_of(shown(cafe)))["status_reason"] == "登記已註銷"
    mei.renew()
    assert slug(cafe.ask(mei.code(), 10)) == "till-not-in-use"
    with db.unit_of_work() as session:
        waiting = session.execute(text("SELECT id FROM core.outbox WHERE kind = 'points.merchant_decided'")).scalars()
        deliver(waiting.all(), wiring.consumers_by_kind())
    told = owner.got("GET", "/v1/inbox")["items"][0]
    assert told["title"] == "市府已結束這家店的點數合作" and told["link"] == f"/app/me/shops/{shown(cafe)['id']}"


def test_two_officers_open_it_again_and_its_tills_go_on_after_a_new_shift(
    cafe: Shop, owner: Owner, desk: Any, mei: Phone
) -> None:
    owner.got("POST", path_of(shown(cafe), "/closing"))
    reopening = desk_path(cafe, "/approval")
    assert desk[0].call("POST", reopening).status_code == 202
    assert owner.got("GET", path_of(shown(cafe)))["status"] == "closed"
    assert slug(desk[1].call("POST", desk_path(cafe, "/closing"), WHY)) == "merchant-state-wrong"
    assert desk[1].call("POST", reopening).status_code == 200
    again = owner.got("GET", path_of(shown(cafe)))
    assert (again["status"], again["closed_at"], again["closed_by"]) == ("approved", None, None)
    assert slug(cafe.ask(mei.code(), 10)) == "nobody-at-the-till"
    assert len(mei.call("GET", "/v1/points/shops").json["items"]) == 1
    assert mei.call("GET", "/v1/points/offers").json["items"] == []


def test_who_waits_for_a_decision_may_leave_and_the_decision_comes_to_nothing(owner: Owner, desk: Any) -> None:
    merchant = owner.applied()
    path = f"/v1/points-desk/merchants/{merchant['id']}/approval"
    proposed = desk[0].call("POST", path).json
    assert owner.got("POST", path_of(merchant, "/closing"))["status"] == "closed"
    late = desk[1].decide(proposed["approval_id"], is_approved=True)
    assert (late.status_code, slug(late)) == (409, "approval-without-effect")
    approve(merchant, desk)
    assert owner.got("GET", path_of(merchant))["status"] == "approved"


def test_one_that_was_refused_cannot_leave_and_nobody_closes_another_s(
    owner: Owner, desk: Any, client: FlaskClient
) -> None:
    merchant = owner.applied()
    assert owner_of(client, 2).call("POST", path_of(merchant, "/closing")).status_code == 404
    desk[0].call("POST", f"/v1/points-desk/merchants/{merchant['id']}/refusal", WHY)
    assert slug(owner.call("POST", path_of(merchant, "/closing"))) == "merchant-state-wrong"
    assert slug(desk[0].call("POST", f"/v1/points-desk/merchants/{merchant['id']}/closing", WHY)) == (
        "merchant-state-wrong"
    )
    with db.unit_of_work() as session:
        assert merchants.left(session, parse_typeid("mer", merchant["id"])) == (0, 0)
