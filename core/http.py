"""How a room declares its HTTP routes: the address, who may call, what goes in, what comes back, what is refused.

A declaration is data. The front door (`api/`) registers it with Flask, finds out who calls, checks the assurance level,
parses, opens the unit of work, holds the idempotency key, and derives OpenAPI from the same data. The view itself
calls one use case and shapes the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy.orm import Session

from core.errors import Problem
from core.text import Language, Text

if TYPE_CHECKING:
    from flask import Request

AccessKind = Literal["public", "citizen", "officer", "bureau", "till", "driver", "partner"]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route.

    `loa` is the least assurance level (1–4) of a citizen, `phishing_resistant` whether it must have been reached in a
    way that no forged page can take, `delegable` the scopes of which somebody who acts for another needs one (none:
    nobody may for another); `scope` is what a bureau must hold; an officer needs one of `roles`, and no
    particular one where none is named; `staffed` says that a till needs an open shift.
    """

    kind: AccessKind
    loa: int = 0
    phishing_resistant: bool = False
    delegable: frozenset[str] = frozenset()
    scope: str = ""
    roles: frozenset[str] = frozenset()
    staffed: bool = False


def public() -> Access:
    """Anybody, signed in or not."""
    return Access("public")


def citizen(*, loa: int, phishing_resistant: bool = False, delegable: str | Collection[str] = ()) -> Access:
    """A signed-in citizen whose session reaches that assurance level (ISO/IEC 29115); where money moves,
    `phishing_resistant` demands a way that no forged page can take (so a typed code is not enough).

    Somebody who acts for another by a delegation is let in only where `delegable` names a scope that they were given
    ("bills:read"); the view then asks `identity.acting.require`, which writes down what was done for whom.
    """
    scopes = frozenset([delegable] if isinstance(delegable, str) else delegable)
    return Access("citizen", loa=loa, phishing_resistant=phishing_resistant, delegable=scopes)


def officer(*roles: str) -> Access:
    """An officer of the city at a desk, signed in with a passkey, who holds one of these roles (none named: any)."""
    return Access("officer", roles=frozenset(roles))


def bureau(*, scope: str) -> Access:
    """A bureau's system with an access token (RFC 6749 §4.4) that holds the scope."""
    return Access("bureau", scope=scope)


def till(*, staffed: bool = True) -> Access:
    """A merchant's till or its cash register; where `staffed`, a till needs somebody's shift to be open on it."""
    return Access("till", staffed=staffed)


def driver() -> Access:
    """Who is at the wheel of one of the city's vans, by a session that the van's number and a PIN began."""
    return Access("driver")


def partner_signature() -> Access:
    """An outside system whose signature over the message the view itself verifies."""
    return Access("partner")


def relying_party() -> Access:
    """A bureau's own site, which proves itself to the view in the ways of OAuth (RFC 6749 §2.3, RFC 6750), or a browser
    that it sends: no session of ours is looked at."""
    return Access("partner")


@dataclass(slots=True)
class Answer:
    """What goes back: a JSON `body`, or `raw` bytes (or an iterator of them) of `content_type`."""

    body: Mapping[str, Any] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Any = None
    content_type: str = "application/json"


@dataclass(slots=True)
class Idempotency:
    """The caller's idempotency key for this request, for a view that opens its own units of work.

    Such a view calls `claim` in its first unit of work (True: taken over from a request that died), and `store` in its
    last one.
    """

    claim: Callable[[Session], bool]
    store: Callable[[Session, Answer], None]


@dataclass(slots=True)
class Call:
    """One request, as a view sees it. `session` is absent where the route opens its own units of work."""

    request: Request
    actor: Any
    now: datetime
    language: Language
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    token: str | None = None
    transport: Literal["bearer", "cookie"] = "bearer"
    unit: Session | None = None
    key: Idempotency | None = None

    @property
    def session(self) -> Session:
        """The unit of work's session."""
        assert self.unit is not None, "this route opens its own units of work"
        return self.unit

    @property
    def idempotency(self) -> Idempotency:
        """The request's idempotency key."""
        assert self.key is not None, "this route does not demand an idempotency key"
        return self.key


View = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One declared route; see `Routes.route` for the meaning of each member."""

    method: str
    path: str
    view: View
    access: Access
    summary: Text
    room: str
    answers: Mapping[int, type[Schema] | Schema | None]
    problems: Sequence[type[Problem]]
    body: type[Schema] | None
    query: type[Schema] | None
    form: type[Schema] | None
    idempotent: bool
    own_units: bool
    streams: bool
    content_types: Sequence[str]
    accepts: Sequence[str]
    answer_headers: Mapping[int, Mapping[str, str]]
    shows_person_data: bool | None


class Routes:
    """The routes of one room."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.declared: list[Route] = []

    def route(
        self,
        method: str,
        path: str,
        *,
        access: Access,
        summary: Text,
        answers: Mapping[int, type[Schema] | Schema | None],
        problems: Sequence[type[Problem]] = (),
        body: type[Schema] | None = None,
        query: type[Schema] | None = None,
        form: type[Schema] | None = None,
        idempotent: bool = False,
        own_units: bool = False,
        streams: bool = False,
        content_types: Sequence[str] = ("application/json",),
        accepts: Sequence[str] = ("application/json",),
        answer_headers: Mapping[int, Mapping[str, str]] | None = None,
        shows_person_data: bool | None = None,
    ) -> Callable[[View], View]:
        """Declare a route.

        `answers` maps a status to the schema of its body (None: no body, or not JSON); `problems` are the refusals
        beside those that the front door itself may give; `body` and `query` are checked by the front door, while a
        `form` is only written into the documentation: the view reads it; `idempotent` demands an Idempotency-Key;
        `own_units` means that the view opens its own units of work because it calls outside between them; `streams`
        that it reads the request's body itself; `content_types` what comes back, `accepts` what may be sent;
        `answer_headers` maps a status to extra headers and what they say; `shows_person_data` says of an officer's or
        a bureau's route whether its answers hold a citizen's data: if so, the view must record whose in the access log.
        """

        def declare(view: View) -> View:
            self.declared.append(
                Route(method, path, view, access, summary, self.room, answers, tuple(problems), body, query,
                      form, idempotent, own_units, streams, tuple(content_types), tuple(accepts), answer_headers or {},
                      shows_person_data)
            )  # fmt: skip
            return view

        return declare

    def get(self, path: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a GET route."""
        return self.route("GET", path, **declaration)

    def post(self, path: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a POST route."""
        return self.route("POST", path, **declaration)

    def put(self, path: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a PUT route."""
        return self.route("PUT", path, **declaration)

    def patch(self, path: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a PATCH route."""
        return self.route("PATCH", path, **declaration)

    def delete(self, path: str, **declaration: Any) -> Callable[[View], View]:
        """Declare a DELETE route."""
        return self.route("DELETE", path, **declaration)


class Matches(validate.Regexp):
    """The whole text is of this form. Write the pattern as ECMA 262 reads it too, from `^` to `$`: it is documented.

    Python's own `$` would also match before a line break at the end.
    """

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class QueryNumber(fields.Integer):
    """A whole number in a query, in ASCII digits alone: int() would also take `+5`, `1_0` and full-width digits."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> int:
        if (
            not isinstance(value, str)
            or not value.isascii()
            or not value.removeprefix("-").isdigit()
            or len(value) > 18
        ):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **more)


class WholeNumber(fields.Integer):
    """A whole number in JSON: 600, and 600.0, which JSON Schema calls the same; no text, and nothing to be rounded."""

    def __init__(self, **declaration: Any) -> None:
        super().__init__(strict=True, **declaration)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> int:
        if isinstance(value, str | bool):
            raise self.make_error("invalid", input=value)
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        return super()._deserialize(whole, attr, data, **more)


class TrueOrFalse(fields.Boolean):
    """true or false in JSON, and nothing that Python takes for one: neither 0 nor "yes"."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class PageQuery(Schema):
    """The query of every list: how many, and from where (an opaque cursor of the answer before)."""

    limit = QueryNumber(load_default=50, validate=validate.Range(1, 200))
    cursor = fields.String(load_default=None, validate=[validate.Length(1, 400), Matches("^[A-Za-z0-9_-]+$")])


def page_of(item: type[Schema]) -> type[Schema]:
    """The schema of a list of `item`s."""
    return type(
        f"{item.__name__.removesuffix('Schema')}Page",
        (Schema,),
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(allow_none=True, required=True),
        },
    )
