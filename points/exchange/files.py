"""The night's files of a partner that works by files: made, sent, answered; each step committed before the next.

A file holds every exchange that was begun before the evening's cut-off. It is kept byte for byte and sent under its
name until the partner has it; the file that answers it is taken whole or not at all, and fetched again while it is
wrong.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid
from partners import wire
from partners.exchanging import Order, Result, Standing, StatementWrong
from points.exchange import exchanges, outcomes, ports
from points.exchange.exchanges import COLUMNS
from points.exchange.ports import FilePartner

CUT_OFF: Final = time(21, 30)
_LEASE: Final = timedelta(minutes=2)
_ASK_AGAIN: Final = timedelta(minutes=10)
_MOST_ORDERS: Final = 100_000
_log = logging.getLogger("mykaohsiung.points")


def work(now: datetime) -> None:
    """Make the files that are due, send what is not sent, fetch what is not answered."""
    for partner in _file_partners():
        with db.unit_of_work() as session:
            make(session, partner, now)
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    for row in due:
        try:
            _take_up(row, now)
        except Exception:
            # One file that cannot go on must not keep the others waiting; it stays open and is seen.
            _log.exception("the exchange file %s cannot go on", row.name)


def make(session: Session, partner: str, now: datetime) -> UUID | None:
    """Put every exchange that waits and was begun before the last cut-off into a file. Answers its id, or None."""
    session.execute(_TURNS, {"partner": partner})
    cut_off = _last_cut_off(now)
    rows = session.execute(_FOR_FILE, {"partner": partner, "before": cut_off, "limit": _MOST_ORDERS}).all()
    if not rows:
        return None
    day = taipei_date(cut_off)
    number = int(session.execute(_NEXT_NUMBER, {"partner": partner, "day": day}).scalar_one())
    orders = [exchanges.of_row(row).order for row in rows]
    content = file_partner(partner).write_orders(day, number, orders)
    file_id = new_uuid()
    session.execute(
        _ADD,
        {"id": file_id, "partner": partner, "name": f"KCG_{day:%Y%m%d}_{number:03d}.txt", "day": day,
         "number": number, "orders": len(orders), "content": content, "now": now},
    )  # fmt: skip
    session.execute(_PUT_IN, {"file_id": file_id, "ids": [row.id for row in rows]})
    return file_id


def _take_up(file: Any, now: datetime) -> None:
    partner = file_partner(file.partner_code)
    try:
        if file.sent_at is None:
            partner.send_file(file.name, bytes(file.content))
            with db.unit_of_work() as session:
                session.execute(_SENT, {"id": file.id, "now": now, "next_at": now + _ASK_AGAIN})
            return
        content = partner.result_of(file.name)
    except wire.CallFailed as failure:
        _log.warning("the exchange file %s waits: %s", file.name, failure)
        content = None
    with db.unit_of_work() as session:
        if content is None:
            session.execute(_LATER, {"id": file.id, "next_at": now + _ASK_AGAIN})
        else:
            _answer(session, file.id, content, now)


def _answer(session: Session, file_id: UUID, content: bytes, now: datetime) -> None:
    """Every order of the file comes to its end, or the answer is refused whole and nothing moves."""
    file = session.execute(_LOCK, {"id": file_id}).one()
    if file.answered_at is not None:
        return
    sent = {each.order.reference: each for each in map(exchanges.of_row, session.execute(_OF_FILE, {"id": file_id}))}
    orders: list[Order] = [each.order for each in sent.values()]
    try:
        results = file_partner(file.partner_code).read_results(content, file.day, file.number, orders)
    except StatementWrong as wrong:
        _log.warning("the answer to the exchange file %s is refused: %s", file.name, wrong)
        session.execute(_REFUSED, {"id": file_id, "refusal": str(wrong), "next_at": now + _ASK_AGAIN})
        return
    for result in results:
        outcomes.record(session, sent[result.reference].id, _standing(result, now), now=now)
    session.execute(_ANSWERED, {"id": file_id, "now": now, "sha256": hashlib.sha256(content).digest()})


def _standing(result: Result, now: datetime) -> Standing:
    return Standing(result.state, result.value, result.partner_reference, result.reason, now)


def file_partner(code: str) -> FilePartner:
    """The partner with this code, which works by files."""
    partner = ports.partner(code)
    assert isinstance(partner, FilePartner)
    return partner


def _file_partners() -> list[str]:
    return [code for code in ports.codes() if ports.partner(code).works_by_file]


def _last_cut_off(now: datetime) -> datetime:
    today: date = taipei_date(now)
    cut_off = datetime.combine(today, CUT_OFF, TAIPEI)
    return cut_off if cut_off <= now else cut_off - timedelta(days=1)


_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('points.exchange_file ' || :partner, 0))")
_FOR_FILE = text(
    f"""
    SELECT {COLUMNS} FROM points.exchange AS e JOIN points.exchange_quote AS q ON q.id = e.quote_id
     WHERE e.partner_code = :partner AND e.status = 'waiting' AND e.file_id IS NULL AND e.created_at < :before
     ORDER BY e.created_at, e.id LIMIT :limit FOR UPDATE OF e
    """  # noqa: S608
)
_OF_FILE = text(
    f"""
    SELECT {COLUMNS} FROM points.exchange AS e JOIN points.exchange_quote AS q ON q.id = e.quote_id
     WHERE e.file_id = :id ORDER BY e.id
    """  # noqa: S608
)
_NEXT_NUMBER = text("SELECT count(*) + 1 FROM points.exchange_file WHERE partner_code = :partner AND day = :day")
_ADD = text(
    """
    INSERT INTO points.exchange_file (id, partner_code, name, day, number, orders, content, made_at, next_at)
    VALUES (:id, :partner, :name, :day, :number, :orders, :content, :now, :now)
    """
)
_PUT_IN = text("UPDATE points.exchange SET file_id = :file_id, begun_times = 1 WHERE id = ANY(:ids)")
_LEASE_DUE = text(
    """
    UPDATE points.exchange_file SET next_at = :until
     WHERE id IN (SELECT id FROM points.exchange_file WHERE answered_at IS NULL AND next_at <= :now
                   ORDER BY next_at LIMIT 20 FOR UPDATE SKIP LOCKED)
    RETURNING id, partner_code, name, content, sent_at
    """
)
_SENT = text("UPDATE points.exchange_file SET sent_at = :now, next_at = :next_at WHERE id = :id AND sent_at IS NULL")
_LATER = text("UPDATE points.exchange_file SET next_at = :next_at WHERE id = :id AND answered_at IS NULL")
_LOCK = text("SELECT * FROM points.exchange_file WHERE id = :id FOR UPDATE")
_REFUSED = text(
    "UPDATE points.exchange_file SET refusal = :refusal, refused_times = refused_times + 1, next_at = :next_at "
    "WHERE id = :id"
)
_ANSWERED = text(
    "UPDATE points.exchange_file SET answered_at = :now, answer_sha256 = :sha256, next_at = NULL WHERE id = :id"
)
