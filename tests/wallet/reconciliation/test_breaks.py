"""What becomes of breaks: closed by what comes later, by two persons, and never twice (rows 11, 15, 20, 35, 41)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from settling_city import (
    DAY,
    NOW,
    PAID_AT,
    adyen_file,
    adyen_row,
    balance,
    capture,
    kinds,
    must_be_explained,
    open_breaks,
    open_city,
    pay,
    refund,
    settled,
    statement,
    take,
    transfers,
)
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from core import db
from core.errors import InvalidRequest
from identity import approvals
from identity.errors import ApprovalWithoutEffect, SecondPersonNeeded
from wallet import book
from wallet.reconciliation import adjustments, booking, breaks, files, late, matching
from wallet.reconciliation.files import Content


@pytest.fixture(autouse=True)
def city(client: FlaskClient) -> None:
    open_city()


@pytest.fixture
def mei(client: FlaskClient) -> SignedInOfficer:
    """The officer who proposes."""
    return signed_in_officer(client, name="王承辦")


@pytest.fixture
def lin(client: FlaskClient) -> SignedInOfficer:
    """The officer who decides."""
    return signed_in_officer(client, name="林科長")


def everything() -> list[Any]:
    """All that a run of reconciliation writes, moments aside."""
    with db.unit_of_work() as session:
        return [
            session.execute(text(statement)).all()
            for statement in (
                "SELECT id, amount, debit_account, credit_account, reason, subject FROM ledger.transfer ORDER BY id",
                "SELECT id, kind, status, suspense_twd, subject_id, file_id, row FROM wallet.reconciliation_break ORDER BY id",
                "SELECT * FROM wallet.statement_line ORDER BY file_id, row",
                "SELECT id, source, rows, matched, breaks FROM wallet.statement_file WHERE status = 'taken' ORDER BY id",
            )
        ]


def test_row_35_a_run_twice_gives_the_same() -> None:
    content = adyen_file([settled(pay("card", 600), gross=590), settled(pay("card", 700, status="failed"))])
    take("adyen", content)
    late.look(NOW)
    first = everything()
    take("adyen", content)
    late.look(NOW)
    late.look(NOW + timedelta(hours=1))
    assert everything() == first


@pytest.mark.parametrize(
    ("module", "step"),
    [(matching, "match"), (booking, "book_file"), (matching, "open_breaks"), (matching, "close_what_came")],
)
def test_row_35_a_run_that_dies_between_any_two_steps_leaves_nothing_and_the_next_gives_the_same(
    monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    content = adyen_file(
        [
            settled(pay("card", 600), gross=590),
            settled(pay("card", 700)),
            settled(pay("card", 1, status="failed"), fee=0),
        ]
    )
    before = everything()
    whole = getattr(module, step)

    def killed(session: Any, *arguments: Any, **more: Any) -> Any:
        whole(session, *arguments, **more)
        # As `kill -9` looks to PostgreSQL: the connection is gone before the commit.
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with monkeypatch.context() as patched:
        patched.setattr(module, step, killed)
        with pytest.raises(Exception, match=r"terminat|closed|lost"):
            take("adyen", content)
    assert everything() == before
    taken = take("adyen", content)
    assert (taken.matched, taken.breaks) == (2, 2)
    must_be_explained()


def test_a_line_that_came_before_its_payment_is_matched_when_the_payment_comes() -> None:
    slow = pay("card", 600, status="debiting")
    take("adyen", adyen_file([settled(slow)]))
    assert kinds() == ["missing_ours"]
    capture(slow)
    late.look(NOW)
    assert kinds() == []
    assert balance(book.BREAK_SUSPENSE) == 0 and balance(book.ADYEN_CLEARING) == 0
    must_be_explained()


def test_a_late_match_in_another_amount_leaves_only_the_difference_open() -> None:
    slow = pay("card", 600, status="debiting")
    take("adyen", adyen_file([settled(slow, gross=610)]))
    capture(slow)
    late.look(NOW)
    (found,) = open_breaks()
    assert (found.kind, found.suspense_twd) == ("amount", 10)
    assert balance(book.BREAK_SUSPENSE) == -10 and balance(book.ADYEN_CLEARING) == 0
    must_be_explained()


def test_row_15_a_file_settles_a_payment_whose_message_never_came() -> None:
    lost = pay("bank_of_kaohsiung", 600, fee=5, status="unknown")
    take("bank", statement([(lost.reference, 605, "D1")]))
    late.look(NOW)
    with db.unit_of_work() as session:
        status = session.execute(text("SELECT status FROM wallet.payment WHERE id = :id"), {"id": lost.id}).scalar_one()
    assert status == "captured"
    assert kinds() == []
    assert balance(book.BANK_CLEARING) == 0 and balance(book.BREAK_SUSPENSE) == 0
    must_be_explained()


def test_row_15_a_file_completes_a_refund_whose_message_never_came() -> None:
    paid = pay("card", 600)
    back = refund(paid, 200, status="pending")
    lines = [settled(paid), adyen_row("Refunded", ours=back, theirs="R1", gross=-200, net=-200, of_modification=True)]
    take("adyen", adyen_file(lines))
    assert kinds() == ["missing_ours"]
    late.catch_up(NOW)
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT status FROM wallet.refund")).scalar_one() == "completed"
    assert kinds() == [] and balance(book.ADYEN_CLEARING) == 0 and balance(book.BREAK_SUSPENSE) == 0
    must_be_explained()


def test_row_11_a_payment_that_stays_unknown_is_a_break_until_it_is_known() -> None:
    lost = pay("bank_of_kaohsiung", 600, status="unknown", at=NOW - timedelta(hours=25))
    fresh = pay("bank_of_kaohsiung", 600, status="unknown", at=NOW - timedelta(hours=23))
    late.look(NOW)
    (found,) = open_breaks()
    assert (found.kind, found.cause, found.subject_id) == ("missing_theirs", "not_decided", lost.id)
    capture(lost, at=NOW)
    late.look(NOW)
    assert kinds() == []
    assert fresh.id != lost.id


def test_row_20_a_message_with_another_amount_is_one_break_with_both_numbers_and_moves_nothing() -> None:
    before = transfers()
    paid = pay("card", 600, status="unknown")
    for _ in range(3):
        with db.unit_of_work() as session:
            breaks.record(
                session, kind="amount", source="message", cause="message_differs", subject_kind="payment",
                subject_id=paid.id, our_reference=paid.reference, ours_twd=600, theirs_twd=60000, rail="card", now=NOW,
            )  # fmt: skip
    (found,) = open_breaks()
    assert (found.ours_twd, found.theirs_twd, found.suspense_twd) == (600, 60000, 0)
    assert transfers() == before + 1
    with db.unit_of_work() as session:
        told = session.execute(text("SELECT count(*) FROM core.outbox WHERE kind = 'wallet.break_opened'")).scalar_one()
    assert told == 1


def test_a_missing_line_that_comes_closes_its_break() -> None:
    forgotten = pay("card", 1000, at=PAID_AT - timedelta(days=9))
    late.look(NOW)
    assert kinds() == ["missing_theirs"]
    take("adyen", adyen_file([settled(forgotten, day=DAY - timedelta(days=4))]))
    assert kinds() == []
    must_be_explained()


def test_row_41_an_adjustment_takes_two_persons_and_one_reversing_transfer(
    mei: SignedInOfficer, lin: SignedInOfficer
) -> None:
    take("adyen", adyen_file([settled(pay("card", 600), gross=590)]))
    (found,) = open_breaks()
    with db.unit_of_work() as session:
        approval = adjustments.propose(
            session, found.id, counter_account=book.rail_costs("card"), reason="特約商店折讓", by=mei.actor, now=NOW
        )
        approval_id = approval.id
    with pytest.raises(SecondPersonNeeded), db.unit_of_work() as session:
        approvals.decide(session, approval_id, by=mei.actor, is_approved=True, note="", now=NOW)
    assert balance(book.BREAK_SUSPENSE) == 10
    with db.unit_of_work() as session:
        approvals.decide(session, approval_id, by=lin.actor, is_approved=True, note="", now=NOW)
    assert balance(book.BREAK_SUSPENSE) == 0
    assert balance(book.rail_costs("card")) == 10 + 10
    assert kinds() == []
    with db.unit_of_work() as session:
        closed = breaks.break_of(session, found.id)
        steps = [step.what for step in breaks.history_of(session, found.id)]
    assert (closed.status, closed.closed_by) == ("closed", "adjustment")
    assert steps == ["opened", "proposed", "adjusted"]
    must_be_explained()


def test_a_declined_adjustment_leaves_the_break_as_it_was(mei: SignedInOfficer, lin: SignedInOfficer) -> None:
    take("adyen", adyen_file([settled(pay("card", 600), gross=590)]))
    (found,) = open_breaks()
    with db.unit_of_work() as session:
        approval_id = adjustments.propose(
            session, found.id, counter_account=book.rail_costs("card"), reason="折讓", by=mei.actor, now=NOW
        ).id
    with db.unit_of_work() as session:
        approvals.decide(session, approval_id, by=lin.actor, is_approved=False, note="請先問", now=NOW)
    (found,) = open_breaks()
    assert (found.status, found.approval_id) == ("open", None)
    assert balance(book.BREAK_SUSPENSE) == 10


def test_an_adjustment_that_was_overtaken_has_no_effect(mei: SignedInOfficer, lin: SignedInOfficer) -> None:
    forgotten = pay("card", 1000, at=PAID_AT - timedelta(days=9))
    late.look(NOW)
    (found,) = open_breaks()
    with db.unit_of_work() as session:
        approval_id = adjustments.propose(
            session, found.id, counter_account=book.bureau_payable("parking"), reason="沖銷", by=mei.actor, now=NOW
        ).id
    take("adyen", adyen_file([settled(forgotten)]))
    with pytest.raises(ApprovalWithoutEffect), db.unit_of_work() as session:
        approvals.decide(session, approval_id, by=lin.actor, is_approved=True, note="", now=NOW)
    must_be_explained()


def test_a_line_that_comes_after_its_payment_was_written_off_waits_in_suspense(
    mei: SignedInOfficer, lin: SignedInOfficer
) -> None:
    forgotten = pay("card", 1000, at=PAID_AT - timedelta(days=9))
    late.look(NOW)
    (found,) = open_breaks()
    with db.unit_of_work() as session:
        approval_id = adjustments.propose(
            session, found.id, counter_account=book.bureau_payable("parking"), reason="沖銷", by=mei.actor, now=NOW
        ).id
    with db.unit_of_work() as session:
        approvals.decide(session, approval_id, by=lin.actor, is_approved=True, note="", now=NOW)
    assert balance(book.ADYEN_CLEARING) == 0
    must_be_explained()
    take("adyen", adyen_file([settled(forgotten)]))
    late.look(NOW)
    (found,) = open_breaks()
    assert (found.kind, found.cause, found.suspense_twd) == ("missing_ours", "adjusted_before", 1000)
    assert balance(book.ADYEN_CLEARING) == 0
    must_be_explained()


def test_a_break_without_money_is_closed_as_explained_and_moves_nothing(
    mei: SignedInOfficer, lin: SignedInOfficer
) -> None:
    take("adyen", adyen_file([settled(pay("card", 600), day=DAY + timedelta(days=30))]))
    (found,) = open_breaks()
    before = transfers()
    with pytest.raises(InvalidRequest), db.unit_of_work() as session:
        adjustments.propose(session, found.id, counter_account=book.TREASURY_BANK, reason="x", by=mei.actor, now=NOW)
    with db.unit_of_work() as session:
        approval_id = adjustments.propose(
            session, found.id, counter_account=None, reason="連假", by=mei.actor, now=NOW
        ).id
    with db.unit_of_work() as session:
        approvals.decide(session, approval_id, by=lin.actor, is_approved=True, note="", now=NOW)
    assert kinds() == [] and transfers() == before


def test_a_break_that_is_closed_does_not_change(mei: SignedInOfficer) -> None:
    with db.unit_of_work() as session:
        break_id = breaks.record(session, kind="date", source="message", cause="late", subject_kind="payment", now=NOW)
        breaks.close(session, break_id, "resolved", now=NOW)
    with pytest.raises(breaks.BreakClosed), db.unit_of_work() as session:
        breaks.explain(session, break_id, explanation="…", by_name="x", now=NOW)
    with pytest.raises(breaks.BreakClosed), db.unit_of_work() as session:
        adjustments.propose(session, break_id, counter_account=None, reason="x", by=mei.actor, now=NOW)


def test_a_refused_file_is_kept_as_refused_once() -> None:
    for _ in range(2):
        content = Content([b"nothing"])
        with pytest.raises(files.StatementRefused) as refused, db.unit_of_work() as session:
            files.receive(session, content, source="adyen", received_from="x", now=NOW)
        with db.unit_of_work() as session:
            files.keep_refusal(session, refused.value, content, source="adyen", received_from="x", now=NOW)
    with db.unit_of_work() as session:
        (kept,) = files.files(session, source=None, limit=10, before=None)
    assert (kept.status, kept.refusal) == ("refused", "statement-form-wrong")


def test_corrections_of_the_processor_are_breaks_until_somebody_says_what_they_are() -> None:
    take(
        "adyen", adyen_file([settled(pay("card", 600)), adyen_row("DepositCorrection", theirs=f"D{uuid4()}", net=-70)])
    )
    (found,) = open_breaks()
    assert (found.kind, found.cause, found.suspense_twd) == ("missing_ours", "correction", -70)
    must_be_explained()
