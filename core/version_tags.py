"""Versions as tags (RFC 9110 §8.8.3, §13.1.1), so that nobody overwrites what they have not read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import PreconditionFailed, PreconditionRequired
from core.http import Answer, Call

ETAG = {"ETag": "what If-Match of the next change carries: the version in quotes"}
_MOST_DIGITS = 9


def tagged(body: Mapping[str, Any], version: int, *, status: int = 200) -> Answer:
    """An answer that carries its version."""
    return Answer(body, status=status, headers={"ETag": f'"{version}"'})


def version_of(call: Call) -> int:
    """The version in If-Match. Raises PreconditionRequired without one, PreconditionFailed for what is none of ours."""
    sent = call.request.headers.get("If-Match")
    if sent is None:
        raise PreconditionRequired
    digits = sent.strip().removeprefix('"').removesuffix('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise PreconditionFailed
    return int(digits)
