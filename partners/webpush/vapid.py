"""Whether an application server is who its VAPID header says, as a push service checks it (RFC 8292)."""

from __future__ import annotations

import base64
import binascii
import re
import time
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

LONGEST_SECONDS = 24 * 3600
_CREDENTIALS = re.compile(r"vapid\s+t=([A-Za-z0-9_.-]+)\s*,\s*k=([A-Za-z0-9_-]+)")


class NotProven(Exception):
    """The header proves nobody; the message says why."""


def key_of(header: str, *, audience: str) -> str:
    """The public key (base64url) that signed for `audience`, in an Authorization header. Raises NotProven."""
    found = _CREDENTIALS.fullmatch(header)
    if found is None:
        raise NotProven("Authorization should be vapid t=…, k=…")
    token, key = found.groups()
    try:
        signed, _, signature = token.rpartition(".")
        head, payload = (_object(part) for part in signed.split("."))
        raw = _bytes(signature)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(key))
        expires = float(payload["exp"])
    except (binascii.Error, KeyError, TypeError, ValueError) as error:
        raise NotProven("t is no JWT with exp, or k no point on P-256") from error
    if head.get("alg") != "ES256" or len(raw) != 64:
        raise NotProven("the token should be signed with ES256")
    try:
        numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        public.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise NotProven("k did not sign t") from None
    if payload.get("aud") != audience:
        raise NotProven(f"aud should be {audience}")
    if not time.time() < expires <= time.time() + LONGEST_SECONDS:
        raise NotProven("exp should be within the next 24 hours")
    if not str(payload.get("sub", "")).startswith(("mailto:", "https:")):
        raise NotProven("sub should be a mailto: or https: address")
    return key


def _object(part: str) -> dict[str, Any]:
    unpacked = orjson.loads(_bytes(part))
    if not isinstance(unpacked, dict):
        raise TypeError("a JWT's parts are objects")
    return unpacked


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
