"""After anything: do our book, the bank's book and the bureaus' registers agree to the dollar?"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import psycopg
from sandbox_process import SandboxBooks
from stack import Stack

from core.ids import parse_typeid


def settled(stack: Stack, *, seconds: float = 60.0) -> float:
    """Wait until every payment is final and everybody who has to know does; answers how long that took."""
    started_at = time.monotonic()
    problems = ["not looked yet"]
    while time.monotonic() - started_at < seconds:
        try:
            with stack.database() as connection:
                problems = unfinished(connection)
        except psycopg.OperationalError as error:
            problems = [str(error)]
        if not problems:
            return time.monotonic() - started_at
        time.sleep(0.5)
    raise AssertionError(f"after {seconds:.0f} s: {problems}\n{stack.logs()}")


def unfinished(connection: psycopg.Connection[Any]) -> list[str]:
    """What is still under way."""
    questions = {
        "payments not final": "SELECT count(*) FROM wallet.payment WHERE status IN ('debiting', 'unknown')",
        "events not settled": "SELECT count(*) FROM core.outbox WHERE settled_at IS NULL",
        "notices not acknowledged": "SELECT count(*) FROM wallet.bureau_notice WHERE acknowledged_at IS NULL",
        "refunds not done": "SELECT count(*) FROM wallet.refund WHERE status IN ('requested', 'unknown')",
    }
    found = []
    for what, question in questions.items():
        (number,) = connection.execute(question).fetchone()  # type: ignore[misc,arg-type]
        if number:
            found.append(f"{number} {what}")
    return found


def check(stack: Stack, sandbox: SandboxBooks) -> dict[str, int]:
    """Raise AssertionError unless every book agrees; answers how many payments there were, by status."""
    with stack.database() as connection:
        _the_book_is_balanced(connection)
        _the_bank_agrees(connection, sandbox)
        _the_bureaus_agree(connection, sandbox)
        _each_captured_payment_has_one_of_each(connection)
        rows = connection.execute("SELECT status, count(*) FROM wallet.payment GROUP BY status").fetchall()
        return {str(status): int(str(number)) for status, number in rows}


def _the_book_is_balanced(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        "SELECT asset, sum(debits_posted) - sum(credits_posted), sum(debits_pending) - sum(credits_pending), "
        "sum(debits_pending) FROM ledger.counters GROUP BY asset"
    ).fetchall()
    for asset, posted, pending, held in rows:
        assert (posted, pending) == (0, 0), f"{asset}: the book is out by {posted} posted, {pending} held"
        assert held == 0, f"{asset}: {held} still held though every payment is final"


def _the_bank_agrees(connection: psycopg.Connection[Any], sandbox: SandboxBooks) -> None:
    debits, refunds = sandbox.debits(status="booked"), sandbox.refunds(status="booked")
    assert max(Counter(debit["reference"] for debit in debits).values(), default=1) == 1, "debited twice"
    captured = {
        str(reference): int(total)
        for reference, total in connection.execute(
            "SELECT id, amount_twd + fee_twd FROM wallet.payment WHERE status IN ('captured', 'refunded')"
        )
    }
    at_the_bank = {str(parse_typeid("pay", debit["reference"])): debit["amount_twd"] for debit in debits}
    assert at_the_bank == captured, "the bank's debits are not our captured payments"
    (clearing,) = connection.execute(
        "SELECT debits_posted - credits_posted FROM ledger.counters WHERE code = 'bank_clearing:bank_of_kaohsiung'"
    ).fetchone()  # type: ignore[misc]
    assert clearing == sum(at_the_bank.values()) - sum(refund["amount_twd"] for refund in refunds)
    (twice,) = connection.execute(
        "SELECT count(*) FROM (SELECT i.bill_id FROM wallet.payment_item i JOIN wallet.payment p ON p.id = i.payment_id "
        "WHERE p.status = 'captured' GROUP BY i.bill_id HAVING count(*) > 1) AS d"
    ).fetchone()  # type: ignore[misc]
    assert twice == 0, f"{twice} bills stand paid by two payments"


def _the_bureaus_agree(connection: psycopg.Connection[Any], sandbox: SandboxBooks) -> None:
    for bureau in ("parking", "fines"):
        ours = {
            str(number): int(amount)
            for number, amount in connection.execute(
                "SELECT i.number, i.amount_twd FROM wallet.payment_item i JOIN wallet.payment p ON p.id = i.payment_id "
                "JOIN wallet.bill b ON b.id = i.bill_id AND b.paid_by_payment = p.id "
                "WHERE p.status IN ('captured', 'refunded') AND i.bureau = %s",
                (bureau,),
            )
        }
        notices = sandbox.payment_notices(bureau)
        told = [bill for notice in notices for bill in notice["bills"]]
        assert max(Counter(bill["number"] for bill in told).values(), default=1) == 1, "one bill in two notices"
        refunded_later = {
            str(number)
            for (number,) in connection.execute(
                "SELECT i.number FROM wallet.refund r JOIN wallet.payment_item i USING (payment_id, bill_id)"
            )
        }
        assert {b["number"]: b["amount"] for b in told if b["number"] not in refunded_later} == {
            number: amount for number, amount in ours.items() if number not in refunded_later
        }
        paid_there = {bill["number"] for bill in sandbox.bills(bureau, status="paid")}
        assert set(ours) <= paid_there, "a bill that we collected is not paid in its bureau's register"


def _each_captured_payment_has_one_of_each(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        """
        SELECT p.id,
               (SELECT count(*) FROM wallet.receipt r WHERE r.payment_id = p.id),
               (SELECT count(*) FROM points.lot l WHERE l.payment_id = p.id),
               (SELECT count(*) FROM wallet.bureau_notice n WHERE n.payment_id = p.id AND n.kind = 'bill.paid'),
               (SELECT count(DISTINCT bureau) FROM wallet.payment_item i WHERE i.payment_id = p.id)
          FROM wallet.payment p WHERE p.status = 'captured'
        """
    ).fetchall()
    for payment, receipts, lots, notices, bureaus in rows:
        assert (receipts, lots, notices) == (1, 1, bureaus), f"{payment}: {receipts} receipts, {lots} lots, {notices}"
    (captured, messages) = connection.execute(
        "SELECT (SELECT count(*) FROM wallet.payment WHERE status IN ('captured', 'refunded')), "
        "(SELECT count(*) FROM notify.message WHERE kind = 'payment_receipt')"
    ).fetchone()  # type: ignore[misc]
    assert captured == messages, f"{messages} receipt messages for {captured} payments"
