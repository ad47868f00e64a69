"""The weekly settlement: once, to the point, whatever is voided or given back around the cut."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.ids import new_uuid
from ledger import book
from points.merchants import accounts, settlements
from tests.points.conftest import NOW, opened, pay, terms
from tests.points.merchants.city import balance, give_back, merchant, redeem

# NOW is a Thursday. The week is cut on the Monday after, and the next one a week later.
CUT = date(2026, 11, 9)
MONDAY = datetime(2026, 11, 8, 16, 5, tzinfo=UTC)
NEXT_WEEK = MONDAY + timedelta(days=2)
NEXT_MONDAY = MONDAY + timedelta(days=7)


@pytest.fixture
def person(campaign: UUID) -> UUID:
    """Somebody with 1,010 points of the finance bureau's."""
    person_id = new_uuid()
    pay(person_id, amount_twd=100_000)
    return person_id


def settle(at: datetime = MONDAY) -> int:
    return settlements.settle_due(at)


def settled() -> list[Any]:
    with db.unit_of_work() as session:
        return session.execute(text("SELECT * FROM points.settlement ORDER BY until, merchant_id")).all()


def lines() -> set[tuple[str, int, int]]:
    with db.unit_of_work() as session:
        return {tuple(row[1:]) for row in session.execute(text("SELECT * FROM points.settlement_line"))}


def test_a_week_is_what_was_redeemed_less_what_came_back(person: UUID) -> None:
    shop = merchant()
    first, _ = redeem(shop, person, 300), redeem(shop, person, 60)
    give_back(first, 40)
    assert settle() == 1
    (week,) = settled()
    assert (week.until, week.redeemed_points, week.refunded_points, week.redemptions, week.refunds) == (
        CUT,
        360,
        40,
        2,
        1,
    )
    assert (week.amount_twd, week.carried_on_twd, week.status) == (320, 0, "ordered")
    assert balance(accounts.payable_code(shop)) == 320 and balance(accounts.redeemed_code(shop)) == 0
    assert balance(accounts.cost_code("finance")) == 320


def test_settling_again_and_at_once_in_many_places_settles_once(person: UUID) -> None:
    shops = [merchant() for _ in range(3)]
    for shop in shops:
        redeem(shop, person, 100)
    with ThreadPoolExecutor(6) as workers:
        done = list(workers.map(lambda _: settle(), range(6)))
    assert sum(done) == 3 and settle() == 0
    assert [week.amount_twd for week in settled()] == [100, 100, 100]


def test_the_week_ends_with_sunday_in_taipei(person: UUID) -> None:
    shop = merchant()
    redeem(shop, person, 10, datetime(2026, 11, 8, 15, 59, 59, tzinfo=UTC))
    redeem(shop, person, 200, datetime(2026, 11, 8, 16, 0, 0, tzinfo=UTC))
    settle()
    assert [week.amount_twd for week in settled()] == [10]
    settle(NEXT_MONDAY)
    assert [week.amount_twd for week in settled()] == [10, 200]


def test_nothing_is_settled_before_the_week_is_over(person: UUID) -> None:
    redeem(merchant(), person, 10)
    assert settle(NOW + timedelta(hours=1)) == 0


def test_a_void_before_the_cut_was_never_owed(person: UUID) -> None:
    shop = merchant()
    give_back(redeem(shop, person, 100), 100, is_void=True)
    redeem(shop, person, 30)
    settle()
    (week,) = settled()
    assert (week.redeemed_points, week.refunded_points, week.amount_twd) == (30, 0, 30)


def test_what_comes_back_after_the_settlement_is_taken_off_the_next(person: UUID) -> None:
    shop = merchant()
    first = redeem(shop, person, 300)
    settle()
    give_back(first, 100, NEXT_WEEK)
    redeem(shop, person, 250, NEXT_WEEK)
    settle(NEXT_MONDAY)
    assert [(week.refunded_points, week.amount_twd) for week in settled()] == [(0, 300), (100, 150)]


def test_more_back_than_redeemed_is_carried_until_it_is_made_good(person: UUID) -> None:
    shop = merchant()
    first = redeem(shop, person, 300)
    settle()
    give_back(first, 200, NEXT_WEEK)
    redeem(shop, person, 50, NEXT_WEEK)
    settle(NEXT_MONDAY)
    redeem(shop, person, 400, NEXT_WEEK + timedelta(days=7))
    settle(NEXT_MONDAY + timedelta(days=7))
    weeks = [(week.carried_twd, week.amount_twd, week.carried_on_twd, week.status) for week in settled()]
    assert weeks == [(0, 300, 0, "ordered"), (0, 0, -150, "carried"), (-150, 250, 0, "ordered")]


def test_each_bureau_bears_the_cost_of_its_own_points(person: UUID) -> None:
    opened(terms(code="by-bike", bureau="transport", rail="ach"))
    pay(person, rail="ach", amount_twd=30_000)
    shop = merchant()
    everything = redeem(shop, person, 1_300)
    settle()
    give_back(everything, 500, NEXT_WEEK)
    settle(NEXT_MONDAY)
    assert balance(accounts.cost_code("finance")) + balance(accounts.cost_code("transport")) == 800
    assert sum(redeemed for _, redeemed, _ in lines()) == 1_300 and sum(back for _, _, back in lines()) == 500
    assert {bureau for bureau, _, _ in lines()} == {"finance", "transport"}


def test_without_a_proven_account_the_amount_waits(person: UUID) -> None:
    redeem(merchant(account=None), person, 70)
    settle()
    (week,) = settled()
    assert (week.status, week.amount_twd) == ("waiting", 70)


@pytest.mark.parametrize("turn", range(3))
def test_a_void_against_the_settlement_is_before_or_after_it_and_never_both(person: UUID, turn: int) -> None:
    shop = merchant()
    sales = [redeem(shop, person, 20) for _ in range(12)]

    def undo(redemption_id: UUID) -> None:
        try:
            give_back(redemption_id, 20, MONDAY, is_void=True)
        except AssertionError:
            give_back(redemption_id, 20, MONDAY)

    with ThreadPoolExecutor(4) as both:
        work = [both.submit(undo, sale) for sale in sales[:6]] + [both.submit(settle)]
        work += [both.submit(undo, sale) for sale in sales[6:]]
        for each in work:
            each.result()
    settle(NEXT_MONDAY)
    assert sum(week.redeemed_points - week.refunded_points for week in settled()) == 0
    assert balance(accounts.redeemed_code(shop)) == 0 and balance(accounts.payable_code(shop)) <= 240


def test_a_settlement_that_cannot_be_made_keeps_no_other_waiting(person: UUID) -> None:
    broken, sound = merchant(), merchant()
    redeem(broken, person, 10)
    redeem(sound, person, 20)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.redemption SET points = 11 WHERE points = 10"))
    assert settle() == 1
    assert [week.merchant_id for week in settled()] == [sound]
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.redemption SET points = 10 WHERE points = 11"))
    assert settle() == 1


def test_the_book_balances_in_points_and_in_money(person: UUID) -> None:
    redeem(merchant(), person, 10)
    settle()
    with db.unit_of_work() as session:
        assert {line.asset: line.is_balanced for line in book.trial_balance(session)} == {"PT": True, "TWD": True}
