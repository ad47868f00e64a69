"""What the city owes in points, what lapses, and what points cost whom: to the point, as the book has it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.clock import taipei_date
from core.errors import InvalidRequest
from core.ids import new_uuid
from core.text import Text
from ledger import tasks as ledger_tasks
from points import day_sums, reports, tender
from points.day_sums import sum_up_days
from points.expiry import expire_lots
from tests.points.conftest import NOW, opened, pay, refund, terms

END = datetime(2027, 11, 30, 16, tzinfo=UTC)
EXPIRES_ON = date(2027, 11, 30)


def use(person_id: UUID, points: int, kind: str, target: str, now: datetime = NOW) -> UUID:
    use_id = new_uuid()
    with db.unit_of_work() as session:
        what = tender.For(kind, use_id, target, Text("{points}", "{points}"))
        tender.spend_for(session, what, person_id=person_id, points=points, now=now)
    return use_id


def owed_on(day: date, now: datetime = END + timedelta(days=9)) -> reports.Liability:
    with db.unit_of_work() as session:
        return reports.liability(session, day, now)


@pytest.fixture
def people(campaign: UUID) -> list[UUID]:
    """Three who were granted 22 points each; one used 5 at a merchant, one 7 for a bill, and one had it refunded."""
    found = [new_uuid() for _ in range(3)]
    paid = [pay(person) for person in found]
    use(found[0], 5, "redemption", "points:merchant:a-shop")
    use(found[1], 7, "payment", "points:redeemed")
    refund(paid[2], 1260)
    return found


def test_points_are_owed_until_the_end_of_their_last_day_and_then_are_breakage(people: list[UUID]) -> None:
    expire_lots(END)
    last, after = owed_on(EXPIRES_ON), owed_on(EXPIRES_ON + timedelta(days=1))
    assert (last.liability, last.lapsed, last.to_settle) == (32, 0, 5)
    assert (after.liability, after.lapsed, after.to_settle) == (0, 32, 5)
    assert last.is_balanced
    assert after.is_balanced
    with db.unit_of_work() as session:
        cohorts = reports.breakage(session, date(2026, 1, 1), date(2026, 12, 31))
    assert [(each.month, each.lots, each.issued, each.lapsed, each.left) for each in cohorts] == [
        (date(2026, 11, 1), 3, 66, 32, 0)
    ]
    assert cohorts[0].breakage == 0.4848


def test_what_is_set_aside_is_still_owed(campaign: UUID) -> None:
    person = new_uuid()
    pay(person)
    with db.unit_of_work() as session:
        tender.hold(session, person_id=person, payment_id=new_uuid(), points=9, now=NOW)
    found = owed_on(taipei_date(clock.now()))
    assert (found.people, found.set_aside, found.liability) == (13, 9, 22)


def test_costs_are_told_by_campaign_and_by_bureau_and_agree_with_the_book(people: list[UUID]) -> None:
    opened(terms(code="other", bureau="health", rail="card"))
    person = new_uuid()
    pay(person, rail="card")
    use(person, 20, "exchange", "points:partner:ipass")
    expire_lots(END)
    span = (min(taipei_date(NOW), taipei_date(clock.now())), taipei_date(clock.now()))
    with db.unit_of_work() as session:
        by_campaign = reports.costs(session, *span, by="campaign")
        by_bureau = reports.costs(session, *span, by="bureau")
        later = reports.costs(session, EXPIRES_ON, EXPIRES_ON + timedelta(days=1), by="bureau")
    assert [(each.code, each.granted, each.used, each.cost_twd) for each in by_campaign.lines] == [
        ("other", 22, 20, 20),
        ("pay-by-bank", 44, 12, 12),
    ]
    assert [(each.code, each.paid_bills, each.at_merchants, each.exchanged) for each in by_bureau.lines] == [
        ("finance", 7, 5, 0),
        ("health", 0, 0, 20),
    ]
    assert [each.lapsed for each in later.lines] == [32, 2]
    for found in (by_campaign, by_bureau, later):
        assert found.is_reconciled, (found.granted, found.used, found.lapsed)


def test_a_day_to_come_and_a_span_that_is_none_are_refused(database: db.Database) -> None:
    with db.unit_of_work() as session:
        with pytest.raises(InvalidRequest):
            reports.liability(session, taipei_date(NOW) + timedelta(days=1), NOW)
        with pytest.raises(InvalidRequest):
            reports.costs(session, date(2026, 2, 1), date(2026, 1, 31), by="bureau")


def test_the_desk_reads_them_and_takes_them_along_as_files(client: FlaskClient) -> None:
    desk = signed_in_officer(client, "points_officer", bureau="economic")
    today = taipei_date(clock.now()).isoformat()
    answer = desk.call("GET", f"/v1/points-desk/liability?on={today}")
    assert (answer.status_code, answer.json["liability"], answer.json["is_balanced"]) == (200, 0, True)
    for path in (f"costs?from={today}&to={today}&by=campaign", f"breakage?from={today}&to={today}"):
        assert desk.call("GET", f"/v1/points-desk/{path}").json["items"] == []
        file = desk.call("GET", f"/v1/points-desk/{path}&format=csv")
        assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert file.data.startswith("\ufeff".encode())
    assert desk.call("GET", f"/v1/points-desk/costs?from={today}&to={today}&by=person").status_code == 422
    for path in (
        "liability?on=9999-12-31",
        "breakage?from=9999-12-31&to=9999-12-31",
        "costs?from=0001-01-01&to=0001-01-01",
    ):
        assert desk.call("GET", f"/v1/points-desk/{path}").status_code == 422, path
    assert signed_in_officer(client, "finance").call("GET", f"/v1/points-desk/liability?on={today}").status_code == 200
    assert signed_in_officer(client, "counter").call("GET", f"/v1/points-desk/liability?on={today}").status_code == 403


def test_reports_are_the_same_before_and_after_the_days_are_summed_up(people: list[UUID]) -> None:
    with db.unit_of_work() as open_still:
        # While somebody has not ended who began before, what follows waits.
        open_still.execute(text("SELECT pg_current_xact_id()"))
        expire_lots(END)
        before = _all_reports()
        assert sum_up_days() == 6
        ledger_tasks.sum_up_days()
        assert _all_reports() == before
    assert (sum_up_days(), ledger_tasks.sum_up_days()) == (2, 2)
    assert _all_reports() == before
    assert (sum_up_days(), ledger_tasks.sum_up_days()) == (0, 0)
    refund(pay(new_uuid()), 400)
    after = _all_reports()
    assert after != before
    sum_up_days()
    assert _all_reports() == after


@pytest.mark.parametrize("most", [1, 3])
def test_entries_are_counted_by_whole_transactions(people: list[UUID], most: int) -> None:
    lapsing = expire_lots(END, batch=2)
    before, counted = _all_reports(), []
    while True:
        with db.unit_of_work() as session:
            counted.append(day_sums.sum_up(session, most=most))
        assert _all_reports() == before
        if not counted[-1]:
            break
    assert sum(counted) == 6 + lapsing
    assert max(counted) <= max(most, 2)
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT sum(entries) FROM points.entry_day")).scalar_one() == 6 + lapsing


def _all_reports() -> tuple[object, ...]:
    with db.unit_of_work() as session:
        return (
            reports.liability(session, EXPIRES_ON, END + timedelta(days=9)),
            reports.breakage(session, date(2026, 1, 1), date(2028, 12, 31)),
            reports.costs(session, date(2026, 6, 1), date(2027, 5, 31), by="campaign"),
            reports.costs(session, EXPIRES_ON, EXPIRES_ON + timedelta(days=1), by="bureau"),
        )
