"""Adyen's published OpenAPI documents, where they are at hand: every message of the sandbox is held to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from openapi_schema_validator import OAS31Validator

CHECKOUT, WEBHOOKS = "CheckoutService-v72.json", "Webhooks-v1.json"


class Published:
    """The documents in `folder`: CheckoutService-v72.json and, for notices, Webhooks-v1.json."""

    def __init__(self, folder: Path) -> None:
        self._checkout = orjson.loads((folder / CHECKOUT).read_bytes())
        self._webhooks = orjson.loads((folder / WEBHOOKS).read_bytes())
        self._validator = cache(self._made)

    def objection(self, schema: str, message: Any) -> str | None:
        """What Checkout's schema of this name has against `message`, or None."""
        return _first(self._validator("checkout", schema), message)

    def objection_to_notice(self, event_code: str, message: Mapping[str, Any]) -> str | None:
        """What the published form of this event has against a batch with it; None also for an event unknown there."""
        described = self._webhooks["webhooks"].get(f"/{event_code}")
        if described is None:
            return None
        reference = described["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        return _first(self._validator("webhooks", reference.rsplit("/", 1)[1]), message)

    def _made(self, document: str, schema: str) -> Any:
        components = (self._checkout if document == "checkout" else self._webhooks)["components"]
        return OAS31Validator({"$ref": f"#/components/schemas/{schema}", "components": components})


def _first(validator: Any, message: Any) -> str | None:
    for error in validator.iter_errors(message):
        return f"{error.json_path}: {error.message}"[:500]
    return None
