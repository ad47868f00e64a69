"""How an exchange comes to its end: one of done and undone, however the partner behaves.

Three steps, each time: the intent is committed, with our reference; the partner is called with no transaction open and
that reference as idempotency key; what it says is committed. After silence the partner is asked under our reference
until it says. An order that it has never seen is sent again while the citizen waits; after that its reference is shut
at the partner, so that nothing can come of it later, and only then the points are free. Killed between any two steps,
the exchange is taken up by the sweep where the last commit left it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from core import db
from partners import wire
from partners.exchanging import Standing
from points.exchange import exchanges, outcomes, ports, states
from points.exchange.exchanges import Exchange

_SEND_AGAIN_WITHIN: Final = timedelta(minutes=2)
_MOST_WAITING: Final = timedelta(hours=24)
_MOST_CALLS: Final = 6
_log = logging.getLogger("mykaohsiung.points")


def drive_due(now: datetime) -> int:
    """Take up every exchange that is due; safe to run twice and by two at once. Answers how many."""
    with db.unit_of_work() as session:
        rows = session.execute(_LEASE_DUE, {"now": now, "until": now + exchanges.LEASE}).all()
    for row in rows:
        try:
            drive(row.id, now=now)
        except Exception:
            # One that cannot go on must not keep the others waiting; it stays open and is seen.
            _log.exception("exchange %s cannot go on", row.id)
    return len(rows)


def drive(exchange_id: UUID, *, now: datetime, is_first: bool = False) -> Exchange:
    """Go on with an exchange as far as the partner lets it. `is_first`: its order was certainly not sent before."""
    for _ in range(_MOST_CALLS):
        with db.single_statements() as session:
            exchange = exchanges.get(session, exchange_id)
        if exchange.is_resting or exchange.status == states.HELD or ports.partner(exchange.partner).works_by_file:
            break
        goes_on = _next_call(exchange, is_first=is_first, now=now)
        is_first = False
        if not goes_on:
            break
    with db.single_statements() as session:
        return exchanges.get(session, exchange_id)


def _next_call(exchange: Exchange, *, is_first: bool, now: datetime) -> bool:
    """One call and the commit of what it says. Answers whether there is more to do at once."""
    match exchange.status:
        case states.ORDERED if is_first:
            return _begin(exchange, is_first=True, now=now)
        case states.RESERVED:
            return _confirm(exchange, now)
        case states.CANCELLING:
            return _cancel(exchange, now)
        case _:
            return _ask(exchange, now)


def _begin(exchange: Exchange, *, is_first: bool, now: datetime) -> bool:
    try:
        said = ports.partner(exchange.partner).begin(exchange.order)
    except wire.CallFailed as failure:
        is_certain = is_first and not failure.may_have_acted
        with db.unit_of_work() as session:
            if is_certain:
                outcomes.never_reached(session, exchange.id, _why(failure), now=now)
            else:
                outcomes.not_known(session, exchange.id, now=now)
        return False
    return _answered(exchange, said, now)


def _confirm(exchange: Exchange, now: datetime) -> bool:
    try:
        said = ports.partner(exchange.partner).confirm(exchange.order)
    except wire.CallFailed as failure:
        with db.unit_of_work() as session:
            if failure.may_have_acted or isinstance(failure, wire.Refused):
                outcomes.not_known(session, exchange.id, now=now)
            else:
                outcomes.ask_later(session, exchanges.locked(session, exchange.id), now=now)
        return False
    return _answered(exchange, said, now)


def _cancel(exchange: Exchange, now: datetime) -> bool:
    try:
        said = ports.partner(exchange.partner).cancel(exchange.order)
    except wire.CallFailed:
        with db.unit_of_work() as session:
            outcomes.ask_later(session, exchanges.locked(session, exchange.id), now=now)
        return False
    with db.unit_of_work() as session:
        outcomes.record(session, exchange.id, said, to_cancel=True, now=now)
    return False


def _ask(exchange: Exchange, now: datetime) -> bool:
    try:
        said = ports.partner(exchange.partner).ask(exchange.order)
    except wire.CallFailed:
        said = None
    else:
        if said is None:
            return _never_seen(exchange, now)
    if said is not None and said.state != "pending":
        return _record(exchange, said, now)
    is_overdue = exchange.status == states.WAITING and now - exchange.created_at > _MOST_WAITING
    with db.unit_of_work() as session:
        if is_overdue:
            outcomes.cancel(session, exchange.id, "no_answer", now=now)
        elif said is not None and exchange.status != states.WAITING:
            outcomes.record(session, exchange.id, said, now=now)
        else:
            outcomes.ask_later(session, exchanges.locked(session, exchange.id), now=now)
    return is_overdue


def _never_seen(exchange: Exchange, now: datetime) -> bool:
    if exchange.status in (states.ORDERED, states.UNKNOWN) and now - exchange.created_at < _SEND_AGAIN_WITHIN:
        with db.unit_of_work() as session:
            may_send = outcomes.send_again(session, exchange.id, now=now)
        return may_send and _begin(exchange, is_first=False, now=now)
    with db.unit_of_work() as session:
        outcomes.cancel(session, exchange.id, "no_answer", now=now)
    return True


def _answered(exchange: Exchange, said: Standing, now: datetime) -> bool:
    if said.state in ("reserved", "pending", "done") and said.value != exchange.value:
        # Another amount is believed only once the partner says so when it is asked.
        with db.unit_of_work() as session:
            outcomes.not_known(session, exchange.id, now=now)
        return True
    return _record(exchange, said, now)


def _record(exchange: Exchange, said: Standing, now: datetime) -> bool:
    with db.unit_of_work() as session:
        after = outcomes.record(session, exchange.id, said, now=now)
    return after.status in (states.RESERVED, states.CANCELLING)


def _why(failure: wire.CallFailed) -> str:
    return "partner_refused" if isinstance(failure, wire.Refused) else "partner_closed"


_LEASE_DUE = text(
    """
    UPDATE points.exchange SET next_at = :until
     WHERE id IN (SELECT id FROM points.exchange WHERE next_at <= :now ORDER BY next_at LIMIT 50
                     FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)
