"""What this room needs of others: where in the city a place is, and the bank that merchants are paid by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.text import Text
from partners.bank.payouts import PayoutClient


@dataclass(frozen=True, slots=True)
class Payer:
    """The account that merchants are paid from, and the bank that keeps it."""

    bank: PayoutClient
    name: str
    bank_code: str
    account: str


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that is plugged in; `districts` are the names by town code, `is_beside` says whether a place is in a
    district or within 2 km of it, `app_url` is where the phone's pages begin."""

    payer: Payer
    districts: Mapping[str, Text]
    is_beside: Callable[[str, float, float], bool]
    app_url: str


_ports: Ports | None = None


def plug_in(given: Ports) -> None:
    """Say what is behind this room, once at start-up."""
    global _ports
    _ports = given


def ports() -> Ports:
    """What is behind this room."""
    assert _ports is not None, "call api.wiring.plug_in first"
    return _ports
