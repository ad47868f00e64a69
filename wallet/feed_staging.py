"""Where a file's lines wait while it is still arriving: tables of this transaction alone, filled by COPY.

Nothing that others can see has been touched when a file turns out to be refused, and a process that is killed leaves
nothing behind. ID numbers and raw lines are sealed before they are staged.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import crypto
from core.ids import new_uuid
from wallet.feed_lines import Line
from wallet.feed_profiles import PARKING, Profile, Record, bureau_of

LINES_PER_COPY = 4_000
OWNER_INDEX_PURPOSE = "national_id"

# 2^26 bits: a million keys make it answer "perhaps seen" for 1.5 % of new ones, and cost 8 MiB.
_SEEN_BITS = 1 << 26

_NULL = "\\N"
_BILL_COLUMNS = """
    row integer, id uuid, number text, plate text, vehicle text, owner_index bytea, owner_sealed bytea, owner_sex text,
    district text, road text, place text, occurred_at timestamptz, law_code text, law_text text, amount_twd bigint,
    due_on date, payable_by_agent boolean, status text, raw_sealed bytea
"""
_PAYMENT_COLUMNS = """
    row integer, id uuid, bureau text, number text, channel text, channel_reference text, amount_twd bigint,
    paid_at timestamptz, raw_sealed bytea
"""
_REFUSAL_COLUMNS = "row integer, id uuid, field text, reason text, raw_sealed bytea"


class Staging:
    """The lines of one file of `profile`, staged in `feed_line` and `feed_refusal` of the current transaction."""

    def __init__(self, session: Session, profile: Profile) -> None:
        self.rows = 0
        self.refused = 0
        self._connection: Any = session.connection().connection.driver_connection
        self._profile = profile
        self._staged_row = _staged_row_of(profile)
        self._seen = _SeenKeys()
        self._lines: list[str] = []
        self._refusals: list[str] = []

    def add(self, line: Line) -> bool:
        """Stage one line; answers whether what was collected has just been written."""
        self.rows += 1
        line_id = new_uuid()
        if line.record is None:
            assert line.refusal is not None
            self.refused += 1
            self._refusals.append(
                f"{line.row}\t{line_id}\t{_escaped(line.refusal.field)}\t{line.refusal.reason}"
                f"\t{_sealed_raw(line.raw, line_id)}\n"
            )
        else:
            # The raw line is needed only where an earlier one may turn out to have the same key.
            key = "\t".join([line.record[field] for field in self._profile.key])
            raw = _sealed_raw(line.raw, line_id) if self._seen.perhaps(key) or self._keeps_every_raw else _NULL
            self._lines.append(self._staged_row(line.row, line_id, line.record, raw))
        if len(self._lines) + len(self._refusals) < LINES_PER_COPY:
            return False
        self.write()
        return True

    def write(self) -> None:
        """Write what was collected."""
        with self._connection.cursor() as cursor:
            for table, rows in (("feed_line", self._lines), ("feed_refusal", self._refusals)):
                if rows:
                    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                        copy.write("".join(rows))
                    rows.clear()

    @property
    def _keeps_every_raw(self) -> bool:
        # A channel's line may contradict one of an earlier file, which is found out only when they are compared.
        return self._profile.source == "paid-elsewhere"


@contextmanager
def staging(session: Session, profile: Profile) -> Iterator[Staging]:
    """An empty staging area; it is gone when the block or the transaction ends."""
    columns = _PAYMENT_COLUMNS if profile.source == "paid-elsewhere" else _BILL_COLUMNS
    session.execute(text(f"CREATE TEMPORARY TABLE feed_line ({columns}) ON COMMIT DROP"))
    session.execute(text(f"CREATE TEMPORARY TABLE feed_refusal ({_REFUSAL_COLUMNS}) ON COMMIT DROP"))
    yield Staging(session, profile)
    session.execute(text("DROP TABLE IF EXISTS feed_line, feed_refusal, feed_later, feed_match"))


def sealed_owner(owner_id: str, bill_id: UUID) -> tuple[bytes, bytes]:
    """An owner's ID number as a bill keeps it: its blind index, and itself sealed to that bill's row."""
    index = crypto.blind_index(owner_id, purpose=OWNER_INDEX_PURPOSE)
    return index, crypto.seal(owner_id, table="wallet.bill", column="owner_sealed", row_id=bill_id)


def opened_raw(raw_sealed: bytes, refusal_id: UUID) -> bytes:
    """The raw line that was sealed with a refusal."""
    return crypto.open_sealed(raw_sealed, table="wallet.bill_refusal", column="raw_sealed", row_id=refusal_id)


def _sealed_raw(raw: bytes, refusal_id: UUID) -> str:
    sealed = crypto.seal(raw, table="wallet.bill_refusal", column="raw_sealed", row_id=refusal_id)
    return f"\\\\x{sealed.hex()}"


class _SeenKeys:
    """Whether a key came before: never a wrong no, sometimes a wrong yes, in memory that does not grow."""

    def __init__(self) -> None:
        self._bits = bytearray(_SEEN_BITS >> 3)

    def perhaps(self, key: str) -> bool:
        position = hash(key) & _SEEN_BITS - 1
        at, bit = position >> 3, 1 << (position & 7)
        if self._bits[at] & bit:
            return True
        self._bits[at] |= bit
        return False


def _staged_row_of(profile: Profile) -> Callable[[int, UUID, Record, str], str]:
    if profile.source == "paid-elsewhere":
        return _payment_row
    return _parking_row if profile is PARKING else _fine_row


def _parking_row(row: int, bill_id: UUID, record: Record, raw: str) -> str:
    return (
        f"{row}\t{bill_id}\t{record['number']}\t{record['plate']}\t{record['vehicle']}\t\\N\t\\N\t\\N"
        f"\t{_escaped(record['district'])}\t{_escaped(record['road'])}\t\\N\t{record['parked_at']}\t\\N\t\\N"
        f"\t{record['amount']}\t{record['due_on']}\tt\t{record['status']}\t{raw}\n"
    )


def _fine_row(row: int, bill_id: UUID, record: Record, raw: str) -> str:
    index, sealed = sealed_owner(record["owner_id"], bill_id)
    return (
        f"{row}\t{bill_id}\t{record['number']}\t{record['plate']}\t{record['vehicle'] or _NULL}"
        f"\t\\\\x{index.hex()}\t\\\\x{sealed.hex()}\t{record['owner_sex'] or _NULL}"
        f"\t\\N\t\\N\t{_escaped(record['place'])}\t{record['violated_at']}"
        f"\t{_escaped(record['law_code'])}\t{_escaped(record['law_text'])}"
        f"\t{record['amount']}\t{record['due_on']}\t{record['payable_by_agent']}\t{record['status']}\t{raw}\n"
    )


def _payment_row(row: int, payment_id: UUID, record: Record, raw: str) -> str:
    return (
        f"{row}\t{payment_id}\t{bureau_of(record['number'])}\t{record['number']}\t{_escaped(record['channel'])}"
        f"\t{record['channel_reference']}\t{record['amount']}\t{record['paid_at']}\t{raw}\n"
    )


def _escaped(value: str) -> str:
    """Text as COPY's text format takes it (PostgreSQL, COPY, “Text Format”)."""
    value = value.replace("\\", "\\\\")
    if value.isprintable():
        return value
    return value.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
