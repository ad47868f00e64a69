"""The sandbox bank's routes for files of transfers and for the statement of the account that they are paid from."""

from __future__ import annotations

from flask import Blueprint, request

from partners.bank import statements
from partners.bank.payout_books import execute_once
from partners.desk.protocol import Answer, Call, Desk, Document, Refusal, SignedProtocol, text

_MOST_CHARACTERS = 16 << 20


def add_routes(bank: Blueprint, desk: Desk, signed: SignedProtocol) -> None:
    """Serve them under the bank's own address."""
    books = desk.books

    @bank.post("/v1/payout-files")
    @signed.serve("payout_file")
    def take_file(call: Call) -> Answer:
        message_id, document = (
            text(call.body, "message_id", most=35),
            text(call.body, "document", most=_MOST_CHARACTERS),
        )
        if request.headers.get("idempotency-key", "").strip('"') != message_id:
            raise Refusal(400, "idempotency_key", "the Idempotency-Key header must be the message_id")
        mode = call.mode.name if call.mode else None
        with books.writing() as writing:
            report = execute_once(writing, message_id, document, mode, adopts=desk.switches.is_on("adopt_unknown"))
        return Answer({"message_id": message_id, "document": report})

    @bank.get("/v1/payout-files/<message_id>")
    @signed.serve("payout_report")
    def show_report(call: Call, message_id: str) -> Answer:
        row = books.one("SELECT report FROM bank_payout_file WHERE message_id = ?", message_id)
        if row is None:
            raise Refusal(404, "payout_file_not_found", "no file has this MsgId")
        return Answer({"message_id": message_id, "document": row["report"]})

    @bank.get("/v1/payout-statements/<day>.xml")
    @signed.serve("payout_statement")
    def payout_statement(call: Call, day: str) -> Document:
        kept = statements.written(books, statements.read_day(day), call.mode, of=statements.PAYOUTS)
        return Document(kept, "application/xml")
