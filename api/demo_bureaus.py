"""Keys of bureaus' systems: made here for the demo city, and for whoever connects a bureau by hand."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy.orm import Session

from identity import bureaus

SCOPES = (
    "bills:write", "notices:read", "notices:write", "plans:write", "alerts:write", "life-events:write", "deeds:write",
    "fleet:read",
)  # fmt: skip
DEMO_CLIENTS = {
    "parking-demo": "parking",
    "fines-demo": "fines",
    "treasury-demo": "treasury",
    "civil-affairs-demo": "civil_affairs",
    "public-works-demo": "public_works",
    "fire-demo": "fire",
    "transport-demo": "transport",
    "social-affairs-demo": "social_affairs",
    "health-demo": "health",
}


def key_path(state_dir: Path, client_id: str) -> Path:
    """Where the demo keeps a client's private key."""
    return state_dir / "bureau-keys" / f"{client_id}.pem"


def register(session: Session, client_id: str, bureau: str, path: Path, now: datetime) -> None:
    """Register a bureau's system with the key in `path`; a P-256 key pair is made there if there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = ECKey.generate_key("P-256")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(made.as_pem(private=True))
    key = ECKey.import_key(path.read_bytes())
    bureaus.register_bureau_client(session, client_id, bureau, key.as_dict(private=False), SCOPES, now=now)


def client_assertion(client_id: str, path: Path, origin: str, now: datetime) -> str:
    """A signed assertion that this client asks for a token (RFC 7523 §2.2), good for two minutes and one use."""
    key = ECKey.import_key(path.read_bytes())
    seconds = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": f"{origin}/oauth/token",
        "iat": seconds,
        "exp": seconds + int(timedelta(minutes=2).total_seconds()),
        "jti": secrets.token_urlsafe(16),
    }
    return jwt.encode({"alg": "ES256"}, claims, key)
