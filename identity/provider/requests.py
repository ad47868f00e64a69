"""What a site asks for when it sends somebody here to sign in, read and checked (OpenID Connect Core §3.1.2).

Until site and address of the answer are certain, a refusal is shown here (`ShownHere`); from then on it goes back to
the site in the protocol's words (Authlib's errors). What nobody knows is ignored; what is said twice is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError, UnsupportedResponseTypeError
from authlib.oidc.core.errors import (
    RegistrationNotSupportedError,
    RequestNotSupportedError,
    RequestURINotSupportedError,
)
from sqlalchemy.orm import Session

from core.text import LANGUAGES, Language
from identity import levels
from identity.provider import claims, clients, errors, keys, pushed
from identity.provider.errors import ShownHere, UnmetAuthenticationRequirements
from identity.provider.models import RelyingParty

RESPONSE_MODES = ("query", "form_post")
PROMPTS = ("none", "login", "consent", "select_account")
LEVELS = {levels.acr(loa): loa for loa in range(1, 5)}
_LONGEST = {"state": 1024, "nonce": 512, "claims": 4096, "id_token_hint": 8192}
_LONGEST_ANY = 2048
_CHALLENGE = re.compile("[A-Za-z0-9_-]{43}")
_SUBJECT = re.compile("[A-Za-z0-9_-]{43}")
_SECONDS = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where the answer goes, certain to be the site's own, and what it must carry."""

    client: RelyingParty
    redirect_uri: str
    response_mode: str
    state: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is in order. `auth_not_before`: the person must have authenticated then or later."""

    to: ReturnAddress
    scopes: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    nonce: str | None
    code_challenge: str
    prompt: tuple[str, ...]
    loa: int
    subject_hint: str | None
    auth_not_before: datetime | None
    ui_locale: Language | None


class SentBack(Exception):
    """The site's request is refused, and it is told so at its own address."""

    def __init__(self, to: ReturnAddress, error: OAuth2Error) -> None:
        super().__init__(error.error)
        self.to = to
        self.error = error


def read(session: Session, sent: Mapping[str, list[str]], *, now: datetime) -> Asked:
    """The request in these parameters, or in the one that was pushed beforehand. Raises ShownHere, SentBack."""
    given = _each_once(sent)
    client = clients.approved(session, given.get("client_id", ""))
    if client is None:
        raise ShownHere(errors.UNKNOWN_SITE)
    request_uri = given.get("request_uri", "")
    if request_uri.startswith(pushed.PREFIX):
        # What stands beside it is not looked at (RFC 9126 §4).
        parameters = pushed.take(session, request_uri, client.client_id, now=now)
        if parameters is None:
            raise ShownHere(errors.LAPSED)
        return checked(session, client, parameters, is_pushed=True, now=now)
    return checked(session, client, given, is_pushed=False, now=now)


def checked(
    session: Session, client: RelyingParty, given: Mapping[str, str], *, is_pushed: bool, now: datetime
) -> Asked:
    """The request of that site, with every rule held against it. Raises ShownHere, SentBack."""
    to = _return_address(client, given)
    try:
        return _asked(session, to, given, is_pushed=is_pushed, now=now)
    except OAuth2Error as error:
        raise SentBack(to, error) from None


def _each_once(sent: Mapping[str, list[str]]) -> dict[str, str]:
    """Each parameter's one value; an empty one counts as absent, and none may be there twice (RFC 6749 §3.1)."""
    if any(len(values) > 1 for values in sent.values()):
        raise ShownHere(errors.REPEATED)
    return {name: values[0] for name, values in sent.items() if values and values[0]}


def _return_address(client: RelyingParty, given: Mapping[str, str]) -> ReturnAddress:
    redirect_uri = given.get("redirect_uri")
    if redirect_uri is None:
        raise ShownHere(errors.MISSING_ADDRESS)
    # Character by character: whatever is only like a registered address is another one (RFC 9700 §2.1).
    if redirect_uri not in client.redirect_uris:
        raise ShownHere(errors.UNREGISTERED_ADDRESS)
    mode = given.get("response_mode", "query")
    state = given.get("state")
    is_state_usable = state is not None and len(state) <= _LONGEST["state"] and "\x00" not in state
    return ReturnAddress(client, redirect_uri, mode if mode in RESPONSE_MODES else "query",
                         state if is_state_usable else None)  # fmt: skip


def _asked(session: Session, to: ReturnAddress, given: Mapping[str, str], *, is_pushed: bool, now: datetime) -> Asked:
    _refuse_what_cannot_be(to.client, given, is_pushed=is_pushed)
    scopes = _scopes(to.client, given)
    prompt = _prompt(given)
    wanted = _claims_parameter(given)
    from_scopes = claims.of_scopes(scopes)
    id_token_claims = claims.allowed(to.client, wanted.id_token)
    userinfo_claims = claims.allowed(to.client, from_scopes | wanted.userinfo)
    least = claims.least_loa(id_token_claims | userinfo_claims)
    return Asked(
        to=to,
        scopes=scopes,
        id_token_claims=tuple(sorted(id_token_claims)),
        userinfo_claims=tuple(sorted(userinfo_claims)),
        nonce=given.get("nonce"),
        code_challenge=_code_challenge(given),
        prompt=prompt,
        loa=max(_loa(to.client, given, wanted), least),
        subject_hint=_subject_hint(session, to.client, given, wanted),
        auth_not_before=_auth_not_before(given, prompt, now),
        ui_locale=_ui_locale(given),
    )


def _refuse_what_cannot_be(client: RelyingParty, given: Mapping[str, str], *, is_pushed: bool) -> None:
    for name, value in given.items():
        if len(value) > _LONGEST.get(name, _LONGEST_ANY) or "\x00" in value:
            raise InvalidRequestError("A parameter is too long or holds a character that is not accepted")
    if "request" in given:
        raise RequestNotSupportedError("Request objects are not supported: push the request instead (RFC 9126)")
    if "request_uri" in given:
        raise RequestURINotSupportedError("Only what was pushed to the PAR endpoint has a request_uri here")
    if "registration" in given:
        raise RegistrationNotSupportedError()
    if client.requires_par and not is_pushed:
        raise InvalidRequestError("This client pushes its requests (RFC 9126)")
    if "response_type" not in given:
        raise InvalidRequestError("response_type is missing")
    if given["response_type"] != "code":
        raise UnsupportedResponseTypeError("")
    if given.get("response_mode", "query") not in RESPONSE_MODES:
        raise InvalidRequestError("response_mode should be query or form_post")


def _scopes(client: RelyingParty, given: Mapping[str, str]) -> tuple[str, ...]:
    asked = given.get("scope", "").split(" ")
    if "openid" not in asked:
        raise InvalidScopeError("The scope should hold openid")
    # A scope that nobody knows asks for nothing (OpenID Connect Core §3.1.2.1).
    known = [scope for scope in clients.SCOPES if scope in asked]
    if not set(known) <= set(client.scopes):
        raise InvalidScopeError("A scope is not registered for this client")
    return tuple(known)


def _code_challenge(given: Mapping[str, str]) -> str:
    """The challenge of RFC 7636, which every site must send, and only hashed."""
    challenge = given.get("code_challenge")
    if challenge is None:
        raise InvalidRequestError("code_challenge is missing: PKCE is required of every client")
    if given.get("code_challenge_method") != "S256":
        raise InvalidRequestError("code_challenge_method should be S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError("code_challenge should be 43 characters of base64url")
    return challenge


def _prompt(given: Mapping[str, str]) -> tuple[str, ...]:
    asked = [word for word in given.get("prompt", "").split(" ") if word]
    if not set(asked) <= set(PROMPTS) or ("none" in asked and len(asked) > 1):
        raise InvalidRequestError("prompt should be none alone, or any of login, consent, select_account")
    return tuple(dict.fromkeys(asked))


def _auth_not_before(given: Mapping[str, str], prompt: Iterable[str], now: datetime) -> datetime | None:
    if "login" in prompt:
        return now
    text = given.get("max_age")
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise InvalidRequestError("max_age should be a number of seconds")
    return now - timedelta(seconds=int(text))


def _ui_locale(given: Mapping[str, str]) -> Language | None:
    for tag in given.get("ui_locales", "").lower().split(" "):
        for language in LANGUAGES:
            if tag.partition("-")[0] == language.partition("-")[0].lower():
                return language
    return None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The `claims` parameter (OpenID Connect Core §5.5): names, and what was said of `acr` and `sub`."""

    id_token: frozenset[str] = frozenset()
    userinfo: frozenset[str] = frozenset()
    acr: Mapping[str, Any] | None = None
    subject: str | None = None


def _claims_parameter(given: Mapping[str, str]) -> _Wanted:
    if "claims" not in given:
        return _Wanted()
    refusal = InvalidRequestError("claims should be JSON as OpenID Connect Core 5.5 describes it")
    try:
        document = orjson.loads(given["claims"])
    except orjson.JSONDecodeError:
        raise refusal from None
    if not isinstance(document, dict):
        raise refusal
    id_token, userinfo = ({} if document.get(part) is None else document[part] for part in ("id_token", "userinfo"))
    for part in (id_token, userinfo):
        if not isinstance(part, dict) or not all(value is None or isinstance(value, dict) for value in part.values()):
            raise refusal
    subject = (id_token.get("sub") or userinfo.get("sub") or {}).get("value")
    if subject is not None and not (isinstance(subject, str) and _SUBJECT.fullmatch(subject)):
        raise InvalidRequestError("The value of sub is none that is given out here")
    return _Wanted(frozenset(id_token), frozenset(userinfo), id_token.get("acr"), subject)


def _loa(client: RelyingParty, given: Mapping[str, str], wanted: _Wanted) -> int:
    """The least level that will do: the lowest of those that the site names, else the one that it registered.

    Levels asked for are held to: a site that asks for one and gets less would have to notice (RFC 9470 §4).
    """
    asked = given.get("acr_values", "").split()
    in_claims: list[Any] = []
    if wanted.acr is not None:
        one, several = wanted.acr.get("value"), wanted.acr.get("values")
        in_claims = several if isinstance(several, list) else [one] if one is not None else []
        asked = [*(value for value in in_claims if isinstance(value, str)), *asked]
    known = [LEVELS[value] for value in asked if value in LEVELS]
    if not known and in_claims and (wanted.acr or {}).get("essential") is True:
        raise UnmetAuthenticationRequirements("None of these values of acr is known here")
    return min(known, default=client.default_loa)


def _subject_hint(session: Session, client: RelyingParty, given: Mapping[str, str], wanted: _Wanted) -> str | None:
    """Whom the site believes to be there. `login_hint` is not among it: here people are found by their ID number, which
    has no place in an address."""
    hint = given.get("id_token_hint")
    if hint is None:
        return wanted.subject
    said = keys.claims_of_ours(session, hint)
    if said is None or said.get("aud") != client.client_id or not isinstance(said.get("sub"), str):
        raise InvalidRequestError("id_token_hint is no ID token that was issued to this client")
    subject: str = said["sub"]
    if wanted.subject not in (None, subject):
        raise InvalidRequestError("id_token_hint and claims name two people")
    return subject
