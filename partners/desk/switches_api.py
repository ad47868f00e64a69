"""The switches over HTTP, for programs and (as forms) for the page."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response, redirect, request

from partners.desk.protocol import Desk
from partners.desk.switches import SwitchWrong


def json_answer(body: Any, status: int = 200) -> Response:
    """`body` as JSON."""
    return Response(orjson.dumps(body), status, content_type="application/json")


def is_form() -> bool:
    """Whether a button on the sandbox's page was pressed, and no program asks."""
    return request.mimetype == "application/x-www-form-urlencoded"


def back_to(section: str) -> Response:
    """Back to a section of the sandbox's page."""
    answer = redirect(f"/#{section}", 303)
    assert isinstance(answer, Response)
    return answer


def blueprint(desk: Desk) -> Blueprint:
    """Routes under /switches."""
    api = Blueprint("switches", __name__, url_prefix="/switches")
    switches = desk.switches

    @api.errorhandler(SwitchWrong)
    def wrong(problem: SwitchWrong) -> Response:
        return json_answer({"code": "switch_wrong", "detail": str(problem)}, 422)

    @api.errorhandler(orjson.JSONDecodeError)
    def not_json(problem: orjson.JSONDecodeError) -> Response:
        return json_answer({"code": "not_json", "detail": str(problem)}, 400)

    @api.get("")
    def show() -> Response:
        return json_answer(switches.state())

    @api.put("")
    def replace() -> Response:
        switches.replace(_object())
        return json_answer(switches.state())

    @api.post("")
    def add() -> Response:
        return json_answer(switches.add(_object()), 201)

    @api.delete("")
    def clear() -> Response:
        switches.clear()
        return Response(status=204)

    @api.delete("/<int:rule_id>")
    def remove(rule_id: int) -> Response:
        if not switches.remove(rule_id):
            return json_answer({"code": "rule_not_found", "detail": "no rule has this id"}, 404)
        return Response(status=204)

    @api.post("/form")
    def form() -> Response:
        _apply(desk, request.form.to_dict())
        return back_to("switches")

    return api


def _apply(desk: Desk, form: dict[str, str]) -> None:
    """What a button on the page asks for: remove=<id>, clear=1, set=<setting> with on=0/1, or one rule's fields."""
    switches = desk.switches
    if "remove" in form:
        switches.remove(_number(form["remove"]) or 0)
    elif "clear" in form:
        switches.clear()
    elif "set" in form:
        switches.replace({"settings": {form["set"]: form.get("on") == "1"}})
    else:
        partner, _, operation = form.get("operation", "").partition(".")
        switches.add(
            {
                "partner": partner,
                "operation": operation,
                "mode": form.get("mode"),
                "count": _number(form.get("count", "")),
                "params": {} if (seconds := _number(form.get("seconds", ""))) is None else {"seconds": seconds},
            }
        )


def _number(typed: str) -> int | None:
    digits = typed.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None


def _object() -> dict[str, Any]:
    body = orjson.loads(request.get_data(cache=False))
    if not isinstance(body, dict):
        raise SwitchWrong("the body must be a JSON object")
    return body
