"""Telegrams held to their JSON Schemas (2020-12, `schemas/`): what is wrong comes with a pointer and a reason.

The schemas name a reason of their own (`x-reason`) where "wrong type" would not tell a fleet what to do about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

import orjson
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

_TAIPEI_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+08:00", re.ASCII)
_REASONS: Final[Mapping[str, str]] = {
    "required": "missing", "additionalProperties": "unknown_field", "type": "wrong_type", "enum": "not_one_of",
    "const": "not_one_of", "minimum": "out_of_range", "maximum": "out_of_range", "minLength": "too_short",
    "maxLength": "too_long", "maxItems": "too_many", "uniqueItems": "twice",
}  # fmt: skip


VERSION: Final = "1"
"""The version that stands in every telegram. A change that a fleet would notice makes another."""


class TelegramWrong(Exception):
    """A telegram that is not as agreed: `pointer` (RFC 6901) leads to what is wrong in it, `reason` says why."""

    def __init__(self, pointer: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{pointer or '/'}: {reason}" + (f" ({detail})" if detail else ""))
        self.pointer = pointer
        self.reason = reason
        self.detail = detail


def check(schema: str, value: object) -> None:
    """Holds `value` to one of the schemas, by its name. Raises TelegramWrong with the first thing that is wrong."""
    # PostgreSQL's text cannot hold U+0000, and nobody means it.
    nul = _nul_in(value, "")
    if nul is not None:
        raise TelegramWrong(nul, "nul_character")
    leaves = [leaf for error in _validator(schema).iter_errors(value) for leaf in _leaves(error)]
    if not leaves:
        return
    worst = min(leaves, key=lambda leaf: (_own_reason(leaf) is None, _pointer(leaf)))
    reason = _own_reason(worst) or _REASONS.get(str(worst.validator), "wrong")
    # Values may say who somebody is: the refusal names the place and the rule, never what stood there.
    detail = ", ".join(_named(worst))
    raise TelegramWrong(_pointer(worst), reason, detail)


def _nul_in(value: object, pointer: str) -> str | None:
    if isinstance(value, str):
        return pointer if "\x00" in value else None
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return next((found for name, each in inner if (found := _nul_in(each, f"{pointer}/{name}")) is not None), None)


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    if not error.context:
        yield error
        return
    inner = [leaf for each in error.context for leaf in _leaves(each)]
    # "… or null" fails twice; that it is not null tells nothing.
    telling = [leaf for leaf in inner if leaf.validator_value != "null"]
    yield from telling or inner


def _own_reason(error: ValidationError) -> str | None:
    reason = error.schema.get("x-reason") if isinstance(error.schema, dict) else None
    return None if reason is None else str(reason)


def _pointer(error: ValidationError) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.absolute_path)


def _named(error: ValidationError) -> list[str]:
    if error.validator == "required":
        return [name for name in error.validator_value if name not in error.instance]
    if error.validator == "additionalProperties":
        return sorted(set(error.instance) - set(error.schema["properties"]))[:5]
    return []


def _is_taipei_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    if not _TAIPEI_TIME.fullmatch(value):
        return False
    try:
        # What lies beyond cannot be turned into another zone's time, or be kept.
        return 2000 <= datetime.fromisoformat(value).year < 2100
    except ValueError:
        return False


def _has_three_decimals(value: object) -> bool:
    return not isinstance(value, int | float) or round(value, 3) == value


_FORMATS: Final = FormatChecker(formats=())
_FORMATS.checks("taipei-time")(_is_taipei_time)
_FORMATS.checks("three-decimals")(_has_three_decimals)


@cache
def _validator(name: str) -> Draft202012Validator:
    # JSON Schema applies `format` to every type, and so do the checks above.
    return Draft202012Validator(_schemas()[name], registry=_registry(), format_checker=_FORMATS)


@cache
def _registry() -> Registry[Any]:
    loaded = [(str(schema["$id"]), Resource.from_contents(schema)) for schema in _schemas().values()]
    return Registry().with_resources(loaded)


def published() -> dict[str, Any]:
    """One JSON Schema (2020-12) for a whole telegram, with all of ours in it: who holds a telegram to it needs no other
    document. `format` says what no keyword can: a day that exists (taipei-time), at most three decimals."""
    kinds = _schemas()["envelope"]["properties"]["kind"]["enum"]
    by_kind = [
        {
            "if": {"properties": {"kind": {"const": kind}}},
            "then": {"properties": {part: {"$ref": f"{_schemas()[kind]['$id']}#/properties/{part}"}
                                    for part in ("tds", "more")}},
        }
        for kind in kinds
    ]  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:mykaohsiung:fleets:telegram:{VERSION}",
        "title": "A telegram between a city and a fleet of accessible vehicles",
        "allOf": [{"$ref": _schemas()["envelope"]["$id"]}, *by_kind],
        "$defs": dict(sorted(_schemas().items())),
    }


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    folder = resources.files("partners.fleets") / "schemas"
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".json"))
    return {entry.name.removesuffix(".json"): orjson.loads(entry.read_bytes()) for entry in found}
