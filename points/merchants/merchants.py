"""Merchants: they apply by business id, two officers approve, and the owner sees how it stands and what to do next.

`MOVES` says from which state it may go to which, and what moves it; the database holds the same moves. How a merchant
is decided about is in `decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound, PreconditionFailed
from core.ids import new_uuid
from core.taiwan import business_id_valid, normalise
from core.text import Text
from points.merchants import paid, texts
from points.merchants.errors import BusinessIdTaken, BusinessIdWrong, MerchantNotOpen

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
    """A merchant as it stands. `account` is the proven one, masked; `bank_refused` why the bank pays there no more;
    `closed_by` is "owner" or "city" while it is closed."""

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
    closed_at: datetime | None
    closed_by: str | None
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


def own_owed(session: Session, owner_id: UUID, merchant_id: UUID) -> Merchant:
    """The owner's merchant, which may be paid: also one that is closed, which is paid what was redeemed there.

    Raises NotFound, MerchantNotOpen.
    """
    merchant = own(session, owner_id, merchant_id)
    if merchant.status == "refused":
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
    if merchant.status in ("refused", "suspended"):
        return [(merchant.status, texts.NEXT[merchant.status])]
    is_closed = merchant.status == "closed"
    if is_closed and left(session, merchant.id) == (0, 0):
        return [("closed", texts.NEXT["closed"])]
    steps = ["closed_unpaid"] if is_closed else []
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
    if is_closed:
        pass
    elif not ready.branches:
        steps.append("add_branch")
    elif not ready.staff:
        steps.append("add_staff")
    elif not ready.tills:
        steps.append("add_till")
    return [(step, texts.NEXT[step]) for step in steps or ["nothing"]]


def left(session: Session, merchant_id: UUID) -> tuple[int, int]:
    """Points that are not settled yet, less those given back, and NT$ of settlements that the bank has not paid yet."""
    row = session.execute(_LEFT, {"id": merchant_id}).one()
    return int(row.points), int(row.twd)


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


def _merchant(row: Any) -> Merchant:
    return Merchant(
        row.id, row.business_id, row.name, row.name_en, row.category, row.owner_person_id, row.phone, row.status,
        row.status_reason, row.bank_code if row.bank_proven_at else None,
        paid.masked(row.bank_account) if row.bank_proven_at else None, row.bank_refused, row.approval_id,
        row.applied_at, row.approved_at, row.closed_at, row.closed_by, row.version,
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
_READY = text(
    """
    SELECT EXISTS (SELECT FROM points.branch WHERE merchant_id = :id AND closed_at IS NULL) AS branches,
           EXISTS (SELECT FROM points.staff WHERE merchant_id = :id AND left_at IS NULL) AS staff,
           EXISTS (SELECT FROM points.till WHERE merchant_id = :id AND revoked_at IS NULL) AS tills,
           (SELECT status FROM points.account_proof WHERE merchant_id = :id AND status IN ('sending', 'sent')) AS proof
    """
)
_LEFT = text(
    """
    SELECT (SELECT coalesce(sum(points), 0) FROM points.redemption
             WHERE merchant_id = :id AND settlement_id IS NULL AND status = 'done')
         - (SELECT coalesce(sum(points), 0) FROM points.redemption_refund
             WHERE merchant_id = :id AND settlement_id IS NULL AND NOT is_void) AS points,
           (SELECT coalesce(sum(amount_twd), 0) FROM points.settlement
             WHERE merchant_id = :id AND status IN ('waiting', 'ordered', 'stopped')) AS twd
    """
)
