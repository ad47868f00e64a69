"""What the wallet needs from outside its walls, plugged in by `api/wiring.py` at start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from partners.bank.client import BankClient
from partners.bureaus.client import BureausClient


@dataclass
class Ports:
    """The city's bank, the bureaus' registers, and how many points a payment earned (the points room knows)."""

    bank: BankClient
    bureaus: BureausClient
    points_for_payment: Callable[[Session, UUID], int | None]


_plugged: Ports | None = None


def plug_in(ports: Ports) -> None:
    """Use these from now on."""
    global _plugged
    _plugged = ports


def ports() -> Ports:
    """What was plugged in at start."""
    assert _plugged is not None, "api/wiring.py plugs the wallet's ports in before anything runs"
    return _plugged
