"""Over HTTP: bureaus send their files, and fetch what became of them."""

import base64
import binascii
import re
from collections.abc import Iterator

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from core import db
from core.clock import on_the_wire
from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, Forbidden, InvalidRequest, NotFound, UnsupportedMediaType
from core.http import Answer, Call, PageQuery, Routes, bureau, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from wallet import bill_batches
from wallet.bill_batch_schemas import BillBatchQuery, BillBatchSchema, RefusedLineSchema
from wallet.bill_batches import Batch, RefusedLine
from wallet.double_payments import reported_elsewhere
from wallet.feed_export import CHARSETS, refusals_file
from wallet.feed_problems import WHOLE_FILE_REFUSALS, ContentDigestWrong, FeedCompressed, FeedRefused, FeedTruncated
from wallet.feed_profiles import PROFILES

CHUNK_BYTES = 1 << 18
ROW_MAX = 2**31 - 1

_MEDIA_TYPES = ("text/csv", "application/octet-stream")
_DIGEST_MEMBER = re.compile(r"\s*sha-256\s*=\s*:([A-Za-z0-9+/=]*):\s*")
_OF_ANOTHER_BUREAU = Text(
    "這個來源只能由「{sender}」的系統傳送。", "Only a system of the bureau “{sender}” may send files of this source."
)

routes = Routes("wallet")


@routes.post(
    "/v1/bureau/bill-batches",
    access=bureau(scope="bills:write"),
    shows_person_data=False,
    summary=Text("上傳帳單檔案", "Send a file of bills"),
    query=BillBatchQuery,
    answers={201: BillBatchSchema, 200: BillBatchSchema},
    answer_headers={201: {"Location": "where the batch is"}},
    problems=[*WHOLE_FILE_REFUSALS, UnsupportedMediaType],
    accepts=_MEDIA_TYPES,
    streams=True,
    own_units=True,
)
def send_bill_batch(call: Call) -> Answer:
    """Take over a bureau's export (CSV, streamed). Content that was sent before answers 200 and changes nothing."""
    chunks = _chunks(call.request)
    try:
        _must_be_its_own(call)
        _must_be_plain_csv(call.request)
        with db.unit_of_work() as session:
            batch = bill_batches.receive(
                session,
                chunks,
                source=call.query["source"],
                sender=call.actor.id,
                now=call.now,
                on_reported_elsewhere=reported_elsewhere,
                content_sha256=_digest_promised(call.request),
            )
    except (FeedRefused, Forbidden, UnsupportedMediaType):
        # Many clients read the answer only once they have sent everything, so the rest is read and thrown away.
        _drain(chunks)
        raise
    body = _batch_body(batch)
    if batch.is_repeat:
        return Answer(body)
    return Answer(body, status=201, headers={"Location": f"/v1/bureau/bill-batches/{body['id']}"})


@routes.get(
    "/v1/bureau/bill-batches/<batch_id>",
    access=bureau(scope="bills:write"),
    shows_person_data=False,
    summary=Text("查詢一批帳單", "What became of a file"),
    answers={200: BillBatchSchema},
    problems=[NotFound],
)
def get_bill_batch(call: Call) -> Answer:
    """One batch whose content the caller has sent."""
    return Answer(_batch_body(_own_batch(call)))


@routes.get(
    "/v1/bureau/bill-batches/<batch_id>/refusals",
    access=bureau(scope="bills:write"),
    shows_person_data=False,
    summary=Text("被退回的資料", "Lines that were refused"),
    query=PageQuery,
    answers={200: page_of(RefusedLineSchema)},
    problems=[NotFound],
)
def list_refusals(call: Call) -> Answer:
    """Refused lines in the order of the file, each with row, column, reason and the line itself."""
    batch = _own_batch(call)
    limit = call.query["limit"]
    lines = bill_batches.refusals_of(
        call.session, batch.id, after_row=_row_in(call.query["cursor"]), limit=limit + 1
    )  # fmt: skip
    shown = lines[:limit]
    encoding = PROFILES[batch.source].encoding
    return Answer(
        {
            "items": [_line_body(line, encoding) for line in shown],
            "next_cursor": encode_cursor(shown[-1].row) if len(lines) > limit else None,
        }
    )


@routes.get(
    "/v1/bureau/bill-batches/<batch_id>/refusals.csv",
    access=bureau(scope="bills:write"),
    shows_person_data=False,
    summary=Text("下載被退回的資料", "Download the lines that were refused"),
    answers={200: None},
    content_types=("text/csv",),
    answer_headers={200: {"Content-Disposition": "a file name to save it under"}},
    problems=[NotFound],
)
def download_refusals(call: Call) -> Answer:
    """All refused lines as CSV in the source's own encoding; cells that look like formulas get an apostrophe."""
    batch = _own_batch(call)
    name = f"refusals-{typeid('bat', batch.id)}.csv"
    return Answer(
        raw=refusals_file(batch),
        content_type=f"text/csv; charset={CHARSETS[PROFILES[batch.source].encoding]}",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _own_batch(call: Call) -> Batch:
    batch_id = parse_typeid("bat", call.path["batch_id"])
    return bill_batches.batch_of(call.session, batch_id, sender=call.actor.id)


def _row_in(cursor: str | None) -> int:
    if cursor is None:
        return 0
    (row,) = decode_cursor(cursor, int)
    if not 0 <= row <= ROW_MAX:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")])
    return int(row)


def _batch_body(batch: Batch) -> dict[str, object]:
    batch_id = typeid("bat", batch.id)
    return {
        "id": batch_id,
        "source": batch.source,
        "status": batch.status,
        "rows": batch.rows,
        "accepted": batch.accepted,
        "ignored": batch.ignored,
        "refused": batch.refused,
        "changed": batch.changed,
        "unchanged": batch.unchanged,
        "received_at": on_the_wire(batch.received_at),
        "refusals_url": f"/v1/bureau/bill-batches/{batch_id}/refusals",
    }


def _line_body(line: RefusedLine, encoding: str) -> dict[str, object]:
    return {"row": line.row, "field": line.field, "reason": line.reason, "raw": line.raw.decode(encoding, "replace")}


def _must_be_its_own(call: Call) -> None:
    sender = PROFILES[call.query["source"]].sender
    if call.actor.bureau != sender:
        raise Forbidden(_OF_ANOTHER_BUREAU.format(sender=sender))


def _must_be_plain_csv(request: Request) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise FeedCompressed
    if request.mimetype not in ("", *_MEDIA_TYPES):
        raise UnsupportedMediaType


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
        raise FeedTruncated from None


def _drain(chunks: Iterator[bytes]) -> None:
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > bill_batches.FILE_BYTES_MAX:
                return
    except FeedTruncated:
        return
