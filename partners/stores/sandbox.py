"""Four chains of stores and the banks' apps: a till that scans slips, books of what it took, files each night."""

from __future__ import annotations

import secrets
import sqlite3
import time
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, render_template, request

from core.clock import now, on_the_wire, taipei_date
from partners.desk.books import Row
from partners.desk.protocol import Answer, Call, Desk, Document, Refusal, SignedProtocol
from partners.desk.switches import Mode
from partners.desk.switches_api import json_answer
from partners.stores.closing import channels_of, close_days
from partners.stores.files import CHANNELS, ENCODING, Channel
from partners.stores.scanning import NotTaken, Scanned, scan

OFFERED_DAYS = 60
_BRANCHES = {
    "7-eleven": ("170001", "四維門市"), "family": ("015001", "高雄苓雅店"), "ok": ("003001", "五福門市"),
    "hi-life": ("002001", "高雄三多店"), "twqr": ("0160000", "高雄銀行"),
}  # fmt: skip
_REFERENCE_DIGITS = 12


def blueprint(desk: Desk, secret: str) -> Blueprint:
    """The stores' routes under /stores: the till, the end of the day, and the files for the city."""
    stores = Blueprint("stores", __name__, url_prefix="/stores", template_folder="templates")
    signed = SignedProtocol(desk, "stores", secret)
    books = desk.books

    @stores.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return json_answer(refusal.answer.body, refusal.answer.status)

    @stores.get("/till")
    def till() -> Response:
        return _page()

    @stores.post("/till")
    def take() -> Response:
        is_program = "application/json" in request.headers.get("accept", "")
        try:
            taking = _take(desk)
        except NotTaken as problem:
            if is_program:
                return json_answer({"code": problem.code, "detail": f"{problem.zh} {problem.en}"}, 422)
            return _page(problem=problem, status=422)
        return json_answer(taking, 201) if is_program else _page(taking=taking)

    @stores.post("/closing")
    def closing() -> Response:
        through = _day("through") or taipei_date(now())
        names = _close(desk, request.args.get("channel"), through=through, pays_on=_day("pays_on"))
        return json_answer({"files": names}, 201)

    @stores.get("/v1/collection-files")
    @signed.serve("file_list")
    def list_files(call: Call) -> Answer:
        # Past days close by themselves; today goes on until somebody closes it at the till.
        _close(desk, None, through=taipei_date(now()) - timedelta(days=1), pays_on=None)
        since = taipei_date(now()) - timedelta(days=OFFERED_DAYS)
        rows = books.all(
            "SELECT name, channel, business_on, sha256 FROM store_file"
            " WHERE available_at <= ? AND business_on >= ? ORDER BY position",
            now().timestamp(), since.isoformat(),
        )  # fmt: skip
        return Answer({"files": rows})

    @stores.get("/v1/collection-files/<name>")
    @signed.serve("file")
    def send_file(call: Call, name: str) -> Document:
        row = books.one(
            "SELECT content FROM store_file_content JOIN store_file USING (name) WHERE name = ? AND available_at <= ?",
            name, now().timestamp(),
        )  # fmt: skip
        if row is None:
            raise Refusal(404, "file_not_found", "no file has this name")
        return Document(BytesIO(_as_sent(row["content"], call.mode)), "application/octet-stream")

    return stores


def _take(desk: Desk) -> dict[str, Any]:
    """Takes cash for the slip in the form: once per slip at each chain. `paid_at` may name another moment than now."""
    form = request.form
    channel = CHANNELS.get(form.get("channel", ""))
    if channel is None:
        raise NotTaken("channel_unknown", "請選擇門市", "Choose a store")
    moment = _moment(form.get("paid_at", ""))
    typed = [form.get(f"segment_{number}", "").strip("*") for number in (1, 2, 3)]
    scanned = scan(channel, (typed[0], typed[1], typed[2]), form.get("payload", "").strip(), at=moment)
    with desk.books.writing() as writing:
        return _booked(writing, channel, scanned, moment)


def _booked(writing: sqlite3.Connection, channel: Channel, scanned: Scanned, moment: datetime) -> dict[str, Any]:
    store, store_name = _BRANCHES[channel.key]
    reference = _next_reference(writing)
    taken = writing.execute(
        "INSERT INTO store_taking (channel, reference, store, store_name, slip_number, amount_twd, fee_twd, charge_twd,"
        " business_on, paid_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (channel, slip_number) DO NOTHING",
        (channel.key, reference, store, store_name, scanned.slip_number, scanned.amount_twd, scanned.fee_twd,
         scanned.charge_twd, taipei_date(moment).isoformat(), on_the_wire(moment)),
    ).rowcount  # fmt: skip
    if not taken:
        raise NotTaken("taken_before", "這張單已在本通路繳過", "This slip has been paid at this chain before")
    return {
        "channel": channel.key, "store": store, "store_name": store_name, "reference": reference,
        "slip_number": scanned.slip_number, "amount": scanned.amount_twd, "fee": scanned.fee_twd,
        "total": scanned.amount_twd + scanned.fee_twd, "currency": "TWD", "paid_at": on_the_wire(moment),
    }  # fmt: skip


def _next_reference(writing: sqlite3.Connection) -> str:
    """A transaction number that no other till of these books has, and that a reset of the books does not give again."""
    (latest,) = writing.execute("SELECT max(reference) FROM store_taking").fetchone()
    from_the_clock = time.time_ns() // 1_000_000 % 10**_REFERENCE_DIGITS
    return f"{max(from_the_clock, int(latest or 0) + 1):012d}"


def _close(desk: Desk, key: str | None, *, through: date, pays_on: date | None) -> list[str]:
    names: list[str] = []
    try:
        channels = channels_of(key)
    except KeyError:
        raise Refusal(404, "channel_not_found", f"channel must be one of {', '.join(CHANNELS)}") from None
    for channel in channels:
        if _has_takings(desk, channel, through):
            # Asked before the books are opened for writing: a switch that counts writes into them itself.
            mode = desk.switches.chosen("stores", "closing", None, {"channel": channel.key})
            with desk.books.writing() as writing:
                names += close_days(writing, channel, through=through, now=now(), pays_on=pays_on, mode=mode)
    return names


def _has_takings(desk: Desk, channel: Channel, through: date) -> bool:
    row = desk.books.one(
        "SELECT 1 FROM store_taking WHERE channel = ? AND file IS NULL AND business_on <= ? LIMIT 1",
        channel.key, through.isoformat(),
    )  # fmt: skip
    return row is not None


def _as_sent(content: bytes, mode: Mode | None) -> bytes:
    if mode is not None and mode.name == "truncated_file":
        return content[: len(content) * 2 // 3]
    if mode is not None and mode.name == "wrong_encoding":
        return content.decode(ENCODING).encode("utf-8")
    return content


def _page(*, taking: Row | None = None, problem: NotTaken | None = None, status: int = 200) -> Response:
    nonce = secrets.token_urlsafe(12)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'"
    return Response(
        render_template(
            "stores/till.html", nonce=nonce, channels=CHANNELS.values(), filled=request.form, taking=taking,
            problem=problem,
        ),
        status,
        {"Content-Security-Policy": policy, "Cache-Control": "no-store"},
        content_type="text/html; charset=utf-8",
    )  # fmt: skip


def _moment(text: str) -> datetime:
    if not text:
        return now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotTaken("paid_at", "時間格式不對", "paid_at is RFC 3339 with an offset") from None
    if moment.tzinfo is None:
        raise NotTaken("paid_at", "時間格式不對", "paid_at is RFC 3339 with an offset")
    return moment


def _day(name: str) -> date | None:
    typed = request.args.get(name)
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refusal(422, "invalid", f"{name} must be a date, YYYY-MM-DD") from None
