"""Breaks of the netting: explained, and our amount stands, or corrected by two officers, and the partner's does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from points.exchange import statements, terms
from points.exchange.errors import BreakClosed, NothingToCorrect

KIND: Final = "points.exchange_break"
ROLES: Final = ("points_officer",)


@dataclass(frozen=True, slots=True)
class Break:
    """A break as it stands. Amounts: NT$ that the city owes for it, as we and as the partner have it."""

    id: UUID
    partner: str
    month: str
    statement_id: UUID
    kind: str
    reference: str
    ours_value: int | None
    theirs_value: int | None
    ours_twd: int
    theirs_twd: int
    ours_state: str
    status: str
    approval_id: UUID | None
    note: str
    closed_by: str
    opened_at: datetime
    closed_at: datetime | None


def page(
    session: Session, *, status: str | None, partner: str | None, limit: int, before: tuple[datetime, UUID] | None
) -> list[Break]:
    """Breaks, newest first."""
    at, last = before or (None, None)
    values = {"status": status, "partner": partner, "limit": limit, "at": at, "id": last}
    return [Break(*row) for row in session.execute(_PAGE, values).all()]


def explain(session: Session, break_id: UUID, *, note: str, by: Actor, now: datetime) -> Break:
    """Close it with words: our amount stands and is booked; nothing else moves. Raises NotFound, BreakClosed."""
    found = _open(session, break_id)
    _book(session, found, theirs_twd=None, now=now)
    _close(session, found, "explained", note, by.name, now)
    return get(session, break_id)


def propose(session: Session, break_id: UUID, *, note: str, by: Actor, now: datetime) -> Break:
    """Propose that the partner's amount stands; another officer decides. Raises NotFound, BreakClosed,
    NothingToCorrect."""
    found = _open(session, break_id)
    if found.ours_twd == found.theirs_twd:
        raise NothingToCorrect
    body = {
        "break_id": typeid("brk", found.id), "partner": found.partner, "month": found.month, "kind": found.kind,
        "reference": found.reference, "ours_twd": found.ours_twd, "theirs_twd": found.theirs_twd,
    }  # fmt: skip
    approval = approvals.propose(
        session,
        kind=KIND,
        subject=typeid("brk", found.id),
        body=body,
        reason=note,
        by=by,
        now=now,
    )
    session.execute(_PROPOSED, {"id": found.id, "approval": approval.id, "note": note})
    return get(session, break_id)


def carry_out(session: Session, approval: Approval, now: datetime) -> None:
    """The second officer has approved: the partner's amount is booked, the break is closed."""
    found = _locked(session, parse_typeid("brk", approval.body["break_id"]))
    if found.status != "proposed" or found.approval_id != approval.id:
        raise BreakClosed
    _book(session, found, theirs_twd=found.theirs_twd, now=now)
    _close(session, found, "corrected", approval.reason, approval.proposer_name, now)


def let_go(session: Session, approval: Approval, now: datetime) -> None:
    """The proposal was declined, withdrawn or has lapsed: the break is open as before."""
    break_id = parse_typeid("brk", approval.body["break_id"])
    session.execute(_LET_GO, {"id": break_id, "approval": approval.id})


def shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    """What the proposal would do, for the officer who decides."""
    return [
        Shown(Text("夥伴與月份", "Partner and month"), f"{body['partner']} {body['month']}"),
        Shown(Text("差異", "Break"), f"{body['break_id']} ({body['kind']})"),
        Shown(Text("對象", "About"), str(body["reference"])),
        Shown(Text("我方金額", "Our amount"), f"NT${body['ours_twd']:,}"),
        Shown(Text("採用夥伴金額", "The partner's amount, to stand"), f"NT${body['theirs_twd']:,}"),
    ]


def register() -> None:
    """Let points officers decide corrections."""
    title = Text("兌換對帳差異更正", "Correction of a break with a partner")
    approvals.on_approved(KIND, ROLES, carry_out, shown, title=title, on_refused=let_go)


def get(session: Session, break_id: UUID) -> Break:
    """One break. Raises NotFound."""
    row = session.execute(_GET, {"id": break_id}).first()
    if row is None:
        raise NotFound
    return Break(*row)


def _open(session: Session, break_id: UUID) -> Break:
    found = _locked(session, break_id)
    if found.status != "open":
        raise BreakClosed
    return found


def _locked(session: Session, break_id: UUID) -> Break:
    if session.execute(_LOCK, {"id": break_id}).first() is None:
        raise NotFound
    return get(session, break_id)


def _book(session: Session, found: Break, *, theirs_twd: int | None, now: datetime) -> None:
    partner = terms.partner_terms(session, found.partner)
    assert partner is not None
    statements.book_netting(
        session, found.partner, partner.bureau, found.id, points=found.ours_twd, ours_twd=found.ours_twd,
        theirs_twd=theirs_twd, now=now,
    )  # fmt: skip


def _close(session: Session, found: Break, status: str, note: str, by: str, now: datetime) -> None:
    session.execute(_CLOSE, {"id": found.id, "status": status, "note": note, "by": by, "now": now})
    statements.agree_if_settled(session, found.statement_id, now=now)


_COLUMNS = (
    "id, partner_code, month, statement_id, kind, reference, ours_value, theirs_value, ours_twd, theirs_twd, "
    "ours_state, status, approval_id, note, closed_by, opened_at, closed_at"
)
_PAGE = text(
    f"""
    SELECT {_COLUMNS} FROM points.exchange_break
     WHERE (CAST(:status AS text) IS NULL OR status = :status)
       AND (CAST(:partner AS text) IS NULL OR partner_code = :partner)
       AND (CAST(:at AS timestamptz) IS NULL OR (opened_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY opened_at DESC, id DESC LIMIT :limit
    """  # noqa: S608
)
_GET = text(f"SELECT {_COLUMNS} FROM points.exchange_break WHERE id = :id")  # noqa: S608
_LOCK = text("SELECT 1 FROM points.exchange_break WHERE id = :id FOR UPDATE")
_PROPOSED = text(
    "UPDATE points.exchange_break SET status = 'proposed', approval_id = :approval, note = :note WHERE id = :id"
)
_LET_GO = text(
    "UPDATE points.exchange_break SET status = 'open', approval_id = NULL "
    "WHERE id = :id AND status = 'proposed' AND approval_id = :approval"
)
_CLOSE = text(
    "UPDATE points.exchange_break SET status = :status, note = :note, closed_by = :by, closed_at = :now WHERE id = :id"
)
