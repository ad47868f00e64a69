"""Acting for somebody: tokens that carry whom one acts for (`act`, RFC 8693), and the one question every room asks.

Such a token is the agent's, bound to the agent's own session and as strong as it, and holds nothing but what the
delegation grants. It is dead at once when that session ends or is replaced, and when the delegation is revoked, runs
out or is ended by a register. No route takes it that does not say so (`core.http.citizen(delegable=…)`), so it makes no
delegation, accepts none and begins no acting of its own.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.crypto import token_hash
from core.errors import Forbidden
from core.ids import new_uuid, typeid
from identity import access_log, delegations, security_notices, sessions
from identity.actors import Actor
from identity.delegation_errors import ActingEnded, DelegationNotInForce, NotDelegated
from identity.delegation_models import ActingSession, Delegation
from identity.delegation_rules import Act, Reason, Verdict, read, scopes_of, verdict

HEADER: Final = "Acting-For"
COOKIE: Final = "__Host-acting"
TOKEN_PREFIX: Final = "act_"  # noqa: S105
LONGEST = timedelta(hours=12)
_log = logging.getLogger("mykaohsiung.identity")


@dataclass(frozen=True, slots=True)
class Begun:
    """An acting that has just begun. The token is shown this once."""

    token: str
    delegation: Delegation
    scopes: frozenset[str]
    expires_at: datetime


def subject(actor: Actor) -> UUID:
    """Whose things the caller is about: their own, or those of whom they act for."""
    return actor.on_behalf_of or actor.id


def may(
    session: Session,
    actor: Actor,
    person_id: UUID,
    scope: str,
    *,
    plates: tuple[str, ...] = (),
    amount_twd: int = 0,
    month_twd: int = 0,
    now: datetime,
) -> bool:
    """May this caller do this for this person? Everybody may for themselves; for others only as was agreed.

    `plates` are the vehicles that it touches, `amount_twd` is what it pays, `month_twd` what was paid under the
    delegation this month before. Nothing is recorded.
    """
    act = Act((scope,), plates, amount_twd, month_twd)
    return _judged(session, actor, person_id, act, now=now).refused is None


def require(
    session: Session,
    actor: Actor,
    person_id: UUID,
    *scopes: str,
    what: str,
    reference: str = "",
    plates: tuple[str, ...] = (),
    amount_twd: int = 0,
    month_twd: int = 0,
    now: datetime,
) -> frozenset[str] | None:
    """The same question where any of `scopes` would do, and what is done goes into the person's access log.

    Answers the plates to which it is bound; None: to none. `what` is a code of `access_words`, `reference` the object.
    Raises NotDelegated.
    """
    act = Act(scopes, plates, amount_twd, month_twd)
    judged = _judged(session, actor, person_id, act, now=now)
    if judged.refused is not None:
        raise _refusal(actor, judged.refused)
    if actor.on_behalf_of is not None:
        access_log.record_access(
            session, actor=actor, person_id=person_id, what=what, purpose="delegation", reference=reference, now=now
        )
    return judged.plates


def hold(session: Session, actor: Actor) -> None:
    """Keep the delegation as it is until the transaction ends; whoever else holds it is waited for."""
    if actor.delegation_id is not None:
        session.get_one(Delegation, actor.delegation_id, with_for_update=True, populate_existing=True)


def resolve(session: Session, token: str | None, named: str | None, now: datetime) -> Actor:
    """Who holds this token, and for whom. One query.

    `named` is the delegation that the request says it is for: a token for another one is not taken, so that two tabs
    cannot act for the wrong person. Raises ActingEnded.
    """
    row = session.execute(_RESOLVE, {"hash": token_hash(token or ""), "now": now}).one_or_none()
    if row is None or (named is not None and named != typeid("dlg", row.delegation_id)):
        raise ActingEnded
    return replace(
        sessions.actor_of(session, row, now),
        on_behalf_of=row.principal_id,
        delegation_id=row.delegation_id,
        scopes=scopes_of(read(row.grants)),
    )


def is_meant(token: str | None, named: str | None) -> bool:
    """Whether a request with this token, and with `named` in its header, is one for somebody else."""
    return named is not None or (token or "").startswith(TOKEN_PREFIX)


def usable_by(session: Session, actor: Actor, delegation_id: UUID, *, now: datetime) -> Delegation:
    """The delegation, which the caller may act by now. Raises NotFound, Forbidden (as the principal), and
    DelegationNotInForce."""
    delegation, role = delegations.get(session, delegation_id, actor.id)
    if delegations.standing(delegation, now) != "active" or delegation.starts_at > now:
        raise DelegationNotInForce
    if role != "agent":
        raise Forbidden
    return delegation


def begin(
    session: Session, *, actor: Actor, delegation_id: UUID, transport: sessions.Transport, now: datetime
) -> Begun:
    """Begin to act by a delegation; the principal is told of the first time each day.

    Raises NotFound, Forbidden, DelegationNotInForce.
    """
    assert actor.kind == "citizen" and actor.session_id is not None and actor.on_behalf_of is None
    delegations.locked(session, delegation_id, actor.id)
    delegation = usable_by(session, actor, delegation_id, now=now)
    expires_at = min(now + LONGEST, delegation.ends_at or now + LONGEST)
    token = f"{TOKEN_PREFIX}{secrets.token_urlsafe(32)}"
    session.add(
        ActingSession(token_hash=token_hash(token), id=new_uuid(), delegation_id=delegation.id,
                      session_id=actor.session_id, transport=transport, began_at=now, expires_at=expires_at)
    )  # fmt: skip
    assert delegation.principal_id is not None
    if delegation.use_told_on != taipei_date(now):
        delegation.use_told_on = taipei_date(now)
        security_notices.tell(session, delegation.principal_id, "delegate_acts", now=now)
    session.flush()
    return Begun(token, delegation, scopes_of(read(delegation.grants)), expires_at)


def end(session: Session, *, actor: Actor, delegation_id: UUID) -> None:
    """Stop acting by a delegation in the caller's session; where nothing was begun, nothing happens."""
    session.execute(
        delete(ActingSession).where(
            ActingSession.session_id == actor.session_id, ActingSession.delegation_id == delegation_id
        )
    )


def _judged(session: Session, actor: Actor, person_id: UUID, act: Act, *, now: datetime) -> Verdict:
    if actor.kind != "citizen":
        return Verdict("other_person")
    if actor.on_behalf_of is None:
        return Verdict() if actor.id == person_id else Verdict("other_person")
    # As it is now, not as it was when the token was looked at: it may have been revoked in between.
    delegation = session.get(Delegation, actor.delegation_id, populate_existing=True)
    if delegation is None:
        return Verdict("not_in_force")
    return verdict(delegations.terms_of(delegation), act, agent_id=actor.id, principal_id=person_id, at=now)


def _refusal(actor: Actor, reason: Reason) -> NotDelegated:
    delegation = typeid("dlg", actor.delegation_id) if actor.delegation_id else "none"
    _log.warning("refused to act: delegation %s, %s", delegation, reason)
    return NotDelegated(reason=reason)


_RESOLVE = text(
    """
    SELECT a.delegation_id, d.principal_id, d.grants, s.id, s.token_hash, s.person_id, s.authenticator_level, s.amr,
           s.auth_time, s.idle_until, s.expires_at, s.with_officer, p.proofing_level,
           s.idle_until > :now AND s.expires_at > :now AS is_fresh,
           s.last_used_at <= CAST(:now AS timestamptz) - interval '1 minute' AS is_due
      FROM identity.acting_session a
      JOIN identity.delegation d ON d.id = a.delegation_id
      JOIN identity.session s ON s.id = a.session_id AND s.person_id = d.agent_id
      JOIN identity.person p ON p.id = s.person_id
     WHERE a.token_hash = :hash AND a.ended_at IS NULL AND a.expires_at > :now
       AND d.status = 'active' AND d.starts_at <= :now AND (d.ends_at IS NULL OR d.ends_at > :now)
       AND s.ended_at IS NULL AND s.officer_session_id IS NULL
       AND (s.idle_until > :now AND s.expires_at > :now OR s.remembered_until > :now)
    """
)
