"""Subscriptions of one's own: begun, dated, asked about, ended, renewed; and everything that happened to them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg import errors
from signed_in import SignedIn
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from waiting import wait_until

from core import clock, db
from core.clock import taipei_date
from core.ids import new_uuid, typeid
from identity import people, sessions
from notify.topics import catalogue, subscriptions, sweeping
from tests.notify.topics.conftest import (
    history,
    inbox,
    judge_one,
    open_one,
    read,
    send,
    subscribe,
    sweep,
    uuid_of,
    waits_for_a_lock,
)


def test_topics_say_what_for_and_how_a_subscription_would_end(mei: SignedIn) -> None:
    topics = {item["code"]: item for item in mei.call("GET", "/v1/topics", language="en").json["items"]}
    roadworks = topics["roadworks.near"]
    assert roadworks["bureau_name"] == "Public Works Bureau"
    assert roadworks["ends"] == ["after 90 days", "when you have left the district", "when the works are done"]
    assert topics["parking.vehicle"]["needs_subject"] and not topics["parking.due"]["needs_subject"]
    assert roadworks["subscription_id"] is None
    mine = subscribe(mei, "roadworks.near")
    topics = {item["code"]: item for item in mei.call("GET", "/v1/topics").json["items"]}
    assert topics["roadworks.near"]["subscription_id"] == mine["id"]


def test_a_subscription_has_its_source_and_its_end(mei: SignedIn) -> None:
    mine = subscribe(mei, "roadworks.near")
    today = taipei_date(clock.now())
    assert mine["status"] == "live"
    assert mine["began_how"] == "您在「我的高雄」訂閱"
    assert mine["ends_on"] == (today + timedelta(90)).isoformat()
    assert mine["latest_end"] == mine["ends_on"]
    assert mine["ends"] == []
    assert history(mei, mine) == [("began", "citizen")]
    again = mei.call("POST", "/v1/subscriptions", {"topic": "roadworks.near"})
    assert (again.status_code, again.json["id"]) == (200, mine["id"])


def test_stopping_it_keeps_it_and_says_why_and_renewing_takes_it_again(mei: SignedIn) -> None:
    mine = subscribe(mei, "culture.events")
    address = f"/v1/subscriptions/{mine['id']}"
    assert mei.call("DELETE", address).status_code == 204
    assert mei.call("DELETE", address).status_code == 204
    ended = read(mei, mine)
    assert (ended["status"], ended["ended_how"], ended["ended_because"]) == ("ended", "citizen", "you stopped it")
    assert ended["can_renew"]
    assert mei.call("PATCH", address, {"ends_on": None}).json["type"].endswith("/subscription-ended")
    assert inbox(mei) == []
    renewed = mei.call("POST", f"{address}/renewal", {})
    assert renewed.status_code == 201
    assert history(mei, mine) == [("began", "citizen"), ("ended", "citizen")]
    assert history(mei, renewed.json) == [("began", "renewal")]
    assert not read(mei, mine)["can_renew"]
    again = mei.call("POST", f"{address}/renewal", {})
    assert (again.status_code, again.json["id"]) == (200, renewed.json["id"])


def test_the_last_day_may_be_chosen_but_not_beyond_the_topic_s_own(mei: SignedIn) -> None:
    today = taipei_date(clock.now())
    mine = subscribe(mei, "roadworks.near", ends_on=(today + timedelta(7)).isoformat())
    assert mine["ends_on"] == (today + timedelta(7)).isoformat()
    address = f"/v1/subscriptions/{mine['id']}"
    for day in (today - timedelta(1), today + timedelta(91)):
        refused = mei.call("PATCH", address, {"ends_on": day.isoformat()})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/ends_on")
    assert mei.call("PATCH", address, {"ends_on": None}).json["ends_on"] == (today + timedelta(90)).isoformat()
    assert mei.call("PATCH", address, {"ends_on": today.isoformat()}).json["ends_on"] == today.isoformat()
    assert mei.call("PATCH", address, {"ends_on": today.isoformat()}).status_code == 200
    assert history(mei, mine) == [("began", "citizen"), ("changed", "citizen"), ("changed", "citizen")]
    sweep(timedelta(2))
    ended = read(mei, mine)
    assert (ended["ended_how"], ended["ended_because"]) == ("date", "its last day has passed")
    note = inbox(mei)[0]
    assert note["kind"] == "subscription_ended"
    assert note["title"] == "Your subscription to “Roadworks near me” has ended"
    assert note["body"].startswith("Because its last day has passed.")
    assert note["link"] == f"/app/subscriptions/{mine['id']}"
    assert mei.call("GET", f"/v1/inbox/{note['id']}/why").status_code == 200


def test_whom_nothing_interests_is_asked_once_and_silence_ends_it(mei: SignedIn) -> None:
    assert mei.call("POST", "/v1/devices", {"kind": "fid", "address": "dQw4w9WgXcQ-0123456789"}).status_code == 201
    mine = subscribe(mei, "culture.events")
    send(mine, 5)
    sweep()
    assert read(mei, mine)["question"] is None
    send(mine)
    for _ in range(2):
        sweep()
    asked = read(mei, mine)
    assert asked["question"]["answer_by"].endswith("23:59:59+08:00")
    assert [message["kind"] for message in inbox(mei)] == ["question"]
    assert inbox(mei)[0]["link"] == f"/app/subscriptions/{mine['id']}"
    with db.unit_of_work() as session:
        pushes = session.execute(text("SELECT urgency, channel FROM notify.delivery")).all()
    assert [tuple(push) for push in pushes] == [(0, "push")]
    question = inbox(mei)[0]["id"]
    # To look at the question is no answer to it.
    assert mei.call("PATCH", f"/v1/inbox/{question}", {"is_read": True}).status_code == 200
    sweep(timedelta(13))
    assert read(mei, mine)["question"] is not None
    sweep(timedelta(15))
    assert read(mei, mine)["ended_how"] == "silence"
    assert [message["kind"] for message in inbox(mei)] == ["subscription_ended", "question"]
    assert history(mei, mine) == [("began", "citizen"), ("asked", "silence"), ("ended", "silence")]


@pytest.mark.parametrize("answer", ["said", "opened", "renewed"])
def test_an_answer_in_time_keeps_it(mei: SignedIn, answer: str) -> None:
    mine = subscribe(mei, "culture.events")
    address = f"/v1/subscriptions/{mine['id']}"
    send(mine, 6)
    sweep()
    if answer == "said":
        assert mei.call("PATCH", address, {"is_still_wanted": True}).json["question"] is None
    elif answer == "renewed":
        assert mei.call("POST", f"{address}/renewal", {}).status_code == 200
    else:
        open_one(mine, clock.now() + timedelta(1))
    sweep(timedelta(20))
    kept = read(mei, mine)
    assert (kept["status"], kept["question"]) == ("live", None)
    expected = {"said": ("answered", "citizen"), "opened": ("answered", "opened"), "renewed": ("renewed", "citizen")}
    assert history(mei, mine)[-1] == expected[answer]


def test_a_topic_that_is_closed_ends_all_its_subscriptions(mei: SignedIn, ming: SignedIn) -> None:
    hers, his = subscribe(mei, "culture.events"), subscribe(ming, "culture.events")
    with db.unit_of_work() as session:
        session.execute(text("UPDATE notify.topic SET status = 'closed' WHERE code = 'culture.events'"))
    sweep()
    assert {read(mei, hers)["ended_how"], read(ming, his)["ended_how"]} == {"topic_closed"}
    assert not read(mei, hers)["can_renew"]
    refused = mei.call("POST", f"/v1/subscriptions/{hers['id']}/renewal", {})
    assert refused.json["type"].endswith("/subscription-not-renewable")
    assert mei.call("POST", "/v1/subscriptions", {"topic": "culture.events"}).json["type"].endswith("/topic-closed")


def test_the_subscription_of_another_person_is_none(mei: SignedIn, ming: SignedIn) -> None:
    hers = subscribe(mei, "culture.events")["id"]
    for named in (hers, typeid("sub", new_uuid()), "sub_nonsense", hers.replace("sub", "msg")):
        address = f"/v1/subscriptions/{named}"
        answers = [
            ming.call("GET", address),
            ming.call("GET", f"{address}/history"),
            ming.call("PATCH", address, {"is_still_wanted": True}),
            ming.call("POST", f"{address}/renewal", {}),
            ming.call("DELETE", address),
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
    assert ming.call("GET", "/v1/subscriptions").json["items"] == []


_REFUSED: list[tuple[dict[str, Any], int]] = [
    ({}, 422),
    ({"topic": "no.such"}, 404),
    ({"topic": "NOT A CODE"}, 422),
    ({"topic": "parking.vehicle"}, 422),
    ({"topic": "culture.events", "subject": "district:64000080"}, 422),
    ({"topic": "roadworks.near", "subject": "district:99999999"}, 404),
    ({"topic": "roadworks.near", "subject": "roadworks:NOBODY-TOLD-OF-IT"}, 404),
    ({"topic": "parking.vehicle", "subject": typeid("veh", new_uuid())}, 404),
    ({"topic": "parking.due", "subject": typeid("bill", new_uuid())}, 404),
    ({"topic": "parking.due", "subject": "bill:nonsense"}, 404),
    ({"topic": "culture.events", "ends_on": "2020-01-01"}, 422),
    ({"topic": "culture.events", "ends_on": "tomorrow"}, 422),
    ({"topic": "culture.events", "ends_on": "9999-12-31"}, 422),
]


def test_what_cannot_be_subscribed_to_is_refused(mei: SignedIn) -> None:
    for body, status in _REFUSED:
        assert mei.call("POST", "/v1/subscriptions", body).status_code == status, body


def test_pages_of_subscriptions_go_on_where_the_last_ended(mei: SignedIn) -> None:
    codes = ["culture.events", "traffic.jams", "roadworks.near", "access.news"]
    begun = [subscribe(mei, code)["id"] for code in codes]
    mei.call("DELETE", f"/v1/subscriptions/{begun[1]}")
    first = mei.call("GET", "/v1/subscriptions?status=live&limit=2").json
    rest = mei.call("GET", f"/v1/subscriptions?status=live&limit=2&cursor={first['next_cursor']}").json
    assert [item["id"] for item in first["items"] + rest["items"]] == [begun[3], begun[2], begun[0]]
    assert rest["next_cursor"] is None
    assert [item["id"] for item in mei.call("GET", "/v1/subscriptions?status=ended").json["items"]] == [begun[1]]
    assert mei.call("GET", "/v1/subscriptions?cursor=x").status_code == 422


def test_nothing_of_it_is_ever_deleted(mei: SignedIn) -> None:
    subscribe(mei, "culture.events")
    for statement in (
        "DELETE FROM notify.subscription",
        "DELETE FROM notify.subscription_event",
        "UPDATE notify.subscription_event SET how = 'x'",
    ):
        with pytest.raises(DBAPIError) as refused, db.unit_of_work() as session:
            session.execute(text(statement))
        assert isinstance(refused.value.orig, errors.RestrictViolation)


def test_a_person_has_so_many_live_subscriptions_and_no_more(mei: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_LIVE", 2)
    first = subscribe(mei, "culture.events")
    subscribe(mei, "traffic.jams")
    refused = mei.call("POST", "/v1/subscriptions", {"topic": "access.news"})
    assert refused.json["type"].endswith("/too-many-subscriptions")
    mei.call("DELETE", f"/v1/subscriptions/{first['id']}")
    subscribe(mei, "access.news")


def test_what_is_kept_for_ever_is_not_begun_without_end(mei: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_BEGUN_A_DAY", 2)
    for _ in range(2):
        assert mei.call("DELETE", f"/v1/subscriptions/{subscribe(mei, 'culture.events')['id']}").status_code == 204
    refused = mei.call("POST", "/v1/subscriptions", {"topic": "culture.events"})
    assert refused.json["type"].endswith("/too-many-subscriptions")


def test_several_workers_end_each_of_many_once(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 10)
    now = clock.now()
    with db.unit_of_work() as session:
        catalogue.seed(session, now)
        session.execute(
            text(
                """
                INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how, ends_at, check_at)
                SELECT gen_random_uuid(), gen_random_uuid(), t.id, :began, 'citizen', :now, :now
                  FROM generate_series(1, 95), notify.topic t WHERE t.code = 'roadworks.near'
                """
            ),
            {"began": now - timedelta(91), "now": now},
        )
    with ThreadPoolExecutor(3) as workers:
        for done in [workers.submit(sweeping.end_due, now) for _ in range(3)]:
            done.result(30)
    with db.unit_of_work() as session:
        ended = session.execute(
            text(
                """
                SELECT (SELECT count(*) FROM notify.subscription WHERE ended_how = 'date') AS ended,
                       (SELECT count(*) FROM notify.subscription_event WHERE what = 'ended') AS written,
                       (SELECT count(*) FROM notify.message WHERE kind = 'subscription_ended') AS told,
                       (SELECT count(*) FROM core.outbox WHERE kind = 'notify.subscription_ended') AS published
                """
            )
        ).one()
    assert tuple(ended) == (95, 95, 95, 95)


# Two at the same instant: each on a connection of its own, one waiting for the other's lock.


def _while_the_first_holds(first: Callable[[Any], None], second: Callable[[], None]) -> None:
    """Run `second` in another thread while `first`'s transaction is open, and commit once it waits."""
    with db.unit_of_work() as session:
        first(session)
        other = threading.Thread(target=second)
        other.start()
        wait_until(waits_for_a_lock, seconds=10)
    other.join(10)
    assert not other.is_alive()


def test_a_renewal_at_the_instant_of_the_lapse_takes_again_what_lapsed(mei: SignedIn) -> None:
    mine = subscribe(mei, "culture.events")
    send(mine, 6)
    sweep()
    later = clock.now() + timedelta(20)
    answers: list[tuple[subscriptions.Subscription, bool]] = []

    def renew() -> None:
        with db.unit_of_work() as session:
            answers.append(
                subscriptions.renew(session, person_id=mei.person_id, subscription_id=uuid_of(mine), now=later)
            )

    _while_the_first_holds(lambda session: judge_one(session, mei, mine, later), renew)
    assert read(mei, mine)["ended_how"] == "silence"
    renewed, is_new = answers[0]
    assert is_new and renewed.is_live and renewed.id != uuid_of(mine)


def test_a_lapse_at_the_instant_of_the_renewal_finds_it_renewed(mei: SignedIn) -> None:
    mine = subscribe(mei, "culture.events")
    send(mine, 6)
    sweep()
    later = clock.now() + timedelta(20)

    def lapse() -> None:
        with db.unit_of_work() as session:
            judge_one(session, mei, mine, later)

    _while_the_first_holds(
        lambda session: subscriptions.renew(session, person_id=mei.person_id, subscription_id=uuid_of(mine), now=later),
        lapse,
    )
    sweeping.end_due(later)
    assert read(mei, mine)["status"] == "live"
    assert history(mei, mine) == [("began", "citizen"), ("asked", "silence"), ("renewed", "citizen")]


def test_two_beginnings_at_once_are_one_subscription(mei: SignedIn) -> None:
    begun: list[tuple[subscriptions.Subscription, bool]] = []

    def begin(session: Any) -> None:
        begun.append(
            subscriptions.begin(session, person_id=mei.person_id, topic_code="culture.events", now=clock.now())
        )

    def begin_alone() -> None:
        with db.unit_of_work() as session:
            begin(session)

    _while_the_first_holds(begin, begin_alone)
    assert [is_new for _, is_new in begun] == [True, False]
    assert begun[0][0].id == begun[1][0].id


def test_topics_are_shown_to_whoever_signed_in_and_subscriptions_after_a_second_factor(client: FlaskClient) -> None:
    assert client.get("/v1/topics").status_code == 401
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session, national_id="A123456789", mobile="0912345678", password="kaohsiung-demo-1", now=clock.now()
        )
        issued = sessions.begin(
            session, person_id=person_id, amr=("pwd",), transport="bearer", user_agent="", replaces=None,
            now=clock.now(),
        )  # fmt: skip
    person = SignedIn(client, person_id, issued.token)
    assert len(person.call("GET", "/v1/topics").json["items"]) == len(catalogue.TOPICS)
    for method, path in (("GET", "/v1/subscriptions"), ("GET", "/v1/topics/parking.due/subjects")):
        refused = person.call(method, path)
        assert refused.json["type"].endswith("/insufficient-user-authentication")
