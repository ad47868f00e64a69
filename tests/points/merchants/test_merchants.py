"""From an application to a shop that is paid: two persons, an account that is proven, branches, staff and tills."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey
from paying_city import national_id
from sandbox_process import SandboxBooks
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from werkzeug.test import TestResponse

from api import wiring
from api.delivery import deliver
from core import clock, db
from core.ids import new_uuid
from identity import people, sessions
from points.merchants import payouts, settlements
from points.tasks import CONSUMERS
from points.till import tills
from tests.points.conftest import opened, pay, terms
from tests.points.merchants.city import business_id, put_the_bank_behind, redeem

APPLICATION = {
    "name": "鹽埕小吃",
    "name_en": "Yancheng Eats",
    "category": "food",
    "phone": "07-555-0123",
}
BRANCH = {
    "name": "總店",
    "address": "鹽埕區五福四路 1 號",
    "district": "64000010",
    "latitude": 22.6237,
    "longitude": 120.2841,
}
ACCOUNT = {"bank_code": "822", "account": "123456789012"}


@dataclass
class Owner:
    """Somebody signed in with a passkey, calling the app."""

    client: FlaskClient
    person_id: Any
    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            path, method=method, json=body, headers={"Authorization": f"Bearer {self.token}", **named}
        )

    def got(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.call(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        return answer.json

    def applied(self, **changed: Any) -> dict[str, Any]:
        body = {**APPLICATION, "business_id": business_id(), **changed}
        return self.got("POST", "/v1/merchants", body)  # type: ignore[no-any-return]


def owner_of(client: FlaskClient, number: int = 1) -> Owner:
    now = clock.now()
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session, national_id=national_id(number), mobile=f"09{number:08d}", password="a pass phrase of mine",
            name="林小吃", now=now,
        )  # fmt: skip
        issued = sessions.begin(
            session, person_id=person_id, amr=("hwk", "user"), transport="bearer", user_agent="", replaces=None, now=now
        )
    return Owner(client, person_id, issued.token)


@pytest.fixture
def owner(client: FlaskClient) -> Owner:
    return owner_of(client)


@pytest.fixture
def desk(client: FlaskClient) -> tuple[SignedInOfficer, SignedInOfficer]:
    return tuple(signed_in_officer(client, "points_officer", bureau="economic") for _ in range(2))  # type: ignore[return-value]


@pytest.fixture
def paying(bank: SandboxBooks, client: FlaskClient) -> Iterator[SandboxBooks]:
    """The bank's sandbox behind the whole application."""
    put_the_bank_behind(bank)
    yield bank
    wiring.plug_in()


def path_of(merchant: dict[str, Any], tail: str = "") -> str:
    return f"/v1/merchants/{merchant['id']}{tail}"


def approve(merchant: dict[str, Any], desk: tuple[SignedInOfficer, SignedInOfficer]) -> None:
    for officer, status in zip(desk, (202, 200), strict=True):
        answer = officer.call("POST", f"/v1/points-desk/merchants/{merchant['id']}/approval")
        assert answer.status_code == status, answer.text


def steps(owner: Owner, merchant: dict[str, Any]) -> list[str]:
    return [step["code"] for step in owner.got("GET", path_of(merchant))["next_steps"]]


def remark_code(bank: SandboxBooks) -> str:
    paid = bank.read("bank/payouts")[-1]
    assert (paid["amount_twd"], paid["status"]) == (1, "booked")
    found = re.search("[0-9]{6}$", paid["remark"])
    assert found is not None, paid["remark"]
    return found[0]


@pytest.mark.parametrize("number", ["58002870", "12345678", "00000000"])
def test_a_number_that_is_no_business_id_is_refused(owner: Owner, number: str) -> None:
    answer = owner.call("POST", "/v1/merchants", {**APPLICATION, "business_id": number})
    assert (answer.status_code, answer.json["type"].rsplit("/")[-1]) == (422, "business-id-wrong")


@pytest.mark.parametrize("number", ["04595252", "34029656", "10458574"])
def test_the_rule_of_2023_takes_what_the_old_one_did_and_more(owner: Owner, number: str) -> None:
    assert owner.applied(business_id=number)["status"] == "applied"


def test_a_business_id_is_applied_for_once_whoever_comes(owner: Owner, client: FlaskClient) -> None:
    first = owner.applied()
    again = {**APPLICATION, "business_id": first["business_id"]}
    for who in (owner, owner_of(client, 2)):
        assert who.call("POST", "/v1/merchants", again).status_code == 409


def test_two_officers_approve_and_one_alone_does_not(owner: Owner, desk: Any) -> None:
    merchant = owner.applied()
    path = f"/v1/points-desk/merchants/{merchant['id']}/approval"
    assert desk[0].call("POST", path).status_code == 202
    again = desk[0].call("POST", path)
    assert (again.status_code, again.json["type"].rsplit("/")[-1]) == (403, "second-person-needed")
    assert owner.got("GET", path_of(merchant))["status"] == "applied"
    assert desk[1].call("POST", path).status_code == 200
    assert owner.got("GET", path_of(merchant))["status"] == "approved"
    assert desk[1].call("POST", path).status_code == 409


def test_the_second_officer_may_decide_where_all_proposals_are(owner: Owner, desk: Any) -> None:
    merchant = owner.applied()
    proposed = desk[0].call("POST", f"/v1/points-desk/merchants/{merchant['id']}/approval").json
    assert desk[1].decide(proposed["approval_id"], is_approved=True).status_code == 200
    assert owner.got("GET", path_of(merchant))["status"] == "approved"


def test_a_refusal_says_why_and_the_owner_may_apply_again(owner: Owner, desk: Any) -> None:
    merchant = owner.applied()
    refusal = f"/v1/points-desk/merchants/{merchant['id']}/refusal"
    assert desk[0].call("POST", refusal, {"reason": "營業登記已註銷"}).status_code == 200
    seen = owner.got("GET", path_of(merchant))
    assert (seen["status"], seen["status_reason"]) == ("refused", "營業登記已註銷")
    assert [step["code"] for step in seen["next_steps"]] == ["refused"]
    again = owner.applied(business_id=merchant["business_id"], name="新的店名")
    assert (again["id"], again["status"], again["name"]) == (merchant["id"], "applied", "新的店名")


@pytest.mark.parametrize("by", [0, 1], ids=["who proposed", "the other"])
def test_what_was_proposed_can_still_be_refused(owner: Owner, desk: Any, by: int) -> None:
    merchant = owner.applied()
    desk[0].call("POST", f"/v1/points-desk/merchants/{merchant['id']}/approval")
    refused = desk[by].call("POST", f"/v1/points-desk/merchants/{merchant['id']}/refusal", {"reason": "地址不符"})
    assert refused.status_code == 200 and refused.json["status"] == "refused", refused.text
    assert desk[1].call("POST", f"/v1/points-desk/merchants/{merchant['id']}/approval").status_code == 409


def test_one_officer_suspends_at_once_and_two_let_it_go_on(owner: Owner, desk: Any) -> None:
    merchant = owner.applied()
    approve(merchant, desk)
    suspension = f"/v1/points-desk/merchants/{merchant['id']}/suspension"
    assert desk[0].call("POST", suspension, {"reason": "檢舉查證中"}).json["status"] == "suspended"
    assert desk[0].call("POST", suspension, {"reason": "檢舉查證中"}).status_code == 409
    approve(merchant, desk)
    assert owner.got("GET", path_of(merchant))["status"] == "approved"


def test_who_looked_at_the_owner_stands_in_the_owner_s_access_log(owner: Owner, desk: Any) -> None:
    merchant = owner.applied()
    shown = desk[0].call("GET", f"/v1/points-desk/merchants/{merchant['id']}").json
    assert (shown["owner_name"], shown["phone"]) == ("林小吃", "07-555-0123")
    listed = desk[0].call("GET", "/v1/points-desk/merchants?status=applied").json["items"]
    assert [each["id"] for each in listed] == [merchant["id"]] and "phone" not in listed[0]
    with db.unit_of_work() as session:
        (entry,) = session.execute(text("SELECT what, person_id FROM identity.access_log")).all()
    assert (entry.what, entry.person_id) == ("merchant", owner.person_id)


def test_another_s_merchant_is_not_there(owner: Owner, client: FlaskClient) -> None:
    merchant, stranger = owner.applied(), owner_of(client, 2)
    for method, tail, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("PUT", "/bank-account", ACCOUNT),
        ("POST", "/branches", BRANCH),
        ("GET", "/settlements", None),
        ("GET", "/statements?from=2026-11-01&to=2026-11-30", None),
    ):
        assert stranger.call(method, path_of(merchant, tail), body, If_Match='"1"').status_code == 404, tail


def test_a_change_needs_the_version_that_was_read(owner: Owner) -> None:
    merchant = owner.applied()
    assert owner.call("PATCH", path_of(merchant), {"name": "新名"}).status_code == 428
    assert owner.call("PATCH", path_of(merchant), {"name": "新名"}, If_Match='"9"').status_code == 412
    changed = owner.got("PATCH", path_of(merchant), {"name": "新名"}, If_Match='"1"')
    assert (changed["name"], changed["version"], changed["category"]) == ("新名", 2, "food")


def test_the_code_in_the_remark_proves_the_account(owner: Owner, paying: SandboxBooks) -> None:
    merchant = owner.applied()
    asked = owner.got("PUT", path_of(merchant, "/bank-account"), ACCOUNT)
    assert asked["proof"]["account"] == "***9012" and asked["account"] is None
    assert "wait_for_credit" in steps(owner, merchant)
    payouts.send_due(clock.now())
    assert "enter_code" in steps(owner, merchant)
    proven = owner.got("POST", path_of(merchant, "/bank-account/proof"), {"code": remark_code(paying)})
    assert proven["account"] == {"bank_code": "822", "account": "***9012", "refused": None}
    assert ACCOUNT["account"] not in owner.call("GET", path_of(merchant)).text
    assert owner.call("POST", path_of(merchant, "/bank-account/proof"), {"code": "000000"}).status_code == 409


def test_five_wrong_codes_use_the_credit_up_and_the_next_is_tomorrow_s(owner: Owner, paying: SandboxBooks) -> None:
    merchant = owner.applied()
    owner.got("PUT", path_of(merchant, "/bank-account"), ACCOUNT)
    payouts.send_due(clock.now())
    right = remark_code(paying)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    path = path_of(merchant, "/bank-account/proof")
    lefts = [owner.call("POST", path, {"code": wrong}).json.get("tries_left") for _ in range(5)]
    assert lefts == [4, 3, 2, 1, 0]
    assert owner.call("POST", path, {"code": right}).status_code == 409
    today = owner.call("PUT", path_of(merchant, "/bank-account"), ACCOUNT)
    assert today.status_code == 429 and 0 < int(today.headers["Retry-After"]) <= 86_401
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.account_proof SET asked_on = asked_on - 1"))
    assert owner.got("PUT", path_of(merchant, "/bank-account"), ACCOUNT)["proof"]["status"] == "sending"


def test_a_guess_at_the_same_time_counts_each_try(owner: Owner, paying: SandboxBooks) -> None:
    merchant = owner.applied()
    owner.got("PUT", path_of(merchant, "/bank-account"), ACCOUNT)
    payouts.send_due(clock.now())
    right = int(remark_code(paying))
    for guess in range(8):
        owner.call("POST", path_of(merchant, "/bank-account/proof"), {"code": f"{(right + 1 + guess) % 10**6:06d}"})
    with db.unit_of_work() as session:
        (proof,) = session.execute(text("SELECT status, tries FROM points.account_proof")).all()
    assert tuple(proof) == ("used_up", 5)


def test_the_code_is_nowhere_in_the_database(owner: Owner, paying: SandboxBooks) -> None:
    merchant = owner.applied()
    owner.got("PUT", path_of(merchant, "/bank-account"), ACCOUNT)
    payouts.send_due(clock.now())
    code = remark_code(paying)
    with db.unit_of_work() as session:
        for table in ("account_proof", "payout", "payout_batch", "merchant"):
            # Dates and ids have six digits in a row, too: columns of words alone are looked at.
            rows = session.execute(text(f"SELECT * FROM points.{table}")).all()
            assert not [value for row in rows for value in row if isinstance(value, str) and code in value], table


def test_an_account_that_does_not_exist_is_not_proven(owner: Owner, paying: SandboxBooks) -> None:
    paying.set_settings(adopt_unknown=False)
    merchant = owner.applied()
    owner.got("PUT", path_of(merchant, "/bank-account"), ACCOUNT)
    payouts.send_due(clock.now())
    seen = owner.got("GET", path_of(merchant))
    assert (seen["proof"]["status"], seen["proof"]["reason"]) == ("not_paid", "AC01")
    assert owner.call("POST", path_of(merchant, "/bank-account/proof"), {"code": "123456"}).status_code == 409


def test_a_proven_account_gets_what_waited_and_a_new_one_only_once_it_is_proven(
    owner: Owner, desk: Any, paying: SandboxBooks
) -> None:
    now = clock.now()
    merchant = owner.applied()
    approve(merchant, desk)
    owner.got("POST", path_of(merchant, "/branches"), BRANCH)
    opened(terms(valid_from=now - timedelta(days=99), valid_until=now + timedelta(days=99)))
    person_id, merchant_id = new_uuid(), uuid_of(merchant)
    pay(person_id, amount_twd=100_000, captured_at=(now - timedelta(days=10)).isoformat())
    redeem(merchant_id, person_id, 120, now - timedelta(days=now.astimezone(clock.TAIPEI).weekday() + 1))
    settlements.settle_due(now)
    (week,) = owner.got("GET", path_of(merchant, "/settlements"))["items"]
    assert (week["status"], week["amount"], week["account"]) == ("waiting", 120, None)
    owner.got("PUT", path_of(merchant, "/bank-account"), ACCOUNT)
    payouts.send_due(now)
    owner.got("POST", path_of(merchant, "/bank-account/proof"), {"code": remark_code(paying)})
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.account_proof SET asked_on = asked_on - 1"))
    owner.got("PUT", path_of(merchant, "/bank-account"), {"bank_code": "700", "account": "99999999"})
    payouts.send_due(now + timedelta(minutes=1))
    shown = owner.got("GET", path_of(merchant, f"/settlements/{week['id']}"))
    assert (shown["status"], shown["account"], shown["payments"][0]["status"]) == ("paid", "***9012", "booked")
    cost = desk[0].call("GET", f"/v1/points-desk/settlements/{week['id']}").json["costs"]
    assert cost == [{"bureau": "finance", "redeemed_points": 120, "refunded_points": 0, "cost": 120}]


def uuid_of(merchant: dict[str, Any]) -> Any:
    with db.unit_of_work() as session:
        found = session.execute(
            text("SELECT id FROM points.merchant WHERE business_id = :number"), {"number": merchant["business_id"]}
        )
        return found.scalar_one()


def test_the_owner_is_told_of_every_step(owner: Owner, desk: Any, paying: SandboxBooks) -> None:
    merchant = owner.applied()
    approve(merchant, desk)
    owner.got("PUT", path_of(merchant, "/bank-account"), ACCOUNT)
    payouts.send_due(clock.now())
    owner.got("POST", path_of(merchant, "/bank-account/proof"), {"code": remark_code(paying)})
    with db.unit_of_work() as session:
        waiting = session.execute(text("SELECT id FROM core.outbox WHERE kind LIKE 'points.%'")).scalars().all()
    deliver(waiting, wiring.consumers_by_kind())
    titles = {message["title"] for message in owner.got("GET", "/v1/inbox")["items"]}
    assert titles >= {"店家申請已核准", "NT$1 已匯出，請看備註", "收款帳戶已變更"}
    assert CONSUMERS


@pytest.mark.parametrize(
    ("district", "latitude", "longitude"),
    [("64000010", 25.0330, 121.5654), ("64000010", 22.9, 120.6), ("64000999", 22.6237, 120.2841)],
    ids=["Taipei", "another district", "no district"],
)
def test_a_branch_is_in_its_district(owner: Owner, district: str, latitude: float, longitude: float) -> None:
    merchant = owner.applied()
    body = {**BRANCH, "district": district, "latitude": latitude, "longitude": longitude}
    assert owner.call("POST", path_of(merchant, "/branches"), body).status_code == 422


def test_a_branch_has_a_code_to_print(owner: Owner) -> None:
    merchant = owner.applied()
    branch = owner.got("POST", path_of(merchant, "/branches"), BRANCH)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{10}", branch["shop_code"])
    assert branch["qr_text"].endswith(f"/app/shops/{branch['shop_code']}")
    path = path_of(merchant, f"/branches/{branch['id']}")
    assert owner.call("GET", f"{path}/shop-code.png").data[:8] == b"\x89PNG\r\n\x1a\n"
    assert owner.call("GET", f"{path}/poster.pdf").data[:5] == b"%PDF-"
    moved = owner.got("PATCH", path, {"name": "分店", "hours": "11–20"})
    assert (moved["shop_code"], moved["hours"]) == (branch["shop_code"], "11–20")
    assert owner.call("DELETE", path).status_code == 204
    assert owner.call("PATCH", path, {"name": "x"}).status_code == 404


def test_staff_have_numbers_of_their_own_and_pins_nobody_reads(owner: Owner) -> None:
    merchant = owner.applied()
    body = {"number": "01", "name": "阿明", "pin": "246810"}
    member = owner.got("POST", path_of(merchant, "/staff"), body)
    assert "pin" not in member and member["may_refund"] is False
    assert owner.call("POST", path_of(merchant, "/staff"), body).status_code == 409
    assert owner.call("POST", path_of(merchant, "/staff"), {**body, "number": "02", "pin": "12345"}).status_code == 422
    path = path_of(merchant, f"/staff/{member['id']}")
    assert owner.got("PATCH", path, {"may_refund": True, "pin": "111111"})["may_refund"] is True
    with db.unit_of_work() as session:
        (kept,) = session.execute(text("SELECT pin_hash FROM points.staff")).scalars()
    assert "111111" not in kept
    assert owner.call("DELETE", path).status_code == 204 and owner.call("DELETE", path).status_code == 404
    assert owner.got("POST", path_of(merchant, "/staff"), body)["number"] == "01", "the number is free again"


def test_a_till_s_code_is_shown_once_and_makes_one_device_a_till(owner: Owner, desk: Any, client: FlaskClient) -> None:
    merchant = owner.applied()
    approve(merchant, desk)
    branch = owner.got("POST", path_of(merchant, "/branches"), BRANCH)
    made = owner.got("POST", path_of(merchant, "/tills"), {"branch_id": branch["id"], "name": "前台"})
    assert made["status"] == "waiting"
    (listed,) = owner.got("GET", path_of(merchant, "/tills"))["items"]
    assert "enrolment_code" not in listed
    enrolment = {"code": made["enrolment_code"].lower(), "transport": "bearer"}
    enrolled = client.post("/v1/till/enrolments", json=enrolment)
    assert enrolled.status_code == 201, enrolled.text
    assert client.post("/v1/till/enrolments", json=enrolment).status_code != 201
    with db.unit_of_work() as session:
        till = tills.resolve(session, enrolled.json["token"], clock.now())
    assert till is not None
    assert owner.call("DELETE", path_of(merchant, f"/tills/{made['id']}")).status_code == 204
    with db.unit_of_work() as session:
        assert tills.resolve(session, enrolled.json["token"], clock.now()) is None


def test_a_cash_register_is_known_by_its_public_key(owner: Owner) -> None:
    merchant = owner.applied()
    branch = owner.got("POST", path_of(merchant, "/branches"), BRANCH)
    key = ECKey.generate_key("P-256")
    body = {"branch_id": branch["id"], "name": "POS 1", "public_jwk": key.as_dict(private=False)}
    register = owner.got("POST", path_of(merchant, "/registers"), body)
    assert (register["status"], register["scope"]) == ("register", "redemptions:write")
    private = {**body, "public_jwk": key.as_dict(private=True)}
    for wrong in (private, {**body, "public_jwk": {"kty": "oct"}}, {**body, "public_jwk": {}}):
        assert owner.call("POST", path_of(merchant, "/registers"), wrong).status_code == 422
    assert owner.call("DELETE", path_of(merchant, f"/tills/{register['id']}")).status_code == 204
    with db.unit_of_work() as session:
        revoked = session.execute(text("SELECT revoked_at FROM identity.bureau_client WHERE bureau = 'merchant'"))
        assert revoked.scalar_one() is not None
