"""What a registration must look like before anybody looks at it: addresses, keys, purposes.

Addresses follow RFC 9700 §2.1 (compared as they are, so written out in full), OpenID Connect Core §8.1 (one host, for
which a person has one subject) and OpenID Connect RP-Initiated and Back-Channel Logout 1.0.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from core.errors import FieldError
from core.settings import settings
from identity.provider.claims import CLAIMS, RELEASABLE

NEED_A_LEGAL_BASIS = frozenset({"national_id"})
"""Claims that a site is told only where a law names the purpose (Personal Data Protection Act §15)."""
LONGEST_URI = 500
MOST_KEYS = 5
_LEAST_RSA_BITS = 2048
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
_URI = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%#-]+")


class KeyRefused(ValueError):
    """A key that cannot be registered: the message says why."""


def problems_of(registration: Mapping[str, Any]) -> list[FieldError]:
    """All that is wrong with a registration's addresses, texts and claims, member by member."""
    return [
        *_redirect_problems(registration["redirect_uris"]),
        *_other_address_problems(registration),
        *_text_problems(registration),
        *_claim_problems(registration["claims"], registration["scopes"]),
    ]


def sector_of(redirect_uris: Sequence[str]) -> str:
    """The host for which a person has one subject; on one machine, where every site has the same, with its port."""
    parts = urlsplit(redirect_uris[0])
    host = (parts.hostname or "").lower()
    return f"{host}:{parts.port}" if host in _LOOPBACK else host


def checked_keys(sent: str | Mapping[str, Any]) -> dict[str, Any]:
    """A site's public keys as a JWK Set, from a PEM text, a JWK or a JWK Set. Raises KeyRefused.

    Each key has a `kid`: the one it came with, else its thumbprint (RFC 7638).
    """
    if isinstance(sent, str):
        return {"keys": [_public(sent)]}
    keys = sent.get("keys", [sent])
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise KeyRefused(f"a key set holds 1 to {MOST_KEYS} keys")
    known = [_public(key) for key in keys]
    if len({key["kid"] for key in known}) < len(known):
        raise KeyRefused("two keys have the same kid")
    return {"keys": known}


def _public(sent: Any) -> dict[str, Any]:
    if "PRIVATE" in sent if isinstance(sent, str) else isinstance(sent, Mapping) and {"d", "p", "k"} & sent.keys():
        raise KeyRefused("this is a private key: it stays with you, and this one is no longer secret")
    kind = ECKey if _is_elliptic(sent) else RSAKey
    try:
        key = kind.import_key(dict(sent) if isinstance(sent, Mapping) else sent)
        public = dict(key.as_dict(private=False))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise KeyRefused("neither a PEM nor a JWK of a P-256 or RSA public key") from None
    if isinstance(key, ECKey) and key.curve_name != "P-256":
        raise KeyRefused("elliptic keys are on P-256")
    if isinstance(key, RSAKey) and key.raw_value.key_size < _LEAST_RSA_BITS:
        raise KeyRefused(f"RSA keys have {_LEAST_RSA_BITS} bits or more")
    kid = public.get("kid") or key.thumbprint()
    if not isinstance(kid, str) or not 1 <= len(kid) <= 100:
        raise KeyRefused("a kid has 1 to 100 characters")
    members = ("kty", "crv", "x", "y", "n", "e")
    return {name: public[name] for name in members if name in public} | {"kid": kid, "use": "sig"}


def _is_elliptic(sent: Any) -> bool:
    if isinstance(sent, Mapping):
        return sent.get("kty") == "EC"
    try:
        ECKey.import_key(sent)
    except (JoseError, ValueError, TypeError, AttributeError):
        return False
    return True


def _redirect_problems(addresses: Sequence[str]) -> Iterator[FieldError]:
    for place, address in enumerate(addresses):
        wrong = _wrong_with(address)
        if wrong:
            yield FieldError(f"/redirect_uris/{place}", wrong)
    if len(set(addresses)) < len(addresses):
        yield FieldError("/redirect_uris", "one address stands there twice")
    if len({sector_of([address]) for address in addresses if not _wrong_with(address)}) > 1:
        yield FieldError("/redirect_uris", "all on one host: another host is another site")


def _other_address_problems(registration: Mapping[str, Any]) -> Iterator[FieldError]:
    homes = {sector_of([address]) for address in registration["redirect_uris"] if not _wrong_with(address)}
    at_home = list(enumerate(registration["post_logout_redirect_uris"]))
    named = [(f"/post_logout_redirect_uris/{place}", address) for place, address in at_home]
    named.append(("/backchannel_logout_uri", registration["backchannel_logout_uri"]))
    for pointer, address in named:
        wrong = _wrong_with(address) if address else ""
        if not wrong and address and sector_of([address]) not in homes:
            wrong = "not on the host of the redirect addresses"
        if wrong:
            yield FieldError(pointer, wrong)
    for name in ("client_uri", "policy_uri"):
        wrong = _wrong_with(registration[name]) if registration[name] else ""
        if wrong:
            yield FieldError(f"/{name}", wrong)


def _wrong_with(address: str) -> str:
    """Why this address cannot be registered; nothing when it can."""
    if len(address) > LONGEST_URI or not _URI.fullmatch(address):
        return "not a written-out address in ASCII"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "not a written-out address in ASCII"
    if "#" in address:
        return "has a fragment"
    if parts.username is not None or parts.password is not None:
        return "has a user name in it"
    if any(step in (".", "..") for step in parts.path.replace("%2e", ".").replace("%2E", ".").split("/")):
        return "has dot segments in its path"
    if _is_loopback(parts):
        return "" if settings().is_demo else "leads back to the machine itself"
    if parts.scheme != "https":
        return "is not https"
    if port is not None or not _is_public_host(parts):
        return "its host is not a public name, in small letters and without port"
    return ""


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


def _is_public_host(parts: SplitResult) -> bool:
    if parts.netloc != parts.netloc.lower() or not _HOST.fullmatch(parts.netloc):
        return False
    try:
        ipaddress.ip_address(parts.netloc)
    except ValueError:
        return not parts.netloc.endswith((".local", ".localhost", ".internal", ".test", ".invalid"))
    return False


def _text_problems(registration: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in ("name", "purpose"):
        for language in ("zh", "en"):
            if _has_unseen(registration[name][language]):
                yield FieldError(f"/{name}/{language}", "has characters that nobody sees")
    if _has_unseen(registration["contact"]):
        yield FieldError("/contact", "has characters that nobody sees")


def _has_unseen(text: str) -> bool:
    """Whether it holds control, formatting, private or unassigned characters, which can turn words around unseen."""
    return any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") for character in text)


def _claim_problems(claims: Mapping[str, Mapping[str, Any]], scopes: Collection[str]) -> Iterator[FieldError]:
    if "openid" not in scopes:
        yield FieldError("/scopes", "openid is missing: without it nobody is signed in")
    for scope in sorted(set(scopes) - {"openid", "offline_access"}):
        if not any(CLAIMS[name].scope == scope for name in claims if name in RELEASABLE):
            yield FieldError("/scopes", f"{scope} is asked for, and no claim of it has a purpose")
    for name, asked in claims.items():
        if name not in RELEASABLE:
            yield FieldError(f"/claims/{name}", f"not one of {', '.join(RELEASABLE)}")
            continue
        if CLAIMS[name].scope not in scopes:
            yield FieldError(f"/claims/{name}", f"its scope {CLAIMS[name].scope} is not asked for")
        if name in NEED_A_LEGAL_BASIS and not asked["legal_basis"].strip():
            yield FieldError(f"/claims/{name}/legal_basis", "the law that names this purpose must be cited")
        for language in ("zh", "en"):
            if _has_unseen(asked[language]):
                yield FieldError(f"/claims/{name}/{language}", "has characters that nobody sees")
