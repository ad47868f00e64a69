"""Statements and settlement files over HTTP, for those that no machine fetches."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from core import db
from core.clock import on_the_wire
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound, UnsupportedMediaType
from core.http import Answer, Call, Routes
from core.ids import parse_typeid
from core.text import Text
from wallet.feed_problems import ContentDigestWrong
from wallet.reconciliation import booking, files
from wallet.reconciliation.break_routes import READERS, WRITERS
from wallet.reconciliation.files import Content, StatementFile
from wallet.reconciliation.problems import (
    WHOLE_FILE_REFUSALS,
    StatementNotReadable,
    StatementRefused,
    StatementTooLarge,
    StatementTruncated,
)
from wallet.reconciliation.schemas import (
    StatementFilePage,
    StatementFileQuery,
    StatementFileSchema,
    StatementFilesQuery,
)

routes = Routes("reconciliation")

CHUNK_BYTES: Final = 1 << 18
_MEDIA_TYPES: Final = ("application/xml", "text/xml", "text/csv", "text/plain", "application/octet-stream")
_DIGEST_MEMBER = re.compile(r"\s*sha-256\s*=\s*:([A-Za-z0-9+/=]*):\s*")


@routes.post(
    "/v1/reconciliation/files",
    access=WRITERS,
    shows_person_data=False,
    query=StatementFileQuery,
    answers={201: StatementFileSchema, 200: StatementFileSchema},
    answer_headers={201: {"Location": "where the file is"}},
    problems=[*WHOLE_FILE_REFUSALS, ContentDigestWrong, UnsupportedMediaType],
    accepts=_MEDIA_TYPES,
    streams=True,
    own_units=True,
    summary=Text("上傳對帳檔", "Send a statement or settlement file"),
)
def send_file(call: Call) -> Answer:
    """Taken whole or not at all. Lines that were sent before, in whatever order, answer 200 and change nothing."""
    chunks = _chunks(call.request)
    content = Content(chunks)
    try:
        _must_be_plain(call.request)
        with db.unit_of_work() as session:
            taken = files.receive(
                session, content, source=call.query["source"], received_from=call.actor.name, now=call.now,
                content_sha256=_digest_promised(call.request),
            )  # fmt: skip
    except StatementRefused as refused:
        with db.unit_of_work() as session:
            files.keep_refusal(
                session, refused, content, source=call.query["source"], received_from=call.actor.name, now=call.now
            )
        _drain(chunks)
        raise
    except (ContentDigestWrong, UnsupportedMediaType):
        _drain(chunks)
        raise
    body = file_body(taken)
    if taken.is_repeat:
        return Answer(body)
    return Answer(body, status=201, headers={"Location": f"/v1/reconciliation/files/{body['id']}"})


@routes.get(
    "/v1/reconciliation/files",
    access=READERS,
    shows_person_data=False,
    query=StatementFilesQuery,
    answers={200: StatementFilePage},
    summary=Text("收到的對帳檔", "Files that came"),
)
def list_files(call: Call) -> Answer:
    """Newest first; refused ones say why."""
    limit = call.query["limit"]
    before = decode_moment_cursor(call.query["cursor"]) if call.query["cursor"] else None
    found = files.files(call.session, source=call.query["source"], limit=limit + 1, before=before)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].received_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": [file_body(each) for each in shown], "next_cursor": more})


@routes.get(
    "/v1/reconciliation/files/<file_id>",
    access=READERS,
    shows_person_data=False,
    answers={200: StatementFileSchema},
    problems=[NotFound],
    summary=Text("一份對帳檔", "One file"),
)
def show_file(call: Call) -> Answer:
    """What became of it."""
    return Answer(file_body(files.file_of(call.session, parse_typeid("stm", call.path["file_id"]))))


def file_body(file: StatementFile) -> dict[str, Any]:
    """A file on the wire."""
    return {
        "id": booking.file_reference(file.id),
        "source": file.source,
        "status": file.status,
        "reference": file.reference,
        "first_day": file.first_day.isoformat() if file.first_day else None,
        "last_day": file.last_day.isoformat() if file.last_day else None,
        "rows": file.rows,
        "matched": file.matched,
        "breaks": file.breaks,
        "gross": file.gross_twd,
        "fees": file.fee_twd,
        "net": file.net_twd,
        "opening": file.opening_twd,
        "closing": file.closing_twd,
        "currency": "TWD",
        "refusal": file.refusal,
        "refusal_detail": file.refusal_detail,
        "received_at": on_the_wire(file.received_at),
        "received_from": file.received_from,
        "is_repeat": file.is_repeat,
        "content_sha256": file.content_sha256.hex(),
    }


def _must_be_plain(request: Request) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise StatementNotReadable
    if request.mimetype not in ("", *_MEDIA_TYPES):
        raise UnsupportedMediaType
    if request.content_length is not None and request.content_length > files.FILE_BYTES_MAX:
        raise StatementTooLarge


def _digest_promised(request: Request) -> bytes | None:
    """The SHA-256 in `Content-Digest` (RFC 9530 §2), None without one."""
    members = request.headers.get("Content-Digest", "").split(",")
    matches = [_DIGEST_MEMBER.fullmatch(member) for member in members if member.strip().startswith("sha-256")]
    if not matches:
        return None
    if matches[-1] is None:
        raise ContentDigestWrong
    try:
        return base64.b64decode(matches[-1][1], validate=True)
    except binascii.Error:
        raise ContentDigestWrong from None


def _chunks(request: Request) -> Iterator[bytes]:
    try:
        while chunk := request.stream.read(CHUNK_BYTES):
            yield chunk
    except ClientDisconnected:
        raise StatementTruncated from None


def _drain(chunks: Iterator[bytes]) -> None:
    """Many clients read the answer only once they have sent everything, so the rest is read and thrown away."""
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > files.FILE_BYTES_MAX:
                return
    except StatementTruncated:
        return
