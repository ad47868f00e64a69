"""Linking an account at the city's bank: the citizen consents on the bank's own page and comes back with a mandate.

A person may have several accounts side by side, each with a name; one of them is preferred. Pausing is ours alone: a
paused account is not debited, and a debit that is on its way already keeps its course.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import TAIPEI
from core.errors import NotFound, PreconditionFailed
from core.ids import new_uuid, typeid
from partners.bank.client import Mandate
from wallet import events
from wallet.errors import BankLinkNotActive, BankRefusedConsent

BANK_OF_KAOHSIUNG = "bank_of_kaohsiung"
CHECK_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BankLink:
    """A citizen's link to one account. Limits in NT$, 0 where there is none yet; the account is never stored in full.

    `today_twd` and `month_twd` are what our payments have taken from it in the current day and month of Taipei.
    `version` counts the changes that its owner sees.
    """

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
    monthly_limit_twd: int = 0
    name: str | None = None
    is_preferred: bool = False
    version: int = 1
    today_twd: int = 0
    month_twd: int = 0

    @property
    def room_today_twd(self) -> int:
        """What is left of the day's limit and the month's, as far as we know: the bank has the last word."""
        rooms = [self.daily_limit_twd - self.today_twd]
        if self.monthly_limit_twd:
            rooms.append(self.monthly_limit_twd - self.month_twd)
        return max(min(rooms), 0)

    @property
    def room_twd(self) -> int:
        """The most that one payment can take now."""
        return min(self.per_payment_limit_twd, self.room_today_twd)


def begin(session: Session, *, person_id: UUID, now: datetime, bank: str = BANK_OF_KAOHSIUNG) -> tuple[UUID, str]:
    """Write down that a link is wanted. Answers its id and the state that the bank's redirect has to bring back."""
    link_id = new_uuid()
    state = f"{typeid('blk', link_id)}.{secrets.token_urlsafe(24)}"
    session.execute(
        _INSERT,
        {"person_id": person_id, "id": link_id, "bank": bank, "state": _hash(state), "now": now},
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
    if row.status not in ("pending", "active", "paused"):
        raise BankRefusedConsent
    return _link(row)


def activate(session: Session, *, person_id: UUID, link_id: UUID, mandate: Mandate, now: datetime) -> BankLink:
    """The bank has exchanged the code for this mandate: the account can be used. The first one is preferred."""
    _choose_alone(session, person_id)
    session.execute(
        _ACTIVATE,
        {"person_id": person_id, "id": link_id, "mandate": mandate.mandate_id, "account": mandate.account_masked,
         "per_payment": mandate.per_payment_limit_twd, "daily": mandate.daily_limit_twd,
         "monthly": mandate.monthly_limit_twd, "now": now, "check": now + CHECK_EVERY},
    )  # fmt: skip
    session.execute(_PREFER_SOME, {"person_id": person_id})
    return link_of(session, person_id=person_id, link_id=link_id)


def answers_later(session: Session, *, person_id: UUID, link_id: UUID, mandate: Mandate, now: datetime) -> BankLink:
    """The citizen has agreed, and their bank says yes or no on its next business day: asked until then."""
    session.execute(
        _AGREED,
        {"person_id": person_id, "id": link_id, "mandate": mandate.mandate_id, "account": mandate.account_masked,
         "per_payment": mandate.per_payment_limit_twd, "daily": mandate.daily_limit_twd, "now": now},
    )  # fmt: skip
    return link_of(session, person_id=person_id, link_id=link_id)


def refuse(session: Session, *, person_id: UUID, link_id: UUID, now: datetime) -> BankLink:
    """The citizen said no on the bank's page."""
    session.execute(_REFUSE, {"person_id": person_id, "id": link_id, "now": now})
    return link_of(session, person_id=person_id, link_id=link_id)


def change(
    session: Session,
    *,
    person_id: UUID,
    link_id: UUID,
    version: int,
    name: str | None,
    is_preferred: bool,
    status: str | None,
    now: datetime,
) -> BankLink:
    """What its owner changes: the name, that it is the preferred one, whether it is paused ("paused", "active").

    `version` is the one that the owner has seen. Raises NotFound, PreconditionFailed when it is another by now,
    BankLinkNotActive where the link is not finished or has ended.
    """
    _choose_alone(session, person_id)
    link = link_of(session, person_id=person_id, link_id=link_id)
    if link.version != version:
        raise PreconditionFailed
    if link.status not in ("active", "paused"):
        raise BankLinkNotActive(link_status=link.status)
    if is_preferred:
        session.execute(_PREFER_NONE, {"person_id": person_id, "id": link_id, "now": now})
    session.execute(
        _CHANGE,
        {"person_id": person_id, "id": link_id, "name": name or link.name, "status": status or link.status,
         "is_preferred": is_preferred or link.is_preferred, "now": now},
    )  # fmt: skip
    return link_of(session, person_id=person_id, link_id=link_id)


def revoke(session: Session, *, person_id: UUID, link_id: UUID, now: datetime) -> BankLink:
    """End the link on our side. Raises NotFound. Answers the link as it was, so that the bank can be told; until it
    has acknowledged, the sweep tells it again."""
    _choose_alone(session, person_id)
    link = link_of(session, person_id=person_id, link_id=link_id)
    if session.execute(_REVOKE, {"person_id": person_id, "id": link_id, "now": now}).first() is not None:
        _ended(session, link, "citizen", now)
    return link


def revoked_at_the_bank(session: Session, *, mandate_id: str, now: datetime, bank: str = BANK_OF_KAOHSIUNG) -> None:
    """The bank says that a mandate has been ended there. Again, it changes nothing."""
    found = session.execute(_BY_MANDATE, {"bank": bank, "mandate": mandate_id}).first()
    if found is None:
        return
    _choose_alone(session, found.person_id)
    if session.execute(_REVOKED_THERE, {"person_id": found.person_id, "id": found.id, "now": now}).first() is not None:
        _ended(session, link_of(session, person_id=found.person_id, link_id=found.id), "bank", now)


def link_of(session: Session, *, person_id: UUID, link_id: UUID) -> BankLink:
    """One link of this person, without what was taken from it. Raises NotFound."""
    row = session.execute(_ONE, {"person_id": person_id, "id": link_id}).first()
    if row is None:
        raise NotFound
    return _link(row)


def links_of(session: Session, person_id: UUID, *, now: datetime) -> Sequence[BankLink]:
    """The person's links, newest first; those never finished are left out after an hour."""
    rows = session.execute(_ALL, {"person_id": person_id, "now": now} | _since(now))
    return [_link(row) for row in rows]


def seen_link(session: Session, *, person_id: UUID, link_id: UUID, now: datetime) -> BankLink:
    """One link of this person, with what was taken from it today and this month. Raises NotFound."""
    row = session.execute(_ONE_SPENT, {"person_id": person_id, "id": link_id} | _since(now)).first()
    if row is None:
        raise NotFound
    return _link(row)


def active_link(session: Session, *, person_id: UUID, bank_link_id: UUID, now: datetime) -> BankLink:
    """A link that can be debited, with what was taken from it. Raises NotFound, BankLinkNotActive."""
    link = seen_link(session, person_id=person_id, link_id=bank_link_id, now=now)
    if link.status != "active":
        raise BankLinkNotActive(link_status=link.status)
    return link


def _ended(session: Session, link: BankLink, by: str, now: datetime) -> None:
    session.execute(_PREFER_SOME, {"person_id": link.person_id})
    if link.mandate_id:
        outbox.record(
            session,
            events.BANK_LINK_ENDED,
            {"bank_link_id": str(link.id), "person_id": str(link.person_id), "account": link.account_masked, "by": by},
            now=now,
        )


def _choose_alone(session: Session, person_id: UUID) -> None:
    # Two changes at once of one person's accounts would each leave a preferred one.
    session.execute(_ALONE, {"person_id": str(person_id)})


def _since(now: datetime) -> dict[str, Any]:
    """The beginning of the day and of the month in Taipei, and the least id that a payment of that month can have."""
    day = now.astimezone(TAIPEI).replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    # A payment is debited minutes after it is written down, and its id begins with the milliseconds of that: a month
    # more of them costs nothing, and an old customer's years are not read.
    first_ms = int((month - timedelta(days=31)).timestamp() * 1000)
    return {"day": day, "month": month, "first_payment": UUID(int=first_ms << 80)}


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()


def _link(row: Any) -> BankLink:
    values = {name: value for name, value in row._mapping.items() if name != "state_hash"}
    for name in ("mandate_id", "account_masked"):
        values[name] = values[name] or ""
    for name in ("per_payment_limit_twd", "daily_limit_twd", "monthly_limit_twd"):
        values[name] = values[name] or 0
    return BankLink(**values)


_COLUMNS = (
    "l.person_id, l.id, l.bank, l.status, l.request_id, l.mandate_id, l.account_masked, l.per_payment_limit_twd, "
    "l.daily_limit_twd, l.created_at, l.monthly_limit_twd, l.name, l.is_preferred, l.version"
)
# What our payments have taken or are taking from the link; found by the payer's newest payments, a handful in a month.
_SPENT = """
  LEFT JOIN LATERAL (
    SELECT COALESCE(sum(p.amount_twd + p.fee_twd - p.points_pt) FILTER (WHERE p.authorized_at >= :day), 0)::bigint
               AS today_twd,
           COALESCE(sum(p.amount_twd + p.fee_twd - p.points_pt), 0)::bigint AS month_twd
      FROM wallet.payment p
     WHERE p.person_id = l.person_id AND p.id >= :first_payment AND p.bank_link_id = l.id
       AND p.authorized_at >= :month
       AND p.status NOT IN ('awaiting_authorization', 'cancelled', 'expired', 'failed')
  ) spent ON true
"""
_INSERT = text(
    "INSERT INTO wallet.bank_link (person_id, id, bank, status, state_hash, created_at, changed_at) "
    "VALUES (:person_id, :id, :bank, 'pending', :state, :now, :now)"
)
_REQUESTED = text(
    "UPDATE wallet.bank_link SET request_id = :request_id, changed_at = :now WHERE person_id = :person_id AND id = :id"
)
_FOR_RETURN = text(
    f"SELECT {_COLUMNS}, l.state_hash FROM wallet.bank_link l "  # noqa: S608
    "WHERE l.person_id = :person_id AND l.id = :id FOR UPDATE"
)
_ACTIVATE = text(
    "UPDATE wallet.bank_link SET status = 'active', mandate_id = :mandate, account_masked = :account, "
    "per_payment_limit_twd = :per_payment, daily_limit_twd = :daily, monthly_limit_twd = :monthly, "
    "version = version + 1, check_at = :check, changed_at = :now "
    "WHERE person_id = :person_id AND id = :id AND status = 'pending'"
)
_AGREED = text(
    "UPDATE wallet.bank_link SET mandate_id = :mandate, account_masked = :account, "
    "per_payment_limit_twd = :per_payment, daily_limit_twd = :daily, version = version + 1, "
    "check_at = CAST(:now AS timestamptz), changed_at = :now "
    "WHERE person_id = :person_id AND id = :id AND status = 'pending'"
)
_REFUSE = text(
    "UPDATE wallet.bank_link SET status = 'refused', version = version + 1, check_at = NULL, changed_at = :now "
    "WHERE person_id = :person_id AND id = :id AND status = 'pending'"
)
_CHANGE = text(
    "UPDATE wallet.bank_link SET name = :name, status = :status, is_preferred = :is_preferred, version = version + 1, "
    "changed_at = :now WHERE person_id = :person_id AND id = :id"
)
_REVOKE = text(
    "UPDATE wallet.bank_link SET status = 'revoked', is_preferred = false, version = version + 1, check_at = NULL, "
    "tell_bank_at = CASE WHEN mandate_id IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END, changed_at = :now "
    "WHERE person_id = :person_id AND id = :id AND status IN ('pending', 'active', 'paused') RETURNING id"
)
_BY_MANDATE = text("SELECT person_id, id FROM wallet.bank_link WHERE bank = :bank AND mandate_id = :mandate")
_REVOKED_THERE = text(
    "UPDATE wallet.bank_link SET status = 'revoked', is_preferred = false, version = version + 1, check_at = NULL, "
    "changed_at = :now WHERE person_id = :person_id AND id = :id AND status IN ('active', 'paused') RETURNING id"
)
_PREFER_NONE = text(
    "UPDATE wallet.bank_link SET is_preferred = false, version = version + 1, changed_at = :now "
    "WHERE person_id = :person_id AND is_preferred AND id <> :id"
)
# Where none is preferred, the active one that was linked first, or a paused one.
_PREFER_SOME = text(
    """
    UPDATE wallet.bank_link SET is_preferred = true
     WHERE (person_id, id) IN (SELECT person_id, id FROM wallet.bank_link
                                WHERE person_id = :person_id AND status IN ('active', 'paused')
                                ORDER BY status, id LIMIT 1)
       AND NOT EXISTS (SELECT FROM wallet.bank_link WHERE person_id = :person_id AND is_preferred)
    """
)
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('wallet.bank_link ' || :person_id, 0))")
_ONE = text(f"SELECT {_COLUMNS} FROM wallet.bank_link l WHERE l.person_id = :person_id AND l.id = :id")  # noqa: S608
_ONE_SPENT = text(
    f"SELECT {_COLUMNS}, spent.today_twd, spent.month_twd FROM wallet.bank_link l {_SPENT} "  # noqa: S608
    "WHERE l.person_id = :person_id AND l.id = :id"
)
_ALL = text(
    f"SELECT {_COLUMNS}, spent.today_twd, spent.month_twd FROM wallet.bank_link l {_SPENT} "  # noqa: S608
    "WHERE l.person_id = :person_id "
    "AND (l.status <> 'pending' OR l.mandate_id IS NOT NULL "
    "     OR l.created_at > CAST(:now AS timestamptz) - interval '1 hour') "
    "ORDER BY l.id DESC LIMIT 50"
)
