"""Signing in through an account elsewhere (OpenID Connect): on the way there, and back.

A request is bound to one browser by a cookie of 256 bits. Only the cookie's hash and the state's are stored; nonce and
code verifier are derived from cookie and state, so whoever reads the database, or steals an answer on its way, can
redeem nothing. An account is who its issuer and subject say, and never whoever has the same e-mail address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core import crypto
from core.ids import new_uuid
from core.settings import settings
from identity import locks
from identity.federation_errors import FederationEnded
from identity.federation_models import FederationRequest, LinkedAccount
from partners.oidc.client import Identity, Request

LIFE = timedelta(minutes=10)
_TABLE = "identity.federation_request"
_BROWSER = re.compile("[A-Za-z0-9_-]{43}")
Purpose = Literal["sign_in", "link"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a browser goes to a provider for; `person_id` is who is signed in, `return_to` a path of the phone."""

    purpose: Purpose
    person_id: UUID | None
    transport: Literal["bearer", "cookie"]
    remember: bool
    return_to: str


def browser_of(cookie: str | None) -> str:
    """The browser's secret: its cookie's, where it has one of ours, so that two flows at once leave each other be."""
    return cookie if cookie and _BROWSER.fullmatch(cookie) else secrets.token_urlsafe(32)


def new_request(provider: str, browser: str, *, now: datetime) -> Request:
    """A request to `provider` for this browser, with a state of its own."""
    return _request(provider, browser, secrets.token_urlsafe(32), now)


def keep(session: Session, asked: Request, provider: str, browser: str, wanted: Wanted) -> None:
    """Write the request down; it may be answered for ten minutes."""
    session.add(
        FederationRequest(
            state_hash=crypto.token_hash(asked.state),
            id=new_uuid(),
            browser_hash=crypto.token_hash(browser),
            provider=provider,
            purpose=wanted.purpose,
            person_id=wanted.person_id,
            transport=wanted.transport,
            remember=wanted.remember,
            return_to=wanted.return_to,
            begun_at=asked.begun_at,
            expires_at=asked.begun_at + LIFE,
        )
    )


def put_aside(session: Session, provider: str, state: str, answer: Mapping[str, str], *, now: datetime) -> None:
    """Keep an answer that came in a form from the provider's own site, where no cookie of ours comes along.

    The first answer stands. Raises FederationEnded when no browser waits for it.
    """
    query = select(FederationRequest).where(
        FederationRequest.state_hash == crypto.token_hash(state),
        FederationRequest.provider == provider,
        FederationRequest.used_at.is_(None),
        FederationRequest.answer_sealed.is_(None),
        FederationRequest.expires_at > now,
    )
    waiting = session.scalars(query.with_for_update()).one_or_none()
    if waiting is None:
        raise FederationEnded
    waiting.answer_sealed = crypto.seal(orjson.dumps(dict(answer)), table=_TABLE, column="answer", row_id=waiting.id)


def take(session: Session, provider: str, state: str, browser: str, *, now: datetime) -> FederationRequest:
    """The request that this answer is to, used up from now on.

    Raises FederationEnded: unknown, used, lapsed, another provider's, or begun in another browser.
    """
    taken = session.scalars(
        update(FederationRequest)
        .where(
            FederationRequest.state_hash == crypto.token_hash(state),
            FederationRequest.browser_hash == crypto.token_hash(browser),
            FederationRequest.provider == provider,
            FederationRequest.used_at.is_(None),
            FederationRequest.expires_at > now,
        )
        .values(used_at=now)
        .returning(FederationRequest)
    ).one_or_none()
    if taken is None:
        raise FederationEnded
    return taken


def answer_put_aside(taken: FederationRequest) -> dict[str, Any]:
    """The answer that came in a form. Raises FederationEnded when none did."""
    if taken.answer_sealed is None:
        raise FederationEnded
    opened = crypto.open_sealed(taken.answer_sealed, table=_TABLE, column="answer", row_id=taken.id)
    found: dict[str, Any] = orjson.loads(opened)
    return found


def request_of(taken: FederationRequest, state: str, browser: str) -> Request:
    """The request as it was made, nonce and code verifier included."""
    return _request(taken.provider, browser, state, taken.begun_at)


def account_index(issuer: str, subject: str) -> bytes:
    """By what an account elsewhere is known: issuer and subject together (OpenID Connect Core §5.7)."""
    return crypto.blind_index(f"{issuer}\x00{subject}", purpose="account_elsewhere")


def person_of(session: Session, identity: Identity, *, now: datetime) -> UUID | None:
    """Whom this account signs in; None when nobody has linked it. Raises MethodShut."""
    account = session.scalars(
        select(LinkedAccount).where(LinkedAccount.account_index == account_index(identity.issuer, identity.subject))
    ).one_or_none()
    if account is None:
        return None
    locks.refuse_if_locked(session, account.person_id, "social")
    session.execute(_USED, {"person_id": account.person_id, "id": account.id, "now": now})
    return account.person_id


def _request(provider: str, browser: str, state: str, begun_at: datetime) -> Request:
    return Request(
        redirect_uri=f"{settings().public_origin}/v1/auth/social/{provider}/callback",
        state=state,
        nonce=_derived(browser, "nonce", state),
        code_verifier=_derived(browser, "code verifier", state),
        begun_at=begun_at,
    )


def _derived(browser: str, label: str, state: str) -> str:
    """43 characters that nobody can name without the browser's cookie."""
    digest = hmac.digest(browser.encode(), f"{label}\x00{state}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


_USED = text("UPDATE identity.linked_account SET last_used_at = :now WHERE person_id = :person_id AND id = :id")
