"""What is decided about merchants: who takes part, who is stopped, who leaves and who comes back.

Two officers let a merchant in, let it go on, close it and open it again; one officer refuses or suspends, and the owner
closes their own. A proposal says what it would make of the merchant, and has an effect only while that stands as it
did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.errors import Conflict, FieldError, InvalidRequest
from core.ids import typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from points.merchants import events, merchants, paid, texts
from points.merchants.errors import MerchantStateWrong
from points.merchants.merchants import MOVES, Merchant

APPROVAL: Final = "points.merchant"
Target = Literal["approved", "closed"]
# What two officers decide, by what becomes of the merchant; everything else takes one, or the owner.
_BY_TWO: Final[Mapping[Target, frozenset[str]]] = {
    "approved": frozenset({"applied", "suspended", "closed"}),
    "closed": frozenset({"approved", "suspended"}),
}


def approve(session: Session, merchant_id: UUID, *, by: Actor, now: datetime) -> tuple[Merchant, bool]:
    """Let a merchant take part, go on, or come back: the first officer proposes, and another one, who approves what
    waits, decides. Answers whether it is decided.

    Raises NotFound, MerchantStateWrong, Conflict, and the refusals of `approvals.decide`.
    """
    return _by_two(session, merchant_id, "approved", "", by=by, now=now)


def close(
    session: Session, merchant_id: UUID, *, reason: str | None, by: Actor, now: datetime
) -> tuple[Merchant, bool]:  # fmt: skip
    """Close a merchant that does not wish it: two officers, as with `approve`; the first one gives the reason, which
    the owner reads. Raises as `approve`, and InvalidRequest for a proposal without a reason."""
    return _by_two(session, merchant_id, "closed", reason, by=by, now=now)


def leave(session: Session, owner_id: UUID, merchant_id: UUID, *, now: datetime) -> Merchant:
    """The owner wants to take points no more, from this moment on. Again changes nothing.

    Raises NotFound, MerchantStateWrong for one that was refused.
    """
    merchant = merchants.own(session, owner_id, merchant_id)
    status = _locked(session, merchant_id).status
    if status != "closed":
        if "closed" not in MOVES[status]:
            raise MerchantStateWrong(merchant_status=status)
        _move(session, merchant.id, "closed", "", now, closed_by="owner")
    return merchants.own(session, owner_id, merchant_id)


def refuse(session: Session, merchant_id: UUID, *, reason: str, by: Actor, now: datetime) -> Merchant:
    """Turn an application down with the reason that the owner reads. Raises NotFound, MerchantStateWrong.

    A proposal to approve it is taken back by whoever made it, and declined by anybody else.
    """
    merchant = merchants.get(session, merchant_id)
    if merchant.status != "applied":
        raise MerchantStateWrong(merchant_status=merchant.status)
    if merchant.approval_id is not None:
        approval = approvals.get(session, merchant.approval_id, by=by)
        if approval.proposed_by == by.id:
            approvals.withdraw(session, approval.id, by=by, now=now)
        else:
            approvals.decide(session, approval.id, by=by, is_approved=False, note=reason, now=now)
    if _locked(session, merchant_id).status == "applied":
        _move(session, merchant_id, "refused", reason, now)
    return merchants.get(session, merchant_id)


def suspend(session: Session, merchant_id: UUID, *, reason: str, by: Actor, now: datetime) -> Merchant:
    """Stop a merchant at once: its tills take nothing; what it is owed is paid. Two persons let it go on.

    Raises NotFound, MerchantStateWrong.
    """
    merchant = merchants.get(session, merchant_id)
    if merchant.status != "approved" or _locked(session, merchant_id).status != "approved":
        raise MerchantStateWrong(merchant_status=merchant.status)
    _move(session, merchant_id, "suspended", reason, now)
    return merchants.get(session, merchant_id)


def proposed(session: Session, merchant: Merchant, *, by: Actor) -> Target | None:
    """What the proposal that waits would make of the merchant, or None where none waits."""
    if merchant.approval_id is None:
        return None
    return _target(approvals.get(session, merchant.approval_id, by=by).body)


def register_approvals() -> None:
    """Let points officers decide about merchants."""
    approvals.on_approved(
        APPROVAL, ["points_officer"], approved, shown, title=texts.APPROVAL_TITLE, on_refused=not_approved
    )


def approved(session: Session, approval: Approval, now: datetime) -> None:
    """A second officer agrees. Raises MerchantStateWrong where it stands otherwise by now."""
    merchant_id = UUID(approval.body["merchant_id"])
    locked = _locked(session, merchant_id)
    if locked.approval_id != approval.id or locked.status != approval.body["was"]:
        raise MerchantStateWrong(merchant_status=locked.status)
    if _target(approval.body) == "closed":
        _move(session, merchant_id, "closed", approval.body["reason"], now, closed_by="city")
    else:
        _move(session, merchant_id, "approved", "", now)


def not_approved(session: Session, approval: Approval, now: datetime) -> None:
    """Declined: an application is refused with the officer's words. Else it waits for another proposal."""
    merchant_id = UUID(approval.body["merchant_id"])
    locked = _locked(session, merchant_id)
    if locked.approval_id != approval.id:
        return
    if approval.status == "declined" and locked.status == "applied":
        _move(session, merchant_id, "refused", approval.note or "", now)
    else:
        session.execute(_PROPOSED, {"id": merchant_id, "approval_id": None})


def shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    """What a proposal would do, in words."""
    action = texts.CLOSES if _target(body) == "closed" else texts.LETS_IN[body["was"]]
    said = [
        Shown(Text("提案", "Proposal"), action),
        Shown(Text("店家", "Merchant"), str(body["name"])),
        Shown(Text("統一編號", "Business id"), str(body["business_id"])),
        Shown(Text("類別", "Category"), texts.CATEGORIES[body["category"]]),
    ]
    return [*said, Shown(Text("原因", "Reason"), str(body["reason"]))] if body.get("reason") else said


def _by_two(
    session: Session, merchant_id: UUID, target: Target, reason: str | None, *, by: Actor, now: datetime
) -> tuple[Merchant, bool]:
    merchant = merchants.get(session, merchant_id)
    if merchant.status not in _BY_TWO[target]:
        raise MerchantStateWrong(merchant_status=merchant.status)
    if merchant.approval_id is not None:
        if proposed(session, merchant, by=by) != target:
            raise MerchantStateWrong(merchant_status=merchant.status)
        # The approval's row is locked before the merchant's, as whoever decides it elsewhere does.
        approvals.decide(session, merchant.approval_id, by=by, is_approved=True, note=reason or "", now=now)
        return merchants.get(session, merchant_id), True
    if reason is None:
        raise InvalidRequest(errors=[FieldError("/reason", "a proposal to close says why")])
    locked = _locked(session, merchant_id)
    if locked.approval_id is not None or locked.status != merchant.status:
        raise Conflict
    approval = approvals.propose(
        session,
        kind=APPROVAL,
        subject=typeid("mer", merchant_id),
        body={
            "merchant_id": str(merchant_id),
            "business_id": merchant.business_id,
            "name": merchant.name,
            "category": merchant.category,
            "was": merchant.status,
            "becomes": target,
            "reason": reason,
        },
        reason=" ".join(filter(None, (merchant.business_id, merchant.name, reason or merchant.status_reason))),
        by=by,
        person_id=merchant.owner_person_id,
        bureau=by.bureau,
        now=now,
    )
    session.execute(_PROPOSED, {"id": merchant_id, "approval_id": approval.id})
    return merchants.get(session, merchant_id), False


def _target(body: Mapping[str, Any]) -> Target:
    return "closed" if body.get("becomes") == "closed" else "approved"


def _move(
    session: Session, merchant_id: UUID, status: str, reason: str, now: datetime, *, closed_by: str | None = None
) -> None:  # fmt: skip
    session.execute(
        _MOVE, {"id": merchant_id, "status": status, "reason": reason, "closed_by": closed_by, "now": now}
    )  # fmt: skip
    if status == "closed":
        _end_all(session, merchant_id, now)
    payload = {**paid.of_merchant(session, merchant_id), "status": status, "reason": reason, "closed_by": closed_by}
    outbox.record(session, events.MERCHANT_DECIDED, payload, now=now)


def _end_all(session: Session, merchant_id: UUID, now: datetime) -> None:
    """Offers and shifts end, codes that enrol a till lapse. What waits for somebody's yes or a look is over: the next
    sweep, which takes the locks of one person at a time, gives the points back. What was done is settled as always."""
    for ending in _ENDINGS:
        session.execute(ending, {"id": merchant_id, "now": now})


def _locked(session: Session, merchant_id: UUID) -> Any:
    return session.execute(_LOCK, {"id": merchant_id}).one()


_LOCK = text("SELECT status, approval_id FROM points.merchant WHERE id = :id FOR NO KEY UPDATE")
_PROPOSED = text("UPDATE points.merchant SET approval_id = :approval_id WHERE id = :id")
_MOVE = text(
    """
    UPDATE points.merchant
       SET status = :status, status_reason = :reason, approval_id = NULL, version = version + 1,
           approved_at = CASE WHEN :status = 'approved' THEN coalesce(approved_at, :now) ELSE approved_at END,
           closed_by = CAST(:closed_by AS text), closed_at = CASE WHEN :status = 'closed' THEN :now END
     WHERE id = :id
    """
)
# Redemptions before offers, the order in which whoever ends a redemption locks them.
_ENDINGS = (
    text(
        "UPDATE points.redemption SET answer_by = :now "
        "WHERE merchant_id = :id AND status IN ('awaiting_citizen', 'held') AND answer_by > :now"
    ),
    text(
        "UPDATE points.offer SET status = 'ended', ended_at = :now, version = version + 1 "
        "WHERE merchant_id = :id AND status <> 'ended'"
    ),
    text(
        "UPDATE points.till_shift AS s SET ended_at = :now FROM points.till AS t "
        "WHERE t.merchant_id = :id AND s.till_id = t.id AND s.ended_at IS NULL"
    ),
    text(
        "UPDATE points.till SET code_hash = NULL, code_until = NULL WHERE merchant_id = :id AND code_hash IS NOT NULL"
    ),
)
