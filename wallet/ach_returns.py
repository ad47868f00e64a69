"""The clearing house's return files: each is read whole, in order, once; what is not in them by its window is final.

A file of a business day answers what was presented on the business day before it. So the files form a chain: each
names the day of the one before. A payment becomes final when the chain has reached the day it was presented on, and not
a file earlier: a file that is missing, cut off or out of its place stops the chain, and people are told.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.errors import NotFound
from core.ids import parse_typeid
from partners import wire
from partners.ach.files import FileRefused, ReturnedEntry, ReturnFile, digest_of, read_return_file
from partners.ach.reasons import reason_of
from wallet import closed_days, outcomes, states, undoing
from wallet.payments import Payment, lock_items, lock_payment
from wallet.ports import ports
from wallet.rails.contract import Rejected

CLEARING_HOUSE = "clearing house"
_AT_THE_RAIL = (states.DEBITING, states.UNKNOWN, states.ACTION_REQUIRED)
_log = logging.getLogger("mykaohsiung.wallet")


def take_return_files(now: datetime) -> None:
    """Read every return file that is there and was not read; safe to run twice and in two workers at once."""
    with db.unit_of_work() as session:
        since = _wanted_since(session)
    if since is None:
        return
    try:
        _learn_closed_days(since, now)
        for day in ports().ach.return_file_days(since):
            if not _take(day, now):
                break
    except wire.CallFailed as failure:
        _log.info("return files are not to be had now: %s", type(failure).__name__)
    _finalise(now)


def _take(day: date, now: datetime) -> bool:
    """Read the file of a day and do what it says. False: it could not be read, and no later one may be."""
    content = ports().ach.return_file(day)
    if content is None:
        return _stopped(day, "missing", b"", "the clearing house lists the file and does not have it", now)
    try:
        file = read_return_file(content)
    except FileRefused as refused:
        return _stopped(day, refused.wrong, digest_of(content), str(refused), now)
    with db.unit_of_work() as session:
        chain = session.execute(_CHAIN).one()
        is_known = session.execute(_KNOWN, {"digest": file.digest}).first() is not None
    if is_known:
        return _stopped(day, "duplicate_file", file.digest, f"it is the file of {file.day} once more", now)
    if file.day != day:
        return _stopped(day, "day", file.digest, f"it is the file of {file.day}", now)
    if not _follows(file, chain):
        return _stopped(day, "gap", file.digest, f"it follows {file.answers_on}, which was not read", now)
    for entry in file.entries:
        _apply_once(file, entry, now)
    with db.unit_of_work() as session:
        session.execute(
            _READ,
            {"day": day, "answers": file.answers_on, "digest": file.digest, "entries": len(file.entries),
             "total": file.total_twd, "now": now},
        )  # fmt: skip
        session.execute(_RESOLVED, {"day": day, "now": now})
    return True


def _follows(file: ReturnFile, chain: Any) -> bool:
    """Whether nothing that could return a debit of ours lies between this file and what was read before."""
    if chain.last is not None:
        return bool(file.answers_on == chain.last)
    return bool(chain.first is not None and file.answers_on <= chain.first)


def _apply_once(file: ReturnFile, entry: ReturnedEntry, now: datetime) -> None:
    with db.unit_of_work() as session:
        if not _is_new(session, file.day, entry, now):
            return
        payment = _payment(session, entry)
        effect = _effect(session, entry, payment, now)
        values = {"day": file.day, "sequence": entry.sequence, "payment_id": payment and payment.id, "effect": effect}
        session.execute(_EFFECT, values)
    if effect in ("unknown_reference", "amount_differs", "no_effect"):
        _log.error("return file %s, entry %s: %s", file.day, entry.sequence, effect)


def _is_new(session: Session, day: date, entry: ReturnedEntry, now: datetime) -> bool:
    values = {
        "day": day, "sequence": entry.sequence, "kind": entry.kind, "reference": entry.reference,
        "amount": entry.amount_twd, "code": entry.code, "presented": entry.presented_on, "now": now,
    }  # fmt: skip
    return session.execute(_WRITE_ENTRY, values).first() is not None


def _payment(session: Session, entry: ReturnedEntry) -> Payment | None:
    """The payment that a returned debit was for, locked; None where there is none by this rail."""
    if entry.kind != "debit":
        return None
    try:
        payment_id = parse_typeid("pay", entry.reference)
        # Bills are locked before their payment, here as everywhere.
        lock_items(session, payment_id)
        payment = lock_payment(session, payment_id)
    except NotFound:
        return None
    return payment if payment.rail == "ach" else None


def _effect(session: Session, entry: ReturnedEntry, payment: Payment | None, now: datetime) -> str:
    """What a returned entry does: a debit is undone, or fails where its outcome was not known yet. A credit is a
    refund, whose own sweep asks what became of it."""
    if entry.kind == "credit":
        return "refund"
    if payment is None:
        return "unknown_reference"
    if payment.money_twd != entry.amount_twd:
        return "amount_differs"
    return _undone(session, payment, reason_of(entry.code), now)


def _undone(session: Session, payment: Payment, reason: str, now: datetime) -> str:
    if payment.status in _AT_THE_RAIL:
        outcomes.record(session, payment.id, Rejected(reason), now=now)
        return "failed"
    return "undone" if undoing.undo(session, payment.id, "returned", reason=reason, now=now) else "no_effect"


def _finalise(now: datetime) -> None:
    """Everything that the files read so far could have returned and did not is final."""
    while True:
        with db.unit_of_work() as session:
            ids: list[UUID] = [row.id for row in session.execute(_OUTLIVED)]
        for payment_id in ids:
            with db.unit_of_work() as session:
                outcomes.became_final(session, payment_id, now=now)
        if not ids:
            return


def _learn_closed_days(since: date, now: datetime) -> None:
    for closed in ports().ach.closed_days(since):
        with db.unit_of_work() as session:
            closed_days.declare(session, closed.day, reason=closed.reason, source=CLEARING_HOUSE, now=now)


def _wanted_since(session: Session) -> date | None:
    """The first day whose file is wanted: the one after the last that was read; before any, that of the first debit."""
    row: Any = session.execute(_CHAIN).one()
    if row.last is not None:
        last: date = row.last
        return last + timedelta(days=1)
    first: date | None = row.first
    return first


def _stopped(day: date, wrong: str, digest: bytes, detail: str, now: datetime) -> bool:
    _log.error("the return file of %s is not read: %s", day, wrong)
    with db.unit_of_work() as session:
        session.execute(_PROBLEM, {"day": day, "wrong": wrong, "digest": digest, "detail": detail, "now": now})
    return False


_CHAIN = text(
    "SELECT (SELECT max(day) FROM wallet.ach_return_file) AS last, "
    "(SELECT min(presented_on) FROM wallet.ach_debit) AS first"
)
_KNOWN = text("SELECT 1 FROM wallet.ach_return_file WHERE digest = :digest")
_WRITE_ENTRY = text(
    """
    INSERT INTO wallet.ach_return (day, sequence, kind, reference, amount_twd, code, presented_on, effect, applied_at)
    VALUES (:day, :sequence, :kind, :reference, :amount, :code, :presented, 'no_effect', :now)
    ON CONFLICT (day, sequence) DO NOTHING RETURNING day
    """
)
_EFFECT = text(
    "UPDATE wallet.ach_return SET effect = :effect, payment_id = :payment_id WHERE day = :day AND sequence = :sequence"
)
_READ = text(
    """
    INSERT INTO wallet.ach_return_file (day, answers_on, digest, entries, total_twd, read_at)
    VALUES (:day, :answers, :digest, :entries, :total, :now) ON CONFLICT DO NOTHING
    """
)
_PROBLEM = text(
    """
    INSERT INTO wallet.ach_file_problem (day, wrong, digest, detail, first_seen_at, last_seen_at)
    VALUES (:day, :wrong, :digest, :detail, :now, :now)
    ON CONFLICT (day, wrong, digest)
    DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at, times = wallet.ach_file_problem.times + 1
    """
)
_RESOLVED = text("UPDATE wallet.ach_file_problem SET resolved_at = :now WHERE day = :day AND resolved_at IS NULL")
# Presented on or before the last day that the chain answers, and with no return that somebody has to look at first.
_OUTLIVED = text(
    """
    SELECT p.id
      FROM wallet.payment p JOIN wallet.ach_debit d ON d.payment_id = p.id
     WHERE p.status = 'provisional' AND p.rail = 'ach'
       AND d.presented_on <= (SELECT max(answers_on) FROM wallet.ach_return_file)
       AND NOT EXISTS (SELECT FROM wallet.ach_return r
                        WHERE r.payment_id = p.id AND r.effect = 'amount_differs')
     ORDER BY p.id LIMIT 1000
    """
)
