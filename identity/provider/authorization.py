"""From a site's request to its answer: sign in, agree, and back with a code (OpenID Connect Core §3.1.2).

Everything is weighed at the moment of the answer, against the session in hand: a request that waits on a page promises
nothing. The consent page calls `describe`, `grant` and `refuse`, and then goes to the address that those answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError
from authlib.oidc.core.errors import ConsentRequiredError, LoginRequiredError
from sqlalchemy.orm import Session

from core.errors import FieldError, InsufficientAuthentication, InvalidRequest, NotFound
from core.ids import new_uuid, parse_typeid, typeid
from core.settings import settings
from core.text import Text
from identity import levels, people
from identity.actors import Actor
from identity.provider import claims, clients, consent_port, errors, grants, limits, subjects
from identity.provider.errors import ServerTooBusy, ShownHere, UnmetAuthenticationRequirements
from identity.provider.models import AuthorizationRequest, RelyingParty
from identity.provider.requests import Asked, ReturnAddress

AUTHORIZE_PATH = "/oauth/authorize"
CONTINUE_PATH = "/oauth/authorize/continue"
SIGN_IN_PAGE = "/app/sign-in"
CONSENT_PAGE = "/app/consent"
LIFE = timedelta(minutes=15)
"""How long somebody may take to sign in and decide."""


@dataclass(frozen=True, slots=True)
class GoTo:
    """The person is led to a page of ours."""

    url: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The site gets its answer, at the address and in the way it asked for."""

    redirect_uri: str
    response_mode: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClaimAsked:
    """One thing that the site wants to know, and for what."""

    claim: str
    label: Text
    purpose: Text


@dataclass(frozen=True, slots=True)
class Description:
    """What a person is asked to agree to. `is_signed_in_enough`: whether this session will do, or a stronger or fresher
    one is needed first."""

    request_id: UUID
    client: RelyingParty
    scopes: tuple[str, ...]
    claims: tuple[ClaimAsked, ...]
    loa: int
    prompt: tuple[str, ...]
    ui_locale: str | None
    is_signed_in_enough: bool
    expires_at: datetime


def begin(session: Session, asked: Asked, *, now: datetime) -> AuthorizationRequest:
    """Write down what a site asks for."""
    row = AuthorizationRequest(
        id=new_uuid(),
        client_id=asked.to.client.client_id,
        redirect_uri=asked.to.redirect_uri,
        response_mode=asked.to.response_mode,
        state=asked.to.state,
        nonce=asked.nonce,
        code_challenge=asked.code_challenge,
        scopes=list(asked.scopes),
        id_token_claims=list(asked.id_token_claims),
        userinfo_claims=list(asked.userinfo_claims),
        prompt=list(asked.prompt),
        loa=asked.loa,
        subject_hint=asked.subject_hint,
        auth_not_before=asked.auth_not_before,
        ui_locale=asked.ui_locale,
        created_at=now,
        expires_at=now + LIFE,
    )
    session.add(row)
    session.flush()
    return row


def proceed(
    session: Session, asked: AuthorizationRequest, client: RelyingParty, actor: Actor | None, *, now: datetime
) -> GoTo | Answered:
    """The next step for whoever holds this session: sign in, decide, or the answer. `asked` must be locked or new."""
    try:
        if asked.decision == "refused":
            raise AccessDeniedError
        person = _usable(actor)
        if person is None or not _is_enough(session, asked, client, person):
            _must_not_be_in_vain(session, asked, person)
            return GoTo(_page(SIGN_IN_PAGE, asked.id, acr=levels.acr(asked.loa), locale=asked.ui_locale))
        agreed = _agreed(session, asked, client, person, now)
        if agreed is None:
            if "none" in asked.prompt:
                raise ConsentRequiredError
            return GoTo(_page(CONSENT_PAGE, asked.id))
        if not limits.may_have_code(session, person.id, now=now):
            raise ServerTooBusy
        code = grants.issue_code(
            session,
            asked,
            person,
            id_token=claims.agreed(asked.id_token_claims, agreed),
            userinfo=claims.agreed(asked.userinfo_claims, agreed),
            now=now,
        )
        parameters = [("code", code)]
    except OAuth2Error as error:
        parameters = error_parameters(error)
    asked.answered_at = now
    return _answered(asked.redirect_uri, asked.response_mode, asked.state, parameters)


def proceed_with(session: Session, authorization: str, actor: Actor | None, *, now: datetime) -> GoTo | Answered:
    """The next step of a request that was written down. Raises ShownHere when there is none, or no more."""
    try:
        asked = _open(session, parse_typeid("aut", authorization), now=now)
    except NotFound:
        raise ShownHere(errors.LAPSED) from None
    client = clients.approved(session, asked.client_id)
    if client is None:
        raise ShownHere(errors.UNKNOWN_SITE)
    return proceed(session, asked, client, actor, now=now)


def refused(to: ReturnAddress, error: OAuth2Error) -> Answered:
    """The answer to a request that is not in order."""
    return _answered(to.redirect_uri, to.response_mode, to.state, error_parameters(error))


def describe(session: Session, request_id: UUID, actor: Actor, *, now: datetime) -> Description:
    """What this person is asked to agree to. Raises NotFound when there is no such request, or no more."""
    asked = _open(session, request_id, now=now)
    client = _client_of(session, asked)
    person = _usable(actor)
    wanted = []
    for name in claims.to_agree_to([*asked.id_token_claims, *asked.userinfo_claims]):
        purpose = clients.purpose_of(client, name)
        assert purpose is not None, "only claims with an approved purpose are asked for"
        wanted.append(ClaimAsked(name, claims.CLAIMS[name].label, purpose))
    return Description(
        request_id=asked.id,
        client=client,
        scopes=tuple(asked.scopes),
        claims=tuple(wanted),
        loa=asked.loa,
        prompt=tuple(asked.prompt),
        ui_locale=asked.ui_locale,
        is_signed_in_enough=person is not None and _is_enough(session, asked, client, person),
        expires_at=asked.expires_at,
    )


def grant(session: Session, request_id: UUID, actor: Actor, agreed_claims: Collection[str], *, now: datetime) -> str:
    """The person agrees, to these of the claims; answers the address (of ours) at which the browser goes on.

    Raises NotFound, InvalidRequest (a claim that was not asked for), InsufficientAuthentication.
    """
    asked = _open(session, request_id, now=now)
    client = _client_of(session, asked)
    person = _usable(actor)
    if person is None or not _is_enough(session, asked, client, person):
        raise InsufficientAuthentication(loa=asked.loa)
    wanted = claims.to_agree_to([*asked.id_token_claims, *asked.userinfo_claims])
    if not set(agreed_claims) <= set(wanted):
        raise InvalidRequest(errors=[FieldError("/claims", "not among what the site asked for")])
    _decide(asked, "granted", actor)
    asked.granted_claims = sorted(agreed_claims)
    return _page(CONTINUE_PATH, asked.id)


def refuse(session: Session, request_id: UUID, actor: Actor, *, now: datetime) -> str:
    """The person does not agree; answers the address at which the browser goes on. Raises NotFound."""
    asked = _open(session, request_id, now=now)
    _decide(asked, "refused", actor)
    asked.granted_claims = None
    return _page(CONTINUE_PATH, asked.id)


def continue_address(asked: AuthorizationRequest) -> str:
    """Where the browser goes on with a request that has been written down."""
    return _page(CONTINUE_PATH, asked.id)


def error_parameters(error: OAuth2Error) -> list[tuple[str, str]]:
    """An error as the site is told of it."""
    described = [("error_description", str(error.description))] if error.description else []
    return [("error", str(error.error)), *described]


def _answered(redirect_uri: str, response_mode: str, state: str | None, parameters: list[tuple[str, str]]) -> Answered:
    """`iss` says who answers, so that a site that knows several providers cannot be made to mix them up (RFC 9207)."""
    more = [("state", state)] if state is not None else []
    return Answered(redirect_uri, response_mode, (*parameters, *more, ("iss", settings().public_origin)))


def _open(session: Session, request_id: UUID, *, now: datetime) -> AuthorizationRequest:
    asked = session.get(AuthorizationRequest, request_id, with_for_update=True, populate_existing=True)
    if asked is None or asked.answered_at is not None or asked.expires_at <= now:
        raise NotFound
    return asked


def _client_of(session: Session, asked: AuthorizationRequest) -> RelyingParty:
    client = clients.approved(session, asked.client_id)
    if client is None:
        raise NotFound
    return client


def _usable(actor: Actor | None) -> Actor | None:
    """Somebody who signed in by themselves and for themselves: a session in an officer's presence, or on behalf of
    another, opens no door elsewhere."""
    if actor is None or actor.kind != "citizen" or actor.with_officer is not None or actor.on_behalf_of is not None:
        return None
    return actor


def _is_enough(session: Session, asked: AuthorizationRequest, client: RelyingParty, person: Actor) -> bool:
    """Whether this session is strong enough, fresh enough, and of whom the site believes to be there."""
    assert person.auth_time is not None
    if person.loa < asked.loa:
        return False
    if asked.auth_not_before is not None and person.auth_time < asked.auth_not_before:
        return False
    return _is_whom_the_site_means(session, asked, client, person)


def _is_whom_the_site_means(session: Session, asked: AuthorizationRequest, client: RelyingParty, person: Actor) -> bool:
    if asked.subject_hint is None:
        return True
    return asked.subject_hint == subjects.subject_of(session, person.id, client.sector_identifier)


def _must_not_be_in_vain(session: Session, asked: AuthorizationRequest, person: Actor | None) -> None:
    """Nobody is sent to sign in where no page may be shown, or who just has and cannot do better."""
    if "none" in asked.prompt:
        raise LoginRequiredError
    has_just_signed_in = person is not None and person.auth_time is not None and person.auth_time >= asked.created_at
    if person is None or not has_just_signed_in:
        return
    if people.get(session, person.id).proofing_level < asked.loa:
        raise UnmetAuthenticationRequirements("The person is not proved to be the holder of the ID number so surely")
    if person.loa >= asked.loa:
        raise LoginRequiredError("Somebody else than the hint says has signed in")


def _agreed(
    session: Session, asked: AuthorizationRequest, client: RelyingParty, person: Actor, now: datetime
) -> Collection[str] | None:
    """What this person agreed to, on this request or before; None when they have to be asked."""
    if asked.decision == "granted" and asked.decided_by == person.id:
        return asked.granted_claims or ()
    if {"consent", "select_account"} & set(asked.prompt):
        return None
    return consent_port.consents.covering(
        session,
        person_id=person.id,
        client=client,
        scopes=asked.scopes,
        claims=claims.to_agree_to([*asked.id_token_claims, *asked.userinfo_claims]),
        now=now,
    )


def _decide(asked: AuthorizationRequest, decision: str, actor: Actor) -> None:
    asked.decision, asked.decided_by, asked.decided_in = decision, actor.id, actor.session_id


def _page(path: str, request_id: UUID, *, acr: str | None = None, locale: str | None = None) -> str:
    query = {"authorization": typeid("aut", request_id), "acr": acr, "ui_locale": locale}
    return f"{settings().public_origin}{path}?{urlencode({name: value for name, value in query.items() if value})}"
