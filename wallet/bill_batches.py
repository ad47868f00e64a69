"""Files that bureaus send: received as a stream, taken over whole in one transaction or not at all."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid
from wallet.feed_lines import read_lines
from wallet.feed_merge import Merged, ReportedElsewhere, merge
from wallet.feed_problems import ContentDigestWrong, FeedTooLarge
from wallet.feed_profiles import PROFILES
from wallet.feed_staging import Staged, opened_raw, stage

FILE_BYTES_MAX = 2 << 30
REFUSALS_KEPT_DAYS = 90

_ONE_MERGE_AT_A_TIME = 7_270_104

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """One file as it was taken over. Lines: `rows` = `accepted` + `ignored` + `refused`; `accepted` = `changed` +
    `unchanged`. `is_repeat` says that the same content had been taken over before, and nothing happened this time.
    """

    id: UUID
    source: str
    status: str
    rows: int
    accepted: int
    ignored: int
    refused: int
    changed: int
    unchanged: int
    received_at: datetime
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that was refused: which one, the column at fault, the reason's code, and the line as it was written."""

    row: int
    field: str
    reason: str
    raw: bytes


def receive(
    session: Session,
    chunks: Iterable[bytes],
    *,
    source: str,
    sender: UUID | None,
    now: datetime,
    on_reported_elsewhere: ReportedElsewhere,
    content_sha256: bytes | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Read a file of that source as it arrives and take it over.

    `sender` is the bureau's client (None at the command line); `content_sha256` what the sender says it sent;
    `progress` hears the rows and bytes read so far. Content that was taken over before answers with the batch of that
    time and changes nothing. Raises a FeedRefused for a file that must be refused whole.
    """
    profile, content = PROFILES[source], _Content(chunks)
    session.execute(_PATIENCE)
    staged = stage(
        session,
        profile,
        read_lines(content, profile, today=taipei_date(now)),
        lambda rows: progress(rows, content.size) if progress is not None else None,
    )
    if content_sha256 is not None and content_sha256 != content.sha256:
        raise ContentDigestWrong
    session.execute(_LOCK, {"key": _ONE_MERGE_AT_A_TIME})
    earlier = _repeat_of(session, source, content.sha256, sender)
    if earlier is not None:
        return earlier
    batch_id = new_uuid()
    merged = merge(session, profile, batch_id, now=now, on_reported_elsewhere=on_reported_elsewhere)
    batch = _batch(batch_id, source, staged, merged, now)
    session.execute(_INSERT_BATCH, _values(batch, content.sha256, sender))
    session.execute(_KEEP_REFUSALS, {"batch": batch_id})
    return batch


def batch_of(session: Session, batch_id: UUID, *, sender: UUID) -> Batch:
    """A batch whose content this bureau's client has sent. Raises NotFound for any other."""
    row = session.execute(_BATCH, {"id": batch_id, "sender": sender}).first()
    if row is None:
        raise NotFound
    return Batch(**row._mapping)


def refusals_of(session: Session, batch_id: UUID, *, after_row: int, limit: int) -> list[RefusedLine]:
    """Up to `limit` refused lines of a batch after a row, in the order of the file."""
    rows = session.execute(_REFUSALS, {"batch": batch_id, "after": after_row, "limit": limit})
    return [RefusedLine(row.row, row.field, row.reason, opened_raw(row.raw_sealed, row.id)) for row in rows]


def forget_refusals(session: Session, *, now: datetime) -> int:
    """Delete refused lines of batches older than REFUSALS_KEPT_DAYS: they may hold ID numbers. Answers how many."""
    result: Any = session.execute(_FORGET, {"before": now - timedelta(days=REFUSALS_KEPT_DAYS)})
    return int(result.rowcount)


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


def _repeat_of(session: Session, source: str, sha256: bytes, sender: UUID | None) -> Batch | None:
    """The batch that took over this very content. Whoever has sent the content may see what became of it."""
    row = session.execute(_SAME_CONTENT, {"source": source, "sha256": sha256}).first()
    if row is None:
        return None
    if sender is not None:
        session.execute(_ADD_SENDER, {"id": row.id, "sender": sender})
    return Batch(**row._mapping, is_repeat=True)


def _batch(batch_id: UUID, source: str, staged: Staged, merged: Merged, now: datetime) -> Batch:
    return Batch(
        id=batch_id,
        source=source,
        status="applied",
        rows=staged.rows,
        accepted=merged.changed + merged.unchanged,
        ignored=merged.ignored,
        refused=staged.refused + merged.refused,
        changed=merged.changed,
        unchanged=merged.unchanged,
        received_at=now,
    )


def _values(batch: Batch, sha256: bytes, sender: UUID | None) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(batch, name) for name in Batch.__dataclass_fields__}
    return values | {"sha256": sha256, "senders": [] if sender is None else [sender]}


_PATIENCE = text("SET LOCAL statement_timeout = '2h'; SET LOCAL lock_timeout = '5min'; SET LOCAL work_mem = '64MB'")
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_COLUMNS = "id, source, status, rows, accepted, ignored, refused, changed, unchanged, received_at"
_SAME_CONTENT = text(
    f"SELECT {_COLUMNS} FROM wallet.bill_batch "  # noqa: S608
    "WHERE source = :source AND content_sha256 = :sha256 AND status = 'applied'"
)
_ADD_SENDER = text(
    "UPDATE wallet.bill_batch SET senders = array_append(senders, CAST(:sender AS uuid)) "
    "WHERE id = :id AND NOT CAST(:sender AS uuid) = ANY(senders)"
)
_INSERT_BATCH = text(
    f"INSERT INTO wallet.bill_batch ({_COLUMNS}, content_sha256, senders) "  # noqa: S608
    "VALUES (:id, :source, :status, :rows, :accepted, :ignored, :refused, :changed, :unchanged, :received_at, :sha256, "
    "CAST(:senders AS uuid[]))"
)
_KEEP_REFUSALS = text(
    "INSERT INTO wallet.bill_refusal (id, batch_id, row, field, reason, raw_sealed) "
    "SELECT id, :batch, row, field, reason, raw_sealed FROM feed_refusal ORDER BY row"
)
_BATCH = text(f"SELECT {_COLUMNS} FROM wallet.bill_batch WHERE id = :id AND :sender = ANY(senders)")  # noqa: S608
_REFUSALS = text(
    "SELECT id, row, field, reason, raw_sealed FROM wallet.bill_refusal "
    "WHERE batch_id = :batch AND row > :after ORDER BY row LIMIT :limit"
)
_FORGET = text(
    "DELETE FROM wallet.bill_refusal r USING wallet.bill_batch b WHERE b.id = r.batch_id AND b.received_at < :before"
)
