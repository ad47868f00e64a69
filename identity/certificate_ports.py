"""The outside that signing in by certificate asks, and what is pinned. `api/wiring.py` plugs them in at start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.certificate_settings import CertificateSettings
from core.errors import Unavailable
from identity import certificate_paths
from identity.certificate_paths import Trust

_log = logging.getLogger("mykaohsiung.identity")


class CertificateAuthority(Protocol):
    """Knows to whom a certificate was issued. Raises the failures of `partners.wire`."""

    def is_certificate_of(self, *, serial_number: str, national_id: str) -> bool:
        """Whether the certificate whose subject has `serial_number` was issued to the holder of `national_id`."""


FetchList = Callable[..., bytes]
"""`fetch(url, most_bytes=…)`: the bytes of a revocation list. Raises the failures of `partners.wire`."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What was plugged in."""

    authority: CertificateAuthority
    fetch_list: FetchList
    settings: CertificateSettings


_plugged: Ports | None = None


def plug_in(*, authority: CertificateAuthority, fetch_list: FetchList, settings: CertificateSettings) -> None:
    """From now on, ask these and trust what these settings pin."""
    global _plugged
    _plugged = Ports(authority, fetch_list, settings)


def ports() -> Ports:
    """What was plugged in."""
    if _plugged is None:
        raise RuntimeError("signing in by certificate is not plugged in: see identity.certificate_ports.plug_in")
    return _plugged


def refuse_if_not_offered() -> None:
    """Raises Unavailable where nobody signs in by certificate."""
    if ports().settings.roots_file is None:
        raise Unavailable(retry_after_seconds=3600)


def trust() -> Trust:
    """What is pinned. Raises Unavailable where nobody signs in by certificate, or the file cannot be used."""
    refuse_if_not_offered()
    of = ports().settings
    assert of.roots_file is not None
    try:
        return certificate_paths.trust_in(of.roots_file, of.policies)
    except (OSError, ValueError) as error:
        _log.error("the pinned roots cannot be read: %s", type(error).__name__)
        raise Unavailable(retry_after_seconds=60) from None
