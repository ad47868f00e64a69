"""The sandbox OpenID providers' interface and book, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import NUMBER, REFUSAL, TEXT, listed, one_of, operation, record
from partners.oidc.providers import NAMES

TAG = {"name": "oidc", "description": "LINE, Google, Apple and the mobile ID, as OpenID providers"}
_ERROR = record(("error_description",), error=TEXT, error_description=TEXT)
_TROUBLE = {400: _ERROR, 503: REFUSAL}
_PATH = ("provider",)
_FORM = "application/x-www-form-urlencoded"
_ASKED = dict.fromkeys(
    (
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "response_mode",
    ),
    TEXT,
)
_FIELDS = ("account", "new_account", "email", "name", "hide_email", "national_id", "prompt", "number", "decision")

PATHS: dict[str, Any] = {
    "/oidc/{provider}/.well-known/openid-configuration": {
        "get": operation("oidc", "OpenID Connect Discovery", {200: {"type": "object"}, **_TROUBLE}, path=_PATH)
    },
    "/oidc/{provider}/jwks": {
        "get": operation(
            "oidc",
            "The keys that sign: the newest and the one before it",
            {200: record(keys={"type": "array", "items": {"type": "object"}}), **_TROUBLE},
            path=_PATH,
        )
    },
    "/oidc/{provider}/authorize": {
        "get": operation(
            "oidc",
            "The provider's page, for a browser",
            {200: "text/html", 400: "text/html", 503: REFUSAL},
            path=_PATH,
            query=_ASKED,
            description=f"provider is one of {', '.join(NAMES)}. PKCE with S256 is always demanded.",
        ),
        "post": operation(
            "oidc",
            "What the page's forms send, or a program does",
            {200: "text/html", 303: None, 400: "text/html", 503: REFUSAL},
            path=_PATH,
            query=_ASKED,
            body=record(
                _FIELDS,
                account=TEXT,
                new_account=TEXT,
                email=TEXT,
                name=TEXT,
                hide_email=TEXT,
                national_id=TEXT,
                prompt=TEXT,
                number=TEXT,
                decision=one_of("approve", "deny"),
            ),
            body_type=_FORM,
            description="Apple answers with a page whose form posts itself to redirect_uri. The mobile ID asks for"
            " national_id first, then for prompt and number: the one in data-number.",
        ),
    },
    "/oidc/{provider}/token": {
        "post": operation(
            "oidc",
            "A code for tokens, once, from the client and the browser that it was given to",
            {
                200: record(access_token=TEXT, token_type=one_of("Bearer"), expires_in=NUMBER, id_token=TEXT),
                401: _ERROR,
                **_TROUBLE,
            },
            path=_PATH,
            body=record(
                ("client_id", "client_secret"),
                grant_type=one_of("authorization_code"),
                code=TEXT,
                redirect_uri=TEXT,
                code_verifier=TEXT,
                client_id=TEXT,
                client_secret=TEXT,
            ),
            body_type=_FORM,
        )
    },
    "/oidc/{provider}/userinfo": {
        "get": operation(
            "oidc", "What the account's owner lets the client know", {200: {"type": "object"}, 401: _ERROR, **_TROUBLE},
            path=_PATH,
        )
    },
}  # fmt: skip
BOOKS: dict[str, Any] = {
    "/books/oidc/accounts": {
        "get": operation(
            "books",
            "The accounts at LINE, Google, Apple and the mobile ID",
            {
                200: listed(provider=one_of(*NAMES), account=TEXT, sub=TEXT, email=TEXT, name=TEXT),
                422: REFUSAL,
            },
            query={"provider": TEXT, "account": TEXT, "sub": TEXT, "limit": NUMBER},
        )
    }
}
