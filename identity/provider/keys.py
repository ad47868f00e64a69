"""What ID tokens and logout tokens are signed with, and how one key follows another while everybody keeps working.

A key is published a day before it signs, because sites keep our key set for up to `JWKS_LIFE`; it stays published until
nothing that it signed is alive. The private half is sealed (`core.crypto`) and forgotten when it signs no more. The
public half is kept for a year, to know our own ID tokens again when somebody signs out with one.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeyParameters, RSAKey
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import crypto, db
from core.ids import new_uuid
from core.settings import settings
from identity.provider.models import ProviderKey

ALGORITHMS = ("ES256", "RS256")
ID_TOKEN_LIFE = timedelta(minutes=5)
JWKS_LIFE = timedelta(hours=1)
"""How long sites may keep our key set."""
LEAD = timedelta(days=1)
"""How long a key is published before it signs."""
PERIOD = timedelta(days=90)
"""How long a key signs."""
_KEPT = timedelta(days=365)
_CLOCKS_DIFFER = timedelta(minutes=10)
_RSA_BITS = 2048
_LONGEST_TOKEN = 8192
_TABLE = "identity.provider_key"

Key = ECKey | RSAKey


def sign(session: Session, header: dict[str, Any], claims: dict[str, Any], alg: str, *, now: datetime) -> str:
    """These claims as a JWT, signed with the key of that algorithm that signs now; its `kid` joins the header."""
    row = session.execute(_SIGNING, {"alg": alg, "now": now}).one_or_none()
    if row is None:
        make_missing(session, now=now)
        row = session.execute(_SIGNING, {"alg": alg, "now": now}).one()
    key = _opened(row.kid, alg, bytes(row.private_sealed), row.id)
    return jwt.encode({"alg": alg, "kid": row.kid} | header, claims, key, [alg])


def published(session: Session, *, now: datetime) -> list[dict[str, Any]]:
    """The public keys that sites should know: those that sign, will sign soon, or signed what may still be alive."""
    rows = session.execute(_PUBLISHED, {"now": now}).all()
    if {row.alg for row in rows} != set(ALGORITHMS):
        make_missing(session, now=now)
        rows = session.execute(_PUBLISHED, {"now": now}).all()
    return [row.public_jwk for row in rows]


def claims_of_ours(session: Session, token: str) -> dict[str, Any] | None:
    """What an ID token says that we signed, however long ago it lapsed; None when it is not one of ours."""
    if len(token) > _LONGEST_TOKEN or not token.isascii() or "\x00" in token:
        return None
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except Exception:
        # A stranger's text may fail to be a JWS in any way.
        return None
    if not isinstance(kid, str) or len(kid) > 64 or "\x00" in kid:
        return None
    row = session.execute(_KNOWN, {"kid": kid}).one_or_none()
    if row is None:
        return None
    try:
        decoded = jwt.decode(token, _imported(row.alg, row.public_jwk), algorithms=[row.alg])
    except (JoseError, ValueError, TypeError):
        return None
    is_id_token = decoded.header.get("typ", "JWT") == "JWT" and decoded.claims.get("iss") == settings().public_origin
    return dict(decoded.claims) if is_id_token else None


def make_missing(session: Session, *, now: datetime) -> None:
    """Make the first keys; they sign at once, since nobody knows others. Of several at once, one makes them."""
    session.execute(_ONE_AT_A_TIME)
    for alg in ALGORITHMS:
        if session.execute(_SIGNING, {"alg": alg, "now": now}).first() is None:
            _add(session, alg, published_at=now, signs_from=now)


def rotate(session: Session, *, now: datetime, has_leaked: bool = False) -> list[ProviderKey]:
    """Make the keys that follow, one of each algorithm, and answer them.

    They are published now and sign in a day. Where the present ones have leaked, these sign at once and all others are
    forgotten, so that nothing signed with them is believed here either; sites fetch our key set again when they meet a
    `kid` that they do not know (OpenID Connect Core §10.1.1).
    """
    session.execute(_ONE_AT_A_TIME)
    if has_leaked:
        session.execute(_FORGET_ALL)
    return [_add(session, alg, published_at=now, signs_from=now if has_leaked else now + LEAD) for alg in ALGORITHMS]


def everything(session: Session) -> list[ProviderKey]:
    """All keys, the latest first."""
    return list(session.scalars(select(ProviderKey).order_by(ProviderKey.alg, ProviderKey.signs_from.desc())))


def keep_fresh(now: datetime) -> None:
    """Make keys that are due, withdraw those that nothing alive was signed with, forget what is no longer needed."""
    with db.unit_of_work() as session:
        session.execute(_ONE_AT_A_TIME)
        for alg in ALGORITHMS:
            newest = session.execute(_NEWEST, {"alg": alg}).scalar()
            if newest is None:
                _add(session, alg, published_at=now, signs_from=now)
            elif newest <= now - PERIOD + LEAD:
                _add(session, alg, published_at=now, signs_from=now + LEAD)
        session.execute(_FORGET_PRIVATE, {"followed_before": now - _CLOCKS_DIFFER})
        session.execute(_WITHDRAW_OLD, {"now": now, "followed_before": now - ID_TOKEN_LIFE - JWKS_LIFE})
        session.execute(_FORGET, {"withdrawn_before": now - _KEPT})


def _add(session: Session, alg: str, *, published_at: datetime, signs_from: datetime) -> ProviderKey:
    kid = secrets.token_urlsafe(12)
    parameters: KeyParameters = {"kid": kid, "use": "sig", "alg": alg}
    key: Key = ECKey.generate_key("P-256", parameters) if alg == "ES256" else RSAKey.generate_key(_RSA_BITS, parameters)
    row_id = new_uuid()
    row = ProviderKey(
        kid=kid,
        id=row_id,
        alg=alg,
        public_jwk=key.as_dict(private=False),
        private_sealed=crypto.seal(key.as_pem(private=True), table=_TABLE, column="private", row_id=row_id),
        published_at=published_at,
        signs_from=signs_from,
    )
    session.add(row)
    session.flush()
    return row


@lru_cache(maxsize=8)
def _opened(kid: str, alg: str, sealed: bytes, row_id: Any) -> Key:
    # Opening and parsing takes longer than signing, and a key never changes.
    pem = crypto.open_sealed(sealed, table=_TABLE, column="private", row_id=row_id)
    return ECKey.import_key(pem) if alg == "ES256" else RSAKey.import_key(pem)


def _imported(alg: str, public_jwk: dict[str, Any]) -> Key:
    return ECKey.import_key(public_jwk) if alg == "ES256" else RSAKey.import_key(public_jwk)


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('identity.provider_key'))")
_SIGNING = text(
    """
    SELECT kid, id, private_sealed FROM identity.provider_key
     WHERE alg = :alg AND signs_from <= :now AND withdrawn_at IS NULL AND private_sealed IS NOT NULL
     ORDER BY signs_from DESC, published_at DESC LIMIT 1
    """
)
_PUBLISHED = text(
    """
    SELECT alg, public_jwk FROM identity.provider_key
     WHERE published_at <= :now AND (withdrawn_at IS NULL OR withdrawn_at > :now) ORDER BY alg, signs_from DESC
    """
)
_KNOWN = text("SELECT alg, public_jwk FROM identity.provider_key WHERE kid = :kid")
_NEWEST = text("SELECT max(signs_from) FROM identity.provider_key WHERE alg = :alg AND withdrawn_at IS NULL")
_FORGET_ALL = text("DELETE FROM identity.provider_key")
# A key is followed from the moment on from which a later one of its algorithm signs.
_FORGET_PRIVATE = text(
    """
    UPDATE identity.provider_key k SET private_sealed = NULL
     WHERE k.private_sealed IS NOT NULL AND EXISTS (
           SELECT FROM identity.provider_key later
            WHERE later.alg = k.alg AND later.withdrawn_at IS NULL
              AND later.signs_from > k.signs_from AND later.signs_from <= :followed_before)
    """
)
_WITHDRAW_OLD = text(
    """
    UPDATE identity.provider_key k SET withdrawn_at = :now
     WHERE k.withdrawn_at IS NULL AND EXISTS (
           SELECT FROM identity.provider_key later
            WHERE later.alg = k.alg AND later.withdrawn_at IS NULL
              AND later.signs_from > k.signs_from AND later.signs_from <= :followed_before)
    """
)
_FORGET = text("DELETE FROM identity.provider_key WHERE withdrawn_at < :withdrawn_before")
