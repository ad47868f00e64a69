"""The bureaus' registers: what a bill costs today, that it has been paid, and whether a vehicle is somebody's.

All functions raise the failures of `partners.wire`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

import orjson

from core.clock import on_the_wire
from partners import wire

Bureau = Literal["parking", "fines"]
NoticeStatus = Literal["unpaid", "paid", "void"]
VehicleKind = Literal["car", "motorcycle", "large"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A bill as its bureau has it now."""

    number: str
    amount_twd: int
    status: NoticeStatus
    payable_by_agent: bool


@dataclass(frozen=True, slots=True)
class PaidBill:
    """One bill we have collected, for the bureau."""

    number: str
    amount_twd: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whether a plate belongs to the person asked about; `vehicle` is told only when it does."""

    is_owner: bool
    vehicle: VehicleKind | None


@dataclass(frozen=True, slots=True)
class BureausClient:
    """The bureaus behind `peer.url`, which share `peer.secret` with us."""

    peer: wire.Peer

    def find_notice(self, bureau: Bureau, number: str, *, expected_amount_twd: int) -> Notice | None:
        """The bill as the bureau has it now, or None when it does not know the number. `expected_amount_twd` is what we
        were last told; the bureau may answer another amount, and the bureau's is the right one."""
        query = urlencode({"expected_amount": expected_amount_twd})
        try:
            answer = wire.call(self.peer, "GET", f"/{bureau}/v1/notices/{quote(number, safe='')}?{query}").body
        except wire.Refused as refusal:
            if refusal.status == 404 and refusal.code == "notice_not_found":
                return None
            raise
        return wire.shaped(self.peer, answer, _notice)

    def tell_paid(self, bureau: Bureau, *, notice_id: str, payment_id: str, bills: Sequence[PaidBill]) -> None:
        """Tells the bureau, once or again: the same `notice_id` is the same notice. Returns when it is acknowledged."""
        body = {
            "notice_id": notice_id,
            "payment_id": payment_id,
            "bills": [
                {"number": bill.number, "amount": bill.amount_twd, "paid_at": on_the_wire(bill.paid_at)}
                for bill in bills
            ],
        }
        answer = wire.post_webhook(self.peer, f"/{bureau}/v1/payment-notices", notice_id, orjson.dumps(body))
        if answer.body.get("acknowledged") is not True:
            raise wire.AnswerNotTrusted(self.peer.name, "the notice was not acknowledged")

    def check_ownership(self, *, plate: str, national_id: str, vehicle: VehicleKind | None = None) -> Ownership:
        """Whether `plate` (of that kind of vehicle, when given) belongs to the person with `national_id`."""
        body = {"plate": plate, "vehicle": vehicle, "national_id": national_id}
        answer = wire.call(self.peer, "POST", "/register/v1/ownership", body).body
        return wire.shaped(self.peer, answer, _ownership)


def _notice(answer: dict[str, Any]) -> Notice:
    return Notice(answer["number"], int(answer["amount"]), answer["status"], bool(answer["payable_by_agent"]))


def _ownership(answer: dict[str, Any]) -> Ownership:
    return Ownership(answer["is_owner"] is True, answer["vehicle"])
