"""Linking an account at the city's bank: the citizen consents on the bank's own page and comes back with a mandate."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.ids import new_uuid, typeid
from partners.bank.client import Mandate
from wallet.errors import BankLinkNotActive, BankRefusedConsent

BANK_OF_KAOHSIUNG = "bank_of_kaohsiung"


@dataclass(frozen=True, slots=True)
class BankLink:
    """A citizen's link to one account. Limits in NT$; the account is never stored in full."""

    person_id: UUID
    id: UUID
    bank: str
    status: str
    request_id: str | None
    mandate_id: str
    account_masked: str
    per_payment_limit_twd: int
    daily_limit_twd: int
    created_at: datetime


def begin(session: Session, *, person_id: UUID, now: datetime) -> tuple[UUID, str]:
    """Write down that a link is wanted. Answers its id and the state that the bank's redirect has to bring back."""
    link_id = new_uuid()
    state = f"{typeid('blk', link_id)}.{secrets.token_urlsafe(24)}"
    session.execute(
        _INSERT,
        {"person_id": person_id, "id": link_id, "bank": BANK_OF_KAOHSIUNG, "state": _hash(state), "now": now},
    )
    return link_id, state


def requested(session: Session, *, person_id: UUID, link_id: UUID, request_id: str, now: datetime) -> None:
    """The bank has taken the request for a mandate."""
    session.execute(_REQUESTED, {"person_id": person_id, "id": link_id, "request_id": request_id, "now": now})


def check_return(session: Session, *, person_id: UUID, link_id: UUID, state: str) -> BankLink:
    """The link that this return from the bank belongs to.

    Raises NotFound for another person's link, BankRefusedConsent for a state that is not the one given out.
    """
    row = session.execute(_FOR_RETURN, {"person_id": person_id, "id": link_id}).first()
    if row is None:
        raise NotFound
    if not secrets.compare_digest(bytes(row.state_hash), _hash(state)):
        raise BankRefusedConsent
    link = _link(row)
    if link.status not in ("pending", "active"):
        raise BankRefusedConsent
    return link


def activate(session: Session, *, person_id: UUID, link_id: UUID, mandate: Mandate, now: datetime) -> BankLink:
    """The bank has exchanged the code for this mandate: the account can be used."""
    session.execute(
        _ACTIVATE,
        {"person_id": person_id, "id": link_id, "mandate": mandate.mandate_id, "account": mandate.account_masked,
         "per_payment": mandate.per_payment_limit_twd, "daily": mandate.daily_limit_twd, "now": now},
    )  # fmt: skip
    return link_of(session, person_id=person_id, link_id=link_id)


def refuse(session: Session, *, person_id: UUID, link_id: UUID, now: datetime) -> BankLink:
    """The citizen said no on the bank's page."""
    session.execute(_SET_STATUS, {"person_id": person_id, "id": link_id, "status": "refused", "now": now})
    return link_of(session, person_id=person_id, link_id=link_id)


def revoke(session: Session, *, person_id: UUID, link_id: UUID, now: datetime) -> BankLink:
    """End the link on our side. Raises NotFound. Answers the link as it was, so that the bank can be told."""
    link = link_of(session, person_id=person_id, link_id=link_id)
    session.execute(_SET_STATUS, {"person_id": person_id, "id": link_id, "status": "revoked", "now": now})
    return link


def revoked_at_the_bank(session: Session, *, mandate_id: str, now: datetime) -> None:
    """The bank says that a mandate has been ended there."""
    session.execute(_REVOKED_THERE, {"bank": BANK_OF_KAOHSIUNG, "mandate": mandate_id, "now": now})


def link_of(session: Session, *, person_id: UUID, link_id: UUID) -> BankLink:
    """One link of this person. Raises NotFound."""
    row = session.execute(_ONE, {"person_id": person_id, "id": link_id}).first()
    if row is None:
        raise NotFound
    return _link(row)


def links_of(session: Session, person_id: UUID) -> Sequence[BankLink]:
    """The person's links, newest first; those never finished are left out after an hour."""
    return [_link(row) for row in session.execute(_ALL, {"person_id": person_id})]


def active_link(session: Session, *, person_id: UUID, bank_link_id: UUID) -> BankLink:
    """A link that can be debited. Raises NotFound, BankLinkNotActive."""
    link = link_of(session, person_id=person_id, link_id=bank_link_id)
    if link.status != "active":
        raise BankLinkNotActive(link_status=link.status)
    return link


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()


def _link(row: Any) -> BankLink:
    return BankLink(
        person_id=row.person_id,
        id=row.id,
        bank=row.bank,
        status=row.status,
        request_id=row.request_id,
        mandate_id=row.mandate_id or "",
        account_masked=row.account_masked or "",
        per_payment_limit_twd=row.per_payment_limit_twd or 0,
        daily_limit_twd=row.daily_limit_twd or 0,
        created_at=row.created_at,
    )


_COLUMNS = (
    "person_id, id, bank, status, request_id, mandate_id, account_masked, per_payment_limit_twd, daily_limit_twd, "
    "created_at"
)
_INSERT = text(
    "INSERT INTO wallet.bank_link (person_id, id, bank, status, state_hash, created_at, changed_at) "
    "VALUES (:person_id, :id, :bank, 'pending', :state, :now, :now)"
)
_REQUESTED = text(
    "UPDATE wallet.bank_link SET request_id = :request_id, changed_at = :now WHERE person_id = :person_id AND id = :id"
)
_FOR_RETURN = text(
    f"SELECT {_COLUMNS}, state_hash FROM wallet.bank_link "  # noqa: S608
    "WHERE person_id = :person_id AND id = :id FOR UPDATE"
)
_ACTIVATE = text(
    "UPDATE wallet.bank_link SET status = 'active', mandate_id = :mandate, account_masked = :account, "
    "per_payment_limit_twd = :per_payment, daily_limit_twd = :daily, changed_at = :now "
    "WHERE person_id = :person_id AND id = :id AND status IN ('pending', 'active')"
)
_SET_STATUS = text(
    "UPDATE wallet.bank_link SET status = :status, changed_at = :now WHERE person_id = :person_id AND id = :id "
    "AND status IN ('pending', 'active')"
)
_REVOKED_THERE = text(
    "UPDATE wallet.bank_link SET status = 'revoked', changed_at = :now "
    "WHERE bank = :bank AND mandate_id = :mandate AND status = 'active'"
)
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.bank_link WHERE person_id = :person_id AND id = :id")  # noqa: S608
_ALL = text(
    f"SELECT {_COLUMNS} FROM wallet.bank_link WHERE person_id = :person_id "  # noqa: S608
    "AND (status <> 'pending' OR created_at > now() - interval '1 hour') ORDER BY id DESC LIMIT 50"
)
