"""Merchants: they apply by business id, two officers approve, and the owner sees how it stands and what to do next.

`MOVES` says from which state it may go to which, and what moves it; the database holds the same moves. How a merchant
leaves and comes back is in `closing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.errors import Conflict, NotFound, PreconditionFailed
from core.ids import new_uuid, typeid
from core.taiwan import business_id_valid, normalise
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from points.merchants import events, paid, texts
from points.merchants.errors import BusinessIdTaken, BusinessIdWrong, MerchantNotOpen, MerchantStateWrong

APPROVAL: Final = "points.merchant"
BUREAU: Final = "economic"
MOVES: Final[Mapping[str, Mapping[str, str]]] = {
    "applied": {
        "approved": "two officers agree",
        "refused": "an officer says no, with the reason",
        "closed": "the owner wants no more",
    },
    "approved": {
        "suspended": "an officer stops it at once",
        "closed": "the owner wishes it, or two officers agree",
    },
    "refused": {"applied": "the same owner applies again"},
    "suspended": {
        "approved": "two officers let it go on",
        "closed": "the owner wishes it, or two officers agree",
    },
    "closed": {"approved": "two officers open it again"},
}
STATUSES: Final = tuple(MOVES)
CATEGORIES: Final = tuple(texts.CATEGORIES)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant as it stands. `account` is the proven one, masked; `bank_refused` why the bank pays there no more."""

    id: UUID
    business_id: str
    name: str
    name_en: str
    category: str
    owner_person_id: UUID
    phone: str
    status: str
    status_reason: str
    bank_code: str | None
    account: str | None
    bank_refused: str | None
    approval_id: UUID | None
    applied_at: datetime
    approved_at: datetime | None
    version: int


def apply(session: Session, owner_id: UUID, wanted: Mapping[str, str], *, now: datetime) -> Merchant:
    """A merchant's application; one that was refused may be made again by the same owner.

    Raises BusinessIdWrong, BusinessIdTaken.
    """
    business_id = normalise(wanted["business_id"])
    if not business_id_valid(business_id):
        raise BusinessIdWrong
    values = {**wanted, "id": new_uuid(), "business_id": business_id, "owner": owner_id, "now": now}
    row = session.execute(_APPLY, values).first()
    if row is None:
        raise BusinessIdTaken
    return _merchant(row)


def own(session: Session, owner_id: UUID, merchant_id: UUID) -> Merchant:
    """The owner's merchant. Raises NotFound."""
    row = session.execute(_OWN, {"id": merchant_id, "owner": owner_id}).first()
    if row is None:
        raise NotFound
    return _merchant(row)


def own_open(session: Session, owner_id: UUID, merchant_id: UUID) -> Merchant:
    """The owner's merchant, approved. Raises NotFound, MerchantNotOpen."""
    merchant = own(session, owner_id, merchant_id)
    if merchant.status != "approved":
        raise MerchantNotOpen(merchant_status=merchant.status)
    return merchant


def own_alive(session: Session, owner_id: UUID, merchant_id: UUID) -> Merchant:
    """The owner's merchant, which has applied, is approved or suspended: it may be made ready and be paid.

    Raises NotFound, MerchantNotOpen.
    """
    merchant = own(session, owner_id, merchant_id)
    if merchant.status in ("refused", "closed"):
        raise MerchantNotOpen(merchant_status=merchant.status)
    return merchant


def of_owner(session: Session, owner_id: UUID, *, limit: int, after: UUID | None) -> list[Merchant]:
    """The owner's merchants, the newest first."""
    rows = session.execute(_OF_OWNER, {"owner": owner_id, "limit": limit, "after": after})
    return [_merchant(row) for row in rows]


def change(
    session: Session, owner_id: UUID, merchant_id: UUID, wanted: Mapping[str, str], *, version: int, now: datetime
) -> Merchant:
    """Change names, category or phone; who it is (the business id) stays.

    Raises NotFound, PreconditionFailed, MerchantNotOpen.
    """
    before = own_alive(session, owner_id, merchant_id)
    after = {name: wanted.get(name, getattr(before, name)) for name in ("name", "name_en", "category", "phone")}
    row = session.execute(_CHANGE, {"id": before.id, "version": version, **after}).first()
    if row is None:
        raise PreconditionFailed
    return _merchant(row)


def next_steps(session: Session, merchant: Merchant) -> list[tuple[str, Text]]:
    """What the owner is to do next, in the order in which it helps; each with its code."""
    ready = session.execute(_READY, {"id": merchant.id}).one()
    if merchant.status in ("refused", "suspended", "closed"):
        return [(merchant.status, texts.NEXT[merchant.status])]
    steps = []
    if merchant.status == "applied":
        steps.append("wait_for_approval")
    if merchant.bank_refused is not None:
        steps.append("other_account")
    elif ready.proof == "sending":
        steps.append("wait_for_credit")
    elif ready.proof == "sent":
        steps.append("enter_code")
    elif merchant.account is None:
        steps.append("enter_account")
    if not ready.branches:
        steps.append("add_branch")
    elif not ready.staff:
        steps.append("add_staff")
    elif not ready.tills:
        steps.append("add_till")
    return [(step, texts.NEXT[step]) for step in steps or ["nothing"]]


def get(session: Session, merchant_id: UUID) -> Merchant:
    """Any merchant, for a desk. Raises NotFound."""
    row = session.execute(_ANY, {"id": merchant_id}).first()
    if row is None:
        raise NotFound
    return _merchant(row)


def page(session: Session, *, status: str | None, limit: int, after: UUID | None) -> list[Merchant]:
    """Merchants for a desk, the newest first."""
    rows = session.execute(_PAGE, {"status": status, "limit": limit, "after": after})
    return [_merchant(row) for row in rows]


def approve(session: Session, merchant_id: UUID, *, by: Actor, now: datetime) -> tuple[Merchant, bool]:
    """The first officer proposes; another one, who approves what waits, decides. Answers whether it is decided.

    Raises NotFound, MerchantStateWrong, and the refusals of `approvals.decide`.
    """
    merchant = get(session, merchant_id)
    if merchant.status not in ("applied", "suspended"):
        raise MerchantStateWrong(merchant_status=merchant.status)
    if merchant.approval_id is not None:
        # The approval's row is locked before the merchant's, as whoever decides it elsewhere does.
        approvals.decide(session, merchant.approval_id, by=by, is_approved=True, note="", now=now)
        return get(session, merchant_id), True
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
        },
        reason=f"{merchant.business_id} {merchant.name} {merchant.status_reason}".strip(),
        by=by,
        person_id=merchant.owner_person_id,
        bureau=by.bureau,
        now=now,
    )
    session.execute(_PROPOSED, {"id": merchant_id, "approval_id": approval.id})
    return get(session, merchant_id), False


def refuse(session: Session, merchant_id: UUID, *, reason: str, by: Actor, now: datetime) -> Merchant:
    """Turn an application down with the reason that the owner reads. Raises NotFound, MerchantStateWrong.

    A proposal to approve it is taken back by whoever made it, and declined by anybody else.
    """
    merchant = get(session, merchant_id)
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
    return get(session, merchant_id)


def suspend(session: Session, merchant_id: UUID, *, reason: str, by: Actor, now: datetime) -> Merchant:
    """Stop a merchant at once: its tills take nothing; what it is owed is paid. Two persons let it go on.

    Raises NotFound, MerchantStateWrong.
    """
    merchant = get(session, merchant_id)
    if merchant.status != "approved" or _locked(session, merchant_id).status != "approved":
        raise MerchantStateWrong(merchant_status=merchant.status)
    _move(session, merchant_id, "suspended", reason, now)
    return get(session, merchant_id)


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
    action = texts.RESUMES if body["was"] == "suspended" else texts.ADMITS
    return (
        Shown(Text("提案", "Proposal"), action),
        Shown(Text("店家", "Merchant"), str(body["name"])),
        Shown(Text("統一編號", "Business id"), str(body["business_id"])),
        Shown(Text("類別", "Category"), texts.CATEGORIES[body["category"]]),
    )


def _move(session: Session, merchant_id: UUID, status: str, reason: str, now: datetime) -> None:
    session.execute(_MOVE, {"id": merchant_id, "status": status, "reason": reason, "now": now})
    payload = {**paid.of_merchant(session, merchant_id), "status": status, "reason": reason}
    outbox.record(session, events.MERCHANT_DECIDED, payload, now=now)


def _locked(session: Session, merchant_id: UUID) -> Any:
    return session.execute(_LOCK, {"id": merchant_id}).one()


def _merchant(row: Any) -> Merchant:
    return Merchant(
        row.id, row.business_id, row.name, row.name_en, row.category, row.owner_person_id, row.phone, row.status,
        row.status_reason, row.bank_code if row.bank_proven_at else None,
        paid.masked(row.bank_account) if row.bank_proven_at else None, row.bank_refused, row.approval_id,
        row.applied_at, row.approved_at, row.version,
    )  # fmt: skip


_APPLY = text(
    """
    INSERT INTO points.merchant AS m (id, business_id, name, name_en, category, owner_person_id, phone, status,
                                      applied_at)
    VALUES (:id, :business_id, :name, :name_en, :category, :owner, :phone, 'applied', :now)
    ON CONFLICT (business_id) DO UPDATE
       SET name = excluded.name, name_en = excluded.name_en, category = excluded.category, phone = excluded.phone,
           status = 'applied', status_reason = '', applied_at = excluded.applied_at, version = m.version + 1
     WHERE m.status = 'refused' AND m.owner_person_id = excluded.owner_person_id
    RETURNING *
    """
)
_OWN = text("SELECT * FROM points.merchant WHERE id = :id AND owner_person_id = :owner")
_ANY = text("SELECT * FROM points.merchant WHERE id = :id")
_LOCK = text("SELECT status, approval_id FROM points.merchant WHERE id = :id FOR NO KEY UPDATE")
_OF_OWNER = text(
    "SELECT * FROM points.merchant WHERE owner_person_id = :owner AND (CAST(:after AS uuid) IS NULL OR id < :after) "
    "ORDER BY id DESC LIMIT :limit"
)
_PAGE = text(
    "SELECT * FROM points.merchant WHERE (CAST(:status AS text) IS NULL OR status = :status) "
    "AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit"
)
_CHANGE = text(
    """
    UPDATE points.merchant
       SET name = :name, name_en = :name_en, category = :category, phone = :phone, version = version + 1
     WHERE id = :id AND version = :version RETURNING *
    """
)
_PROPOSED = text("UPDATE points.merchant SET approval_id = :approval_id WHERE id = :id")
_MOVE = text(
    """
    UPDATE points.merchant
       SET status = :status, status_reason = :reason, approval_id = NULL, version = version + 1,
           approved_at = CASE WHEN :status = 'approved' THEN coalesce(approved_at, :now) ELSE approved_at END
     WHERE id = :id
    """
)
_READY = text(
    """
    SELECT EXISTS (SELECT FROM points.branch WHERE merchant_id = :id AND closed_at IS NULL) AS branches,
           EXISTS (SELECT FROM points.staff WHERE merchant_id = :id AND left_at IS NULL) AS staff,
           EXISTS (SELECT FROM points.till WHERE merchant_id = :id AND revoked_at IS NULL) AS tills,
           (SELECT status FROM points.account_proof WHERE merchant_id = :id AND status IN ('sending', 'sent')) AS proof
    """
)
