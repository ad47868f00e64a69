"""The weekly settlement: what was redeemed at a merchant less what was given back, NT$1 for each point.

The week is cut on Monday, 00:00 in Taipei. A merchant's settlement is one transaction: it marks the redemptions and
refunds that it is about, moves the points and the cost in the book, and orders the payment. It is unique for merchant
and cut, so that settling twice, or at two places at once, settles once.

A redemption that is voided before it was marked was never owed. What comes back later counts in the next settlement: a
refund is marked only where its redemption is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid, typeid
from ledger import book
from ledger.book import Posting
from points.campaigns import ASSET
from points.merchants import accounts, payouts
from points.merchants.errors import SettlementNotStopped
from points.merchants.payouts import Order

_MERCHANTS_PER_SWEEP = 500
_log = logging.getLogger("mykaohsiung.points")


@dataclass(frozen=True, slots=True)
class Sums:
    """What a bureau's points of one settlement come to."""

    bureau: str
    redeemed: int
    refunded: int

    @property
    def net(self) -> int:
        return self.redeemed - self.refunded


def latest_cut(now: datetime) -> date:
    """The Monday at whose midnight in Taipei the last week was cut."""
    today = taipei_date(now)
    return today - timedelta(days=today.weekday())


def settle_due(now: datetime) -> int:
    """Settle every merchant that has something unsettled from before the cut, each by itself; answers how many."""
    until = latest_cut(now)
    with db.unit_of_work() as session:
        due = session.execute(_DUE, {"until": until, "limit": _MERCHANTS_PER_SWEEP}).all()
    settled = 0
    for (merchant_id,) in due:
        try:
            with db.unit_of_work() as session:
                settled += settle(session, merchant_id, until=until, now=now) is not None
        except Exception:
            # One merchant's fault must not keep the others from their money; it is tried again.
            _log.exception("the settlement of %s until %s failed", typeid("mer", merchant_id), until)
    return settled


def settle(session: Session, merchant_id: UUID, *, until: date, now: datetime) -> UUID | None:
    """Settle one merchant until that Monday; None where that is done, or there is nothing to settle."""
    merchant = session.execute(_MERCHANT, {"id": merchant_id}).one()
    if session.execute(_IS_DONE, {"merchant_id": merchant_id, "until": until}).first() is not None:
        return None
    settlement_id = new_uuid()
    marked = {"id": settlement_id, "merchant_id": merchant_id, "until": until}
    redemptions = session.execute(_MARK_REDEMPTIONS, marked).one()
    refunds = session.execute(_MARK_REFUNDS, marked).one()
    if not redemptions.times and not refunds.times:
        return None
    sums = _by_bureau(session, settlement_id)
    # What the till says and what the lots say is the same, to the point: else the book would not close.
    assert sum(each.redeemed for each in sums) == redemptions.points, "redeemed points that no lot lost"
    assert sum(each.refunded for each in sums) == refunds.points, "refunded points that no lot got back"
    carried = int(session.execute(_CARRIED, {"merchant_id": merchant_id}).scalar() or 0)
    total = redemptions.points - refunds.points + carried
    session.execute(
        _WRITE,
        {**marked, "redeemed": redemptions.points, "refunded": refunds.points, "redemptions": redemptions.times,
         "refunds": refunds.times, "carried": carried, "amount": max(total, 0), "carried_on": min(total, 0),
         "status": "waiting" if total > 0 else "carried", "now": now},
    )  # fmt: skip
    session.execute(
        _WRITE_LINES,
        [{"id": settlement_id, "bureau": each.bureau, "redeemed": each.redeemed, "refunded": each.refunded}
         for each in sums],
    )  # fmt: skip
    _post(session, settlement_id, merchant_id, sums, now)
    if total > 0:
        _order(session, merchant, settlement_id, total, until, now)
    return settlement_id


def order_waiting(session: Session, merchant_id: UUID, *, now: datetime) -> int:
    """Order the payment of everything that waits for this merchant's account; answers how many. Locks the merchant."""
    merchant = session.execute(_MERCHANT, {"id": merchant_id}).one()
    waiting = session.execute(_WAITING, {"merchant_id": merchant_id}).all()
    return sum(_order(session, merchant, row.id, row.amount_twd, row.until, now) for row in waiting)


def send_again(session: Session, settlement_id: UUID, *, now: datetime) -> None:
    """Order a payment anew that stopped because the bank took no file. Raises NotFound, SettlementNotStopped."""
    row = session.execute(_STOPPED, {"id": settlement_id}).first()
    if row is None:
        raise NotFound
    if row.status != "stopped":
        raise SettlementNotStopped
    session.execute(_WAITS, {"id": settlement_id, "reason": ""})
    order_waiting(session, row.merchant_id, now=now)


def _order(session: Session, merchant: Any, settlement_id: UUID, amount_twd: int, until: date, now: datetime) -> bool:
    """False where the merchant has no account that the bank pays to: then it waits for one."""
    if merchant.bank_proven_at is None or merchant.bank_refused is not None:
        return False
    first = until - timedelta(days=7)
    last = until - timedelta(days=1)
    order = Order(
        purpose="settlement",
        subject_id=settlement_id,
        payee=merchant.name,
        bank_code=merchant.bank_code,
        account=merchant.bank_account,
        amount_twd=amount_twd,
        remark=f"高雄點數結算 {first:%m/%d}–{last:%m/%d}",
        debit_code=accounts.payable_code(merchant.id),
    )
    payouts.order(session, order, now=now)
    session.execute(_ORDERED, {"id": settlement_id})
    return True


def _by_bureau(session: Session, settlement_id: UUID) -> list[Sums]:
    of = {"id": settlement_id}
    redeemed = {row.bureau: int(row.points) for row in session.execute(_REDEEMED_BY_BUREAU, of)}
    refunded = {row.bureau: int(row.points) for row in session.execute(_REFUNDED_BY_BUREAU, of)}
    bureaus = sorted(redeemed.keys() | refunded.keys())
    return [Sums(bureau, redeemed.get(bureau, 0), refunded.get(bureau, 0)) for bureau in bureaus]


def _post(session: Session, settlement_id: UUID, merchant_id: UUID, sums: list[Sums], now: datetime) -> None:
    redeemed = accounts.opened(session, accounts.redeemed_code(merchant_id), now)
    settled = accounts.opened(session, accounts.SETTLED, now)
    payable = accounts.opened(session, accounts.payable_code(merchant_id), now)
    subject = typeid("stl", settlement_id)
    postings = [_moved(settlement_id, "points", redeemed, settled, sum(each.net for each in sums), ASSET, subject)]
    for each in sums:
        cost = accounts.opened(session, accounts.cost_code(each.bureau), now)
        postings.append(_moved(settlement_id, each.bureau, cost, payable, each.net, accounts.TWD, subject))
    group = [posting for posting in postings if posting is not None]
    if group:
        book.record(session, group, now=now)


def _moved(
    settlement_id: UUID, what: str, debit: UUID, credit: UUID, amount: int, asset: str, subject: str
) -> Posting | None:
    """Moved from debit to credit; an amount below zero the other way round, and nothing for none."""
    if amount < 0:
        debit, credit = credit, debit
    transfer_id = uuid5(settlement_id, f"settled {what}")
    reason = "points settled with merchant"
    return Posting(transfer_id, debit, credit, abs(amount), asset, reason, subject) if amount else None


# A merchant's branches, redemptions and staff refer to its row: this lock lets them go on.
_MERCHANT = text(
    """
    SELECT id, name, bank_code, bank_account, bank_proven_at, bank_refused FROM points.merchant
     WHERE id = :id FOR NO KEY UPDATE
    """
)
_DUE = text(
    """
    SELECT merchant_id FROM (
        SELECT merchant_id FROM points.redemption
         WHERE settlement_id IS NULL AND status = 'done' AND business_day < :until
        UNION
        SELECT f.merchant_id FROM points.redemption_refund f
          JOIN points.redemption r ON r.id = f.redemption_id AND r.settlement_id IS NOT NULL
         WHERE f.settlement_id IS NULL AND f.business_day < :until
    ) AS open
     WHERE NOT EXISTS (SELECT FROM points.settlement s WHERE s.merchant_id = open.merchant_id AND s.until = :until)
     ORDER BY merchant_id LIMIT :limit
    """
)
_IS_DONE = text("SELECT FROM points.settlement WHERE merchant_id = :merchant_id AND until = :until")
# A void that holds the row makes this wait, and is seen for what it then is.
_MARK_REDEMPTIONS = text(
    """
    WITH marked AS (
        UPDATE points.redemption SET settlement_id = :id
         WHERE merchant_id = :merchant_id AND settlement_id IS NULL AND status = 'done' AND business_day < :until
        RETURNING points
    )
    SELECT count(*)::integer AS times, coalesce(sum(points), 0)::bigint AS points FROM marked
    """
)
_MARK_REFUNDS = text(
    """
    WITH marked AS (
        UPDATE points.redemption_refund AS f SET settlement_id = :id
          FROM points.redemption AS r
         WHERE f.merchant_id = :merchant_id AND f.settlement_id IS NULL AND f.business_day < :until
           AND r.id = f.redemption_id AND r.settlement_id IS NOT NULL
        RETURNING f.points
    )
    SELECT count(*)::integer AS times, coalesce(sum(points), 0)::bigint AS points FROM marked
    """
)
_REDEEMED_BY_BUREAU = text(
    """
    SELECT c.bureau, sum(p.points)::bigint AS points
      FROM points.redemption r
      JOIN points.tender_part p ON p.payment_id = r.id
      JOIN points.lot l ON l.person_id = p.person_id AND l.id = p.lot_id
      JOIN points.campaign c ON c.id = l.campaign_id
     WHERE r.settlement_id = :id GROUP BY c.bureau
    """
)
# Each entry of a refund names the lot that got its points back, and the refund as its cause.
_REFUNDED_BY_BUREAU = text(
    """
    SELECT c.bureau, sum(e.amount)::bigint AS points
      FROM points.redemption_refund f
      JOIN points.tender_part p ON p.payment_id = f.redemption_id
      JOIN points.entry e ON e.lot_id = p.lot_id AND e.kind = 'return' AND e.cause_id = f.id
      JOIN points.lot l ON l.person_id = p.person_id AND l.id = p.lot_id
      JOIN points.campaign c ON c.id = l.campaign_id
     WHERE f.settlement_id = :id GROUP BY c.bureau
    """
)
_CARRIED = text(
    "SELECT carried_on_twd FROM points.settlement WHERE merchant_id = :merchant_id ORDER BY until DESC LIMIT 1"
)
_WRITE = text(
    """
    INSERT INTO points.settlement (id, merchant_id, until, redeemed_points, refunded_points, redemptions, refunds,
                                   carried_twd, amount_twd, carried_on_twd, status, settled_at)
    VALUES (:id, :merchant_id, :until, :redeemed, :refunded, :redemptions, :refunds, :carried, :amount, :carried_on,
            :status, :now)
    """
)
_WRITE_LINES = text(
    "INSERT INTO points.settlement_line (settlement_id, bureau, redeemed_points, refunded_points) "
    "VALUES (:id, :bureau, :redeemed, :refunded)"
)
_WAITING = text(
    "SELECT id, amount_twd, until FROM points.settlement WHERE merchant_id = :merchant_id AND status = 'waiting' "
    "ORDER BY until"
)
_ORDERED = text("UPDATE points.settlement SET status = 'ordered', reason = '' WHERE id = :id")
_WAITS = text("UPDATE points.settlement SET status = 'waiting', reason = :reason WHERE id = :id")
_STOPPED = text("SELECT merchant_id, status FROM points.settlement WHERE id = :id FOR UPDATE")
