"""After anything: do our book, every rail's book and the bureaus' registers agree to the dollar?"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import psycopg
from sandbox_process import SandboxBooks
from stack import Stack
from waiting import wait_until

from core import clock, db
from core.ids import typeid
from ledger import audit, seals


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
    """What is still under way, and ought not to be for long. Who was sent to a page of their own has time."""
    questions = {
        "payments not final": "SELECT count(*) FROM wallet.payment WHERE status IN ('debiting', 'unknown') "
        "OR (status = 'action_required' AND action_expires_at < now())",
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
    """Raise AssertionError unless every book agrees; answers how many payments there were, by status.

    (a) every asset adds up to zero; (b) every transfer has its two sides; (c) the counters are what a replay gives;
    (d) no bill is paid twice, no more captured than billed, no more refunded than captured; (e) points are what their
    lots hold; (f) each rail did exactly what our book says, once; (g) nothing is left half-done; (h) the book is as it
    was sealed.
    """
    with stack.database() as connection:
        _the_book_is_balanced(connection)
        _each_bill_is_paid_once(connection)
        _points_are_in_their_lots(connection)
        _each_rail_agrees(connection, sandbox)
        _the_bureaus_agree(connection, sandbox)
        _each_captured_payment_has_one_of_each(connection)
        # What a sweep has begun in this very moment ends in the next one.
        wait_until(lambda: not unfinished(connection), seconds=20)
        rows = connection.execute("SELECT status, count(*) FROM wallet.payment GROUP BY status").fetchall()
    _the_book_is_as_it_was_sealed(stack.database_url)
    return {str(status): int(str(number)) for status, number in rows}


def _the_book_is_balanced(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        "SELECT asset, sum(debits_posted) - sum(credits_posted), sum(debits_pending) - sum(credits_pending) "
        "FROM ledger.counters GROUP BY asset"
    ).fetchall()
    for asset, posted, pending in rows:
        assert (posted, pending) == (0, 0), f"{asset}: the book is out by {posted} posted, {pending} held"
    (held,) = connection.execute(
        """
        SELECT count(*) FROM ledger.transfer AS h
         WHERE h.kind = 'pending' AND NOT EXISTS (SELECT FROM ledger.transfer AS r WHERE r.pending_id = h.id)
           AND NOT EXISTS (SELECT FROM wallet.payment_item AS i JOIN wallet.payment AS p ON p.id = i.payment_id
                            WHERE p.status = 'action_required' AND h.id IN (i.hold_id, i.fee_hold_id, i.points_hold_id))
           AND NOT EXISTS (SELECT FROM wallet.refund_attempt AS a JOIN wallet.refund AS r ON r.id = a.refund_id
                            WHERE r.status = 'pending' AND h.id IN (a.hold_id, a.fee_hold_id))
        """
    ).fetchone()  # type: ignore[misc]
    assert held == 0, f"{held} holds stand though what they were for has ended"
    (one_sided,) = connection.execute(
        "SELECT count(*) FROM ledger.transfer AS t WHERE t.debit_account = t.credit_account "
        "OR NOT EXISTS (SELECT FROM ledger.account AS a WHERE a.id = t.debit_account AND a.asset = t.asset) "
        "OR NOT EXISTS (SELECT FROM ledger.account AS a WHERE a.id = t.credit_account AND a.asset = t.asset)"
    ).fetchone()  # type: ignore[misc]
    assert one_sided == 0, f"{one_sided} transfers lack a side"


def _each_bill_is_paid_once(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        """
        SELECT i.number, count(*) FROM wallet.payment_item AS i JOIN wallet.payment AS p ON p.id = i.payment_id
         WHERE p.status IN ('captured', 'provisional')
           AND NOT EXISTS (SELECT FROM wallet.refund AS r WHERE r.payment_id = i.payment_id AND r.bill_id = i.bill_id
                              AND r.status <> 'declined')
         GROUP BY i.number HAVING count(*) > 1
        """
    ).fetchall()
    assert rows == [], f"bills that stand paid twice: {rows}"
    rows = connection.execute(
        """
        SELECT i.payment_id, i.bill_id FROM wallet.payment_item AS i
          JOIN wallet.refund AS r USING (payment_id, bill_id)
         WHERE r.status = 'completed' AND r.reason <> 'paid_elsewhere_again'
         GROUP BY i.payment_id, i.bill_id, i.amount_twd, i.fee_twd
        HAVING sum(r.amount_twd) > i.amount_twd OR sum(r.fee_twd) > i.fee_twd
        """
    ).fetchall()
    assert rows == [], f"more refunded than captured: {rows}"


def _points_are_in_their_lots(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        """
        SELECT c.code, c.credits_posted - c.debits_posted, coalesce(l.remaining, 0)
          FROM ledger.counters AS c
          LEFT JOIN (SELECT person_id, sum(remaining) AS remaining FROM points.lot GROUP BY person_id) AS l
                 ON c.code = 'points:person:' || l.person_id
         WHERE c.code LIKE 'points:person:%' AND c.credits_posted - c.debits_posted <> coalesce(l.remaining, 0)
        """
    ).fetchall()
    assert rows == [], f"balances that their lots do not hold: {rows}"


def _the_book_is_as_it_was_sealed(url: str) -> None:
    database = db.Database(url)
    with database.unit_of_work() as session:
        while seals.seal(session, now=clock.now()):
            pass
    with database.unit_of_work() as session:
        assert list(seals.faults(session)) == []
        assert audit.disagreements(session) == []
    database.engine.dispose()


# Where money moved, or was about to and came back: each rail's own book knows these, and no others of ours.
_MOVED = "('captured', 'provisional', 'refunded', 'returned', 'charged_back')"


def _each_rail_agrees(connection: psycopg.Connection[Any], sandbox: SandboxBooks) -> None:
    ours: dict[str, Counter[tuple[str, int]]] = {}
    for rail, payment_id, money in connection.execute(
        f"SELECT rail, id, amount_twd + fee_twd - points_pt FROM wallet.payment WHERE status IN {_MOVED} "
        "AND rail <> 'points'"
    ):
        ours.setdefault(_house_of(str(rail)), Counter())[typeid("pay", payment_id), int(money)] += 1
    theirs = _taken(sandbox)
    for house in ours.keys() | theirs.keys():
        assert theirs.get(house, Counter()) == ours.get(house, Counter()), (
            f"{house} took {theirs.get(house, Counter()) - ours.get(house, Counter())} that we do not have, and we have "
            f"{ours.get(house, Counter()) - theirs.get(house, Counter())} that it did not take"
        )
    given: dict[str, int] = {}
    for attempt_id, money in connection.execute(
        "SELECT a.id, r.amount_twd + r.fee_twd - r.points_pt FROM wallet.refund_attempt AS a "
        "JOIN wallet.refund AS r ON r.id = a.refund_id WHERE r.status IN ('completed', 'pending', 'failed')"
    ):
        given[typeid("ref", attempt_id)] = int(money)
    booked = _given_back(sandbox)
    assert max(booked.values(), default=1) == 1, f"given back twice: {booked.most_common(3)}"
    assert {reference for reference, _ in booked} <= given.keys(), "money went back that we did not send"
    completed = {
        typeid("ref", row[0])
        for row in connection.execute(
            "SELECT DISTINCT ON (a.refund_id) a.id FROM wallet.refund_attempt AS a JOIN wallet.refund AS r "
            "ON r.id = a.refund_id WHERE r.status = 'completed' AND r.amount_twd + r.fee_twd > r.points_pt "
            "ORDER BY a.refund_id, a.number DESC"
        )
    }
    missing = completed - {reference for reference, _ in booked}
    assert missing == set(), f"refunds that we hold for done and no rail has made: {missing}"
    assert all(given[reference] == money for reference, money in booked), "a refund of another amount"


def _house_of(rail: str) -> str:
    return "adyen" if rail in ("card", "apple_pay", "google_pay") else rail


def _taken(sandbox: SandboxBooks) -> dict[str, Counter[tuple[str, int]]]:
    """What each house's own book says that it took: (our reference, NT$), counted."""
    taken = {
        "bank_of_kaohsiung": [(row["reference"], row["amount_twd"]) for row in sandbox.debits(status="booked")],
        "ach": [
            (row["reference"], row["amount_twd"])
            for row in sandbox.read("ach/entries", kind="debit") if row["status"] != "rejected"
        ],
        "adyen": [
            (row["reference"], row["amount_minor"] // 100)
            for row in sandbox.read("adyen/payments") if row["result_code"] == "Authorised" and not row["is_cancelled"]
        ],
    }  # fmt: skip
    for wallet in ("jkopay", "line_pay"):
        rows = sandbox.read("ewallets/payments", wallet=wallet, status="confirmed")
        taken[wallet] = [(row["reference"], row["booked_twd"]) for row in rows]
    return {house: Counter(rows) for house, rows in taken.items()}


def _given_back(sandbox: SandboxBooks) -> Counter[tuple[str, int]]:
    """What went back, by every house: (our reference, NT$), counted."""
    given = [(row["reference"], row["amount_twd"]) for row in sandbox.refunds(status="booked")]
    given += [(row["reference"], row["amount_twd"]) for row in sandbox.read("bank/credit-orders", status="booked")]
    given += [
        (row["reference"], row["amount_twd"])
        for row in sandbox.read("ach/entries", kind="credit") if row["status"] in ("submitted", "settled")
    ]  # fmt: skip
    given += [
        (row["reference"], row["amount_minor"] // 100)
        for row in sandbox.read("adyen/changes", kind="refund") if row["status"] == "done"
    ]  # fmt: skip
    given += [(row["reference"], row["amount_twd"]) for row in sandbox.read("ewallets/refunds", status="booked")]
    return Counter(given)


def _the_bureaus_agree(connection: psycopg.Connection[Any], sandbox: SandboxBooks) -> None:
    refunded = {
        str(number)
        for (number,) in connection.execute(
            "SELECT i.number FROM wallet.refund r JOIN wallet.payment_item i USING (payment_id, bill_id)"
        )
    }
    for bureau in ("parking", "fines"):
        ours = {
            str(number): int(amount)
            for number, amount in connection.execute(
                "SELECT i.number, i.amount_twd FROM wallet.payment_item i JOIN wallet.payment p ON p.id = i.payment_id "
                "JOIN wallet.bill b ON b.id = i.bill_id AND b.paid_by_payment = p.id "
                "WHERE p.status IN ('captured', 'provisional', 'refunded') AND i.bureau = %s",
                (bureau,),
            )
        }
        standing: dict[str, int] = {}
        told: Counter[tuple[str, str]] = Counter()
        for notice in sandbox.news(bureau):
            for bill in notice["bills"]:
                if notice["kind"] == "bill.paid":
                    told[notice["payment_id"], bill["number"]] += 1
                if notice["kind"] in ("bill.paid", "bill.payment_restored"):
                    standing[bill["number"]] = bill["amount"]
                elif notice["kind"] == "bill.payment_withdrawn":
                    standing.pop(bill["number"], None)
        assert max(told.values(), default=1) == 1, "a bureau was told twice of one payment of a bill"
        assert {number: amount for number, amount in standing.items() if number not in refunded} == {
            number: amount for number, amount in ours.items() if number not in refunded
        }
        paid_there = {bill["number"] for bill in sandbox.bills(bureau, status="paid")}
        assert set(ours) - refunded <= paid_there, "a bill that we collected is not paid in its bureau's register"


def _each_captured_payment_has_one_of_each(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        """
        SELECT p.id, p.rail = 'bank_of_kaohsiung' AND p.amount_twd > p.points_pt AS earns,
               (SELECT count(*) FROM wallet.receipt r WHERE r.payment_id = p.id),
               (SELECT count(*) FROM points.lot l WHERE l.payment_id = p.id),
               (SELECT count(*) FROM wallet.bureau_notice n WHERE n.payment_id = p.id AND n.kind = 'bill.paid'),
               (SELECT count(DISTINCT bureau) FROM wallet.payment_item i WHERE i.payment_id = p.id)
          FROM wallet.payment p WHERE p.status IN ('captured', 'provisional')
        """
    ).fetchall()
    for payment, earns, receipts, lots, notices, bureaus in rows:
        assert (receipts, lots, notices) == (1, int(earns), bureaus), f"{payment}: {receipts}, {lots}, {notices}"
    (captured, messages) = connection.execute(
        f"SELECT (SELECT count(*) FROM wallet.payment WHERE status IN {_MOVED}), "
        "(SELECT count(*) FROM notify.message WHERE kind = 'payment_receipt')"
    ).fetchone()  # type: ignore[misc]
    assert captured == messages, f"{messages} receipt messages for {captured} payments"
