"""The sandbox bank executes files of transfers: each file once by its MsgId, each transfer once by its EndToEndId."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import date
from typing import Final

from core.clock import now, on_the_wire, taipei_date
from partners.bank import pain002
from partners.bank.accounts import PAYOUT_ACCOUNT, credit, new_reference
from partners.bank.iso20022 import MessageWrong
from partners.bank.pain001 import Transfer, read
from partners.bank.pain002 import Outcome, Report
from partners.bank.statements import BANK_CODE
from partners.desk.protocol import Refusal

SCHEMA = """
CREATE TABLE IF NOT EXISTS bank_payout_file (
    position    INTEGER PRIMARY KEY,
    message_id  TEXT NOT NULL UNIQUE,
    digest      TEXT NOT NULL,
    report      TEXT NOT NULL,
    times_sent  INTEGER NOT NULL DEFAULT 1,
    received_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS bank_payout (
    position    INTEGER PRIMARY KEY,
    message_id  TEXT NOT NULL,
    reference   TEXT NOT NULL,
    payout_id   TEXT NOT NULL,
    bank_code   TEXT NOT NULL,
    account_no  TEXT NOT NULL,
    payee       TEXT NOT NULL,
    amount_twd  INTEGER NOT NULL,
    remark      TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('booked', 'rejected')),
    reason      TEXT,
    booked_at   TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bank_payout_reference ON bank_payout (reference);
CREATE INDEX IF NOT EXISTS bank_payout_day ON bank_payout (substr(booked_at, 1, 10));
CREATE TABLE IF NOT EXISTS bank_payee (
    bank_code   TEXT NOT NULL,
    account_no  TEXT NOT NULL,
    balance_twd INTEGER NOT NULL DEFAULT 0,
    status      TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    PRIMARY KEY (bank_code, account_no)
);
"""
# What a switch has a whole file refused for, and every transfer of it.
_FILE_REFUSED: Final = {"file_refused": "FF01"}
_ALL_REFUSED: Final = {"account_closed": "AC04"}


def execute_once(writing: sqlite3.Connection, message_id: str, document: str, mode: str | None, *, adopts: bool) -> str:
    """The report (pain.002) on a file, made now or when it first came. `adopts`: an account that nobody knows exists.

    Refuses 409 when the MsgId stands for another file, 422 when the file has another MsgId than it was sent under.
    """
    digest = hashlib.sha256(document.encode()).hexdigest()
    known = writing.execute("SELECT * FROM bank_payout_file WHERE message_id = ?", (message_id,)).fetchone()
    if known is not None:
        if known["digest"] != digest:
            raise Refusal(409, "message_id_reused", "this MsgId stands for another file")
        writing.execute("UPDATE bank_payout_file SET times_sent = times_sent + 1 WHERE message_id = ?", (message_id,))
        return str(known["report"])
    at = now()
    refusal = _FILE_REFUSED.get(mode or "", "")
    transfers: tuple[Transfer, ...] = ()
    try:
        file = read(document.encode())
        transfers = file.transfers
        if file.message_id != message_id:
            raise Refusal(422, "invalid", "the file's MsgId is not the message_id")
        if (file.payer_bank, file.payer_account) != (BANK_CODE, PAYOUT_ACCOUNT.replace("-", "")):
            refusal = refusal or "AC02"
    except MessageWrong:
        refusal = refusal or "FF01"
    outcomes: list[Outcome] = []
    if not refusal:
        forced = _ALL_REFUSED.get(mode or "")
        outcomes = [_executed(writing, message_id, transfer, forced, adopts=adopts) for transfer in transfers]
    report = pain002.written(Report(message_id, at, refusal, tuple(outcomes)), report_id=new_reference("rpt"))
    writing.execute(
        "INSERT INTO bank_payout_file (message_id, digest, report, received_at) VALUES (?, ?, ?, ?)",
        (message_id, digest, report, on_the_wire(at)),
    )
    return report


def put_payee(writing: sqlite3.Connection, bank_code: str, account_no: str, status: str) -> None:
    """Opens or closes an account at any bank that is paid to."""
    writing.execute(
        "INSERT INTO bank_payee (bank_code, account_no, status) VALUES (?, ?, ?)"
        " ON CONFLICT (bank_code, account_no) DO UPDATE SET status = excluded.status",
        (bank_code, account_no, status),
    )


def _executed(
    writing: sqlite3.Connection, message_id: str, transfer: Transfer, forced: str | None, *, adopts: bool
) -> Outcome:
    own_reference, at = new_reference("pyo"), on_the_wire(now())
    reason = forced or _objection(writing, transfer, adopts=adopts)
    if reason is None:
        _move(writing, transfer)
    writing.execute(
        "INSERT INTO bank_payout (message_id, reference, payout_id, bank_code, account_no, payee, amount_twd, remark,"
        " status, reason, booked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message_id, transfer.end_to_end, own_reference, transfer.bank_code, transfer.account, transfer.payee,
            transfer.amount_twd, transfer.remark, "rejected" if reason else "booked", reason, at,
        ),
    )  # fmt: skip
    if reason is not None:
        return Outcome(transfer.end_to_end, "refused", reason)
    today: date = taipei_date(now())
    return Outcome(transfer.end_to_end, "executed", executed_on=today, bank_reference=own_reference)


def _objection(writing: sqlite3.Connection, transfer: Transfer, *, adopts: bool) -> str | None:
    """Why a transfer is not executed: AM05 it was before, AC04 the account is closed, AC01 there is none."""
    again = writing.execute(
        "SELECT 1 FROM bank_payout WHERE reference = ? AND status = 'booked'", (transfer.end_to_end,)
    ).fetchone()
    if again is not None:
        return "AM05"
    status = _status_of(writing, transfer)
    if status is None and adopts:
        put_payee(writing, transfer.bank_code, transfer.account, "open")
        return None
    return None if status == "open" else "AC04" if status == "closed" else "AC01"


def _status_of(writing: sqlite3.Connection, transfer: Transfer) -> str | None:
    own = _own_account(writing, transfer)
    if own is not None:
        return str(own["status"])
    payee = writing.execute(
        "SELECT status FROM bank_payee WHERE bank_code = ? AND account_no = ?", (transfer.bank_code, transfer.account)
    ).fetchone()
    return None if payee is None else str(payee["status"])


def _own_account(writing: sqlite3.Connection, transfer: Transfer) -> sqlite3.Row | None:
    if transfer.bank_code != BANK_CODE:
        return None
    found: sqlite3.Row | None = writing.execute(
        "SELECT account_no, status FROM bank_account WHERE replace(account_no, '-', '') = ?", (transfer.account,)
    ).fetchone()
    return found


def _move(writing: sqlite3.Connection, transfer: Transfer) -> None:
    credit(writing, PAYOUT_ACCOUNT, -transfer.amount_twd)
    own = _own_account(writing, transfer)
    if own is not None:
        credit(writing, own["account_no"], transfer.amount_twd)
    else:
        writing.execute(
            "UPDATE bank_payee SET balance_twd = balance_twd + ? WHERE bank_code = ? AND account_no = ?",
            (transfer.amount_twd, transfer.bank_code, transfer.account),
        )
