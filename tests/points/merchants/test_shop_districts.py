"""How many shops each district has: open branches of approved merchants, of one kind or of all."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from sqlalchemy import text

from core import db
from core.clock import now
from tests.points.merchants.city import merchant

YANCHENG, ZUOYING = "64000010", "64000030"


def shop(district: str, *, category: str = "food", status: str = "approved", is_closed: bool = False) -> None:
    merchant_id = merchant(status=status)
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE points.merchant SET category = :c WHERE id = :id"), {"c": category, "id": merchant_id}
        )
        session.execute(
            text("UPDATE points.branch SET district = :d, closed_at = :closed WHERE merchant_id = :id"),
            {"d": district, "closed": now() if is_closed else None, "id": merchant_id},
        )


def counted(citizen: SignedIn, query: str = "") -> dict[str, Any]:
    answer = citizen.call("GET", f"/v1/points/shop-districts{query}")
    assert answer.status_code == 200, answer.text
    return {item["district"]: item["shops"] for item in answer.json["items"]}


def test_each_district_says_how_many_shops_it_has_of_a_kind(client: FlaskClient) -> None:
    citizen = sign_in(client)
    shop(YANCHENG)
    shop(YANCHENG, category="books")
    shop(ZUOYING)
    shop(ZUOYING, is_closed=True)
    shop(ZUOYING, status="suspended")
    assert counted(citizen) == {YANCHENG: 2, ZUOYING: 1}
    assert counted(citizen, "?category=books") == {YANCHENG: 1}
    assert citizen.call("GET", "/v1/points/shop-districts?category=yachts").status_code == 422
