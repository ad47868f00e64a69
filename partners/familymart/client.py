"""FamilyMart's points interface, in both directions.

Our points become the chain's in one call. The chain's points are set aside first, and taken once we say so: only then
are ours granted. The interface, the form of a member's number (10 digits, the last a check digit after ISO/IEC 7812-1)
and the statement are the sandbox's own: the chain's are in its contracts. All functions raise the failures of
`partners.wire`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from partners import wire
from partners.exchanging import (
    Direction,
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
_STATES: Mapping[str, OrderState] = {
    "held": "reserved", "done": "done", "declined": "refused", "cancelled": "cancelled",
}  # fmt: skip
_KINDS: Mapping[Direction, str] = {"out": "credit", "in": "debit"}
_DIRECTIONS: Mapping[str, Direction] = {"credit": "out", "debit": "in"}


@dataclass(frozen=True, slots=True)
class FamilyMartClient:
    """FamilyMart at `peer.url`, which shares `peer.secret` with us."""

    peer: wire.Peer
    takes_back = True
    works_by_file = False

    def is_account(self, number: str) -> bool:
        """Whether that can be a member's number: 10 digits with a right check digit."""
        return len(number) == 10 and number.isascii() and number.isdigit() and luhn_holds(number)

    def begin(self, order: Order) -> Standing:
        """Credits the member at once, or sets the member's points aside."""
        body = {
            "reference": order.reference, "kind": _KINDS[order.direction], "member": order.account,
            "points": order.value, "settlement_twd": order.charge_twd,
        }  # fmt: skip
        answer = wire.call(self.peer, "POST", "/v1/transfers", body, idempotency_key=order.reference).body
        return self._standing(order.reference, answer)

    def confirm(self, order: Order) -> Standing:
        """The points that were set aside are taken, once."""
        return self._standing(order.reference, wire.call(self.peer, "POST", f"{_path(order)}/completion").body)

    def cancel(self, order: Order) -> Standing:
        """Gives the points back either way, or shuts the reference before it comes."""
        return self._standing(order.reference, wire.call(self.peer, "DELETE", _path(order)).body)

    def ask(self, order: Order) -> Standing | None:
        """How the order stands, or None when FamilyMart has never seen it."""
        try:
            return self._standing(order.reference, wire.call(self.peer, "GET", _path(order)).body)
        except wire.Refused as refusal:
            if refusal.code == "order_not_found":
                return None
            raise

    def statement(self, month: str) -> bytes:
        """The month's statement (YYYY-MM), XML."""
        into = io.BytesIO()
        wire.download(self.peer, f"/v1/statements/{month}.xml", into, most_bytes=LARGEST_STATEMENT_BYTES)
        return into.getvalue()

    def read(self, content: bytes, month: str) -> Statement:
        """The statement in these bytes. Raises StatementWrong."""
        return read(content, month)

    def _standing(self, reference: str, answer: dict[str, Any]) -> Standing:
        if answer.get("reference") != reference:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another order")
        return wire.shaped(self.peer, answer, _standing)


def read(content: bytes, month: str) -> Statement:
    """A statement: `Transfer` elements, and a `Summary` with their number and the net. Raises StatementWrong."""
    if not content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>'):
        raise StatementWrong("encoding", "it does not say UTF-8")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as problem:
        is_cut = not content.rstrip().endswith(b"</Statement>")
        raise StatementWrong("truncated" if is_cut else "encoding", str(problem)) from None
    summary = root.find("Summary")
    if root.tag != "Statement" or summary is None:
        raise StatementWrong("truncated", "the summary is missing")
    try:
        lines = [
            StatementLine(
                str(each.attrib["reference"]), _DIRECTIONS[str(each.attrib["kind"])], int(each.attrib["points"]),
                int(each.attrib["settlementTwd"]), date.fromisoformat(str(each.attrib["doneOn"])),
            )
            for each in root.findall("Transfer")
        ]  # fmt: skip
        count, net_twd, of = int(summary.attrib["count"]), int(summary.attrib["netTwd"]), str(root.attrib["month"])
    except (KeyError, ValueError):
        raise StatementWrong("form", "it is not of the form that was agreed") from None
    return checked(of, month, lines, count=count, net_twd=net_twd)


def _path(order: Order) -> str:
    return f"/v1/transfers/{quote(order.reference, safe='')}"


def _standing(answer: dict[str, Any]) -> Standing:
    return Standing(
        state=_STATES[answer["status"]],
        value=int(answer["points"]),
        partner_reference=str(answer["transfer_id"]),
        reason=answer["reason"],
        at=datetime.fromisoformat(answer["at"]),
    )
