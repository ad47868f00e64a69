"""The page of the payer's own bank: which account, up to how much, yes or no."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Response, redirect, render_template

from core.text import Text
from partners.ach.banks import BANKS, masked
from partners.desk.books import Row

DEFAULT_PER_PAYMENT_LIMIT_TWD = 5_000
DEFAULT_DAILY_LIMIT_TWD = 20_000
MOST_LIMIT_TWD = 2_000_000

_LIMIT_WRONG = Text(
    "請填 1 到 {most:,} 之間的整數（新臺幣元）", "Enter a whole number of NT dollars from 1 to {most:,}"
).format(most=MOST_LIMIT_TWD)
_DAILY_BELOW = Text("每日上限不得低於每筆上限", "The daily limit must not be below the limit per payment")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a payer agreed to, in NT$."""

    per_payment_twd: int
    daily_twd: int


def read(form: Mapping[str, str]) -> tuple[Limits | None, dict[str, Text]]:
    """The limits in a submitted form, or None and what is wrong, by field. A field left out has its default."""
    problems: dict[str, Text] = {}
    per_payment = _limit(form.get("per_payment_limit", str(DEFAULT_PER_PAYMENT_LIMIT_TWD)))
    daily = _limit(form.get("daily_limit", str(max(DEFAULT_DAILY_LIMIT_TWD, per_payment or 0))))
    if per_payment is None:
        problems["per_payment_limit"] = _LIMIT_WRONG
    if daily is None:
        problems["daily_limit"] = _LIMIT_WRONG
    elif per_payment is not None and daily < per_payment:
        problems["daily_limit"] = _DAILY_BELOW
    if per_payment is None or daily is None or problems:
        return None, problems
    return Limits(per_payment, daily), {}


def form(asked: Row, filled: Mapping[str, str] | None = None, problems: Mapping[str, Text] | None = None) -> Response:
    """The page, empty or with what was filled in and what is wrong with it (422)."""
    return _page(
        "ach/consent.html",
        422 if problems else 200,
        form_targets=f"'self' {_origin(asked['return_url'])}",
        bank=BANKS[asked["bank"]],
        account=masked(asked["account_no"]),
        answers_tomorrow=asked["answers_tomorrow"],
        filled={
            "per_payment_limit": DEFAULT_PER_PAYMENT_LIMIT_TWD,
            "daily_limit": DEFAULT_DAILY_LIMIT_TWD,
            **(filled or {}),
        },
        problems=problems or {},
    )


def gone() -> Response:
    """The page for a request that is unknown or has lapsed."""
    return _page("ach/gone.html", 404, form_targets="'none'", bank=Text("銀行", "Bank"))


def back(asked: Row) -> Response:
    """Back to the city's app: with the state and a code when agreed, with an error when denied."""
    outcome = {"error": "access_denied"} if asked["status"] == "denied" else {"code": asked["code"]}
    parts = urlsplit(asked["return_url"])
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), "state": asked["state"], **outcome}
    answer = redirect(urlunsplit(parts._replace(query=urlencode(query))), 303)
    assert isinstance(answer, Response)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(template: str, status: int, *, form_targets: str, **values: object) -> Response:
    nonce = secrets.token_urlsafe(12)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action {form_targets}; frame-ancestors 'none'"
    return Response(
        render_template(template, nonce=nonce, **values),
        status,
        {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        content_type="text/html; charset=utf-8",
    )


def _limit(text: str) -> int | None:
    digits = text.strip().replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 8):
        return None
    return int(digits) if 1 <= int(digits) <= MOST_LIMIT_TWD else None


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
