"""Signing in through an account elsewhere over HTTP: the way there, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from core import db
from core.clock import on_the_wire
from core.errors import (
    FieldError,
    InsufficientAuthentication,
    InvalidRequest,
    NotFound,
    Problem,
    Unauthenticated,
    Unavailable,
)
from core.http import Answer, Call, Routes, public
from core.ids import typeid
from core.text import Text
from identity import federation, federation_ports, levels, linked_accounts, mobile_id, sessions
from identity.federation import Wanted
from identity.federation_errors import (
    AccountLinked,
    AccountLinkedToYou,
    FederationCancelled,
    FederationEnded,
    FederationRefused,
)
from identity.federation_models import FederationRequest
from identity.federation_schemas import PendingLinkSchema, ProvidersAnswer, StartQuery, WayThereSchema
from identity.linked_accounts import Waiting
from identity.recovery_errors import MethodShut
from identity.schemas import SessionSchema
from identity.session_answers import COOKIE_HEADER, network_of, session_answer, user_agent_of
from partners.oidc.client import Identity

routes = Routes("identity")
COOKIE = "__Host-federation"
_FORM = "application/x-www-form-urlencoded"
_CLOSED = frozenset({"temporarily_unavailable", "server_error"})
_CANCELLED = frozenset({"access_denied", "user_cancelled_authorize", "interaction_required", "login_required"})
_RETURN_PAGE, _LINK_PAGE = "/app/account-return", "/app/link-account"
_WAY_BACK = {303: {"Location": "the phone's page that goes on"}}
_REFUSALS = [
    NotFound,
    FederationEnded,
    FederationCancelled,
    FederationRefused,
    AccountLinked,
    AccountLinkedToYou,
    MethodShut,
]


@routes.get(
    "/v1/auth/social/<provider>/start",
    access=public(),
    query=StartQuery,
    answers={200: WayThereSchema, 302: None, 303: None},
    problems=[NotFound, Unauthenticated, InsufficientAuthentication],
    own_units=True,
    answer_headers={
        200: {"Set-Cookie": "binds the way back to this browser"},
        302: {"Location": "the provider's page", "Set-Cookie": "binds the way back to this browser"},
        **_WAY_BACK,
    },
    summary=Text("以其他帳號或行動自然人憑證登入", "Sign in with an account elsewhere, or with a mobile ID"),
)
def start_federation(call: Call) -> Answer:
    """Leads to the provider's page; a program that accepts JSON alone is told its address."""
    return _shown(call, lambda: _go_there(call))


@routes.post(
    "/v1/auth/social/<provider>/callback",
    access=public(),
    form=ProvidersAnswer,
    accepts=(_FORM,),
    answers={303: None},
    problems=[InvalidRequest, NotFound, FederationEnded],
    own_units=True,
    answer_headers=_WAY_BACK,
    summary=Text("業者網站以表單送回的答覆", "A provider's answer that comes as a form"),
)
def federation_form(call: Call) -> Answer:
    """The form comes from the provider's site, so without our cookie: it is put aside, and the browser sent for it."""

    def kept() -> Answer:
        name = call.path["provider"]
        if federation_ports.provider(name).response_mode != "form_post":
            raise NotFound
        answer = _form(call)
        held = {member: answer[member] for member in ("code", "error", "iss") if answer[member] is not None}
        with db.unit_of_work() as session:
            federation.put_aside(session, name, answer["state"], held, now=call.now)
        # The code stays here; the browser comes back by itself, on our own site, with its cookie.
        return _see(f"/v1/auth/social/{name}/callback?{urlencode({'state': answer['state']})}")

    return _shown(call, kept)


@routes.get(
    "/v1/auth/social/<provider>/callback",
    access=public(),
    query=ProvidersAnswer,
    answers={200: SessionSchema, 202: PendingLinkSchema, 303: None},
    problems=_REFUSALS,
    own_units=True,
    answer_headers={200: COOKIE_HEADER, 303: {**_WAY_BACK[303], **COOKIE_HEADER}},
    summary=Text("從業者網站回來", "Back from a provider"),
)
def federation_callback(call: Call) -> Answer:
    """A session begins for an account that somebody has linked. Any other waits to be linked: 202, or our page."""
    return _shown(call, lambda: _come_back(call))


def _go_there(call: Call) -> Answer:
    name = call.path["provider"]
    provider = federation_ports.provider(name)
    wanted = _wanted(call, name)
    browser = federation.browser_of(call.request.cookies.get(COOKIE))
    asked = federation.new_request(name, browser, now=call.now)
    with federation_ports.being_sent_there():
        address = provider.authorization_url(asked, language=call.language)
    with db.unit_of_work() as session:
        federation.keep(session, asked, name, browser, wanted)
    seconds = int(federation.LIFE.total_seconds()) * 2
    cookie = f"{COOKIE}={browser}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"
    if _asks_for_json(call):
        return Answer({"authorize_url": address}, 200, {"Set-Cookie": cookie})
    return Answer(status=302, headers={"Location": address, "Set-Cookie": cookie})


def _come_back(call: Call) -> Answer:
    name, state = call.path["provider"], call.query["state"]
    provider = federation_ports.provider(name)
    browser = federation.browser_of(call.request.cookies.get(COOKIE))
    with db.unit_of_work() as session:
        taken = federation.take(session, name, state, browser, now=call.now)
    answer = federation.answer_put_aside(taken) if provider.response_mode == "form_post" else call.query
    error = answer.get("error")
    if error in _CANCELLED:
        raise FederationCancelled
    if error in _CLOSED:
        raise Unavailable(retry_after_seconds=60)
    if answer.get("code") is None:
        raise FederationRefused
    asked = federation.request_of(taken, state, browser)
    with federation_ports.being_answered(name):
        identity = provider.identity(asked, code=answer["code"], iss=answer.get("iss"), now=call.now)
    with db.unit_of_work() as session:
        return _arrived(session, call, taken, browser, identity)


def _arrived(session: Session, call: Call, taken: FederationRequest, browser: str, identity: Identity) -> Answer:
    if taken.provider == mobile_id.PROVIDER:
        holder = mobile_id.arrive(session, identity, language=call.language, now=call.now)
        return _signed_in(session, call, taken, holder, mobile_id.AMR)
    person_id = None if taken.purpose == "link" else federation.person_of(session, identity, now=call.now)
    if person_id is not None:
        return _signed_in(session, call, taken, person_id, ("fed",))
    label = linked_accounts.label_in(identity)
    waiting = linked_accounts.let_wait(session, identity, taken, browser, label, now=call.now)
    return _see(_LINK_PAGE) if taken.transport == "cookie" else Answer(shown_waiting(waiting), 202)


def _signed_in(session: Session, call: Call, taken: FederationRequest, person_id: UUID, amr: tuple[str, ...]) -> Answer:
    issued = sessions.begin(
        session,
        person_id=person_id,
        amr=amr,
        transport="cookie" if taken.transport == "cookie" else "bearer",
        user_agent=user_agent_of(call),
        network=network_of(call.request.remote_addr),
        remember=taken.remember,
        replaces=call.actor.session_id if call.actor else None,
        now=call.now,
    )
    answer = session_answer(session, issued, now=call.now)
    if taken.transport == "bearer":
        return answer
    is_other_person = taken.person_id not in (None, person_id)
    place = f"{_RETURN_PAGE}?{urlencode({'outcome': 'other-person'})}" if is_other_person else taken.return_to
    return Answer(status=303, headers={**answer.headers, "Location": place})


def shown_waiting(waiting: Waiting) -> dict[str, Any]:
    """An account that waits to be linked, as it goes over the wire."""
    return {
        "id": typeid("plk", waiting.id),
        "provider": waiting.provider,
        "label": waiting.label,
        "return_to": waiting.return_to,
        "expires_at": on_the_wire(waiting.expires_at),
    }


def _wanted(call: Call, provider: str) -> Wanted:
    """What the browser goes there for. Raises InvalidRequest, Unauthenticated, InsufficientAuthentication."""
    is_link = call.query["link"] == "1"
    amr = mobile_id.AMR if provider == mobile_id.PROVIDER else ("fed",)
    if is_link and provider == mobile_id.PROVIDER:
        raise InvalidRequest(errors=[FieldError("link", "a mobile ID is known by its ID number, not by a link")])
    if call.query["acr"] and int(call.query["acr"][-1]) > levels.strength_of(amr).level:
        raise InvalidRequest(errors=[FieldError("acr", "this way to sign in does not reach that level")])
    if is_link:
        if call.actor is None:
            raise Unauthenticated
        linked_accounts.must_be_fresh(call.actor, now=call.now)
    return Wanted(
        purpose="link" if is_link else "sign_in",
        person_id=call.actor.id if call.actor else None,
        transport=call.query["transport"],
        remember=call.query["remember"] == "1",
        return_to=call.query["return_to"],
    )


def _form(call: Call) -> dict[str, Any]:
    """The form's members. Raises InvalidRequest for what no provider sends."""
    form = call.request.form
    if call.request.mimetype != _FORM or any(len(form.getlist(name)) > 1 or "\x00" in form[name] for name in form):
        raise InvalidRequest
    try:
        members: dict[str, Any] = ProvidersAnswer().load(form.to_dict())
    except ValidationError:
        raise InvalidRequest from None
    return members


def _shown(call: Call, work: Callable[[], Answer]) -> Answer:
    """The answer; for somebody in a browser a refusal is a page of the phone, which says it in words."""
    try:
        return work()
    except Problem as problem:
        if "text/html" not in call.request.headers.get("Accept", ""):
            raise
        told = {"outcome": problem.slug, "provider": call.path["provider"]}
        return _see(f"{_RETURN_PAGE}?{urlencode(told)}")


def _see(place: str) -> Answer:
    return Answer(status=303, headers={"Location": place})


def _asks_for_json(call: Call) -> bool:
    accepted = call.request.headers.get("Accept", "")
    return "application/json" in accepted and "text/html" not in accepted
