"""What others pay into an account of the city's, or the bank takes from it: put in by other sandboxes, demos, tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from core.clock import now, on_the_wire
from partners.bank.accounts import PAYOUT_ACCOUNT, TREASURY_ACCOUNT, credit
from partners.desk.protocol import Refusal, optional_text, text, whole_number

ACCOUNTS = {"treasury": TREASURY_ACCOUNT, "points": PAYOUT_ACCOUNT}
KINDS = ("credit", "debit", "charges")
MOST_DETAILS = 10_000
# A day that is named has no hour: the booking is put at nine in the morning.
_HOUR = "T09:00:00+08:00"


def put_incoming(writing: sqlite3.Connection, asked: Mapping[str, Any]) -> None:
    """Books one entry on an account of the city's, once per `reference`; again with the same content changes nothing.

    `account` treasury (else) or points, which merchants and partners are paid from; `kind` credit (a payout), debit (a
    negative net settlement) or charges; `amount_twd` NT$; `remittance` the text that comes with it; `party` who pays;
    `booked_on` a day (else now); `details` [{reference, amount_twd}] makes one entry of several transactions, which add
    up to it. Refuses 409 when the reference stands for another entry.
    """
    kind = asked.get("kind", "credit")
    if kind not in KINDS:
        raise Refusal(422, "invalid", f"kind must be one of {', '.join(KINDS)}")
    account = ACCOUNTS.get(str(asked.get("account", "treasury")))
    if account is None:
        raise Refusal(422, "invalid", f"account must be one of {', '.join(ACCOUNTS)}")
    entry = {
        "account_no": account,
        "reference": text(asked, "reference", most=35),
        "kind": kind,
        "party": text(asked, "party", most=140),
        "amount_twd": whole_number(asked, "amount_twd"),
        "remittance": optional_text(asked, "remittance") or "",
        "details": orjson.dumps(_details(asked)).decode(),
    }
    known = writing.execute("SELECT * FROM bank_incoming WHERE reference = ?", (entry["reference"],)).fetchone()
    if known is not None:
        if {name: known[name] for name in entry} != entry:
            raise Refusal(409, "reference_reused", "this reference stands for another entry")
        return
    writing.execute(
        "INSERT INTO bank_incoming (reference, kind, party, amount_twd, remittance, details, booked_at, account_no)"
        " VALUES (:reference, :kind, :party, :amount_twd, :remittance, :details, :booked_at, :account_no)",
        entry | {"booked_at": _booked_at(asked)},
    )
    credit(writing, account, entry["amount_twd"] if kind == "credit" else -entry["amount_twd"])


def _details(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = asked.get("details") or []
    if not isinstance(given, list) or len(given) > MOST_DETAILS or not all(isinstance(one, dict) for one in given):
        raise Refusal(422, "invalid", f"details must be a list of at most {MOST_DETAILS} objects")
    details: list[dict[str, Any]] = [
        {"reference": text(one, "reference", most=35), "amount_twd": whole_number(one, "amount_twd")} for one in given
    ]
    if details and sum(one["amount_twd"] for one in details) != asked.get("amount_twd"):
        raise Refusal(422, "invalid", "the details must add up to amount_twd")
    return details


def _booked_at(asked: Mapping[str, Any]) -> str:
    day = optional_text(asked, "booked_on")
    if day is None:
        return on_the_wire(now())
    try:
        return f"{date.fromisoformat(day).isoformat()}{_HOUR}"
    except ValueError:
        raise Refusal(422, "invalid", "booked_on must be a date, YYYY-MM-DD") from None
