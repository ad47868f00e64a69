"""Files of banks and rails: received as a stream, matched and booked whole in one transaction, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.errors import NotFound
from wallet import events
from wallet.feed_problems import ContentDigestWrong
from wallet.reconciliation import booking, matching
from wallet.reconciliation.problems import StatementContradicts, StatementRefused, StatementTooLarge
from wallet.reconciliation.sources import BANK, SOURCES, Source
from wallet.reconciliation.staging import Staged, stage

FILE_BYTES_MAX: Final = 1 << 30
_NAMESPACE = UUID("0d1f3a52-7c4e-5b86-9a0c-73746174656d")
_ONE_FILE_AT_A_TIME: Final = 7_270_105


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file as it was taken, or refused. Money in NT$; `breaks` counts those that it opened.

    `is_repeat` says that the same lines had been taken before, in whatever order, and nothing happened this time.
    """

    id: UUID
    source: str
    status: str
    reference: str | None
    first_day: date | None
    last_day: date | None
    rows: int
    matched: int
    breaks: int
    gross_twd: int
    fee_twd: int
    net_twd: int
    opening_twd: int | None
    closing_twd: int | None
    refusal: str | None
    refusal_detail: str | None
    received_at: datetime
    received_from: str
    content_sha256: bytes
    is_repeat: bool = False


def receive(
    session: Session,
    content: Content,
    *,
    source: str,
    received_from: str,
    now: datetime,
    content_sha256: bytes | None = None,
) -> StatementFile:
    """Take a file of that source as it arrives: every line matched and booked, breaks opened and closed.

    `received_from` names who sent it; `content_sha256` is what the sender says it sent. What was taken before answers
    with the file of that time and changes nothing. Raises a StatementRefused for a file that must be refused whole.
    """
    of = SOURCES[source]
    session.execute(_PATIENCE)
    staged = stage(session, of.read(content))
    if content_sha256 is not None and content_sha256 != content.sha256:
        raise ContentDigestWrong
    session.execute(_LOCK, {"key": _ONE_FILE_AT_A_TIME})
    earlier = _repeat_of(session, source, content.sha256, staged)
    if earlier is not None:
        return replace(earlier, is_repeat=True)
    staged = _continued(session, source, staged)
    return _take(session, of, staged, content.sha256, received_from, now)


def keep_refusal(
    session: Session, refused: StatementRefused, content: Content, *, source: str, received_from: str, now: datetime
) -> None:
    """Write down that a file was refused, and why; the same refusal again changes nothing."""
    detail = refused.detail.en if refused.detail is not None else refused.title.en
    session.execute(
        _INSERT_REFUSED,
        {"id": uuid5(_NAMESPACE, f"{source} refused {refused.slug} {content.sha256.hex()}"), "source": source,
         "sha256": content.sha256, "refusal": refused.slug, "detail": detail[:500], "now": now, "from": received_from},
    )  # fmt: skip


def file_of(session: Session, file_id: UUID) -> StatementFile:
    """One file. Raises NotFound."""
    row = session.execute(_ONE, {"id": file_id}).first()
    if row is None:
        raise NotFound
    return StatementFile(**row._mapping)


def files(
    session: Session, *, source: str | None, limit: int, before: tuple[datetime, UUID] | None
) -> list[StatementFile]:
    """Files, newest first, refused ones too."""
    at, last = before or (None, None)
    rows = session.execute(_PAGE, {"source": source, "limit": limit, "at": at, "id": last})
    return [StatementFile(**row._mapping) for row in rows]


class Content:
    """The chunks of a file as they pass by, counted and digested."""

    def __init__(self, chunks: Iterable[bytes], *, most_bytes: int = FILE_BYTES_MAX) -> None:
        self.size = 0
        self._most = most_bytes
        self._chunks = chunks
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._most:
                raise StatementTooLarge
            self._digest.update(chunk)
            yield chunk

    @property
    def sha256(self) -> bytes:
        """The digest of what has passed."""
        return self._digest.digest()


def _repeat_of(session: Session, source: str, sha256: bytes, staged: Staged) -> StatementFile | None:
    row = session.execute(_SAME, {"source": source, "sha256": sha256, "digest": staged.digest}).first()
    return None if row is None else StatementFile(**row._mapping)


def _continued(session: Session, source: str, staged: Staged) -> Staged:
    """A statement of a day that was not over when it was taken before: only what has been added since counts.

    Raises StatementContradicts for a number that was taken before with lines that are not in this one.
    """
    summary = staged.summary
    parts = session.execute(_SAME_REFERENCE, {"source": source, "reference": summary.reference}).all()
    if not parts:
        return staged
    is_longer = source == BANK and parts[0].opening_twd == summary.opening_twd
    if not is_longer or session.execute(_LINES_GONE, {"ids": [part.id for part in parts]}).scalar_one():
        raise StatementContradicts(reference=summary.reference)
    session.execute(_KNOWN_LINES, {"ids": [part.id for part in parts]})
    rest = replace(summary, reference=f"{summary.reference} /{len(parts) + 1}", opening_twd=parts[-1].closing_twd)
    return replace(staged, summary=rest)


def _take(
    session: Session, source: Source, staged: Staged, sha256: bytes, received_from: str, now: datetime
) -> StatementFile:
    file_id = uuid5(_NAMESPACE, f"{source.name} {staged.digest.hex()}")
    summary = staged.summary
    payouts = source.complete(session, summary) if source.complete is not None else summary.payouts
    for reference, amount in payouts:
        session.execute(
            _ANNOUNCE,
            {"id": uuid5(_NAMESPACE, f"payout {reference}"), "source": source.name, "reference": reference,
             "amount": amount, "day": summary.last_day, "file": file_id},
        )  # fmt: skip
    matched = matching.match(session, source, file_id)
    booking.book_file(session, source, file_id, matching.sums_of(session, file_id), now=now)
    totals = session.execute(_TOTALS, {"file": file_id}).one()
    opened = matching.open_breaks(session, file_id, now=now)
    matching.close_what_came(session, file_id, now=now)
    for kind, number, amount in opened:
        fact = {"source": source.name, "file_id": str(file_id), "break_id": None, "kind": kind, "number": number,
                "amount_twd": amount}  # fmt: skip
        outbox.record(session, events.BREAK_OPENED, fact, now=now)
    taken = StatementFile(
        file_id, source.name, "taken", summary.reference, summary.first_day, summary.last_day, totals.rows, matched,
        sum(number for _, number, _ in opened), totals.gross, totals.fee, totals.gross - totals.fee,
        summary.opening_twd, summary.closing_twd, None, None, now, received_from, sha256,
    )  # fmt: skip
    values: dict[str, Any] = {name: getattr(taken, name) for name in StatementFile.__dataclass_fields__}
    session.execute(_INSERT, values | {"digest": staged.digest})
    return taken


_PATIENCE = text("SET LOCAL statement_timeout = '2h'; SET LOCAL lock_timeout = '5min'; SET LOCAL work_mem = '64MB'")
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_COLUMNS = (
    "id, source, status, reference, first_day, last_day, rows, matched, breaks, gross_twd, fee_twd, net_twd, "
    "opening_twd, closing_twd, refusal, refusal_detail, received_at, received_from, content_sha256"
)
_SAME = text(
    f"SELECT {_COLUMNS} FROM wallet.statement_file WHERE source = :source AND status = 'taken' "  # noqa: S608
    "AND (content_sha256 = :sha256 OR lines_digest = :digest)"
)
_SAME_REFERENCE = text(
    "SELECT id, opening_twd, closing_twd FROM wallet.statement_file WHERE source = :source AND status = 'taken' "
    "AND (reference = :reference OR starts_with(reference, :reference || ' /')) ORDER BY received_at, reference"
)
_LINES_GONE = text(
    """
    SELECT EXISTS (SELECT FROM wallet.statement_line l
                    WHERE l.file_id = ANY(:ids)
                      AND NOT EXISTS (SELECT FROM statement_staged s
                                       WHERE s.their_reference = l.their_reference AND s.kind = l.kind
                                         AND s.our_reference = l.our_reference AND s.gross_twd = l.gross_twd))
    """
)
_KNOWN_LINES = text(
    "DELETE FROM statement_staged s USING wallet.statement_line l WHERE l.file_id = ANY(:ids) "
    "AND s.their_reference = l.their_reference AND s.kind = l.kind AND s.our_reference = l.our_reference "
    "AND s.gross_twd = l.gross_twd"
)
_TOTALS = text(
    "SELECT count(*)::int AS rows, coalesce(sum(gross_twd), 0)::bigint AS gross, "
    "coalesce(sum(fee_twd), 0)::bigint AS fee FROM wallet.statement_line WHERE file_id = :file"
)
_ANNOUNCE = text(
    "INSERT INTO wallet.payout (id, source, reference, amount_twd, announced_on, file_id) "
    "VALUES (:id, :source, :reference, :amount, :day, :file)"
)
_INSERT = text(
    f"INSERT INTO wallet.statement_file ({_COLUMNS}, lines_digest) "  # noqa: S608
    "VALUES (:id, :source, :status, :reference, :first_day, :last_day, :rows, :matched, :breaks, :gross_twd, :fee_twd, "
    ":net_twd, :opening_twd, :closing_twd, :refusal, :refusal_detail, :received_at, :received_from, "
    ":content_sha256, :digest)"
)
_INSERT_REFUSED = text(
    "INSERT INTO wallet.statement_file (id, source, status, content_sha256, refusal, refusal_detail, received_at, "
    "received_from) VALUES (:id, :source, 'refused', :sha256, :refusal, :detail, :now, :from) ON CONFLICT DO NOTHING"
)
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.statement_file WHERE id = :id")  # noqa: S608
_PAGE = text(
    f"SELECT {_COLUMNS} FROM wallet.statement_file "  # noqa: S608
    "WHERE (CAST(:source AS text) IS NULL OR source = :source) "
    "AND (CAST(:at AS timestamptz) IS NULL OR (received_at, id) < (:at, CAST(:id AS uuid))) "
    "ORDER BY received_at DESC, id DESC LIMIT :limit"
)
