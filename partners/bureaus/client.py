"""The bureaus' registers: what a bill costs today, that it has been paid, whether a vehicle is somebody's, and what a
disability certificate entitles to.

All functions raise the failures of `partners.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

import orjson

from core.clock import on_the_wire
from partners import wire

Bureau = Literal["parking", "fines"]
NewsKind = Literal["bill.paid", "bill.payment_withdrawn", "bill.payment_restored", "bill.refunded"]
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
class News:
    """Something that became of a payment. `facts` holds `payment_id`, `bills` (each with number and amount in NT$) and
    what else this kind tells; `id` is the webhook's, the same on every attempt."""

    id: str
    kind: NewsKind
    happened_at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One part of an instalment plan as the bureau granted it."""

    number: str
    amount_twd: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Decision:
    """What a bureau has decided about a request for instalments; `parts` are there once it is granted."""

    status: Literal["pending", "granted", "refused"]
    plan_number: str | None = None
    parts: tuple[PlanPart, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whether a plate belongs to the person asked about; `vehicle` is told only when it does."""

    is_owner: bool
    vehicle: VehicleKind | None


@dataclass(frozen=True, slots=True)
class Guardianship:
    """Whether one person is another's guardian; the last day on which they are (None: no end), and the ward's name, are
    told only when they are."""

    is_guardian: bool
    until: date | None = None
    ward_name: str | None = None


@dataclass(frozen=True, slots=True)
class RideStanding:
    """What the register of disability certificates tells of somebody who wants rides, and no more: no class, no code,
    no diagnosis. `books_first`: is severely disabled and needs a wheelchair, or is severely visually impaired; which
    of both is not told. `card` is the transport card that they hold; `valid_until` the certificate's last day, None:
    it has no end, or there is none."""

    has_certificate: bool
    severity: Literal["mild", "moderate", "severe", "profound"] | None = None
    needs_wheelchair: bool = False
    books_first: bool = False
    valid_until: date | None = None
    card: Literal["disability", "senior"] | None = None
    is_low_income: bool = False


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

    def tell(self, bureau: Bureau, news: News, *, patience_seconds: float) -> None:
        """Tells the bureau, once or again: the same id is the same news. Returns when it is acknowledged."""
        peer = replace(self.peer, read_timeout_seconds=patience_seconds)
        body = {
            "type": news.kind,
            "timestamp": on_the_wire(news.happened_at),
            "data": {"notice_id": news.id, **news.facts},
        }
        answer = wire.post_webhook(peer, f"/{bureau}/v1/payment-notices", news.id, orjson.dumps(body))
        if answer.body.get("acknowledged") is not True:
            raise wire.AnswerNotTrusted(self.peer.name, "the notice was not acknowledged")

    def ask_for_instalments(self, bureau: Bureau, *, request_id: str, number: str, amount_twd: int, parts: int) -> None:
        """Hands a citizen's request on, once or again. Returns when the bureau has it; Refused when it will not."""
        body = {"request_id": request_id, "number": number, "amount": amount_twd, "parts": parts}
        wire.call(self.peer, "POST", f"/{bureau}/v1/instalment-requests", body)

    def instalment_decision(self, bureau: Bureau, request_id: str) -> Decision | None:
        """What the bureau has decided about a request; None when it has never seen it."""
        try:
            answer = wire.call(self.peer, "GET", f"/{bureau}/v1/instalment-requests/{request_id}").body
        except wire.Refused as refusal:
            if refusal.status == 404 and refusal.code == "request_not_found":
                return None
            raise
        return wire.shaped(self.peer, answer, _decision)

    def check_ownership(self, *, plate: str, national_id: str, vehicle: VehicleKind | None = None) -> Ownership:
        """Whether `plate` (of that kind of vehicle, when given) belongs to the person with `national_id`."""
        body = {"plate": plate, "vehicle": vehicle, "national_id": national_id}
        answer = wire.call(self.peer, "POST", "/register/v1/ownership", body).body
        return wire.shaped(self.peer, answer, _ownership)

    def check_guardianship(self, *, guardian: str, ward: str) -> Guardianship:
        """Whether the person with the ID number `guardian` is the guardian of the one with the ID number `ward`."""
        body = {"guardian": guardian, "ward": ward}
        answer = wire.call(self.peer, "POST", "/household/v1/guardianship", body).body
        return wire.shaped(self.peer, answer, _guardianship)

    def has_died(self, national_id: str) -> bool:
        """Whether the household register knows of this person's death."""
        answer = wire.call(self.peer, "POST", "/household/v1/standing", {"national_id": national_id}).body
        return wire.shaped(self.peer, answer, lambda standing: bool(standing["has_died"]))

    def ride_standing(self, national_id: str) -> RideStanding:
        """What the person with that ID number is entitled to by the register of disability certificates."""
        answer = wire.call(self.peer, "POST", "/disability/v1/ride-standing", {"national_id": national_id}).body
        return wire.shaped(self.peer, answer, _ride_standing)


def _notice(answer: dict[str, Any]) -> Notice:
    return Notice(answer["number"], int(answer["amount"]), answer["status"], bool(answer["payable_by_agent"]))


def _ownership(answer: dict[str, Any]) -> Ownership:
    return Ownership(answer["is_owner"] is True, answer["vehicle"])


def _guardianship(answer: dict[str, Any]) -> Guardianship:
    until = answer["until"]
    return Guardianship(answer["is_guardian"] is True, until and date.fromisoformat(until), answer["ward_name"])


def _ride_standing(answer: dict[str, Any]) -> RideStanding:
    has_certificate, severity, card = answer["has_certificate"] is True, answer["severity"], answer["card"]
    if severity not in (("mild", "moderate", "severe", "profound") if has_certificate else (None,)):
        raise ValueError("unknown severity")
    if card not in ("disability", "senior", None):
        raise ValueError("unknown card")
    until = answer["valid_until"]
    return RideStanding(
        has_certificate,
        severity,
        has_certificate and answer["needs_wheelchair"] is True,
        has_certificate and answer["books_first"] is True,
        until and date.fromisoformat(until),
        card,
        answer["is_low_income"] is True,
    )


def _decision(answer: dict[str, Any]) -> Decision:
    parts = tuple(
        PlanPart(part["number"], int(part["amount"]), date.fromisoformat(part["due_on"]))
        for part in answer.get("parts") or ()
    )
    if answer["status"] not in ("pending", "granted", "refused"):
        raise ValueError("unknown status")
    return Decision(answer["status"], answer.get("plan_number"), parts, answer.get("reason"))
