"""Decisions of two persons: one proposes, another decides, and what was approved is carried out in the same commit.

That the two differ is held by the database (`approval_takes_two_persons`); that the second holds the right role, here.
A room registers what it lets people approve through `api/wiring.py` (`on_approved`) and knows nothing else of officers.

An approval's row is locked before anything that its effect locks: whoever withdraws one locks it first, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from core import db
from core.errors import Forbidden, NotFound, Problem
from core.ids import new_uuid, typeid
from core.text import Text
from identity.actors import Actor
from identity.errors import ApprovalClosed, ApprovalWithoutEffect, SecondPersonNeeded
from identity.officer_models import Approval

STATUSES = ("proposed", "approved", "declined", "withdrawn", "expired")
LIFE = timedelta(days=7)
BUREAU_ROLES = frozenset({"bureau_officer", "publisher", "editor"})
_EXPIRED_PER_SWEEP = 200
_log = logging.getLogger("mykaohsiung.identity")

Effect = Callable[[Session, Approval, datetime], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of what a proposal would do, in human words."""

    label: Text
    value: Text | str


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that takes two persons; see `on_approved`."""

    name: str
    roles: frozenset[str]
    effect: Effect
    shown: Callable[[Mapping[str, Any]], Sequence[Shown]]
    title: Text
    on_refused: Effect | None


_kinds: dict[str, Kind] = {}


def on_approved(
    kind: str,
    roles: Collection[str],
    effect: Effect,
    shown: Callable[[Mapping[str, Any]], Sequence[Shown]],
    *,
    title: Text,
    on_refused: Effect | None = None,
) -> None:
    """Let officers with one of `roles` decide proposals of this kind ("wallet.refund").

    `effect(session, approval, now)` runs once, in the decision's own transaction, and acts on `approval.body` alone;
    a Problem that it raises undoes the decision. `shown(body)` says in human words all that the body would do.
    `on_refused` runs likewise when a proposal is declined, withdrawn, or lapses. Whose role is of one bureau
    (`BUREAU_ROLES`) decides only what was proposed with their bureau's name.
    """
    _kinds[kind] = Kind(kind, frozenset(roles), effect, shown, title, on_refused)


def propose(
    session: Session,
    *,
    kind: str,
    subject: str,
    body: Mapping[str, Any],
    reason: str,
    by: Actor,
    person_id: UUID | None = None,
    bureau: str | None = None,
    now: datetime,
) -> Approval:
    """Write down a proposal, to be decided by somebody else within seven days.

    `body` (JSON) is exactly what the effect will act on and is never changed; `subject` names what it is about
    ("pay_01j…"); `person_id` whose data the body shows, so that reading it is recorded.
    """
    assert kind in _kinds, f"nobody registered the approval kind {kind}: see identity.approvals.on_approved"
    assert by.kind in ("officer", "bureau", "system"), "citizens propose nothing"
    approval = Approval(
        id=new_uuid(),
        kind=kind,
        subject=subject,
        body=dict(body),
        reason=reason,
        person_id=person_id,
        bureau=bureau,
        status="proposed",
        proposer_kind=by.kind,
        proposed_by=by.id,
        proposer_name=by.name or by.bureau or "system",
        proposed_at=now,
        expires_at=now + LIFE,
    )
    session.add(approval)
    session.flush()
    return approval


def decide(session: Session, approval_id: UUID, *, by: Actor, is_approved: bool, note: str, now: datetime) -> Approval:
    """Approve a proposal and carry it out, or decline it. Of two decisions at once, the first one counts.

    Raises NotFound, ApprovalClosed, SecondPersonNeeded, Forbidden (role or bureau), ApprovalWithoutEffect.
    """
    approval = _locked(session, approval_id)
    if not may_see(by, approval):
        raise NotFound
    if approval.proposed_by == by.id:
        raise SecondPersonNeeded
    if not may_decide(by, approval):
        raise Forbidden
    if approval.status != "proposed" or approval.expires_at <= now:
        raise ApprovalClosed
    approval.status = "approved" if is_approved else "declined"
    approval.decided_by, approval.closed_at, approval.note = by.id, now, note
    session.flush()
    kind = _kinds[approval.kind]
    effect = kind.effect if is_approved else kind.on_refused
    if effect is not None:
        _carry_out(effect, session, approval, now)
    return approval


def withdraw(session: Session, approval_id: UUID, *, by: Actor, now: datetime) -> Approval:
    """Take back one's own proposal. Raises NotFound, Forbidden (somebody else's), ApprovalClosed."""
    approval = _locked(session, approval_id)
    if not may_see(by, approval):
        raise NotFound
    if approval.proposed_by != by.id:
        raise Forbidden
    _close_unapproved(session, approval, "withdrawn", now)
    return approval


def expire_due(now: datetime) -> None:
    """Close the proposals that nobody has decided in time, each in a unit of work of its own."""
    due = select(Approval.id).where(Approval.status == "proposed", Approval.expires_at <= now)
    with db.unit_of_work() as session:
        lapsed = session.scalars(due.order_by(Approval.expires_at).limit(_EXPIRED_PER_SWEEP)).all()
    for approval_id in lapsed:
        try:
            with db.unit_of_work() as session:
                _close_unapproved(session, _locked(session, approval_id), "expired", now)
        except ApprovalClosed:
            continue
        except Exception:
            # One that cannot be closed must not keep the others open; it stays open itself and is seen.
            _log.exception("proposal %s could not be closed", typeid("apr", approval_id))


def get(session: Session, approval_id: UUID, *, by: Actor) -> Approval:
    """One proposal, open or closed. Raises NotFound, also for what this officer has nothing to do with."""
    approval = session.get(Approval, approval_id)
    if approval is None or not may_see(by, approval):
        raise NotFound
    return approval


def page(session: Session, *, by: Actor, status: str | None, limit: int, before: UUID | None = None) -> list[Approval]:
    """What this officer may decide, has proposed or may audit, the newest first; `before` continues a list."""
    query = select(Approval).where(_seen_by(by))
    if status is not None:
        query = query.where(Approval.status == status)
    if before is not None:
        query = query.where(Approval.id < before)
    return list(session.scalars(query.order_by(Approval.id.desc()).limit(limit)))


def may_see(by: Actor, approval: Approval) -> bool:
    """Whether this officer may read the proposal."""
    return "auditor" in by.roles or approval.proposed_by == by.id or _has_role_for(by, approval)


def may_decide(by: Actor, approval: Approval) -> bool:
    """Whether this officer is the second person for the proposal, as far as role, bureau and person go."""
    return approval.proposed_by != by.id and _has_role_for(by, approval)


def title_of(approval: Approval) -> Text:
    """What kind of thing is proposed."""
    kind = _kinds.get(approval.kind)
    return kind.title if kind else Text(approval.kind, approval.kind)


def shown(approval: Approval) -> Sequence[Shown]:
    """All that the proposal would do, in human words."""
    kind = _kinds.get(approval.kind)
    return kind.shown(approval.body) if kind else ()


def _has_role_for(by: Actor, approval: Approval) -> bool:
    kind = _kinds.get(approval.kind)
    fitting = by.roles & kind.roles if kind else frozenset()
    return bool(fitting - BUREAU_ROLES) or (bool(fitting) and by.bureau == approval.bureau)


def _seen_by(by: Actor) -> ColumnElement[bool]:
    """`may_see`, for the database."""
    if "auditor" in by.roles:
        return true()
    anywhere = [kind.name for kind in _kinds.values() if by.roles & kind.roles - BUREAU_ROLES]
    in_bureau = [kind.name for kind in _kinds.values() if by.roles & kind.roles & BUREAU_ROLES]
    return or_(
        Approval.proposed_by == by.id,
        Approval.kind.in_(anywhere) if anywhere else false(),
        and_(Approval.kind.in_(in_bureau), Approval.bureau == by.bureau) if in_bureau else false(),
    )


def _locked(session: Session, approval_id: UUID) -> Approval:
    approval = session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if approval is None:
        raise NotFound
    return approval


def _close_unapproved(session: Session, approval: Approval, status: str, now: datetime) -> None:
    if approval.status != "proposed":
        raise ApprovalClosed
    approval.status, approval.closed_at = status, now
    session.flush()
    kind = _kinds.get(approval.kind)
    if kind is not None and kind.on_refused is not None:
        _carry_out(kind.on_refused, session, approval, now)


def _carry_out(effect: Effect, session: Session, approval: Approval, now: datetime) -> None:
    try:
        effect(session, approval, now)
    except Problem as refusal:
        raise ApprovalWithoutEffect(refusal.detail or refusal.title, cause=refusal.slug) from refusal
