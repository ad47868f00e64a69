"""Points follow the money: taken back when it goes, from wherever they are, and given again when it comes after all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import text

from core import db, outbox
from core.ids import new_uuid
from core.text import Text
from ledger import book
from points import debts, history, tender
from points.entries import Change, about_lot, write_entry
from points.expiry import expire_lots
from points.lots import points_for_payment
from tests.points.conftest import NOW, bring, budget_left, captured, in_the_book, pay, recorded, refund, refunded

END = datetime(2027, 11, 30, 16, tzinfo=UTC)


def spend(person_id: UUID, points: int) -> None:
    """The person uses points somewhere: they leave lots, history and book."""
    with db.unit_of_work() as session:
        spent = book.open_account(session, "points:spent", "PT", now=NOW, is_hot=True)
        lots = session.execute(
            text("SELECT * FROM points.lot WHERE person_id = :id AND remaining > 0 ORDER BY expires_at, id"),
            {"id": person_id},
        )
        for lot in lots.all():
            used = min(points, lot.remaining)
            points -= used
            if used == 0:
                break
            session.execute(
                text("UPDATE points.lot SET remaining = remaining - :used WHERE id = :id"), {"used": used, "id": lot.id}
            )
            cause = new_uuid()
            change = Change(person_id, lot.id, about_lot(lot), "reverse", cause, -used, spent, Text("使用", "used"))
            write_entry(session, change, now=NOW)
    assert points == 0


def undone(paid: dict[str, Any], how: str = "charged_back", *, at: datetime = NOW) -> UUID:
    return _about_the_money("wallet.payment_undone", paid, how, at)


def restored(paid: dict[str, Any], *, at: datetime = NOW) -> UUID:
    return _about_the_money("wallet.payment_restored", paid, "charged_back", at)


def _about_the_money(kind: str, paid: dict[str, Any], how: str, at: datetime) -> UUID:
    payload = {
        "payment_id": paid["payment_id"],
        "person_id": paid["person_id"],
        "rail": paid["rail"],
        "how": how,
        "reason": "fraud",
        "bills": [],
        "total_twd": paid["total_twd"],
        "undone_at": at.isoformat(),
    }
    with db.unit_of_work() as session:
        return outbox.record(session, kind, payload, now=at)


def refund_failed(payload: dict[str, Any], *, at: datetime) -> UUID:
    with db.unit_of_work() as session:
        return outbox.record(session, "wallet.refund_failed", {**payload, "was_completed": True}, now=at)


def standing(person_id: UUID, now: datetime = NOW) -> tuple[int, int]:
    """The balance, and how much of it is owed."""
    with db.unit_of_work() as session:
        found = history.standing(session, person_id=person_id, now=now)
        return found.balance, found.owed


def kinds(person_id: UUID) -> list[tuple[str, int]]:
    """The history, oldest first."""
    with db.unit_of_work() as session:
        page, _ = history.entries(session, person_id=person_id, limit=50, cursor=None)
    return [(entry.kind, entry.amount) for entry in reversed(page)]


def test_row_24_points_already_spent_are_taken_from_the_persons_other_points_first(campaign: UUID) -> None:
    person = new_uuid()
    first = pay(person, captured_at="2026-10-01T00:00:00+00:00")
    spend(person, 22)
    pay(person)
    refund(first, 1260)
    assert standing(person) == (0, 0)
    assert budget_left() == 100_000 - 22
    with db.unit_of_work() as session:
        page, _ = history.entries(session, person_id=person, limit=1, cursor=None)
        assert points_for_payment(session, UUID(first["payment_id"])) == 0
    assert page[0].reason.en == (
        "Points for paying by bank: NT$1,260 was refunded; the points it had earned were spent, so 22 of your other "
        "points are taken back"
    )


def test_row_24_what_nobody_has_any_more_is_owed_seen_and_repaid_by_what_is_earned_next(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    spend(person, 15)
    refund(paid, 1260)
    assert standing(person) == (-15, 15)
    assert in_the_book(person) == 0
    assert budget_left() == 100_000
    pay(person, amount_twd=90, total_twd=95)
    assert standing(person) == (-5, 5)
    pay(person)
    assert standing(person) == (17, 0)
    assert sorted(kinds(person)) == [
        ("earn", 10), ("earn", 22), ("earn", 22), ("owe", -15), ("repaid", 5), ("repaid", 10), ("repay", -10),
        ("repay", -5), ("reverse", -15), ("reverse", -7),
    ]  # fmt: skip


def test_nobody_owes_more_than_the_floor_and_the_rest_is_let_go_with_a_word(campaign: UUID) -> None:
    with db.unit_of_work() as session:
        session.execute(text("INSERT INTO points.debt_floor VALUES ('2026-06-01', 20, 'the rule of this test')"))
    person = new_uuid()
    first, second = pay(person), pay(person)
    spend(person, 44)
    refund(first, 1260)
    assert standing(person) == (-20, 20)
    refund(second, 1260)
    assert standing(person) == (-20, 20)
    with db.unit_of_work() as session:
        page, _ = history.entries(session, person_id=person, limit=1, cursor=None)
        waived = session.execute(text("SELECT waived FROM points.lot ORDER BY id")).scalars().all()
    assert page[0].reason.zh.endswith("；超過上限的 2 點不再追收")
    assert waived == [2, 22]


def test_points_that_lapsed_unused_are_not_taken_from_others(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person, captured_at="2026-10-01T00:00:00+00:00")
    spend(person, 4)
    expire_lots(END - timedelta(days=30))
    pay(person)
    refund(paid, 1260)
    assert standing(person) == (18, 0)


def test_a_payment_that_was_undone_keeps_no_points_and_gets_them_again_when_it_stands_again(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    spend(person, 5)
    bring(undone(paid))
    assert standing(person) == (-5, 5)
    bring(restored(paid, at=NOW + timedelta(days=1)))
    assert standing(person) == (17, 0)
    assert {("restore", 22), ("repay", -5), ("repaid", 5)} <= set(kinds(person))
    assert budget_left() == 100_000 - 22


def test_a_return_that_is_heard_of_before_its_payment_leaves_nothing_to_earn(campaign: UUID) -> None:
    person = new_uuid()
    paid = captured(person)
    bring(undone(paid, "returned"))
    bring(recorded("wallet.payment_captured", paid))
    assert standing(person) == (0, 0)


def test_facts_about_the_money_in_any_order_and_many_times_end_the_same(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    facts = [
        undone(paid, at=NOW),
        restored(paid, at=NOW + timedelta(days=1)),
        undone(paid, at=NOW + timedelta(days=2)),
    ]
    for fact in (facts[2], facts[1], facts[0], facts[2]):
        bring(fact)
    assert standing(person) == (0, 0)
    assert kinds(person) == [("earn", 22), ("reverse", -22)]


def test_a_refund_that_did_not_arrive_gives_the_points_again_and_sent_anew_takes_them_again(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    payload = refunded(paid, 600)
    bring(recorded("wallet.bill_refunded", payload))
    assert standing(person) == (16, 0)
    bring(refund_failed(payload, at=NOW + timedelta(days=1)))
    assert standing(person) == (22, 0)
    with db.unit_of_work() as session:
        again = outbox.record(session, "wallet.bill_refunded", payload, now=NOW + timedelta(days=2))
    bring(again)
    assert standing(person) == (16, 0)


def test_points_given_again_after_their_lot_has_ended_are_good_for_another_month(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    bring(undone(paid))
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.lot SET earned_at = now() - interval '2 y', expires_at = now()"))
    bring(restored(paid, at=NOW + timedelta(days=400)))
    with db.unit_of_work() as session:
        left = session.execute(text("SELECT remaining, expires_at > now() FROM points.lot")).one()
    assert left == (22, True)


def test_claw_backs_of_one_person_at_once_take_every_point_once(campaign: UUID) -> None:
    person = new_uuid()
    payments = [pay(person) for _ in range(8)]
    spend(person, 88)
    events = [recorded("wallet.bill_refunded", refunded(paid, 1260)) for paid in payments[:6]]
    with ThreadPoolExecutor(6) as workers:
        list(workers.map(bring, events))
    assert standing(person) == (-44, 44)
    assert budget_left() == 100_000 - 2 * 22


def test_what_is_given_again_finds_place_beside_what_a_use_brought_back(campaign: UUID) -> None:
    person, use_id = new_uuid(), new_uuid()
    paid = pay(person)
    pay(person, captured_at="2026-12-05T06:03:20+00:00")
    with db.unit_of_work() as session:
        tender.hold(session, person_id=person, payment_id=use_id, points=22, now=NOW)
    payload = refunded(paid, 1260)
    bring(recorded("wallet.bill_refunded", payload))
    with db.unit_of_work() as session:
        tender.release(session, payment_id=use_id, now=NOW)
    assert standing(person) == (22, 0)
    bring(refund_failed(payload, at=NOW + timedelta(days=1)))
    assert standing(person) == (44, 0)


@pytest.mark.parametrize("statement", ["UPDATE points.debt SET owed = -1", "UPDATE points.lot SET remaining = -1"])
def test_the_database_refuses_what_cannot_be(campaign: UUID, statement: str) -> None:
    person = new_uuid()
    paid = pay(person)
    spend(person, 22)
    refund(paid, 600)
    with pytest.raises(Exception, match="check"), db.unit_of_work() as session:
        session.execute(text(statement))


def test_what_is_written_about_a_debt_follows_from_its_lot(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    spend(person, 22)
    refund(paid, 1260)
    with db.unit_of_work() as session:
        entry = session.execute(text("SELECT * FROM points.entry WHERE kind = 'owe'")).one()
        account = book.balance(session, book.account_id(debts.debt_code(person)))
    assert entry.transfer_id == uuid5(entry.lot_id, f"owe {entry.cause_id}")
    assert account.posted == 22


def test_why_points_went_is_said_in_words_with_nothing_left_to_fill_in(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    bring(undone(paid, "returned"))
    with db.unit_of_work() as session:
        said = session.execute(
            text("SELECT reason_zh || ' ' || reason_en FROM points.entry WHERE person_id = :id AND kind = 'reverse'"),
            {"id": person},
        ).scalar_one()
    assert "款項被銀行退回" in said and "the bank returned the money" in said
    assert "{" not in said
