"""The sandbox processor's books: sessions, payments, changes to them, kept cards, disputes, and settlement lines.

Amounts are in minor units, as on the wire. Of a card, only what may be shown is written down.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from core.clock import now, on_the_wire
from partners.desk.books import Row

SCHEMA = """
CREATE TABLE IF NOT EXISTS adyen_session (
    id                TEXT PRIMARY KEY,
    reference         TEXT NOT NULL,
    amount_minor      INTEGER NOT NULL,
    currency          TEXT NOT NULL,
    return_url        TEXT NOT NULL,
    shopper_reference TEXT,
    keeping           TEXT NOT NULL,
    is_captured       INTEGER NOT NULL,
    status            TEXT NOT NULL DEFAULT 'active',
    expires_at        REAL NOT NULL,
    attempts          INTEGER NOT NULL DEFAULT 0,
    session_result    TEXT NOT NULL,
    psp_reference     TEXT
);
CREATE TABLE IF NOT EXISTS adyen_payment (
    position          INTEGER PRIMARY KEY,
    psp_reference     TEXT NOT NULL UNIQUE,
    reference         TEXT NOT NULL,
    session_id        TEXT,
    method            TEXT NOT NULL,
    brand             TEXT NOT NULL,
    last_four         TEXT NOT NULL,
    holder_name       TEXT NOT NULL,
    shopper_reference TEXT,
    token             TEXT,
    amount_minor      INTEGER NOT NULL,
    currency          TEXT NOT NULL,
    result_code       TEXT NOT NULL,
    refusal_reason    TEXT NOT NULL DEFAULT '',
    refusal_code      TEXT NOT NULL DEFAULT '',
    captured_minor    INTEGER NOT NULL DEFAULT 0,
    refunded_minor    INTEGER NOT NULL DEFAULT 0,
    is_cancelled      INTEGER NOT NULL DEFAULT 0,
    created_at        TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS adyen_payment_reference ON adyen_payment (reference);
CREATE TABLE IF NOT EXISTS adyen_challenge (
    id              TEXT PRIMARY KEY,
    asked           TEXT NOT NULL,
    return_url      TEXT NOT NULL,
    redirect_result TEXT NOT NULL UNIQUE,
    state           TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'passed', 'failed')),
    psp_reference   TEXT
);
CREATE TABLE IF NOT EXISTS adyen_modification (
    position      INTEGER PRIMARY KEY,
    psp_reference TEXT NOT NULL UNIQUE,
    payment       TEXT NOT NULL,
    kind          TEXT NOT NULL,
    reference     TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    status        TEXT NOT NULL,
    reason        TEXT NOT NULL DEFAULT '',
    created_at    TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS adyen_token (
    id                TEXT PRIMARY KEY,
    shopper_reference TEXT NOT NULL,
    brand             TEXT NOT NULL,
    last_four         TEXT NOT NULL,
    expiry_month      TEXT NOT NULL,
    expiry_year       TEXT NOT NULL,
    holder_name       TEXT NOT NULL,
    is_challenged     INTEGER NOT NULL,
    created_at        TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS adyen_token_shopper ON adyen_token (shopper_reference);
CREATE TABLE IF NOT EXISTS adyen_dispute (
    psp_reference TEXT PRIMARY KEY,
    payment       TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    status        TEXT NOT NULL,
    created_at    TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS adyen_line (
    position           INTEGER PRIMARY KEY,
    batch              INTEGER,
    payment            TEXT NOT NULL,
    type               TEXT NOT NULL,
    modification       TEXT NOT NULL,
    modification_reference TEXT NOT NULL,
    gross_debit        INTEGER NOT NULL DEFAULT 0,
    gross_credit       INTEGER NOT NULL DEFAULT 0,
    net_debit          INTEGER NOT NULL DEFAULT 0,
    net_credit         INTEGER NOT NULL DEFAULT 0,
    markup             INTEGER NOT NULL DEFAULT 0,
    scheme_fees        INTEGER NOT NULL DEFAULT 0,
    interchange        INTEGER NOT NULL DEFAULT 0,
    created_at         TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS adyen_batch (
    number       INTEGER PRIMARY KEY,
    closed_at    TEXT NOT NULL,
    payout_minor INTEGER NOT NULL,
    filename     TEXT NOT NULL UNIQUE,
    content      TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS adyen_answer (
    key    TEXT PRIMARY KEY,
    status INTEGER NOT NULL,
    body   TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS adyen_objection (
    position  INTEGER PRIMARY KEY,
    operation TEXT NOT NULL,
    objection TEXT NOT NULL,
    message   TEXT NOT NULL
);
"""

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"


def new_reference() -> str:
    """A name as Adyen gives them: sixteen letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(16))


def insert(writing: sqlite3.Connection, table: str, **values: Any) -> None:
    """One row into a table of these books."""
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    writing.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(values.values()))  # noqa: S608


def row_of(writing: sqlite3.Connection, sql: str, *values: object) -> Row | None:
    """The first row of a query inside a write transaction, or None."""
    row = writing.execute(sql, values).fetchone()
    return None if row is None else dict(row)


def payment_named(writing: sqlite3.Connection, name: str) -> Row | None:
    """The payment under Adyen's name or, the newest that was authorised, under ours."""
    return row_of(
        writing,
        "SELECT * FROM adyen_payment WHERE psp_reference = ? OR reference = ?"
        " ORDER BY result_code = 'Authorised' DESC, position DESC LIMIT 1",
        name,
        name,
    )


def modify(
    writing: sqlite3.Connection, payment: Row, kind: str, reference: str, amount_minor: int, status: str, reason: str
) -> str:
    """Writes down a change to a payment; returns its name."""
    name = new_reference()
    insert(
        writing,
        "adyen_modification",
        psp_reference=name,
        payment=payment["psp_reference"],
        kind=kind,
        reference=reference,
        amount_minor=amount_minor,
        status=status,
        reason=reason,
        created_at=on_the_wire(now()),
    )
    return name


def line(writing: sqlite3.Connection, payment: Row, kind: str, amount_minor: int, **more: Any) -> None:
    """One line of the coming settlement report: `amount_minor` is positive when Adyen owes the city, else negative.

    What a card costs (interchange, the scheme, Adyen's markup) leaves when it is settled; a chargeback has its price.
    """
    gross = abs(amount_minor)
    fees = {"markup": 0, "scheme_fees": 0, "interchange": 0}
    if kind == "Settled":
        fees = {name: _dollars(gross, share) for name, share in _SHARES.items()}
    elif kind in ("Chargeback", "SecondChargeback"):
        fees["markup"] = DISPUTE_COST_MINOR
    cost = sum(fees.values())
    sides = (
        {"gross_credit": gross, "net_credit": gross - cost}
        if amount_minor >= 0
        else {"gross_debit": gross, "net_debit": gross + cost}
    )
    values = {"modification": payment["psp_reference"], "modification_reference": payment["reference"], **more}
    insert(
        writing,
        "adyen_line",
        payment=payment["psp_reference"],
        type=kind,
        created_at=on_the_wire(now()),
        **fees,
        **sides,
        **values,
    )


DISPUTE_COST_MINOR = 300_00
# Per mille of the amount, in whole dollars: Taiwan has no cents.
_SHARES = {"interchange": 12, "scheme_fees": 3, "markup": 4}


def _dollars(gross_minor: int, per_mille: int) -> int:
    return round(gross_minor * per_mille / 100_000) * 100
