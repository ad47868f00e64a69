"""A wallet's own pages: what is to be paid, to whom, yes or no."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Response, redirect, render_template

from partners.desk.books import Row


@dataclass(frozen=True, slots=True)
class Look:
    """How a wallet names itself, and its colours."""

    name_zh: str
    name_en: str
    brand: str
    brand_dark: str


LOOKS: Final[Mapping[str, Look]] = {
    "jkopay": Look("街口支付", "JKOPAY", "#c8102e", "#9c0c24"),
    "line_pay": Look("LINE Pay", "LINE Pay", "#05703a", "#04592e"),
}


def form(wallet: str, payment: Row) -> Response:
    """The page on which the payer agrees or does not."""
    return _page(
        "ewallets/pay.html", 200, wallet, form_targets=f"'self' {_origin(payment['return_url'])}", payment=payment
    )


def gone(wallet: str) -> Response:
    """The page for a payment that is unknown or whose time is over."""
    return _page("ewallets/gone.html", 404, wallet, form_targets="'none'")


def back(payment: Row) -> Response:
    """Back to the city's app, with what the payer decided."""
    outcome = {"transaction_id": payment["transaction_id"]} if payment["transaction_id"] else {"cancelled": "1"}
    parts = urlsplit(payment["return_url"])
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), "reference": payment["reference"], **outcome}
    answer = redirect(urlunsplit(parts._replace(query=urlencode(query))), 303)
    assert isinstance(answer, Response)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(template: str, status: int, wallet: str, *, form_targets: str, **values: object) -> Response:
    nonce = secrets.token_urlsafe(12)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action {form_targets}; frame-ancestors 'none'"
    return Response(
        render_template(template, nonce=nonce, look=LOOKS[wallet], **values),
        status,
        {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        content_type="text/html; charset=utf-8",
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
