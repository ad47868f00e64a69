"""What a bureau's register makes of the city's news about payments: paid, withdrawn, restored, refunded."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from core.clock import now, on_the_wire
from partners.desk.protocol import Refusal, text, whole_number

BillFacts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """One message: its kind, our name for it, whose payment, and the bills it is about."""

    kind: str
    notice_id: str
    payment_id: str
    bills: list[BillFacts]


def read(body: Mapping[str, Any]) -> Heard:
    """The message in a webhook's body. Refuses 422 what is not of the agreed form."""
    kind, data = text(body, "type"), body.get("data")
    if kind not in _EFFECTS:
        raise Refusal(422, "unknown_type", f"type must be one of {', '.join(_EFFECTS)}")
    if not isinstance(data, dict):
        raise Refusal(422, "invalid", "data must be an object")
    bills = data.get("bills")
    if not isinstance(bills, list) or not bills or not all(isinstance(bill, dict) for bill in bills):
        raise Refusal(422, "invalid", "bills must be a list of at least one bill")
    read_bills = [_bill(kind, bill) for bill in bills]
    return Heard(kind, text(data, "notice_id"), text(data, "payment_id"), read_bills)


def receive(writing: sqlite3.Connection, bureau: str, webhook_id: str, heard: Heard) -> None:
    """Enter it once. The same webhook-id again is counted and changes nothing; with other words it is refused."""
    listed = orjson.dumps(heard.bills).decode()
    known = writing.execute(
        "SELECT kind, notice_id, payment_id, bills FROM bureau_payment_notice WHERE bureau = ? AND webhook_id = ?",
        (bureau, webhook_id),
    ).fetchone()
    if known is not None:
        if tuple(known) != (heard.kind, heard.notice_id, heard.payment_id, listed):
            raise Refusal(409, "webhook_id_reused", "this webhook-id stands for another notice")
        writing.execute(
            "UPDATE bureau_payment_notice SET deliveries = deliveries + 1 WHERE bureau = ? AND webhook_id = ?",
            (bureau, webhook_id),
        )
        return
    writing.execute(
        "INSERT INTO bureau_payment_notice (bureau, webhook_id, notice_id, payment_id, bills, received_at, kind)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (bureau, webhook_id, heard.notice_id, heard.payment_id, listed, on_the_wire(now()), heard.kind),
    )
    for bill in heard.bills:
        _EFFECTS[heard.kind](writing, bureau, heard.payment_id, bill)


def _bill(kind: str, bill: BillFacts) -> BillFacts:
    read_bill: BillFacts = {"number": text(bill, "number"), "amount": whole_number(bill, "amount")}
    if kind in ("bill.paid", "bill.payment_restored"):
        read_bill["paid_at"] = text(bill, "paid_at")
    if kind == "bill.refunded":
        read_bill["bill_status"] = text(bill, "bill_status")
    return read_bill


def _paid(writing: sqlite3.Connection, bureau: str, payment_id: str, bill: BillFacts) -> None:
    writing.execute(
        "INSERT INTO bureau_bill"
        " (bureau, number, amount_twd, status, is_adopted, paid_twd, paid_at, payment_id, times_paid)"
        " VALUES (:bureau, :number, :amount, 'paid', 1, :amount, :paid_at, :payment_id, 1)"
        " ON CONFLICT (bureau, number) DO UPDATE SET status = 'paid', paid_twd = excluded.paid_twd,"
        " paid_at = excluded.paid_at, payment_id = excluded.payment_id, times_paid = times_paid + 1",
        {"bureau": bureau, "payment_id": payment_id, **bill},
    )
    _settle_whole(writing, bureau, bill["number"], -bill["amount"])


def _withdrawn(writing: sqlite3.Connection, bureau: str, payment_id: str, bill: BillFacts) -> None:
    # A bill that another payment has closed meanwhile stays closed.
    reopened = writing.execute(
        "UPDATE bureau_bill SET status = 'unpaid', paid_twd = NULL, paid_at = NULL, payment_id = NULL,"
        " times_paid = max(times_paid - 1, 0) WHERE bureau = ? AND number = ? AND payment_id = ?",
        (bureau, bill["number"], payment_id),
    )
    if reopened.rowcount:
        _settle_whole(writing, bureau, bill["number"], bill["amount"])


def _restored(writing: sqlite3.Connection, bureau: str, payment_id: str, bill: BillFacts) -> None:
    row = writing.execute(
        "SELECT status FROM bureau_bill WHERE bureau = ? AND number = ?", (bureau, bill["number"])
    ).fetchone()
    if row is None or row["status"] != "paid":
        _paid(writing, bureau, payment_id, bill)


def _refunded(writing: sqlite3.Connection, bureau: str, payment_id: str, bill: BillFacts) -> None:
    if bill["bill_status"] == "unpaid":
        _withdrawn(writing, bureau, payment_id, bill)


def _settle_whole(writing: sqlite3.Connection, bureau: str, number: str, by_twd: int) -> None:
    """A part was paid or given back: the fine it belongs to owes so much more or less, and is paid when nothing is."""
    writing.execute(
        "UPDATE bureau_bill SET amount_twd = amount_twd + :by,"
        " status = CASE WHEN amount_twd + :by > 0 THEN 'unpaid' ELSE 'paid' END"
        " WHERE bureau = :bureau AND number ="
        " (SELECT part_of FROM bureau_bill WHERE bureau = :bureau AND number = :number)",
        {"by": by_twd, "bureau": bureau, "number": number},
    )


_EFFECTS: Mapping[str, Callable[[sqlite3.Connection, str, str, BillFacts], None]] = {
    "bill.paid": _paid,
    "bill.payment_withdrawn": _withdrawn,
    "bill.payment_restored": _restored,
    "bill.refunded": _refunded,
}
