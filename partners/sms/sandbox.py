"""A telephone company: it keeps every message, to be read on the sandbox's page, and knows whose number is whose."""

from __future__ import annotations

import re
import sqlite3

from flask import Blueprint

from core.clock import now, on_the_wire
from partners.desk.books import Books
from partners.desk.demo_people import DEMO_PEOPLE
from partners.desk.protocol import Answer, Call, Desk, Refusal, SignedProtocol, text

SCHEMA = """
CREATE TABLE IF NOT EXISTS sms_message (
    position    INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    recipient   TEXT NOT NULL,
    text        TEXT NOT NULL,
    code        TEXT,
    received_at TEXT NOT NULL,
    deliveries  INTEGER NOT NULL DEFAULT 1,
    company     TEXT NOT NULL DEFAULT 'sms'
);
CREATE INDEX IF NOT EXISTS sms_message_recipient ON sms_message (recipient, position);
CREATE TABLE IF NOT EXISTS sms_number (
    mobile      TEXT PRIMARY KEY,
    national_id TEXT NOT NULL UNIQUE
) WITHOUT ROWID;
"""

_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_MOBILE = re.compile(r"\+8869\d{8}")


def seed(books: Books) -> None:
    """The demo people's numbers."""
    with books.writing() as writing:
        for person in DEMO_PEOPLE:
            put_number(writing, person.national_id, person.mobile)


def blueprint(desk: Desk, secret: str) -> Blueprint:
    """The telephone company's routes under /sms."""
    sms = Blueprint("sms", __name__, url_prefix="/sms")
    signed = SignedProtocol(desk, "sms", secret)
    books = desk.books
    _serve_messages(sms, signed, "sms")

    @sms.post("/v1/number-verifications")
    @signed.serve("number_verification")
    def verify_number(call: Call) -> Answer:
        national_id, mobile = text(call.body, "national_id").upper(), e164(text(call.body, "mobile"))
        with books.writing() as writing:
            # Unknown people become customers: the pair is written down unless either half already belongs elsewhere.
            writing.execute("INSERT OR IGNORE INTO sms_number VALUES (?, ?)", (mobile, national_id))
            pair = writing.execute(
                "SELECT 1 FROM sms_number WHERE mobile = ? AND national_id = ?", (mobile, national_id)
            ).fetchone()
        return Answer({"matches": pair is not None})

    return sms


def reserve_blueprint(desk: Desk, secret: str) -> Blueprint:
    """A second telephone company under /sms-reserve, which sends text messages and knows nobody's number."""
    reserve = Blueprint("sms_reserve", __name__, url_prefix="/sms-reserve")
    _serve_messages(reserve, SignedProtocol(desk, "sms_reserve", secret), "sms_reserve")
    return reserve


def _serve_messages(routes: Blueprint, signed: SignedProtocol, company: str) -> None:
    books = signed.desk.books

    @routes.post("/v1/messages")
    @signed.serve("message")
    def message(call: Call) -> Answer:
        message_id, to, words = text(call.body, "id"), e164(text(call.body, "to")), text(call.body, "text", most=1000)
        found = _CODE.search(words)
        with books.writing() as writing:
            known = writing.execute("SELECT recipient, text FROM sms_message WHERE id = ?", (message_id,)).fetchone()
            if known is not None and tuple(known) != (to, words):
                raise Refusal(409, "id_reused", "this id stands for another message")
            writing.execute(
                "INSERT INTO sms_message (id, recipient, text, code, received_at, company) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET deliveries = deliveries + 1",
                (message_id, to, words, found.group() if found else None, on_the_wire(now()), company),
            )
        return Answer({"id": message_id, "status": "accepted"}, 202)


def put_number(writing: sqlite3.Connection, national_id: str, mobile: str) -> None:
    """Ties a number to a national ID, taking both from whatever they were tied to."""
    writing.execute("INSERT OR REPLACE INTO sms_number VALUES (?, ?)", (e164(mobile), national_id.upper()))


def e164(typed: str) -> str:
    """A Taiwanese mobile number as +8869…; refuses 422 what is none."""
    number = f"+886{typed[1:]}" if typed.startswith("09") else typed
    if not _MOBILE.fullmatch(number) or not number.isascii():
        raise Refusal(422, "number_invalid", "not a Taiwanese mobile number")
    return number
