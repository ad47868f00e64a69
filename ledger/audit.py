"""Does what the accounts say agree with what the transfers add up to?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.errors import typed_refusals


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An account whose counters are not the sum of its transfers. Both as (debits, credits) posted, then held."""

    account_id: UUID
    code: str
    counted: tuple[int, int, int, int]
    replayed: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class DayDisagreement:
    """A day of a group of accounts whose counted sums are not those of its transfers. Both as (debits, credits)."""

    asset: str
    day: date
    accounts: str
    counted: tuple[int, int]
    replayed: tuple[int, int]


def disagreements(session: Session) -> list[Disagreement]:
    """Replay the whole book in one snapshot and list every account whose counters differ; an empty list is good news.

    Reads every transfer: for nights and tests.
    """
    with typed_refusals():
        rows = session.execute(_REPLAY).all()
    return [Disagreement(row[0], row[1], tuple(row[2:6]), tuple(row[6:10])) for row in rows]


def day_disagreements(session: Session) -> list[DayDisagreement]:
    """Add the transfers up again by day, as far as they are counted, and list every day whose sums differ.

    Reads every transfer: for nights and tests.
    """
    with typed_refusals():
        rows = session.execute(_DAYS_AGAIN).all()
    return [DayDisagreement(row[0], row[1], row[2], tuple(row[3:5]), tuple(row[5:7])) for row in rows]


_REPLAY = text(
    """
    WITH replayed AS (
        SELECT account_id, sum(dp)::bigint AS dp, sum(cp)::bigint AS cp, sum(dh)::bigint AS dh, sum(ch)::bigint AS ch
        FROM (
            SELECT debit_account AS account_id, ledger.posted_part(kind, amount) AS dp, 0 AS cp,
                   ledger.pending_part(kind, amount, held) AS dh, 0 AS ch
            FROM ledger.transfer
            UNION ALL
            SELECT credit_account, 0, ledger.posted_part(kind, amount), 0, ledger.pending_part(kind, amount, held)
            FROM ledger.transfer
        ) AS sides
        GROUP BY account_id
    )
    SELECT c.account_id, c.code, c.debits_posted, c.credits_posted, c.debits_pending, c.credits_pending,
           coalesce(r.dp, 0), coalesce(r.cp, 0), coalesce(r.dh, 0), coalesce(r.ch, 0)
    FROM ledger.counters AS c LEFT JOIN replayed AS r USING (account_id)
    WHERE (c.debits_posted, c.credits_posted, c.debits_pending, c.credits_pending)
          IS DISTINCT FROM (coalesce(r.dp, 0), coalesce(r.cp, 0), coalesce(r.dh, 0), coalesce(r.ch, 0))
    ORDER BY c.code
    """
)
_DAYS_AGAIN = text(
    """
    WITH side AS (
        SELECT t.asset, t.recorded_at, t.debit_account AS account_id, t.amount AS debits, 0 AS credits
        FROM ledger.transfer AS t, ledger.day_horizon AS h
        WHERE t.xact < h.horizon AND t.kind IN ('posted', 'post')
        UNION ALL
        SELECT t.asset, t.recorded_at, t.credit_account, 0, t.amount
        FROM ledger.transfer AS t, ledger.day_horizon AS h
        WHERE t.xact < h.horizon AND t.kind IN ('posted', 'post')
    ), replayed AS (
        SELECT s.asset, (s.recorded_at AT TIME ZONE 'Asia/Taipei')::date AS day,
               ledger.name_of_group(a.code) AS accounts,
               sum(s.debits)::bigint AS debits, sum(s.credits)::bigint AS credits
        FROM side AS s JOIN ledger.account AS a ON a.id = s.account_id
        GROUP BY 1, 2, 3
    )
    SELECT asset, day, accounts,
           coalesce(c.debits, 0), coalesce(c.credits, 0), coalesce(r.debits, 0), coalesce(r.credits, 0)
    FROM ledger.day_turnover AS c FULL JOIN replayed AS r USING (asset, day, accounts)
    WHERE (coalesce(c.debits, 0), coalesce(c.credits, 0)) <> (coalesce(r.debits, 0), coalesce(r.credits, 0))
    ORDER BY day, asset, accounts
    """
)
