"""OK's points interface: one call credits a member, known by mobile number; a credit can be voided the same way.

The interface and the statement are the sandbox's own: the chain's are in its contracts. All functions raise the
failures of `partners.wire`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

import orjson

from core.taiwan import mobile_valid
from partners import wire
from partners.exchanging import Order, OrderState, Standing, Statement, StatementLine, StatementWrong, checked

LARGEST_STATEMENT_BYTES: Final = 64 << 20
_STATES: Mapping[str, OrderState] = {"credited": "done", "rejected": "refused", "void": "cancelled"}


@dataclass(frozen=True, slots=True)
class OkMartClient:
    """OK at `peer.url`, which shares `peer.secret` with us."""

    peer: wire.Peer
    takes_back = True
    works_by_file = False

    def is_account(self, number: str) -> bool:
        """Whether that can be a member: members are known by their mobile number."""
        return mobile_valid(number)

    def begin(self, order: Order) -> Standing:
        """Credits the member, once for each reference: the answer is final."""
        body = {
            "reference": order.reference, "phone": order.account, "points": order.value,
            "settlement_twd": order.charge_twd,
        }  # fmt: skip
        answer = wire.call(self.peer, "POST", "/v1/credits", body, idempotency_key=order.reference).body
        return self._standing(order.reference, answer)

    def confirm(self, order: Order) -> Standing:
        """There is nothing to confirm: how it stands."""
        return self._standing(order.reference, wire.call(self.peer, "GET", _path(order)).body)

    def cancel(self, order: Order) -> Standing:
        """Takes the credit back while the member still has it, or shuts the reference before it comes."""
        return self._standing(order.reference, wire.call(self.peer, "POST", f"{_path(order)}/void").body)

    def ask(self, order: Order) -> Standing | None:
        """How the order stands, or None when OK has never seen it."""
        try:
            return self.confirm(order)
        except wire.Refused as refusal:
            if refusal.code == "order_not_found":
                return None
            raise

    def statement(self, month: str) -> bytes:
        """The month's statement (YYYY-MM), JSON."""
        into = io.BytesIO()
        wire.download(self.peer, f"/v1/statements/{month}.json", into, most_bytes=LARGEST_STATEMENT_BYTES)
        return into.getvalue()

    def read(self, content: bytes, month: str) -> Statement:
        """The statement in these bytes. Raises StatementWrong."""
        return read(content, month)

    def _standing(self, reference: str, answer: dict[str, Any]) -> Standing:
        if answer.get("reference") != reference:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another order")
        return wire.shaped(self.peer, answer, _standing)


def read(content: bytes, month: str) -> Statement:
    """A statement: `month`, `credits`, and `count` and `net_twd` at the end. Raises StatementWrong."""
    try:
        content.decode()
    except UnicodeDecodeError:
        raise StatementWrong("encoding", "it is not UTF-8") from None
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise StatementWrong("truncated", "it is not whole JSON") from None
    try:
        lines = [
            StatementLine(
                str(each["reference"]), "out", int(each["points"]), int(each["settlement_twd"]),
                date.fromisoformat(each["credited_on"]),
            )
            for each in document["credits"]
        ]  # fmt: skip
        count, net_twd, of = int(document["count"]), int(document["net_twd"]), str(document["month"])
    except (KeyError, TypeError, ValueError):
        raise StatementWrong("form", "it is not of the form that was agreed") from None
    return checked(of, month, lines, count=count, net_twd=net_twd)


def _path(order: Order) -> str:
    return f"/v1/credits/{quote(order.reference, safe='')}"


def _standing(answer: dict[str, Any]) -> Standing:
    return Standing(
        state=_STATES[answer["result"]],
        value=int(answer["points"]),
        partner_reference=str(answer["credit_id"]),
        reason=answer["reason"],
        at=datetime.fromisoformat(answer["at"]),
    )
