"""The sandbox clearing house's books: accounts at other banks, authorisations, entries, files and closed days."""

from __future__ import annotations

import sqlite3
from datetime import date

from core.clock import now, taipei_date
from partners.ach.calendar import business_day_from, next_business_day
from partners.desk.books import Books
from partners.desk.demo_people import DEMO_PEOPLE

SCHEMA = """
CREATE TABLE IF NOT EXISTS ach_account (
    bank        TEXT NOT NULL,
    account_no  TEXT NOT NULL,
    national_id TEXT,
    balance_twd INTEGER NOT NULL,
    status      TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    PRIMARY KEY (bank, account_no)
);
CREATE TABLE IF NOT EXISTS ach_authorisation (
    request_id            TEXT PRIMARY KEY,
    reference             TEXT NOT NULL UNIQUE,
    authorisation_id      TEXT NOT NULL UNIQUE,
    state                 TEXT NOT NULL,
    return_url            TEXT NOT NULL,
    holder_ref            TEXT NOT NULL,
    holder_id             TEXT NOT NULL,
    bank                  TEXT NOT NULL,
    account_no            TEXT NOT NULL,
    user_no               TEXT NOT NULL,
    answers_tomorrow      INTEGER NOT NULL,
    status                TEXT NOT NULL
                          CHECK (status IN ('asked', 'denied', 'pending', 'active', 'refused', 'ended')),
    per_payment_limit_twd INTEGER,
    daily_limit_twd       INTEGER,
    expires_at            REAL NOT NULL,
    code                  TEXT UNIQUE,
    code_expires_at       REAL
);
CREATE TABLE IF NOT EXISTS ach_entry (
    position         INTEGER PRIMARY KEY,
    kind             TEXT NOT NULL CHECK (kind IN ('debit', 'credit')),
    reference        TEXT NOT NULL UNIQUE,
    entry_id         TEXT NOT NULL,
    authorisation_id TEXT NOT NULL,
    debit_reference  TEXT,
    amount_twd       INTEGER NOT NULL,
    purpose          TEXT NOT NULL,
    status           TEXT NOT NULL CHECK (status IN ('submitted', 'rejected', 'returned', 'settled')),
    reason           TEXT,
    forced_code      TEXT,
    late_days        INTEGER NOT NULL DEFAULT 0,
    submitted_at     TEXT NOT NULL,
    presented_on     TEXT NOT NULL,
    answered_on      TEXT
);
CREATE INDEX IF NOT EXISTS ach_entry_presented ON ach_entry (presented_on, status);
CREATE TABLE IF NOT EXISTS ach_return_file (
    day          TEXT PRIMARY KEY,
    answers_on   TEXT NOT NULL,
    entries      INTEGER NOT NULL,
    returned_twd INTEGER NOT NULL,
    paid_out_twd INTEGER NOT NULL,
    content      TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS ach_closed_day (
    day    TEXT PRIMARY KEY,
    reason TEXT NOT NULL
);
"""

FRESH_BALANCE_TWD = 100_000
# What the demo people have at another bank: the last digits and the balance are those of their account at the city's.
DEMO_BANK = "812"


def demo_account(account_no: str) -> str:
    """The other-bank account of a demo person, from the number of their account at the city's bank."""
    return f"0028000000{account_no[-4:]}"


def seed(books: Books) -> None:
    """An account at another bank for each of the demo people."""
    with books.writing() as writing:
        for person in DEMO_PEOPLE:
            account_no = demo_account(person.account_no)
            open_account(writing, DEMO_BANK, account_no, national_id=person.national_id, balance_twd=person.balance_twd)


def open_account(
    writing: sqlite3.Connection,
    bank: str,
    account_no: str,
    *,
    national_id: str | None,
    balance_twd: int = FRESH_BALANCE_TWD,
    status: str = "open",
) -> None:
    """Opens an account, or puts an existing one into exactly this state."""
    writing.execute(
        "INSERT OR REPLACE INTO ach_account (bank, account_no, national_id, balance_twd, status)"
        " VALUES (?, ?, ?, ?, ?)",
        (bank, account_no, national_id, balance_twd, status),
    )


def welcome(writing: sqlite3.Connection, bank: str, account_no: str, national_id: str) -> None:
    """An account nobody has named yet is opened for whoever names it first, with NT$100,000."""
    known = "SELECT 1 FROM ach_account WHERE bank = ? AND account_no = ?"
    if writing.execute(known, (bank, account_no)).fetchone() is None:
        open_account(writing, bank, account_no, national_id=national_id)


def closed_days(writing: sqlite3.Connection) -> frozenset[date]:
    """The days that were closed on short notice."""
    return frozenset(date.fromisoformat(row["day"]) for row in writing.execute("SELECT day FROM ach_closed_day"))


def last_closing(writing: sqlite3.Connection) -> date | None:
    """The last business day that was closed, whose return file is there."""
    row = writing.execute("SELECT max(day) AS day FROM ach_return_file").fetchone()
    return date.fromisoformat(row["day"]) if row["day"] else None


def open_day(writing: sqlite3.Connection) -> date:
    """The business day that is open: the one after the last closing; before any, the first entry's, or today's."""
    closed = closed_days(writing)
    last = last_closing(writing)
    if last is not None:
        return next_business_day(last, closed)
    row = writing.execute("SELECT min(presented_on) AS day FROM ach_entry").fetchone()
    return date.fromisoformat(row["day"]) if row["day"] else business_day_from(taipei_date(now()), closed)
