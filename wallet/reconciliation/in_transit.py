"""Accounts that must return to zero: what each holds, what explains it, how old the oldest of it is.

The balance comes from the book, the explanation from payments, refunds, disputes and payouts that no line has settled
yet. Where the two differ the difference has no type, and the day cannot be closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from ledger import journal
from wallet import book
from wallet.reconciliation.expected import BOOKED_ON, CLEARING, MONEY_OF_PAYMENT, PAID, REFUND, STORE_CLEARING, TAKEN
from wallet.reconciliation.sources import SOURCES

_PREFIXES = (
    "bank_clearing:", "ach_clearing", "adyen_clearing", "ewallet_clearing:", "store_clearing:", "twqr_clearing",
    "bank_in_transit:",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InTransit:
    """One account. Money in NT$: `balance_twd` as the book has it, `explained_twd` the sum of its open items.

    `oldest_on` is the day of the oldest of its `items`; `within_days` how long one may take; `is_overdue` that the
    oldest took longer, or that something has no explanation.
    """

    account: str
    balance_twd: int
    explained_twd: int
    items: int
    oldest_on: date | None
    within_days: int
    is_overdue: bool

    @property
    def unexplained_twd(self) -> int:
        """What nothing explains: an untyped difference."""
        return self.balance_twd - self.explained_twd


def accounts(session: Session, *, now: datetime) -> list[InTransit]:
    """Every clearing, in-transit and suspense account, in the order of their codes."""
    session.execute(_PATIENCE)
    open_items, balances = _at_one_moment(session)
    within = _within_days()
    today = taipei_date(now)
    found = []
    for code, balance_twd in balances:
        if not (code.startswith(_PREFIXES) or code == book.BREAK_SUSPENSE):
            continue
        item = open_items.get(code)
        explained, count, oldest = (item.amount_twd, item.items, item.oldest_on) if item else (0, 0, None)
        days = within.get(code, within.get(code.split(":")[0], 7))
        is_old = oldest is not None and oldest + timedelta(days=days) < today
        found.append(InTransit(code, balance_twd, explained, count, oldest, days, is_old or balance_twd != explained))
    return found


def unexplained(session: Session, *, now: datetime) -> list[InTransit]:
    """The accounts whose balance is not the sum of what explains it."""
    return [account for account in accounts(session, now=now) if account.unexplained_twd]


def _at_one_moment(session: Session) -> tuple[dict[str, Any], list[tuple[str, int]]]:
    """What explains each account, and each account's balance.

    Payments go on while this is read. In two statements each of them would show up as a difference.
    """
    open_items: dict[str, Any] = {}
    balances: list[tuple[str, int]] = []
    for row in session.execute(_OPEN_ITEMS_AND_BALANCES, {"asset": book.TWD}):
        if row.items is None:
            balances.append((row.account, row.amount_twd))
        else:
            open_items[row.account] = row
    return open_items, sorted(balances)


def _within_days() -> dict[str, int]:
    days = {source.into: source.payout_within.days for source in SOURCES.values()}
    days[book.BREAK_SUSPENSE] = 7
    for source in SOURCES.values():
        for account in CLEARING_OF.get(source.name, ()):
            days[account] = source.line_within.days
    return days


CLEARING_OF = {
    "bank": (book.BANK_CLEARING,),
    "adyen": (book.ADYEN_CLEARING,),
    "ach": (book.ACH_CLEARING,),
    "jkopay": (book.ewallet_clearing("jkopay"),),
    "line_pay": (book.ewallet_clearing("line_pay"),),
    "stores": ("store_clearing",),
    "twqr": (book.TWQR_CLEARING,),
}

_PATIENCE = text("SET LOCAL statement_timeout = '30min'; SET LOCAL work_mem = '64MB'")
# Everything of ours that has moved a clearing account and stands on no statement. What an adjustment has closed is
# neither in the account nor here. A returned payment without any line came and went between two files.
_OPEN_ITEMS_AND_BALANCES = text(
    f"""
    WITH paid AS (
        SELECT p.id, {CLEARING.format(rail="p.rail")} AS account, {BOOKED_ON} AS booked_on,
               {MONEY_OF_PAYMENT} AS money_twd, (p.undone_at AT TIME ZONE 'Asia/Taipei')::date AS undone_on,
               EXISTS (SELECT FROM wallet.statement_line l
                        WHERE l.subject_id = p.id AND l.kind = 'payment' AND l.status = 'matched') AS has_line,
               coalesce((SELECT sum({TAKEN}) FROM wallet.taken_back t
                          WHERE t.payment_id = p.id AND t.how = 'returned'), 0) AS returned_twd
          FROM wallet.payment p WHERE p.status IN {PAID} AND p.booked_at IS NOT NULL
    ), sent AS (
        SELECT r.* FROM ({REFUND}) AS r WHERE r.is_done AND r.money_twd > 0
    ), taken AS (
        SELECT p.id, p.account, t.nth, sum({TAKEN}) AS money_twd,
               (min(t.taken_at) AT TIME ZONE 'Asia/Taipei')::date AS taken_on,
               (min(t.restored_at) AT TIME ZONE 'Asia/Taipei')::date AS restored_on
          FROM wallet.taken_back t JOIN paid p ON p.id = t.payment_id
         WHERE t.how = 'charged_back' GROUP BY p.id, p.account, t.nth
    ), item AS (
        SELECT account, booked_on AS occurred_on, money_twd - returned_twd AS amount_twd, id AS subject_id,
               'payment' AS kind
          FROM paid WHERE NOT has_line AND money_twd <> returned_twd
        UNION ALL
        SELECT account, undone_on, -returned_twd, id, 'return' FROM paid WHERE has_line AND returned_twd > 0
        UNION ALL
        SELECT account, taken_on, -money_twd, id, CASE nth WHEN 1 THEN 'chargeback' ELSE 'second_chargeback' END
          FROM taken
        UNION ALL
        SELECT account, restored_on, money_twd, id, 'chargeback_reversed' FROM taken WHERE restored_on IS NOT NULL
        UNION ALL
        SELECT account, (completed_at AT TIME ZONE 'Asia/Taipei')::date, -money_twd, id, 'refund' FROM sent
        UNION ALL
        SELECT account, NULL, money_twd, id, 'refund_reversed' FROM sent WHERE came_back
        UNION ALL
        SELECT {STORE_CLEARING.format(channel="channel")}, (paid_at AT TIME ZONE 'Asia/Taipei')::date,
               amount_twd + fee_twd, id, 'collection' FROM wallet.collection_line WHERE state = 'collected'
        UNION ALL
        SELECT {STORE_CLEARING.format(channel="e.channel")}, (e.paid_at AT TIME ZONE 'Asia/Taipei')::date,
               e.amount_twd, e.id, 'collection'
          FROM wallet.refund f JOIN wallet.external_payment e ON e.id = f.external_payment_id
         WHERE f.reason = 'paid_elsewhere_again'
           AND NOT EXISTS (SELECT FROM wallet.collection_line k WHERE k.id = e.id AND k.state = 'collected')
        UNION ALL
        SELECT {STORE_CLEARING.format(channel="e.channel")}, (e.paid_at AT TIME ZONE 'Asia/Taipei')::date,
               e.amount_twd, e.id, 'collection'
          FROM wallet.overpayment v JOIN wallet.external_payment e ON e.id = v.external_payment_id
         WHERE NOT EXISTS (SELECT FROM wallet.collection_line k WHERE k.id = e.id AND k.state = 'collected')
        UNION ALL
        SELECT 'bank_clearing:bank_of_kaohsiung', (returned_at AT TIME ZONE 'Asia/Taipei')::date, -amount_twd,
               return_id, 'refund'
          FROM wallet.overpayment WHERE status = 'returned'
        UNION ALL
        SELECT 'bank_in_transit:' || source, announced_on, amount_twd, id, 'transfer' FROM wallet.payout
        UNION ALL
        SELECT 'bank_in_transit:' || source, NULL, -gross_twd, NULL, 'carry' FROM wallet.statement_line
         WHERE status = 'carried'
    )
    SELECT account, sum(amount_twd)::bigint AS amount_twd, count(*)::int AS items, min(occurred_on) AS oldest_on
      FROM item
     WHERE NOT EXISTS (SELECT FROM wallet.statement_line l WHERE l.subject_id = item.subject_id AND l.kind = item.kind
                          AND l.status = 'matched')
       AND NOT EXISTS (SELECT FROM wallet.reconciliation_break b WHERE b.subject_id = item.subject_id
                          AND b.subject_kind = item.kind AND b.cause = 'no_line' AND b.closed_by = 'adjustment')
     GROUP BY account
    UNION ALL
    SELECT 'break_suspense', coalesce(-sum(suspense_twd), 0)::bigint, count(*)::int, min(occurred_on)
      FROM wallet.reconciliation_break WHERE status <> 'closed' AND suspense_twd <> 0
    UNION ALL
    SELECT code, balance, NULL, NULL FROM ({journal.BALANCES_NOW}) AS now
    """  # noqa: S608
)
