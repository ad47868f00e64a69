"""The city's own vans behind the port of fleets: asked, held and bound as any fleet of taxis.

Every operation opens its own unit of work, answers the same telegram the same way, and takes turns by trip. Its
failures are those of `partners.fleets.client`: FleetRefused and TooLate did nothing, NoAnswer may have done it (the
database was lost on the way).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import changing, holding, offering, orders, ports, telegrams
from accessibility.own_fleet.telegrams import FLEET, NotDone
from core import clock, db
from partners import wire
from partners.fleets.client import Dispatch, FleetRefused, TooLate
from partners.fleets.contents import (
    Amend,
    Cancel,
    CancelReason,
    Content,
    CustomerTold,
    FleetError,
    FleetOffer,
    FleetOrder,
    FleetStatus,
    NoOffer,
    OrderWanted,
    RoughPlace,
    TripScheduled,
    Wish,
)

_A = TypeVar("_A", bound=Content)
_TRIES: Final = 4


@dataclass(frozen=True)
class OwnFleet:
    """The city's vans. `travel` says how long legs take, `clock` what time it is."""

    travel: Travel = field(default_factory=ports.travel)
    clock: Callable[[], datetime] = clock.now

    def ask(self, dispatch: Dispatch, wish: Wish) -> FleetOffer | NoOffer:
        """Whether a van could do it, and for what. Holds nothing."""
        return self._answer(
            dispatch, wish, lambda session, now: offering.offer(session, dispatch.trip, wish, self.travel, now)
        )

    def hold(self, dispatch: Dispatch, offer: FleetOffer, wish: Wish) -> FleetOrder:
        """Keeps the place for `lapses_at`: in the van that is cheapest now, or the next one that still has room."""
        wanted = OrderWanted("hold", offer.offer, wish.pickup, wish.dropoff, offer.pick_up_at, wish.companions)
        return self._answer(
            dispatch, wanted, lambda session, now: holding.hold(session, dispatch.trip, wanted, self.travel, now)
        )

    def bind(self, dispatch: Dispatch, offer: str, held: FleetOrder, *, companions: int = 0) -> FleetOrder:
        """Takes what is held, for good. FleetRefused `hold_lapsed` when it is held no more."""
        wanted = OrderWanted(
            "bind", offer, held.pickup, held.dropoff, held.pick_up_at, companions, held.fleet_order
        )  # fmt: skip
        return self._answer(
            dispatch, wanted, lambda session, now: holding.bind(session, dispatch.trip, held.fleet_order, now)
        )

    def tell_customer(self, dispatch: Dispatch, told: CustomerTold) -> TripScheduled:
        """Who rides, and from which door; what is told last counts."""
        return self._answer(dispatch, told, lambda session, now: holding.told(session, dispatch.trip, told))

    def release(self, dispatch: Dispatch, *, fleet_order: str | None = None) -> FleetStatus:
        """Gives up what stands under the reference (or only `fleet_order`), and shuts it."""
        return self.cancel(dispatch, "released" if fleet_order is None else "second_order", fleet_order=fleet_order)

    def cancel(self, dispatch: Dispatch, reason: CancelReason, *, fleet_order: str | None = None) -> FleetStatus:
        """Cancels a ride. The vans of the city charge nothing for it."""
        wanted = Cancel(reason, fleet_order)
        return self._answer(
            dispatch, wanted, lambda session, now: changing.cancel(session, dispatch.trip, wanted, self.travel, now)
        )

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
        """Changes what is given, with a new promise. When no van can, the ride stays as it was."""
        wanted = Amend(fleet_order, pick_up_at, pickup, dropoff, companions)
        return self._answer(
            dispatch, wanted, lambda session, now: changing.amend(session, dispatch.trip, wanted, self.travel, now)
        )

    def status_of(self, dispatch: Dispatch, *, rider_at_door_since: datetime | None = None) -> FleetStatus:
        """How it stands; `unknown` when nothing was ever heard of the reference. That the rider is at the door the
        driver reads at the stop."""
        now = self._in_time(dispatch)
        with _reaching(), db.unit_of_work() as session:
            telegrams.take_turns(session, dispatch.trip)
            if rider_at_door_since is not None:
                orders.rider_at_door(session, dispatch.trip, rider_at_door_since)
            return orders.status(session, dispatch.trip, now)

    def _answer(self, dispatch: Dispatch, said: Content, act: Callable[[Session, datetime], _A]) -> _A:
        now = self._in_time(dispatch)
        said_hash = telegrams.said_hash(dispatch, said, now)
        with _reaching():
            for left in reversed(range(_TRIES)):
                try:
                    answer = _answered(dispatch, said_hash, act, now)
                    break
                except OperationalError as error:
                    # Two who change two tours each may wait for one another: one of them is undone, and comes again.
                    if not left or not isinstance(error.orig, DeadlockDetected):
                        raise
        if isinstance(answer, FleetError):
            raise FleetRefused(FLEET, answer)
        return answer  # type: ignore[return-value]

    def _in_time(self, dispatch: Dispatch) -> datetime:
        now = self.clock()
        if dispatch.answer_by <= now:
            raise TooLate(FLEET, "the answer was wanted by a moment that is over")
        return now


def _answered(
    dispatch: Dispatch, said_hash: bytes, act: Callable[[Session, datetime], Content], now: datetime
) -> Content:
    with db.unit_of_work() as session:
        telegrams.take_turns(session, dispatch.trip)
        answer = telegrams.answered(session, dispatch, said_hash)
        if answer is None:
            try:
                with session.begin_nested():
                    answer = act(session, now)
            except NotDone as refusal:
                answer = refusal.error
            telegrams.keep(session, dispatch, said_hash, answer, now)
    return answer


@contextmanager
def _reaching() -> Iterator[None]:
    """Within, a database that is lost is a fleet that does not answer."""
    try:
        yield
    except Exception as error:
        if db.is_outage(error):
            raise wire.NoAnswer(FLEET, "the database cannot be reached") from error
        raise
