"""The bank's own page: whose account, up to how much, yes or no."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Response, redirect, render_template

from core.text import Text
from partners.bank.accounts import masked
from partners.desk.books import Row

DEFAULT_PER_PAYMENT_LIMIT_TWD = 5_000
DEFAULT_DAILY_LIMIT_TWD = 20_000
DEFAULT_MONTHLY_LIMIT_TWD = 100_000
MOST_LIMIT_TWD = 1_000_000_000

_LIMIT_WRONG = Text(
    "請填 1 到 {most:,} 之間的整數（新臺幣元）", "Enter a whole number of NT dollars from 1 to {most:,}"
).format(most=MOST_LIMIT_TWD)
_DAILY_BELOW = Text("每日上限不得低於每筆上限", "The daily limit must not be below the limit per payment")
_MONTHLY_BELOW = Text("每月上限不得低於每日上限", "The monthly limit must not be below the daily limit")
_ACCOUNT_WRONG = Text("請選擇您的一個帳戶", "Choose one of your accounts")


@dataclass(frozen=True, slots=True)
class Choice:
    """What a citizen agreed to: the account and the limits in NT$."""

    account_no: str
    per_payment_limit_twd: int
    daily_limit_twd: int
    monthly_limit_twd: int


def read(form: Mapping[str, str], offered: Sequence[Row]) -> tuple[Choice | None, dict[str, Text]]:
    """The choice in a submitted form, or None and what is wrong, by field. A field left out has its default."""
    problems: dict[str, Text] = {}
    account_no = form.get("account", offered[0]["account_no"] if offered else "")
    if account_no not in {account["account_no"] for account in offered}:
        problems["account"] = _ACCOUNT_WRONG
    per_payment = _limit(form.get("per_payment_limit", str(DEFAULT_PER_PAYMENT_LIMIT_TWD)))
    daily = _limit(form.get("daily_limit", str(max(DEFAULT_DAILY_LIMIT_TWD, per_payment or 0))))
    monthly = _limit(form.get("monthly_limit", str(max(DEFAULT_MONTHLY_LIMIT_TWD, daily or 0))))
    if per_payment is None:
        problems["per_payment_limit"] = _LIMIT_WRONG
    if daily is None:
        problems["daily_limit"] = _LIMIT_WRONG
    elif per_payment is not None and daily < per_payment:
        problems["daily_limit"] = _DAILY_BELOW
    if monthly is None:
        problems["monthly_limit"] = _LIMIT_WRONG
    elif daily is not None and monthly < daily:
        problems["monthly_limit"] = _MONTHLY_BELOW
    if problems or per_payment is None or daily is None or monthly is None:
        return None, problems
    return Choice(account_no, per_payment, daily, monthly), {}


def form(
    asked: Row,
    offered: Sequence[Row],
    filled: Mapping[str, str] | None = None,
    problems: Mapping[str, Text] | None = None,
) -> Response:
    """The page, empty or with what was filled in and what is wrong with it (422)."""
    return _page(
        "bank/consent.html",
        422 if problems else 200,
        form_targets=f"'self' {_origin(asked['return_url'])}",
        holder=offered[0]["holder_name"] if offered else "",
        accounts=[
            {"number": one["account_no"], "masked": masked(one["account_no"]), "balance_twd": one["balance_twd"]}
            for one in offered
        ],
        filled={
            "account": offered[0]["account_no"] if offered else "",
            "per_payment_limit": DEFAULT_PER_PAYMENT_LIMIT_TWD,
            "daily_limit": DEFAULT_DAILY_LIMIT_TWD,
            "monthly_limit": DEFAULT_MONTHLY_LIMIT_TWD,
            **(filled or {}),
        },
        problems=problems or {},
        most_limit=MOST_LIMIT_TWD,
    )


def gone() -> Response:
    """The page for a request that is unknown or has lapsed."""
    return _page("bank/gone.html", 404, form_targets="'none'")


def back(asked: Row) -> Response:
    """Back to the city's app: with the state and a code when approved, with an error when denied (RFC 6749 §4.1.2)."""
    outcome = {"code": asked["code"]} if asked["status"] == "approved" else {"error": "access_denied"}
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
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        return None
    return int(digits) if 1 <= int(digits) <= MOST_LIMIT_TWD else None


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
