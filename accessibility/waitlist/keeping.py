"""What an operator on the telephone keeps for somebody who waits: it is offered to them with a time to accept, and
somebody rings back with yes or no.

The operator's word is the hold: the booking stops before it binds as it does with every fleet, and binding or giving it
back is the call that follows. Nothing is kept for less time than asking the rider and ringing back take.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.requests import offers, telephone
from accessibility.requests.offers import Offer
from accessibility.waitlist import line, offering, states, waits
from accessibility.waitlist.waits import Wait
from core import db

RING_BACK: Final = timedelta(minutes=5)
"""So long before the operator lets it go the rider's time to accept ends: somebody still has to ring."""


def offer_kept(now: datetime) -> int:
    """The sweep: offer what operators keep to those who wait for it. Answers for how many something is kept now."""
    with db.unit_of_work() as session:
        ids = session.execute(_KEPT_FOR, {"until": now + telephone.LEAST_KEPT}).scalars().all()
    return sum(_offer(wait_id, now) for wait_id in ids)


def _offer(wait_id: UUID, now: datetime) -> bool:
    with db.unit_of_work() as session:
        wait = waits.get(session, wait_id, is_locked=True)
        found = _whole(session, wait, now) if wait.status == states.WAITING else None
        if found is None:
            return False
        kept_until = min(each.lapses_at for each in found)
        by = min(line.accept_by(now, found[0].pick_up_at, waits.rule_of(session, now)), kept_until - RING_BACK)
        booking_id = offering.hold(session, wait, found, by, now)
    return booking_id is not None and offering.held(wait, by, now)


def _whole(session: Session, wait: Wait, now: datetime) -> list[Offer] | None:
    """One offer for each leg, all of them kept by operators: what a machine holds for minutes would let go of the
    other."""
    kept = telephone.kept(session, wait.request_ids, now)
    if kept.keys() != set(wait.request_ids):
        return None
    found = [offers.get(session, kept[request_id]) for request_id in wait.request_ids]
    return found if all(each.fit["fits"] for each in found) else None


_KEPT_FOR = text(
    """
    SELECT w.id FROM accessibility.wait AS w
     WHERE w.status = 'waiting' AND EXISTS (
               SELECT FROM accessibility.call AS c JOIN accessibility.offer AS o ON o.ask_id = c.ask_id
                WHERE c.question = 'ask' AND c.answer = 'yes' AND jsonb_exists(c.given, 'kept_until')
                  AND c.request_id = ANY(w.request_ids) AND o.lapses_at >= :until
                  AND NOT EXISTS (SELECT FROM accessibility.fleet_order AS f
                                   WHERE f.rider_id = o.rider_id AND f.offer_id = o.id))
     ORDER BY w.place_in_rule, w.joined_at, w.id LIMIT 100
    """
)
