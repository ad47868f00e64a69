"""A file's staged lines against what is ours: set by set, each thing of ours at most once, whatever their order.

Of several lines about the same thing the first in the order of their content counts and the others are duplicates, so
that a reordered file comes to the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from wallet.reconciliation.expected import ACCOUNT, BOOKED_ON, JOINS, OURS, SUBJECT
from wallet.reconciliation.sources import Source


@dataclass(frozen=True, slots=True)
class Sum:
    """Lines that are booked alike. Money in NT$, each above zero or zero.

    `came` cleared what was owed to us on `account`, `went` what we owed; `placeless` are differences and lines that
    have no counterpart; `fee` is what the rail may keep, `fee_gap` what it kept beyond, either way. `is_dispute`: the
    fee is what a chargeback costs, and not the price of a payment.
    """

    account: str | None
    rail: str
    is_dispute: bool
    came_twd: int
    went_twd: int
    placeless_came_twd: int
    placeless_went_twd: int
    fee_twd: int
    fee_gap_twd: int


def match(session: Session, source: Source, file_id: UUID) -> int:
    """Keep the staged lines as this file's, each with what it was matched to. Answers how many were."""
    session.execute(
        _MATCH,
        {"file": file_id, "source": source.name, "rails": list(source.rails), "own_rail": source.own_rail,
         "within": source.line_within.days},
    )  # fmt: skip
    return int(session.execute(_MATCHED, {"file": file_id}).scalar_one())


def sums_of(session: Session, file_id: UUID) -> list[Sum]:
    """What there is to book of a file's lines."""
    return [Sum(*row) for row in session.execute(_SUMS, {"file": file_id})]


def open_breaks(session: Session, file_id: UUID, *, now: datetime) -> list[tuple[str, int, int]]:
    """A break for every line that does not fit. Answers kind, number and NT$ in question of each kind."""
    rows = session.execute(_BREAKS, {"file": file_id, "now": now})
    return [(row.kind, row.number, row.amount_twd) for row in rows]


def close_what_came(session: Session, file_id: UUID, *, now: datetime) -> int:
    """Things that were missing and stand in this file now: their breaks are closed. Answers how many."""
    return int(session.execute(_CAME, {"file": file_id, "now": now}).rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Latecomer:
    """Something of ours whose line had come before it: what it is worth, and where it stands in the book."""

    break_id: UUID
    file_id: UUID
    row: int
    source: str
    kind: str
    subject_id: UUID
    gross_twd: int
    ours_twd: int
    account: str
    value_date: date


def latecomers(session: Session, source: Source, *, limit: int) -> list[Latecomer]:
    """Lines without a counterpart that would have one by now, locked; at most `limit`."""
    rows = session.execute(_LATECOMERS, {"source": source.name, "rails": list(source.rails), "limit": limit})
    return [Latecomer(*row) for row in rows]


def take_latecomer(session: Session, late: Latecomer) -> None:
    """The line is matched after all."""
    session.execute(
        _TAKE_LATECOMER,
        {"file": late.file_id, "row": late.row, "subject": late.subject_id, "ours": late.ours_twd,
         "account": late.account},
    )  # fmt: skip


_MATCH = text(
    f"""
    INSERT INTO wallet.statement_line (file_id, row, source, nth, kind, status, subject_id, our_reference,
        their_reference, gross_twd, fee_twd, ours_twd, ours_fee_twd, account, rail, channel, value_date, is_late)
    SELECT :file, m.row, :source, m.nth, m.kind,
           CASE WHEN m.kind = 'fee' THEN 'fee' WHEN m.kind = 'carry' THEN 'carried' WHEN m.is_again THEN 'duplicate'
                WHEN m.ours_twd IS NULL THEN 'missing_ours' ELSE 'matched' END,
           m.subject_id, m.our_reference, m.their_reference, m.gross_twd, m.fee_twd,
           CASE WHEN m.is_again THEN NULL ELSE m.ours_twd END,
           CASE WHEN NOT m.is_again AND m.kind = 'payment' AND m.ours_twd IS NOT NULL
                 AND abs(m.fee_twd - allowed.twd) > allowed.tolerance_twd THEN allowed.twd END,
           m.account, m.rail, m.channel, m.value_date,
           coalesce(NOT m.is_again AND m.ours_twd IS NOT NULL AND m.kind = 'payment'
                    AND NOT m.value_date BETWEEN m.booked_on AND m.booked_on + CAST(:within AS integer), false)
      FROM (
        SELECT s.row, s.nth, s.kind, {SUBJECT} AS subject_id, s.our_reference, s.their_reference,
               s.gross_twd, s.fee_twd, s.value_date, s.channel, {OURS} AS ours_twd, {ACCOUNT} AS account,
               coalesce(p.rail, r.rail, CAST(:own_rail AS text)) AS rail, {BOOKED_ON} AS booked_on,
               s.kind NOT IN ('fee', 'carry')
               AND (s.nth > 1 OR done.file_id IS NOT NULL OR waiting.file_id IS NOT NULL) AS is_again
          FROM (
            SELECT staged.*, row_number() OVER (
                       PARTITION BY kind, channel, coalesce(subject_id::text, their_reference)
                       ORDER BY gross_twd, fee_twd, value_date, their_reference, row) AS nth
              FROM statement_staged AS staged
          ) AS s
          {JOINS}
          LEFT JOIN wallet.statement_line done
                 ON done.subject_id = {SUBJECT} AND done.kind = s.kind AND done.status = 'matched'
          LEFT JOIN wallet.statement_line waiting
                 ON waiting.their_reference = s.their_reference AND waiting.kind = s.kind
                AND waiting.source = :source AND waiting.channel = s.channel AND waiting.status = 'missing_ours'
      ) AS m
      LEFT JOIN LATERAL (
        SELECT f.fixed_twd + round(m.gross_twd * f.basis_points / 10000.0)::bigint AS twd, f.tolerance_twd
          FROM wallet.rail_fee f
         WHERE f.rail = m.rail AND m.kind = 'payment' AND f.valid_from <= m.value_date
           AND (f.valid_until IS NULL OR f.valid_until >= m.value_date)
         ORDER BY f.valid_from DESC LIMIT 1
      ) AS allowed ON true
    """  # noqa: S608
)
_MATCHED = text("SELECT count(*) FROM wallet.statement_line WHERE file_id = :file AND status = 'matched'")
_SUMS = text(
    """
    SELECT account, rail, is_dispute, sum(greatest(ours, 0))::bigint, sum(greatest(-ours, 0))::bigint,
           sum(greatest(gap, 0))::bigint, sum(greatest(-gap, 0))::bigint, sum(fee)::bigint, sum(fee_gap)::bigint
      FROM (SELECT CASE WHEN status = 'matched' THEN account END AS account, rail, coalesce(ours_twd, 0) AS ours,
                   kind IN ('chargeback', 'second_chargeback', 'chargeback_reversed') AS is_dispute,
                   gross_twd - coalesce(ours_twd, 0) AS gap, coalesce(ours_fee_twd, fee_twd) AS fee,
                   fee_twd - coalesce(ours_fee_twd, fee_twd) AS fee_gap
              FROM wallet.statement_line WHERE file_id = :file AND status <> 'carried') AS line
     GROUP BY account, rail, is_dispute ORDER BY account, rail, is_dispute
    """
)
_CAUSE = """
    CASE WHEN l.kind = 'transfer' THEN 'no_payout'
         WHEN l.kind IN ('correction', 'collection') THEN l.kind
         WHEN EXISTS (SELECT FROM wallet.reconciliation_break x WHERE x.subject_id = l.subject_id
                         AND x.closed_by = 'adjustment' AND x.cause = 'no_line') THEN 'adjusted_before'
         ELSE coalesce((SELECT 'payment_' || p.status FROM wallet.payment p WHERE p.id = l.subject_id),
                       (SELECT 'refund_' || f.status FROM wallet.refund_attempt a JOIN wallet.refund f
                                                       ON f.id = a.refund_id WHERE a.id = l.subject_id), 'not_known')
    END
"""
# Ids follow from what a break is about: the same file, in whatever order, makes the same breaks.
_BREAKS = text(
    f"""
    WITH found AS (
        SELECT l.*, 'missing_ours' AS break_kind, {_CAUSE} AS cause, NULL::bigint AS ours, l.gross_twd AS theirs,
               l.gross_twd AS suspense, coalesce(l.subject_id::text, l.their_reference) AS about
          FROM wallet.statement_line l WHERE l.file_id = :file AND l.status = 'missing_ours'
        UNION ALL
        SELECT l.*, 'duplicate', 'line_again', NULL, l.gross_twd, l.gross_twd,
               coalesce(l.subject_id::text, l.their_reference) || '|' || l.file_id || '|' || l.nth
          FROM wallet.statement_line l WHERE l.file_id = :file AND l.status = 'duplicate'
        UNION ALL
        SELECT l.*, 'amount', 'line_differs', l.ours_twd, l.gross_twd, l.gross_twd - l.ours_twd, l.subject_id::text
          FROM wallet.statement_line l
         WHERE l.file_id = :file AND l.status = 'matched' AND l.gross_twd <> l.ours_twd
        UNION ALL
        SELECT l.*, 'fee', 'contract_differs', l.ours_fee_twd, l.fee_twd, l.ours_fee_twd - l.fee_twd, l.subject_id::text
          FROM wallet.statement_line l WHERE l.file_id = :file AND l.ours_fee_twd IS NOT NULL
        UNION ALL
        SELECT l.*, 'date', 'out_of_time', l.ours_twd, l.gross_twd, 0, l.subject_id::text
          FROM wallet.statement_line l WHERE l.file_id = :file AND l.is_late
    ), opened AS (
        INSERT INTO wallet.reconciliation_break (id, kind, status, source, rail, cause, subject_kind, subject_id,
            our_reference, their_reference, ours_twd, theirs_twd, account, suspense_twd, file_id, row, occurred_on,
            opened_at)
        SELECT wallet.derived_id(concat_ws('|', break_kind, source, kind, about)), break_kind, 'open', source, rail,
               cause, kind, subject_id, our_reference, their_reference, ours, theirs, account, suspense, file_id, row,
               value_date, :now
          FROM found
        ON CONFLICT (id) DO NOTHING
        RETURNING id, kind, abs(coalesce(theirs_twd, 0) - coalesce(ours_twd, 0)) AS amount_twd, cause
    ), told AS (
        INSERT INTO wallet.break_history (break_id, at, what, note) SELECT id, :now, 'opened', cause FROM opened
    )
    SELECT kind, count(*) AS number, sum(amount_twd)::bigint AS amount_twd FROM opened GROUP BY kind ORDER BY kind
    """  # noqa: S608
)
_CAME = text(
    """
    WITH closed AS (
        UPDATE wallet.reconciliation_break b
           SET status = 'closed', closed_at = :now, closed_by = 'line_came'
          FROM wallet.statement_line l
         WHERE l.file_id = :file AND l.status = 'matched' AND b.subject_id = l.subject_id
           AND b.subject_kind = l.kind AND b.kind = 'missing_theirs' AND b.status <> 'closed'
        RETURNING b.id
    )
    INSERT INTO wallet.break_history (break_id, at, what, note) SELECT id, :now, 'closed', 'line_came' FROM closed
    """
)
_LATECOMERS = text(
    f"""
    SELECT s.break_id, s.file_id, s.row, s.source, s.kind, {SUBJECT}, s.gross_twd,
           {OURS} AS ours_twd, {ACCOUNT} AS account, s.value_date
      FROM (SELECT b.id AS break_id, l.* FROM wallet.reconciliation_break b
              JOIN wallet.statement_line l ON l.file_id = b.file_id AND l.row = b.row
             WHERE b.status <> 'closed' AND b.kind = 'missing_ours' AND b.source = :source
               AND l.status = 'missing_ours'
             ORDER BY b.id FOR UPDATE OF b) AS s
      {JOINS}
     WHERE {OURS} IS NOT NULL
       AND NOT EXISTS (SELECT FROM wallet.statement_line done
                        WHERE done.subject_id = {SUBJECT} AND done.kind = s.kind
                          AND done.status = 'matched')
     LIMIT :limit
    """  # noqa: S608
)
_TAKE_LATECOMER = text(
    "UPDATE wallet.statement_line SET status = 'matched', subject_id = :subject, ours_twd = :ours, account = :account "
    "WHERE file_id = :file AND row = :row AND status = 'missing_ours'"
)
