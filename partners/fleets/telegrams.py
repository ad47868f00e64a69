"""A telegram's envelope, and what is in it: to JSON and back.

version    "1"
id         UUID; the idempotency key: the same id again is the same telegram and gets the same answer
kind       which telegram of TDS it is (`trip_request` is 1A), or cancel, amend, status, error
sent_at, answer_by   Taipei time with its offset; `answer_by` stands in every question
answers    the id of the telegram it answers, else null
trip       our reference for the order at this fleet
tds        exactly the element of TCRP 210 DRT-TDS of that name; null where TDS has none
more       what TDS has no place for
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from core.clock import TAIPEI
from partners.fleets import asking, ordering, riding
from partners.fleets.checking import VERSION, TelegramWrong, check
from partners.fleets.contents import (
    Amend,
    Cancel,
    Content,
    CustomerTold,
    FleetError,
    FleetOffer,
    FleetOrder,
    FleetStatus,
    NoOffer,
    OrderWanted,
    StatusAsked,
    TaskConfirmed,
    TripDone,
    TripScheduled,
    TripTask,
    VehicleAt,
    VehicleSeen,
    Wish,
)
from partners.fleets.forms import Form, Parts

_FORMS: Final[Mapping[type[Any], Form[Any]]] = {
    Wish: Form("trip_request", asking.write_wish, asking.read_wish),
    FleetOffer: Form("trip_request_response", asking.write_offer, asking.read_response),
    NoOffer: Form("trip_request_response", asking.write_no_offer, asking.read_response),
    OrderWanted: Form("client_order_confirmation", ordering.write_order_wanted, ordering.read_order_wanted),
    FleetOrder: Form("provider_order_confirmation", ordering.write_fleet_order, ordering.read_fleet_order),
    VehicleSeen: Form("vehicle_confirmation", ordering.write_vehicle, ordering.read_vehicle),
    CustomerTold: Form("customer_info", ordering.write_customer, ordering.read_customer),
    TripTask: Form("trip_task", riding.write_task, riding.read_task),
    TaskConfirmed: Form("trip_task_confirmation", riding.write_task_confirmed, riding.read_task_confirmed),
    TripDone: Form("trip_task_completion", riding.write_done, riding.read_done),
    TripScheduled: Form("trip_scheduled_confirmation", riding.write_scheduled, riding.read_scheduled),
    VehicleAt: Form("trip_task_status", riding.write_position, riding.read_position),
    Cancel: Form("cancel", ordering.write_cancel, ordering.read_cancel),
    Amend: Form("amend", ordering.write_amend, ordering.read_amend),
    StatusAsked: Form("status", riding.write_status_asked, riding.read_status),
    FleetStatus: Form("status", riding.write_status, riding.read_status),
    FleetError: Form("error", riding.write_error, riding.read_error),
}
_BY_KIND: Final[Mapping[str, Form[Any]]] = {form.kind: form for form in _FORMS.values()}
_QUESTIONS: Final = (Wish, OrderWanted, CustomerTold, Cancel, Amend, StatusAsked)


@dataclass(frozen=True, slots=True)
class Telegram:
    """One telegram; `answers` is the id of the one it answers."""

    id: UUID
    trip: str
    sent_at: datetime
    content: Content
    answer_by: datetime | None = None
    answers: UUID | None = None

    @property
    def kind(self) -> str:
        """Its kind as it stands in the envelope."""
        return _FORMS[type(self.content)].kind


def encode(telegram: Telegram) -> dict[str, Any]:
    """A telegram as JSON. Raises TelegramWrong for one that would not be as agreed."""
    form = _FORMS[type(telegram.content)]
    parts = form.write(telegram.content, telegram.trip)
    written = {
        "version": VERSION,
        "id": str(telegram.id),
        "kind": form.kind,
        "sent_at": _to_milliseconds(telegram.sent_at),
        "answer_by": None if telegram.answer_by is None else _to_milliseconds(telegram.answer_by),
        "answers": None if telegram.answers is None else str(telegram.answers),
        "trip": telegram.trip,
        "tds": parts.tds,
        "more": parts.more,
    }
    _checked(written)
    return written


def decode(received: bytes | Mapping[str, Any]) -> Telegram:
    """A telegram that came. Raises TelegramWrong."""
    written = _object(received) if isinstance(received, bytes) else received
    _checked(written)
    parts = Parts(written["tds"], written["more"])
    telegram = Telegram(
        UUID(written["id"]), written["trip"], datetime.fromisoformat(written["sent_at"]),
        _BY_KIND[written["kind"]].read(parts),
        None if written["answer_by"] is None else datetime.fromisoformat(written["answer_by"]),
        None if written["answers"] is None else UUID(written["answers"]),
    )  # fmt: skip
    if isinstance(telegram.content, _QUESTIONS) and telegram.answer_by is None:
        raise TelegramWrong("/answer_by", "missing")
    return telegram


def _checked(written: Mapping[str, Any]) -> None:
    check("envelope", written)
    check(written["kind"], {"tds": written["tds"], "more": written["more"]})
    ticket = (written["tds"] or {}).get("tripTicketId", written["trip"])
    if ticket != written["trip"]:
        raise TelegramWrong("/tds/tripTicketId", "trip_differs")


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        written = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise TelegramWrong("", "not_json") from None
    if not isinstance(written, dict):
        raise TelegramWrong("", "not_an_object")
    return written


def _to_milliseconds(moment: datetime) -> str:
    return moment.astimezone(TAIPEI).isoformat(timespec="milliseconds")
