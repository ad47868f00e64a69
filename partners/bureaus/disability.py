"""The register of disability certificates. Its books know classes and papers; what it tells the city is much less.

Of a certificate the city hears its severity, whether a wheelchair is needed, and whether its holder is of those whose
medical trips open first. Which class it is stays here, and so does every diagnosis.
"""

from __future__ import annotations

import sqlite3

from flask import Blueprint

from partners.desk.books import Books, Row
from partners.desk.demo_people import DEMO_CERTIFICATES
from partners.desk.protocol import Answer, Call, SignedProtocol, text

SEVERITIES = ("mild", "moderate", "severe", "profound")
CARDS = ("disability", "senior")

SCHEMA = """
CREATE TABLE IF NOT EXISTS disability_certificate (
    national_id      TEXT PRIMARY KEY,
    classes          TEXT NOT NULL,
    severity         TEXT CHECK (severity IN ('mild', 'moderate', 'severe', 'profound')),
    needs_wheelchair INTEGER NOT NULL,
    is_visual        INTEGER NOT NULL,
    valid_until      TEXT,
    card             TEXT CHECK (card IN ('disability', 'senior')),
    is_low_income    INTEGER NOT NULL
) WITHOUT ROWID;
"""
_NOTHING: Row = {
    "severity": None, "needs_wheelchair": 0, "is_visual": 0, "valid_until": None, "card": None, "is_low_income": 0,
}  # fmt: skip


def seed(books: Books) -> None:
    """The demo people's certificates and cards."""
    with books.writing() as writing:
        for each in DEMO_CERTIFICATES:
            put_certificate(
                writing, each.national_id, classes=each.classes, severity=each.severity,
                needs_wheelchair=each.needs_wheelchair, is_visual=each.is_visual, valid_until=None, card=each.card,
                is_low_income=each.is_low_income,
            )  # fmt: skip


def add_routes(bureaus: Blueprint, signed: SignedProtocol, books: Books) -> None:
    """/disability/v1/ride-standing for the city."""

    @bureaus.post("/disability/v1/ride-standing")
    @signed.serve("ride_standing")
    def ride_standing(call: Call) -> Answer:
        # One query for everybody: the answer's timing does not tell who has a certificate.
        row = books.one(
            "SELECT * FROM disability_certificate WHERE national_id = ?", text(call.body, "national_id").upper()
        )
        standing = told(row or _NOTHING)
        if call.mode is not None and call.mode.name == "forgets_certificate":
            standing = told(_NOTHING)
        if call.mode is not None and call.mode.name == "unknown_severity":
            standing |= {"has_certificate": True, "severity": "grade-7"}
        return Answer(standing)


def told(row: Row) -> dict[str, object]:
    """What the city is told of a certificate."""
    is_severe = row["severity"] in ("severe", "profound")
    return {
        "has_certificate": row["severity"] is not None,
        "severity": row["severity"],
        "needs_wheelchair": bool(row["needs_wheelchair"]),
        "books_first": is_severe and bool(row["needs_wheelchair"] or row["is_visual"]),
        "valid_until": row["valid_until"],
        "card": row["card"],
        "is_low_income": bool(row["is_low_income"]),
    }


def put_certificate(
    writing: sqlite3.Connection,
    national_id: str,
    *,
    classes: str = "",
    severity: str | None,
    needs_wheelchair: bool,
    is_visual: bool,
    valid_until: str | None,
    card: str | None,
    is_low_income: bool,
) -> None:
    """Enters what the bureau knows of somebody, in place of what it knew; no `severity`: no certificate."""
    writing.execute(
        "INSERT OR REPLACE INTO disability_certificate VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (national_id.upper(), classes, severity, needs_wheelchair, is_visual, valid_until, card, is_low_income),
    )
