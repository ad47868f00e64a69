"""Asking to be told of the rides of whom one acts for, over HTTP: within what was agreed, and seen by whom it is about."""

from __future__ import annotations

from delegating import agreed, somebody
from flask.testing import FlaskClient
from sqlalchemy import text

from core import db


def followers() -> int:
    with db.unit_of_work() as session:
        return int(session.execute(text("SELECT count(*) FROM notify.ride_follower")).scalar_one())


def test_a_caregiver_asks_to_be_told_and_stops_and_the_rider_sees_both(client: FlaskClient) -> None:
    grandmother, daughter = somebody(client, 1), somebody(client, 2)
    acting = daughter.acting(agreed(grandmother, daughter, "rides:read"))
    assert acting.send("GET", "/v1/ride-notices").json == {"is_wanted": False}
    for _ in range(2):
        assert acting.send("PUT", "/v1/ride-notices", {"is_wanted": True}).json == {"is_wanted": True}
    assert acting.send("GET", "/v1/ride-notices").json == {"is_wanted": True} and followers() == 1
    assert acting.send("PUT", "/v1/ride-notices", {"is_wanted": False}).status_code == 200 and followers() == 0
    entries = grandmother.send("GET", "/v1/me/access-log").json["items"]
    assert {entry["what_words"] for entry in entries} >= {"您的乘車通知"}


def test_who_may_see_no_rides_is_told_of_none(client: FlaskClient) -> None:
    neighbour, friend = somebody(client, 3), somebody(client, 4)
    acting = friend.acting(agreed(neighbour, friend, "bills:read"))
    assert acting.send("PUT", "/v1/ride-notices", {"is_wanted": True}).status_code == 403
    assert friend.send("PUT", "/v1/ride-notices", {"is_wanted": True}).status_code == 409
    assert acting.send("PUT", "/v1/ride-notices", {"is_wanted": "yes"}).status_code in (403, 422)
    assert followers() == 0
