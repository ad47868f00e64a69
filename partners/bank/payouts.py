"""The bank's interface for files of transfers: pain.001 there, pain.002 back, the account's statements as camt.053.

A file is known by its MsgId alone: sent twice it is executed once, and its first report is the answer. All functions
raise the failures of `partners.wire`; after `NoAnswer`, ask with `find_report` before anything else.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import date
from typing import BinaryIO
from urllib.parse import quote

from partners import wire
from partners.bank import pain001, pain002
from partners.bank.account_statement import AccountStatement, read
from partners.bank.client import STATEMENT_TIMEOUT_SECONDS
from partners.bank.iso20022 import MOST_BYTES, MessageWrong
from partners.bank.pain001 import TransferFile
from partners.bank.pain002 import Report


@dataclass(frozen=True, slots=True)
class PayoutClient:
    """The bank at `peer.url`, which pays from the account it knows as ours."""

    peer: wire.Peer

    def send(self, file: TransferFile) -> Report:
        """Hand over a file. Refused 409 when its MsgId stands for another file."""
        body = {"message_id": file.message_id, "document": pain001.written(file)}
        answer = wire.call(self.peer, "POST", "/v1/payout-files", body, idempotency_key=file.message_id).body
        return self._report(answer, file.message_id)

    def find_report(self, message_id: str) -> Report | None:
        """The report on the file with this MsgId, or None when the bank has never seen it."""
        try:
            answer = wire.call(self.peer, "GET", f"/v1/payout-files/{quote(message_id, safe='')}").body
        except wire.Refused as refusal:
            if refusal.code == "payout_file_not_found":
                return None
            raise
        return self._report(answer, message_id)

    def fetch_statement(self, day: date) -> AccountStatement | None:
        """What the bank booked on the account on `day`; None where it has no statement of it.

        Raises MessageWrong for a document whose balances, totals or form do not hold: nothing in it is to be believed.
        """
        patient = replace(self.peer, read_timeout_seconds=STATEMENT_TIMEOUT_SECONDS)
        with tempfile.TemporaryFile() as file:
            kept: BinaryIO = file
            try:
                wire.download(patient, f"/v1/payout-statements/{day.isoformat()}.xml", kept, most_bytes=MOST_BYTES)
            except wire.Refused as refusal:
                if refusal.code == "statement_not_found":
                    return None
                raise
            kept.seek(0)
            return read(kept.read(), day=day)

    def _report(self, answer: dict[str, object], message_id: str) -> Report:
        try:
            report = pain002.read(str(answer["document"]).encode())
        except (KeyError, MessageWrong) as error:
            raise wire.AnswerNotTrusted(self.peer.name, f"the report is not as agreed: {error}") from error
        if report.message_id != message_id:
            raise wire.AnswerNotTrusted(self.peer.name, "the report is about another file")
        return report
