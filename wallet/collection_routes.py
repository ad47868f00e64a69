"""Collection files over HTTP, where they are not fetched: the treasury's system sends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from core import db
from core.clock import on_the_wire
from core.errors import Forbidden, UnsupportedMediaType
from core.http import Answer, Call, Routes, bureau
from core.ids import typeid
from core.text import Text
from wallet import store_collections
from wallet.feed_problems import FeedRefused, FeedTruncated
from wallet.slip_schemas import CollectionFileQuery, CollectionFileSchema
from wallet.store_collections import TakenFile

_SENDER: Final = "treasury"
_CHUNK_BYTES: Final = 1 << 18
_MEDIA_TYPES: Final = ("application/octet-stream", "text/plain")
_OF_THE_TREASURY = Text("只有公庫的系統可以傳送代收檔。", "Only the treasury's systems may send collection files.")

routes = Routes("collections")


@routes.post(
    "/v1/bureau/collection-files",
    access=bureau(scope="bills:write"),
    shows_person_data=False,
    summary=Text("上傳通路代收檔", "Send a channel's collection file"),
    query=CollectionFileQuery,
    answers={201: CollectionFileSchema, 200: CollectionFileSchema},
    problems=[*store_collections.WHOLE_FILE_REFUSALS, UnsupportedMediaType, Forbidden],
    accepts=_MEDIA_TYPES,
    streams=True,
    own_units=True,
)
def send_collection_file(call: Call) -> Answer:
    """Take over what a chain of stores or TWQR collected. Content that was taken before answers 200."""
    chunks = _chunks(call.request)
    try:
        if call.actor.bureau != _SENDER:
            raise Forbidden(_OF_THE_TREASURY)
        if call.request.mimetype not in ("", *_MEDIA_TYPES):
            raise UnsupportedMediaType
        with db.unit_of_work() as session:
            taken = store_collections.receive(
                session, chunks, channel=call.query["channel"], name="uploaded", now=call.now
            )
    except (FeedRefused, Forbidden, UnsupportedMediaType):
        # Many clients read the answer only once they have sent everything, so the rest is read and thrown away.
        _drain(chunks)
        raise
    return Answer(_on_the_wire(taken), 200 if taken.is_repeat else 201)


def _on_the_wire(taken: TakenFile) -> dict[str, object]:
    return {
        "id": typeid("cof", taken.id),
        "channel": taken.channel,
        "business_on": taken.business_on.isoformat(),
        "number": taken.number,
        "lines": taken.lines,
        "collected": taken.collected,
        "set_aside": taken.set_aside,
        "repeated": taken.repeated,
        "amount": taken.amount_twd,
        "fee": taken.fee_twd,
        "charge": taken.charge_twd,
        "net": taken.net_twd,
        "currency": "TWD",
        "pays_on": taken.pays_on.isoformat(),
        "payout_reference": taken.payout_reference,
        "received_at": on_the_wire(taken.received_at),
    }


def _chunks(request: Request) -> Iterator[bytes]:
    try:
        while chunk := request.stream.read(_CHUNK_BYTES):
            yield chunk
    except ClientDisconnected:
        raise FeedTruncated from None


def _drain(chunks: Iterator[bytes]) -> None:
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > store_collections.FILE_BYTES_MAX:
                return
    except FeedTruncated:
        return
