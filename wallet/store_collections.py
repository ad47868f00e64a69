"""What stores and banks' apps collected by slips: a nightly file, taken over whole or not at all.

Each line that fits a slip closes its bill and stands in the book: what the channel owes us for it, against the bureau's
payable and the fee. Lines that fit none, or another amount, are kept and set aside for reconciliation: nothing of them
is booked or closed by guessing.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db, outbox
from core.clock import on_the_wire
from core.ids import new_uuid
from ledger import book as ledger
from ledger.book import Posting, Side, account_id
from partners import wire
from partners.stores.client import OfferedFile
from partners.stores.files import CHANNELS, Channel, CollectionFile, CollectionFileWrong
from wallet import book, collection_staging, events, overpayments
from wallet.double_payments import reported_elsewhere
from wallet.feed_merge import BUREAU_REGISTER
from wallet.feed_problems import FeedEncodingWrong, FeedRefused, FeedTooLarge, FeedTruncated
from wallet.ports import ports
from wallet.slip_errors import CollectionFormWrong, CollectionTotalsWrong

FILE_BYTES_MAX: Final = 256 << 20
_CHUNK_BYTES: Final = 1 << 18
_POSTED_AT_ONCE: Final = 500
_ONE_FILE_AT_A_TIME: Final = 7_270_112
_REFUSALS: Final[dict[str, type[FeedRefused]]] = {
    "encoding": FeedEncodingWrong,
    "form": CollectionFormWrong,
    "truncated": FeedTruncated,
    "totals": CollectionTotalsWrong,
}
WHOLE_FILE_REFUSALS: Final = (*_REFUSALS.values(), FeedTooLarge)


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file as it was taken over. Money in NT$. `lines` = `collected` + `set_aside` + `repeated`.

    `is_repeat`: this very content had been taken before, and nothing happened this time.
    """

    id: UUID
    channel: str
    name: str
    business_on: date
    number: int
    lines: int
    collected: int
    set_aside: int
    repeated: int
    amount_twd: int
    fee_twd: int
    charge_twd: int
    net_twd: int
    pays_on: date
    payout_reference: str
    received_at: datetime
    is_repeat: bool = False


def receive(session: Session, chunks: Iterable[bytes], *, channel: str, name: str, now: datetime) -> TakenFile:
    """Take over a file of that channel as it arrives. Raises a FeedRefused for one that must be refused whole."""
    content = _Content(chunks)
    session.execute(_PATIENCE)
    try:
        file = CollectionFile(content)
        if file.head.channel.key != channel:
            raise CollectionFileWrong("form", f"a file of {file.head.channel.key}")
        staged = collection_staging.stage(session, file)
    except CollectionFileWrong as wrong:
        raise _REFUSALS[wrong.because] from wrong
    session.execute(_LOCK, {"key": _ONE_FILE_AT_A_TIME})
    earlier = session.execute(_SAME_CONTENT, {"sha256": content.sha256}).first()
    if earlier is not None:
        return TakenFile(**earlier._mapping, is_repeat=True)
    file_id = new_uuid()
    states = _take(session, CHANNELS[channel], file_id, now)
    taken = TakenFile(
        id=file_id, channel=channel, name=name, business_on=file.head.business_on, number=file.head.number,
        lines=staged, collected=states.get("collected", 0), repeated=states.get("repeated", 0),
        set_aside=states.get("unknown_slip", 0) + states.get("amount_differs", 0), amount_twd=file.end.amount_twd,
        fee_twd=file.end.fee_twd, charge_twd=file.end.charge_twd, net_twd=file.end.net_twd, pays_on=file.end.pays_on,
        payout_reference=file.end.payout_reference, received_at=now,
    )  # fmt: skip
    values: dict[str, Any] = {field: getattr(taken, field) for field in TakenFile.__dataclass_fields__}
    session.execute(_INSERT_FILE, values | {"sha256": content.sha256})
    return taken


def fetch_due(now: datetime) -> None:
    """Fetch every file that the channels offer and that was not taken before; a spoilt one comes again next time."""
    try:
        offered = ports().stores.offered_files()
    except wire.CallFailed:
        return
    with db.unit_of_work() as session:
        known = {bytes(row.content_sha256) for row in session.execute(_KNOWN, {"names": [o.sha256 for o in offered]})}
    for file in offered:
        if file.sha256 not in known and file.channel in CHANNELS:
            known.add(file.sha256)
            _fetch(file)


def _fetch(offered: OfferedFile) -> None:
    with tempfile.TemporaryFile() as spooled:
        try:
            ports().stores.fetch(offered.name, spooled)
        except wire.CallFailed:
            return
        spooled.seek(0)
        chunks = iter(partial(spooled.read, _CHUNK_BYTES), b"")
        try:
            with db.unit_of_work() as session:
                receive(session, chunks, channel=offered.channel, name=offered.name, now=clock.now())
        except FeedRefused as refusal:
            spooled.seek(0)
            sha256 = hashlib.file_digest(spooled, "sha256").digest()
            with db.unit_of_work() as session:
                _keep_refusal(session, offered, refusal, sha256, clock.now())


def _keep_refusal(session: Session, offered: OfferedFile, refusal: FeedRefused, sha256: bytes, now: datetime) -> None:
    made = session.execute(
        _INSERT_REFUSED,
        {"id": new_uuid(), "channel": offered.channel, "name": offered.name, "refusal": refusal.slug, "sha256": sha256,
         "now": now},
    )  # fmt: skip
    if made.rowcount:  # type: ignore[attr-defined]
        fact = {"channel": offered.channel, "name": offered.name, "refusal": refusal.slug}
        outbox.record(session, events.COLLECTION_FILE_REFUSED, fact, now=now)


def _take(session: Session, channel: Channel, file_id: UUID, now: datetime) -> dict[str, int]:
    slip_channel = slip_channel_of(channel)
    states = collection_staging.judge(session, channel, slip_channel, file_id)
    contested = collection_staging.enter_payments(session, BUREAU_REGISTER, file_id, now)
    _book(session, channel, file_id, now)
    for line in contested:
        reported_elsewhere(session, bill_id=line.bill_id, external_payment_id=line.id, now=now)
    for line in collection_staging.standing(session, file_id):
        _tell(session, line, now)
    overpayments.note_file(session, file_id, now=now)
    return states


def slip_channel_of(channel: Channel) -> str:
    """The kind of slip that this channel collects."""
    return "twqr" if channel is CHANNELS["twqr"] else "store_barcode"


def _book(session: Session, channel: Channel, file_id: UUID, now: datetime) -> None:
    """What the channel owes us: the bill to its bureau, the payer's fee to the fee account, each line once."""
    code = book.collection_clearing(channel.name)
    clearing = ledger.open_account(session, code, book.TWD, now=now, normal_side=Side.DEBIT, is_hot=True)
    fees = account_id(book.fee_payable(slip_channel_of(channel)))
    lines = collection_staging.collected(session, file_id)
    # One group each: a double payment posts its line's money too, and must find that very group.
    for line in lines:
        ledger.post(session, [book.collection(code, line.bureau, line.amount_twd, report_id=line.id)], now=now)
    postings = [
        Posting(uuid5(line.id, "fee"), clearing, fees, line.fee_twd, book.TWD, "service fee", str(line.id))
        for line in lines
        if line.fee_twd
    ]
    for start in range(0, len(postings), _POSTED_AT_ONCE):
        ledger.post(session, postings[start : start + _POSTED_AT_ONCE], now=now)


def _tell(session: Session, line: Any, now: datetime) -> None:
    paid_at = on_the_wire(line.paid_at)
    told = {"bill_id": str(line.bill_id), "number": line.number, "channel": line.channel, "paid_at": paid_at}
    outbox.record(session, events.BILL_PAID_ELSEWHERE, told, now=now)
    collected = told | {
        "payment_id": str(line.id),
        "bureau": line.bureau,
        "amount_twd": line.amount_twd,
        "fee_twd": line.fee_twd,
        "person_id": str(line.person_id),
    }
    outbox.record(session, events.BILL_COLLECTED, collected, now=now)


class _Content:
    """The chunks of a file as they pass by, counted and digested."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.size = 0
        self._chunks = chunks
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > FILE_BYTES_MAX:
                raise FeedTooLarge
            self._digest.update(chunk)
            yield chunk

    @property
    def sha256(self) -> bytes:
        """The digest of what has passed."""
        return self._digest.digest()


_PATIENCE = text("SET LOCAL statement_timeout = '30min'; SET LOCAL lock_timeout = '5min'; SET LOCAL work_mem = '64MB'")
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_COLUMNS = (
    "id, channel, name, business_on, number, lines, collected, set_aside, repeated, amount_twd, fee_twd, charge_twd, "
    "net_twd, pays_on, payout_reference, received_at"
)
_SAME_CONTENT = text(
    f"SELECT {_COLUMNS} FROM wallet.collection_file WHERE content_sha256 = :sha256 AND status = 'taken'"  # noqa: S608
)
_KNOWN = text("SELECT content_sha256 FROM wallet.collection_file WHERE content_sha256 = ANY(:names)")
_INSERT_FILE = text(
    f"INSERT INTO wallet.collection_file ({_COLUMNS}, status, content_sha256) "  # noqa: S608
    "VALUES (:id, :channel, :name, :business_on, :number, :lines, :collected, :set_aside, :repeated, :amount_twd, "
    ":fee_twd, :charge_twd, :net_twd, :pays_on, :payout_reference, :received_at, 'taken', :sha256)"
)
_INSERT_REFUSED = text(
    "INSERT INTO wallet.collection_file (id, channel, name, status, refusal, content_sha256, received_at) "
    "VALUES (:id, :channel, :name, 'refused', :refusal, :sha256, :now) ON CONFLICT (content_sha256) DO NOTHING"
)
