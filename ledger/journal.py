"""The book as a journal: what was written in a span of time, account by account or transfer by transfer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class AccountMovement:
    """What moved on one account in a span of time, and where it stood at its end. `balance` is on its normal side."""

    code: str
    asset: str
    normal_side: str
    debits: int
    credits: int
    balance: int


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account with its posted and held totals; `balance` is what is posted, on its normal side."""

    code: str
    asset: str
    normal_side: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int
    balance: int


class Turnover(NamedTuple):
    """What was posted to one account in a span of time."""

    code: str
    debits: int
    credits: int


class JournalLine(NamedTuple):
    """One transfer that moved something."""

    recorded_at: datetime
    transfer_id: str
    debit: str
    credit: str
    amount: int
    reason: str
    subject: str


def movements(session: Session, asset: str, *, start: datetime, end: datetime) -> list[AccountMovement]:
    """Every account of the asset, with what moved from `start` until just before `end`.

    Reads every transfer until `end`: for nights and desks.
    """
    rows = session.execute(_MOVEMENTS, {"asset": asset, "start": start, "end": end})
    return [AccountMovement(*row) for row in rows]


def turnovers(session: Session, asset: str, *, start: datetime, end: datetime) -> list[Turnover]:
    """The accounts on which something was posted from `start` until just before `end`; reads that span alone."""
    rows = session.execute(_TURNOVERS, {"asset": asset, "start": start, "end": end})
    return [Turnover(*row) for row in rows]


def balances(session: Session, asset: str, as_of: datetime | None = None) -> list[AccountBalance]:
    """Every account of the asset as it stands, or as it stood at a moment."""
    rows = session.execute(_BALANCES if as_of is None else _BALANCES_AS_OF, {"asset": asset, "as_of": as_of})
    return [AccountBalance(*row) for row in rows]


def journal(session: Session, asset: str, *, start: datetime, end: datetime) -> Iterator[JournalLine]:
    """The transfers of a span in the order they were recorded, as they come from the database (COPY): constant memory.

    Holds are not among them; what they became is.
    """
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(_JOURNAL, {"asset": asset, "start": start, "end": end}) as copy:
        copy.set_types(["timestamptz", "text", "text", "text", "int8", "text", "text"])
        for row in copy.rows():
            yield JournalLine(*row)


_SIDES = """
    SELECT debit_account AS account_id, recorded_at, ledger.posted_part(kind, amount) AS dp, 0::bigint AS cp,
           ledger.pending_part(kind, amount, held) AS dh, 0::bigint AS ch
      FROM ledger.transfer WHERE recorded_at {until} AND asset = :asset
    UNION ALL
    SELECT credit_account, recorded_at, 0, ledger.posted_part(kind, amount), 0,
           ledger.pending_part(kind, amount, held)
      FROM ledger.transfer WHERE recorded_at {until} AND asset = :asset
"""
_MOVEMENTS = text(
    f"""
    SELECT a.code, a.asset, a.normal_side, coalesce(sum(dp) FILTER (WHERE recorded_at >= :start), 0)::bigint,
           coalesce(sum(cp) FILTER (WHERE recorded_at >= :start), 0)::bigint,
           (coalesce(sum(dp - cp), 0) * CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END)::bigint
      FROM ledger.account a LEFT JOIN ({_SIDES.format(until="< :end")}) AS s ON s.account_id = a.id
     WHERE a.asset = :asset
     GROUP BY a.id, a.code, a.asset, a.normal_side ORDER BY a.code
    """  # noqa: S608
)
_TURNOVERS = text(
    """
    SELECT a.code, sum(s.debits)::bigint, sum(s.credits)::bigint
      FROM (SELECT debit_account AS account_id, sum(amount) AS debits, 0 AS credits FROM ledger.transfer
             WHERE asset = :asset AND kind IN ('posted', 'post') AND recorded_at >= :start AND recorded_at < :end
             GROUP BY 1
             UNION ALL
            SELECT credit_account, 0, sum(amount) FROM ledger.transfer
             WHERE asset = :asset AND kind IN ('posted', 'post') AND recorded_at >= :start AND recorded_at < :end
             GROUP BY 1) AS s
      JOIN ledger.account a ON a.id = s.account_id
     GROUP BY a.code ORDER BY a.code
    """
)
# For whoever has to see balances and something else in one statement, which is one moment: code, balance.
BALANCES_NOW = """
    SELECT code, (debits_posted - credits_posted) * CASE normal_side WHEN 'debit' THEN 1 ELSE -1 END AS balance
      FROM ledger.counters WHERE asset = :asset
"""
_BALANCES = text(
    """
    SELECT code, asset, normal_side, debits_posted, credits_posted, debits_pending, credits_pending,
           (debits_posted - credits_posted) * CASE normal_side WHEN 'debit' THEN 1 ELSE -1 END
      FROM ledger.counters WHERE asset = :asset ORDER BY code
    """
)
_BALANCES_AS_OF = text(
    f"""
    SELECT a.code, a.asset, a.normal_side, coalesce(sum(dp), 0)::bigint, coalesce(sum(cp), 0)::bigint,
           coalesce(sum(dh), 0)::bigint, coalesce(sum(ch), 0)::bigint,
           (coalesce(sum(dp - cp), 0) * CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END)::bigint
      FROM ledger.account a LEFT JOIN ({_SIDES.format(until="<= :as_of")}) AS s ON s.account_id = a.id
     WHERE a.asset = :asset
     GROUP BY a.id, a.code, a.asset, a.normal_side ORDER BY a.code
    """  # noqa: S608
)
_JOURNAL = """
    COPY (
        SELECT t.recorded_at, t.id::text, d.code, c.code, t.amount, t.reason, t.subject
          FROM ledger.transfer t
          JOIN ledger.account d ON d.id = t.debit_account
          JOIN ledger.account c ON c.id = t.credit_account
         WHERE t.asset = %(asset)s AND t.kind IN ('posted', 'post')
           AND t.recorded_at >= %(start)s AND t.recorded_at < %(end)s
         ORDER BY t.recorded_at, t.id
    ) TO STDOUT
"""
