"""Points for paying: one lot per payment whatever happens, never more than the budget, and gone with the money."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.ids import new_uuid
from points import history
from points.lots import end_of_lot, points_for_payment
from tests.points.conftest import (
    NOW,
    bring,
    budget_left,
    captured,
    in_the_book,
    opened,
    pay,
    recorded,
    refund,
    refunded,
    terms,
)


def _standing(person_id: UUID, now: datetime = NOW) -> history.Standing:
    with db.unit_of_work() as session:
        return history.standing(session, person_id=person_id, now=now)


def _earned_by(payment_id: str) -> int | None:
    with db.unit_of_work() as session:
        return points_for_payment(session, UUID(payment_id))


def _reasons() -> list[str]:
    with db.unit_of_work() as session:
        return list(session.execute(text("SELECT reason FROM points.not_granted ORDER BY decided_at")).scalars())


def test_a_payment_of_1260_earns_ten_and_twelve_points(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    standing = _standing(person)
    assert standing.balance == in_the_book(person) == _earned_by(paid["payment_id"]) == 22
    assert budget_left() == 100_000 - 22
    [lot] = standing.lots
    assert str(lot.expires_on) == "2027-11-30"
    assert lot.reason.zh == "銀行繳費集點：繳費 NT$1,260 獲得 22 點"
    assert lot.reason.en == "Points for paying by bank: 22 points for paying NT$1,260"
    assert standing.expiring == [(22, lot.expires_on)]


def test_the_fee_earns_nothing_and_neither_does_a_rail_or_a_day_outside_the_campaign(campaign: UUID) -> None:
    person = new_uuid()
    assert _earned_by(pay(person, amount_twd=95, fee_twd=5, total_twd=100)["payment_id"]) == 10
    assert _earned_by(pay(person, rail="card")["payment_id"]) is None
    assert _earned_by(pay(person, captured_at="2026-12-31T23:59:59+00:00")["payment_id"]) == 22
    assert _earned_by(pay(person, captured_at="2027-01-01T00:00:00+00:00")["payment_id"]) is None


def test_deliveries_repeated_and_at_once_grant_once(campaign: UUID) -> None:
    person = new_uuid()
    paid = captured(person)
    events = [recorded("wallet.payment_captured", paid) for _ in range(3)]
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda turn: bring(events[turn % 3]), range(24)))
    assert _standing(person).balance == 22
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM points.entry")).scalar_one() == 1


def test_batches_about_the_same_people_do_not_lock_each_other_out(campaign: UUID) -> None:
    people = [new_uuid() for _ in range(5)]
    batches = [
        [recorded("wallet.payment_captured", captured(people[(turn + step) % 5])) for step in range(5)]
        for turn in range(12)
    ]
    with ThreadPoolExecutor(12) as workers:
        list(workers.map(lambda batch: bring(*batch), batches))
    assert [_standing(person).balance for person in people] == [12 * 22] * 5
    with db.unit_of_work() as session:
        failed = session.execute(text("SELECT count(*) FROM core.outbox WHERE attempts > 0 OR settled_at IS NULL"))
        assert failed.scalar_one() == 0


def test_fifty_at_once_cannot_overspend_a_budget_for_twenty(database: db.Database) -> None:
    db.configure(database.url, connections=60)
    opened(terms(), budget_points=20 * 22 + 21)
    events = [recorded("wallet.payment_captured", captured(new_uuid())) for _ in range(50)]
    with ThreadPoolExecutor(50) as workers:
        list(workers.map(bring, events))
    assert budget_left() == 21
    assert _reasons() == ["budget_exhausted"] * 30
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*), sum(amount) FROM points.lot")).one() == (20, 440)


def test_a_refused_grant_is_an_answer_of_nothing_not_of_unknown(database: db.Database) -> None:
    opened(terms(), budget_points=5)
    person = new_uuid()
    assert _earned_by(str(new_uuid())) is None
    assert _earned_by(pay(person)["payment_id"]) == 0
    assert _standing(person) == history.Standing(0, 0, [], [])


def test_the_daily_cap_cuts_the_last_lot_and_ends_at_midnight_in_taipei(database: db.Database) -> None:
    opened(terms(points_per_person_and_day=50))
    person = new_uuid()
    same_day = ["2026-11-05T01:00:00+00:00"] * 4
    earned = [_earned_by(pay(person, captured_at=at)["payment_id"]) for at in same_day]
    assert earned == [22, 22, 6, 0]
    assert _reasons() == ["daily_cap"]
    assert _earned_by(pay(person, captured_at="2026-11-05T15:59:59+00:00")["payment_id"]) == 0
    assert _earned_by(pay(person, captured_at="2026-11-05T16:00:00+00:00")["payment_id"]) == 22
    assert _earned_by(pay(new_uuid(), captured_at=same_day[0])["payment_id"]) == 22


def test_points_follow_the_money_when_one_bill_of_a_payment_comes_back(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person, amount_twd=1260)
    refund(paid, 600)
    assert _earned_by(paid["payment_id"]) == in_the_book(person) == 16
    refund(paid, 660)
    assert _earned_by(paid["payment_id"]) == in_the_book(person) == 0
    assert budget_left() == 100_000
    with db.unit_of_work() as session:
        page, _ = history.entries(session, person_id=person, limit=10, cursor=None)
    assert [(entry.kind, entry.amount) for entry in page] == [("reverse", -16), ("reverse", -6), ("earn", 22)]
    assert page[0].reason.en == "Points for paying by bank: NT$660 was refunded, 16 points taken back"


def test_paying_again_elsewhere_leaves_the_points_of_the_payment_that_stands(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    bring(recorded("wallet.bill_refunded", refunded(paid, 600, reason="paid_elsewhere_again")))
    assert _earned_by(paid["payment_id"]) == in_the_book(person) == 22


def test_a_refund_repeated_and_at_once_takes_back_once(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    payload = refunded(paid, 600)
    events = [recorded("wallet.bill_refunded", payload) for _ in range(2)]
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda turn: bring(events[turn % 2]), range(16)))
    assert in_the_book(person) == 16


def test_a_refund_heard_of_before_its_payment_leaves_only_what_stands(campaign: UUID) -> None:
    person = new_uuid()
    partly, wholly = captured(person), captured(person)
    refund(partly, 600)
    refund(wholly, 1260)
    bring(recorded("wallet.payment_captured", partly), recorded("wallet.payment_captured", wholly))
    assert _earned_by(partly["payment_id"]) == 16
    assert _earned_by(wholly["payment_id"]) == 0
    assert _reasons() == ["refunded"]


def test_payment_and_refund_in_the_same_moment_end_the_same_whoever_is_first(campaign: UUID) -> None:
    payments = [captured(new_uuid()) for _ in range(12)]
    events = [
        event
        for paid in payments
        for event in (
            recorded("wallet.payment_captured", paid),
            recorded("wallet.bill_refunded", refunded(paid, 600)),
        )
    ]
    with ThreadPoolExecutor(12) as workers:
        list(workers.map(bring, events))
    assert [_earned_by(paid["payment_id"]) for paid in payments] == [16] * 12


def test_the_history_cannot_be_rewritten(campaign: UUID) -> None:
    pay(new_uuid())
    for statement in ("UPDATE points.entry SET amount = 1", "DELETE FROM points.entry", "TRUNCATE points.entry"):
        with pytest.raises(Exception, match="append-only"), db.unit_of_work() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("earned_at", "months", "expires_at"),
    [
        ("2026-11-05T06:03:20+00:00", 12, "2027-11-30T16:00:00+00:00"),
        ("2026-12-31T15:59:59+00:00", 12, "2027-12-31T16:00:00+00:00"),
        ("2026-12-31T16:00:00+00:00", 12, "2028-01-31T16:00:00+00:00"),
        ("2026-01-31T00:00:00+00:00", 1, "2026-02-28T16:00:00+00:00"),
        ("2026-11-30T00:00:00+00:00", 1, "2026-12-31T16:00:00+00:00"),
    ],
)
def test_a_lot_lives_to_the_end_of_its_month_in_taipei(earned_at: str, months: int, expires_at: str) -> None:
    assert end_of_lot(datetime.fromisoformat(earned_at), months).astimezone(UTC).isoformat() == expires_at
