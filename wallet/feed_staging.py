"""Where a file's lines wait while it is still arriving: tables of this transaction alone, filled by COPY.

Nothing that others can see has been touched when a file turns out to be refused, and a process that is killed leaves
nothing behind. ID numbers and raw lines are sealed before they are staged.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import crypto
from core.ids import new_uuid
from wallet.feed_lines import Line
from wallet.feed_profiles import PARKING, Profile, Record, bureau_of

LINES_PER_WRITE = 2_000
OWNER_INDEX_PURPOSE = "national_id"

# 2^26 bits: a million keys make it answer "perhaps seen" for 1.5 % of new ones, and cost 8 MiB.
_SEEN_BITS = 1 << 26

_NULL = "\\N"
_REFUSAL_COLUMNS = "row integer, id uuid, field text, reason text, raw_sealed bytea"
_BILL_COLUMNS = f"""
    {_REFUSAL_COLUMNS}, number text, plate text, vehicle text, owner_index bytea, owner_sealed bytea, owner_sex text,
    district text, road text, place text, occurred_at timestamptz, law_code text, law_text text, amount_twd bigint,
    due_on date, payable_by_agent boolean, status text
"""
_PAYMENT_COLUMNS = f"""
    {_REFUSAL_COLUMNS}, bureau text, number text, channel text, channel_reference text, amount_twd bigint,
    paid_at timestamptz
"""


@dataclass(frozen=True, slots=True)
class Staged:
    """How many lines were staged, and how many of them are refused as they stand."""

    rows: int
    refused: int


def stage(session: Session, profile: Profile, lines: Iterable[Line], on_written: Callable[[int], None]) -> Staged:
    """Stage the lines of a file: the readable ones in `feed_line`, the others in `feed_refusal`.

    One COPY runs from the first line to the last, so that PostgreSQL takes lines in while the next are being read.
    `on_written` hears the number of lines so far, now and then.
    """
    is_payments = profile.source == "paid-elsewhere"
    session.execute(
        text("DROP TABLE IF EXISTS pg_temp.feed_line, pg_temp.feed_refusal, pg_temp.feed_later, pg_temp.feed_match")
    )
    columns = _PAYMENT_COLUMNS if is_payments else _BILL_COLUMNS
    session.execute(text(f"CREATE TEMPORARY TABLE feed_line ({columns}) ON COMMIT DROP"))
    session.execute(text(f"CREATE TEMPORARY TABLE feed_refusal ({_REFUSAL_COLUMNS}) ON COMMIT DROP"))
    cells_of, nothing = _cells_of(profile), f"\t{_NULL}" * (6 if is_payments else 16)
    seen, collected, rows = _SeenKeys(), [], 0
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy("COPY feed_line FROM STDIN") as copy:
        for rows, line in enumerate(lines, 1):
            line_id, record = new_uuid(), line.record
            if record is None:
                collected.append(f"{_refusal(line, line_id)}{nothing}\n")
            else:
                # The raw line is needed only where it may turn out to contradict an earlier one: of this file, if its
                # key came before; of another file, if it is a channel's.
                came_before = seen.perhaps("\t".join([record[field] for field in profile.key]))
                raw = _sealed_raw(line.raw, line_id) if came_before or is_payments else _NULL
                collected.append(f"{line.row}\t{line_id}\t\\N\t\\N\t{raw}\t{cells_of(line_id, record)}\n")
            if len(collected) == LINES_PER_WRITE:
                copy.write("".join(collected))
                collected.clear()
                on_written(rows)
        copy.write("".join(collected))
    on_written(rows)
    result: Any = session.execute(_SET_REFUSED_APART)
    return Staged(rows, int(result.rowcount))


def sealed_owner(owner_id: str, bill_id: UUID) -> tuple[bytes, bytes]:
    """An owner's ID number as a bill keeps it: its blind index, and itself sealed to that bill's row."""
    index = crypto.blind_index(owner_id, purpose=OWNER_INDEX_PURPOSE)
    return index, crypto.seal(owner_id, table="wallet.bill", column="owner_sealed", row_id=bill_id)


def opened_raw(raw_sealed: bytes, refusal_id: UUID) -> bytes:
    """The raw line that was sealed with a refusal."""
    return crypto.open_sealed(raw_sealed, table="wallet.bill_refusal", column="raw_sealed", row_id=refusal_id)


def _refusal(line: Line, refusal_id: UUID) -> str:
    assert line.refusal is not None
    field, reason = _escaped(line.refusal.field), line.refusal.reason
    return f"{line.row}\t{refusal_id}\t{field}\t{reason}\t{_sealed_raw(line.raw, refusal_id)}"


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


def _cells_of(profile: Profile) -> Callable[[UUID, Record], str]:
    if profile.source == "paid-elsewhere":
        return _payment_cells
    return _parking_cells if profile is PARKING else _fine_cells


def _parking_cells(_: UUID, record: Record) -> str:
    return (
        f"{record['number']}\t{record['plate']}\t{record['vehicle']}\t\\N\t\\N\t\\N"
        f"\t{_escaped(record['district'])}\t{_escaped(record['road'])}\t\\N\t{record['parked_at']}\t\\N\t\\N"
        f"\t{record['amount']}\t{record['due_on']}\tt\t{record['status']}"
    )


def _fine_cells(bill_id: UUID, record: Record) -> str:
    index, sealed = sealed_owner(record["owner_id"], bill_id)
    return (
        f"{record['number']}\t{record['plate']}\t{record['vehicle'] or _NULL}"
        f"\t\\\\x{index.hex()}\t\\\\x{sealed.hex()}\t{record['owner_sex'] or _NULL}"
        f"\t\\N\t\\N\t{_escaped(record['place'])}\t{record['violated_at']}"
        f"\t{_escaped(record['law_code'])}\t{_escaped(record['law_text'])}"
        f"\t{record['amount']}\t{record['due_on']}\t{record['payable_by_agent']}\t{record['status']}"
    )


def _payment_cells(_: UUID, record: Record) -> str:
    return (
        f"{bureau_of(record['number'])}\t{record['number']}\t{_escaped(record['channel'])}"
        f"\t{record['channel_reference']}\t{record['amount']}\t{record['paid_at']}"
    )


def _escaped(value: str) -> str:
    """Text as COPY's text format takes it (PostgreSQL, COPY, “Text Format”)."""
    value = value.replace("\\", "\\\\")
    if value.isprintable():
        return value
    return value.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


_FORGET_EARLIER_FILE = text(
    "DROP TABLE IF EXISTS pg_temp.feed_line, pg_temp.feed_refusal, pg_temp.feed_later, pg_temp.feed_match"
)
_SET_REFUSED_APART = text(
    """
    WITH refused AS (
        DELETE FROM feed_line WHERE reason IS NOT NULL RETURNING row, id, field, reason, raw_sealed
    )
    INSERT INTO feed_refusal (row, id, field, reason, raw_sealed) SELECT * FROM refused
    """
)
