"""The settings of signing in by citizen certificate: which roots, policies and revocation lists count."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CLASS_3 = "2.16.886.101.0.3.3"
"""id-tw-gpki-certpolicy-class3Assurance: the policy under which citizens' cards are issued."""

_LONGEST_LIST_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class CertificateSettings:
    """What makes a certificate one that counts.

    `roots_file` holds PEM certificates: self-signed ones are the roots that are trusted, the others authorities below
    them that readers leave out; None where nobody signs in by certificate. `list_origins` are scheme, host and port of
    the addresses from which revocation lists may be fetched; `list_seconds` is how long a list is taken without asking
    whether there is a newer one. `reader_url` is where pages find the card reader's
    program on the citizen's own computer.
    """

    roots_file: Path | None
    list_origins: tuple[str, ...]
    policies: tuple[str, ...]
    reader_url: str
    list_seconds: int = 600


def read(
    environment: Mapping[str, str],
    *,
    sandbox_url: str,
    state_dir: Path,
    is_demo: bool,
    wrong: Callable[[str], Exception],
) -> CertificateSettings:
    """The settings in `environment`, in the demo those of the sandbox. Raises `wrong` for one that cannot be used."""
    named = environment.get("CERTIFICATE_ROOTS_FILE", "")
    if named and not (Path(named).is_file() and os.access(named, os.R_OK)):
        raise wrong(f"CERTIFICATE_ROOTS_FILE={named!r} should be a file that can be read: certificates in PEM")
    # The sandbox writes its root when a card first signs.
    roots_file = Path(named) if named else state_dir / "moica" / "roots.pem" if is_demo else None
    origins = tuple(
        (environment.get("CERTIFICATE_LIST_ORIGINS") or (_origin_of(sandbox_url) if is_demo else "")).split()
    )
    if any(not _is_origin(origin) for origin in origins):
        raise wrong("CERTIFICATE_LIST_ORIGINS should be origins such as http://moica.nat.gov.tw, separated by spaces")
    if roots_file and not origins:
        raise wrong("CERTIFICATE_LIST_ORIGINS is not set: without revocation lists no certificate is accepted")
    policies = tuple((environment.get("CERTIFICATE_POLICIES") or CLASS_3).split())
    if any(not all(arc.isascii() and arc.isdigit() for arc in policy.split(".")) for policy in policies):
        raise wrong("CERTIFICATE_POLICIES should be object identifiers such as 2.16.886.101.0.3.3")
    reader_url = environment.get("CARD_READER_URL") or (f"{sandbox_url}/moica/reader" if is_demo else "")
    if reader_url and urlsplit(reader_url).scheme not in ("http", "https"):
        raise wrong("CARD_READER_URL should be an address beginning with http:// or https://")
    seconds = environment.get("CERTIFICATE_LIST_SECONDS") or ("0" if is_demo else "600")
    if not (seconds.isascii() and seconds.isdigit() and int(seconds) <= _LONGEST_LIST_SECONDS):
        raise wrong(f"CERTIFICATE_LIST_SECONDS={seconds!r} should be a whole number from 0 to {_LONGEST_LIST_SECONDS}")
    return CertificateSettings(roots_file, origins, policies, reader_url, int(seconds))


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and text == _origin_of(text) and bool(parts.hostname)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
