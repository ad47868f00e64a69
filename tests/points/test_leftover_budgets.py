"""What an ended campaign has left goes back to its bureau, and what may have to be given again does not."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from core import db
from core.ids import new_uuid
from ledger import book
from points.leftover_budgets import WAIT, release_leftovers
from tests.points.conftest import NOW, bring, budget_left, in_the_book, opened, pay, recorded, refunded, terms
from tests.points.test_claw_back import refund_failed

END = terms().valid_until
THEN = END + WAIT


def funded() -> int:
    with db.unit_of_work() as session:
        return book.balance(session, book.account_id("points:funding:finance")).posted


def test_it_goes_back_a_while_after_the_end_and_once(campaign: UUID) -> None:
    pay(new_uuid())
    assert release_leftovers(THEN - timedelta(seconds=1)) == 0
    assert (budget_left(), funded()) == (100_000 - 22, 100_000)
    assert [release_leftovers(THEN), release_leftovers(THEN)] == [100_000 - 22, 0]
    assert (budget_left(), funded()) == (0, 22)


def test_a_campaign_that_was_ended_before_its_time_gives_back_before(campaign: UUID) -> None:
    opened(terms(code="goes-on", rail="card"))
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE points.campaign SET status = 'ended', ended_at = :at WHERE id = :id"),
            {"at": NOW, "id": campaign},
        )
    assert release_leftovers(NOW + WAIT) == 100_000
    assert budget_left("goes-on") == 100_000


def test_what_was_taken_back_can_still_be_given_again_and_what_comes_back_later_follows(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    back = refunded(paid, 1260)
    bring(recorded("wallet.bill_refunded", back))
    assert release_leftovers(THEN) == 100_000 - 22
    assert budget_left() == 22
    bring(refund_failed(back, at=NOW + timedelta(days=1)))
    assert (in_the_book(person), budget_left(), release_leftovers(THEN)) == (22, 0, 0)
