"""The ID token: who signed in, how surely, when, for whom it is, and for how short a time (OpenID Connect Core §2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from authlib.oidc.core.util import create_half_hash
from sqlalchemy.orm import Session

from core.settings import settings
from identity import levels
from identity.provider import claims, disclosures, keys, subjects
from identity.provider.models import ProviderGrant, RelyingParty


def issue(
    session: Session, grant: ProviderGrant, client: RelyingParty, *, nonce: str | None, access_token: str,
    now: datetime,
) -> str:  # fmt: skip
    """The signed token. `auth_time`, `acr` and `amr` are those of the sign-in that the grant rests on."""
    seconds = int(now.timestamp())
    said: dict[str, Any] = {
        "iss": settings().public_origin,
        "sub": subjects.subject_of(session, grant.person_id, client.sector_identifier),
        "aud": client.client_id,
        "azp": client.client_id,
        "iat": seconds,
        "exp": seconds + int(keys.ID_TOKEN_LIFE.total_seconds()),
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": levels.acr(grant.loa),
        "amr": list(grant.amr),
        "sid": str(grant.sign_on_id),
        "at_hash": create_half_hash(access_token, client.id_token_alg).decode(),
    }
    if nonce is not None:
        said["nonce"] = nonce
    told = claims.allowed(client, grant.id_token_claims)
    if told:
        disclosures.record(session, client, grant.person_id, now=now)
        said |= claims.of_person(session, grant.person_id, told)
    return keys.sign(session, {"typ": "JWT"}, said, client.id_token_alg, now=now)
