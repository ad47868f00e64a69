"""Fines in parts: what the law allows, parts as bills, one delay, two missed, and a citizen who asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from bureau_system import BureauSystem
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from paying_city import fines_file, national_id
from sandbox_process import SandboxBooks, SandboxProcess, post_form, start_sandbox
from sqlalchemy import text

from core import clock, db
from core.clock import taipei_date
from core.crypto import open_sealed
from core.ids import parse_typeid
from partners import wire
from partners.bureaus.client import BureausClient
from wallet import bill_batches, instalment_requests, instalments
from wallet import ports as wallet_ports
from wallet.double_payments import reported_elsewhere


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    running = start_sandbox(tmp_path_factory.mktemp("bureaus"))
    yield running
    running.stop()


@pytest.fixture
def books(client: FlaskClient, register: SandboxProcess) -> Iterator[SandboxBooks]:
    found = SandboxBooks(register.url)
    found.clear_switches()
    found.reset()
    before = wallet_ports.ports()
    peer = wire.Peer("bureaus", f"{register.url}/bureaus", "sandbox-bureaus-secret", read_timeout_seconds=2.0)
    wallet_ports.plug_in(replace(before, bureaus=BureausClient(peer)))
    yield found
    wallet_ports.plug_in(before)


@pytest.fixture
def mei(client: FlaskClient) -> PayingCitizen:
    """Somebody with a fine of NT$1,800."""
    return with_a_fine(client, 1, 1800)


def with_a_fine(client: FlaskClient, number: int, amount: int) -> PayingCitizen:
    somebody = paying_citizen(client, number, ())
    with db.unit_of_work() as session:
        bill_batches.receive(
            session, [fines_file(somebody.plate, national_id(number), [amount], number=f"BX00000{number:02d}")],
            source="fines", sender=None, now=clock.now(), on_reported_elsewhere=reported_elsewhere,
        )  # fmt: skip
    return somebody


@pytest.fixture
def fines(client: FlaskClient) -> BureauSystem:
    return BureauSystem(client, "fines")


def today() -> date:
    return taipei_date(clock.now())


def plan(*amounts: int, number: str = "BX0000001", plan_number: str = "P1", **first: Any) -> dict[str, Any]:
    parts = [
        {"number": f"{number}-{place}", "amount": amount, "due_on": (today() + timedelta(days=30 * place)).isoformat()}
        for place, amount in enumerate(amounts, start=1)
    ]
    parts[0] |= first
    return {"plan_number": plan_number, "number": number, "parts": parts}


def granted(fines: BureauSystem, *amounts: int) -> dict[str, Any]:
    answer = fines.send("POST", "/v1/bureau/instalment-plans", plan(*amounts))
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    assert answer.headers["Location"] == f"/v1/bureau/instalment-plans/{found['id']}"
    return found


def bills_of(somebody: PayingCitizen) -> dict[str, dict[str, Any]]:
    return {bill["number"]: bill for bill in somebody.send("GET", "/v1/bills").json["items"]}


def becomes(bill_id: str, status: str) -> None:
    """As if it had been paid, or its payment undone."""
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bill SET status = :status WHERE id = :id"),
                        {"status": status, "id": parse_typeid("bill", bill_id)})  # fmt: skip


def facts(kind: str) -> list[dict[str, Any]]:
    """What was made known of this kind, in order."""
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY id"), {"kind": kind})
        return [row.payload for row in rows]


def settled(at: datetime | None = None) -> int:
    with db.unit_of_work() as session:
        return instalments.settle_plans(session, now=at or clock.now())


def days_ahead(days: int) -> datetime:
    return clock.now() + timedelta(days=days)


def test_a_granted_plan_makes_parts_that_are_bills_like_others(mei: PayingCitizen, fines: BureauSystem) -> None:
    made = granted(fines, 800, 500, 500)
    assert (made["status"], made["amount"], [part["amount"] for part in made["parts"]]) == (
        "active", 1800, [800, 500, 500],
    )  # fmt: skip
    bills = bills_of(mei)
    assert bills["BX0000001"]["not_payable_reason"] == "on_instalments"
    assert "分期" in bills["BX0000001"]["not_payable_explanation"]
    part = bills["BX0000001-2"]
    assert (part["is_payable"], part["amount"], part["part_number"], part["part_count"]) == (True, 500, 2, 3)
    assert part["due_on"] == made["parts"][1]["due_on"] and part["instalment_plan_id"] == made["id"]
    quotes = mei.send("GET", f"/v1/bills/{part['id']}/quotes").json["items"]
    assert quotes[0]["is_available"]


def test_a_part_is_sealed_to_its_own_row(mei: PayingCitizen, fines: BureauSystem) -> None:
    part = granted(fines, 900, 900)["parts"][0]
    bill_id = parse_typeid("bill", part["bill_id"])
    with db.unit_of_work() as session:
        sealed = session.execute(text("SELECT owner_sealed FROM wallet.bill WHERE id = :id"), {"id": bill_id}).scalar()
    owner = open_sealed(sealed, table="wallet.bill", column="owner_sealed", row_id=bill_id).decode()
    assert owner == national_id(1)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (plan(1800), "number_of_parts"),
        (plan(*[500] * 19), "number_of_parts"),
        (plan(1301, 499), "part_too_small"),
        (plan(900, 901), "parts_do_not_add_up"),
        (plan(900, 900, number="BX0000001") | {"parts": [
            {"number": "BX0000001-1", "amount": 900, "due_on": "2027-02-01"},
            {"number": "BX0000001-1", "amount": 900, "due_on": "2027-03-01"}]}, "part_number_repeated"),
        (plan(900, 900, due_on="2020-01-01"), "first_date_passed"),
        (plan(900, 900, due_on="2090-01-01"), "dates_not_ascending"),
        (plan(900, 900) | {"parts": [
            {"number": "BX0000001", "amount": 900, "due_on": "2027-02-01"},
            {"number": "BX0000001-1", "amount": 900, "due_on": "2027-03-01"}]}, "part_number_repeated"),
    ],
)  # fmt: skip
def test_what_the_law_or_the_plan_itself_does_not_allow_is_refused_with_the_reason_and_its_source(
    mei: PayingCitizen, fines: BureauSystem, body: dict[str, Any], reason: str
) -> None:
    answer = fines.send("POST", "/v1/bureau/instalment-plans", body)
    assert (answer.status_code, answer.json["reason"]) == (422, reason)
    assert answer.json["most_parts"] == 18 and answer.json["least_part"] == 500 and "§60" in answer.json["source"]
    assert list(bills_of(mei)) == ["BX0000001"]


@pytest.mark.parametrize("amount", [900.5, "900", "９００", True, None, 0, -900, 1e18, [900]])
def test_an_amount_that_is_no_whole_number_of_dollars_is_refused(
    mei: PayingCitizen, fines: BureauSystem, amount: Any
) -> None:
    answer = fines.send("POST", "/v1/bureau/instalment-plans", plan(amount, 900))
    assert answer.status_code == 422 and answer.json["errors"][0]["pointer"] == "/parts/0/amount"


def test_eighteen_parts_of_five_hundred_are_allowed(client: FlaskClient, fines: BureauSystem) -> None:
    somebody = with_a_fine(client, 1, 9000)
    assert len(granted(fines, *[500] * 18)["parts"]) == 18
    assert len(bills_of(somebody)) == 19


def test_the_same_plan_again_changes_nothing_and_another_under_its_number_is_a_conflict(
    mei: PayingCitizen, fines: BureauSystem
) -> None:
    first = granted(fines, 900, 900)
    again = fines.send("POST", "/v1/bureau/instalment-plans", plan(900, 900))
    assert (again.status_code, again.json) == (200, first)
    assert len(facts("wallet.instalments_granted")) == 1
    other = fines.send("POST", "/v1/bureau/instalment-plans", plan(1000, 800))
    assert (other.status_code, other.json["type"].rsplit("/", 1)[1]) == (409, "instalment-plan-conflict")
    second = fines.send("POST", "/v1/bureau/instalment-plans", plan(900, 900, plan_number="P2"))
    assert second.json["reason"] == "already_on_instalments"


def test_another_bureau_knows_neither_the_bill_nor_the_plan(
    client: FlaskClient, mei: PayingCitizen, fines: BureauSystem
) -> None:
    parking = BureauSystem(client, "parking")
    assert parking.send("POST", "/v1/bureau/instalment-plans", plan(900, 900)).status_code == 404
    made = granted(fines, 900, 900)
    assert parking.send("GET", f"/v1/bureau/instalment-plans/{made['id']}").status_code == 404
    delay = {"part": 1, "due_on": (today() + timedelta(days=40)).isoformat()}
    assert parking.send("POST", f"/v1/bureau/instalment-plans/{made['id']}/delays", delay).status_code == 404


def test_one_delay_is_allowed_and_no_second(mei: PayingCitizen, fines: BureauSystem) -> None:
    made = granted(fines, 900, 900)
    path = f"/v1/bureau/instalment-plans/{made['id']}/delays"
    later = {"part": 1, "due_on": (today() + timedelta(days=45)).isoformat()}
    early = fines.send("POST", path, {"part": 1, "due_on": today().isoformat()})
    assert early.json["reason"] == "date_not_later"
    delayed = fines.send("POST", path, later).json
    assert delayed["delays_used"] == 1 and delayed["parts"][0]["due_on"] == later["due_on"]
    assert delayed["parts"][0]["first_due_on"] == made["parts"][0]["due_on"]
    assert fines.send("POST", path, later).json == delayed
    assert [(fact["part"], fact["due_on"]) for fact in facts("wallet.instalment_delayed")] == [(1, later["due_on"])]
    second = fines.send("POST", path, {"part": 2, "due_on": "2090-01-01"})
    assert (second.status_code, second.json["reason"]) == (409, "no_delay_left")


def test_when_every_part_is_paid_the_fine_is_paid_and_open_again_when_one_is_undone(
    mei: PayingCitizen, fines: BureauSystem
) -> None:
    made = granted(fines, 900, 900)
    for part in made["parts"]:
        becomes(part["bill_id"], "paid")
    assert (settled(), settled()) == (1, 0)
    whole = bills_of(mei)["BX0000001"]
    assert (whole["status"], whole["paid_via"]) == ("paid", "instalments")
    becomes(made["parts"][1]["bill_id"], "unpaid")
    assert settled() == 1
    assert bills_of(mei)["BX0000001"]["not_payable_reason"] == "on_instalments"
    assert fines.send("GET", f"/v1/bureau/instalment-plans/{made['id']}").json["status"] == "active"
    assert len(facts("wallet.instalments_completed")) == 1


def test_one_missed_part_changes_nothing_and_two_end_the_plan_with_the_rest_owed_at_once(
    mei: PayingCitizen, fines: BureauSystem
) -> None:
    made = granted(fines, 600, 600, 600)
    becomes(made["parts"][0]["bill_id"], "paid")
    assert settled(days_ahead(60)) == 0
    assert settled(days_ahead(61)) == 0
    assert facts("wallet.instalments_ended") == []
    assert (settled(days_ahead(91)), settled(days_ahead(92))) == (1, 0)
    (ended,) = facts("wallet.instalments_ended")
    assert (ended["left_twd"], ended["amount_twd"]) == (1200, 1800)
    bills = bills_of(mei)
    assert (bills["BX0000001"]["amount"], bills["BX0000001"]["is_payable"]) == (1200, True)
    assert [bills[f"BX0000001-{part}"]["status"] for part in (1, 2, 3)] == ["paid", "void", "void"]
    assert fines.send("GET", f"/v1/bureau/instalment-plans/{made['id']}").json["status"] == "ended"
    again = fines.send("POST", "/v1/bureau/instalment-plans", plan(600, 600, plan_number="P2") | {"parts": [
        {"number": "BX0000001-A", "amount": 600, "due_on": "2027-05-01"},
        {"number": "BX0000001-B", "amount": 600, "due_on": "2027-06-01"}]})  # fmt: skip
    assert again.status_code == 201


def test_whoever_misses_a_part_is_warned_once_of_each_that_could_be_the_last_but_one(
    mei: PayingCitizen, fines: BureauSystem
) -> None:
    made = granted(fines, 600, 600, 600)
    (plan_granted,) = facts("wallet.instalments_granted")
    assert (plan_granted["first_twd"], plan_granted["first_due_on"]) == (600, made["parts"][0]["due_on"])
    for days in (30, 31, 32, 40):
        assert settled(days_ahead(days)) == 0
    (warned,) = facts("wallet.instalment_missed")
    assert warned["person_ids"] == plan_granted["person_ids"] and len(warned["person_ids"]) == 1
    assert (warned["part"], warned["left_twd"], warned["next_due_on"]) == (1, 1800, made["parts"][1]["due_on"])
    becomes(made["parts"][0]["bill_id"], "paid")
    settled(days_ahead(61))
    settled(days_ahead(62))
    again = facts("wallet.instalment_missed")[1:]
    assert [(fact["part"], fact["left_twd"]) for fact in again] == [(2, 1200)]
    becomes(made["parts"][1]["bill_id"], "paid")
    settled(days_ahead(91))
    assert [fact["next_due_on"] for fact in facts("wallet.instalment_missed")[2:]] == [None]


def test_nobody_is_warned_of_a_part_that_is_being_paid_at_this_moment(mei: PayingCitizen, fines: BureauSystem) -> None:
    made = granted(fines, 900, 900)
    claim = text("UPDATE wallet.bill SET claimed_by = CASE WHEN :is_claimed THEN id END WHERE id = :id")
    part_id = parse_typeid("bill", made["parts"][0]["bill_id"])
    with db.unit_of_work() as session:
        session.execute(claim, {"id": part_id, "is_claimed": True})
    settled(days_ahead(31))
    assert facts("wallet.instalment_missed") == []
    with db.unit_of_work() as session:
        session.execute(claim, {"id": part_id, "is_claimed": False})
    settled(days_ahead(31))
    assert len(facts("wallet.instalment_missed")) == 1


def test_a_delayed_part_is_missed_only_after_its_new_date(mei: PayingCitizen, fines: BureauSystem) -> None:
    made = granted(fines, 900, 900)
    delay = {"part": 2, "due_on": (today() + timedelta(days=80)).isoformat()}
    fines.send("POST", f"/v1/bureau/instalment-plans/{made['id']}/delays", delay)
    assert (settled(days_ahead(80)), settled(days_ahead(81))) == (0, 1)


def test_a_part_that_is_being_paid_at_this_moment_is_not_taken_away(mei: PayingCitizen, fines: BureauSystem) -> None:
    made = granted(fines, 900, 900)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bill SET claimed_by = id WHERE id = :id"),
                        {"id": parse_typeid("bill", made["parts"][1]["bill_id"])})  # fmt: skip
    assert settled(days_ahead(100)) == 0


def ask(somebody: PayingCitizen, parts: int) -> Any:
    (bill_id, *_) = somebody.bill_ids()
    return somebody.send("POST", f"/v1/bills/{bill_id}/instalment-requests", {"parts": parts})


def shown(somebody: PayingCitizen) -> dict[str, Any]:
    bill_id = bills_of(somebody)["BX0000001"]["id"]
    answer = somebody.send("GET", f"/v1/bills/{bill_id}/instalments")
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def test_a_citizen_asks_the_bureau_grants_and_the_parts_appear(mei: PayingCitizen, books: SandboxBooks) -> None:
    before = shown(mei)
    assert (before["can_request"], before["most_parts"], before["request"], before["plan"]) == (True, 3, None, None)
    asked = ask(mei, 3)
    assert (asked.status_code, asked.json["status"]) == (202, "forwarded")
    assert ask(mei, 2).json["id"] == asked.json["id"]
    assert shown(mei)["can_request"] is False
    page = f"{books.url}/bureaus/fines/instalment-requests"
    assert post_form(f"{page}/{asked.json['id']}", decision="grant").status == 303
    instalment_requests.send_due(clock.now() + timedelta(seconds=6))
    after = shown(mei)
    assert (after["request"]["status"], after["plan"]["status"]) == ("granted", "active")
    assert [part["amount"] for part in after["plan"]["parts"]] == [600, 600, 600]
    assert [bill["number"] for bill in bills_of(mei).values() if bill["is_payable"]] == [
        "BX0000001-01", "BX0000001-02", "BX0000001-03",
    ]  # fmt: skip


def test_a_refusal_is_shown_and_it_can_be_asked_again(mei: PayingCitizen, books: SandboxBooks) -> None:
    asked = ask(mei, 2).json
    page = f"{books.url}/bureaus/fines/instalment-requests"
    post_form(f"{page}/{asked['id']}", decision="refuse", reason="no_hardship")
    instalment_requests.send_due(clock.now() + timedelta(seconds=6))
    found = shown(mei)
    assert (found["request"]["status"], found["request"]["refusal"]) == ("refused", "no_hardship")
    assert found["can_request"] is True
    instalment_requests.send_due(clock.now() + timedelta(seconds=60))
    assert [fact["refusal"] for fact in facts("wallet.instalments_refused")] == ["no_hardship"]
    assert ask(mei, 2).json["id"] != asked["id"]


def test_a_bureau_that_does_not_answer_gets_the_request_later(mei: PayingCitizen, books: SandboxBooks) -> None:
    books.set_switch("bureaus", "instalment_request", "error_500_after", count=1)
    asked = ask(mei, 2)
    assert (asked.status_code, asked.json["status"]) == (202, "requested")
    instalment_requests.send_due(clock.now() + timedelta(seconds=6))
    assert shown(mei)["request"]["status"] == "forwarded"
    assert len(books.read("bureaus/fines/instalment-requests")) == 1


@pytest.mark.parametrize(("parts", "reason"), [(4, "too_many_parts"), (18, "too_many_parts")])
def test_what_cannot_be_divided_so_is_refused_at_once(
    mei: PayingCitizen, books: SandboxBooks, parts: int, reason: str
) -> None:
    answer = ask(mei, parts)
    assert (answer.status_code, answer.json["reason"], answer.json["most_parts"]) == (409, reason, 3)
    assert books.read("bureaus/fines/instalment-requests") == []


def test_a_small_fine_a_parking_fee_and_a_strangers_fine_cannot_be_asked_for(
    client: FlaskClient, mei: PayingCitizen, books: SandboxBooks
) -> None:
    small, parker = with_a_fine(client, 2, 999), paying_citizen(client, 3, (4000,))
    assert ask(small, 2).json["reason"] == "too_little"
    assert ask(parker, 2).json["reason"] == "not_a_fine"
    bill_id = mei.bill_ids()[0]
    stranger = small.send("POST", f"/v1/bills/{bill_id}/instalment-requests", {"parts": 2})
    assert stranger.status_code == 404
