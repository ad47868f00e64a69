"""What a partner says becomes a state, and the states that rest become entries of the book, once and whole."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.ids import new_uuid
from ledger import book
from partners.exchanging import Standing
from points import debts, limits, tender
from points.campaigns import ASSET
from points.entries import About, Change, account_code, write_history
from points.exchange import exchanges, ports, states, terms, texts
from points.exchange.exchanges import Exchange
from points.lots import end_of_lot

_FIRST_ASK: Final = timedelta(seconds=2)
_LONGEST_WAIT: Final = timedelta(minutes=5)


def record(session: Session, exchange_id: UUID, said: Standing, *, to_cancel: bool = False, now: datetime) -> Exchange:
    """Commit what the partner says; what comes late, twice or after the end changes nothing.

    `to_cancel`: it is the answer to a cancellation. While one is under way nothing else may end an exchange as done:
    the partner may say so a moment before it takes it back.
    """
    exchange = exchanges.locked(session, exchange_id)
    if exchange.is_resting:
        return exchange
    is_cancelling = exchange.status == states.CANCELLING
    if said.state in ("refused", "cancelled"):
        reason = said.reason or (exchange.reason if is_cancelling else "") or "cancelled"
        undo(session, exchange, reason, now=now)
    elif is_cancelling and not to_cancel:
        pass
    elif said.state == "done" and (to_cancel or said.value == exchange.value or not _takes_back(exchange)):
        do(session, exchange, said, now=now)
    elif said.value != exchange.value:
        _move(session, exchange, states.CANCELLING, "other_amount", next_at=now)
    elif said.state == "reserved" and states.may_move(exchange.status, states.RESERVED):
        _move(session, exchange, states.RESERVED, next_at=now + exchanges.LEASE)
    elif said.state == "pending" and states.may_move(exchange.status, states.WAITING):
        _move(session, exchange, states.WAITING, next_at=now + _FIRST_ASK)
    return exchanges.get(session, exchange_id)


def do(session: Session, exchange: Exchange, said: Standing, *, now: datetime) -> None:
    """The value has changed hands: the points are spent, or granted, in the same commit. `exchange` is locked."""
    _end(session, exchange, states.DONE, "", said=said, now=now)
    if exchange.direction == "out":
        tender.spend(session, payment_id=exchange.id, now=now)
        book.settle(session, [book.Settlement(exchange.budget_hold_id(), reason="exchanged")], now=now)
    else:
        _grant(session, exchange, now)
    exchanges.tell_done(session, exchange, now=now)


def undo(session: Session, exchange: Exchange, reason: str, *, now: datetime) -> None:
    """Nothing has changed hands: what was set aside is free again. `exchange` is locked."""
    was_counted = exchange.status != states.HELD
    _end(session, exchange, states.UNDONE, reason, said=None, now=now)
    if exchange.direction == "out":
        tender.release(session, payment_id=exchange.id, now=now)
        book.release(session, [book.Release(exchange.budget_hold_id(), "not exchanged")], now=now)
    if was_counted:
        subjects: dict[limits.Scope, str] = {"person": str(exchange.person_id), "partner": exchange.partner}
        limits.forget(session, subjects, exchange.points, exchange.created_at)
    exchanges.tell_undone(session, exchange, reason, now=now)


def not_known(session: Session, exchange_id: UUID, *, now: datetime) -> None:
    """No answer: it may have happened. It is asked for by our reference until somebody knows."""
    exchange = exchanges.locked(session, exchange_id)
    if states.may_move(exchange.status, states.UNKNOWN):
        _move(session, exchange, states.UNKNOWN, next_at=now + _FIRST_ASK)
    else:
        ask_later(session, exchange, now=now)


def never_reached(session: Session, exchange_id: UUID, reason: str, *, now: datetime) -> None:
    """The order certainly never came into being at the partner."""
    exchange = exchanges.locked(session, exchange_id)
    if exchange.status == states.ORDERED and exchange.begun_times == 1:
        undo(session, exchange, reason, now=now)
    else:
        # Somebody else has sent it again meanwhile, and may have been heard.
        not_known(session, exchange_id, now=now)


def cancel(session: Session, exchange_id: UUID, reason: str, *, now: datetime) -> None:
    """From now on the exchange goes back, not forward."""
    exchange = exchanges.locked(session, exchange_id)
    if states.may_move(exchange.status, states.CANCELLING):
        _move(session, exchange, states.CANCELLING, reason, next_at=now)


def send_again(session: Session, exchange_id: UUID, *, now: datetime) -> bool:
    """Write down that the order is about to be sent once more; False where it has moved on meanwhile."""
    exchange = exchanges.locked(session, exchange_id)
    if exchange.status not in (states.ORDERED, states.UNKNOWN):
        return False
    session.execute(_BEGUN_AGAIN, {"id": exchange_id, "next_at": now + exchanges.LEASE})
    return True


def ask_later(session: Session, exchange: Exchange, *, now: datetime) -> None:
    """Ask again after 2, 4, 8 … seconds, 5 minutes at the most."""
    if not exchange.is_resting:
        wait = min(_FIRST_ASK * 2 ** min(exchange.asked_times, 10), _LONGEST_WAIT)
        session.execute(_LATER, {"id": exchange.id, "next_at": now + wait})


def _takes_back(exchange: Exchange) -> bool:
    return ports.partner(exchange.partner).takes_back


def _grant(session: Session, exchange: Exchange, now: datetime) -> None:
    """The partner's points are ours now, so a lot is granted from them: the partner's clearing account pays for it."""
    campaign_id, months = terms.campaign_of(session, exchange.partner)
    lot_id = new_uuid()
    session.execute(
        _ADD_LOT,
        {"person_id": exchange.person_id, "id": lot_id, "campaign_id": campaign_id, "deed_id": exchange.id,
         "points": exchange.points, "now": now, "expires_at": end_of_lot(now, months)},
    )  # fmt: skip
    person = book.open_account(session, account_code(exchange.person_id), ASSET, now=now, never_negative=True)
    source = book.account_id(f"points:campaign:{terms.source_code(exchange.partner)}")
    clearing = book.account_id(terms.clearing_code(exchange.partner))
    words = texts.EARNED[exchange.partner].format(points=f"{exchange.points:,}")
    earned = Change(
        exchange.person_id, lot_id, About("exchange", exchange.id), "earn", exchange.id, exchange.points, source, words
    )
    write_history(session, [earned], [earned.transfer_id], now=now)
    subject = exchange.order.reference
    book.post(
        session,
        [
            book.Posting(
                uuid5(exchange.id, "from partner"), clearing, source, exchange.points, ASSET, "exchange in", subject
            ),
            book.Posting(earned.transfer_id, source, person, exchange.points, ASSET, "points earn", str(lot_id)),
        ],
        now=now,
    )  # fmt: skip
    debts.repay(
        session, person_id=exchange.person_id, lot_id=lot_id, about=earned.about, cause_id=exchange.id,
        points=exchange.points, now=now,
    )  # fmt: skip


def _end(
    session: Session, exchange: Exchange, status: str, reason: str, *, said: Standing | None, now: datetime
) -> None:
    day: date | None = taipei_date(said.at) if said else None
    session.execute(
        _END,
        {"id": exchange.id, "status": status, "reason": reason, "now": now, "day": day,
         "theirs": said.partner_reference if said else None, "value": said.value if said else None},
    )  # fmt: skip


def _move(session: Session, exchange: Exchange, status: str, reason: str = "", *, next_at: datetime) -> None:
    values = {"id": exchange.id, "status": status, "reason": reason, "next_at": next_at}
    session.execute(_MOVE, values)


_MOVE = text(
    "UPDATE points.exchange SET status = :status, reason = :reason, next_at = :next_at, asked_times = 0 WHERE id = :id"
)
_END = text(
    """
    UPDATE points.exchange SET status = :status, reason = :reason, next_at = NULL, ended_at = :now,
           partner_reference = coalesce(:theirs, partner_reference), partner_value = :value, partner_day = :day
     WHERE id = :id
    """
)
_LATER = text("UPDATE points.exchange SET next_at = :next_at, asked_times = asked_times + 1 WHERE id = :id")
_BEGUN_AGAIN = text("UPDATE points.exchange SET begun_times = begun_times + 1, next_at = :next_at WHERE id = :id")
_ADD_LOT = text(
    """
    INSERT INTO points.lot (person_id, id, campaign_id, deed_id, amount, remaining, earned_at, expires_at)
    VALUES (:person_id, :id, :campaign_id, :deed_id, :points, :points, :now, :expires_at)
    """
)
