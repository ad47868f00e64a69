"""Breaks: every difference between what we say and what others say, typed, aged, owned, explained, and closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import taipei_date
from core.errors import Conflict, NotFound
from core.ids import typeid
from core.text import Text
from wallet import events

BreakKind = Literal["missing_ours", "missing_theirs", "amount", "fee", "date", "duplicate"]
ClosedBy = Literal["adjustment", "line_came", "ours_came", "resolved"]


class BreakClosed(Conflict):
    slug = "break-closed"
    status = 409
    title = Text("這筆差異已結案", "This break is closed")
    explanation = Text("已結案的差異不能再變更。", "What is closed does not change any more.")


@dataclass(frozen=True, slots=True)
class Break:
    """One difference. Money in NT$, signed as seen from the city; `suspense_twd` is what of it waits in
    `break_suspense` (above zero: came and has no place), `cause` the code of why, `subject_kind` what it is about."""

    id: UUID
    kind: str
    status: str
    source: str
    rail: str | None
    cause: str
    subject_kind: str
    subject_id: UUID | None
    our_reference: str
    their_reference: str
    ours_twd: int | None
    theirs_twd: int | None
    account: str | None
    suspense_twd: int
    file_id: UUID | None
    row: int | None
    detail: str
    occurred_on: date
    opened_at: datetime
    owner_id: UUID | None
    owner_name: str | None
    explanation: str
    approval_id: UUID | None
    closed_at: datetime | None
    closed_by: str | None

    @property
    def difference_twd(self) -> int:
        """Theirs less ours; for a fee, what they kept beyond."""
        return (self.theirs_twd or 0) - (self.ours_twd or 0)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a break."""

    at: datetime
    what: str
    by_name: str
    note: str


def record(
    session: Session,
    *,
    kind: BreakKind,
    source: str,
    cause: str,
    subject_kind: str,
    subject_id: UUID | None = None,
    our_reference: str = "",
    their_reference: str = "",
    ours_twd: int | None = None,
    theirs_twd: int | None = None,
    rail: str | None = None,
    account: str | None = None,
    detail: str = "",
    occurred_on: date | None = None,
    now: datetime,
) -> UUID:
    """Write down a difference that no file shows, such as a message with another amount. Nothing is booked.

    The same difference (kind, source, cause, subject and references) is one break however often it is found; its id is
    answered. `cause` is a code of `docs/reconciliation.md`.
    """
    about = "|".join((kind, source, cause, subject_kind, str(subject_id or ""), our_reference, their_reference))
    row = session.execute(
        _RECORD,
        {"about": about, "kind": kind, "source": source, "cause": cause, "subject_kind": subject_kind,
         "subject": subject_id, "ours_ref": our_reference[:200], "theirs_ref": their_reference[:200], "ours": ours_twd,
         "theirs": theirs_twd, "rail": rail, "account": account, "detail": detail[:500],
         "on": occurred_on or taipei_date(now), "now": now},
    ).one()  # fmt: skip
    if row.is_new:
        outbox.record(
            session,
            events.BREAK_OPENED,
            {"source": source, "file_id": None, "break_id": str(row.id), "kind": kind, "number": 1,
             "amount_twd": abs((theirs_twd or 0) - (ours_twd or 0))},
            now=now,
        )  # fmt: skip
    return UUID(str(row.id))


def break_of(session: Session, break_id: UUID) -> Break:
    """One break. Raises NotFound."""
    row = session.execute(_ONE, {"id": break_id}).first()
    if row is None:
        raise NotFound
    return Break(**row._mapping)


def lock(session: Session, break_id: UUID) -> Break:
    """One break that is not closed, locked until the transaction ends. Raises NotFound, BreakClosed."""
    row = session.execute(_LOCKED, {"id": break_id}).first()
    if row is None:
        raise NotFound
    found = Break(**row._mapping)
    if found.status == "closed":
        raise BreakClosed
    return found


def history_of(session: Session, break_id: UUID) -> list[Step]:
    """What happened to a break, oldest first."""
    return [Step(**row._mapping) for row in session.execute(_HISTORY, {"id": break_id})]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which breaks; None does not narrow. `status` "open" takes those with a proposed adjustment along."""

    status: str | None = None
    kind: str | None = None
    rail: str | None = None
    source: str | None = None
    opened_before: datetime | None = None
    payment_id: UUID | None = None
    owner_id: UUID | None = None
    is_unowned: bool = False


def breaks(session: Session, chosen: Filter, *, limit: int, before: tuple[datetime, UUID] | None) -> list[Break]:
    """Breaks, newest first."""
    at, last = before or (None, None)
    rows = session.execute(
        _PAGE,
        {"status": chosen.status, "kind": chosen.kind, "rail": chosen.rail, "source": chosen.source,
         "opened_before": chosen.opened_before, "payment": chosen.payment_id, "owner": chosen.owner_id,
         "unowned": chosen.is_unowned, "limit": limit, "at": at, "id": last},
    )  # fmt: skip
    return [Break(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class Count:
    """How many breaks of a kind are open, how old the oldest is, and how much money waits for them."""

    kind: str
    number: int
    oldest_at: datetime
    suspense_twd: int


def open_counts(session: Session) -> list[Count]:
    """The open breaks by kind."""
    return [Count(*row) for row in session.execute(_COUNTS)]


def assign(session: Session, break_id: UUID, *, to_id: UUID, to_name: str, by_name: str, now: datetime) -> Break:
    """Give a break to an officer. Raises NotFound, BreakClosed."""
    lock(session, break_id)
    session.execute(_ASSIGN, {"id": break_id, "owner": to_id, "name": to_name})
    note(session, break_id, "assigned", by_name=by_name, text_=to_name, now=now)
    return break_of(session, break_id)


def explain(session: Session, break_id: UUID, *, explanation: str, by_name: str, now: datetime) -> Break:
    """Write down what is known about a break; earlier words stay in its history. Raises NotFound, BreakClosed."""
    lock(session, break_id)
    session.execute(_EXPLAIN, {"id": break_id, "explanation": explanation})
    note(session, break_id, "explained", by_name=by_name, text_=explanation, now=now)
    return break_of(session, break_id)


def close(
    session: Session, break_id: UUID, how: ClosedBy, *, by_name: str = "", remark: str = "", now: datetime
) -> bool:
    """Close a break; False when it was closed before."""
    if session.execute(_CLOSE, {"id": break_id, "how": how, "now": now}).rowcount == 0:  # type: ignore[attr-defined]
        return False
    note(session, break_id, "adjusted" if how == "adjustment" else "closed", by_name=by_name,
         text_=remark or how, now=now)  # fmt: skip
    return True


def note(session: Session, break_id: UUID, what: str, *, by_name: str, text_: str, now: datetime) -> None:
    """Add to a break's history."""
    session.execute(_NOTE, {"id": break_id, "what": what, "by": by_name, "note": text_[:500], "now": now})


def payment_reference(payment_id: str) -> str:
    """A payment's reference, from its UUID as text."""
    return typeid("pay", UUID(payment_id))


def opened_longer_than(days: int | None, *, now: datetime) -> datetime | None:
    """The moment before which a break of that age in days was opened."""
    return None if days is None else now - timedelta(days=days)


_COLUMNS = ", ".join(Break.__dataclass_fields__)
_RECORD: Any = text(
    """
    WITH made AS (
        INSERT INTO wallet.reconciliation_break (id, kind, status, source, rail, cause, subject_kind, subject_id,
            our_reference, their_reference, ours_twd, theirs_twd, account, detail, occurred_on, opened_at)
        VALUES (wallet.derived_id(:about), :kind, 'open', :source, :rail, :cause, :subject_kind, :subject, :ours_ref,
                :theirs_ref, :ours, :theirs, :account, :detail, :on, :now)
        ON CONFLICT (id) DO NOTHING RETURNING id
    ), told AS (
        INSERT INTO wallet.break_history (break_id, at, what, note) SELECT id, :now, 'opened', :cause FROM made
    )
    SELECT wallet.derived_id(:about) AS id, EXISTS (SELECT FROM made) AS is_new
    """
)
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.reconciliation_break WHERE id = :id")  # noqa: S608
_LOCKED = text(f"SELECT {_COLUMNS} FROM wallet.reconciliation_break WHERE id = :id FOR UPDATE")  # noqa: S608
_HISTORY = text("SELECT at, what, by_name, note FROM wallet.break_history WHERE break_id = :id ORDER BY id")
_PAGE = text(
    f"""
    SELECT {_COLUMNS} FROM wallet.reconciliation_break
     WHERE (CAST(:status AS text) IS NULL OR CASE :status WHEN 'open' THEN status <> 'closed' ELSE status = :status END)
       AND (CAST(:kind AS text) IS NULL OR kind = :kind)
       AND (CAST(:rail AS text) IS NULL OR rail = :rail)
       AND (CAST(:source AS text) IS NULL OR source = :source)
       AND (CAST(:payment AS uuid) IS NULL OR subject_id = :payment)
       AND (CAST(:owner AS uuid) IS NULL OR owner_id = :owner)
       AND (NOT :unowned OR owner_id IS NULL)
       AND (CAST(:opened_before AS timestamptz) IS NULL OR opened_at < :opened_before)
       AND (CAST(:at AS timestamptz) IS NULL OR (opened_at, id) < (:at, CAST(:id AS uuid)))
     ORDER BY opened_at DESC, id DESC LIMIT :limit
    """  # noqa: S608
)
_COUNTS = text(
    "SELECT kind, count(*)::int, min(opened_at), sum(suspense_twd)::bigint FROM wallet.reconciliation_break "
    "WHERE status <> 'closed' GROUP BY kind ORDER BY kind"
)
_ASSIGN = text("UPDATE wallet.reconciliation_break SET owner_id = :owner, owner_name = :name WHERE id = :id")
_EXPLAIN = text("UPDATE wallet.reconciliation_break SET explanation = :explanation WHERE id = :id")
_CLOSE = text(
    "UPDATE wallet.reconciliation_break SET status = 'closed', closed_at = :now, closed_by = :how "
    "WHERE id = :id AND status <> 'closed'"
)
_NOTE = text(
    "INSERT INTO wallet.break_history (break_id, at, what, by_name, note) VALUES (:id, :now, :what, :by, :note)"
)
