"""What a person granted a site, and the code that stands for it: one use, thirty seconds, and everything hangs on it.

An authorization code is stored as a hash only. Whoever presents it a second time, at the same instant or later, gets
nothing and takes back what was issued for it (RFC 6749 §4.1.2, ASVS 10.4.2).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.ids import new_uuid
from identity.actors import Actor
from identity.provider import sign_ons
from identity.provider.models import AuthorizationRequest, ProviderGrant

CODE_LIFE = timedelta(seconds=30)
ONLINE_LIFE = timedelta(hours=24)
"""How long a grant lasts that rests on a session: no session lasts longer."""
OFFLINE_LIFE = timedelta(days=365)
"""How long a site may act without the person: as long as the consent it rests on."""


def issue_code(
    session: Session, asked: AuthorizationRequest, actor: Actor, *, id_token: list[str], userinfo: list[str],
    now: datetime,
) -> str:  # fmt: skip
    """Grant what was asked, with those claims, and answer the code for it. It is shown this once."""
    assert actor.session_id is not None and actor.auth_time is not None
    sign_on_id = sign_ons.begin(
        session, person_id=actor.id, session_id=actor.session_id, client_id=asked.client_id, now=now
    )
    code = secrets.token_urlsafe(32)
    is_offline = "offline_access" in asked.scopes
    session.add(
        ProviderGrant(
            id=new_uuid(),
            person_id=actor.id,
            client_id=asked.client_id,
            sign_on_id=sign_on_id,
            code_hash=token_hash(code),
            code_expires_at=now + CODE_LIFE,
            redirect_uri=asked.redirect_uri,
            code_challenge=asked.code_challenge,
            nonce=asked.nonce,
            scopes=list(asked.scopes),
            id_token_claims=id_token,
            userinfo_claims=userinfo,
            loa=actor.loa,
            amr=list(actor.amr),
            auth_time=actor.auth_time,
            granted_at=now,
            expires_at=now + (OFFLINE_LIFE if is_offline else ONLINE_LIFE),
        )
    )
    session.flush()
    return code


def redeem(session: Session, code: str, client_id: str, *, now: datetime) -> ProviderGrant | None:
    """Use a code up, and answer what it stands for; None when it is unknown, another site's, lapsed, dead or used.

    It is used up whatever the request lacks beside it. Of two at once, one waits for the other and finds it used.
    """
    values = {"hash": token_hash(code), "client_id": client_id, "now": now}
    grant_id = session.execute(_USE_CODE, values).scalar()
    if grant_id is None:
        session.execute(_TAKE_BACK, values)
        return None
    return session.get_one(ProviderGrant, grant_id)


def revoke(session: Session, grant_id: UUID, *, reason: str, now: datetime) -> None:
    """Take a grant back with every token issued for it."""
    session.execute(_REVOKE, {"id": grant_id, "reason": reason, "now": now})


def revoke_for_client(session: Session, *, person_id: UUID, client_id: str, reason: str, now: datetime) -> None:
    """Take back all that this person granted that site: the consent was taken back."""
    session.execute(_REVOKE_FOR_CLIENT, {"person_id": person_id, "client_id": client_id, "reason": reason, "now": now})


def revoke_all(session: Session, *, person_id: UUID, reason: str, now: datetime) -> None:
    """Take back all that this person granted any site, offline or not: their credentials changed."""
    session.execute(_REVOKE_ALL, {"person_id": person_id, "reason": reason, "now": now})


def revoke_of_site(session: Session, *, client_id: str, reason: str, now: datetime) -> None:
    """Take back all that anybody granted that site: it is suspended."""
    session.execute(_REVOKE_OF_SITE, {"client_id": client_id, "reason": reason, "now": now})


def covers_offline(scopes: Collection[str]) -> bool:
    """Whether the grant is to be used without the person, so that refresh tokens are issued for it."""
    return "offline_access" in scopes


_USE_CODE = text(
    """
    UPDATE identity.provider_grant SET code_used_at = :now
     WHERE code_hash = :hash AND client_id = :client_id AND code_used_at IS NULL AND code_expires_at > :now
       AND revoked_at IS NULL
    RETURNING id
    """
)
_TAKE_BACK = text(
    """
    UPDATE identity.provider_grant SET revoked_at = :now, revoke_reason = 'code reused'
     WHERE code_hash = :hash AND client_id = :client_id AND code_used_at IS NOT NULL AND revoked_at IS NULL
    """
)
_REVOKE = text(
    "UPDATE identity.provider_grant SET revoked_at = :now, revoke_reason = :reason "
    "WHERE id = :id AND revoked_at IS NULL"
)
_REVOKE_FOR_CLIENT = text(
    """
    UPDATE identity.provider_grant SET revoked_at = :now, revoke_reason = :reason
     WHERE person_id = :person_id AND client_id = :client_id AND revoked_at IS NULL
    """
)
_REVOKE_ALL = text(
    "UPDATE identity.provider_grant SET revoked_at = :now, revoke_reason = :reason "
    "WHERE person_id = :person_id AND revoked_at IS NULL"
)
_REVOKE_OF_SITE = text(
    "UPDATE identity.provider_grant SET revoked_at = :now, revoke_reason = :reason "
    "WHERE client_id = :client_id AND revoked_at IS NULL"
)
