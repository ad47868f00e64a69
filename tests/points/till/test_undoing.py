"""Points given back at the till: whole while it is fresh, in parts whenever, never more than were taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from waiting import wait_until

from core import clock, db
from core.clock import taipei_date
from core.ids import new_uuid, parse_typeid
from tests.points.till.city import Phone, Shop, at_once, in_the_book, only_limit, shop, sign_in_again

Later = Callable[[timedelta], None]


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


@pytest.fixture
def sale(cafe: Shop, mei: Phone) -> str:
    """A sale of 100 points."""
    return str(cafe.ask(mei.code(), 100).json["id"])


def void(till: Shop, sale: str, key: str | None = None) -> Any:
    return till.post(f"/v1/merchant/redemptions/{sale}/void", key=key)


def refund(till: Shop, sale: str, points: Any, key: str | None = None) -> Any:
    return till.post(f"/v1/merchant/redemptions/{sale}/refunds", {"points": points}, key)


def settle(sale: str) -> None:
    """Mark it as a settlement would."""
    with db.unit_of_work() as session:
        session.execute(
            text(
                "UPDATE points.redemption SET settlement_id = :id "
                "WHERE id = :sale AND status = 'done' AND settlement_id IS NULL"
            ),
            {"id": new_uuid(), "sale": parse_typeid("rdm", sale)},
        )


def test_a_void_gives_everything_back_to_its_lots_once(cafe: Shop, mei: Phone, sale: str) -> None:
    before = mei.call("GET", "/v1/points").json["lots"][0]["expires_on"]
    first = void(cafe, sale, "v1")
    assert first.json["status"] == "voided"
    assert void(cafe, sale, "v1").json == first.json, "the first answer again"
    assert slug(void(cafe, sale)) == "redemption-not-now"
    assert mei.balance() == 1_000
    assert mei.call("GET", "/v1/points").json["lots"][0]["expires_on"] == before
    assert in_the_book(f"points:merchant:{cafe.merchant_id}") == 0
    assert mei.call("GET", "/v1/points/entries").json["items"][0]["reason"] == "100 points back from the merchant"


def test_ten_voids_at_once_are_one(cafe: Shop, mei: Phone, sale: str) -> None:
    answers = at_once(*[lambda: void(cafe, sale)] * 10)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert mei.balance() == 1_000


def test_after_a_day_or_a_part_refund_it_is_too_late_to_void(cafe: Shop, mei: Phone, sale: str, later: Later) -> None:
    other = cafe.ask(mei.code(-1), 50).json["id"]
    assert refund(cafe, other, 10).json["refunded"] == 10
    assert slug(void(cafe, other)) == "too-late-to-void"
    later(timedelta(hours=24, seconds=1))
    assert slug(void(cafe, sale)) == "too-late-to-void"
    assert refund(cafe, sale, 100).json["refunded"] == 100, "a refund still is possible"
    assert sign_in_again(mei).balance() == 960


def test_what_is_settled_cannot_be_voided_but_refunded(cafe: Shop, mei: Phone, sale: str) -> None:
    settle(sale)
    assert slug(void(cafe, sale)) == "too-late-to-void"
    assert refund(cafe, sale, 100).status_code == 201
    with db.unit_of_work() as session:
        row = session.execute(text("SELECT * FROM points.redemption_refund")).one()
    assert (row.points, row.is_void, row.settlement_id) == (100, False, None), "the next settlement takes it off"


def test_a_void_that_waits_for_a_settlement_s_mark_is_refused(cafe: Shop, mei: Phone, sale: str) -> None:
    answers: list[Any] = []
    with db.unit_of_work() as settling:
        settling.execute(text("UPDATE points.redemption SET settlement_id = :id"), {"id": new_uuid()})
        voiding = threading.Thread(target=lambda: answers.append(void(cafe, sale)))
        voiding.start()
        wait_until(_somebody_waits)
    voiding.join()
    assert slug(answers[0]) == "too-late-to-void"
    assert mei.balance() == 900


def test_a_settlement_that_waits_for_a_void_does_not_pay_it(cafe: Shop, mei: Phone, sale: str) -> None:
    with db.unit_of_work() as voiding:
        voiding.execute(text("SELECT 1 FROM points.redemption FOR UPDATE"))
        settling = threading.Thread(target=settle, args=(sale,))
        settling.start()
        wait_until(_somebody_waits)
        voiding.execute(text("UPDATE points.redemption SET status = 'voided', refunded = points"))
    settling.join()
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT settlement_id FROM points.redemption")).scalar() is None
        # Nothing was booked for that void, so it is unsaid before the books are compared; no person may do so.
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE points.redemption SET status = 'done', refunded = 0"))


def test_parts_of_it_go_back_up_to_the_whole_and_no_further(cafe: Shop, mei: Phone, sale: str) -> None:
    answers = at_once(*[lambda: refund(cafe, sale, 30)] * 8)
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    over = refund(cafe, sale, 11)
    assert (slug(over), over.json["left"]) == ("refund-above-redeemed", 10)
    assert refund(cafe, sale, 10, "r").json == refund(cafe, sale, 10, "r").json
    assert mei.balance() == 1_000
    assert cafe.call("GET", f"/v1/merchant/redemptions/{sale}").json["refunded"] == 100


@pytest.mark.parametrize("points", [0, -1, 1.5, "3", None])
def test_what_is_no_number_of_points_is_not_refunded(cafe: Shop, sale: str, points: Any) -> None:
    assert refund(cafe, sale, points).status_code == 422


def test_who_may_not_refund_voids_their_own_sales_alone(client: FlaskClient, cafe: Shop, mei: Phone) -> None:
    junior = shop(client, may_refund=False, of=cafe)
    own, others = junior.ask(mei.code(), 10).json["id"], cafe.ask(mei.code(-1), 10).json["id"]
    assert slug(refund(junior, own, 5)) == "staff-may-not-refund"
    assert slug(void(junior, others)) == "staff-may-not-refund"
    assert void(junior, own).status_code == 200
    assert void(cafe, others).status_code == 200


def test_another_shop_s_sales_are_nobody_s(client: FlaskClient, cafe: Shop, sale: str) -> None:
    stranger = shop(client)
    assert void(stranger, sale).status_code == refund(stranger, sale, 5).status_code == 404
    assert void(cafe, "rdm_00000000000000000000000000").status_code == 404


def test_a_void_gives_its_count_back(cafe: Shop, mei: Phone) -> None:
    only_limit("person_day", "person", points=100)
    sale = cafe.ask(mei.code(), 100).json["id"]
    assert void(cafe, sale).status_code == 200
    assert cafe.ask(mei.code(-1), 100).json["status"] == "done"


def test_the_day_adds_up_by_till_and_staff_also_as_a_file(client: FlaskClient, cafe: Shop, mei: Phone) -> None:
    second = shop(client, of=cafe)
    sold = [cafe.ask(mei.code(), 100).json["id"], second.ask(mei.code(-1), 40).json["id"]]
    mei.renew()
    gone = cafe.ask(mei.code(), 7).json["id"]
    assert void(cafe, gone).status_code == 200
    assert refund(second, sold[0], 25).status_code == 201
    mei.post("/v1/points/redemptions", {"shop_code": cafe.shop_code, "points": 9})
    cafe.ask(mei.code(-1), 501)
    totals = cafe.call("GET", "/v1/merchant/day-totals").json
    assert totals["day"] == taipei_date(clock.now()).isoformat() or totals["done"]
    assert (totals["done"], totals["net_points"], totals["net_twd"]) == (3, 124, 124)
    assert in_the_book(f"points:merchant:{cafe.merchant_id}") == 124
    assert sum(row["voided_points"] for row in totals["rows"]) == 7
    assert sum(row["waiting_points"] for row in totals["rows"]) == 501
    assert [row["done_points"] for row in totals["rows"] if row["till"] is None] == [9]
    file = second.call("GET", "/v1/merchant/day-totals.csv")
    assert file.mimetype == "text/csv" and file.data.startswith(b"\xef\xbb\xbf")
    lines = file.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2 + len(totals["rows"]) and lines[-1].endswith(",124")
    listed = cafe.call("GET", f"/v1/merchant/redemptions?day={totals['day']}&status=done&limit=2").json
    assert len(listed["items"]) == 2 and listed["next_cursor"]
    more = cafe.call("GET", f"/v1/merchant/redemptions?status=done&limit=2&cursor={listed['next_cursor']}").json
    assert len(more["items"]) == 1 and more["next_cursor"] is None


def _somebody_waits() -> bool:
    with db.unit_of_work() as session:
        return bool(session.execute(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")).scalar())
