"""What the sandbox clearing house does with entries: takes each once, and at the close of a day pays or returns."""

from __future__ import annotations

import base64
import sqlite3
import uuid
from datetime import date
from typing import Any

from core.clock import now, on_the_wire, taipei_date
from partners.ach.books import closed_days, last_closing, open_day
from partners.ach.calendar import next_business_day, previous_business_day
from partners.ach.files import WrittenEntry, write_return_file
from partners.bank.incoming import put_incoming
from partners.desk.books import Row
from partners.desk.protocol import Refusal
from partners.desk.switches import Mode


def debit_once(
    writing: sqlite3.Connection,
    reference: str,
    authorisation_id: str,
    amount_twd: int,
    purpose: str,
    mode: Mode | None,
) -> dict[str, Any]:
    """The debit under `reference`, submitted or rejected now or earlier. Refuses 409 for a reference used otherwise."""
    known = _entry(writing, reference)
    if known is not None:
        if (known["kind"], known["authorisation_id"], known["amount_twd"]) != ("debit", authorisation_id, amount_twd):
            raise Refusal(409, "reference_reused", "this reference stands for another entry")
        return shown_entry(known)
    asked = writing.execute(
        "SELECT * FROM ach_authorisation WHERE authorisation_id = ?", (authorisation_id,)
    ).fetchone()
    reason = _objection(writing, asked, amount_twd)
    entry = _new_entry(writing, "debit", reference, authorisation_id, amount_twd, purpose, reason)
    if mode is not None and mode.name in ("returned", "returned_late"):
        entry["forced_code"] = f"{int(mode['code']):02d}"
        entry["late_days"] = int(mode["days"]) if mode.name == "returned_late" else 0
    _write(writing, entry)
    return shown_entry(entry)


def credit_once(writing: sqlite3.Connection, reference: str, debit_reference: str, amount_twd: int) -> dict[str, Any]:
    """The credit under `reference`, submitted or rejected now or earlier.

    Refuses 404 when no debit has been paid under `debit_reference`, 409 while that may still be returned, and 409 for a
    reference used otherwise.
    """
    known = _entry(writing, reference)
    if known is not None:
        if (known["kind"], known["debit_reference"], known["amount_twd"]) != ("credit", debit_reference, amount_twd):
            raise Refusal(409, "reference_reused", "this reference stands for another entry")
        return shown_entry(known)
    debit = _entry(writing, debit_reference)
    if debit is not None and (debit["kind"], debit["status"]) == ("debit", "submitted"):
        raise Refusal(409, "debit_not_settled", "the debit may still be returned")
    if debit is None or (debit["kind"], debit["status"]) != ("debit", "settled"):
        raise Refusal(404, "debit_not_found", "no debit that stands has this reference")
    (credited,) = writing.execute(
        "SELECT coalesce(sum(amount_twd), 0) FROM ach_entry WHERE kind = 'credit' AND debit_reference = ?"
        " AND status IN ('submitted', 'settled')",
        (debit_reference,),
    ).fetchone()
    reason = "exceeds_debit" if credited + amount_twd > debit["amount_twd"] else None
    entry = _new_entry(writing, "credit", reference, debit["authorisation_id"], amount_twd, "退款", reason)
    entry["debit_reference"] = debit_reference
    _write(writing, entry)
    return shown_entry(entry)


def close_day(writing: sqlite3.Connection) -> Row:
    """Closes the open business day: what was presented on the one before is paid or returned, its file is made, and
    banks that wanted a night answer their authorisations."""
    day = open_day(writing)
    closed = closed_days(writing)
    answers_on = last_closing(writing) or previous_business_day(day, closed)
    entries = [dict(row) for row in writing.execute(_DUE, (answers_on.isoformat(),))]
    returned, paid_out_twd = [], 0
    for entry in entries:
        code = _return_code(writing, entry, day, closed)
        if code == "":
            continue
        if code is not None:
            returned.append(_written(entry, code))
            paid_out_twd -= _signed(entry) if entry["status"] == "settled" else 0
            _move(writing, entry, -1 if entry["status"] == "settled" else 0)
            _answer(writing, entry, "returned", code, day)
        elif entry["status"] == "submitted":
            paid_out_twd += _signed(entry)
            _move(writing, entry, 1)
            _answer(writing, entry, "settled", None, day)
    if paid_out_twd:
        put_incoming(
            writing,
            {
                "kind": "credit" if paid_out_twd > 0 else "debit",
                "reference": f"ACH-{day:%Y%m%d}",
                "party": "台灣票據交換所 ACH",
                "amount_twd": abs(paid_out_twd),
                "remittance": f"ACH {answers_on.isoformat()}",
                "booked_on": day.isoformat(),
            },
        )
    _answer_authorisations(writing)
    file = {
        "day": day.isoformat(),
        "answers_on": answers_on.isoformat(),
        "entries": len(returned),
        "returned_twd": sum(entry.amount_twd for entry in returned),
        "paid_out_twd": paid_out_twd,
        "content": base64.b64encode(write_return_file(day, answers_on, returned)).decode(),
    }
    writing.execute(
        "INSERT INTO ach_return_file (day, answers_on, entries, returned_twd, paid_out_twd, content)"
        " VALUES (:day, :answers_on, :entries, :returned_twd, :paid_out_twd, :content)",
        file,
    )
    return file


def catch_up(writing: sqlite3.Connection) -> None:
    """Closes the business days that have gone by since the last closing."""
    today = taipei_date(now())
    while open_day(writing) < today:
        close_day(writing)


def declare_closed(writing: sqlite3.Connection, day: date, reason: str) -> None:
    """A day is closed on short notice: what was to be presented on it is presented on the next business day.

    Refuses 409 for a day whose file is made already.
    """
    if writing.execute("SELECT 1 FROM ach_return_file WHERE day = ?", (day.isoformat(),)).fetchone():
        raise Refusal(409, "day_over", "this day has been cleared already")
    writing.execute("INSERT OR REPLACE INTO ach_closed_day (day, reason) VALUES (?, ?)", (day.isoformat(), reason))
    following = next_business_day(day, closed_days(writing))
    writing.execute(
        "UPDATE ach_entry SET presented_on = ? WHERE presented_on = ? AND status = 'submitted'",
        (following.isoformat(), day.isoformat()),
    )


def shown_entry(entry: Row) -> dict[str, Any]:
    """An entry as it goes over the wire."""
    shown = {
        "entry_id": entry["entry_id"],
        "reference": entry["reference"],
        "amount": entry["amount_twd"],
        "currency": "TWD",
        "status": entry["status"],
        "reason": entry["reason"],
        "submitted_at": entry["submitted_at"],
        "presented_on": entry["presented_on"],
    }
    of = "authorisation_id" if entry["kind"] == "debit" else "debit_reference"
    return shown | {of: entry[of]}


def _objection(writing: sqlite3.Connection, asked: sqlite3.Row | None, amount_twd: int) -> str | None:
    if asked is None:
        return "mandate_not_found"
    if asked["status"] != "active":
        return "mandate_revoked"
    (presented_twd,) = writing.execute(
        "SELECT coalesce(sum(amount_twd), 0) FROM ach_entry WHERE kind = 'debit' AND authorisation_id = ?"
        " AND presented_on = ? AND status <> 'rejected'",
        (asked["authorisation_id"], open_day(writing).isoformat()),
    ).fetchone()
    if amount_twd > asked["per_payment_limit_twd"] or presented_twd + amount_twd > asked["daily_limit_twd"]:
        return "limit_exceeded"
    return None


def _return_code(writing: sqlite3.Connection, entry: Row, day: date, closed: frozenset[date]) -> str | None:
    """Why an entry comes back at the close of `day`: two digits; None: it is paid; "": nothing happens today."""
    if entry["status"] == "settled":
        return entry["forced_code"] if day >= _late_day(entry, closed) else ""
    if entry["forced_code"] and not entry["late_days"]:
        return str(entry["forced_code"])
    account = writing.execute(
        "SELECT * FROM ach_account WHERE bank = ? AND account_no = ?", (entry["bank"], entry["account_no"])
    ).fetchone()
    if account is None:
        return "04"
    if account["status"] != "open":
        return "22"
    if entry["kind"] == "credit":
        return None
    if entry["authorisation_status"] != "active":
        return "03"
    if account["national_id"] not in (None, entry["holder_id"]):
        return "05"
    return "01" if account["balance_twd"] < entry["amount_twd"] else None


def _late_day(entry: Row, closed: frozenset[date]) -> date:
    day = next_business_day(date.fromisoformat(entry["presented_on"]), closed)
    for _ in range(entry["late_days"]):
        day = next_business_day(day, closed)
    return day


def _signed(entry: Row) -> int:
    return int(entry["amount_twd"]) if entry["kind"] == "debit" else -int(entry["amount_twd"])


def _move(writing: sqlite3.Connection, entry: Row, times: int) -> None:
    writing.execute(
        "UPDATE ach_account SET balance_twd = balance_twd - ? WHERE bank = ? AND account_no = ?",
        (_signed(entry) * times, entry["bank"], entry["account_no"]),
    )


def _answer(writing: sqlite3.Connection, entry: Row, status: str, code: str | None, day: date) -> None:
    writing.execute(
        "UPDATE ach_entry SET status = ?, reason = ?, answered_on = ? WHERE reference = ?",
        (status, code, day.isoformat(), entry["reference"]),
    )


def _answer_authorisations(writing: sqlite3.Connection) -> None:
    writing.execute(
        "UPDATE ach_authorisation SET status = CASE WHEN EXISTS (SELECT 1 FROM ach_account a"
        " WHERE a.bank = ach_authorisation.bank AND a.account_no = ach_authorisation.account_no AND a.status = 'open'"
        " AND coalesce(a.national_id, holder_id) = holder_id) THEN 'active' ELSE 'refused' END"
        " WHERE status = 'pending'"
    )


def _written(entry: Row, code: str) -> WrittenEntry:
    return WrittenEntry(
        kind=entry["kind"],
        bank=entry["bank"],
        account_no=entry["account_no"],
        holder_id=entry["holder_id"],
        amount_twd=entry["amount_twd"],
        code=code,
        presented_on=date.fromisoformat(entry["presented_on"]),
        presented_sequence=entry["position"],
        user_no=entry["user_no"],
        reference=entry["reference"],
    )


def _entry(writing: sqlite3.Connection, reference: str) -> Row | None:
    row = writing.execute("SELECT * FROM ach_entry WHERE reference = ?", (reference,)).fetchone()
    return None if row is None else dict(row)


def _new_entry(
    writing: sqlite3.Connection,
    kind: str,
    reference: str,
    authorisation_id: str,
    amount_twd: int,
    purpose: str,
    reason: str | None,
) -> Row:
    return {
        "kind": kind,
        "reference": reference,
        "entry_id": f"ent_{uuid.uuid4().hex}",
        "authorisation_id": authorisation_id,
        "debit_reference": None,
        "amount_twd": amount_twd,
        "purpose": purpose,
        "status": "submitted" if reason is None else "rejected",
        "reason": reason,
        "forced_code": None,
        "late_days": 0,
        "submitted_at": on_the_wire(now()),
        "presented_on": open_day(writing).isoformat(),
    }


def _write(writing: sqlite3.Connection, entry: Row) -> None:
    writing.execute(
        "INSERT INTO ach_entry (kind, reference, entry_id, authorisation_id, debit_reference, amount_twd, purpose,"
        " status, reason, forced_code, late_days, submitted_at, presented_on) VALUES (:kind, :reference, :entry_id,"
        " :authorisation_id, :debit_reference, :amount_twd, :purpose, :status, :reason, :forced_code, :late_days,"
        " :submitted_at, :presented_on)",
        entry,
    )


_DUE = """
SELECT e.*, a.bank, a.account_no, a.holder_id, a.user_no, a.status AS authorisation_status
  FROM ach_entry e JOIN ach_authorisation a USING (authorisation_id)
 WHERE (e.status = 'submitted' AND e.presented_on <= ?) OR (e.status = 'settled' AND e.late_days > 0)
 ORDER BY e.position
"""
