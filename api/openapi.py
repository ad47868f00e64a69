"""OpenAPI 3.1, derived from the declared routes: what is not declared cannot be called, what is declared is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import RAISE, Schema

from core.errors import (
    BodyTooLarge,
    CrossSiteRequest,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InsufficientAuthentication,
    InvalidRequest,
    MalformedBody,
    Problem,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from core.http import Route
from identity import acting, visits
from identity.counter_errors import NotInAVisit
from identity.delegation_errors import ActingEnded, NotDelegated

_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_DESCRIPTION = """我的高雄：一個 App，一個後端。 One backend behind one app for the citizens of Kaohsiung.

Money is whole New Taiwan dollars with `currency`; moments are RFC 3339 with an offset; ids are TypeIDs.
Refusals are `application/problem+json` (RFC 9457); each `type` answers with a page that explains it.
`Accept-Language: zh-TW` (default) or `en` chooses the words for people, never the codes.
"""


# What an id in a path is the id of.
_PREFIXES = {
    "request_id": "rreq",
    "ride_id": "ride",
    "wait_id": "wait",
    "point_id": "rpt",
    "appeal_id": "rapl",
    "complaint_id": "rcmp",
    "lost_id": "lost",
    "absence_id": "vab",
    "ride_call_id": "rcal",
    "series_id": "rser",
    "stop_id": "stop",
    "incident_id": "inc",
    "redemption_id": "rdm",
    "merchant_id": "mer",
    "branch_id": "brn",
    "staff_id": "stf",
    "till_id": "til",
    "points_offer_id": "off",
    "settlement_id": "stl",
    "difference_id": "pdf",
    "refund_id": "ref",
    "delegation_id": "dlg",
    "dispute_id": "dsp",
    "approval_id": "apr",
    "alert_id": "alr",
    "automatic_debit_id": "adb",
    "batch_id": "bat",
    "break_id": "brk",
    "file_id": "stm",
    "bill_id": "bill",
    "campaign_id": "cmp",
    "points_campaign_id": "pcm",
    "card_id": "crd",
    "case_id": "cas",
    "certificate_id": "ctf",
    "device_id": "dev",
    "link_id": "blk",
    "linked_account_id": "lac",
    "message_id": "msg",
    "notice_id": "ntc",
    "passkey_id": "psk",
    "plan_id": "ipl",
    "planned_id": "apd",
    "overpayment_id": "ovp",
    "payment_id": "pay",
    "authorization_id": "aut",
    "consent_id": "cns",
    "relying_party_id": "rlp",
    "reset_id": "rst",
    "session_id": "ses",
    "slip_id": "slip",
    "template_id": "tpl",
    "desk_id": "dsk",
    "totp_id": "tot",
    "vehicle_id": "veh",
    "counter_case_id": "ccs",
    "visit_id": "vis",
    "exchange_id": "exc",
    "paper_id": "rpap",
    "place_id": "rplc",
    "netting_id": "net",
    "call_id": "cll",
    "subscription_id": "sub",
    "offer_id": "ofr",
}


class _Converter(OpenAPIConverter):
    """Says of schemas that refuse unknown members that they do."""

    def schema2jsonschema(self, schema: Schema) -> dict[str, Any]:
        document: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        if schema.unknown == RAISE:
            document["additionalProperties"] = False
        return document


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


def openapi_document(routes: Iterable[Route]) -> bytes:
    """The document as JSON bytes."""
    spec = APISpec(
        title="My Kaohsiung",
        version="1",
        openapi_version="3.1.0",
        plugins=[_Plugin(schema_name_resolver=_schema_name)],
        info={"description": _DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
    )
    spec.components.schema("Problem", _PROBLEM_SCHEMA)
    spec.components.security_scheme("citizen", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("citizen_cookie", {"type": "apiKey", "in": "cookie", "name": "__Host-session"})
    spec.components.security_scheme("officer", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("officer_cookie", {"type": "apiKey", "in": "cookie", "name": "__Host-officer"})
    spec.components.security_scheme("bureau", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("till", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("till_cookie", {"type": "apiKey", "in": "cookie", "name": "__Host-till"})
    spec.components.security_scheme("driver", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("driver_cookie", {"type": "apiKey", "in": "cookie", "name": "__Host-driver"})
    for route in routes:
        path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", route.path)
        spec.path(path=path, operations={route.method.lower(): _operation(route)})
    document = spec.to_dict()
    # Answers may gain members one day, so only what is sent to us is closed.
    taken = components_of(document, "requestBody")
    for name, component in document["components"]["schemas"].items():
        if name not in taken:
            component.pop("additionalProperties", None)
    return orjson.dumps(document)


def components_of(document: dict[str, Any], part: str) -> set[str]:
    """The names of the schemas used in that part of all operations: `requestBody` or `responses`."""
    schemas = document["components"]["schemas"]
    waiting: list[Any] = [operation.get(part) for path in document["paths"].values() for operation in path.values()]
    found: set[str] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            name = str(value.get("$ref", "")).removeprefix("#/components/schemas/")
            if name and name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


def _schema_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__).removesuffix("Schema")


def problems_of(route: Route) -> list[type[Problem]]:
    """Every refusal that a route can answer with: its own, and those of the front door."""
    found: list[type[Problem]] = list(route.problems)
    if route.access.kind == "citizen":
        found.append(Unauthenticated)
        found += [ActingEnded, NotDelegated]
        if route.access.loa > 1:
            found.append(InsufficientAuthentication)
        if visits.is_for_one_alone(route.method, route.path):
            found.append(NotInAVisit)
    if route.access.kind in ("officer", "bureau", "till", "driver"):
        found += [Unauthenticated, Forbidden]
    if route.access.kind in ("citizen", "officer", "till", "driver", "public") and route.method not in ("GET", "HEAD"):
        found.append(CrossSiteRequest)
    if route.body is not None:
        found += [MalformedBody, UnsupportedMediaType]
    if not route.streams and route.method != "GET":
        found.append(BodyTooLarge)
    if "text/html" not in route.content_types:
        found.append(InvalidRequest)
    if route.idempotent:
        found += [IdempotencyKeyMissing, IdempotencyKeyReused, IdempotencyInProgress]
    found.append(Unavailable)
    return list(dict.fromkeys(found))


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.room}_{route.view.__name__}",
        "tags": [route.room],
        "summary": f"{route.summary.zh} · {route.summary.en}",
        "responses": _responses(route),
        "parameters": _parameters(route),
        "security": _security(route),
    }
    operation["description"] = ((route.view.__doc__ or "").strip().split("\n\n")[0] + _condition(route)).strip()
    if route.body is not None:
        operation["requestBody"] = {
            "required": any(field.required for field in route.body().fields.values()),
            "content": {"application/json": {"schema": route.body}},
        }
    elif route.form is not None:
        operation["requestBody"] = {"required": True, "content": {route.accepts[0]: {"schema": route.form}}}
    elif route.accepts and tuple(route.accepts) != ("application/json",):
        operation["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": {"type": "string"}} for kind in route.accepts},
        }
    return operation


def _condition(route: Route) -> str:
    if route.access.kind == "citizen":
        by_others = " or ".join(f"`{scope}`" for scope in sorted(route.access.delegable))
        for_others = f" For somebody else with the scope {by_others}." if by_others else ""
        return f" Assurance level {route.access.loa} or higher.{for_others}"
    if route.access.kind == "officer" and route.access.roles:
        return f" For officers with the role {' or '.join(sorted(route.access.roles))}."
    return ""


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.access.kind == "citizen":
        return [{"citizen": []}, {"citizen_cookie": []}]
    if route.access.kind == "officer":
        return [{"officer": []}, {"officer_cookie": []}]
    if route.access.kind == "bureau":
        return [{"bureau": []}]
    if route.access.kind == "till":
        return [{"till": []}, {"till_cookie": []}]
    if route.access.kind == "driver":
        return [{"driver": []}, {"driver_cookie": []}]
    return []


def _parameters(route: Route) -> list[Any]:
    found: list[Any] = [
        {"in": "path", "name": name, "required": True, "schema": _path_member(name)}
        for name in re.findall(r"<(?:[a-z]+:)?([a-z_]+)>", route.path)
    ]
    if route.query is not None:
        found.append({"in": "query", "schema": route.query})
    if route.access.delegable:
        found.append(
            {
                "in": "header",
                "name": acting.HEADER,
                "required": False,
                "description": "the delegation by which this is done for somebody, with its token (or its cookie)",
                "schema": _path_member("delegation_id"),
            }
        )
    if route.idempotent:
        found.append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
            }
        )
    return found


def _path_member(name: str) -> dict[str, Any]:
    if name not in _PREFIXES:
        return {"type": "string", "minLength": 1}
    return {"type": "string", "pattern": f"^{_PREFIXES[name]}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"}


def _responses(route: Route) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, schema in route.answers.items():
        responses[str(status)] = _answer(route, status, schema)
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems_of(route):
        by_status.setdefault(problem.status, []).append(problem)
    for status, problems in sorted(by_status.items()):
        slugs = ", ".join(f"`{problem.slug}`" for problem in problems)
        entry: dict[str, Any] = {
            "description": f"{slugs}: " + " / ".join(problem.title.en for problem in problems),
            "content": {"application/problem+json": {"schema": "Problem"}},
        }
        headers = _headers_of(status)
        if headers:
            entry["headers"] = headers
        if str(status) in responses:
            # One status, two kinds of body: an answer of the view's own, and a refusal.
            responses[str(status)]["content"] = {**responses[str(status)].get("content", {}), **entry["content"]}
            responses[str(status)]["description"] += f" · {entry['description']}"
        else:
            responses[str(status)] = entry
    return responses


def _answer(route: Route, status: int, schema: type[Schema] | Schema | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"description": route.summary.en}
    content: dict[str, Any] = {}
    for kind in route.content_types:
        if kind == "application/json":
            if schema is not None:
                content[kind] = {"schema": schema}
        elif status < 300 or schema is None:
            content[kind] = {"schema": {"type": "object" if kind.endswith("+json") else "string"}}
    if content:
        entry["content"] = content
    headers = {
        name: {"description": meaning, "schema": {"type": "string"}}
        for name, meaning in route.answer_headers.get(status, {}).items()
    }
    if route.idempotent:
        headers["Idempotency-Replayed"] = {"description": "true when this is the first answer again",
                                           "schema": {"type": "string"}}  # fmt: skip
    if headers:
        entry["headers"] = headers
    return entry


def _headers_of(status: int) -> dict[str, Any]:
    named = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}.get(status)
    return {named: {"required": True, "schema": {"type": "string"}}} if named else {}
