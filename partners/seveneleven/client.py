"""7-ELEVEN's points interface: an order is taken on, and done a while later; a webhook says so, and may be asked for.

The webhook (Standard Webhooks, `order.completed`, `order.rejected`) names our reference and nothing that we act on: it
only makes us ask sooner. The interface, the form of a member's number (16 digits, the last a check digit after ISO/IEC
7812-1) and the statement are the sandbox's own: the chain's are in its contracts. All functions raise the failures of
`partners.wire`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from partners import wire
from partners.exchanging import (
    Order,
    OrderState,
    Standing,
    Statement,
    StatementLine,
    StatementWrong,
    checked,
    luhn_holds,
)

LARGEST_STATEMENT_BYTES: Final = 64 << 20
ENCODING: Final = "cp950"
HEADER: Final = ["市府編號", "統一編號", "點數", "結算金額", "入點日期"]
TOTAL: Final = "合計"
_STATES: Mapping[str, OrderState] = {
    "processing": "pending", "completed": "done", "rejected": "refused", "cancelled": "cancelled",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SevenElevenClient:
    """7-ELEVEN at `peer.url`, which shares `peer.secret` with us."""

    peer: wire.Peer
    takes_back = True
    works_by_file = False

    def is_account(self, number: str) -> bool:
        """Whether that can be a member's number: 16 digits with a right check digit."""
        return len(number) == 16 and number.isascii() and number.isdigit() and luhn_holds(number)

    def begin(self, order: Order) -> Standing:
        """Has the order taken on; it is done or refused later."""
        body = {
            "reference": order.reference, "member": order.account, "points": order.value,
            "settlement_twd": order.charge_twd,
        }  # fmt: skip
        answer = wire.call(self.peer, "POST", "/v1/orders", body, idempotency_key=order.reference).body
        return self._standing(order.reference, answer)

    def confirm(self, order: Order) -> Standing:
        """There is nothing to confirm: how it stands."""
        return self._standing(order.reference, wire.call(self.peer, "GET", _path(order)).body)

    def cancel(self, order: Order) -> Standing:
        """Takes the order back, done or not, or shuts the reference before it comes."""
        return self._standing(order.reference, wire.call(self.peer, "POST", f"{_path(order)}/cancellation").body)

    def ask(self, order: Order) -> Standing | None:
        """How the order stands, or None when 7-ELEVEN has never seen it."""
        try:
            return self.confirm(order)
        except wire.Refused as refusal:
            if refusal.code == "order_not_found":
                return None
            raise

    def statement(self, month: str) -> bytes:
        """The month's statement (YYYY-MM), CSV in CP950 with dates of the ROC calendar."""
        into = io.BytesIO()
        wire.download(self.peer, f"/v1/statements/{month}.csv", into, most_bytes=LARGEST_STATEMENT_BYTES)
        return into.getvalue()

    def read(self, content: bytes, month: str) -> Statement:
        """The statement in these bytes. Raises StatementWrong."""
        return read(content, month)

    def _standing(self, reference: str, answer: dict[str, Any]) -> Standing:
        if answer.get("reference") != reference:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another order")
        return wire.shaped(self.peer, answer, _standing)


def roc(day: date) -> str:
    """A day as the statement writes it: 115/11/05."""
    return f"{day.year - 1911:03d}/{day:%m/%d}"


def read(content: bytes, month: str) -> Statement:
    """A statement: a header, a line per order, and `合計,month,count,net`. Raises StatementWrong."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode(ENCODING), newline=""), strict=True))
    except UnicodeDecodeError:
        raise StatementWrong("encoding", "it is not CP950") from None
    except csv.Error as problem:
        raise StatementWrong("form", str(problem)) from None
    if not rows or rows[0] != HEADER:
        raise StatementWrong(
            "encoding" if content.startswith(HEADER[0].encode()) else "form", "its first line is not the header agreed"
        )
    *details, last = rows[1:] or [[]]
    if len(last) != 4 or last[0] != TOTAL:
        raise StatementWrong("truncated", "the line with the totals is missing")
    try:
        lines = [StatementLine(r[0], "out", int(r[2]), int(r[3]), _from_roc(r[4])) for r in details]
        count, net_twd = int(last[2]), int(last[3])
    except (ValueError, IndexError):
        raise StatementWrong("form", "a line is not of the form that was agreed") from None
    return checked(last[1], month, lines, count=count, net_twd=net_twd)


def _from_roc(text: str) -> date:
    year, month, day = text.split("/")
    return date(int(year) + 1911, int(month), int(day))


def _path(order: Order) -> str:
    return f"/v1/orders/{quote(order.reference, safe='')}"


def _standing(answer: dict[str, Any]) -> Standing:
    return Standing(
        state=_STATES[answer["status"]],
        value=int(answer["points"]),
        partner_reference=str(answer["order_id"]),
        reason=answer["reason"],
        at=datetime.fromisoformat(answer["at"]),
    )
