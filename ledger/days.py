"""What moved on each day in Taipei and where accounts stood at its end, added up by groups of accounts.

Transfers are counted into `ledger.day_turnover` behind those who write, by transaction and never by time: each is
counted once all transactions up to its own have ended, whatever day it says it is of. A reader adds what is not counted
yet, so the answer is exact at any moment, and takes as long with ten years of transfers as with one.

A group is the first two parts of the accounts' codes ("points:person"). All groups of an asset together are zero.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.errors import typed_refusals

MOST_IN_ONE: Final = 100_000
_BEGINNING: Final = date(1970, 1, 1)


def sum_up(session: Session, *, most: int = MOST_IN_ONE) -> int:
    """Count the next transfers of transactions that have ended, about `most` of them. Answers how many."""
    with typed_refusals():
        return int(session.execute(_SUM_UP, {"most": most}).scalar_one())


def group_balances(session: Session, asset: str, *, until: date) -> dict[str, int]:
    """What is posted, credits less debits, by group, as it stood at the end of that day in Taipei."""
    return group_turnovers(session, asset, first=_BEGINNING, last=until)


def group_turnovers(session: Session, asset: str, *, first: date, last: date) -> dict[str, int]:
    """By how much each group grew, credits less debits, from the first to the last day in Taipei."""
    values = {"asset": asset, "first": first, "last": last}
    while True:
        # PostgreSQL plans well only with the horizon itself; one that has moved meanwhile is seen afterwards.
        with typed_refusals():
            horizon = session.execute(_HORIZON).scalar_one()
        rows = session.execute(_TURNOVERS, {**values, "horizon": horizon}).all()
        if session.execute(_HORIZON).scalar_one() == horizon:
            return {row.accounts: int(row.balance) for row in rows}


_HORIZON = text("SELECT ledger.reached(horizon)::text FROM ledger.day_horizon")
_SUM_UP = text("SELECT ledger.sum_up_days(:most)")
_NOT_COUNTED = """
    FROM ledger.transfer
   WHERE xact >= CAST(:horizon AS xid8) AND asset = :asset
     AND kind IN ('posted', 'post') AND (recorded_at AT TIME ZONE 'Asia/Taipei')::date BETWEEN :first AND :last
   GROUP BY 1
"""
_TURNOVERS = text(
    f"""
    SELECT accounts, sum(balance) AS balance
      FROM (SELECT accounts, sum(credits - debits) AS balance FROM ledger.day_turnover
             WHERE asset = :asset AND day BETWEEN :first AND :last GROUP BY 1
             UNION ALL
            SELECT ledger.name_of_group(a.code), sum(s.balance)
              FROM (SELECT credit_account AS account_id, sum(amount) AS balance {_NOT_COUNTED}
                     UNION ALL SELECT debit_account, -sum(amount) {_NOT_COUNTED}) AS s
              JOIN ledger.account AS a ON a.id = s.account_id GROUP BY 1) AS each
     GROUP BY 1 ORDER BY 1
    """  # noqa: S608
)
