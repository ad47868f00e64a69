"""A collection file's lines on their way into the register: read into a table of the transaction and judged there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid
from partners.stores.files import Channel, CollectionLine

_AT_ONCE = 1_000


def stage(session: Session, lines: Iterable[CollectionLine]) -> int:
    """Read every line into `collection_staged`; answers how many. Raises what reading raises, at the end too."""
    session.execute(_TABLE)
    count = 0
    for some in _batches(lines):
        count += len(some)
        session.execute(
            _STAGE,
            {
                "ids": [new_uuid() for _ in some],
                "rows": [line.row for line in some],
                "references": [line.reference for line in some],
                "stores": [line.store for line in some],
                "store_names": [line.store_name for line in some],
                "slips": [line.slip_number for line in some],
                "amounts": [line.amount_twd for line in some],
                "fees": [line.fee_twd for line in some],
                "charges": [line.charge_twd for line in some],
                "paid": [line.paid_at for line in some],
            },
        )
    return count


def judge(session: Session, channel: Channel, slip_channel: str, file_id: UUID) -> dict[str, int]:
    """Keep each line with what became of it; answers how many of each state.

    The bills of these lines are locked first, in the order of their ids, as payments lock them.
    """
    values = {"channel": channel.name, "slip_channel": slip_channel, "file": file_id}
    session.execute(_LOCK_BILLS, values)
    session.execute(_JUDGE, values)
    return {row.state: row.lines for row in session.execute(_COUNT, values)}


def enter_payments(session: Session, bureau_register: str, file_id: UUID, now: datetime) -> list[Any]:
    """Collected lines become payments made elsewhere; the bills that nobody claims or has paid here are closed.

    Answers the contested lines (id, bill_id): what becomes of those, their payments decide.
    """
    values = {"file": file_id, "now": now, "register": bureau_register}
    session.execute(_INSERT_PAYMENTS, values)
    contested = list(session.execute(_CONTESTED, values))
    session.execute(_CLOSE_BILLS, values)
    session.execute(_END_SLIPS, values)
    return contested


def standing(session: Session, file_id: UUID) -> list[Any]:
    """The collected lines whose money is what closed their bill."""
    return list(session.execute(_STANDING, {"file": file_id}))


def collected(session: Session, file_id: UUID) -> list[Any]:
    """The collected lines with the bureau of their bill, in the order of the file."""
    return list(session.execute(_COLLECTED, {"file": file_id}))


def _batches(lines: Iterable[CollectionLine]) -> Iterator[list[CollectionLine]]:
    rest = iter(lines)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


_TABLE = text(
    """
    CREATE TEMPORARY TABLE collection_staged (
        id uuid, row integer, reference text, store text, store_name text, slip_number text, amount_twd bigint,
        fee_twd bigint, charge_twd bigint, paid_at timestamptz
    ) ON COMMIT DROP
    """
)
_STAGE = text(
    """
    INSERT INTO collection_staged
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:rows AS integer[]), CAST(:references AS text[]),
                         CAST(:stores AS text[]), CAST(:store_names AS text[]), CAST(:slips AS text[]),
                         CAST(:amounts AS bigint[]), CAST(:fees AS bigint[]), CAST(:charges AS bigint[]),
                         CAST(:paid AS timestamptz[]))
    """
)
_LOCK_BILLS = text(
    """
    SELECT count(*) FROM (
        SELECT b.id FROM wallet.bill b
         WHERE b.id IN (SELECT s.bill_id FROM collection_staged l
                          JOIN wallet.payment_slip s ON s.number = l.slip_number)
         ORDER BY b.id FOR NO KEY UPDATE OF b) AS locked
    """
)
# A transaction counts once, whichever file or line brings it again. One that a bureau's export has reported before is
# the same payment, and its line takes that id. Less than the bill costs is a question for people.
_JUDGE = text(
    """
    INSERT INTO wallet.collection_line (id, file_id, row, channel, reference, store, store_name, slip_number,
                                        amount_twd, fee_twd, charge_twd, paid_at, state, slip_id, bill_id)
    SELECT CASE WHEN l.nth = 1 AND k.id IS NULL THEN coalesce(e.id, l.id) ELSE l.id END, :file, l.row, :channel,
           l.reference, l.store, l.store_name, l.slip_number, l.amount_twd, l.fee_twd, l.charge_twd, l.paid_at,
           CASE WHEN l.nth > 1 OR k.id IS NOT NULL THEN 'repeated'
                WHEN s.id IS NULL OR b.id IS NULL OR e.bill_id <> b.id THEN 'unknown_slip'
                WHEN l.amount_twd <> s.amount_twd OR l.amount_twd <> e.amount_twd
                  OR (e.id IS NULL AND b.status <> 'void' AND l.amount_twd < b.amount_twd) THEN 'amount_differs'
                ELSE 'collected' END,
           s.id, s.bill_id
      FROM (SELECT staged.*, row_number() OVER (PARTITION BY reference ORDER BY row) AS nth
              FROM collection_staged AS staged) AS l
      LEFT JOIN wallet.payment_slip s ON s.number = l.slip_number AND s.channel = :slip_channel
      LEFT JOIN wallet.bill b ON b.id = s.bill_id
      LEFT JOIN wallet.external_payment e ON e.channel = :channel AND e.channel_reference = l.reference
      LEFT JOIN wallet.collection_line k
             ON k.channel = :channel AND k.reference = l.reference AND k.state = 'collected'
    """
)
_COUNT = text("SELECT state, count(*)::int AS lines FROM wallet.collection_line WHERE file_id = :file GROUP BY state")
_INSERT_PAYMENTS = text(
    """
    INSERT INTO wallet.external_payment (id, bureau, number, channel, channel_reference, amount_twd, paid_at, batch_id,
                                         bill_id)
    SELECT l.id, b.bureau, b.number, l.channel, l.reference, l.amount_twd, l.paid_at, l.file_id, b.id
      FROM wallet.collection_line l JOIN wallet.bill b ON b.id = l.bill_id
     WHERE l.file_id = :file AND l.state = 'collected'
        ON CONFLICT (channel, channel_reference) DO NOTHING
    """
)
_CONTESTED = text(
    """
    SELECT l.id, l.bill_id FROM wallet.collection_line l JOIN wallet.bill b ON b.id = l.bill_id
     WHERE l.file_id = :file AND l.state = 'collected' AND (b.claimed_by IS NOT NULL OR b.paid_by_payment IS NOT NULL)
     ORDER BY l.bill_id, l.paid_at, l.id
    """
)
# The register may have said "paid" before the channel said where and when. A void bill is not closed by money.
_CLOSE_BILLS = text(
    """
    UPDATE wallet.bill b SET status = 'paid', paid_channel = m.channel, paid_at = m.paid_at, updated_at = :now
      FROM (SELECT DISTINCT ON (bill_id) * FROM wallet.collection_line
             WHERE file_id = :file AND state = 'collected' ORDER BY bill_id, paid_at, id) AS m
     WHERE b.id = m.bill_id AND b.claimed_by IS NULL AND b.paid_by_payment IS NULL
       AND (b.status IN ('unpaid', 'appealed') OR (b.status = 'paid' AND b.paid_channel = :register))
    """
)
_END_SLIPS = text(
    """
    UPDATE wallet.payment_slip s SET ended_at = l.paid_at, ended_as = 'collected'
      FROM wallet.collection_line l
     WHERE l.file_id = :file AND l.state = 'collected' AND s.id = l.slip_id AND s.ended_as IS DISTINCT FROM 'collected'
    """
)
_STANDING = text(
    """
    SELECT l.id, l.bill_id, b.bureau, b.number, l.amount_twd, l.fee_twd, l.channel, l.paid_at, s.person_id
      FROM wallet.collection_line l
      JOIN wallet.bill b ON b.id = l.bill_id
      JOIN wallet.payment_slip s ON s.id = l.slip_id
     WHERE l.file_id = :file AND l.state = 'collected' AND b.status = 'paid' AND b.paid_by_payment IS NULL
       AND b.claimed_by IS NULL AND b.paid_channel = l.channel AND b.paid_at = l.paid_at
     ORDER BY l.row
    """
)
_COLLECTED = text(
    """
    SELECT l.id, b.bureau, l.amount_twd, l.fee_twd FROM wallet.collection_line l JOIN wallet.bill b ON b.id = l.bill_id
     WHERE l.file_id = :file AND l.state = 'collected' ORDER BY l.row
    """
)
