"""Money that the city sends to an account it has a mandate for: a refund whose own account is gone, or cash paid twice.

The mandate proves whose account it is, also after it was revoked. Naming the debit that is given back holds the order
to that debit's holder and to what is left of it.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from core.clock import now, on_the_wire
from partners.bank.accounts import TREASURY_ACCOUNT, move, new_reference
from partners.desk.books import Row
from partners.desk.protocol import Refusal

_MANDATE_AND_ACCOUNT = """
SELECT m.holder_ref, m.account_no, a.status AS account_status
FROM bank_mandate m LEFT JOIN bank_account a USING (account_no) WHERE m.mandate_id = ?
"""
_DEBIT_AND_HOLDER = """
SELECT d.amount_twd, d.refunded_twd, m.holder_ref
FROM bank_debit d LEFT JOIN bank_mandate m USING (mandate_id) WHERE d.reference = ? AND d.status = 'booked'
"""


def credit_once(
    writing: sqlite3.Connection,
    reference: str,
    mandate_id: str,
    amount_twd: int,
    purpose: str,
    debit_reference: str | None,
    forced_reason: str | None,
) -> tuple[dict[str, Any], bool]:
    """The credit order under `reference`, booked or rejected now or earlier; and whether it is new.

    Refuses 409 when the reference was used for another order, 404 when the debit it names was never booked.
    """
    known = writing.execute("SELECT * FROM bank_credit_order WHERE reference = ?", (reference,)).fetchone()
    if known is not None:
        if (known["mandate_id"], known["amount_twd"], known["debit_reference"]) != (
            mandate_id, amount_twd, debit_reference,
        ):  # fmt: skip
            raise Refusal(409, "reference_reused", "this reference stands for another credit order")
        return shown_credit(dict(known)), False
    mandate = writing.execute(_MANDATE_AND_ACCOUNT, (mandate_id,)).fetchone()
    debit = None
    if debit_reference is not None:
        debit = writing.execute(_DEBIT_AND_HOLDER, (debit_reference,)).fetchone()
        if debit is None:
            raise Refusal(404, "debit_not_found", "no booked debit has this reference")
    reason = forced_reason or _objection(mandate, debit, amount_twd)
    if reason is None:
        move(writing, TREASURY_ACCOUNT, mandate["account_no"], amount_twd)
        writing.execute(
            "UPDATE bank_debit SET refunded_twd = refunded_twd + ? WHERE reference = ?", (amount_twd, debit_reference)
        )
    order = {
        "reference": reference,
        "credit_id": new_reference("crd"),
        "mandate_id": mandate_id,
        "debit_reference": debit_reference,
        "account_no": mandate["account_no"] if mandate is not None else None,
        "amount_twd": amount_twd,
        "purpose": purpose,
        "status": "booked" if reason is None else "rejected",
        "reason": reason,
        "booked_at": on_the_wire(now()),
    }
    writing.execute(
        "INSERT INTO bank_credit_order (reference, credit_id, mandate_id, debit_reference, account_no, amount_twd,"
        " purpose, status, reason, booked_at) VALUES (:reference, :credit_id, :mandate_id, :debit_reference,"
        " :account_no, :amount_twd, :purpose, :status, :reason, :booked_at)",
        order,
    )
    return shown_credit(order), True


def shown_credit(order: Row) -> dict[str, Any]:
    """A credit order as it goes over the wire."""
    return {
        "credit_id": order["credit_id"],
        "reference": order["reference"],
        "mandate_id": order["mandate_id"],
        "debit_reference": order["debit_reference"],
        "amount": order["amount_twd"],
        "currency": "TWD",
        "status": order["status"],
        "reason": order["reason"],
        "booked_at": order["booked_at"],
    }


def _objection(mandate: sqlite3.Row | None, debit: sqlite3.Row | None, amount_twd: int) -> str | None:
    if mandate is None:
        return "mandate_not_found"
    if debit is not None and debit["holder_ref"] != mandate["holder_ref"]:
        return "other_holder"
    if debit is not None and debit["refunded_twd"] + amount_twd > debit["amount_twd"]:
        return "exceeds_debit"
    if mandate["account_status"] != "open":
        return "account_closed"
    return None
