"""What a rider answers to what is kept for them: yes, or that they no longer wait; and what came of a yes."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.rides import choosing
from accessibility.rides.errors import OfferGone
from accessibility.waitlist import offering, states, waits
from accessibility.waitlist.errors import NoOfferToAccept
from accessibility.waitlist.waits import Wait


def accept(session: Session, wait_id: UUID, *, rider_id: UUID, now: datetime) -> Wait:
    """The rider says yes; `saga.drive` of its booking binds it. Said before, it is the same. Where its fleet's hold is
    being taken anew at this moment, the yes counts all the same: whoever takes it binds it.

    Raises NotFound, NoOfferToAccept, AnotherRideThen.
    """
    wait = waits.get(session, wait_id, rider_id=rider_id, is_locked=True)
    if wait.status == states.ACCEPTING or wait.why == "taken":
        return wait
    is_in_time = wait.status == states.OFFERED and wait.accept_by is not None and wait.accept_by > now
    if not is_in_time:
        raise NoOfferToAccept
    if offering.kept_for(session, wait):
        with suppress(OfferGone):
            choosing.accept(session, rider_id, wait.booking_id, now)
    waits.accepting(session, wait)
    return waits.get(session, wait_id)


def settle(session: Session, wait_id: UUID, *, now: datetime) -> Wait:
    """What came of a yes: it is bound, it is not known yet, or the fleet let it go and the rider waits on."""
    wait = waits.get(session, wait_id, is_locked=True)
    if wait.status != states.ACCEPTING:
        return wait
    # What was given back to be taken anew is not how it ended.
    of = {
        row.status
        for row in session.execute(_RIDES, {"requests": list(wait.request_ids)}).all()
        if row.end_reason != "not_accepted"
    }
    if of and of <= _BOUND:
        waits.end(session, wait, "taken", now=now)
    elif of & _CAME_TO_NOTHING:
        waits.back_in_line(session, wait, now=now, was_gone=True)
        waits.tell_end(session, wait, "gone", now=now)
        waits.look_again(session, [wait.slot], at=now)
    return waits.get(session, wait_id)


def leave(session: Session, wait_id: UUID, *, rider_id: UUID, now: datetime) -> None:
    """The rider waits no more; what is kept for them is given back by its booking's sweep. Raises NotFound."""
    wait = waits.get(session, wait_id, rider_id=rider_id, is_locked=True)
    if wait.status in (states.ENDED, states.ACCEPTING):
        return
    if wait.status == states.OFFERED:
        offering.give_back(session, wait, now=now)
        waits.look_again(session, [wait.slot], at=now)
    waits.leave(session, wait, now=now)


_BOUND = frozenset({"bound", "on_the_way", "at_door", "aboard", "done"})
_CAME_TO_NOTHING = frozenset({"not_bound", "cancelled", "lost", "no_show"})
_RIDES = text(
    """
    SELECT DISTINCT ON (request_id) status, end_reason FROM accessibility.ride WHERE request_id = ANY(:requests)
     ORDER BY request_id, created_at DESC, id DESC
    """
)
