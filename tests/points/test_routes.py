"""Points over HTTP: the balance, when it expires, and how it came about."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in

from api.app import create_app
from core import clock, db
from core.ids import parse_typeid
from points.lots import end_of_lot
from tests.points.conftest import opened, pay, refund, terms


@pytest.fixture
def mei(database: db.Database) -> SignedIn:
    client: FlaskClient = create_app().test_client()
    return sign_in(client)


@pytest.fixture
def open_now(database: db.Database) -> UUID:
    now = clock.now()
    return opened(terms(valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=1)))


def test_somebody_without_points_sees_none(mei: SignedIn) -> None:
    assert mei.call("GET", "/v1/points").json == {"balance": 0, "owed": 0, "expiring": [], "lots": []}
    assert mei.call("GET", "/v1/points/entries").json == {"items": [], "next_cursor": None}


def test_balance_lots_and_history_tell_the_same_story(open_now: UUID, mei: SignedIn) -> None:
    paid_at = clock.now()
    kept = pay(mei.person_id, captured_at=paid_at.isoformat())
    returned = pay(mei.person_id, captured_at=paid_at.isoformat())
    refund(returned, 1260)
    answer = mei.call("GET", "/v1/points", language="en").json
    last_day = (end_of_lot(paid_at, 12) - timedelta(days=1)).date().isoformat()
    assert answer["balance"] == 22
    assert answer["expiring"] == [{"amount": 22, "expires_on": last_day}]
    [lot] = answer["lots"]
    assert (lot["amount"], lot["remaining"], lot["expires_on"]) == (22, 22, last_day)
    assert lot["reason"] == "Points for paying by bank: 22 points for paying NT$1,260"
    entries = mei.call("GET", "/v1/points/entries").json["items"]
    assert [(entry["kind"], entry["amount"]) for entry in entries] == [("reverse", -22), ("earn", 22), ("earn", 22)]
    assert sum(entry["amount"] for entry in entries) == answer["balance"]
    assert parse_typeid("pay", entries[-1]["payment_id"]) == UUID(kept["payment_id"])
    assert entries[-1]["lot_id"] == lot["id"]


def test_entries_come_in_pages(open_now: UUID, mei: SignedIn) -> None:
    for _ in range(5):
        pay(mei.person_id, captured_at=clock.now().isoformat())
    seen, cursor = [], ""
    while cursor is not None:
        page = mei.call("GET", f"/v1/points/entries?limit=2{cursor and f'&cursor={cursor}'}").json
        seen += [entry["id"] for entry in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5
