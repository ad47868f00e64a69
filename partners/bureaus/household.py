"""The household register: whose guardian somebody is, and who has died. Asked with ID numbers, never with names."""

from __future__ import annotations

import sqlite3

from flask import Blueprint

from partners.desk.books import Books
from partners.desk.protocol import Answer, Call, SignedProtocol, text

SCHEMA = """
CREATE TABLE IF NOT EXISTS household_guardianship (
    guardian  TEXT NOT NULL,
    ward      TEXT NOT NULL,
    ward_name TEXT NOT NULL,
    until     TEXT,
    PRIMARY KEY (guardian, ward)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS household_death (
    national_id TEXT PRIMARY KEY,
    died_on     TEXT NOT NULL
) WITHOUT ROWID;
"""
DEMO_GUARDIANSHIP = ("A123456789", "E223456785", "王小弟")


def seed(books: Books) -> None:
    """One of the demo people is the guardian of somebody who has no account of their own."""
    with books.writing() as writing:
        put_guardianship(writing, *DEMO_GUARDIANSHIP, until=None)


def add_routes(bureaus: Blueprint, signed: SignedProtocol, books: Books) -> None:
    """/household/v1/guardianship and /household/v1/standing for the city."""

    @bureaus.post("/household/v1/guardianship")
    @signed.serve("guardianship")
    def guardianship(call: Call) -> Answer:
        # One query for somebody else's ward and for nobody at all: the answer and its timing do not tell them apart.
        row = books.one(
            "SELECT until, ward_name FROM household_guardianship WHERE guardian = ? AND ward = ?",
            text(call.body, "guardian").upper(),
            text(call.body, "ward").upper(),
        )
        return Answer(
            {
                "is_guardian": row is not None,
                "until": row["until"] if row else None,
                "ward_name": row["ward_name"] if row else None,
            }
        )

    @bureaus.post("/household/v1/standing")
    @signed.serve("standing")
    def standing(call: Call) -> Answer:
        row = books.one("SELECT 1 FROM household_death WHERE national_id = ?", text(call.body, "national_id").upper())
        return Answer({"has_died": row is not None})


def put_guardianship(
    writing: sqlite3.Connection, guardian: str, ward: str, ward_name: str, *, until: str | None
) -> None:
    """Enters a guardianship, or changes its end (a day, the last on which it stands)."""
    writing.execute(
        "INSERT OR REPLACE INTO household_guardianship (guardian, ward, ward_name, until) VALUES (?, ?, ?, ?)",
        (guardian.upper(), ward.upper(), ward_name, until),
    )


def end_guardianship(writing: sqlite3.Connection, guardian: str, ward: str) -> None:
    """Takes a guardianship off the register."""
    writing.execute(
        "DELETE FROM household_guardianship WHERE guardian = ? AND ward = ?", (guardian.upper(), ward.upper())
    )


def put_death(writing: sqlite3.Connection, national_id: str, died_on: str) -> None:
    """Enters that somebody has died."""
    writing.execute(
        "INSERT OR REPLACE INTO household_death (national_id, died_on) VALUES (?, ?)", (national_id.upper(), died_on)
    )
