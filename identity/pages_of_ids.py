"""Lists that are sorted by id, newest first, whose cursor is the id of the last item shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call
from core.ids import parse_typeid


def continued(call: Call, prefix: str) -> UUID | None:
    """The last item of the page before, when the caller continues a list. Raises InvalidRequest."""
    cursor = call.query["cursor"]
    if cursor is None:
        return None
    try:
        return parse_typeid(prefix, decode_cursor(cursor, str)[0])
    except NotFound:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None


def page_answer(items: list[dict[str, Any]], limit: int) -> Answer:
    """The first `limit` of `items`, of which there is one more when the list goes on."""
    shown = items[:limit]
    next_cursor = encode_cursor(shown[-1]["id"]) if len(items) > limit else None
    return Answer({"items": shown, "next_cursor": next_cursor})
