"""What the wallet needs from outside its walls, plugged in by `api/wiring.py` at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from partners.ach.client import AchClient
from partners.adyen.client import StoredCard
from partners.adyen.reports import ReportConfig
from partners.bank.client import BankClient
from partners.bureaus.client import BureausClient
from partners.ewallets.client import WalletClient
from partners.stores.client import StoresClient
from wallet.rails.contract import Rail


class PointsTender(Protocol):
    """Points as part of a payment; the points room keeps them. Every function is idempotent by its ids."""

    def available(self, session: Session, person_id: UUID, now: datetime) -> int:
        """How many points this person could spend now."""

    def hold(self, session: Session, *, person_id: UUID, payment_id: UUID, points: int, now: datetime) -> None:
        """Set so many aside for a payment that begins. Raises a typed refusal when there are not enough."""

    def spend(self, session: Session, *, payment_id: UUID, now: datetime) -> None:
        """The payment counts as paid: what was set aside is spent."""

    def release(self, session: Session, *, payment_id: UUID, now: datetime) -> None:
        """The payment did not happen: what was set aside is free again."""

    def give_back(self, session: Session, *, payment_id: UUID, points: int, cause_id: UUID, now: datetime) -> None:
        """So many of the spent points return to the lots they came from, once per cause."""

    def take_again(self, session: Session, *, payment_id: UUID, points: int, cause_id: UUID, now: datetime) -> None:
        """What `give_back` returned is spent once more, as far as it is still there, once per cause."""


class CardKeeper(Protocol):
    """Who keeps citizens' cards under tokens. Raises the failures of `partners.wire`."""

    def stored_cards(self, shopper_reference: str) -> tuple[StoredCard, ...]: ...

    def forget_card(self, *, shopper_reference: str, token: str) -> None: ...


@dataclass
class Ports:
    """The rails, the city's bank, the bureaus' registers, and the points room: what a payment earned, and what it may
    be paid with."""

    bank: BankClient
    bureaus: BureausClient
    points_for_payment: Callable[[Session, UUID], int | None]
    tender: PointsTender
    rails: Mapping[str, Rail] = field(default_factory=dict)
    cards: CardKeeper | None = None
    card_reports: ReportConfig | None = None
    ach: AchClient = field(kw_only=True)
    stores: StoresClient = field(kw_only=True)
    wallets: Mapping[str, WalletClient] = field(default_factory=dict)


_plugged: Ports | None = None


def plug_in(ports: Ports) -> None:
    """Use these from now on."""
    global _plugged
    _plugged = ports


def ports() -> Ports:
    """What was plugged in at start."""
    assert _plugged is not None, "api/wiring.py plugs the wallet's ports in before anything runs"
    return _plugged
