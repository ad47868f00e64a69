"""A later last day: proposed in numbers, decided by another officer, told in the history, and the book agrees."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from paying_city import national_id
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.ids import new_uuid
from core.text import Text
from identity import people
from points import extensions, history
from points.expiry import expire_lots
from tests.points.conftest import in_the_book, opened, pay, terms

END = datetime(2027, 11, 30, 16, tzinfo=UTC)
UNTIL = date(2028, 1, 31)
NUMBER = national_id(7)
PATH = "/v1/points-desk/extensions"
WANTED = {
    "campaign": "pay-by-bank",
    "first_day": "2027-11-01",
    "last_day": "2027-11-30",
    "until_day": "2028-01-31",
    "reason_zh": "收銀系統停擺",
    "reason_en": "The tills stood still",
}


@pytest.fixture
def campaign(client: FlaskClient) -> UUID:
    return opened(terms(rail="card"))


def standing(person_id: UUID, now: datetime) -> history.Standing:
    with db.unit_of_work() as session:
        return history.standing(session, person_id=person_id, now=now)


def kinds(person_id: UUID) -> list[tuple[str, int]]:
    with db.unit_of_work() as session:
        page, _ = history.entries(session, person_id=person_id, limit=20, cursor=None)
    return [(entry.kind, entry.amount) for entry in page]


def test_two_officers_give_everybody_a_later_last_day_and_what_lapsed_comes_back(
    client: FlaskClient, campaign: UUID
) -> None:
    holders = [new_uuid() for _ in range(3)]
    for person in holders:
        pay(person, rail="card")
    pay(holders[0], rail="card", captured_at="2026-10-05T06:03:20+00:00")
    expire_lots(END)
    late = new_uuid()
    pay(late, rail="card")
    first, second = (signed_in_officer(client, "points_officer", bureau="economic") for _ in range(2))
    numbers = {"people": 4, "lots": 4, "points": 88, "lapsed": 66}
    assert first.call("POST", f"{PATH}/estimate", WANTED).json == numbers
    proposed = first.call("POST", PATH, WANTED, Idempotency_Key=str(uuid4()))
    assert proposed.status_code == 202
    assert {name: proposed.json[name] for name in numbers} == numbers
    assert first.decide(proposed.json["approval_id"], is_approved=True).status_code == 403
    assert standing(late, END - timedelta(days=1)).expiring == [(22, date(2027, 11, 30))]

    assert second.decide(proposed.json["approval_id"], is_approved=True).status_code == 200
    now = END + timedelta(days=1)
    for person in holders[1:]:
        assert sorted(kinds(person)) == [("earn", 22), ("expire", -22), ("extend", 22)]
    for person in (*holders, late):
        shown = standing(person, now)
        assert shown.expiring == [(22, UNTIL)]
        assert shown.lots[0].extended == Text("收銀系統停擺", "The tills stood still")
        assert in_the_book(person) == 22
    assert kinds(late) == [("earn", 22)]
    [listed] = first.call("GET", PATH).json["items"]
    assert (listed["status"], listed["code"]) == ("done", "pay-by-bank")
    assert extensions.carry_out_approved(now) == 0
    assert expire_lots(datetime(2028, 1, 31, 15, 59, tzinfo=UTC)) == 0
    assert expire_lots(datetime(2028, 1, 31, 16, tzinfo=UTC)) == 4


def test_what_is_declined_moves_nothing(client: FlaskClient, campaign: UUID) -> None:
    person = new_uuid()
    pay(person, rail="card")
    first, second = (signed_in_officer(client, "points_officer", bureau="economic") for _ in range(2))
    bureau = {**WANTED, "campaign": None, "bureau": "finance"}
    proposed = first.call("POST", PATH, bureau, Idempotency_Key=str(uuid4())).json
    assert second.decide(proposed["approval_id"], is_approved=False, note="no").status_code == 200
    assert first.call("GET", PATH).json["items"][0]["status"] == "refused"
    assert standing(person, END - timedelta(days=1)).expiring == [(22, date(2027, 11, 30))]


def test_a_person_is_found_by_the_number_and_told_who_looked(client: FlaskClient, campaign: UUID) -> None:
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session, national_id=NUMBER, mobile="0912345678", password="a long enough one", now=clock.now()
        )
    pay(person_id, rail="card")
    desk = signed_in_officer(client, "points_officer", bureau="economic")
    wanted = {**WANTED, "campaign": None, "national_id": NUMBER}
    assert desk.call("POST", f"{PATH}/estimate", wanted).json["points"] == 22
    with db.unit_of_work() as session:
        seen = session.execute(
            text("SELECT purpose FROM identity.access_log WHERE person_id = :id"), {"id": person_id}
        ).scalars()
        assert list(seen) == ["points_extension"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"until_day": "2027-11-30"}, 422),
        ({"first_day": "2027-12-01"}, 422),
        ({"bureau": "finance"}, 422),
        ({"campaign": None}, 422),
        ({"reason_zh": ""}, 422),
        ({"campaign": "another"}, 409),
        ({"campaign": None, "national_id": "A123456789"}, 404),
    ],
    ids=str,
)
def test_what_fits_nobody_or_no_day_is_refused(client: FlaskClient, changed: dict[str, str], status: int) -> None:
    desk = signed_in_officer(client, "points_officer", bureau="economic")
    answer = desk.call("POST", PATH, {**WANTED, **changed}, Idempotency_Key=str(uuid4()))
    assert answer.status_code == status, answer.json
