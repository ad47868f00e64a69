"""Is every dollar of the month explained? Our book against every rail's own, difference by difference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg
import urllib3

from core import clock, db
from core.ids import typeid
from ledger import audit, book, seals
from wallet.reconciliation import in_transit

# Where money moved, or had moved and came back.
_MOVED = "('captured', 'provisional', 'refunded', 'returned', 'charged_back')"


@dataclass
class Verdict:
    """What was found: payments and breaks counted, differences with and without a break, and what must not be."""

    payments: dict[str, dict[str, int]] = field(default_factory=dict)
    breaks: Counter[str] = field(default_factory=Counter)
    open_breaks: Counter[str] = field(default_factory=Counter)
    suspense_twd: int = 0
    explained: int = 0
    waiting_for_people: int = 0
    wrong: list[str] = field(default_factory=list)


def verdict(url: str, sandbox: str) -> Verdict:
    """Compare everything with everything."""
    found = Verdict()
    with psycopg.connect(url, autocommit=True) as connection:
        _count(connection, found)
        _nothing_is_under_way(connection, found)
        _rails(connection, sandbox, found)
        _bills(connection, found)
    _the_book(url, found)
    return found


def _count(connection: psycopg.Connection[Any], found: Verdict) -> None:
    for rail, status, number in connection.execute(
        "SELECT rail, status, count(*) FROM wallet.payment GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        found.payments.setdefault(str(rail), {})[str(status)] = int(number)
    for channel, number in connection.execute(
        "SELECT channel, count(*) FROM wallet.collection_line GROUP BY channel ORDER BY channel"
    ):
        found.payments[f"cash {channel}"] = {"collected": int(number)}
    for kind, status, number in connection.execute(
        "SELECT kind, status, count(*) FROM wallet.reconciliation_break GROUP BY 1, 2"
    ):
        found.breaks[str(kind)] += int(number)
        if status != "closed":
            found.open_breaks[str(kind)] += int(number)


def _nothing_is_under_way(connection: psycopg.Connection[Any], found: Verdict) -> None:
    """Where a rail booked another amount than was agreed, nobody may guess: such a payment waits for two officers."""
    (found.waiting_for_people,) = connection.execute(
        "SELECT count(DISTINCT p.id) FROM wallet.payment p JOIN wallet.reconciliation_break b ON b.subject_id = p.id "
        "WHERE p.status IN ('unknown', 'action_required') AND b.status <> 'closed'"
    ).fetchone()  # type: ignore[misc]
    for what, question in {
        "payments not final, with no break that says why": "SELECT count(*) FROM wallet.payment p WHERE status IN "
        "('debiting', 'unknown', 'action_required', 'provisional', 'awaiting_authorization') AND NOT EXISTS "
        "(SELECT FROM wallet.reconciliation_break b WHERE b.subject_id = p.id AND b.status <> 'closed')",
        "refunds not done": "SELECT count(*) FROM wallet.refund WHERE status IN ('requested', 'unknown', 'pending')",
        "events not settled": "SELECT count(*) FROM core.outbox WHERE settled_at IS NULL",
        "notices neither acknowledged nor given up": "SELECT count(*) FROM wallet.bureau_notice "
        "WHERE acknowledged_at IS NULL AND gave_up_at IS NULL",
        "breaks without a type": "SELECT count(*) FROM wallet.reconciliation_break WHERE kind IS NULL OR cause = ''",
    }.items():
        (number,) = connection.execute(question).fetchone()  # type: ignore[misc]
        if number:
            found.wrong.append(f"{number} {what}")


def _rails(connection: psycopg.Connection[Any], sandbox: str, found: Verdict) -> None:
    """Each payment and refund at each rail, ours beside theirs: the same, or a break names it."""
    named = {
        str(reference)
        for (reference,) in connection.execute(
            "SELECT our_reference FROM wallet.reconciliation_break UNION "
            "SELECT wallet.typeid('pay', subject_id) FROM wallet.reconciliation_break WHERE subject_kind = 'payment'"
        )
    }
    ours: Counter[tuple[str, str, int]] = Counter()
    for rail, payment_id, money in connection.execute(
        "SELECT rail, id, amount_twd + fee_twd - points_pt FROM wallet.payment "
        f"WHERE status IN {_MOVED} AND rail <> 'points' AND amount_twd + fee_twd > points_pt"
    ):
        ours[_house(str(rail)), typeid("pay", payment_id), int(money)] += 1
    theirs = _taken(sandbox)
    for house, reference, money in (ours - theirs) + (theirs - ours):
        if reference in named:
            found.explained += 1
        else:
            found.wrong.append(f"{house}: {reference} of NT${money} is in one book alone, and no break says so")
    refunds = {
        typeid("ref", attempt): int(money)
        for attempt, money in connection.execute(
            "SELECT DISTINCT ON (a.refund_id) a.id, r.amount_twd + r.fee_twd - r.points_pt "
            "FROM wallet.refund_attempt a JOIN wallet.refund r ON r.id = a.refund_id WHERE r.status = 'completed' "
            "AND r.amount_twd + r.fee_twd > r.points_pt ORDER BY a.refund_id, a.number DESC"
        )
    }
    given = _given_back(sandbox)
    for reference, money in refunds.items():
        if given.get(reference) != [money] and reference not in named:
            found.wrong.append(f"refund {reference} of NT${money}: the rail has {given.get(reference)}")


def _bills(connection: psycopg.Connection[Any], found: Verdict) -> None:
    twice = connection.execute(
        "SELECT i.number FROM wallet.payment_item i JOIN wallet.payment p ON p.id = i.payment_id "
        "WHERE p.status IN ('captured', 'provisional') AND NOT EXISTS (SELECT FROM wallet.refund r "
        "WHERE r.payment_id = i.payment_id AND r.bill_id = i.bill_id AND r.status <> 'declined') "
        "GROUP BY i.number HAVING count(*) > 1"
    ).fetchall()
    found.wrong += [f"bill {number} stands paid twice" for (number,) in twice]
    lots = connection.execute(
        "SELECT c.code FROM ledger.counters c LEFT JOIN (SELECT person_id, sum(remaining) AS remaining FROM points.lot "
        "GROUP BY person_id) l ON c.code = 'points:person:' || l.person_id WHERE c.code LIKE 'points:person:%' "
        "AND c.credits_posted - c.debits_posted <> coalesce(l.remaining, 0)"
    ).fetchall()
    found.wrong += [f"{code} is not what its lots hold" for (code,) in lots]


def _the_book(url: str, found: Verdict) -> None:
    database = db.Database(url, connections=4)
    with database.unit_of_work() as session:
        while seals.seal(session, now=clock.now()):
            pass
    with database.unit_of_work() as session:
        found.wrong += [f"seal {fault.seal}: {fault.what}" for fault in seals.faults(session)]
        found.wrong += [f"{each.code}: counted is not replayed" for each in audit.disagreements(session)]
        found.wrong += [
            f"{line.asset} does not balance" for line in book.trial_balance(session) if not line.is_balanced
        ]
        for account in in_transit.accounts(session, now=clock.now()):
            if account.unexplained_twd:
                found.wrong.append(f"{account.account} holds NT${account.unexplained_twd} that nothing explains")
            if account.account == "break_suspense":
                found.suspense_twd = account.balance_twd
    database.engine.dispose()


def _house(rail: str) -> str:
    return "adyen" if rail in ("card", "apple_pay", "google_pay") else rail


def _taken(sandbox: str) -> Counter[tuple[str, str, int]]:
    """What each house's own book says it took."""
    rows = [
        ("bank_of_kaohsiung", row["reference"], row["amount_twd"]) for row in _read(sandbox, "bank/debits")
        if row["status"] == "booked"
    ] + [
        ("ach", row["reference"], row["amount_twd"]) for row in _read(sandbox, "ach/entries")
        if row["kind"] == "debit" and row["status"] != "rejected"
    ] + [
        ("adyen", row["reference"], row["amount_minor"] // 100) for row in _read(sandbox, "adyen/payments")
        if row["result_code"] == "Authorised" and not row["is_cancelled"]
    ] + [
        (row["wallet"], row["reference"], row["booked_twd"]) for row in _read(sandbox, "ewallets/payments")
        if row["status"] == "confirmed"
    ]  # fmt: skip
    return Counter(rows)


def _given_back(sandbox: str) -> dict[str, list[int]]:
    """What went back, at every house, by our reference."""
    given: dict[str, list[int]] = {}
    for book_name, statuses, unit in (
        ("bank/refunds", ("booked",), "amount_twd"), ("bank/credit-orders", ("booked",), "amount_twd"),
        ("ach/entries", ("submitted", "settled"), "amount_twd"), ("adyen/changes", ("done",), "amount_minor"),
        ("ewallets/refunds", ("booked",), "amount_twd"),
    ):  # fmt: skip
        for row in _read(sandbox, book_name):
            if row["status"] in statuses and row.get("kind", "refund") in ("refund", "credit"):
                money = row[unit] // 100 if unit == "amount_minor" else row[unit]
                given.setdefault(row["reference"], []).append(money)
    return given


def _read(sandbox: str, name: str) -> list[dict[str, Any]]:
    answer = urllib3.request("GET", f"{sandbox}/books/{name}", timeout=120.0)
    return list(orjson.loads(answer.data)["items"])
