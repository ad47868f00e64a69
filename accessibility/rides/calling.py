"""The calls to fleets that rides make, and what each answer means. No transaction is open here: each call answers with
what is to be committed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import envelopes, ports
from accessibility.requests import asking, offers
from accessibility.requests import records as requests
from accessibility.requests import states as request_states
from accessibility.riders import profile
from accessibility.rides import customers, happenings, legs, on_call, outcomes, records, states
from accessibility.rides.records import Booking, Order, Ride
from accessibility.rides.steps import Step
from core import db
from core.ids import new_uuid
from partners import wire
from partners.fleets.checking import TelegramWrong
from partners.fleets.client import FleetRefused
from partners.fleets.contents import FleetOrder, FleetStatus

Outcome = Callable[[Session, Booking, datetime], None]
_ON: Final = frozenset({"bound", "on_the_way", "at_door", "aboard", "done", "no_show"})
_GONE: Final = frozenset({"order_unknown", "order_over", "reference_shut"})
"""Refusals to give something back that say that there is nothing. Any other leaves it with the fleet: it is tried
again, for a vehicle that we believe cancelled would come all the same."""
_STANDS: Final = frozenset({"held", "bound", "on_the_way", "at_door"})
_NOT_DONE: Final = (wire.CallFailed, KeyError, TelegramWrong)
"""A call brought nothing: it failed, nobody is connected by that code, or it would not have been as agreed."""

_log = logging.getLogger("mykaohsiung.accessibility")


def hold(step: Step, now: datetime) -> Outcome:
    """Have a vehicle kept."""
    order = _order(step)
    assert step.offer is not None and step.request is not None and step.telegram_id is not None
    wish = asking.wish_of(step.request, may_be_pooled=step.offer.is_pooled)
    try:
        said = ports.fleet(order.fleet).hold(
            envelopes.dispatch(step.telegram_id, order.trip), step.offer.as_offered(), wish
        )
    except _NOT_DONE as failure:
        return _failed(order, failure, step)
    return lambda session, booking, now: outcomes.held(session, booking, order.id, said, now)


def bind(step: Step, now: datetime) -> Outcome:
    """Have what is kept bound."""
    order = _order(step)
    assert step.offer is not None and step.request is not None and step.telegram_id is not None
    held = FleetOrder(
        "held", order.fleet_order or "", envelopes.rough(step.request.pickup), envelopes.rough(step.request.dropoff),
        order.pick_up_at, order.price_twd, step.offer.is_metered, order.lapses_at,
    )  # fmt: skip
    try:
        said = ports.fleet(order.fleet).bind(
            envelopes.dispatch(step.telegram_id, order.trip), step.offer.fleet_offer, held,
            companions=step.request.companions,
        )  # fmt: skip
    except _NOT_DONE as failure:
        return _failed(order, failure, step)

    def bound(session: Session, booking: Booking, now: datetime) -> None:
        outcomes.bound(
            session, booking, order.id, now, fleet_order=said.fleet_order, pick_up_at=said.pick_up_at,
            price_twd=said.price_twd,
        )  # fmt: skip

    return bound


def release(step: Step, now: datetime) -> Outcome:
    """Give back what the fleet has under our reference; repeated until it says so."""
    order = _order(step)
    assert step.telegram_id is not None
    try:
        said = ports.fleet(order.fleet).release(envelopes.dispatch(step.telegram_id, order.trip))
    except FleetRefused as refused:
        if refused.code == "too_late":
            return lambda session, booking, now: _kept(session, booking, order.id, now)
        if refused.code not in _GONE:
            _log.warning("%s does not give %s back: %s", order.fleet, order.trip, refused.code)
            return lambda session, booking, now: outcomes.refused_for_now(session, booking.order(order.id), now)
        return lambda session, booking, now: outcomes.released(session, booking, order.id, now)
    except _NOT_DONE:
        return lambda session, booking, now: outcomes.later(session, booking.order(order.id), now)
    if said.state in _STANDS:
        return lambda session, booking, now: outcomes.refused_for_now(session, booking.order(order.id), now)
    if said.state == "aboard":
        return lambda session, booking, now: _kept(session, booking, order.id, now)
    return lambda session, booking, now: outcomes.released(session, booking, order.id, now)


def release_second(step: Step, now: datetime) -> Outcome:
    """Give back the second of two that a fleet has bound."""
    order, second = _order(step), step.second
    assert second is not None
    try:
        ports.fleet(order.fleet).release(
            envelopes.dispatch(second.telegram_id, order.trip), fleet_order=second.fleet_order
        )
    except FleetRefused as refused:
        if refused.code not in _GONE:
            _log.warning("%s does not give its second of %s back: %s", order.fleet, order.trip, refused.code)
            return lambda session, booking, now: outcomes.second_refused(session, second)
        return lambda session, booking, now: outcomes.second_released(session, booking, second, now)
    except _NOT_DONE:
        # Told again by the sweep.
        return lambda session, booking, now: None
    return lambda session, booking, now: outcomes.second_released(session, booking, second, now)


def cancel(step: Step, now: datetime) -> Outcome:
    """Cancel as the rider wishes."""
    order = _order(step)
    assert step.telegram_id is not None
    try:
        said = ports.fleet(order.fleet).cancel(envelopes.dispatch(step.telegram_id, order.trip), "rider")
    except FleetRefused as refused:
        if refused.code == "too_late":
            return lambda session, booking, now: outcomes.not_cancelled(session, booking, order.id, now)
        if refused.code not in _GONE:
            _log.warning("%s does not cancel %s: %s", order.fleet, order.trip, refused.code)
            return lambda session, booking, now: outcomes.refused_for_now(session, booking.order(order.id), now)
        return lambda session, booking, now: outcomes.cancelled(session, booking, order.id, 0, now)
    except _NOT_DONE:
        return lambda session, booking, now: outcomes.later(session, booking.order(order.id), now)
    if said.state in ("done", "no_show", "aboard"):
        return lambda session, booking, now: outcomes.not_cancelled(session, booking, order.id, now)
    if said.state in _STANDS:
        return lambda session, booking, now: outcomes.refused_for_now(session, booking.order(order.id), now)
    fee = said.fee_twd
    return lambda session, booking, now: outcomes.cancelled(session, booking, order.id, fee, now)


def amend(step: Step, now: datetime) -> Outcome:
    """Have a bound ride changed; refused, it stays as it was."""
    order, ride = _order(step), step.ride
    assert ride.change is not None and step.telegram_id is not None
    wanted_at = ride.change.get("pick_up_at")
    try:
        said = ports.fleet(order.fleet).amend(
            envelopes.dispatch(step.telegram_id, order.trip), order.fleet_order or "",
            pick_up_at=datetime.fromisoformat(wanted_at) if wanted_at else None,
            companions=ride.change.get("companions"),
        )  # fmt: skip
    except FleetRefused as refused:
        reason = refused.code
        return _of_change(
            ride, lambda session, booking, now: outcomes.not_changed(session, booking, ride.id, reason, now)
        )
    except _NOT_DONE as failure:
        if step.is_again or (isinstance(failure, wire.CallFailed) and failure.may_have_acted):
            # It may have agreed already: the same telegram again says so.
            return lambda session, booking, now: None
        return lambda session, booking, now: outcomes.not_changed(session, booking, ride.id, "unreached", now)
    return _of_change(ride, lambda session, booking, now: outcomes.changed(session, booking, ride.id, said, now))


def tell_customer(step: Step, now: datetime) -> Outcome:
    """Tell the fleet who rides, until it acknowledges that."""
    order, telegram_id = _order(step), step.telegram_id
    assert step.request is not None and telegram_id is not None
    with db.unit_of_work() as session:
        told = customers.told_of(session, step.booking, step.ride, step.request, order, now)
    try:
        ports.fleet(order.fleet).tell_customer(envelopes.dispatch(telegram_id, order.trip), told)
    except FleetRefused:
        return lambda session, booking, now: outcomes.customer_refused(
            session, booking.order(order.id), telegram_id, now
        )
    except _NOT_DONE:
        return lambda session, booking, now: outcomes.later(session, booking.order(order.id), now)
    return lambda session, booking, now: outcomes.customer_told(session, booking, order.id, telegram_id, now)


def status(step: Step, now: datetime) -> Outcome:
    """Ask how it stands: after silence, and from time to time for what is bound."""
    order = _order(step)
    with db.unit_of_work() as session:
        since = on_call.at_door_since(session, step.ride, now) if order.status == states.BOUND else None
    try:
        said = _asked(order, since)
    except _NOT_DONE:
        return lambda session, booking, now: happenings.not_heard(session, booking, order.id, now)
    if order.status == states.HOLDING and said.state in ("unknown", "asked", "held"):
        # The same telegram again: held already, it answers as before; never seen, it is held now.
        return hold(step, now)
    if order.status == states.BINDING and said.state == "held":
        return bind(step, now)
    return lambda session, booking, now: _learned(session, booking, order.id, said, now)


def _asked(order: Order, rider_at_door_since: datetime | None) -> FleetStatus:
    fleet = ports.fleet(order.fleet)
    if rider_at_door_since is None:
        return fleet.status_of(envelopes.dispatch(new_uuid(), order.trip))
    try:
        envelope = envelopes.dispatch(new_uuid(), order.trip)
        return fleet.status_of(envelope, rider_at_door_since=rider_at_door_since)
    except wire.Refused:
        # A fleet that does not know these words is asked without them.
        return fleet.status_of(envelopes.dispatch(new_uuid(), order.trip))


def seek(step: Step, now: datetime) -> Outcome:
    """Ask every other fleet."""
    ride, request = step.ride, step.request
    assert request is not None
    with db.unit_of_work() as session:
        session.execute(
            _SOONER, {"rider": ride.rider_id, "id": request.id, "now": now}
        )  # fmt: skip
    asking.ask_all([request.id], now, but=ride.shunned)

    def found(session: Session, booking: Booking, now: datetime) -> None:
        mine = booking.ride(ride.id)
        if mine.status not in legs.SEEKS or mine.candidates is not None:
            return
        order = profile.of(session, ride.rider_id).fleet_order
        best = [
            each
            for each in offers.ranked(offers.standing(session, request.id, now), order)
            if each.fit["fits"] and each.fleet not in mine.shunned
        ]
        if mine.is_rescue:
            best.sort(key=lambda each: each.pick_up_at)
        session.execute(_CANDIDATES, {"rider": ride.rider_id, "id": ride.id, "found": [each.id for each in best]})
        if requests.locked(session, request.id).status == request_states.OFFERED:
            requests.move(session, request, request_states.CHOSEN)

    return found


def _kept(session: Session, booking: Booking, order_id: UUID, now: datetime) -> None:
    """It cannot be given back: they are aboard."""
    after = happenings.came_after_all(session, booking, order_id, now, now)
    order = after.order(order_id)
    if order.status == states.RELEASING:
        outcomes.refused_for_now(session, order, now)


def _of_change(asked: Ride, outcome: Outcome) -> Outcome:
    """An answer counts for the change that was asked for, and for no later one."""

    def of_it(session: Session, booking: Booking, now: datetime) -> None:
        change = booking.ride(asked.id).change
        if change is not None and asked.change is not None and change["telegram_id"] == asked.change["telegram_id"]:
            outcome(session, booking, now)

    return of_it


def _learned(session: Session, booking: Booking, order_id: UUID, said: FleetStatus, now: datetime) -> None:
    """What the fleet says of how it stands."""
    order = booking.order(order_id)
    happenings.others_told(session, order, said, now)
    if order.status == states.HOLDING:
        if said.state in _ON:
            # It has bound what was to be held: given back, because the other leg may have none.
            legs.give_back(session, order, "bound_unasked")
        else:
            outcomes.refused(session, booking, order_id, said.state, now)
    elif order.status == states.BINDING:
        if said.state in _ON:
            outcomes.bound(session, booking, order_id, now, fleet_order=said.fleet_order)
            happenings.state_told(session, records.locked(session, booking.id), order_id, said, now)
        elif said.state in ("unknown", "asked"):
            legs.give_back(session, order, "no_answer")
        else:
            outcomes.refused(session, booking, order_id, "hold_lapsed" if said.state == "lapsed" else said.state, now)
    elif order.status == states.BOUND:
        happenings.checked(session, booking, order_id, said, now)


def _failed(order: Order, failure: Exception, step: Step) -> Outcome:
    """A hold or a binding that brought no answer."""
    if isinstance(failure, FleetRefused) and failure.code != "deadline_over":
        reason = failure.code
        return lambda session, booking, now: outcomes.refused(session, booking, order.id, reason, now)
    is_certain = not (isinstance(failure, wire.CallFailed) and failure.may_have_acted)
    if isinstance(failure, TelegramWrong):
        _log.error("what would be sent to %s is not as agreed: %s", order.fleet, failure)
    if is_certain and not step.is_again and step.kind == "hold":
        return lambda session, booking, now: outcomes.refused(session, booking, order.id, "unreached", now)
    return lambda session, booking, now: outcomes.not_known(session, booking, order.id, now)


def _order(step: Step) -> Order:
    assert step.order is not None
    return step.order


_CANDIDATES = text(
    "UPDATE accessibility.ride SET candidates = CAST(:found AS uuid[]) WHERE rider_id = :rider AND id = :id"
)
_SOONER = text(
    """
    UPDATE accessibility.ride_request
       SET window_starts_at = greatest(window_starts_at, CAST(:now AS timestamptz)),
           window_ends_at = greatest(window_ends_at, CAST(:now AS timestamptz) + interval '60 minutes'),
           time_kind = CASE WHEN time_kind = 'pick_up_at' AND wanted_at < CAST(:now AS timestamptz) + interval '2 hours'
                            THEN 'asap' ELSE time_kind END
     WHERE rider_id = :rider AND id = :id
    """
)
