"""What people see of shops and offers, what owners see of their money, and what the desk sees of both."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from signed_in import SignedIn, sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.ids import new_uuid, typeid
from points.merchants import bank_days, payouts, settlements
from tests.points.conftest import opened, pay, terms
from tests.points.merchants.city import give_back, merchant, put_the_bank_behind, redeem, shop_code
from tests.points.merchants.test_merchants import Owner, owner_of

# Yancheng, Zuoying, Qishan: from the harbour 0, 6 and 35 km.
PLACES = ((22.6237, 120.2841, "64000010"), (22.6780, 120.2950, "64000030"), (22.8850, 120.4830, "64000300"))


@pytest.fixture
def citizen(client: FlaskClient) -> SignedIn:
    return sign_in(client)


@pytest.fixture
def shops(client: FlaskClient) -> list[UUID]:
    """Three shops, the farthest first; the middle one sells books."""
    made = []
    for latitude, longitude, district in reversed(PLACES):
        merchant_id = merchant(name=f"店 {district}")
        with db.unit_of_work() as session:
            session.execute(
                text(
                    "UPDATE points.branch SET latitude = :lat, longitude = :lon, district = :d WHERE merchant_id = :id"
                ),
                {"lat": latitude, "lon": longitude, "d": district, "id": merchant_id},
            )
        made.append(merchant_id)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.merchant SET category = 'books' WHERE id = :id"), {"id": made[1]})
    return made


def found(citizen: SignedIn, query: str = "") -> list[dict[str, Any]]:
    answer = citizen.call("GET", f"/v1/points/shops{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["items"]  # type: ignore[no-any-return]


def test_the_nearest_shop_comes_first_and_says_how_far_it_is(citizen: SignedIn, shops: list[UUID]) -> None:
    near = found(citizen, "?near=22.6237,120.2841")
    assert [shop["district"] for shop in near] == [district for _, _, district in PLACES]
    assert [round((shop["metres"] or 0) / 1000) for shop in near] == [0, 6, 35]
    assert [shop["metres"] for shop in found(citizen)] == [None] * 3


def test_pages_of_shops_follow_each_other_by_distance(citizen: SignedIn, shops: list[UUID]) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        page = citizen.call("GET", f"/v1/points/shops?near=22.7,120.3&limit=1{f'&cursor={cursor}' if cursor else ''}")
        seen += [shop["district"] for shop in page.json["items"]]
        cursor = page.json["next_cursor"]
    assert len(seen) == 3 == len(set(seen))


def test_shops_are_found_by_district_and_kind(citizen: SignedIn, shops: list[UUID]) -> None:
    assert [shop["district_name"] for shop in found(citizen, "?district=64000300")] == ["旗山區"]
    assert [shop["merchant"] for shop in found(citizen, "?category=books")] == ["店 64000030"]


@pytest.mark.parametrize("query", ["?near=north", "?near=99,120", "?district=1", "?category=drugs", "?cursor=x"])
def test_a_search_that_makes_no_sense_is_refused(citizen: SignedIn, query: str) -> None:
    assert citizen.call("GET", f"/v1/points/shops{query}").status_code == 422


def test_a_suspended_merchant_and_a_closed_branch_are_not_there(citizen: SignedIn, shops: list[UUID]) -> None:
    code = found(citizen)[0]["shop_code"]
    assert citizen.call("GET", f"/v1/points/shops/{code}").status_code == 200
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.merchant SET status = 'suspended' WHERE id = :id"), {"id": shops[0]})
        session.execute(text("UPDATE points.branch SET closed_at = now() WHERE merchant_id = :id"), {"id": shops[1]})
    assert len(found(citizen)) == 1
    assert citizen.call("GET", f"/v1/points/shops/{code}").status_code == 404


def test_an_offer_is_seen_from_when_it_is_live_until_nothing_is_left(client: FlaskClient, citizen: SignedIn) -> None:
    owner = owner_of(client)
    made = owner.applied()
    now = clock.now()
    body = {
        "title_zh": "百點換咖啡", "title_en": "A coffee for 100 points", "points": 100, "stock": 2,
        "valid_from": (now - timedelta(hours=1)).isoformat(), "valid_until": (now + timedelta(days=2)).isoformat(),
    }  # fmt: skip
    offer = owner.got("POST", f"/v1/merchants/{made['id']}/offers", body)
    with db.unit_of_work() as session:
        merchant_id = session.execute(text("UPDATE points.merchant SET status = 'approved' RETURNING id")).scalar_one()
        session.execute(
            text(
                "INSERT INTO points.branch (id, merchant_id, name, address, district, latitude, longitude, shop_code, "
                "opened_at) VALUES (:id, :merchant_id, '總店', '路', '64000010', 22.6, 120.3, :code, now())"
            ),
            {"id": new_uuid(), "merchant_id": merchant_id, "code": (code := shop_code())},
        )
    assert citizen.call("GET", "/v1/points/offers").json["items"] == []
    path = f"/v1/merchants/{made['id']}/offers/{offer['id']}"
    assert owner.call("PATCH", path, {"status": "live"}).status_code == 428
    owner.got("PATCH", path, {"status": "live"}, If_Match='"1"')
    assert owner.call("PATCH", path, {"points": 1}, If_Match='"2"').status_code == 409
    (shown,) = citizen.call("GET", "/v1/points/offers", language="en").json["items"]
    assert (shown["title"], shown["points"], shown["left"]) == ("A coffee for 100 points", 100, 2)
    assert [each["id"] for each in citizen.call("GET", f"/v1/points/shops/{code}").json["offers"]] == [offer["id"]]
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.offer SET taken = 2"))
    assert citizen.call("GET", "/v1/points/offers").json["items"] == []


@pytest.mark.parametrize(
    "changed",
    [{"points": 0}, {"points": 1.5}, {"points": "100"}, {"stock": 0}, {"valid_until": "2020-01-01T00:00:00+08:00"}],
)
def test_an_offer_that_makes_no_sense_is_refused(client: FlaskClient, changed: dict[str, Any]) -> None:
    owner = owner_of(client)
    body = {
        "title_zh": "咖啡", "title_en": "Coffee", "points": 100, "stock": 2,
        "valid_from": "2026-01-01T00:00:00+08:00", "valid_until": "2027-01-01T00:00:00+08:00", **changed,
    }  # fmt: skip
    assert owner.call("POST", f"/v1/merchants/{owner.applied()['id']}/offers", body).status_code == 422


@pytest.fixture
def shop(client: FlaskClient) -> tuple[Owner, UUID]:
    """A shop at which 300 points were redeemed on Thursday, 5 November, and 40 of them given back on Friday."""
    owner = owner_of(client)
    merchant_id = merchant(owner=owner.person_id, name="=SUM(1)")
    opened(terms())
    person_id = new_uuid()
    pay(person_id, amount_twd=100_000)
    thursday = datetime(2026, 11, 5, 4, 0, tzinfo=UTC)
    sale = redeem(merchant_id, person_id, 300, thursday)
    give_back(sale, 40, thursday + timedelta(days=1))
    give_back(redeem(merchant_id, person_id, 25, thursday), 25, thursday, is_void=True)
    return owner, merchant_id


def test_a_statement_adds_up_by_day_and_line_by_line(shop: tuple[Owner, UUID]) -> None:
    owner, merchant_id = shop
    path = f"/v1/merchants/{typeid('mer', merchant_id)}/statements?from=2026-11-01&to=2026-11-30"
    statement = owner.got("GET", path)
    assert (statement["redeemed"], statement["given_back"], statement["net"]) == (325, 65, 260)
    assert [(day["day"], day["net"]) for day in statement["days"]] == [("2026-11-05", 300), ("2026-11-06", -40)]
    assert [(line["kind"], line["points"]) for line in statement["items"]] == [
        ("redemption", 300), ("redemption", 25), ("void", -25), ("refund", -40),
    ]  # fmt: skip
    assert sum(line["points"] for line in statement["items"]) == statement["net"]
    first = owner.got("GET", f"{path}&limit=3")
    rest = owner.got("GET", f"{path}&limit=3&cursor={first['next_cursor']}")
    assert [*first["items"], *rest["items"]] == statement["items"] and rest["next_cursor"] is None


def test_the_file_opens_in_a_spreadsheet_and_holds_no_formula(shop: tuple[Owner, UUID]) -> None:
    owner, merchant_id = shop
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.branch SET name = '=HYPERLINK(1)'"))
    path = f"/v1/merchants/{typeid('mer', merchant_id)}/statements?from=2026-11-01&to=2026-11-30&format=csv"
    answer = owner.call("GET", path)
    assert answer.mimetype == "text/csv" and answer.data.startswith("\ufeff".encode())
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert lines[0][:3] == ["日期", "時間", "種類"] and len(lines) == 6
    assert lines[-1][7] == "260" and all(row[3] in ("'=HYPERLINK(1)", "") for row in lines[1:])


@pytest.mark.parametrize("span", ["from=2026-11-02&to=2026-11-01", "from=2026-01-01&to=2026-11-01", "from=x&to=y", ""])
def test_a_span_that_makes_no_sense_is_refused(shop: tuple[Owner, UUID], span: str) -> None:
    owner, merchant_id = shop
    assert owner.call("GET", f"/v1/merchants/{typeid('mer', merchant_id)}/statements?{span}").status_code == 422


@pytest.fixture
def desk(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "points_officer", bureau="economic")


def test_the_desk_sees_what_stopped_and_sends_it_again_once(
    shop: tuple[Owner, UUID], desk: SignedInOfficer, bank: SandboxBooks
) -> None:
    put_the_bank_behind(bank)
    now = clock.now()
    assert settlements.settle_due(now) == 1
    bank.set_switch("bank", "payout_file", "file_refused", count=1)
    payouts.send_due(now)
    (stopped,) = desk.call("GET", "/v1/points-desk/settlements?status=stopped").json["items"]
    (difference,) = desk.call("GET", "/v1/points-desk/payout-differences").json["items"]
    assert (difference["kind"], difference["amount"], difference["details"]) == ("stopped", 260, "FF01")
    path, key = f"/v1/points-desk/settlements/{stopped['id']}/resending", str(uuid4())
    assert desk.call("POST", path).status_code == 400, "money moves: a key is needed"
    assert desk.call("POST", path, Idempotency_Key=key).status_code == 202
    assert desk.call("POST", path, Idempotency_Key=key).headers["Idempotency-Replayed"] == "true"
    assert desk.call("POST", path, Idempotency_Key=str(uuid4())).status_code == 409
    payouts.send_due(now + timedelta(minutes=1))
    paid = desk.call("GET", f"/v1/points-desk/settlements/{stopped['id']}").json
    assert (paid["status"], [each["status"] for each in paid["payments"]]) == ("paid", ["rejected", "booked"])
    close = f"/v1/points-desk/payout-differences/{difference['id']}/resolution"
    assert desk.call("POST", close, {"reason": "銀行格式已修正，已重送"}).json["closed_at"] is not None
    assert desk.call("POST", close, {"reason": "銀行格式已修正，已重送"}).status_code == 404
    assert desk.call("GET", "/v1/points-desk/payout-differences").json["items"] == []


def test_the_desk_sees_each_day_beside_the_bank_s_statement(
    shop: tuple[Owner, UUID], desk: SignedInOfficer, bank: SandboxBooks
) -> None:
    put_the_bank_behind(bank)
    now = clock.now()
    settlements.settle_due(now)
    payouts.send_due(now)
    (day,) = desk.call("GET", "/v1/points-desk/payout-days").json["items"]
    assert (day["paid"], day["stated"], day["reference"]) == (260, None, None)
    bank_days.fetch_days(now + timedelta(days=1))
    (day,) = desk.call("GET", "/v1/points-desk/payout-days").json["items"]
    assert (day["paid"], day["stated"], day["matched"], day["lines"]) == (260, 260, 260, 1)


def test_only_the_points_desk_decides_and_auditors_only_read(client: FlaskClient, shop: tuple[Owner, UUID]) -> None:
    auditor, finance = signed_in_officer(client, "auditor"), signed_in_officer(client, "finance")
    path = f"/v1/points-desk/merchants/{typeid('mer', shop[1])}"
    assert auditor.call("GET", path).status_code == 200
    assert auditor.call("POST", f"{path}/suspension", {"reason": "稽核發現"}).status_code == 403
    assert finance.call("GET", path).status_code == 403
