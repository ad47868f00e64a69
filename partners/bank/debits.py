"""What the sandbox bank does with money: judges a debit, books it once, and gives money back once."""

from __future__ import annotations

import sqlite3
from typing import Any

from core.clock import now, on_the_wire, taipei_date
from partners.bank.accounts import TREASURY_ACCOUNT, move, new_reference
from partners.desk.books import Row
from partners.desk.protocol import Refusal

FORCED_REASONS = ("insufficient_funds", "mandate_revoked", "account_closed")

_MANDATE_AND_ACCOUNT = """
SELECT m.*, a.balance_twd, a.status AS account_status
FROM bank_mandate m LEFT JOIN bank_account a USING (account_no)
WHERE m.mandate_id = ?
"""


def debit_once(
    writing: sqlite3.Connection,
    reference: str,
    mandate_id: str,
    amount_twd: int,
    purpose: str,
    forced_reason: str | None,
) -> tuple[dict[str, Any], bool]:
    """The debit under `reference`, booked or rejected now or earlier; and whether it is new.

    Refuses 409 when the reference was used for another amount or mandate.
    """
    known = writing.execute("SELECT * FROM bank_debit WHERE reference = ?", (reference,)).fetchone()
    if known is not None:
        if (known["mandate_id"], known["amount_twd"]) != (mandate_id, amount_twd):
            raise Refusal(409, "reference_reused", "this reference stands for another debit")
        return shown_debit(dict(known)), False
    moment = now()
    today = taipei_date(moment).isoformat()
    month = today[:7]
    mandate = writing.execute(_MANDATE_AND_ACCOUNT, (mandate_id,)).fetchone()
    reason = forced_reason or _objection(mandate, amount_twd, today, month)
    account_no = mandate["account_no"] if mandate is not None else None
    if reason is None and mandate is not None:
        move(writing, mandate["account_no"], TREASURY_ACCOUNT, amount_twd)
        today_twd, month_twd = _spent(mandate, today, month)
        writing.execute(
            "UPDATE bank_mandate SET spent_on = ?, spent_twd = ?, spent_in = ?, spent_in_month_twd = ?"
            " WHERE mandate_id = ?",
            (today, today_twd + amount_twd, month, month_twd + amount_twd, mandate_id),
        )
    debit = {
        "reference": reference,
        "debit_id": new_reference("dbt"),
        "mandate_id": mandate_id,
        "account_no": account_no,
        "amount_twd": amount_twd,
        "purpose": purpose,
        "status": "booked" if reason is None else "rejected",
        "reason": reason,
        "booked_at": on_the_wire(moment),
    }
    writing.execute(
        "INSERT INTO bank_debit"
        " (reference, debit_id, mandate_id, account_no, amount_twd, purpose, status, reason, booked_at) VALUES"
        " (:reference, :debit_id, :mandate_id, :account_no, :amount_twd, :purpose, :status, :reason, :booked_at)",
        debit,
    )
    return shown_debit(debit), True


def refund_once(
    writing: sqlite3.Connection, reference: str, debit_reference: str, amount_twd: int, forced_reason: str | None
) -> tuple[dict[str, Any], bool]:
    """The refund under `reference`, booked or rejected now or earlier; and whether it is new.

    Refuses 404 when there is no booked debit to refund, 409 when the reference was used for another refund.
    """
    known = writing.execute("SELECT * FROM bank_refund WHERE reference = ?", (reference,)).fetchone()
    if known is not None:
        if (known["debit_reference"], known["amount_twd"]) != (debit_reference, amount_twd):
            raise Refusal(409, "reference_reused", "this reference stands for another refund")
        return shown_refund(dict(known)), False
    debit = writing.execute(
        "SELECT d.*, a.status AS account_status FROM bank_debit d LEFT JOIN bank_account a USING (account_no)"
        " WHERE d.reference = ? AND d.status = 'booked'",
        (debit_reference,),
    ).fetchone()
    if debit is None:
        raise Refusal(404, "debit_not_found", "no booked debit has this reference")
    reason = forced_reason
    if reason is None and debit["refunded_twd"] + amount_twd > debit["amount_twd"]:
        reason = "exceeds_debit"
    elif reason is None and debit["account_status"] != "open":
        reason = "account_closed"
    if reason is None:
        move(writing, TREASURY_ACCOUNT, debit["account_no"], amount_twd)
        writing.execute(
            "UPDATE bank_debit SET refunded_twd = refunded_twd + ? WHERE reference = ?", (amount_twd, debit_reference)
        )
    refund = {
        "reference": reference,
        "refund_id": new_reference("rfd"),
        "debit_reference": debit_reference,
        "account_no": debit["account_no"],
        "amount_twd": amount_twd,
        "status": "booked" if reason is None else "rejected",
        "reason": reason,
        "booked_at": on_the_wire(now()),
    }
    writing.execute(
        "INSERT INTO bank_refund"
        " (reference, refund_id, debit_reference, account_no, amount_twd, status, reason, booked_at) VALUES"
        " (:reference, :refund_id, :debit_reference, :account_no, :amount_twd, :status, :reason, :booked_at)",
        refund,
    )
    return shown_refund(refund), True


def shown_debit(debit: Row) -> dict[str, Any]:
    """A debit as it goes over the wire."""
    return {
        "debit_id": debit["debit_id"],
        "reference": debit["reference"],
        "mandate_id": debit["mandate_id"],
        "amount": debit["amount_twd"],
        "currency": "TWD",
        "status": debit["status"],
        "reason": debit["reason"],
        "booked_at": debit["booked_at"],
    }


def shown_refund(refund: Row) -> dict[str, Any]:
    """A refund as it goes over the wire."""
    return {
        "refund_id": refund["refund_id"],
        "reference": refund["reference"],
        "debit_reference": refund["debit_reference"],
        "amount": refund["amount_twd"],
        "currency": "TWD",
        "status": refund["status"],
        "reason": refund["reason"],
        "booked_at": refund["booked_at"],
    }


def _objection(mandate: sqlite3.Row | None, amount_twd: int, today: str, month: str) -> str | None:
    if mandate is None:
        return "mandate_not_found"
    if mandate["status"] != "active":
        return "mandate_revoked"
    if mandate["account_status"] != "open":
        return "account_closed"
    today_twd, month_twd = _spent(mandate, today, month)
    if (
        amount_twd > mandate["per_payment_limit_twd"]
        or today_twd + amount_twd > mandate["daily_limit_twd"]
        or month_twd + amount_twd > mandate["monthly_limit_twd"]
    ):
        return "limit_exceeded"
    if amount_twd > mandate["balance_twd"]:
        return "insufficient_funds"
    return None


def _spent(mandate: sqlite3.Row, today: str, month: str) -> tuple[int, int]:
    """What was debited under the mandate today and in this month, in Taipei (NT$)."""
    return (
        mandate["spent_twd"] if mandate["spent_on"] == today else 0,
        mandate["spent_in_month_twd"] if mandate["spent_in"] == month else 0,
    )
