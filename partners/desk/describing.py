"""Short words for writing OpenAPI by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
YES_NO = {"type": "boolean"}
MAYBE_TEXT = {"type": ["string", "null"]}
TIME = {"type": "string", "format": "date-time"}


def one_of(*values: str | None) -> dict[str, Any]:
    """A value out of a few."""
    return {"enum": list(values)}


def record(optional: Sequence[str] = (), **properties: Any) -> dict[str, Any]:
    """An object with exactly these properties, all required but the `optional` ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def listed(**properties: Any) -> dict[str, Any]:
    """A book: `items`, each an object with these properties."""
    return record(items={"type": "array", "items": record(**properties)})


REFUSAL = record(code=TEXT, detail=TEXT)


def operation(
    tag: str,
    summary: str,
    answers: Mapping[int, Any],
    *,
    body: Any = None,
    body_type: str = "application/json",
    path: Sequence[str] = (),
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, Any] | None = None,
    description: str = "",
) -> dict[str, Any]:
    """One operation. `answers` maps a status to a JSON schema, to a media type (text) or to None for no content."""
    parameters = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in path]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in (query or {}).items()]
    parameters += [
        {"name": name, "in": "header", "required": True, "schema": schema} for name, schema in (headers or {}).items()
    ]
    described: dict[str, Any] = {
        "tags": [tag],
        "summary": summary,
        "parameters": parameters,
        "responses": {str(status): _answer(status, schema) for status, schema in answers.items()},
    }
    if description:
        described["description"] = description
    if body is not None:
        described["requestBody"] = {"required": True, "content": {body_type: {"schema": body}}}
    return described


def signed(
    tag: str, summary: str, answers: Mapping[int, Any], *, headers: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """An operation whose requests and answers carry signatures."""
    signature = {"webhook-id": TEXT, "webhook-timestamp": TEXT, "webhook-signature": TEXT}
    return operation(tag, summary, {**answers, 401: REFUSAL}, headers={**signature, **(headers or {})}, **more)


def _answer(status: int, schema: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"description": _STATUS_WORDS[status]}
    if isinstance(schema, str):
        described["content"] = {schema: {"schema": TEXT}}
    elif schema is not None:
        described["content"] = {"application/json": {"schema": schema}}
    return described


_STATUS_WORDS = {
    200: "done",
    201: "made",
    202: "accepted",
    204: "done, nothing to say",
    303: "see there",
    304: "not changed since",
    400: "not understood",
    401: "the signature or token is missing, wrong or too old",
    403: "not allowed",
    404: "unknown",
    409: "stands for something else",
    410: "gone",
    413: "too large",
    422: "understood and wrong",
    429: "too much; see Retry-After",
    503: "closed; see Retry-After",
}
