"""The sandbox providers' own pages: choosing an account, the phone of a mobile ID, and the way back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Response, redirect, render_template

from partners.desk.books import Row


@dataclass(frozen=True, slots=True)
class Look:
    """How a provider names itself, and its colours."""

    name_zh: str
    name_en: str
    brand: str


LOOKS: Final[Mapping[str, Look]] = {
    "line": Look("LINE 登入", "LINE Login", "#05703a"),
    "google": Look("以 Google 帳戶登入", "Sign in with Google", "#1a56c4"),
    "apple": Look("透過 Apple 登入", "Sign in with Apple", "#1d1d1f"),
    "mobile_id": Look("行動自然人憑證", "Mobile ID", "#5b2a86"),
}


def choose(provider: str, redirect_uri: str, accounts: Sequence[Row], wrong: str = "") -> Response:
    """Which account, and whether the city may know of it."""
    return _page("oidc/choose.html", provider, redirect_uri, accounts=accounts, wrong=wrong)


def number_entry(redirect_uri: str, accounts: Sequence[Row], wrong: str = "") -> Response:
    """The mobile ID's first page: whose phone shall be asked."""
    return _page("oidc/number.html", "mobile_id", redirect_uri, accounts=accounts, wrong=wrong)


def phone(redirect_uri: str, prompt: Row) -> Response:
    """The screen with its number, and beside it the phone on which that number is to be chosen."""
    numbers = sorted((prompt["number"], *prompt["others"].split()))
    return _page("oidc/phone.html", "mobile_id", redirect_uri, prompt=prompt, numbers=numbers)


def refused(provider: str, detail: str) -> Response:
    """A request that leads nowhere: its address or client is not known, so the browser must not be sent back."""
    return _page("oidc/refused.html", provider, "", 400, detail=detail)


def back(redirect_uri: str, answer: Mapping[str, str]) -> Response:
    """Back to the city's app with the answer in the address."""
    parts = urlsplit(redirect_uri)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **answer}
    response = redirect(urlunsplit(parts._replace(query=urlencode(query))), 303)
    assert isinstance(response, Response)
    response.headers["Cache-Control"] = "no-store"
    return response


def posted_back(provider: str, redirect_uri: str, answer: Mapping[str, str]) -> Response:
    """Back to the city's app with the answer in a form (OAuth 2.0 Form Post Response Mode)."""
    return _page("oidc/posted.html", provider, redirect_uri, target=redirect_uri, answer=answer)


def _page(template: str, provider: str, redirect_uri: str, status: int = 200, **values: object) -> Response:
    nonce = secrets.token_urlsafe(12)
    parts = urlsplit(redirect_uri)
    targets = f"'self' {parts.scheme}://{parts.netloc}" if redirect_uri else "'none'"
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; form-action {targets};"
        " frame-ancestors 'none'"
    )
    return Response(
        render_template(template, nonce=nonce, look=LOOKS[provider], provider=provider, **values),
        status,
        {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        content_type="text/html; charset=utf-8",
    )
