"""The fleets as this domain sees them: one contract, whatever stands behind it (docs/fleets.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from partners.fleets.client import Dispatch
from partners.fleets.contents import (
    CancelReason,
    CustomerTold,
    FleetOffer,
    FleetOrder,
    FleetStatus,
    NoOffer,
    RoughPlace,
    TripScheduled,
    Wish,
)


class Fleet(Protocol):
    """A fleet: each call carries a telegram's id (the same id again gets the same answer) and our reference.

    All raise the failures of `partners.wire` and `partners.fleets.client`: after NoAnswer it may have acted
    (`may_have_acted`), after all others nothing happened. None is called inside a transaction.
    """

    def ask(self, dispatch: Dispatch, wish: Wish) -> FleetOffer | NoOffer:
        """Whether it could do it, and for what. Holds nothing."""

    def hold(self, dispatch: Dispatch, offer: FleetOffer, wish: Wish) -> FleetOrder:
        """Has it keep a vehicle until `lapses_at`."""

    def bind(self, dispatch: Dispatch, offer: str, held: FleetOrder, *, companions: int = 0) -> FleetOrder:
        """Takes what is held, for good."""

    def tell_customer(self, dispatch: Dispatch, told: CustomerTold) -> TripScheduled:
        """Tells it who rides, and from which door; what is told last counts."""

    def release(self, dispatch: Dispatch, *, fleet_order: str | None = None) -> FleetStatus:
        """Gives up what it has under our reference, or only `fleet_order`; shuts the reference."""

    def cancel(self, dispatch: Dispatch, reason: CancelReason, *, fleet_order: str | None = None) -> FleetStatus:
        """Cancels a ride; `fee_twd` of the answer is what it charges."""

    def amend(
        self,
        dispatch: Dispatch,
        fleet_order: str,
        *,
        pick_up_at: datetime | None = None,
        pickup: RoughPlace | None = None,
        dropoff: RoughPlace | None = None,
        companions: int | None = None,
    ) -> FleetOrder:
        """Changes what is given; refused, the ride stays as it was."""

    def status_of(self, dispatch: Dispatch, *, rider_at_door_since: datetime | None = None) -> FleetStatus:
        """How it stands; `unknown`: it has never heard of our reference. `rider_at_door_since`: since when the rider
        says that they wait at the door."""


_fleets: dict[str, Fleet] = {}


def plug_in(fleets: Mapping[str, Fleet]) -> None:
    """Connect this domain with the fleets, by their codes."""
    _fleets.clear()
    _fleets.update(fleets)


def add(code: str, fleet: Fleet) -> None:
    """Connect one more fleet, or another in the place of one."""
    _fleets[code] = fleet


def fleet(code: str) -> Fleet:
    """The fleet of this code. Raises KeyError for one that is not connected."""
    return _fleets[code]


def is_connected(code: str) -> bool:
    """Whether that fleet can be reached at all."""
    return code in _fleets


def codes() -> list[str]:
    """The codes of all that are connected."""
    return list(_fleets)
