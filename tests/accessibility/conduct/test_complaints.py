"""Complaints: heard and answered, and hidden from everybody who plans, offers or drives rides."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from planted_rides import plant
from signed_in import SignedIn, sign_in
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.ids import typeid

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def rider(client: FlaskClient) -> SignedIn:
    return sign_in(client)


def test_a_complaint_is_answered_and_both_see_it(rider: SignedIn, client: FlaskClient) -> None:
    ride = plant(rider.person_id, pick_up_at=clock.now() - timedelta(hours=1))
    body = {"ride_id": typeid("ride", ride.id), "kind": "late", "words": "等了四十分鐘"}
    made = rider.call("POST", "/v1/ride-complaints", body)
    assert made.status_code == 201
    desk = signed_in_officer(client, "mobility", bureau="social_affairs")
    (waiting,) = desk.call("GET", "/v1/desk/ride-complaints").json["items"]
    assert (waiting["words"], waiting["ride_id"]) == ("等了四十分鐘", body["ride_id"])
    path = f"/v1/desk/ride-complaints/{waiting['id']}/answer"
    assert desk.call("POST", path, {"words": "已請車隊改善"}).status_code == 200
    assert desk.call("POST", path, {"words": "再一次"}).status_code == 409
    (mine,) = rider.call("GET", "/v1/ride-complaints").json["items"]
    assert (mine["status"], mine["answer"]) == ("answered", "已請車隊改善")
    log = rider.call("GET", "/v1/me/access-log").json["items"]
    assert any("反映" in str(each) for each in log), log[:2]


def test_somebody_else_s_ride_is_no_ride(rider: SignedIn, client: FlaskClient) -> None:
    other = sign_in(client, national_id="B123456780", mobile="0987654321")
    ride = plant(other.person_id)
    body = {"ride_id": typeid("ride", ride.id), "kind": "other", "words": "x"}
    assert rider.call("POST", "/v1/ride-complaints", body).status_code == 404
    assert rider.call("POST", "/v1/ride-complaints", {"kind": "other", "words": "x"}).status_code == 201
    assert other.call("GET", "/v1/ride-complaints").json["items"] == []


def test_a_row_says_of_nobody_who_complained(rider: SignedIn) -> None:
    """No value of any column is the rider's id, in any of its forms: no query joins it to a rider."""
    rider.call("POST", "/v1/ride-complaints", {"kind": "driver", "words": "too fast"})
    with db.unit_of_work() as session:
        row = session.execute(text("SELECT c.*, c::text AS whole FROM complaints.complaint c")).one()
    person = rider.person_id
    hidden = (str(person), person.hex, "too fast", b"too fast".hex(), str(person).encode().hex())
    assert not any(each in row.whole for each in hidden)
    assert person.bytes not in bytes(row.sealed) + bytes(row.rider_index)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_other_room_imports_this_one_or_names_its_tables() -> None:
    rooms = [path for path in (ROOT / "accessibility").glob("*/*.py") if path.parent.name != "conduct"]
    assert {"dispatch", "own_fleet", "requests", "rides", "fleets", "fares"} <= {path.parent.name for path in rooms}
    for path in rooms:
        seen = {name for name in _imports(path) if name.startswith("accessibility.conduct")}
        assert not seen, f"{path} imports {seen}"
        source = path.read_text()
        assert "complaints." not in source and "ride_complaint" not in source, path
    for name in _imports(ROOT / "accessibility/conduct/points.py") | _imports(
        ROOT / "accessibility/conduct/appeals.py"
    ):
        assert not name.endswith("complaints"), "points are counted without knowing who complained"
