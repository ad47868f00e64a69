"""Fetching what others lay out for us: the bank's statements, return files, wallets' and stores' files.

The card processor announces its reports itself (`wallet/adyen_reports.py`). A file that was taken is not fetched again;
one that was refused is, for the sender may have put a good one in its place.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import BinaryIO, Final

from sqlalchemy import text

from core import clock, db
from core.clock import taipei_date
from partners import wire
from partners.stores.files import CHANNELS
from wallet import book
from wallet.ports import ports
from wallet.reconciliation import files
from wallet.reconciliation.files import Content
from wallet.reconciliation.problems import StatementRefused
from wallet.reconciliation.sources import BANK

_LOOK_BACK_DAYS: Final = 14
_PIECE_BYTES: Final = 1 << 18
_log = logging.getLogger("mykaohsiung.wallet")

Write = Callable[[BinaryIO], bool]


def fetch_files(now: datetime) -> None:
    """Fetch whatever is there of the days that are over and was not taken; safe to run twice and in two workers."""
    today = taipei_date(now)
    for fetch in (_statements, _return_files, _wallets_files, _collection_files):
        try:
            fetch(today)
        except wire.CallFailed as failure:
            _log.info("files are not to be had now: %s", failure)


def _statements(today: date) -> None:
    known = _days_taken(BANK, today)
    first = min(known, default=today - timedelta(days=1))
    for number in range((today - first).days):
        day = first + timedelta(days=number)
        if day not in known:
            _take(BANK, f"statement {day}", lambda into, day=day: bool(ports().bank.fetch_statement(day, into)))  # type: ignore[misc]


def _return_files(today: date) -> None:
    known = _days_taken("ach", today)
    with db.unit_of_work() as session:
        # What came back is undone first; then its line finds it so.
        read = [row.day for row in session.execute(_RETURNS_READ, {"since": today - timedelta(days=_LOOK_BACK_DAYS)})]
    for day in read:
        if day not in known:
            _take("ach", f"returns {day}", partial(_write_whole, partial(ports().ach.return_file, day)))


def _wallets_files(today: date) -> None:
    for wallet in book.EWALLETS:
        client = ports().wallets.get(wallet)
        if client is None:
            continue
        known = _days_taken(wallet, today)
        for day in client.settlement_days(today - timedelta(days=_LOOK_BACK_DAYS)):
            if day not in known and day < today:
                _take(wallet, f"settlement {day}", partial(_write_whole, partial(client.settlement_file, day)))


def _collection_files(today: date) -> None:
    offered = ports().stores.offered_files()
    with db.unit_of_work() as session:
        ready = {
            bytes(row.content_sha256)
            for row in session.execute(_COLLECTIONS_READY, {"digests": [file.sha256 for file in offered]})
        }
    for file in offered:
        if file.sha256 in ready:
            source = "twqr" if CHANNELS.get(file.channel) is CHANNELS["twqr"] else "stores"
            _take(source, file.name, partial(_fetch_collection, file.name))


def _take(source: str, name: str, write: Write) -> None:
    """One file: fetched to disk with no transaction open, then taken or refused."""
    with tempfile.TemporaryFile() as kept:
        if not write(kept):
            return
        kept.seek(0)
        content = Content(_pieces(kept))
        try:
            with db.unit_of_work() as session:
                files.receive(session, content, source=source, received_from=name, now=clock.now())
        except StatementRefused as refused:
            _log.error("%s of %s is refused: %s", name, source, refused.slug)
            with db.unit_of_work() as session:
                files.keep_refusal(session, refused, content, source=source, received_from=name, now=clock.now())


def _write_whole(content_of: Callable[[], bytes | None], into: BinaryIO) -> bool:
    content = content_of()
    if content is not None:
        into.write(content)
    return content is not None


def _fetch_collection(name: str, into: BinaryIO) -> bool:
    return ports().stores.fetch(name, into) > 0


def _pieces(kept: BinaryIO) -> Iterator[bytes]:
    return iter(partial(kept.read, _PIECE_BYTES), b"")


def _days_taken(source: str, today: date) -> set[date]:
    since = today - timedelta(days=_LOOK_BACK_DAYS)
    with db.unit_of_work() as session:
        return {row.last_day for row in session.execute(_TAKEN, {"source": source, "since": since})}


# A statement that was taken while its day went on is fetched once more when it is over.
_TAKEN = text(
    "SELECT last_day FROM wallet.statement_file WHERE source = :source AND status = 'taken' AND last_day >= :since "
    "AND (source <> 'bank' OR received_at >= (last_day + 1)::timestamp AT TIME ZONE 'Asia/Taipei')"
)
_RETURNS_READ = text("SELECT day FROM wallet.ach_return_file WHERE day >= :since ORDER BY day")
# Taken over by the room that closes bills, and not yet by this one.
_COLLECTIONS_READY = text(
    """
    SELECT f.content_sha256 FROM wallet.collection_file f
     WHERE f.content_sha256 = ANY(:digests) AND f.status = 'taken'
       AND NOT EXISTS (SELECT FROM wallet.statement_file s
                        WHERE s.content_sha256 = f.content_sha256 AND s.status = 'taken')
    """
)
