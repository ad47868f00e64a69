"""The hands on the sandbox clearing house's clock: close a business day, or close one on short notice."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from flask import Blueprint, Response, request

from partners.ach.banks import BankUnknown, bank_of, is_account
from partners.ach.books import open_account, open_day
from partners.ach.clearing import close_day, declare_closed
from partners.desk.books import Books
from partners.desk.protocol import Desk, Refusal, optional_text, text, whole_number
from partners.desk.switches_api import back_to, is_form, json_answer

MOST_DAYS = 31


def open_day_of(books: Books) -> str:
    """The business day that is open at the clearing house, YYYY-MM-DD."""
    with books.writing() as writing:
        return open_day(writing).isoformat()


def blueprint(desk: Desk) -> Blueprint:
    """Routes under /books/ach that change something; reading is the books' own."""
    api = Blueprint("ach_controls", __name__, url_prefix="/books/ach")

    @api.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return json_answer(refusal.answer.body, refusal.answer.status)

    @api.post("/day-close")
    def close() -> Response:
        count = whole_number({"days": 1, **_object()}, "days", at_most=MOST_DAYS)
        closed = []
        with desk.books.writing() as writing:
            for _ in range(count):
                file = close_day(writing)
                closed.append({name: value for name, value in file.items() if name != "content"})
            following = open_day(writing)
        if is_form():
            return back_to("other-banks")
        return json_answer({"closed": closed, "open_day": following.isoformat()})

    @api.post("/closed-days")
    def close_on_short_notice() -> Response:
        asked = _object()
        with desk.books.writing() as writing:
            try:
                day = date.fromisoformat(text(asked, "day")) if asked.get("day") else open_day(writing)
            except ValueError as error:
                raise Refusal(422, "invalid", "day must be a date") from error
            reason = optional_text(asked, "reason") or "颱風停止上班"
            declare_closed(writing, day, reason)
        if is_form():
            return back_to("other-banks")
        return json_answer({"day": day.isoformat(), "reason": reason}, 201)

    @api.put("/accounts")
    def put_account() -> Response:
        asked = _object()
        try:
            bank = bank_of(text(asked, "bank", most=7))
        except BankUnknown as error:
            raise Refusal(422, "invalid", "no such bank") from error
        account_no, status = text(asked, "account_no", most=14), str(asked.get("status", "open"))
        if not is_account(account_no) or status not in ("open", "closed"):
            raise Refusal(422, "invalid", "account_no must be 6 to 14 digits, status open or closed")
        with desk.books.writing() as writing:
            open_account(
                writing,
                bank,
                account_no,
                national_id=optional_text(asked, "national_id"),
                balance_twd=whole_number(asked, "balance_twd", at_least=0),
                status=status,
            )
        return Response(status=204)

    return api


def _object() -> dict[str, Any]:
    if is_form():
        return dict(request.form)
    content = request.get_data(cache=False)
    try:
        body = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "not_json", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refusal(400, "not_an_object", "the body must be a JSON object")
    return body
