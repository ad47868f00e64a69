"""Does what the accounts say agree with what the transfers add up to?"""

from __future__ import annotations

from dataclasses import dataclass
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


def disagreements(session: Session) -> list[Disagreement]:
    """Replay the whole book in one snapshot and list every account whose counters differ; an empty list is good news.

    Reads every transfer: for nights and tests.
    """
    with typed_refusals():
        rows = session.execute(_REPLAY).all()
    return [Disagreement(row[0], row[1], tuple(row[2:6]), tuple(row[6:10])) for row in rows]


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
