"""Netting: a partner's statement of a month, held line by line against our exchanges, and what both agree on payable.

A statement is taken whole or refused whole. What agrees is booked at once; each line or exchange that does not is a
break for the desk, and is booked as the desk decides. Taken again, nothing changes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid, parse_typeid, typeid
from core.text import Text
from ledger import book
from partners import wire
from partners.exchanging import Statement, StatementLine, StatementWrong
from points.campaigns import ASSET
from points.exchange import nettings, ports, terms
from points.exchange.errors import MonthNotOver, StatementRefused
from points.merchants.accounts import SETTLED, TWD, cost_code, opened

DIFFERENCES: Final = "points:cost:exchange-differences"
_FIRST_DAY: Final = 2
_AGAIN_AFTER: Final = timedelta(hours=6)
_log = logging.getLogger("mykaohsiung.points")


@dataclass(frozen=True, slots=True)
class Taken:
    """A statement as it stands here."""

    id: UUID
    partner: str
    month: str
    status: str
    lines: int
    net_twd: int
    breaks: int
    open_breaks: int
    taken_at: datetime
    agreed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something on which a statement and our exchanges do not agree. Amounts: NT$ that the city owes for it."""

    kind: str
    reference: str
    exchange_id: UUID | None
    ours_value: int | None
    theirs_value: int | None
    ours_twd: int
    theirs_twd: int
    ours_state: str


def take_due(now: datetime) -> None:
    """Fetch last month's statement of every partner whose we do not have yet; a refused one again after six hours."""
    today = taipei_date(now)
    month = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    if today.day < _FIRST_DAY:
        return
    for partner in ports.codes():
        with db.single_statements() as session:
            values = {"partner": partner, "month": month, "since": now - _AGAIN_AFTER}
            is_there = session.execute(_TRIED, values).first() is not None
        if is_there:
            continue
        try:
            content = ports.partner(partner).statement(month)
            with db.unit_of_work() as session:
                take(session, partner, month, content, now=now)
        except (wire.CallFailed, StatementRefused) as problem:
            _log.warning("the statement of %s for %s is not taken: %s", partner, month, problem)


def take(session: Session, partner: str, month: str, content: bytes, *, now: datetime) -> Taken:
    """Take a statement and compare it. The same content again changes nothing.

    Raises NotFound (no such partner), MonthNotOver, StatementRefused (which keeps the note of the refusal).
    """
    bureau = _bureau(session, partner)
    if month >= f"{taipei_date(now):%Y-%m}":
        raise MonthNotOver
    session.execute(_TURNS, {"partner": partner, "month": month})
    digest = hashlib.sha256(content).digest()
    known = session.execute(_KNOWN, {"partner": partner, "month": month}).first()
    if known is not None:
        if bytes(known.sha256) != digest:
            _refuse(session, partner, month, content, digest, "repeated", "another statement was taken before", now)
        return get(session, partner, month)
    try:
        statement = ports.partner(partner).read(content, month)
    except StatementWrong as wrong:
        _refuse(session, partner, month, content, digest, wrong.because, wrong.detail, now)
    statement_id = new_uuid()
    session.execute(
        _ADD,
        {"id": statement_id, "partner": partner, "month": month, "status": "open", "refusal": "", "sha256": digest,
         "content": content, "lines": len(statement.lines), "net": statement.net_twd, "now": now},
    )  # fmt: skip
    agreed_twd, differences = _compared(session, partner, statement)
    book_netting(session, partner, bureau, statement_id, points=agreed_twd, ours_twd=agreed_twd, now=now)
    for each in differences:
        session.execute(
            _BREAK,
            {"id": new_uuid(), "partner": partner, "month": month, "statement": statement_id, "kind": each.kind,
             "reference": each.reference, "exchange": each.exchange_id, "ours_value": each.ours_value,
             "theirs_value": each.theirs_value, "ours_twd": each.ours_twd, "theirs_twd": each.theirs_twd,
             "ours_state": each.ours_state, "now": now},
        )  # fmt: skip
    agree_if_settled(session, statement_id, now=now)
    return get(session, partner, month)


def get(session: Session, partner: str, month: str) -> Taken:
    """The statement that was taken. Raises NotFound."""
    row = session.execute(_GET, {"partner": partner, "month": month}).first()
    if row is None:
        raise NotFound
    return Taken(*row)


def agree_if_settled(session: Session, statement_id: UUID, *, now: datetime) -> None:
    """Once nothing of it is open any more, the month is agreed, and what it comes to is to be paid."""
    if session.execute(_AGREE, {"id": statement_id, "now": now}).first() is not None:
        nettings.begin(session, statement_id, now=now)


def book_netting(
    session: Session,
    partner: str,
    bureau: str,
    cause_id: UUID,
    *,
    points: int,
    ours_twd: int,
    theirs_twd: int | None = None,
    now: datetime,
) -> None:
    """What a netting brings: so many points leave the partner's clearing, and NT$ become payable to the partner.

    Below zero it goes the other way. Where the partner's amount stands, `theirs_twd`, the difference to ours is a cost
    of its own.
    """
    clearing = book.open_account(session, terms.clearing_code(partner), ASSET, now=now, is_hot=True)
    payable = opened(session, nettings.payable_code(partner), now)
    cost, differences = opened(session, cost_code(bureau), now), opened(session, DIFFERENCES, now)
    moves = (
        ("points", clearing, opened(session, SETTLED, now), points, ASSET),
        ("money", cost, payable, ours_twd, TWD),
        ("difference", differences, payable, ours_twd if theirs_twd is None else theirs_twd, TWD),
    )
    postings = [
        book.Posting(
            uuid5(cause_id, what), *((debit, credit) if amount > 0 else (credit, debit)), abs(amount), asset, "netting",
            partner,
        )
        for what, debit, credit, total, asset in moves
        if (amount := total - ours_twd if what == "difference" else total)
    ]  # fmt: skip
    if postings:
        book.post(session, postings, now=now)


def _compared(session: Session, partner: str, statement: Statement) -> tuple[int, list[Difference]]:
    """What both sides agree on, in NT$ (as many as points), and what not. Marks the exchanges that are stated."""
    ours = {row.id: row for row in session.execute(_STATED, _references(statement.lines)).all()}
    agreed_twd, differences, stated = 0, [], []
    for line in statement.lines:
        row = ours.get(_exchange_id(line.reference))
        if row is None or row.partner_code != partner:
            differences.append(_unknown(line))
            continue
        stated.append(row.id)
        difference = _difference(row, line)
        if difference is None:
            agreed_twd += _signed(row.direction, row.points)
        else:
            differences.append(difference)
    session.execute(_MARK, {"ids": stated, "month": statement.month})
    missing = session.execute(_NOT_STATED, {"partner": partner, "month": statement.month}).all()
    differences += [
        Difference(
            "missing_there",
            typeid("exc", row.id),
            row.id,
            row.value,
            None,
            _signed(row.direction, row.points),
            0,
            "done",
        )
        for row in missing
    ]
    session.execute(_MARK, {"ids": [row.id for row in missing], "month": statement.month})
    return agreed_twd, differences


def _difference(row: Any, line: StatementLine) -> Difference | None:
    ours, theirs = _signed(row.direction, row.points), _signed(line.direction, line.charge_twd)
    if row.stated_in is not None:
        # An earlier month has dealt with it, whichever way: what is stated now comes on top.
        return Difference("other_state", line.reference, row.id, None, line.value, 0, theirs, "settled")
    if row.status != "done":
        return Difference(
            "other_state", line.reference, row.id, None, line.value, 0, theirs, row.status
        )  # fmt: skip
    if (row.direction, row.value, row.points) != (line.direction, line.value, line.charge_twd):
        return Difference("other_amount", line.reference, row.id, row.value, line.value, ours, theirs, "done")
    return None


def _unknown(line: StatementLine) -> Difference:
    theirs = _signed(line.direction, line.charge_twd)
    return Difference("missing_here", line.reference, None, None, line.value, 0, theirs, "unknown")


def _signed(direction: str, twd: int) -> int:
    return twd if direction == "out" else -twd


def _references(lines: Sequence[StatementLine]) -> dict[str, list[UUID]]:
    return {"ids": [found for line in lines if (found := _exchange_id(line.reference)) is not None]}


def _exchange_id(reference: str) -> UUID | None:
    try:
        return parse_typeid("exc", reference)
    except NotFound:
        return None


def _refuse(
    session: Session, partner: str, month: str, content: bytes, digest: bytes, because: str, said: str, now: datetime
) -> None:
    session.execute(
        _ADD,
        {"id": new_uuid(), "partner": partner, "month": month, "status": "refused", "refusal": f"{because}: {said}",
         "sha256": digest, "content": content, "lines": 0, "net": 0, "now": now},
    )  # fmt: skip
    raise StatementRefused(Text(f"整份退回：{said}", f"refused whole: {said}"), because=because)


def _bureau(session: Session, partner: str) -> str:
    found = terms.partner_terms(session, partner)
    if found is None or not ports.is_connected(partner):
        raise NotFound
    return found.bureau


_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('points.partner_statement ' || :partner || :month, 0))")
_TRIED = text(
    "SELECT 1 FROM points.partner_statement WHERE partner_code = :partner AND month = :month "
    "AND (status <> 'refused' OR taken_at > :since)"
)
_KNOWN = text(
    "SELECT sha256 FROM points.partner_statement WHERE partner_code = :partner AND month = :month "
    "AND status <> 'refused'"
)
_ADD = text(
    """
    INSERT INTO points.partner_statement (id, partner_code, month, status, refusal, sha256, content, lines, net_twd,
                                          taken_at)
    VALUES (:id, :partner, :month, :status, :refusal, :sha256, :content, :lines, :net, :now)
    ON CONFLICT (partner_code, month, sha256) DO UPDATE SET taken_at = excluded.taken_at, status = excluded.status
    """
)
_GET = text(
    """
    SELECT s.id, s.partner_code, s.month, s.status, s.lines, s.net_twd, count(b.id)::int,
           (count(b.id) FILTER (WHERE b.closed_at IS NULL))::int, s.taken_at, s.agreed_at
      FROM points.partner_statement AS s LEFT JOIN points.exchange_break AS b ON b.statement_id = s.id
     WHERE s.partner_code = :partner AND s.month = :month AND s.status <> 'refused' GROUP BY s.id
    """
)
_AGREE = text(
    """
    UPDATE points.partner_statement AS s SET status = 'agreed', agreed_at = :now
     WHERE s.id = :id AND s.status = 'open'
       AND NOT EXISTS (SELECT FROM points.exchange_break AS b WHERE b.statement_id = s.id AND b.closed_at IS NULL)
    RETURNING s.id
    """
)
_STATED = text(
    "SELECT id, partner_code, direction, points, value, status, stated_in "
    "FROM points.exchange WHERE id = ANY(:ids) FOR UPDATE"
)
_MARK = text("UPDATE points.exchange SET stated_in = :month WHERE id = ANY(:ids)")
# A partner that did it in the last minutes of a month may state it in the next by its own calendar: what was stated
# once, in whichever month, is missing nowhere.
_NOT_STATED = text(
    """
    SELECT id, direction, points, value FROM points.exchange
     WHERE partner_code = :partner AND status = 'done' AND stated_in IS NULL
       AND to_char(partner_day, 'YYYY-MM') = :month FOR UPDATE
    """
)
_BREAK = text(
    """
    INSERT INTO points.exchange_break (id, partner_code, month, statement_id, kind, reference, exchange_id, ours_value,
                                       theirs_value, ours_twd, theirs_twd, ours_state, status, opened_at)
    VALUES (:id, :partner, :month, :statement, :kind, :reference, :exchange, :ours_value, :theirs_value, :ours_twd,
            :theirs_twd, :ours_state, 'open', :now)
    """
)
