"""Offers, caps, budgets, holds and words of exchanges, over HTTP and in the book."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from exchange_partners import ACCOUNTS
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from werkzeug.test import TestResponse

from api import wiring
from api.delivery import deliver
from core import clock, db
from core.ids import new_uuid, typeid
from identity import people, sessions
from ledger import book
from partners import wire
from points.exchange import exchanges, quotes, saga, states, terms
from points.exchange.errors import BudgetUsedUp, OverTheCap
from tests.points.conftest import bring as worker_takes
from tests.points.conftest import captured, opened, recorded
from tests.points.conftest import terms as campaign_terms
from tests.points.exchange.city import City, Killed, city


@dataclass
class Person:
    """Somebody signed in with a passkey, with points."""

    client: FlaskClient
    person_id: UUID
    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, json=body, headers=sent)

    def ask(self, partner: str = "ipass", points: Any = 100, **more: Any) -> TestResponse:
        body = {"partner": partner, "direction": "out", "points": points, "account_number": ACCOUNTS[partner]}
        return self.call("POST", "/v1/points/exchange-quotes", body | more)

    def exchange(self, quote_id: str, key: str = "") -> TestResponse:
        body = {"quote_id": quote_id}
        return self.call("POST", "/v1/points/exchanges", body, Idempotency_Key=key or str(new_uuid()))

    @property
    def balance(self) -> int:
        return int(self.call("GET", "/v1/points").json["balance"])


@pytest.fixture
def kaohsiung(client: FlaskClient, books: SandboxBooks) -> City:
    """The whole application, with the partners at the sandbox."""
    return city(books.url)


@pytest.fixture
def mei(client: FlaskClient, kaohsiung: City) -> Person:
    """Somebody with a thousand points."""
    now = clock.now()
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session, national_id="A123456789", mobile="0912345678", password="kaohsiung-demo-1", now=now
        )
        issued = sessions.begin(
            session, person_id=person_id, amr=("hwk", "user"), transport="bearer", user_agent="", replaces=None, now=now
        )
    opened(campaign_terms(code="gift", rail="card"))
    worker_takes(
        recorded("wallet.payment_captured", captured(person_id, rail="card", amount_twd=99_000, due_before=False))
    )
    return Person(client, person_id, issued.token)


@pytest.fixture
def desk(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "points_officer", bureau="economic")


@pytest.fixture
def later(tmp_path: Path) -> Iterator[Callable[[timedelta], None]]:
    """Put the application's clock ahead by so much in all."""
    file = tmp_path / "ahead"
    clock.follow(file)
    yield lambda by: clock.put_ahead(file, by)
    clock.follow(None)


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[-1]


def test_partners_say_what_it_costs_and_honestly_when_the_value_is_there(mei: Person) -> None:
    items = {each["code"]: each for each in mei.call("GET", "/v1/points/partners").json["items"]}
    assert list(items) == ["ipass", "okmart", "pxmart", "familymart", "seveneleven"]
    assert items["pxmart"]["arrives"] == "sent every night, there by 9 the next morning"
    assert [rate["direction"] for rate in items["familymart"]["rates"]] == ["out", "in"]
    offer = mei.ask("familymart").json
    assert (offer["points_out"], offer["fee_points"], offer["total_cost"], offer["value"]) == (101, 1, 101, 100)
    assert "101 points go (with a fee of 1) and 100 Fa points come" in offer["in_words"]


def test_points_become_value_on_a_card_and_it_is_told(mei: Person, books: SandboxBooks) -> None:
    answer = mei.exchange(mei.ask().json["id"])
    assert (answer.status_code, answer.json["status"], answer.json["value"]) == (201, "done", 100)
    assert mei.balance == 900
    (card,) = books.read("exchange/accounts", partner="ipass")
    assert card["balance"] == 100
    entry = mei.call("GET", "/v1/points/entries").json["items"][0]
    assert (entry["amount"], entry["about"]["id"]) == (-100, answer.json["id"])
    assert mei.call("GET", f"/v1/points/exchanges/{answer.json['id']}").json == answer.json
    assert mei.call("GET", "/v1/points/exchanges").json["items"] == [answer.json]


def test_a_partners_points_become_ours(mei: Person) -> None:
    answer = mei.exchange(mei.ask("familymart", direction="in").json["id"])
    assert (answer.status_code, answer.json["status"], mei.balance) == (201, "done", 1_100)
    entry = mei.call("GET", "/v1/points/entries").json["items"][0]
    assert (entry["amount"], entry["kind"], entry["about"]["kind"]) == (100, "earn", "exchange")


@pytest.mark.parametrize("partner", list(ACCOUNTS))
def test_a_number_with_a_wrong_check_digit_is_refused_before_anything_happens(
    mei: Person, books: SandboxBooks, partner: str
) -> None:
    right = ACCOUNTS[partner]
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10) if partner != "okmart" else "0812345678"
    answer = mei.ask(partner, account_number=wrong)
    assert (answer.status_code, slug(answer)) == (422, "exchange-account-wrong")
    assert mei.ask(partner, account_number=f"{right[:4]} {right[4:]}").status_code == 201
    assert books.read("exchange/orders") == []


@pytest.mark.parametrize(
    ("points", "status"), [(0, 422), (-5, 422), (1.5, 422), ("ten", 422), (9, 422), (2_001, 422), (10, 201)]
)
def test_points_must_be_whole_and_within_the_limits(mei: Person, points: Any, status: int) -> None:
    assert mei.ask(points=points).status_code == status


def test_points_must_come_out_even(mei: Person) -> None:
    answer = mei.ask("seveneleven", 105)
    assert (answer.status_code, answer.json["step"], answer.json["least"]) == (422, 10, 10)


def test_what_is_not_offered_is_refused(mei: Person) -> None:
    assert slug(mei.ask("ipass", direction="in")) == "exchange-not-offered"
    assert (
        mei.call(
            "POST",
            "/v1/points/exchange-quotes",
            {"partner": "nobody", "direction": "out", "points": 100, "account_number": "12345"},
        ).status_code
        == 404
    )


def test_an_offer_is_good_for_two_minutes_and_for_one_exchange(mei: Person, later: Callable[[timedelta], None]) -> None:
    offer, other = mei.ask().json, mei.ask().json
    key = str(new_uuid())
    first = mei.exchange(offer["id"], key)
    assert slug(mei.exchange(offer["id"])) == "exchange-quote-used"
    again = mei.exchange(offer["id"], key)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    later(timedelta(seconds=121))
    assert slug(mei.exchange(other["id"])) == "exchange-quote-expired"
    assert mei.balance == 900


def test_somebody_elses_offer_is_not_found(mei: Person, kaohsiung: City) -> None:
    with db.unit_of_work() as session:
        offer = quotes.make(
            session, person_id=new_uuid(), partner="ipass", direction="out", points=100, account=ACCOUNTS["ipass"],
            now=clock.now(),
        )  # fmt: skip
    assert mei.exchange(typeid("exq", offer.id)).status_code == 404
    assert mei.exchange("exq_x").status_code == 404


def test_more_points_than_there_are_are_refused(mei: Person) -> None:
    answer = mei.exchange(mei.ask(points=1_001).json["id"])
    assert (slug(answer), answer.json["available"]) == ("not-enough-points", 1_000)


def test_a_partners_budget_cannot_be_overspent_however_many_come_at_once(kaohsiung: City) -> None:
    left = kaohsiung.budget_left("okmart")
    with db.unit_of_work() as session:
        budget, used = (book.account_id(code("okmart")) for code in (terms.budget_code, terms.used_code))
        book.post(session, [book.Posting(new_uuid(), budget, used, left - 250, "PT", "almost all")], now=kaohsiung.now)
    people_ = [kaohsiung.somebody(200) for _ in range(6)]
    ends: list[str] = []

    def exchange(person_id: UUID) -> None:
        try:
            kaohsiung.begun("okmart", person_id)
            ends.append("begun")
        except BudgetUsedUp:
            ends.append("used up")

    threads = [threading.Thread(target=exchange, args=(each,)) for each in people_]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["begun"] * 2 + ["used up"] * 4
    assert kaohsiung.budget_left("okmart") == 50


def test_a_persons_cap_is_exact_however_many_come_at_once(kaohsiung: City) -> None:
    person_id = kaohsiung.somebody(9_000)
    ends: list[str] = []

    def exchange() -> None:
        try:
            kaohsiung.begun("ipass", person_id, points=700)
            ends.append("begun")
        except OverTheCap as over:
            ends.append(f"left {over.extensions['left']}")

    threads = [threading.Thread(target=exchange) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["begun"] * 2 + ["left 600"] * 3


def test_what_was_undone_does_not_count_against_the_cap(kaohsiung: City, books: SandboxBooks) -> None:
    person_id = kaohsiung.somebody(5_000)
    books.set_switch("ipass", "reservation", "declines", count=1)
    assert kaohsiung.drive(kaohsiung.begun("ipass", person_id, points=2_000)).status == states.UNDONE  # type: ignore[union-attr]
    assert kaohsiung.drive(kaohsiung.begun("ipass", person_id, points=2_000)).status == states.DONE  # type: ignore[union-attr]


def test_over_a_velocity_limit_an_exchange_waits_for_the_desk(
    mei: Person, desk: SignedInOfficer, books: SandboxBooks
) -> None:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.velocity_limit SET most_times = 1 WHERE code = 'person_ten_minutes'"))
    done = mei.exchange(mei.ask().json["id"])
    first, second = (mei.exchange(mei.ask().json["id"]) for _ in range(2))
    assert (done.json["status"], first.status_code, first.json["status"]) == ("done", 202, "held")
    assert first.json["reason"]
    assert mei.balance == 700
    listed = desk.call("GET", "/v1/points-desk/exchanges?status=held").json["items"]
    assert {each["id"] for each in listed} == {first.json["id"], second.json["id"]}
    key = {"Idempotency_Key": "a"}
    released = desk.call("POST", f"/v1/points-desk/exchanges/{first.json['id']}/release", **key)
    assert (released.status_code, released.json["status"]) == (200, "ordered")
    saga.drive_due(clock.now() + timedelta(seconds=30))
    assert mei.call("GET", f"/v1/points/exchanges/{first.json['id']}").json["status"] == "done"
    key = {"Idempotency_Key": "b"}
    path = f"/v1/points-desk/exchanges/{second.json['id']}/refusal"
    assert desk.call("POST", path, {"reason": "同一卡號太多次"}, **key).json["status"] == "undone"
    assert slug(desk.call("POST", path, {"reason": "x"}, Idempotency_Key="c")) == "exchange-not-held"
    assert mei.balance == 800
    assert len([each for each in books.read("exchange/orders") if each["state"] == "done"]) == 2


def test_what_a_signed_webhook_tells_is_asked_of_the_partner_itself(mei: Person, books: SandboxBooks) -> None:
    waiting = mei.exchange(mei.ask("seveneleven").json["id"])
    assert (waiting.status_code, waiting.json["status"]) == (202, "waiting")
    assert mei.balance == 900
    told = orjson.dumps({"type": "order.completed", "data": {"reference": waiting.json["id"]}})
    path = "/v1/webhooks/partners/seveneleven"

    def tell(secret: str, content: bytes, where: str = path) -> int:
        headers = wire.signature_headers(secret, "evt_1", b"", content)
        return mei.client.post(where, data=content, headers=headers, content_type="application/json").status_code

    assert tell("wrong", told) == 403
    assert tell("sandbox-seveneleven-secret", b"[]") == 400
    assert tell("sandbox-seveneleven-secret", told, "/v1/webhooks/partners/nobody") == 404
    assert tell("sandbox-seveneleven-secret", told) == 200
    seen = mei.call("GET", f"/v1/points/exchanges/{waiting.json['id']}").json
    assert seen["status"] == "waiting", "the partner itself says that it is not done"
    books.asked("POST", "/seveneleven/working-off")
    assert tell("sandbox-seveneleven-secret", told) == 200
    assert tell("sandbox-seveneleven-secret", told) == 200
    assert mei.call("GET", f"/v1/points/exchanges/{waiting.json['id']}").json["status"] == "done"


def test_a_request_that_died_is_gone_on_with_under_its_key(
    mei: Person, kaohsiung: City, books: SandboxBooks, later: Callable[[timedelta], None]
) -> None:
    kaohsiung.partners["ipass"].die((1, "after"))
    offer, key = mei.ask().json, str(new_uuid())
    with pytest.raises(Killed):
        mei.exchange(offer["id"], key)
    later(timedelta(seconds=40))
    again = mei.exchange(offer["id"], key)
    assert (again.status_code, again.json["status"]) == (201, "done")
    assert len(books.read("exchange/orders")) == 1


def test_the_desk_sees_what_is_left_and_what_is_on_its_way(mei: Person, desk: SignedInOfficer) -> None:
    mei.exchange(mei.ask("pxmart").json["id"])
    mei.exchange(mei.ask("ipass").json["id"])
    items = {each["code"]: each for each in desk.call("GET", "/v1/points-desk/partners").json["items"]}
    assert (items["pxmart"]["open_exchanges"], items["ipass"]["open_exchanges"]) == (1, 0)
    assert items["ipass"]["points_there"] == 100
    assert items["ipass"]["budget_left"] == items["pxmart"]["budget_left"] == 19_999_900


def test_every_end_is_told_to_the_citizen(mei: Person, books: SandboxBooks) -> None:
    mei.exchange(mei.ask().json["id"])
    books.set_switch("ipass", "reservation", "declines", count=1)
    mei.exchange(mei.ask().json["id"])
    mei.exchange(mei.ask("familymart", direction="in").json["id"])
    with db.unit_of_work() as session:
        ids = list(session.execute(text("SELECT id FROM core.outbox WHERE kind LIKE 'points.exchange%'")).scalars())
    deliver(ids, wiring.consumers_by_kind())
    items = [each for each in mei.call("GET", "/v1/inbox").json["items"] if "exchange" in each["kind"]]
    told = {each["title"]: each["link"] for each in items}
    assert told.keys() == {"Your points are exchanged", "Your points were not exchanged", "100 points have come in"}
    ids = {each["id"] for each in mei.call("GET", "/v1/points/exchanges").json["items"]}
    assert set(told.values()) == {f"/app/points/exchanges/{each}" for each in ids}


def test_whoever_waits_for_a_look_is_told_of_it_and_of_what_came_of_it(mei: Person, desk: SignedInOfficer) -> None:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.velocity_limit SET most_points = 50 WHERE code = 'person_day'"))
    asked = [mei.exchange(mei.ask().json["id"]) for _ in range(2)]
    assert [each.status_code for each in asked] == [202, 202], [each.json for each in asked]
    held = [each.json["id"] for each in asked]
    path = "/v1/points-desk/exchanges"
    assert desk.call("POST", f"{path}/{held[0]}/release", Idempotency_Key="a").status_code == 200
    assert desk.call("POST", f"{path}/{held[1]}/refusal", {"reason": "x"}, Idempotency_Key="b").status_code == 200
    saga.drive_due(clock.now() + timedelta(seconds=30))
    with db.unit_of_work() as session:
        found = session.execute(text("SELECT id FROM core.outbox WHERE kind LIKE 'points.exchange%' ORDER BY id"))
        ids = list(found.scalars())
    for each in ids:
        deliver([each], wiring.consumers_by_kind())
    told = [(each["title"], each["link"].rpartition("/")[2]) for each in mei.call("GET", "/v1/inbox").json["items"]]
    assert sorted(told) == sorted(
        [("Your exchange waits for a look", held[0]), ("Your exchange goes on", held[0]),
         ("Your points are exchanged", held[0]), ("Your exchange waits for a look", held[1]),
         ("Your points were not exchanged", held[1])]
    )  # fmt: skip


def test_the_database_refuses_every_move_that_is_not_in_the_graph(kaohsiung: City) -> None:
    with db.unit_of_work() as session:
        held = {(row.source, row.target) for row in session.execute(text("SELECT * FROM points.exchange_move"))}
    assert held == {("", first) for first in states.BEGINNINGS} | {(move.source, move.target) for move in states.MOVES}
    exchange = kaohsiung.begun("okmart", kaohsiung.somebody(200))
    kaohsiung.drive(exchange)
    with pytest.raises(Exception, match="does not go from done to undone"), db.unit_of_work() as session:
        session.execute(text("UPDATE points.exchange SET status = 'undone'"))
    with db.unit_of_work() as session:
        steps = exchanges.steps_of(session, exchange.id)
    assert [(step.source, step.target) for step in steps] == [("", "ordered"), ("ordered", "done")]


def test_the_documentation_shows_the_graph_as_it_is() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/exchange.md").read_text()
    assert states.as_mermaid() in page


def test_a_partner_that_never_says_is_cancelled_after_a_day(kaohsiung: City, books: SandboxBooks) -> None:
    exchange = kaohsiung.begun("seveneleven", kaohsiung.somebody(200))
    kaohsiung.drive(exchange)
    kaohsiung.sweep(kaohsiung.now + timedelta(hours=23))
    assert kaohsiung.at(exchange).status == states.WAITING
    kaohsiung.sweep(kaohsiung.now + timedelta(hours=25))
    assert (kaohsiung.at(exchange).status, kaohsiung.at(exchange).reason) == (states.UNDONE, "no_answer")
    books.asked("POST", "/seveneleven/working-off")
    (order,) = books.read("exchange/orders")
    assert order["state"] == "cancelled"
