"""Each turn of points used at a shop reaches the person's inbox, and nothing on a lock screen says which shop."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from api import wiring
from api.delivery import deliver
from core import db
from tests.points.till.city import Phone, Shop, only_limit, sign_in_again


def inbox(of: Phone) -> list[Any]:
    """What the person was told since the last time, oldest first."""
    with db.unit_of_work() as session:
        events = session.execute(text("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY recorded_at")).all()
    for event in events:
        deliver([event.id], wiring.consumers_by_kind())
    items = of.call("GET", "/v1/inbox").json["items"]
    return [item for item in reversed(items) if item["kind"].startswith("redemption_")]


def test_what_is_asked_done_and_given_back_is_told(cafe: Shop, mei: Phone) -> None:
    sale = cafe.ask(mei.code(), 100).json["id"]
    many = cafe.ask(mei.code(-1), 600).json["id"]
    (done, asked) = inbox(mei)
    assert (done["kind"], done["title"], done["link"]) == (
        "redemption_done",
        "100 points used",
        f"/app/points/redemptions/{sale}",
    )
    assert (asked["kind"], asked["title"]) == ("redemption_asked", "Use 600 points?")
    assert sign_in_again(mei).post(f"/v1/points/redemptions/{many}/confirmation").status_code == 200
    cafe.post(f"/v1/merchant/redemptions/{many}/refunds", {"points": 40})
    cafe.post(f"/v1/merchant/redemptions/{sale}/void")
    told = inbox(mei)
    assert [each["title"] for each in told[2:]] == ["600 points used", "40 points are back", "100 points are back"]
    assert "the shop has given points back" in told[3]["body"] and "the shop has voided" in told[4]["body"]
    for each in told:
        assert "Yancheng" not in each["title"] + each["body"]


def test_what_is_held_and_then_not_let_through_is_told(client: FlaskClient, cafe: Shop, mei: Phone) -> None:
    only_limit("person_day", "person", points=10)
    held = cafe.ask(mei.code(), 30).json["id"]
    desk = signed_in_officer(client, "points_officer", bureau="economic")
    desk.call("POST", f"/v1/points-desk/held/{held}/refusal", Idempotency_Key="n")
    first, second = inbox(mei)
    assert (first["kind"], first["title"]) == ("redemption_held", "30 points wait for a look")
    assert (second["kind"], second["title"]) == ("redemption_back", "30 points are back")
    assert "did not let it go through" in second["body"]


def test_whoever_says_no_is_not_told_of_it(cafe: Shop, mei: Phone) -> None:
    asked = cafe.ask(mei.code(), 600).json["id"]
    assert mei.post(f"/v1/points/redemptions/{asked}/refusal").status_code == 200
    assert [each["kind"] for each in inbox(mei)] == ["redemption_asked"]
