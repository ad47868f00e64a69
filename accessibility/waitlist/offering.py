"""Watching for somebody's ride: the fleets are asked again for an hour, in the order of its line, and what comes free
is held by the fleet for one person until they have decided.

Nothing is called inside a transaction, and whatever a crash leaves in between is found again: a wait by its hour, a
booking by its own sweep, which gives back what nobody accepted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.fleets import terms
from accessibility.requests import asking, offers
from accessibility.requests import records as requests
from accessibility.requests import states as request_states
from accessibility.requests.offers import Offer
from accessibility.riders import profile
from accessibility.rides import choosing, saga
from accessibility.waitlist import line, ringing, states, waits
from accessibility.waitlist.waits import Wait
from core import db, outbox
from core.clock import on_the_wire
from core.errors import Problem
from identity.actors import Actor

PATIENCE_SECONDS: Final = 3.0
_LEASE: Final = timedelta(minutes=2)
_SLOTS_A_PASS: Final = 4
_MOST_ASKED: Final = 10
"""So many of one line are asked for in one look: the first half of them by rank, the others as they were asked for
last, so that whoever stands far back and could be served is not kept waiting by those before them who could not."""
_LOOK_SECONDS: Final = 20.0
_GOES_ON: Final = timedelta(seconds=5)
_SAME_TIME: Final = timedelta(minutes=5)
_TO_BIND: Final = timedelta(minutes=1)
_RENEWED_BEFORE: Final = timedelta(seconds=20)
_CITY: Final = Actor("system", UUID(int=0))
_log = logging.getLogger("mykaohsiung.accessibility")


def look(now: datetime) -> int:
    """The sweep: ask for the hours that are due. Answers how many people something is kept for now."""
    with db.unit_of_work() as session:
        rows = session.execute(_DUE, {"now": now, "until": now + _LEASE, "limit": _SLOTS_A_PASS}).all()
    return sum(_look_at(row.slot, row.tries, now) for row in rows)


def close(now: datetime) -> int:
    """The sweep: what nobody accepted goes to the next, what a fleet let go is asked for again, and who waited until
    the end is told so. Answers how many waits that changed."""
    with db.unit_of_work() as session:
        ids = session.execute(_TO_CLOSE, {"now": now}).scalars().all()
    return sum(_close(wait_id, now) for wait_id in ids)


def offer_to(wait: Wait, now: datetime, *, accept_by: datetime | None = None) -> bool:
    """Ask every fleet for this one, and have what is found held for them. Answers whether it is.

    `accept_by` is that of an offer that is renewed: its rider knows of it already.
    """
    with db.unit_of_work() as session:
        kept_until = session.execute(_UNDER_WAY, {"wait": wait.id, "now": now}).scalar()
    if kept_until is not None:
        # Whoever had it held was killed before they wrote down that it is.
        saga.drive(wait.booking_id, now)
        return _settle(wait.id, kept_until, now, is_renewed=False)
    with db.unit_of_work() as session:
        # What an operator says comes later, and is kept in a way of its own (`keeping`).
        rung = [each.code for each in terms.in_force(session, now) if each.kind == "telephone"]
        spared = set(rung) - set(ringing.to_ring_again(session, wait, now) if wait.status == states.WAITING else ())
    asking.ask_all(wait.request_ids, now, PATIENCE_SECONDS, but=spared)
    with db.unit_of_work() as session:
        wait = waits.get(session, wait.id, is_locked=True)
        waits.asked(session, wait, now=now)
        found = _best(session, wait, now, but=rung) if wait.status != states.ENDED else None
        if found is None:
            waits.stand(
                session, wait, request_states.WAITLISTED if wait.status != states.ENDED else request_states.WITHDRAWN
            )
            return False
        by = accept_by or line.accept_by(now, found[0].pick_up_at, waits.rule_of(session, now))
        if wait.status == states.ACCEPTING:
            by = max(by, now + _TO_BIND)
        if hold(session, wait, found, by, now) is None:
            return False
    return held(wait, by, now, is_renewed=accept_by is not None)


def hold(session: Session, wait: Wait, found: Sequence[Offer], accept_by: datetime, now: datetime) -> UUID | None:
    """Decide that these offers, one for each leg, are held for them until then; `held` has it done. Answers the
    booking; None: they are gone or taken."""
    try:
        with session.begin_nested():
            return choosing.choose(
                session, _CITY, wait.rider_id, [each.id for each in found], now, keep_until=accept_by, basis="waitlist"
            )
    except Problem:
        _log.info("what was found for a wait is gone or taken", exc_info=True)
        waits.stand(session, wait, request_states.WAITLISTED)
        return None


def held(wait: Wait, accept_by: datetime, now: datetime, *, is_renewed: bool = False) -> bool:
    """Have what was decided held by its fleets, and offer it to who waits. Answers whether it is."""
    saga.drive(wait.booking_id, now)
    return _settle(wait.id, accept_by, now, is_renewed=is_renewed)


def kept_for(session: Session, wait: Wait) -> list[Offer]:
    """What is kept for them at this moment, one for each leg; nothing, where any leg has none."""
    rows = session.execute(_KEPT, {"requests": list(wait.request_ids)}).all()
    if {row.request_id for row in rows} != set(wait.request_ids):
        return []
    place = {request_id: number for number, request_id in enumerate(wait.request_ids)}
    return [offers.get(session, row.offer_id) for row in sorted(rows, key=lambda row: place[row.request_id])]


def _look_at(slot: str, tries: int, now: datetime) -> int:
    with db.unit_of_work() as session:
        everybody = waits.line_of(session, slot)
    turn = [each for each in everybody if each.status == states.WAITING and each.watched_until > now]
    found, until, is_cut_short = 0, time.monotonic() + _LOOK_SECONDS, False
    for wait in in_turn(turn, now):
        if is_cut_short := time.monotonic() > until:
            break
        found += offer_to(wait, now)
    with db.unit_of_work() as session:
        next_at = next_look(session, everybody, tries=tries, found=found, now=now)
        if next_at is not None and is_cut_short:
            next_at = now + _GOES_ON
        session.execute(_LOOKED, {"slot": slot, "next": next_at, "lease": now + _LEASE, "now": now, "found": found > 0})
    return found


def next_look(session: Session, everybody: Sequence[Wait], *, tries: int, found: int, now: datetime) -> datetime | None:
    """When the fleets are asked again for a line: by its pace, or when one of them begins to take bookings for it.
    None: nobody is left in it."""
    left = min((each.watched_until - now for each in everybody if each.watched_until > now), default=None)
    if left is None:
        return None
    asked = [request_id for each in everybody for request_id in each.request_ids]
    opens_at: datetime | None = session.execute(_OPENS, {"requests": asked, "now": now}).scalar()
    by_pace = now + line.pause(1 if found else tries, left)
    return min(by_pace, opens_at or by_pace)


def in_turn(line_of: Sequence[Wait], now: datetime) -> list[Wait]:
    """Whom to ask for in one look at a line, in the order in which they have the first word."""
    ordered = sorted(line_of, key=lambda each: _has_let_go(each, now))
    half = _MOST_ASKED // 2
    last = sorted(ordered[half:], key=lambda each: (each.asked_at is not None, each.asked_at or each.joined_at))
    chosen = {each.id for each in (*ordered[:half], *last[: _MOST_ASKED - half])}
    return [each for each in ordered if each.id in chosen]


def _settle(wait_id: UUID, accept_by: datetime, now: datetime, *, is_renewed: bool) -> bool:
    """Write down what became of holding: offered to them, or back in line."""
    with db.unit_of_work() as session:
        wait = waits.get(session, wait_id, is_locked=True)
        if wait.status == states.ENDED:
            return False
        kept = kept_for(session, wait)
        if not kept:
            # What is half held is given back by the booking itself.
            waits.stand(session, wait, request_states.WAITLISTED)
            return False
        if wait.status == states.WAITING:
            waits.offered(session, wait, accept_by, now=now)
        if not is_renewed:
            tell(session, wait, kept[0], accept_by, now=now)
        if wait.status == states.ACCEPTING and not _accepted(session, wait, now):
            return False
    if wait.status == states.ACCEPTING:
        saga.drive(wait.booking_id, now)
    return True


def _accepted(session: Session, wait: Wait, now: datetime) -> bool:
    """Its rider has said yes while it was being held anew: it is bound at once."""
    try:
        choosing.accept(session, wait.rider_id, wait.booking_id, now)
    except Problem:
        _log.info("what was accepted is gone or taken", exc_info=True)
        give_back(session, wait, now=now)
        return False
    return True


def tell(session: Session, wait: Wait, offer: Offer, accept_by: datetime, *, now: datetime) -> None:
    """Tell the rider what is kept for them."""
    told = {
        "wait_id": str(wait.id), "rider_id": str(wait.rider_id), "request_id": str(wait.request_ids[0]),
        "offer_id": str(offer.id), "fleet": offer.fleet, "pick_up_at": on_the_wire(offer.pick_up_at),
        "accept_by": on_the_wire(accept_by),
    }  # fmt: skip
    outbox.record(session, events.WAITLIST_OFFER, told, now=now)


def _close(wait_id: UUID, now: datetime) -> bool:
    with db.unit_of_work() as session:
        wait = waits.get(session, wait_id, is_locked=True)
        if wait.status == states.ENDED:
            return False
        if wait.watched_until <= now and wait.status != states.ACCEPTING:
            give_back(session, wait, now=now)
            waits.stand(session, wait, request_states.LAPSED)
            waits.end(session, wait, "over", now=now)
            return True
        if wait.status not in (states.OFFERED, states.ACCEPTING) or wait.accept_by is None:
            return False
        is_accepted = wait.status == states.ACCEPTING
        is_over = wait.accept_by <= now and not is_accepted
        if is_accepted and session.execute(_LIVE, {"requests": list(wait.request_ids)}).first() is not None:
            return False
        if not is_over and _is_kept_longer(session, wait, now):
            return False
        if is_over:
            waits.back_in_line(session, wait, now=now, has_let_go=True)
            waits.tell_end(session, wait, "lapsed", now=now)
        give_back(session, wait, now=now)
        accept_by, before = wait.accept_by, _last_offered(session, wait)
    saga.drive(wait.booking_id, now)
    if is_over:
        with db.unit_of_work() as session:
            wait = waits.get(session, wait_id, is_locked=True)
            if wait.status == states.WAITING:
                waits.stand(session, wait, request_states.WAITLISTED)
            waits.look_again(session, [wait.slot], at=now)
        return True
    return _renew(wait, accept_by, before, now)


def give_back(session: Session, wait: Wait, *, now: datetime) -> None:
    """Nothing is to be kept for them any more: `saga.drive` of their booking gives it back."""
    session.execute(_GIVE_BACK, {"booking": wait.booking_id, "now": now})


def _is_kept_longer(session: Session, wait: Wait, now: datetime) -> bool:
    """Whether the fleets hold everything for a while yet."""
    rows = session.execute(_KEPT, {"requests": list(wait.request_ids)}).all()
    is_whole = {row.request_id for row in rows} == set(wait.request_ids)
    return is_whole and all(row.lapses_at is None or row.lapses_at > now + _RENEWED_BEFORE for row in rows)


def _renew(wait: Wait, accept_by: datetime, before: datetime | None, now: datetime) -> bool:
    """A fleet holds for a few minutes only, its rider has more: hold it again, or say that it is gone."""
    if offer_to(wait, now, accept_by=accept_by):
        with db.unit_of_work() as session:
            again = waits.get(session, wait.id, is_locked=True)
            kept = kept_for(session, again) if again.status == states.OFFERED else []
            if kept and before is not None and abs(kept[0].pick_up_at - before) > _SAME_TIME:
                tell(session, wait, kept[0], accept_by, now=now)
        return True
    with db.unit_of_work() as session:
        again = waits.get(session, wait.id, is_locked=True)
        if again.status in (states.OFFERED, states.ACCEPTING):
            waits.back_in_line(session, again, now=now, was_gone=True)
            waits.tell_end(session, again, "gone", now=now)
            waits.look_again(session, [again.slot], at=now)
    return True


def _best(session: Session, wait: Wait, now: datetime, *, but: Sequence[str]) -> list[Offer] | None:
    """The best offer for each leg by the rider's own order; None where a leg has none: nobody is to be stranded."""
    order = profile.of(session, wait.rider_id).fleet_order
    found = []
    for request_id in wait.request_ids:
        if requests.get(session, request_id).status != request_states.OFFERED:
            return None
        standing = [each for each in offers.standing(session, request_id, now) if each.fleet not in but]
        usable = [each for each in offers.ranked(standing, order) if each.fit["fits"]]
        if not usable:
            return None
        found.append(usable[0])
    return found


def _has_let_go(wait: Wait, now: datetime) -> bool:
    return wait.let_go_at is not None and wait.let_go_at > now - waits.LETS_OTHERS_FIRST


def _last_offered(session: Session, wait: Wait) -> datetime | None:
    found: datetime | None = session.execute(_LAST_PICK_UP, {"request": wait.request_ids[0]}).scalar()
    return found


_DUE = text(
    """
    UPDATE accessibility.wait_slot AS s SET next_at = :until, tries = s.tries + 1, looked_at = :now
      FROM (SELECT slot FROM accessibility.wait_slot
             WHERE next_at <= :now ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED) AS found
     WHERE s.slot = found.slot
    RETURNING s.slot, s.tries
    """
)
# Whoever woke the hour meanwhile has moved it before the end of our lease: then it stays so.
_LOOKED = text(
    """
    UPDATE accessibility.wait_slot
       SET next_at = CASE WHEN next_at = :lease THEN CAST(:next AS timestamptz) ELSE next_at END, looked_at = :now,
           tries = CASE WHEN :found THEN 0 ELSE tries END
     WHERE slot = :slot
    """
)
_OPENS = text(
    """
    SELECT min(next_at) FROM accessibility.ask
     WHERE request_id = ANY(:requests) AND reason = 'too_early' AND next_at > :now
    """
)
_TO_CLOSE = text(
    """
    SELECT id FROM accessibility.wait
     WHERE status IN ('offered', 'accepting') OR status = 'waiting' AND watched_until <= :now
     ORDER BY accept_by NULLS LAST, watched_until LIMIT 200
    """
)
_LIVE = text(
    """
    SELECT 1 FROM accessibility.ride WHERE request_id = ANY(:requests)
       AND status IN ('holding', 'bound', 'on_the_way', 'at_door', 'aboard', 'done', 'reseeking') LIMIT 1
    """
)
_KEPT = text(
    """
    SELECT r.request_id, o.offer_id, o.lapses_at
      FROM accessibility.ride AS r
      JOIN accessibility.fleet_order AS o ON o.rider_id = r.rider_id AND o.ride_id = r.id
     WHERE r.request_id = ANY(:requests) AND r.status = 'holding' AND o.status = 'held'
    """
)
_GIVE_BACK = text(
    "UPDATE accessibility.booking SET keep_until = :now, next_at = :now WHERE id = :booking AND keep_until > :now"
)
_UNDER_WAY = text(
    """
    SELECT b.keep_until FROM accessibility.wait AS w
      JOIN accessibility.booking AS b ON b.rider_id = w.rider_id AND b.id = w.booking_id
     WHERE w.id = :wait AND w.status = 'waiting' AND b.keep_until > :now
       AND EXISTS (SELECT FROM accessibility.ride AS r
                    WHERE r.request_id = ANY(w.request_ids) AND r.status = 'holding')
    """
)
_LAST_PICK_UP = text(
    """
    SELECT pick_up_at FROM accessibility.ride WHERE request_id = :request
     ORDER BY created_at DESC, id DESC LIMIT 1
    """
)
