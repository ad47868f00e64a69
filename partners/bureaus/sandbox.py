"""The registers of the bureaus, with books of their own: bills, notices of payment, vehicles, people."""

from __future__ import annotations

import sqlite3
import unicodedata

from flask import Blueprint, request

from partners.bureaus import disability, household, instalments, news
from partners.desk.books import Books, Row
from partners.desk.demo_people import DEMO_PEOPLE
from partners.desk.protocol import Answer, Call, Desk, Refusal, SignedProtocol, optional_text, text

BUREAUS = ("parking", "fines")

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS bureau_bill (
    bureau           TEXT NOT NULL,
    number           TEXT NOT NULL,
    amount_twd       INTEGER NOT NULL,
    status           TEXT NOT NULL CHECK (status IN ('unpaid', 'paid', 'void')),
    payable_by_agent INTEGER NOT NULL DEFAULT 1,
    is_adopted       INTEGER NOT NULL DEFAULT 0,
    paid_twd         INTEGER,
    paid_at          TEXT,
    payment_id       TEXT,
    times_paid       INTEGER NOT NULL DEFAULT 0,
    part_of          TEXT,
    PRIMARY KEY (bureau, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bureau_payment_notice (
    position    INTEGER PRIMARY KEY,
    bureau      TEXT NOT NULL,
    webhook_id  TEXT NOT NULL,
    notice_id   TEXT NOT NULL,
    payment_id  TEXT NOT NULL,
    bills       TEXT NOT NULL,
    received_at TEXT NOT NULL,
    deliveries  INTEGER NOT NULL DEFAULT 1,
    kind        TEXT NOT NULL DEFAULT 'bill.paid',
    UNIQUE (bureau, webhook_id)
);
CREATE TABLE IF NOT EXISTS bureau_vehicle (
    plate       TEXT NOT NULL,
    vehicle     TEXT NOT NULL CHECK (vehicle IN ('car', 'motorcycle', 'large')),
    national_id TEXT NOT NULL,
    PRIMARY KEY (plate, vehicle)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bureau_vehicle_owner ON bureau_vehicle (plate, national_id);
{instalments.SCHEMA}{household.SCHEMA}{disability.SCHEMA}"""

# What books of an older sandbox lack.
ADDED_COLUMNS = (
    ("bureau_payment_notice", "kind", "TEXT NOT NULL DEFAULT 'bill.paid'"),
    ("bureau_bill", "part_of", "TEXT"),
)


def seed(books: Books) -> None:
    """The demo people's vehicles and certificates, and a guardianship."""
    household.seed(books)
    disability.seed(books)
    with books.writing() as writing:
        for person in DEMO_PEOPLE:
            for plate, vehicle in person.vehicles:
                put_vehicle(writing, plate, vehicle, person.national_id)


def blueprint(desk: Desk, secret: str) -> Blueprint:
    """The bureaus' routes under /bureaus."""
    bureaus = Blueprint("bureaus", __name__, url_prefix="/bureaus", template_folder="templates")
    signed = SignedProtocol(desk, "bureaus", secret)
    books = desk.books

    @bureaus.get("/<bureau>/v1/notices/<number>")
    @signed.serve("notice")
    def notice(call: Call, bureau: str, number: str) -> Answer:
        _known_bureau(bureau)
        row = books.one("SELECT * FROM bureau_bill WHERE bureau = ? AND number = ?", bureau, number)
        expected = request.args.get("expected_amount", "")
        if row is None and expected and desk.switches.is_on("adopt_unknown"):
            if not (expected.isascii() and expected.isdigit() and 1 <= len(expected) <= 9 and int(expected)):
                raise Refusal(422, "invalid", "expected_amount must be a whole number of NT dollars")
            with books.writing() as writing:
                row = _adopted(writing, bureau, number, int(expected))
        if row is None:
            raise Refusal(404, "notice_not_found", "no bill has this number")
        return Answer(shown_bill(row))

    @bureaus.post("/<bureau>/v1/payment-notices")
    @signed.serve("payment_notice", is_webhook=True)
    def payment_notice(call: Call, bureau: str) -> Answer:
        _known_bureau(bureau)
        heard = news.read(call.body)
        with books.writing() as writing:
            news.receive(writing, bureau, call.message_id, heard)
        return Answer({"acknowledged": True})

    @bureaus.post("/register/v1/ownership")
    @signed.serve("ownership")
    def ownership(call: Call) -> Answer:
        plate, national_id = plate_of(text(call.body, "plate")), text(call.body, "national_id").upper()
        vehicle = optional_text(call.body, "vehicle")
        # One query for a stranger's plate and for no plate at all: the answer and its timing must not tell them apart.
        row = books.one(
            "SELECT vehicle FROM bureau_vehicle WHERE plate = ? AND national_id = ? AND vehicle = coalesce(?, vehicle)",
            plate,
            national_id,
            vehicle,
        )
        return Answer({"is_owner": row is not None, "vehicle": row["vehicle"] if row else None})

    instalments.add_routes(bureaus, signed, books)
    household.add_routes(bureaus, signed, books)
    disability.add_routes(bureaus, signed, books)
    return bureaus


def put_bill(
    writing: sqlite3.Connection, bureau: str, number: str, amount_twd: int, *, status: str, payable_by_agent: bool
) -> None:
    """Enters a bill, or changes amount, status and payability of one the register has."""
    writing.execute(
        "INSERT INTO bureau_bill (bureau, number, amount_twd, status, payable_by_agent) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (bureau, number) DO UPDATE SET"
        " amount_twd = excluded.amount_twd, status = excluded.status, payable_by_agent = excluded.payable_by_agent",
        (bureau, number, amount_twd, status, payable_by_agent),
    )


def put_vehicle(writing: sqlite3.Connection, plate: str, vehicle: str, national_id: str) -> None:
    """Enters a vehicle or gives it another owner."""
    writing.execute(
        "INSERT OR REPLACE INTO bureau_vehicle (plate, vehicle, national_id) VALUES (?, ?, ?)",
        (plate_of(plate), vehicle, national_id.upper()),
    )


def shown_bill(bill: Row) -> dict[str, object]:
    """A bill as the protocol shows it."""
    return {
        "number": bill["number"],
        "amount": bill["amount_twd"],
        "currency": "TWD",
        "status": bill["status"],
        "payable_by_agent": bool(bill["payable_by_agent"]),
    }


def plate_of(typed: str) -> str:
    """A plate as the register writes it: half width, upper case, no white space."""
    return "".join(unicodedata.normalize("NFKC", typed).upper().split())


def _adopted(writing: sqlite3.Connection, bureau: str, number: str, amount_twd: int) -> Row:
    writing.execute(
        "INSERT OR IGNORE INTO bureau_bill (bureau, number, amount_twd, status, is_adopted)"
        " VALUES (?, ?, ?, 'unpaid', 1)",
        (bureau, number, amount_twd),
    )
    found = writing.execute("SELECT * FROM bureau_bill WHERE bureau = ? AND number = ?", (bureau, number)).fetchone()
    return dict(found)


def _known_bureau(bureau: str) -> None:
    if bureau not in BUREAUS:
        raise Refusal(404, "bureau_not_found", f"bureau must be one of {', '.join(BUREAUS)}")
