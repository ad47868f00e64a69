"""The register of disability certificates. `api/wiring.py` plugs it in at start; it is never asked in a transaction."""

from __future__ import annotations

from typing import Protocol

from partners.bureaus.client import RideStanding


class CertificateRegister(Protocol):
    """Knows who holds a disability certificate, and says no more of it than a ride needs. Raises the failures of
    `partners.wire`."""

    def ride_standing(self, national_id: str) -> RideStanding:
        """What the holder of this ID number is entitled to."""


class _NotPluggedIn:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError("the register is not plugged in: see accessibility.riders.ports.plug_in")


certificate_register: CertificateRegister = _NotPluggedIn()  # type: ignore[assignment]


def plug_in(*, certificates: CertificateRegister) -> None:
    """From now on, ask this one."""
    global certificate_register
    certificate_register = certificates
