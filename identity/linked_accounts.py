"""Accounts elsewhere that sign a person in: linked after a clear yes, listed, and unlinked.

An account that nobody has linked signs nobody in. It waits, sealed, for the browser that has shown to hold it, until
its person has signed in another way and says yes; the same for one that is linked from the page of one's sign-ins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import crypto, outbox
from core.errors import InsufficientAuthentication, NotFound
from core.ids import new_uuid
from core.text import Text
from identity import federation, security_notices, sessions
from identity.actors import Actor
from identity.federation_errors import AccountLinked, AccountLinkedToYou, NoPendingLink, TooManyLinkedAccounts
from identity.federation_models import FederationRequest, LinkedAccount, PendingLink
from identity.models import Person
from partners.oidc.client import Identity

FRESH = timedelta(minutes=15)
MOST = 10
LONGEST_LABEL = 80
PROVIDER_NAMES = {"line": Text("LINE", "LINE"), "google": Text("Google", "Google"), "apple": Text("Apple", "Apple")}
_PENDING_TABLE, _LINKED_TABLE = "identity.pending_link", "identity.linked_account"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An account that waits to be linked: what its owner knows it by, and where the browser was going."""

    id: UUID
    provider: str
    label: str
    return_to: str
    expires_at: datetime


def let_wait(
    session: Session, identity: Identity, taken: FederationRequest, browser: str, label: str, *, now: datetime
) -> Waiting:
    """Keep the account for this browser, in place of any that waits there.

    Raises AccountLinked, AccountLinkedToYou.
    """
    index = federation.account_index(identity.issuer, identity.subject)
    owner = session.scalar(select(LinkedAccount.person_id).where(LinkedAccount.account_index == index))
    if owner is not None:
        raise AccountLinkedToYou if owner == taken.person_id else AccountLinked
    waiting_id, expires_at = new_uuid(), now + federation.LIFE
    account = {"issuer": identity.issuer, "subject": identity.subject, "label": label}
    values = {
        "id": waiting_id,
        "provider": taken.provider,
        "account_sealed": crypto.seal(orjson.dumps(account), table=_PENDING_TABLE, column="account", row_id=waiting_id),
        "person_id": taken.person_id if taken.purpose == "link" else None,
        "return_to": taken.return_to,
        "made_at": now,
        "expires_at": expires_at,
    }
    statement = insert(PendingLink).values(browser_hash=crypto.token_hash(browser), **values)
    session.execute(statement.on_conflict_do_update(index_elements=["browser_hash"], set_=values))
    return Waiting(waiting_id, taken.provider, label, taken.return_to, expires_at)


def waiting_for(session: Session, browser: str, *, now: datetime) -> Waiting:
    """The account that waits in this browser. Raises NoPendingLink."""
    query = select(PendingLink).where(
        PendingLink.browser_hash == crypto.token_hash(browser), PendingLink.expires_at > now
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NoPendingLink
    return Waiting(row.id, row.provider, _account_in(row)["label"], row.return_to, row.expires_at)


def put_off(session: Session, browser: str) -> None:
    """The account is not to be linked; nothing of it is kept."""
    session.execute(delete(PendingLink).where(PendingLink.browser_hash == crypto.token_hash(browser)))


def link(session: Session, actor: Actor, browser: str, waiting_id: UUID, *, now: datetime) -> LinkedAccount:
    """Link the account that this person was shown and said yes to. They are told on every channel.

    Raises InsufficientAuthentication for a sign-in of more than 15 minutes ago, NoPendingLink, AccountLinked,
    TooManyLinkedAccounts.
    """
    must_be_fresh(actor, now=now)
    query = delete(PendingLink).where(
        PendingLink.browser_hash == crypto.token_hash(browser),
        PendingLink.id == waiting_id,
        PendingLink.expires_at > now,
    )
    row = session.scalars(query.returning(PendingLink)).one_or_none()
    if row is None or row.person_id not in (None, actor.id):
        raise NoPendingLink
    # Two links at once: the second counts what the first has added.
    session.execute(select(Person.id).where(Person.id == actor.id).with_for_update())
    if session.scalar(select(func.count()).where(LinkedAccount.person_id == actor.id)) >= MOST:  # type: ignore[operator]
        raise TooManyLinkedAccounts
    account, linked_id = _account_in(row), new_uuid()
    statement = insert(LinkedAccount).values(
        person_id=actor.id,
        id=linked_id,
        provider=row.provider,
        account_index=federation.account_index(account["issuer"], account["subject"]),
        label_sealed=crypto.seal(account["label"], table=_LINKED_TABLE, column="label", row_id=linked_id),
        subject_sealed=crypto.seal(account["subject"], table=_LINKED_TABLE, column="subject", row_id=linked_id),
        linked_at=now,
    )
    added = session.scalars(statement.on_conflict_do_nothing().returning(LinkedAccount)).one_or_none()
    if added is None:
        raise AccountLinked
    _tell(session, actor, "account_linked", row.provider, now)
    return added


def of(session: Session, person_id: UUID) -> list[LinkedAccount]:
    """The accounts that sign this person in, the oldest link first."""
    query = select(LinkedAccount).where(LinkedAccount.person_id == person_id)
    return list(session.scalars(query.order_by(LinkedAccount.id)))


def unlink(session: Session, actor: Actor, linked_id: UUID, *, now: datetime) -> None:
    """The account signs this person in no more; their other sessions end, and they are told.

    Raises InsufficientAuthentication, NotFound.
    """
    must_be_fresh(actor, now=now)
    query = delete(LinkedAccount).where(LinkedAccount.person_id == actor.id, LinkedAccount.id == linked_id)
    provider = session.scalar(query.returning(LinkedAccount.provider))
    if provider is None:
        raise NotFound
    sessions.end_all(session, person_id=actor.id, now=now, reason="account unlinked", kept=actor.session_id)
    unlinked = {"person_id": str(actor.id), "provider": provider}
    outbox.record(session, "identity.account_unlinked", unlinked, now=now)
    _tell(session, actor, "account_unlinked", provider, now)


def subject_at(session: Session, person_id: UUID, provider: str) -> str | None:
    """What the provider calls this person, by the account that they linked last; None where none is linked."""
    query = select(LinkedAccount).where(
        LinkedAccount.person_id == person_id,
        LinkedAccount.provider == provider,
        LinkedAccount.subject_sealed.is_not(None),
    )
    account = session.scalars(query.order_by(LinkedAccount.id.desc()).limit(1)).one_or_none()
    if account is None or account.subject_sealed is None:
        return None
    opened = crypto.open_sealed(account.subject_sealed, table=_LINKED_TABLE, column="subject", row_id=account.id)
    return opened.decode()


def label_in(identity: Identity) -> str:
    """What its owner knows an account by, out of what the provider tells: e-mail address or name. Never looked up."""
    for claim in ("email", "name"):
        told = identity.claims.get(claim)
        shown = "".join(filter(str.isprintable, told)).strip() if isinstance(told, str) else ""
        if shown:
            return shown[:LONGEST_LABEL]
    return ""


def label_of(account: LinkedAccount) -> str:
    """What its owner knows the account by."""
    return crypto.open_sealed(account.label_sealed, table=_LINKED_TABLE, column="label", row_id=account.id).decode()


def must_be_fresh(actor: Actor, *, now: datetime) -> None:
    """Raises InsufficientAuthentication for somebody below level 2, who signed in more than 15 minutes ago, or beside
    whom an officer sits: what is linked then could be the officer's."""
    is_lately = actor.auth_time is not None and now - actor.auth_time <= FRESH
    if actor.loa < 2 or not is_lately or actor.with_officer is not None:
        raise InsufficientAuthentication(loa=2, max_age_seconds=int(FRESH.total_seconds()))


def _account_in(row: PendingLink) -> dict[str, Any]:
    opened = crypto.open_sealed(row.account_sealed, table=_PENDING_TABLE, column="account", row_id=row.id)
    account: dict[str, Any] = orjson.loads(opened)
    return account


def _tell(session: Session, actor: Actor, kind: str, provider: str, now: datetime) -> None:
    values = {"provider": PROVIDER_NAMES[provider]}
    security_notices.tell(session, actor.id, kind, values=values, session_id=actor.session_id, now=now)
