"""The demo city has subscriptions of every kind to look at."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient
from signed_in import SignedIn

from api import demo
from core import clock, db
from core.settings import settings
from identity import people, sessions
from mobile_mock.demo_people import DEMO_PEOPLE
from tests.notify.topics.conftest import history, inbox


def _signed_in(client: FlaskClient, national_id: str) -> SignedIn:
    with db.unit_of_work() as session:
        person = people.find(session, national_id)
        assert person is not None
        issued = sessions.begin(
            session, person_id=person.id, amr=("pwd", "sms"), transport="bearer", user_agent="", replaces=None,
            now=clock.now(),
        )  # fmt: skip
    return SignedIn(client, person.id, issued.token)


def test_the_demo_people_have_live_asked_and_ended_subscriptions(client: FlaskClient, tmp_path: Path) -> None:
    demo.load(settings(), progress=lambda _line: None)
    found = set()
    for person in DEMO_PEOPLE:
        who = _signed_in(client, person.national_id)
        mine = who.call("GET", "/v1/subscriptions", language="en").json["items"]
        assert sum(item["status"] == "live" for item in mine) >= 2
        assert sum(item["status"] == "ended" for item in mine) == 1
        found |= {(item["ended_how"], item["question"] is not None) for item in mine}
    assert found == {(None, False), (None, True), ("silence", False), ("citizen", False), ("date", False)}
    mei = _signed_in(client, DEMO_PEOPLE[0].national_id)
    (offer,) = mei.call("GET", "/v1/subscription-offers").json["items"]
    assert offer["topic"] == "newlyweds"
    (ended,) = mei.call("GET", "/v1/subscriptions?status=ended").json["items"]
    assert history(mei, ended) == [("began", "citizen"), ("asked", "silence"), ("ended", "silence")]
    assert {message["kind"] for message in inbox(mei)} == {"question", "subscription_ended"}
