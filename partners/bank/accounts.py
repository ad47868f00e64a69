"""The sandbox bank's books: accounts, mandates, debits, refunds, credit orders, and what others pay in."""

from __future__ import annotations

import sqlite3
import uuid

from core.clock import now, on_the_wire
from partners.desk.books import Books, Row
from partners.desk.demo_people import DEMO_PEOPLE

SCHEMA = """
CREATE TABLE IF NOT EXISTS bank_account (
    account_no  TEXT PRIMARY KEY,
    holder_ref  TEXT,
    national_id TEXT,
    holder_name TEXT NOT NULL,
    balance_twd INTEGER NOT NULL,
    status      TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed'))
);
CREATE INDEX IF NOT EXISTS bank_account_holder ON bank_account (holder_ref);
CREATE INDEX IF NOT EXISTS bank_account_national_id ON bank_account (national_id);
CREATE TABLE IF NOT EXISTS bank_mandate_request (
    request_id            TEXT PRIMARY KEY,
    reference             TEXT NOT NULL UNIQUE,
    state                 TEXT NOT NULL,
    return_url            TEXT NOT NULL,
    holder_ref            TEXT NOT NULL,
    status                TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'approved', 'denied')),
    expires_at            REAL NOT NULL,
    code                  TEXT UNIQUE,
    code_expires_at       REAL,
    account_no            TEXT,
    per_payment_limit_twd INTEGER,
    daily_limit_twd       INTEGER,
    monthly_limit_twd     INTEGER,
    mandate_id            TEXT
);
CREATE TABLE IF NOT EXISTS bank_mandate (
    mandate_id            TEXT PRIMARY KEY,
    holder_ref            TEXT NOT NULL,
    account_no            TEXT NOT NULL,
    per_payment_limit_twd INTEGER NOT NULL,
    daily_limit_twd       INTEGER NOT NULL,
    monthly_limit_twd     INTEGER NOT NULL DEFAULT 1000000000,
    status                TEXT NOT NULL CHECK (status IN ('active', 'revoked')),
    spent_on              TEXT NOT NULL DEFAULT '',
    spent_twd             INTEGER NOT NULL DEFAULT 0,
    spent_in              TEXT NOT NULL DEFAULT '',
    spent_in_month_twd    INTEGER NOT NULL DEFAULT 0,
    created_at            TEXT NOT NULL,
    revoked_at            TEXT
);
CREATE TABLE IF NOT EXISTS bank_debit (
    position     INTEGER PRIMARY KEY,
    reference    TEXT NOT NULL UNIQUE,
    debit_id     TEXT NOT NULL,
    mandate_id   TEXT NOT NULL,
    account_no   TEXT,
    amount_twd   INTEGER NOT NULL,
    purpose      TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('booked', 'rejected')),
    reason       TEXT,
    booked_at    TEXT NOT NULL,
    refunded_twd INTEGER NOT NULL DEFAULT 0,
    CHECK (refunded_twd <= amount_twd)
);
CREATE INDEX IF NOT EXISTS bank_debit_day ON bank_debit (substr(booked_at, 1, 10));
CREATE TABLE IF NOT EXISTS bank_refund (
    position        INTEGER PRIMARY KEY,
    reference       TEXT NOT NULL UNIQUE,
    refund_id       TEXT NOT NULL,
    debit_reference TEXT NOT NULL,
    account_no      TEXT NOT NULL,
    amount_twd      INTEGER NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('booked', 'rejected')),
    reason          TEXT,
    booked_at       TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bank_refund_day ON bank_refund (substr(booked_at, 1, 10));
CREATE TABLE IF NOT EXISTS bank_credit_order (
    position        INTEGER PRIMARY KEY,
    reference       TEXT NOT NULL UNIQUE,
    credit_id       TEXT NOT NULL,
    mandate_id      TEXT NOT NULL,
    debit_reference TEXT,
    account_no      TEXT,
    amount_twd      INTEGER NOT NULL,
    purpose         TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('booked', 'rejected')),
    reason          TEXT,
    booked_at       TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bank_credit_order_day ON bank_credit_order (substr(booked_at, 1, 10));
CREATE TABLE IF NOT EXISTS bank_incoming (
    position   INTEGER PRIMARY KEY,
    reference  TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL CHECK (kind IN ('credit', 'debit', 'charges')),
    party      TEXT NOT NULL,
    amount_twd INTEGER NOT NULL,
    remittance TEXT NOT NULL,
    details    TEXT NOT NULL DEFAULT '[]',
    booked_at  TEXT NOT NULL,
    account_no TEXT NOT NULL DEFAULT '9017-9000-0001'
);
CREATE INDEX IF NOT EXISTS bank_incoming_day ON bank_incoming (substr(booked_at, 1, 10));
"""

TREASURY_ACCOUNT = "9017-9000-0001"
PAYOUT_ACCOUNT = "9017-9000-0002"
FRESH_BALANCE_TWD = 100_000
FRESH_ACCOUNTS = 2


def seed(books: Books) -> None:
    """The city's treasury account, the one that merchants are paid from, and the demo people's accounts."""
    with books.writing() as writing:
        for account_no in (TREASURY_ACCOUNT, PAYOUT_ACCOUNT):
            open_account(writing, account_no, "高雄市政府 Kaohsiung City Government", balance_twd=0)
        for person in DEMO_PEOPLE:
            open_account(
                writing, person.account_no, person.name, balance_twd=person.balance_twd, national_id=person.national_id
            )


def open_account(
    writing: sqlite3.Connection,
    account_no: str,
    holder_name: str,
    *,
    balance_twd: int,
    national_id: str | None = None,
    holder_ref: str | None = None,
    status: str = "open",
) -> None:
    """Opens an account, or puts an existing one into exactly this state."""
    writing.execute(
        "INSERT OR REPLACE INTO bank_account (account_no, holder_ref, national_id, holder_name, balance_twd, status)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (account_no, holder_ref, national_id, holder_name, balance_twd, status),
    )


def welcome_holder(writing: sqlite3.Connection, holder_ref: str, national_id: str | None) -> None:
    """Ties the accounts on `national_id` to `holder_ref`; somebody the bank does not know gets two fresh accounts."""
    if national_id:
        writing.execute(
            "UPDATE bank_account SET holder_ref = ? WHERE national_id = ? AND holder_ref IS NOT ?",
            (holder_ref, national_id, holder_ref),
        )
    if writing.execute("SELECT 1 FROM bank_account WHERE holder_ref = ?", (holder_ref,)).fetchone():
        return
    (count,) = writing.execute("SELECT count(*) FROM bank_account").fetchone()
    for number in range(count, count + FRESH_ACCOUNTS):
        open_account(
            writing,
            f"9017-{1000 + number // 10_000:04d}-{number % 10_000:04d}",
            f"存戶 Holder {holder_ref[-6:]}",
            balance_twd=FRESH_BALANCE_TWD,
            national_id=national_id,
            holder_ref=holder_ref,
        )


def accounts_of(books: Books, holder_ref: str) -> list[Row]:
    """The open accounts of a holder, in order of their numbers."""
    return books.all(
        "SELECT * FROM bank_account WHERE holder_ref = ? AND status = 'open' ORDER BY account_no", holder_ref
    )


def create_mandate(
    writing: sqlite3.Connection,
    holder_ref: str,
    account_no: str,
    per_payment_limit_twd: int,
    daily_limit_twd: int,
    monthly_limit_twd: int,
) -> str:
    """An active mandate to debit `account_no` within the limits (NT$); returns its id."""
    mandate_id = new_reference("mdt")
    writing.execute(
        "INSERT INTO bank_mandate (mandate_id, holder_ref, account_no, per_payment_limit_twd, daily_limit_twd,"
        " monthly_limit_twd, status, created_at) VALUES (?, ?, ?, ?, ?, ?, 'active', ?)",
        (mandate_id, holder_ref, account_no, per_payment_limit_twd, daily_limit_twd, monthly_limit_twd,
         on_the_wire(now())),
    )  # fmt: skip
    return mandate_id


def close_account(writing: sqlite3.Connection, account_no: str) -> bool:
    """The holder closes an account: nothing is debited from it or credited to it any more. False: there is none."""
    closed = writing.execute("UPDATE bank_account SET status = 'closed' WHERE account_no = ?", (account_no,))
    return closed.rowcount == 1


def move(writing: sqlite3.Connection, source: str, destination: str, amount_twd: int) -> None:
    """Moves money between two accounts."""
    credit(writing, source, -amount_twd)
    credit(writing, destination, amount_twd)


def credit(writing: sqlite3.Connection, account_no: str, amount_twd: int) -> None:
    """Adds to an account's balance what comes from elsewhere (or takes it away, below 0)."""
    writing.execute(
        "UPDATE bank_account SET balance_twd = balance_twd + ? WHERE account_no = ?", (amount_twd, account_no)
    )


def new_reference(prefix: str) -> str:
    """A new name of the bank's own. It fits the 35 characters that ISO 20022 leaves for a reference (Max35Text)."""
    return f"{prefix}_{uuid.uuid4().hex[:24]}"


def masked(account_no: str) -> str:
    """An account number as it may be shown: its last four digits."""
    return f"***{account_no[-4:]}"
