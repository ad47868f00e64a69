"""The fleets of the sandbox and their books, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import (
    MAYBE_TEXT,
    NUMBER,
    REFUSAL,
    TEXT,
    TIME,
    listed,
    one_of,
    operation,
    record,
    signed,
)
from partners.fleets.houses import HOUSES

TAGS = [{"name": name, "description": f"a taxi fleet: {house.name.en}"} for name, house in HOUSES.items()]
TAGS.append({"name": "fleets", "description": "the fleets' page and their clock"})

_OPERATIONS = {
    "ask": "Whether it could do a trip (1A, answered by 1B)",
    "hold": "Keep a vehicle for a while (2A, answered by 2B)",
    "bind": "Take what is held (2A, answered by 2B)",
    "customer": "Who rides, once it is bound (2A1, answered by 4B)",
    "cancel": "Give it up, or shut the reference (answered by status)",
    "amend": "Change it (answered by 2B)",
    "status": "How it stands (answered by status)",
}
_ANYTHING = {"type": "object"}
_TELEGRAM = record(
    version=one_of("1"), id=TEXT, kind=TEXT, sent_at=TIME, answer_by={"type": ["string", "null"]}, answers=MAYBE_TEXT,
    trip=TEXT, tds={"type": ["object", "null"]}, more=_ANYTHING,
)  # fmt: skip
_KEY = {"idempotency-key": {"type": "string", "description": "the same as the telegram's `id`"}}
_STATES = ("held", "bound", "on_the_way", "at_door", "aboard", "done", "no_show", "cancelled", "lapsed")


def _operation(fleet: str, summary: str) -> dict[str, Any]:
    answers = {200: _TELEGRAM, 400: REFUSAL, 422: REFUSAL, 503: REFUSAL}
    return {"post": signed(fleet, summary, answers, body=_TELEGRAM, headers=_KEY)}


def _book(summary: str, filters: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    query = {**dict.fromkeys(filters, TEXT), "limit": NUMBER}
    return {"get": operation("books", summary, {200: listed(**properties), 422: REFUSAL}, query=query)}


PATHS: dict[str, Any] = {
    f"/fleets/{fleet}/v1/{name}": _operation(fleet, summary)
    for fleet in HOUSES
    for name, summary in _OPERATIONS.items()
}
PATHS |= {
    f"/fleets/{fleet}/orders/{{fleet_order}}/step": {
        "post": operation(
            fleet,
            "One step of a ride; `to` empty: what the clock would do next",
            {201: record(fleet_order=TEXT, state=one_of(*_STATES)), 303: None, 404: REFUSAL, 409: REFUSAL},
            body=record(("to",), to=TEXT),
            body_type="application/x-www-form-urlencoded",
            path=["fleet_order"],
        )
    }
    for fleet in HOUSES
}
PATHS |= {
    "/fleets": {"get": operation("fleets", "What each fleet holds and drives", {200: "text/html"})},
    "/fleets/clock": {
        "post": operation(
            "fleets",
            "Let rides drive as the clock would until a moment (now)",
            {201: record(moved=NUMBER), 422: REFUSAL},
            query={"until": TIME},
        )
    },
}
_NULLABLE_NUMBER = {"type": ["integer", "null"]}
_TRIP = {"fleet": one_of(*HOUSES), "trip": TEXT}
_WAY = {"pickup": TEXT, "dropoff": TEXT, "needs": TEXT, "pick_up_at": TIME, "arrives_at": TIME, "price_twd": NUMBER}
BOOKS = {
    "/books/fleets/telegrams": _book(
        "What came, and what was answered", ("fleet", "id", "kind", "trip"),
        **_TRIP, id=TEXT, kind=TEXT, said=TEXT, answer_kind=TEXT, answer=TEXT, received_at=TIME, deliveries=NUMBER,
    ),
    "/books/fleets/offers": _book("Offers", ("fleet", "trip", "offer"), **_TRIP, offer=TEXT, **_WAY, lapses_at=TIME),
    "/books/fleets/orders": _book(
        "Holds and bindings", ("fleet", "trip", "fleet_order", "state"),
        **_TRIP, fleet_order=TEXT, offer=TEXT, vehicle=TEXT, state=one_of(*_STATES), **_WAY, lapses_at=MAYBE_TEXT,
        next_state=MAYBE_TEXT, next_at=MAYBE_TEXT, changed_at=TIME, aboard_at=MAYBE_TEXT, fare_twd=_NULLABLE_NUMBER,
        fee_twd=NUMBER, reason=TEXT, ended_by=MAYBE_TEXT, late_minutes=NUMBER, seen_at=MAYBE_TEXT, customer=MAYBE_TEXT,
    ),
}  # fmt: skip
