"""A bill paid in points alone: nothing moves outside the treasury, so the outcome is known at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.text import Text
from wallet.book import POINTS_FUNDING
from wallet.rails.contract import Booked, Instrument, Order, Outcome, RefundOrder, RefundOutcome

_LABEL = Text("城市點數", "City points")


class PointsRail:
    """See `contract.Rail`."""

    name = "points"
    clearing = POINTS_FUNDING

    def instrument(self, session: Session, person_id: UUID, chosen: Mapping[str, Any], now: datetime) -> Instrument:
        """The person's own points; how many there are is the points room's business."""
        return Instrument("none", label=_LABEL.zh)

    def is_usable(self, session: Session, person_id: UUID, instrument: Instrument) -> bool:
        """Always: the points are held in the same transaction, or the payment does not begin."""
        return True

    def start(self, order: Order) -> Outcome:
        """Done: the points are held."""
        return Booked(order.reference, order.amount_twd, order.authorized_at)

    def complete(self, order: Order, result: Mapping[str, str]) -> Outcome:
        """As `start`."""
        return self.start(order)

    def find(self, order: Order) -> Outcome | None:
        """As `start`."""
        return self.start(order)

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """No money went anywhere, so none has to come back."""
        raise AssertionError("a payment in points alone has no money to give back")

    def find_refund(self, order: RefundOrder) -> RefundOutcome | None:
        """As `refund`."""
        raise AssertionError("a payment in points alone has no money to give back")
