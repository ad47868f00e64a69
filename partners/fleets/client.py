"""A fleet as we ask it: one signed call for each telegram, its answer verified and about what was asked.

Every operation takes the telegram's id, which is its idempotency key (keep it with the intent, and use it again to
repeat), and the moment by which the answer must be here. Failures are those of `partners.wire`, so that a caller knows
what may have happened: NotReached, Unavailable and Refused did nothing; after NoAnswer (silence, or an answer that
proves nothing) the telegram may have been acted upon. Then `status_of`, or the same telegram again, says how it stands;
and `release` shuts the reference, so that a telegram still on its way does nothing when it comes.

What would not be as agreed (a diagnosis, a number without its zero) raises TelegramWrong, and nothing is sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from core.clock import now
from partners import wire
from partners.fleets.checking import TelegramWrong
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
    StatusAsked,
    TripEvent,
    TripScheduled,
    Wish,
)
from partners.fleets.telegrams import Telegram, decode, encode

_SHORTEST_SECONDS: Final = 0.05
_ANSWERS: Final[tuple[type[FleetOffer | NoOffer], ...]] = (FleetOffer, NoOffer)
_A = TypeVar("_A")


class FleetRefused(wire.Refused):
    """The fleet understood, signed its answer, and refused with an `error` telegram: `code` says why. It did nothing.

    `no_machine`: nobody but a person at the telephone can answer for this fleet.
    """

    def __init__(self, fleet: str, error: FleetError) -> None:
        super().__init__(fleet, error.detail, 200, error.code)
        self.pointer = error.pointer


class TooLate(wire.NotReached):
    """The answer was wanted by a moment that is over: nothing was sent."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One telegram's envelope: its id, our reference for the order at this fleet, and when the answer must be here."""

    id: UUID
    trip: str
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class FleetClient:
    """The fleet at `peer.url`, which shares `peer.secret` with us; `peer.name` is the fleet's."""

    peer: wire.Peer

    def ask(self, dispatch: Dispatch, wish: Wish) -> FleetOffer | NoOffer:
        """Whether the fleet could do it, and for what. Holds nothing."""
        return self._exchange("ask", dispatch, wish, _ANSWERS)

    def hold(self, dispatch: Dispatch, offer: FleetOffer, wish: Wish) -> FleetOrder:
        """Has the fleet keep a vehicle for us until `lapses_at`."""
        wanted = OrderWanted("hold", offer.offer, wish.pickup, wish.dropoff, offer.pick_up_at, wish.companions)
        return self._ordered("hold", dispatch, wanted)

    def bind(self, dispatch: Dispatch, offer: str, held: FleetOrder, *, companions: int = 0) -> FleetOrder:
        """Takes what is held, for good. FleetRefused `hold_lapsed` when it is held no more."""
        wanted = OrderWanted(
            "bind", offer, held.pickup, held.dropoff, held.pick_up_at, companions, held.fleet_order
        )  # fmt: skip
        return self._ordered("bind", dispatch, wanted)

    def tell_customer(self, dispatch: Dispatch, told: CustomerTold) -> TripScheduled:
        """Tells the fleet of a bound ride who rides and from which door; what is told last counts."""
        return self._exchange("customer", dispatch, told, (TripScheduled,))

    def release(self, dispatch: Dispatch, *, fleet_order: str | None = None) -> FleetStatus:
        """Gives up what the fleet has under our reference (or only `fleet_order`), free of charge while it is held.

        Safe for what the fleet has never heard of: the reference is shut, and a hold that comes later is refused.
        """
        return self.cancel(dispatch, "released" if fleet_order is None else "second_order", fleet_order=fleet_order)

    def cancel(self, dispatch: Dispatch, reason: CancelReason, *, fleet_order: str | None = None) -> FleetStatus:
        """Cancels a ride. `fee_twd` of the answer is what the fleet charges for it."""
        return self._exchange("cancel", dispatch, Cancel(reason, fleet_order), (FleetStatus,))

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
        """Changes what is given. When the fleet refuses, the ride stays as it was."""
        return self._ordered("amend", dispatch, Amend(fleet_order, pick_up_at, pickup, dropoff, companions))

    def status_of(self, dispatch: Dispatch, *, rider_at_door_since: datetime | None = None) -> FleetStatus:
        """How it stands at the fleet; `unknown` when it has never heard of our reference. Tells it, too, since when
        the rider waits at the door."""
        return self._exchange("status", dispatch, StatusAsked(rider_at_door_since), (FleetStatus,))

    def _ordered(self, operation: str, dispatch: Dispatch, content: OrderWanted | Amend) -> FleetOrder:
        order = self._exchange(operation, dispatch, content, (FleetOrder,))
        if isinstance(content, OrderWanted) and order.state != ("held" if content.phase == "hold" else "bound"):
            raise wire.AnswerNotTrusted(self.peer.name, f"asked to {content.phase}, it answers {order.state}")
        asked_about = content.fleet_order
        if asked_about is not None and order.fleet_order != asked_about:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another order")
        return order

    def _exchange(self, operation: str, dispatch: Dispatch, content: Content, expected: tuple[type[_A], ...]) -> _A:
        sent_at = now()
        patience_seconds = (dispatch.answer_by - sent_at).total_seconds()
        if patience_seconds <= 0:
            raise TooLate(self.peer.name, "the answer was wanted by a moment that is over")
        question = Telegram(dispatch.id, dispatch.trip, sent_at, content, dispatch.answer_by)
        begun = time.monotonic()
        reply = wire.call(
            _patient(self.peer, patience_seconds), "POST", f"/v1/{operation}", encode(question),
            idempotency_key=str(dispatch.id),
        )  # fmt: skip
        try:
            answer = decode(reply.body)
        except TelegramWrong as wrong:
            raise wire.AnswerNotTrusted(self.peer.name, f"the answer is not as agreed: {wrong}") from wrong
        if answer.answers != dispatch.id or answer.trip != dispatch.trip:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is to another telegram")
        if isinstance(answer.content, FleetError):
            raise FleetRefused(self.peer.name, answer.content)
        # A read that trickles in can outlast the timeout of its single pieces.
        if time.monotonic() - begun > patience_seconds:
            raise wire.NoAnswer(self.peer.name, "the answer came after its time")
        if isinstance(answer.content, expected):
            return answer.content
        raise wire.AnswerNotTrusted(self.peer.name, f"{answer.kind} is no answer to {question.kind}")


def heard(content: bytes) -> tuple[Telegram, TripEvent]:
    """What a fleet tells unasked: the body of its webhook, once `wire.verify_webhook` has found it genuine.

    The telegram's id is the webhook's, the same on every attempt. Raises TelegramWrong, also for a kind that is not
    told unasked.
    """
    telegram = decode(content)
    if not isinstance(telegram.content, TripEvent):
        raise TelegramWrong("/kind", "not_told_unasked")
    return telegram, telegram.content


def _patient(peer: wire.Peer, seconds: float) -> wire.Peer:
    """The same fleet, waited for no longer than until the answer must be here."""
    patience = max(seconds, _SHORTEST_SECONDS)
    return replace(
        peer,
        connect_timeout_seconds=min(peer.connect_timeout_seconds, patience),
        read_timeout_seconds=patience,
    )  # fmt: skip
