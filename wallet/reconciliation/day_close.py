"""Closing a day: its files are all here, every difference has a type, and its figures are kept as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from core.errors import Conflict, NotFound
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from ledger import journal
from wallet import book
from wallet.reconciliation import breaks, in_transit
from wallet.reconciliation.sources import BANK, SOURCES

KIND: Final = "wallet.day_reopening"
ROLES: Final = frozenset({"finance"})
_ONE_CLOSING_AT_A_TIME: Final = 7_270_106


class DayNotOver(Conflict):
    slug = "day-not-over"
    status = 409
    title = Text("這一天還沒結束", "The day is not over")
    explanation = Text("臺北時間過了午夜才能關帳。", "A day can be closed after midnight in Taipei.")


class DayNotReady(Conflict):
    slug = "day-not-ready"
    status = 409
    title = Text("這一天還不能關帳", "The day cannot be closed yet")
    explanation = Text(
        "missing_files 列出還沒收到的檔案，untyped_differences 列出沒有說明的科目差額，"
        "statement_gaps 列出餘額不連續的對帳單。",
        "`missing_files` lists files that have not come, `untyped_differences` accounts that hold something nothing "
        "explains, `statement_gaps` bank statements that do not begin where the one before ended.",
    )


class DayNotClosed(Conflict):
    slug = "day-not-closed"
    status = 409
    title = Text("這一天還沒關帳", "The day is not closed")
    explanation = Text("先關帳，才能匯出或重新開帳。", "Close it first; then it can be exported or reopened.")


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day as it was closed; `version` counts how often. `figures` are described in docs/reconciliation.md."""

    day: date
    version: int
    is_closed: bool
    figures: dict[str, Any]
    closed_at: datetime
    closed_by: str
    reopened_at: datetime | None


def span_of(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day in Taipei, and that of the next."""
    start = datetime.combine(day, time(), TAIPEI)
    return start, start + timedelta(days=1)


def close(session: Session, day: date, *, by_name: str, now: datetime) -> ClosedDay:
    """Close a day and keep its figures; a day that is closed stays as it is and is answered again.

    Raises DayNotOver, and DayNotReady with everything that is in the way.
    """
    if day >= taipei_date(now):
        raise DayNotOver
    session.execute(_LOCK, {"key": _ONE_CLOSING_AT_A_TIME})
    latest = _latest(session, day)
    if latest is not None and latest.is_closed:
        return latest
    found = readiness(session, day, now)
    if not found.is_ready:
        raise DayNotReady(
            missing_files=found.missing_files,
            untyped_differences=found.untyped_differences,
            statement_gaps=found.statement_gaps,
        )
    figures = figures_of(session, day)
    version = latest.version + 1 if latest is not None else 1
    session.execute(
        _INSERT,
        {"day": day, "version": version, "figures": orjson.dumps(figures).decode(), "now": now, "by": by_name},
    )
    return ClosedDay(day, version, True, figures, now, by_name, None)


def day_of(session: Session, day: date) -> ClosedDay:
    """The day as it was closed last. Raises NotFound."""
    found = _latest(session, day)
    if found is None:
        raise NotFound
    return found


def days(session: Session, *, limit: int, before: date | None) -> list[ClosedDay]:
    """Days that were closed, newest first, each as it was closed last."""
    return [ClosedDay(**row._mapping) for row in session.execute(_PAGE, {"limit": limit, "before": before})]


def figures_of(session: Session, day: date) -> dict[str, Any]:
    """What moved on each account on that day, with its totals, the day's files and the breaks that were open."""
    session.execute(_PATIENCE)
    start, end = span_of(day)
    moved = journal.movements(session, book.TWD, start=start, end=end)
    return {
        "accounts": [
            {"account": each.code, "normal_side": each.normal_side, "debit": each.debits, "credit": each.credits,
             "balance": each.balance}
            for each in moved
            if each.debits or each.credits or each.balance
        ],
        "debit_total": sum(each.debits for each in moved),
        "credit_total": sum(each.credits for each in moved),
        "files": [dict(row._mapping) for row in session.execute(_FILES, {"day": day})],
        "open_breaks": {each.kind: each.number for each in breaks.open_counts(session)},
        "currency": book.TWD,
    }  # fmt: skip


def propose_reopening(session: Session, day: date, *, reason: str, by: Actor, now: datetime) -> Approval:
    """Propose to open a closed day again; another officer decides. Raises NotFound, DayNotClosed."""
    if not day_of(session, day).is_closed:
        raise DayNotClosed
    body = {"day": day.isoformat()}
    return approvals.propose(session, kind=KIND, subject=body["day"], body=body, reason=reason, by=by, now=now)


def reopen(session: Session, approval: Approval, now: datetime) -> None:
    """The second officer has approved: the day can be closed anew, and keeps what it was closed with."""
    day = date.fromisoformat(approval.body["day"])
    changed = session.execute(_REOPEN, {"day": day, "now": now, "approval": str(approval.id)})
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        raise DayNotClosed


def register() -> None:
    """Let finance officers decide about reopening a day."""
    approvals.on_approved(KIND, ROLES, reopen, _shown, title=Text("重新開帳", "Reopening a closed day"))


def _shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    return [Shown(Text("日期", "Day"), body["day"])]


@dataclass(frozen=True, slots=True)
class Readiness:
    """What keeps a day from being closed: sources without their file, accounts that hold what nothing explains, and
    statements that do not begin where the one before ended. Money in NT$."""

    missing_files: list[str]
    untyped_differences: list[dict[str, Any]]
    statement_gaps: list[dict[str, Any]]

    @property
    def is_ready(self) -> bool:
        """Whether nothing is in the way."""
        return not (self.missing_files or self.untyped_differences or self.statement_gaps)


def readiness(session: Session, day: date, now: datetime) -> Readiness:
    """What is in the way of closing a day, whether it is over or not."""
    return Readiness(
        missing_files=missing_files(session, day),
        untyped_differences=[
            {"account": each.account, "balance": each.balance_twd, "explained": each.explained_twd}
            for each in in_transit.unexplained(session, now=now)
        ],
        statement_gaps=[
            {"reference": row.reference, "opening": row.opening_twd, "expected": row.before_twd}
            for row in session.execute(_GAPS, {"source": BANK, "day": day})
        ],
    )


def missing_files(session: Session, day: date) -> list[str]:
    """The sources whose file of that day has not been taken: the bank's always, of others when something was paid."""
    start, end = span_of(day)
    missing = []
    for source in SOURCES.values():
        if not source.is_daily:
            continue
        has_file = session.execute(_HAS_FILE, {"source": source.name, "day": day}).first() is not None
        if has_file:
            continue
        if source.name == BANK:
            missing.append(source.name)
            continue
        was_used = session.execute(_WAS_USED, {"rails": list(source.rails), "start": start, "end": end}).scalar_one()
        if was_used:
            missing.append(source.name)
    return missing


def _latest(session: Session, day: date) -> ClosedDay | None:
    row = session.execute(_LATEST, {"day": day}).first()
    return None if row is None else ClosedDay(**row._mapping)


_PATIENCE = text("SET LOCAL statement_timeout = '30min'; SET LOCAL work_mem = '64MB'")
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_COLUMNS = "day, version, is_closed, figures, closed_at, closed_by, reopened_at"
_LATEST = text(
    f"SELECT {_COLUMNS} FROM wallet.accounting_day WHERE day = :day ORDER BY version DESC LIMIT 1"  # noqa: S608
)
_PAGE = text(
    f"SELECT * FROM (SELECT DISTINCT ON (day) {_COLUMNS} FROM wallet.accounting_day "  # noqa: S608
    "WHERE CAST(:before AS date) IS NULL OR day < :before ORDER BY day DESC, version DESC) AS newest "
    "ORDER BY day DESC LIMIT :limit"
)
_INSERT = text(
    "INSERT INTO wallet.accounting_day (day, version, is_closed, figures, closed_at, closed_by) "
    "VALUES (:day, :version, true, CAST(:figures AS jsonb), :now, :by)"
)
_REOPEN = text(
    "UPDATE wallet.accounting_day SET is_closed = false, reopened_at = :now, reopening = :approval "
    "WHERE day = :day AND is_closed"
)
_FILES = text(
    "SELECT source, reference, rows, gross_twd AS gross, fee_twd AS fees, net_twd AS net, breaks "
    "FROM wallet.statement_file WHERE status = 'taken' AND :day BETWEEN first_day AND last_day "
    "ORDER BY source, reference"
)
_HAS_FILE = text(
    "SELECT 1 FROM wallet.statement_file WHERE status = 'taken' AND source = :source "
    "AND :day BETWEEN first_day AND last_day LIMIT 1"
)
_WAS_USED = text(
    "SELECT EXISTS (SELECT FROM wallet.payment WHERE rail = ANY(:rails) AND booked_at >= :start AND booked_at < :end)"
)
_GAPS = text(
    """
    SELECT reference, opening_twd, before_twd FROM (
        SELECT reference, last_day, opening_twd, lag(closing_twd) OVER (ORDER BY last_day, first_day) AS before_twd
          FROM wallet.statement_file WHERE status = 'taken' AND source = :source AND first_day <= :day
    ) AS statement WHERE before_twd IS NOT NULL AND before_twd <> opening_twd AND last_day >= :day ORDER BY last_day
    """
)
