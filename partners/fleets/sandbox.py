"""Four taxi fleets that speak the protocol of `client.py`: each with its temper, its vehicles and a book of its own."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from flask import Blueprint, Response, render_template, request

from core.clock import now, on_the_wire
from core.ids import new_uuid
from partners.desk.books import Row
from partners.desk.protocol import Answer, Call, Desk, Refusal, SignedProtocol
from partners.desk.switches import Mode
from partners.desk.switches_api import json_answer
from partners.fleets import books, driving
from partners.fleets.checking import TelegramWrong
from partners.fleets.contents import Amend, FleetError, FleetOrder, OrderWanted
from partners.fleets.deciding import answer_to, bind, confirmed, new_order
from partners.fleets.houses import HOUSES, House
from partners.fleets.telegrams import Telegram, decode, encode

_LONGEST_SILENCE_SECONDS: Final = 30.0
_NEWEST: Final = 12


def blueprint(desk: Desk, house: House, secret: str) -> Blueprint:
    """One fleet's routes under /fleets/<fleet>. SANDBOX_FLEETS_SLOWNESS (1) stretches how long it takes to answer."""
    slowness = float(os.environ.get("SANDBOX_FLEETS_SLOWNESS") or "1")
    fleet = Blueprint(f"fleet_{house.key}", __name__, url_prefix=f"/fleets/{house.key}", template_folder="templates")
    signed = SignedProtocol(desk, house.key, secret)

    def answered(call: Call, *kinds: str) -> Answer:
        time.sleep(house.answers_after_seconds * slowness)
        return _answered(desk, house, call, kinds)

    @fleet.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return json_answer(refusal.answer.body, refusal.answer.status)

    @fleet.post("/v1/ask")
    @signed.serve("ask")
    def ask(call: Call) -> Answer:
        return answered(call, "trip_request")

    @fleet.post("/v1/hold")
    @signed.serve("hold")
    def hold(call: Call) -> Answer:
        return answered(call, "client_order_confirmation")

    @fleet.post("/v1/bind")
    @signed.serve("bind")
    def bind_it(call: Call) -> Answer:
        return answered(call, "client_order_confirmation")

    @fleet.post("/v1/customer")
    @signed.serve("customer")
    def customer(call: Call) -> Answer:
        return answered(call, "customer_info")

    @fleet.post("/v1/cancel")
    @signed.serve("cancel")
    def cancel(call: Call) -> Answer:
        return answered(call, "cancel")

    @fleet.post("/v1/amend")
    @signed.serve("amend")
    def amend(call: Call) -> Answer:
        return answered(call, "amend")

    @fleet.post("/v1/status")
    @signed.serve("status")
    def status(call: Call) -> Answer:
        return answered(call, "status")

    @fleet.post("/orders/<fleet_order>/step")
    def step(fleet_order: str) -> Response:
        moved = driving.step(desk, house, fleet_order, request.form.get("to", ""), now())
        if "application/json" in request.headers.get("accept", ""):
            return json_answer({"fleet_order": moved["fleet_order"], "state": moved["state"]}, 201)
        return Response(status=303, headers={"Location": "/fleets"})

    return fleet


def pages(desk: Desk) -> Blueprint:
    """The page /fleets: what each fleet holds and drives, and a button for each step; and the clock's own button."""
    room = Blueprint("fleets", __name__, url_prefix="/fleets", template_folder="templates")

    @room.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return json_answer(refusal.answer.body, refusal.answer.status)

    @room.get("")
    def page() -> Response:
        nonce = secrets.token_urlsafe(12)
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        shown = [(house, _newest(desk, house)) for house in HOUSES.values()]
        content = render_template("fleets/fleets.html", nonce=nonce, fleets=shown, moves=driving.MOVES)
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
        return Response(content, headers=headers, content_type="text/html; charset=utf-8")

    @room.post("/clock")
    def clock() -> Response:
        until, moved = _until(request.args.get("until", "")), 0
        while more := driving.do_what_is_due(desk, until):
            moved += more
        driving.tell_positions(desk, until)
        return json_answer({"moved": moved}, 201)

    return room


def _answered(desk: Desk, house: House, call: Call, kinds: tuple[str, ...]) -> Answer:
    try:
        question = decode(call.body)
    except TelegramWrong as wrong:
        raise Refusal(422, wrong.reason, f"{wrong.pointer or '/'} {wrong.detail}".strip()) from wrong
    if question.kind not in kinds:
        raise Refusal(422, "kind_not_here", f"{question.kind} is not sent here")
    # Asked before the book is opened for writing: a switch that counts writes into it itself.
    is_binding = isinstance(question.content, OrderWanted) and question.content.phase == "bind"
    facts = {"trip": question.trip, "state": "bound"}
    telling = desk.switches.chosen(house.key, "telling", None, facts) if is_binding else None
    at = now()
    with desk.books.writing() as writing:
        written = _once(writing, house, question, call, at, telling if desk.switches.is_on("webhooks") else _SILENT)
    desk.webhooks.wake()
    if call.mode is not None and call.mode.name == "answers_late" and question.answer_by is not None:
        late_by = (question.answer_by - now()).total_seconds() + call.mode["seconds"]
        time.sleep(min(max(late_by, 0.0), _LONGEST_SILENCE_SECONDS))
    return Answer(written)


_SILENT: Final = Mode("drop_webhook", {})
_COMMITTING: Final = (OrderWanted, Amend)


def _once(
    writing: sqlite3.Connection, house: House, question: Telegram, call: Call, at: datetime, telling: Mode | None
) -> Mapping[str, Any]:
    """The answer, written down with the question: the same telegram again gets the same one and changes nothing."""
    said = orjson.dumps([question.kind, question.trip, call.body["tds"], call.body["more"]]).decode()
    is_other, before = books.answered_before(writing, house, question.id, said)
    if is_other:
        error = FleetError("id_reused", "同一編號已用於另一則電文 This id stands for another telegram", "/id")
        return _enveloped(question, error, at)
    if before is not None:
        return before
    if isinstance(question.content, _COMMITTING) and question.answer_by is not None and question.answer_by < at:
        # Whoever asked has stopped waiting: to act now would surprise them. With a later time it may come again.
        return _enveloped(question, FleetError("deadline_over", "回覆期限已過 Its time is over", "/answer_by"), at)
    content = answer_to(writing, house, question.trip, question.content, at, call.mode)
    answer = _enveloped(question, content, at)
    books.insert(
        writing, "fleet_telegram",
        fleet=house.key, id=str(question.id), kind=question.kind, trip=question.trip, said=said,
        answer_kind=answer["kind"], answer=orjson.dumps(answer).decode(), received_at=on_the_wire(at),
    )  # fmt: skip
    if isinstance(content, FleetOrder) and isinstance(question.content, OrderWanted) and content.state == "bound":
        _after_binding(writing, house, content, at, call.mode, telling)
    return answer


def _enveloped(question: Telegram, content: Any, at: datetime) -> dict[str, Any]:
    return encode(Telegram(new_uuid(), question.trip, at, content, answers=question.id))


def _after_binding(
    writing: sqlite3.Connection, house: House, order: FleetOrder, at: datetime, mode: Mode | None, telling: Mode | None
) -> None:
    """Tells which vehicle comes; and does what the fleet's temper makes of a yes it has just given."""
    row = books.order_named(writing, house, order.fleet_order)
    assert row is not None
    driving.tell(writing, house, row["trip"], driving.vehicle_seen(house, row), at, telling)
    name = mode.name if mode else ""
    if name == "double_confirms":
        second = _second(writing, house, row, at)
        driving.tell(writing, house, row["trip"], confirmed(second), at, telling)
    elif mode is not None and name == "runs_late":
        books.change(writing, row, at, late_minutes=int(mode["minutes"]))
    elif mode is not None and name in _ENDS:
        gone_at = _ENDS[name](row, at, mode)
        books.change(writing, row, at, next_state="cancelled", next_at=on_the_wire(gone_at), reason=_REASONS[name])


def _second(writing: sqlite3.Connection, house: House, order: Row, at: datetime) -> Row:
    """The same ride bound once more: with another vehicle if one is free, else with whichever."""
    start, end = (datetime.fromisoformat(order[name]) for name in ("pick_up_at", "arrives_at"))
    free = books.free_vehicle(writing, house, orjson.loads(order["needs"]), start, end)
    vehicle = order["vehicle"] if free is None else free.number
    return bind(writing, new_order(writing, house, order, vehicle, at, state="held"), at)


_ENDS: Final[Mapping[str, Callable[[Row, datetime, Mode], datetime]]] = {
    "changes_mind": lambda order, at, mode: at + timedelta(seconds=mode["seconds"]),
    "cancels_late": lambda order, at, mode: max(
        at, datetime.fromisoformat(order["pick_up_at"]) - timedelta(minutes=mode["minutes"])
    ),
}
_REASONS: Final = {"changes_mind": "司機不願前往", "cancels_late": "車輛故障"}


def _newest(desk: Desk, house: House) -> list[Row]:
    return desk.books.all(
        "SELECT * FROM fleet_order WHERE fleet = ? ORDER BY position DESC LIMIT ?", house.key, _NEWEST
    )


def _until(text: str) -> datetime:
    """The moment until which the fleets are to drive; now when none is given."""
    if not text:
        return now()
    try:
        moment: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(422, "invalid", "until is RFC 3339 with an offset")
    return moment
