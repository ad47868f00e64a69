"""What happens to every request before and after its view: who calls, may they, what did they send, commit, answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime
from functools import cache
from typing import Any, Literal

import orjson
from flask import Request, Response, request
from marshmallow import Schema, ValidationError
from marshmallow.exceptions import SCHEMA
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from accessibility.own_fleet import drivers
from api.idempotency import KeyedRequest, Replayed, fingerprint_of, key_from
from api.problem_pages import problem_response
from core import clock, db
from core.errors import (
    BodyTooLarge,
    CrossSiteRequest,
    FieldError,
    Forbidden,
    InsufficientAuthentication,
    InvalidRequest,
    MalformedBody,
    Problem,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from core.http import Access, Answer, Call, Idempotency, Route
from core.settings import settings
from core.text import Text, chosen_language
from identity import access_log, acting, bureaus, levels, officer_sessions, sessions, visits
from identity.actors import Actor
from identity.delegation_errors import NotDelegated
from points.till import tills
from points.till.errors import NobodyAtTheTill

_COOKIES = {
    "public": "__Host-session",
    "citizen": "__Host-session",
    "officer": "__Host-officer",
    "till": "__Host-till",
    "driver": "__Host-driver",
}
_LARGEST_JSON_BYTES = 1 << 20
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_log = logging.getLogger("mykaohsiung.api")


def view_of(route: Route) -> Callable[..., Response]:
    """The Flask view function of a declared route."""

    def view(**path: str) -> Response:
        keyed: KeyedRequest | None = None
        try:
            call = Call(
                request=request,
                actor=None,
                now=clock.now(),
                language=chosen_language(request.headers.get("Accept-Language")),
                path=path,
                query={},
                body={},
            )
            if route.own_units:
                with db.single_statements() as session:
                    _find_out_who_calls(route, call, session)
                keyed = _read_request(route, call)
                if keyed is not None:
                    call.key = Idempotency(keyed.claim, keyed.store)
                answer = _viewed(route, call)
            else:
                with db.unit_of_work() as session:
                    call.unit = session
                    _find_out_who_calls(route, call, session)
                    keyed = _read_request(route, call)
                    if keyed is not None:
                        keyed.claim(session)
                    answer = _viewed(route, call)
                    if keyed is not None:
                        keyed.store(session, answer)
            return _response(answer, call.language)
        except Replayed as replay:
            return _response(replay.answer, call.language)
        except Problem as problem:
            # A 503 can come after something was begun: then the key's lease runs out by itself, and whoever comes
            # again under it is told where that stands.
            if problem.status != Unavailable.status:
                _give_back(keyed, route)
            return problem_response(problem, request)
        except Exception as error:
            if db.is_outage(error):
                _log.warning("database outage on %s: %s", route.path, type(error).__name__)
                return problem_response(Unavailable(), request)
            _give_back(keyed, route)
            raise

    return view


def _viewed(route: Route, call: Call) -> Answer:
    is_for_another = isinstance(call.actor, Actor) and call.actor.on_behalf_of is not None
    with access_log.demanded() if route.shows_person_data or is_for_another else nullcontext():
        if isinstance(call.actor, Actor) and call.actor.with_officer is not None:
            _note_visit(route, call)
        return route.view(call)


def _note_visit(route: Route, call: Call) -> None:
    """What is read or done with an officer present is written down before it is."""
    with db.unit_of_work() if call.unit is None else nullcontext(call.unit) as session:
        visits.note(session, call.actor, method=route.method, path=route.path, summary=route.summary, now=call.now)


def _give_back(keyed: KeyedRequest | None, route: Route) -> None:
    if keyed is not None and route.own_units:
        try:
            keyed.give_back()
        except Exception as error:
            _log.warning("an idempotency key stays leased: %s", type(error).__name__)


def _find_out_who_calls(route: Route, call: Call, session: Any) -> None:
    access = route.access
    if access.kind == "partner":
        return
    named = call.request.headers.get(acting.HEADER) if access.kind == "citizen" else None
    token, transport = _token_of(call.request, acting.COOKIE if named is not None else _COOKIES.get(access.kind))
    if transport == "cookie" and call.request.method not in _SAFE_METHODS:
        _must_come_from_this_site(call.request)
    call.token, call.transport = token, transport
    if access.kind == "citizen" and acting.is_meant(token, named):
        call.actor = acting.resolve(session, token, named, call.now)
    else:
        call.actor = None if token is None else _RESOLVERS[access.kind](session, token, call.now)
    if access.kind != "public":
        _must_be_allowed(access, call.actor)


def _must_be_allowed(access: Access, actor: Actor | None) -> None:
    if actor is None:
        raise Unauthenticated
    if access.kind == "bureau" and access.scope not in actor.scopes:
        raise Forbidden
    if access.kind == "officer" and access.roles and not access.roles & actor.roles:
        raise Forbidden
    if access.kind == "till" and access.staffed and actor.staff_id is None and not actor.is_register:
        raise NobodyAtTheTill
    if access.kind == "citizen":
        if actor.on_behalf_of is not None and not access.delegable & actor.scopes:
            raise NotDelegated(reason="scope")
        reached = actor.loa
        if access.phishing_resistant:
            reached = levels.for_money(loa=reached, is_phishing_resistant=actor.is_phishing_resistant)
        if reached < access.loa:
            raise InsufficientAuthentication(loa=access.loa, is_phishing_resistant=access.phishing_resistant)


_RESOLVERS: dict[str, Callable[[Any, str, datetime], Actor | None]] = {
    "public": sessions.resolve,
    "citizen": sessions.resolve,
    "officer": officer_sessions.resolve,
    "bureau": bureaus.resolve_bureau_token,
    "till": tills.resolve,
    "driver": drivers.resolve,
}


def _token_of(incoming: Request, cookie_name: str | None) -> tuple[str | None, Literal["bearer", "cookie"]]:
    scheme, _, token = incoming.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip(), "bearer"
    cookie = incoming.cookies.get(cookie_name) if cookie_name else None
    return (cookie, "cookie") if cookie else (None, "bearer")


def _must_come_from_this_site(incoming: Request) -> None:
    if incoming.headers.get("Origin") != settings().public_origin:
        raise CrossSiteRequest


def _read_request(route: Route, call: Call) -> KeyedRequest | None:
    if "text/html" not in route.content_types:
        call.query = _query(route, call.request.args)
    sent = b"" if route.streams or route.method == "GET" else _bytes_of(call.request)
    if route.body is not None:
        call.body = _loaded(route.body, _json_object(call.request, sent), root="/")
    if not route.idempotent:
        return None
    key = key_from(call.request.headers.get("Idempotency-Key"))
    caller = f"{call.actor.kind}:{call.actor.id}" if call.actor else "anybody"
    if call.actor and call.actor.delegation_id:
        caller += f":{call.actor.delegation_id}"
    fingerprint = fingerprint_of(call.request.method, call.request.path, sent)
    return KeyedRequest(caller, key, f"{route.method} {route.path}", fingerprint, call.language, call.now)


def _query(route: Route, sent: MultiDict[str, str]) -> dict[str, Any]:
    """The query as the route declares it; what is sent twice could mean either, so it is refused."""
    repeated = [FieldError(name, "sent more than once") for name, values in sent.lists() if len(values) > 1]
    if repeated:
        raise InvalidRequest(errors=repeated)
    if route.query is not None:
        return _loaded(route.query, sent.to_dict(), root="")
    if sent:
        raise InvalidRequest(errors=[FieldError(name, "unknown parameter") for name in sent])
    return {}


def _bytes_of(incoming: Request) -> bytes:
    # A body in chunks is cut off at this length without a word, so one byte more than allowed is let in and counted.
    incoming.max_content_length = _LARGEST_JSON_BYTES + 1
    try:
        sent = incoming.get_data(cache=True)
    except RequestEntityTooLarge:
        raise BodyTooLarge from None
    if len(sent) > _LARGEST_JSON_BYTES:
        raise BodyTooLarge
    return sent


def _json_object(incoming: Request, sent: bytes) -> dict[str, Any]:
    if not sent:
        return {}
    if incoming.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        document = orjson.loads(sent)
    except orjson.JSONDecodeError:
        raise MalformedBody from None
    if not isinstance(document, dict):
        raise MalformedBody
    return document


@cache
def _instance_of(schema: type[Schema]) -> Schema:
    """One instance for all requests: making one copies every field, and loading keeps nothing in it."""
    return schema()


def _loaded(schema: type[Schema], document: Mapping[str, Any], *, root: str) -> dict[str, Any]:
    # PostgreSQL's text cannot hold U+0000, and no field of ours wants it.
    holder = _holder_of_nul(document, root)
    if holder is not None:
        raise InvalidRequest(errors=[FieldError(holder, "U+0000 is not accepted")])
    try:
        loaded: dict[str, Any] = _instance_of(schema).load(document)
        return loaded
    except ValidationError as error:
        messages: Any = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise InvalidRequest(errors=_field_errors(messages, root)) from None
    except (ValueError, OverflowError, RecursionError):
        raise InvalidRequest from None


def _holder_of_nul(document: Any, pointer: str) -> str | None:
    """Where a text with U+0000 stands; None: nowhere."""
    waiting = [(pointer, document)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            if any("\x00" in name for name in value):
                return place
            waiting += [(_step(place, name), inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(_step(place, index), inner) for index, inner in enumerate(value)]
        elif isinstance(value, str) and "\x00" in value:
            return place
    return None


def _step(pointer: str, name: object) -> str:
    step = str(name).replace("~", "~0").replace("/", "~1")
    return pointer + step if pointer in ("", "/") else f"{pointer}/{step}"


def _field_errors(messages: Any, pointer: str) -> list[FieldError]:
    if isinstance(messages, dict):
        # What is wrong with a member as a whole, the library files under a member of it that does not exist.
        return [
            error
            for name, inner in messages.items()
            for error in _field_errors(inner, pointer if name == SCHEMA else _step(pointer, name))
        ]
    details = messages if isinstance(messages, list) else [messages]
    return [FieldError(pointer, detail if isinstance(detail, Text) else str(detail)[:300]) for detail in details]


def _response(answer: Answer, language: str) -> Response:
    if answer.raw is not None:
        response = Response(answer.raw, answer.status, content_type=answer.content_type)
    elif answer.body is not None:
        response = Response(orjson.dumps(answer.body), answer.status, content_type="application/json")
    else:
        response = Response(status=answer.status)
        response.headers.remove("Content-Type")
    for name, value in answer.headers.items():
        response.headers.add(name, value)
    response.headers.setdefault("Content-Language", language)
    return response
