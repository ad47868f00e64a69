"""Four OpenID providers at once, each with its own manner, its own accounts and its own pages."""

from __future__ import annotations

import secrets
import sqlite3
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import orjson
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Blueprint, Response, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from core.oidc_settings import DEMO_TEAM_ID, demo_client_id, demo_key
from core.taiwan import normalise, person_id_valid
from partners.desk.books import Row
from partners.desk.protocol import Answer, Desk, after_acting, before_acting
from partners.desk.switches import Mode, SwitchWrong
from partners.desk.switches_api import json_answer
from partners.oidc import accounts, pages, signing
from partners.oidc.accounts import Grant
from partners.oidc.providers import MANNERS, NAMES

ANOTHER_CLIENT = ("another-app", "another-apps-secret")
_NAMES_ITSELF = frozenset({"google", "mobile_id"})
"""Those that say in their answers who they are (RFC 9207). The other two do not, as in life."""

Act = Callable[[Mode | None], Response]


class _Wrong(Exception):
    """An error of RFC 6749 §5.2, to be answered as JSON."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


def blueprint(desk: Desk, shared: Mapping[str, str], own_url: str) -> Blueprint:
    """The providers' routes under /oidc/<provider>.

    `shared` are the secrets that they share with the city; `own_url` is where browsers reach the sandbox: with it their
    issuers begin.
    """
    api = Blueprint(
        "oidc", __name__, url_prefix=f"/oidc/<any({', '.join(NAMES)}):provider>", template_folder="templates"
    )
    books = desk.books

    def issuer_of(provider: str) -> str:
        return f"{own_url}/oidc/{provider}"

    def served(provider: str, operation: str, act: Act) -> Response:
        """The act as the switches want it treated."""
        facts = {**request.args, **request.form}
        try:
            mode = desk.switches.chosen(provider, operation, request.headers.get("x-sandbox-mode"), facts)
        except SwitchWrong as wrong:
            return json_answer({"error": "invalid_request", "error_description": str(wrong)}, 400)
        early = before_acting(mode)
        if early is not None:
            return early if isinstance(early, Response) else _unsigned(early)
        try:
            answer = act(mode)
        except _Wrong as wrong:
            answer = json_answer({"error": wrong.error}, wrong.status)
        answer.headers.setdefault("Cache-Control", "no-store")
        return after_acting(mode) or answer

    @api.get("/.well-known/openid-configuration")
    def discovery(provider: str) -> Response:
        return served(provider, "discovery", lambda _mode: json_answer(_description(provider, issuer_of(provider))))

    @api.get("/jwks")
    def jwks(provider: str) -> Response:
        return served(provider, "jwks", lambda _mode: json_answer({"keys": signing.published_keys(books, provider)}))

    @api.get("/authorize")
    def authorize(provider: str) -> Response:
        def shown(mode: Mode | None) -> Response:
            problem = _asked_wrongly(provider)
            if problem:
                return pages.refused(provider, problem)
            return _first_page(provider)

        return served(provider, "authorize", shown)

    @api.post("/authorize")
    def decide(provider: str) -> Response:
        def decided(mode: Mode | None) -> Response:
            problem = _asked_wrongly(provider)
            if problem:
                return pages.refused(provider, problem)
            if provider == "mobile_id":
                return _phone_decides(mode)
            return _account_decides(provider, mode)

        return served(provider, "authorize", decided)

    def _first_page(provider: str, wrong: str = "") -> Response:
        known = accounts.accounts_of(books, provider)
        if provider == "mobile_id":
            return pages.number_entry(request.args["redirect_uri"], known, wrong)
        return pages.choose(provider, request.args["redirect_uri"], known, wrong)

    def _account_decides(provider: str, mode: Mode | None) -> Response:
        if request.form.get("decision") == "deny":
            # LINE, Google and Apple alike, except that Apple calls it otherwise.
            error = "user_cancelled_authorize" if provider == "apple" else "access_denied"
            return _answered(provider, {"error": error}, mode)
        account = request.form.get("new_account", "").strip() or request.form.get("account", "")
        email, name = request.form.get("email", "").strip(), request.form.get("name", "").strip()
        if not 0 < len(account) <= 60 or len(email) > 100 or len(name) > 60:
            return _first_page(provider, "請選擇或輸入一個帳號 Choose or enter an account")
        if provider == "apple" and request.form.get("hide_email"):
            email = f"{accounts.subject_of('relay', account)[4:14]}@privaterelay.appleid.com"
        with books.writing() as writing:
            sub = accounts.sign_up(writing, provider, account, email=email or f"{account}@example.tw", name=name)
            is_first = accounts.consent(writing, provider, request.args["client_id"], sub)
            answer = {"code": accounts.give_code(writing, provider, sub, _grant())}
            if provider == "apple" and is_first and name:
                # The name comes this once, and beside the token.
                answer["user"] = orjson.dumps({"name": {"firstName": name, "lastName": ""}, "email": email}).decode()
        return _answered(provider, answer, mode)

    def _phone_decides(mode: Mode | None) -> Response:
        if "prompt" not in request.form:
            return _ask_phone(mode)
        with books.writing() as writing:
            prompt = accounts.take_prompt(writing, request.form["prompt"])
            if prompt is None:
                return _first_page(
                    "mobile_id", "這次要求已失效，請重新開始 This request has lapsed: please begin again"
                )
            if request.form.get("decision") != "approve" or request.form.get("number") != prompt["number"]:
                return _answered("mobile_id", {"error": "access_denied"}, mode)
            sub = accounts.sign_up(writing, "mobile_id", prompt["account"], email="", name=prompt["name"])
            code = accounts.give_code(writing, "mobile_id", sub, _grant())
        return _answered("mobile_id", {"code": code}, mode)

    def _ask_phone(mode: Mode | None) -> Response:
        if request.form.get("decision") == "deny":
            return _answered("mobile_id", {"error": "access_denied"}, mode)
        name = request.form.get("name", "").strip()[:60]
        national_id = normalise(request.form.get("national_id", ""))
        if not person_id_valid(national_id):
            return _first_page("mobile_id", "身分證字號不正確 This is not an ID number")
        return pages.phone(request.args["redirect_uri"], accounts.begin_prompt(books, national_id, name))

    def _answered(provider: str, answer: Mapping[str, str], mode: Mode | None) -> Response:
        full = {**answer, **({"state": request.args["state"]} if "state" in request.args else {})}
        if provider in _NAMES_ITSELF:
            full["iss"] = "https://another.example" if mode and mode.name == "wrong_iss" else issuer_of(provider)
        if MANNERS[provider].response_mode == "form_post":
            return pages.posted_back(provider, request.args["redirect_uri"], full)
        return pages.back(request.args["redirect_uri"], full)

    @api.post("/token")
    def token(provider: str) -> Response:
        def exchanged(mode: Mode | None) -> Response:
            client_id = _authenticated(provider, issuer_of(provider), shared.get(provider, ""))
            if request.form.get("grant_type") != "authorization_code":
                raise _Wrong("unsupported_grant_type")
            with books.writing() as writing:
                granted = accounts.take_code(writing, provider, request.form.get("code", ""))
                access_token = _redeemed(writing, provider, granted, client_id)
            assert granted is not None
            account = accounts.account_with(books, provider, granted["sub"])
            assert account is not None
            about = signing.About(
                provider, issuer_of(provider), shared.get(provider, ""), granted, account, access_token
            )
            id_token = signing.id_token(books, about, mode.name if mode else None)
            return json_answer(
                {
                    "access_token": access_token,
                    "token_type": "Bearer",
                    "expires_in": accounts.ACCESS_SECONDS,
                    "id_token": id_token,
                }
            )

        return served(provider, "token", exchanged)

    @api.get("/userinfo")
    def userinfo(provider: str) -> Response:
        def told(mode: Mode | None) -> Response:
            scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
            sub = accounts.holder_of(books, provider, bearer) if scheme.lower() == "bearer" else None
            account = accounts.account_with(books, provider, sub) if sub else None
            if account is None:
                raise _Wrong("invalid_token", 401)
            if mode and mode.name == "other_sub":
                account = {**account, "sub": accounts.subject_of(provider, "somebody else")}
            return json_answer({"sub": account["sub"], **signing.account_claims(provider, account)})

        return served(provider, "userinfo", told)

    return api


def _description(provider: str, issuer: str) -> dict[str, Any]:
    manner = MANNERS[provider]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": [manner.response_mode],
        "subject_types_supported": ["pairwise"],
        "scopes_supported": manner.scope.split(),
        "id_token_signing_alg_values_supported": list(manner.algorithms),
        "token_endpoint_auth_methods_supported": [manner.authentication],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": provider in _NAMES_ITSELF,
        **({"acr_values_supported": [manner.acr]} if manner.acr else {}),
    }


def _asked_wrongly(provider: str) -> str:
    """Why the request that stands in the address cannot be answered; empty when it can."""
    asked = request.args
    target = urlsplit(asked.get("redirect_uri", ""))
    if asked.get("client_id") not in (demo_client_id(provider), ANOTHER_CLIENT[0]):
        return "unknown client_id"
    if target.scheme not in ("http", "https") or target.path != f"/v1/auth/social/{provider}/callback":
        return "this redirect_uri is not registered"
    if asked.get("response_type") != "code" or not asked.get("scope"):
        return "response_type must be code, and scope is needed"
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return "PKCE with S256 is needed"
    if asked.get("response_mode", "query") != MANNERS[provider].response_mode:
        return f"response_mode must be {MANNERS[provider].response_mode}"
    return ""


def _grant() -> Grant:
    asked = request.args
    return Grant(asked["client_id"], asked["redirect_uri"], asked.get("nonce"), asked["code_challenge"])


def _redeemed(writing: sqlite3.Connection, provider: str, granted: Row | None, client_id: str) -> str:
    """The access token for a code, if it is this client's and came from the same browser. Raises _Wrong."""
    if granted is None or (granted["client_id"], granted["redirect_uri"]) != (
        client_id,
        request.form.get("redirect_uri"),
    ):
        raise _Wrong("invalid_grant")
    if create_s256_code_challenge(request.form.get("code_verifier", "")) != granted["challenge"]:
        raise _Wrong("invalid_grant")
    return accounts.give_access(writing, provider, granted["sub"])


def _authenticated(provider: str, issuer: str, shared: str) -> str:
    """The client that has shown to be who it says, in the way agreed with this provider. Raises _Wrong."""
    client_id, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    if MANNERS[provider].authentication == "client_secret_basic":
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            client_id, _, secret = b64decode(credentials if scheme == "Basic" else "").decode().partition(":")
        except ValueError:
            raise _Wrong("invalid_client", 401) from None
        client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if (client_id, secret) == ANOTHER_CLIENT:
        return client_id
    if client_id != demo_client_id(provider) or not _is_right(provider, issuer, secret, shared):
        raise _Wrong("invalid_client", 401)
    return client_id


def _is_right(provider: str, issuer: str, secret: str, shared: str) -> bool:
    if provider != "apple":
        return secrets.compare_digest(secret.encode(), shared.encode())
    try:
        claims = jwt.decode(secret, ECKey.import_key(demo_key("apple")), algorithms=["ES256"]).claims
        jwt.JWTClaimsRegistry(
            now=int(time.time()),
            iss={"essential": True, "value": DEMO_TEAM_ID},
            sub={"essential": True, "value": demo_client_id("apple")},
            aud={"essential": True, "value": issuer},
            exp={"essential": True},
        ).validate(claims)
    except (JoseError, ValueError):
        return False
    return True


def _unsigned(answer: Answer) -> Response:
    response = json_answer(answer.body, answer.status)
    response.headers.update(answer.headers or {})
    return response
