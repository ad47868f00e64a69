"""Needs that have passed: bills paid, vehicles gone, works done, another district; and what life events offer."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from bureau_system import BureauSystem
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from signed_in import SignedIn, sign_in
from sqlalchemy import text
from waiting import wait_until

from api import delivery, wiring
from core import clock, db, outbox
from core.clock import taipei_date
from core.ids import parse_typeid, typeid
from identity import vehicles
from notify.topics import subjects, subscriptions, sweeping
from notify.topics.tasks import CONSUMERS
from tests.notify.topics.conftest import history, inbox, read, subscribe, sweep, waits_for_a_lock


def _events_arrive() -> None:
    """Everything that was recorded reaches whoever acts on it."""
    for _ in range(3):
        with db.unit_of_work() as session:
            ids = session.execute(text("SELECT id FROM core.outbox ORDER BY id")).scalars().all()
        delivery.deliver(list(ids), wiring.consumers_by_kind())


def _as_signed_in(payer: PayingCitizen) -> SignedIn:
    return SignedIn(payer.client, payer.person_id, payer.token)


@pytest.fixture
def works(client: FlaskClient) -> BureauSystem:
    return BureauSystem(client, "public_works", "life-events:write")


@pytest.fixture
def registry(client: FlaskClient) -> BureauSystem:
    return BureauSystem(client, "civil_affairs", "life-events:write")


def _tell(bureau: BureauSystem, kind: str, reference: str, **more: Any) -> Any:
    body = {"kind": kind, "reference": reference, "at": "2026-11-05T10:00:00+08:00", **more}
    return bureau.send("POST", "/v1/bureau/life-events", body)


def _begin_works(works: BureauSystem, code: str = "S-1", district: str = "64000080") -> str:
    subject = f"roadworks:{code}"
    name = {"zh": "四維三路管線工程", "en": "Pipes in Siwei 3rd Road"}
    answer = _tell(works, "roadworks_begun", f"begin-{code}", subject=subject, name=name, district=district)
    assert answer.status_code == 202, answer.text
    return subject


# Bills


def test_a_subscription_to_one_bill_ends_when_it_is_paid_and_one_to_all_bills_stays(client: FlaskClient) -> None:
    payer = paying_citizen(client, 1)
    person = _as_signed_in(payer)
    choices = person.call("GET", "/v1/topics/parking.due/subjects", language="en").json["items"]
    assert {choice["subject"] for choice in choices} == set(payer.bill_ids())
    assert "due 20" in choices[0]["name"] and choices[0]["kind"] == "bill"
    first, second = sorted(payer.bill_ids())
    mine, other = subscribe(person, "parking.due", subject=first), subscribe(person, "parking.due", subject=second)
    assert mine["ends"] == ["帳單繳清或註銷時", "連續 12 則都沒有點開，而且我們問了您 14 天內沒有回覆時"]
    fact = {"bill_id": str(parse_typeid("bill", first)), "number": "1", "channel": "7-ELEVEN", "paid_at": "x"}

    with db.unit_of_work() as session:
        outbox.record(session, "wallet.bill_paid_elsewhere", fact, now=clock.now())
    _events_arrive()
    ended = read(person, mine)
    assert (ended["ended_how"], ended["ended_because"], ended["can_renew"]) == (
        "need_passed", "the bill is paid or void", False,
    )  # fmt: skip
    assert read(person, other)["status"] == "live"
    whole = subscribe(person, "parking.due")
    assert read(person, other)["ended_how"] == "replaced"
    covered = person.call("POST", "/v1/subscriptions", {"topic": "parking.due", "subject": second})
    assert (covered.status_code, covered.json["id"]) == (200, whole["id"])
    assert [message["kind"] for message in inbox(person)] == ["subscription_ended"]


def test_a_bill_whose_payment_did_not_hold_is_followed_again(client: FlaskClient) -> None:
    payer = paying_citizen(client, 1)
    person = _as_signed_in(payer)
    mine = subscribe(person, "parking.due", subject=payer.bill_ids()[0])
    bill_id = str(parse_typeid("bill", payer.bill_ids()[0]))
    events = (
        ("wallet.payment_captured", {"bill_ids": [bill_id]}),
        ("wallet.payment_undone", {"bills": [{"bill_id": bill_id}]}),
        ("wallet.payment_restored", {"bills": [{"bill_id": bill_id}]}),
    )
    consumers = {kind: [each for each in CONSUMERS if each.kind == kind] for kind, _ in events}

    def happens(kind: str, fact: dict[str, Any]) -> None:
        with db.unit_of_work() as session:
            event_id = outbox.record(session, kind, fact, now=clock.now())
        for _ in range(2):
            delivery.deliver([event_id], consumers)

    happens(*events[0])
    assert read(person, mine)["ended_how"] == "need_passed"
    happens(*events[1])
    again = person.call("GET", "/v1/subscriptions?status=live", language="en").json["items"]
    assert [(item["subject"], history(person, item)) for item in again] == [
        (payer.bill_ids()[0], [("began", "need_returned")])
    ]
    happens(*events[2])
    assert read(person, again[0])["ended_how"] == "need_passed"


def test_another_person_s_bill_is_none_to_subscribe_to(client: FlaskClient, mei: SignedIn) -> None:
    bill = paying_citizen(client, 1).bill_ids()[0]
    assert mei.call("POST", "/v1/subscriptions", {"topic": "parking.due", "subject": bill}).status_code == 404


def test_what_was_settled_while_it_began_ends_it_all_the_same(client: FlaskClient) -> None:
    payer = paying_citizen(client, 1)
    person = _as_signed_in(payer)
    bill = payer.bill_ids()[0]
    mine = subscribe(person, "parking.due", subject=bill)
    # The payment's own event came and went before the subscription could be seen.
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE wallet.bill SET status = 'void' WHERE id = :id"), {"id": parse_typeid("bill", bill)}
        )
    _events_arrive()
    assert read(person, mine)["ended_how"] == "need_passed"
    again = person.call("POST", "/v1/subscriptions", {"topic": "parking.due", "subject": bill})
    assert again.json["type"].endswith("/need-has-passed")


# Vehicles, and what is known by them


def test_a_vehicle_that_goes_takes_its_subscription_and_what_was_known_by_it(mei: SignedIn, ming: SignedIn) -> None:
    with db.unit_of_work() as session:
        vehicles.add(session, mei.person_id, "ABC-1235", "car", now=clock.now())
    vehicle = mei.call("GET", "/v1/me/vehicles").json["items"][0]["id"]
    assert mei.call("PUT", "/v1/notification-facts/has_car", {}).json["is_allowed"]
    choice = mei.call("GET", "/v1/topics/parking.vehicle/subjects").json["items"][0]
    assert (choice["subject"], choice["name"]) == (vehicle, "汽車 ABC-1235")
    mine = subscribe(mei, "parking.vehicle", subject=vehicle)
    assert _facts() == [(mei.person_id, "has_car", "")]
    with db.unit_of_work() as session:
        vehicles.add(session, ming.person_id, "ABC-1235", "car", now=clock.now())
    _events_arrive()
    assert (read(mei, mine)["ended_how"], read(mei, mine)["ended_because"]) == (
        "need_passed", "the vehicle is no longer yours",
    )  # fmt: skip
    assert _facts() == []
    with db.unit_of_work() as session:
        vehicles.add(session, mei.person_id, "DEF-1235", "car", now=clock.now())
    _events_arrive()
    assert _facts() == [(mei.person_id, "has_car", "")]


def test_a_vehicle_taken_off_one_s_list_ends_it_too(mei: SignedIn) -> None:
    with db.unit_of_work() as session:
        vehicles.add(session, mei.person_id, "ABC-1235", "car", now=clock.now())
    vehicle = mei.call("GET", "/v1/me/vehicles").json["items"][0]["id"]
    mine = subscribe(mei, "parking.vehicle", subject=vehicle)
    assert mei.call("DELETE", f"/v1/me/vehicles/{vehicle}").status_code == 204
    _events_arrive()
    assert read(mei, mine)["ended_how"] == "need_passed"


def _facts() -> list[tuple[Any, ...]]:
    with db.unit_of_work() as session:
        return [
            tuple(row) for row in session.execute(text("SELECT person_id, name, value FROM notify.fact ORDER BY 2, 3"))
        ]


def test_a_fact_is_used_when_allowed_and_deleted_when_taken_back(mei: SignedIn, ming: SignedIn) -> None:
    known = {fact["name"]: fact for fact in mei.call("GET", "/v1/notification-facts", language="en").json["items"]}
    assert known["rider"]["is_sensitive"] and known["has_car"]["is_derived"]
    assert not any(fact["is_allowed"] for fact in known.values())
    put = mei.call("PUT", "/v1/notification-facts/commutes_on", {"values": ["freeway-10", "metro-red"]})
    assert put.json["values"] == ["freeway-10", "metro-red"]
    assert mei.call("PUT", "/v1/notification-facts/commutes_on", {"values": ["metro-red"]}).json["values"] == [
        "metro-red"
    ]
    assert mei.call("PUT", "/v1/notification-facts/rider", {}).json["is_allowed"]
    assert _facts() == [(mei.person_id, "commutes_on", "metro-red"), (mei.person_id, "rider", "")]
    assert not any(fact["is_allowed"] for fact in ming.call("GET", "/v1/notification-facts").json["items"])
    for body in ({"values": ["moon"]}, {"values": []}, {}):
        refused = mei.call("PUT", "/v1/notification-facts/commutes_on", body)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/values")
    assert mei.call("PUT", "/v1/notification-facts/rider", {"values": ["x"]}).status_code == 422
    for name in ("commutes_on", "rider", "rider"):
        assert mei.call("DELETE", f"/v1/notification-facts/{name}").status_code == 204
    assert _facts() == []
    assert mei.call("PUT", "/v1/notification-facts/age", {}).status_code == 404
    assert mei.call("DELETE", "/v1/notification-facts/age").status_code == 404


# Works and districts


def test_works_that_are_done_end_every_subscription_to_them(
    mei: SignedIn, ming: SignedIn, works: BureauSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = _begin_works(works)
    names = [choice["name"] for choice in mei.call("GET", "/v1/topics/roadworks.near/subjects").json["items"]]
    assert names[0] == "四維三路管線工程" and "苓雅區" in names
    hers, his = subscribe(mei, "roadworks.near", subject=subject), subscribe(ming, "roadworks.near", subject=subject)
    district = subscribe(ming, "roadworks.near", subject="district:64000080")
    monkeypatch.setattr(sweeping, "BATCH", 1)
    for _ in range(2):
        assert _tell(works, "roadworks_done", "done-1", subject=subject).status_code == 202
    sweep()
    assert [read(mei, hers)["ended_because"], read(ming, his)["ended_because"]] == ["the works are done"] * 2
    assert read(ming, district)["status"] == "live"
    assert subject not in {
        choice["subject"] for choice in mei.call("GET", "/v1/topics/roadworks.near/subjects").json["items"]
    }
    again = mei.call("POST", "/v1/subscriptions", {"topic": "roadworks.near", "subject": subject})
    assert again.json["type"].endswith("/need-has-passed")
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT settled_at IS NOT NULL FROM notify.subject")).scalar_one()


def test_works_that_are_done_while_somebody_subscribes_end_that_subscription(
    mei: SignedIn, works: BureauSystem
) -> None:
    subject = _begin_works(works)
    done: list[bool] = []

    def close() -> None:
        with db.unit_of_work() as session:
            done.append(subjects.close(session, subject, bureau="public_works", ref="done", now=clock.now()))

    closing = threading.Thread(target=close)
    with db.unit_of_work() as session:
        mine, _ = subscriptions.begin(
            session, person_id=mei.person_id, topic_code="roadworks.near", subject=subject, now=clock.now()
        )
        closing.start()
        wait_until(waits_for_a_lock, seconds=10)
    closing.join(10)
    assert done == [True]
    sweep()
    assert read(mei, {"id": typeid("sub", mine.id)})["ended_how"] == "need_passed"


def test_who_leaves_a_district_hears_no_more_of_it_and_who_keeps_a_place_there_does(
    mei: SignedIn, works: BureauSystem
) -> None:
    places = {"home": "64000080", "work": "64000080", "school": None}
    assert mei.call("PUT", "/v1/notification-places", places).json == places
    subject = _begin_works(works)
    about = [subscribe(mei, "roadworks.near", subject=each) for each in (subject, "district:64000080")]
    elsewhere = subscribe(mei, "roadworks.near", subject="district:64000120")
    mei.call("PUT", "/v1/notification-places", places | {"home": "64000120"})
    assert [read(mei, each)["status"] for each in about] == ["live", "live"]
    mei.call("PUT", "/v1/notification-places", {"home": "64000120", "work": None, "school": None})
    assert [read(mei, each)["ended_how"] for each in about] == ["moved_away", "moved_away"]
    assert read(mei, elsewhere)["status"] == "live"
    assert mei.call("GET", "/v1/notification-places").json["work"] is None
    assert mei.call("PUT", "/v1/notification-places", {"home": "1", "work": None, "school": None}).status_code == 422


def test_the_register_moves_only_whom_it_knows_to_live_somewhere(
    mei: SignedIn, ming: SignedIn, registry: BureauSystem
) -> None:
    mei.call("PUT", "/v1/notification-places", {"home": "64000080", "work": None, "school": None})
    mine = subscribe(mei, "roadworks.near", subject="district:64000080")
    for number, national_id in enumerate(("A123456789", "E179864328")):
        moved = _tell(registry, "moved_district", f"m{number}", national_id=national_id, district="64000120")
        assert moved.status_code == 202
    assert read(mei, mine)["ended_how"] == "moved_away"
    assert mei.call("GET", "/v1/notification-places").json["home"] == "64000120"
    assert ming.call("GET", "/v1/notification-places").json["home"] is None


# Life events


def test_a_marriage_offers_a_subscription_that_is_already_dated_to_end(
    client: FlaskClient, mei: SignedIn, ming: SignedIn, registry: BureauSystem
) -> None:
    at = clock.now().isoformat()
    body = {"kind": "marriage_registered", "reference": "marriage-1", "at": at, "national_id": "a123456789"}
    told = [registry.send("POST", "/v1/bureau/life-events", body) for _ in range(2)]
    assert [answer.status_code for answer in told] == [202, 202] and told[0].json == told[1].json
    other = registry.send("POST", "/v1/bureau/life-events", body | {"national_id": "E179864328"})
    assert other.json["type"].endswith("/life-event-reference-reused")
    assert ming.call("GET", "/v1/subscription-offers").json["items"] == []
    (offer,) = mei.call("GET", "/v1/subscription-offers", language="en").json["items"]
    assert (offer["topic"], offer["because"]) == ("newlyweds", "You registered your marriage: congratulations!")
    last_day = (taipei_date(clock.now()) + timedelta(180)).isoformat()
    assert offer["ends_on"] == last_day
    assert mei.call("GET", "/v1/subscriptions").json["items"] == [] and inbox(mei) == []
    address = f"/v1/subscription-offers/{offer['id']}"
    assert ming.call("POST", f"{address}/acceptance", {}).status_code == 404
    assert ming.call("DELETE", address).status_code == 404
    taken = mei.call("POST", f"{address}/acceptance", {}, language="en")
    assert (taken.status_code, taken.json["ends_on"]) == (201, last_day)
    assert taken.json["began_how"] == "You took an offer"
    assert history(mei, taken.json) == [("began", "offer")]
    again = mei.call("POST", f"{address}/acceptance", {})
    assert (again.status_code, again.json["id"]) == (200, taken.json["id"])
    assert mei.call("DELETE", address).json["type"].endswith("/subscription-offer-closed")
    assert mei.call("GET", "/v1/subscription-offers").json["items"] == []
    assert registry.send("POST", "/v1/bureau/life-events", body | {"reference": "marriage-2"}).status_code == 202
    assert mei.call("GET", "/v1/subscription-offers").json["items"] == []


def test_an_offer_that_is_turned_down_or_left_alone_is_gone(mei: SignedIn, registry: BureauSystem) -> None:
    for kind in ("marriage_registered", "birth_registered"):
        body = {"kind": kind, "reference": kind, "at": clock.now().isoformat(), "national_id": "A123456789"}
        assert registry.send("POST", "/v1/bureau/life-events", body).status_code == 202
    first, second = mei.call("GET", "/v1/subscription-offers").json["items"]
    for _ in range(2):
        assert mei.call("DELETE", f"/v1/subscription-offers/{first['id']}").status_code == 204
    sweep(timedelta(31))
    refused = mei.call("POST", f"/v1/subscription-offers/{second['id']}/acceptance", {})
    assert refused.json["type"].endswith("/subscription-offer-closed")
    with db.unit_of_work() as session:
        assert set(session.execute(text("SELECT status FROM notify.offer")).scalars()) == {"declined", "lapsed"}


def test_a_wedding_of_last_year_offers_nothing(mei: SignedIn, registry: BureauSystem) -> None:
    _tell(registry, "marriage_registered", "old", national_id="A123456789", at="2020-01-01T00:00:00+08:00")
    assert mei.call("GET", "/v1/subscription-offers").json["items"] == []


_PERSONAL = (
    ("rdec", "case_opened", "cases.news", "case:1999-115-1", "case_closed"),
    ("social_affairs", "ride_booked", "rides.news", "ride:R-77", "ride_completed"),
    ("parking", "permit_issued", "permits.news", "permit:P-9", "permit_expired"),
    ("education", "school_started", "school.news", "child:S-3", "school_finished"),
)


def test_what_is_one_person_s_own_is_opened_and_closed_by_its_bureau(
    client: FlaskClient, mei: SignedIn, ming: SignedIn
) -> None:
    for bureau, opened, topic, subject, need in _PERSONAL:
        system = BureauSystem(client, bureau, "life-events:write")
        name = {"zh": "我的事", "en": "Mine"}
        assert _tell(system, opened, "o", subject=subject, national_id="A123456789", name=name).status_code == 202
        mine = subscribe(mei, topic, subject=subject)
        assert mine["subject_name"] == "我的事"
        assert ming.call("POST", "/v1/subscriptions", {"topic": topic, "subject": subject}).status_code == 404
        assert _tell(system, need, "c", subject=subject).status_code == 202
        sweep()
        assert read(mei, mine)["ended_how"] == "need_passed"


def test_an_end_that_is_reported_before_its_beginning_still_ends_it(client: FlaskClient) -> None:
    system, mei = BureauSystem(client, "rdec", "life-events:write"), sign_in(client)
    _tell(system, "case_closed", "c", subject="case:1")
    name = {"zh": "路燈", "en": "Street light"}
    _tell(system, "case_opened", "o", subject="case:1", national_id="A123456789", name=name)
    refused = mei.call("POST", "/v1/subscriptions", {"topic": "cases.news", "subject": "case:1"})
    assert refused.json["type"].endswith("/need-has-passed")


_REFUSED: list[tuple[dict[str, Any], int]] = [
    ({}, 422),
    ({"kind": "divorce"}, 422),
    ({"kind": "roadworks_done"}, 422),
    ({"kind": "roadworks_done", "subject": "case:1"}, 422),
    ({"kind": "roadworks_done", "subject": "roadworks:"}, 422),
    ({"kind": "roadworks_begun", "subject": "roadworks:1"}, 422),
    ({"kind": "marriage_registered", "national_id": "A123456789"}, 403),
    ({"kind": "roadworks_done", "subject": "roadworks:1", "at": "2026-11-05T10:00:00"}, 422),
    ({"kind": "roadworks_done", "subject": "roadworks:1", "at": "9999-12-31T23:59:59+00:00"}, 422),
    ({"kind": "roadworks_done", "subject": "roadworks:1", "at": "0001-01-01T00:00:00+14:00"}, 422),
]


def test_a_report_that_says_too_little_or_is_another_bureau_s_is_refused(works: BureauSystem) -> None:
    for body, status in _REFUSED:
        whole = {"reference": "r", "at": "2026-11-05T10:00:00+08:00", **body}
        assert works.send("POST", "/v1/bureau/life-events", whole).status_code == status, body


def test_the_answer_does_not_say_who_uses_the_app_and_the_number_is_not_kept(
    mei: SignedIn, registry: BureauSystem
) -> None:
    known = _tell(registry, "birth_registered", "b1", national_id="A123456789")
    unknown = _tell(registry, "birth_registered", "b2", national_id="F131104093")
    assert (known.status_code, known.json.keys()) == (unknown.status_code, unknown.json.keys())
    assert _tell(registry, "birth_registered", "b3", national_id="A123456788").status_code == 422
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT row_to_json(e)::text FROM notify.life_event e")).scalars().all()
    assert not any("F131104093" in row or "A123456789" in row for row in rows)
