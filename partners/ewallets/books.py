"""The sandbox wallets' books: reservations and what became of them, refunds, and the settlement file of each day."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from core.clock import now, taipei_date
from partners.bank.incoming import put_incoming
from partners.desk.books import Row
from partners.ewallets.settlement import SettlementLine, write_settlement

SCHEMA = """
CREATE TABLE IF NOT EXISTS ewallet_payment (
    position       INTEGER PRIMARY KEY,
    wallet         TEXT NOT NULL,
    reference      TEXT NOT NULL,
    reservation_id TEXT NOT NULL UNIQUE,
    transaction_id TEXT UNIQUE,
    status         TEXT NOT NULL CHECK (status IN ('reserved', 'authorized', 'confirmed', 'declined', 'expired')),
    reason         TEXT,
    amount_twd     INTEGER NOT NULL,
    booked_twd     INTEGER,
    order_name     TEXT NOT NULL,
    return_url     TEXT NOT NULL,
    can_pay        INTEGER NOT NULL,
    expires_at     TEXT NOT NULL,
    confirmed_at   TEXT,
    refunded_twd   INTEGER NOT NULL DEFAULT 0,
    settled_on     TEXT,
    UNIQUE (wallet, reference)
);
CREATE TABLE IF NOT EXISTS ewallet_refund (
    position          INTEGER PRIMARY KEY,
    wallet            TEXT NOT NULL,
    reference         TEXT NOT NULL,
    refund_id         TEXT NOT NULL,
    payment_reference TEXT NOT NULL,
    amount_twd        INTEGER NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('booked', 'rejected')),
    reason            TEXT,
    booked_at         TEXT NOT NULL,
    settled_on        TEXT,
    UNIQUE (wallet, reference)
);
CREATE TABLE IF NOT EXISTS ewallet_settlement (
    wallet     TEXT NOT NULL,
    day        TEXT NOT NULL,
    lines      INTEGER NOT NULL,
    payout_twd INTEGER NOT NULL,
    content    TEXT NOT NULL,
    PRIMARY KEY (wallet, day)
);
"""

# What each sandbox wallet keeps of a payment, in thousandths. Invented: the real rate is each wallet's contract.
FEE_PERMILLE: Final[Mapping[str, int]] = {"jkopay": 20, "line_pay": 22}


def fee_twd(wallet: str, amount_twd: int) -> int:
    """The wallet's fee on a payment, in whole NT$, half a dollar rounded up."""
    return (amount_twd * FEE_PERMILLE[wallet] + 500) // 1000


def open_day(writing: sqlite3.Connection, wallet: str) -> date:
    """The day whose settlement is still open: the one after the last file, before any the first booking's, or today."""
    last = writing.execute("SELECT max(day) AS day FROM ewallet_settlement WHERE wallet = ?", (wallet,)).fetchone()
    if last["day"]:
        return date.fromisoformat(last["day"]) + timedelta(days=1)
    first = writing.execute(
        "SELECT min(confirmed_at) AS at FROM ewallet_payment WHERE wallet = ?", (wallet,)
    ).fetchone()
    return taipei_date(datetime.fromisoformat(first["at"]) if first["at"] else now())


def catch_up(writing: sqlite3.Connection, wallet: str) -> None:
    """Closes the days that have gone by since the last closing."""
    today = taipei_date(now())
    while open_day(writing, wallet) < today:
        close_day(writing, wallet)


def close_day(writing: sqlite3.Connection, wallet: str) -> Row:
    """Closes the open day: its file is made, and its net payout goes to the city's treasury account."""
    day = open_day(writing, wallet)
    lines = [*_payment_lines(writing, wallet), *_refund_lines(writing, wallet)]
    for table in ("ewallet_payment", "ewallet_refund"):
        status = "confirmed" if table == "ewallet_payment" else "booked"
        writing.execute(
            f"UPDATE {table} SET settled_on = ? WHERE wallet = ? AND status = ? AND settled_on IS NULL",  # noqa: S608
            (day.isoformat(), wallet, status),
        )
    payout_twd = sum(
        line.amount_twd - line.fee_twd if line.kind == "PAYMENT" else line.fee_twd - line.amount_twd for line in lines
    )
    if payout_twd:
        put_incoming(
            writing,
            {
                "kind": "credit" if payout_twd > 0 else "debit",
                "reference": f"{wallet.upper()}-{day:%Y%m%d}",
                "party": {"jkopay": "街口電子支付", "line_pay": "LINE Pay 連加電子支付"}[wallet],
                "amount_twd": abs(payout_twd),
                "remittance": f"{wallet} {day.isoformat()}",
                "booked_on": day.isoformat(),
            },
        )
    file = {
        "wallet": wallet,
        "day": day.isoformat(),
        "lines": len(lines),
        "payout_twd": payout_twd,
        "content": base64.b64encode(write_settlement(wallet, day, lines)).decode(),
    }
    writing.execute(
        "INSERT INTO ewallet_settlement (wallet, day, lines, payout_twd, content)"
        " VALUES (:wallet, :day, :lines, :payout_twd, :content)",
        file,
    )
    return file


def _payment_lines(writing: sqlite3.Connection, wallet: str) -> list[SettlementLine]:
    rows = writing.execute(
        "SELECT * FROM ewallet_payment WHERE wallet = ? AND status = 'confirmed' AND settled_on IS NULL"
        " ORDER BY position",
        (wallet,),
    )
    return [
        SettlementLine(
            "PAYMENT",
            row["transaction_id"],
            row["reference"],
            row["reference"],
            row["booked_twd"],
            fee_twd(wallet, row["booked_twd"]),
            datetime.fromisoformat(row["confirmed_at"]),
        )
        for row in rows
    ]


def _refund_lines(writing: sqlite3.Connection, wallet: str) -> list[SettlementLine]:
    rows = writing.execute(
        "SELECT * FROM ewallet_refund WHERE wallet = ? AND status = 'booked' AND settled_on IS NULL ORDER BY position",
        (wallet,),
    )
    return [
        SettlementLine(
            "REFUND",
            row["refund_id"],
            row["reference"],
            row["payment_reference"],
            row["amount_twd"],
            0,
            datetime.fromisoformat(row["booked_at"]),
        )
        for row in rows
    ]
