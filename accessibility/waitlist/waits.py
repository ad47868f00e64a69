"""Somebody's waiting as it is kept: joining the line, where one stands in it, and leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.requests import making, records, wishes
from accessibility.requests import states as request_states
from accessibility.requests.records import RideRequest
from accessibility.waitlist import chances, line
from accessibility.waitlist.errors import NothingToWaitFor, WaitsAlready
from accessibility.waitlist.line import Rule
from core import outbox
from core.errors import NotFound
from core.ids import new_uuid, typeid

_COMES_WITHIN: Final = timedelta(minutes=20)
"""A vehicle that is found later than this before the latest pick-up would not come in time."""
_FIRST_LOOK: Final = timedelta(minutes=1)
LETS_OTHERS_FIRST: Final = timedelta(minutes=30)
_OPEN: Final = (request_states.NONE, request_states.OFFERED, request_states.LAPSED, request_states.WAITLISTED)


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody waits, for one leg of their booking or for both. Something is kept for them until `accept_by`, while it
    is offered; `let_go_at` is when they last left an offer alone."""

    id: UUID
    rider_id: UUID
    booking_id: UUID
    request_ids: tuple[UUID, ...]
    status: str
    slot: str
    district: str
    place_in_rule: int
    joined_at: datetime
    first_rank: int
    wanted_at: datetime
    watched_until: datetime
    asked_at: datetime | None
    tries: int
    offers: int
    accept_by: datetime | None
    let_go_at: datetime | None
    first_offered_at: datetime | None
    ended_at: datetime | None
    why: str


def rule_of(session: Session, now: datetime) -> Rule:
    """The rule of the line that counts at this moment."""
    row = session.execute(_RULE, {"now": now}).one()
    return Rule(frozenset(row.purposes_first), timedelta(minutes=row.accept_minutes), row.source)


def join(session: Session, rider_id: UUID, request_id: UUID, *, now: datetime) -> Wait:
    """Stand in line for a request of this rider that no fleet takes, with its other leg where that is open, too. Who
    stands in it already stays where they are. Raises NotFound, NothingToWaitFor, WaitsAlready."""
    request = records.get(session, request_id, rider_id=rider_id)
    legs = [records.locked(session, each.id) for each in records.of_booking(session, request.booking_id)]
    known = session.execute(_OPEN_OF_BOOKING, {"booking": request.booking_id}).first()
    if known is not None:
        return of_row(known)
    wanted = [each for each in legs if each.status in _OPEN or each.id == request_id]
    _must_be_open(next(each for each in legs if each.id == request_id), wanted, now)
    _stands_once(session, wanted[0])
    for leg in wanted:
        if leg.status == request_states.LAPSED:
            records.move(session, leg, request_states.ASKING)
            records.move(session, leg, request_states.NONE)
        if leg.status != request_states.WAITLISTED:
            records.move(session, leg, request_states.WAITLISTED)
    return _write(session, wanted, now)


def join_after_loss(session: Session, rider_id: UUID, request_id: UUID, *, now: datetime) -> Wait | None:
    """The ride of this request was lost: its rider waits for another, without having to ask. None where it is too late
    for that, or another ride is found."""
    request = records.locked(session, request_id)
    known = session.execute(_OPEN_OF_BOOKING, {"booking": request.booking_id}).first()
    if known is not None:
        return of_row(known)
    is_open = request.status in (*_OPEN, request_states.CHOSEN)
    if not is_open or request.window_ends_at is None or _watched_until([request]) <= now:
        return None
    if session.execute(_HAS_RIDE, {"request": request_id}).scalar():
        return None
    if request.status == request_states.LAPSED:
        return None
    if request.status != request_states.WAITLISTED:
        records.move(session, request, request_states.WAITLISTED)
    return _write(session, [request], now)


def leave(session: Session, wait: Wait, *, now: datetime) -> None:
    """The rider waits no more; nothing is kept for them at this moment (`offering.leave`)."""
    stand(session, wait, request_states.WITHDRAWN)
    end(session, wait, "withdrawn", now=now)


def stand(session: Session, wait: Wait, status: str) -> None:
    """Let the requests of a wait go on to that state, but for those that are settled otherwise meanwhile."""
    for request_id in wait.request_ids:
        request = records.locked(session, request_id)
        is_open = request.status in (request_states.NONE, request_states.OFFERED, request_states.WAITLISTED)
        if is_open and request.status != status:
            if status == request_states.LAPSED and request.status != request_states.WAITLISTED:
                records.move(session, request, request_states.WAITLISTED)
            records.move(session, request, status)


def end(session: Session, wait: Wait, why: str, *, now: datetime) -> None:
    """It is over; how it went is counted for those who come after, unless nobody can know."""
    session.execute(_END, {"rider": wait.rider_id, "id": wait.id, "why": why, "now": now})
    if why in ("over", "taken") or wait.first_offered_at is not None:
        chances.count(
            session, wanted_at=wait.wanted_at, district=wait.district, rank=wait.first_rank,
            was_offered=wait.first_offered_at is not None, now=now,
        )  # fmt: skip
    tell_end(session, wait, why, now=now)


def offered(session: Session, wait: Wait, accept_by: datetime, *, now: datetime) -> None:
    """Something is kept for them until then."""
    session.execute(_OFFERED, {"rider": wait.rider_id, "id": wait.id, "by": accept_by, "now": now})


def back_in_line(
    session: Session, wait: Wait, *, now: datetime, has_let_go: bool = False, was_gone: bool = False
) -> None:  # fmt: skip
    """Nothing is kept for them any more, and they wait on; who left an offer alone lets others go first for a while.
    `was_gone`: it was taken from them before their time was over, so for the chance of others it counts as none."""
    stand(session, wait, request_states.WAITLISTED)
    session.execute(
        _BACK,
        {"rider": wait.rider_id, "id": wait.id, "let_go": now if has_let_go else wait.let_go_at, "gone": was_gone},
    )


def accepting(session: Session, wait: Wait) -> None:
    """The rider says yes."""
    session.execute(_ACCEPTING, {"rider": wait.rider_id, "id": wait.id})


def asked(session: Session, wait: Wait, *, now: datetime) -> None:
    """The fleets were asked for this one."""
    session.execute(_ASKED, {"rider": wait.rider_id, "id": wait.id, "now": now})


def of_booking(session: Session, booking_id: UUID) -> Wait | None:
    """Who waits for the rides of this booking, locked; None: nobody."""
    session.execute(_LOCK, {"id": booking_id})
    row = session.execute(_OF_BOOKING_LOCKED, {"booking": booking_id}).first()
    return None if row is None else of_row(row)


def look_again(session: Session, slots: Sequence[str], *, at: datetime, pause: timedelta = timedelta(0)) -> None:
    """Have the fleets asked again for whoever waits for these hours, at that moment, or `pause` after they were asked
    last."""
    session.execute(_WAKE, {"slots": sorted(slots), "at": at, "pause": pause})


def look_on_days(session: Session, days: Sequence[str], *, at: datetime, pause: timedelta) -> None:
    """The same for every hour of these days ("2026-11-23") that somebody waits for."""
    session.execute(_WAKE_DAYS, {"days": list(days), "at": at, "pause": pause})


def tell_end(session: Session, wait: Wait, why: str, *, now: datetime) -> None:
    """What the rider is told of its end, or of an offer that has lapsed."""
    told = {"wait_id": str(wait.id), "rider_id": str(wait.rider_id), "request_id": str(wait.request_ids[0]),
            "pick_up_at": wait.wanted_at.isoformat(), "why": why}  # fmt: skip
    outbox.record(session, events.WAITLIST_ENDED, told, now=now)


def get(session: Session, wait_id: UUID, *, rider_id: UUID | None = None, is_locked: bool = False) -> Wait:
    """A wait; with `rider_id` only that person's; locked where asked for, its booking before it, as everybody does.

    Raises NotFound.
    """
    if is_locked:
        session.execute(_LOCK_BOOKING, {"id": wait_id})
    row = session.execute(_LOCKED if is_locked else _GET, {"id": wait_id}).first()
    if row is None or rider_id not in (None, row.rider_id):
        raise NotFound
    return of_row(row)


def of_rider(session: Session, rider_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None) -> list[Wait]:
    """What this rider waits for and has waited for, newest first."""
    at, last = before or (None, None)
    rows = session.execute(_OF_RIDER, {"rider": rider_id, "limit": limit, "at": at, "id": last})
    return [of_row(row) for row in rows]


def rank_of(session: Session, wait: Wait, now: datetime) -> tuple[int, int]:
    """Where this one stands among those who want the same hour, and how many they are: (1, 4) is the first of four.
    Who has let an offer lapse stands behind the others for a while, and is told so."""
    row = session.execute(_RANK, dict(_in_line(wait)) | {"since": now - LETS_OTHERS_FIRST}).one()
    return row.ahead + 1, row.of_all


def line_of(session: Session, slot: str) -> list[Wait]:
    """Who waits for this hour, in the order of the line."""
    return [of_row(row) for row in session.execute(_LINE, {"slot": slot})]


def of_row(row: Any) -> Wait:
    """A wait of a row of the table."""
    return Wait(
        row.id, row.rider_id, row.booking_id, tuple(row.request_ids), row.status, row.slot, row.district,
        row.place_in_rule, row.joined_at, row.first_rank, row.wanted_at, row.watched_until, row.asked_at, row.tries,
        row.offers, row.accept_by, row.let_go_at, row.first_offered_at, row.ended_at, row.why,
    )  # fmt: skip


def _must_be_open(request: RideRequest, legs: Sequence[RideRequest], now: datetime) -> None:
    if request.status not in _OPEN or request.window_ends_at is None or _watched_until(legs) <= now:
        raise NothingToWaitFor(request_status=request.status)


def _stands_once(session: Session, wanted: RideRequest) -> None:
    """Nobody stands in line twice for one time: each of two that overlap would push everybody behind back a rank."""
    session.execute(_TAKE_TURNS, {"rider": str(wanted.rider_id)})
    begins, ends = _stretch(wanted)
    for row in session.execute(_OPEN_OF_RIDER, {"rider": wanted.rider_id, "booking": wanted.booking_id}).all():
        other_begins, other_ends = _stretch(records.get(session, row.request_ids[0]))
        if begins < other_ends and other_begins < ends:
            raise WaitsAlready(wait_id=typeid("wait", row.id))


def _stretch(request: RideRequest) -> tuple[datetime, datetime]:
    """From when until when somebody would be on the way, roughly."""
    begins = making.pick_up_at_of(request)
    return begins, begins + wishes.travel_time(request.way, begins)


def _write(session: Session, legs: Sequence[RideRequest], now: datetime) -> Wait:
    first = legs[0]
    wanted_at = making.pick_up_at_of(first)
    values = {
        "rider": first.rider_id, "id": new_uuid(), "booking": first.booking_id, "requests": [each.id for each in legs],
        "slot": line.slot_of(wanted_at), "district": first.pickup.district,
        "place": line.place_in_rule(first.purpose, rule_of(session, now)), "now": now, "wanted": wanted_at,
        "until": _watched_until(legs), "look": now + _FIRST_LOOK,
    }  # fmt: skip
    session.execute(_LOOK_AGAIN, values)
    row = session.execute(_JOIN, values).one()
    return of_row(row)


def _watched_until(legs: Sequence[RideRequest]) -> datetime:
    return min(each.window_ends_at for each in legs if each.window_ends_at is not None) - _COMES_WITHIN


def _in_line(wait: Wait) -> Mapping[str, Any]:
    return {"slot": wait.slot, "place": wait.place_in_rule, "joined": wait.joined_at, "id": wait.id,
            "let_go": wait.let_go_at}  # fmt: skip


_RULE = text("SELECT * FROM accessibility.waitlist_rule WHERE valid_from <= :now ORDER BY valid_from DESC LIMIT 1")
_OPEN_OF_BOOKING = text("SELECT * FROM accessibility.wait WHERE booking_id = :booking AND status <> 'ended'")
_OPEN_OF_RIDER = text(
    """
    SELECT id, request_ids FROM accessibility.wait
     WHERE rider_id = :rider AND booking_id <> :booking AND status <> 'ended' ORDER BY joined_at
    """
)
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended(:rider, 57))")
_HAS_RIDE = text(
    """
    SELECT EXISTS (SELECT FROM accessibility.ride WHERE request_id = :request AND status IN
        ('holding', 'bound', 'on_the_way', 'at_door', 'aboard', 'reseeking', 'will_call'))
    """
)
# The row of the hour is written first: whoever joins the same line waits for it, so that ranks follow each other.
_LOOK_AGAIN = text(
    """
    INSERT INTO accessibility.wait_slot AS s (slot, next_at) VALUES (:slot, :look)
    ON CONFLICT (slot) DO UPDATE SET next_at = LEAST(coalesce(s.next_at, excluded.next_at), excluded.next_at)
    """
)
_JOIN = text(
    """
    INSERT INTO accessibility.wait (rider_id, id, booking_id, request_ids, status, slot, district, place_in_rule,
                                    joined_at, first_rank, wanted_at, watched_until)
    SELECT :rider, :id, :booking, :requests, 'waiting', :slot, :district, :place, :now,
           1 + (SELECT count(*) FROM accessibility.wait
                 WHERE slot = :slot AND status <> 'ended' AND (place_in_rule, joined_at) <= (:place, :now)),
           :wanted, :until
    RETURNING *
    """
)
_END = text(
    """
    UPDATE accessibility.wait SET status = 'ended', why = :why, ended_at = :now
     WHERE rider_id = :rider AND id = :id AND status <> 'ended'
    """
)
_OFFERED = text(
    """
    UPDATE accessibility.wait
       SET status = 'offered', accept_by = :by, offers = offers + 1, first_offered_at = coalesce(first_offered_at, :now)
     WHERE rider_id = :rider AND id = :id
    """
)
_BACK = text(
    """
    UPDATE accessibility.wait
       SET status = 'waiting', accept_by = NULL, let_go_at = :let_go,
           first_offered_at = CASE WHEN :gone AND offers <= 1 THEN NULL ELSE first_offered_at END
     WHERE rider_id = :rider AND id = :id
    """
)
_ACCEPTING = text("UPDATE accessibility.wait SET status = 'accepting' WHERE rider_id = :rider AND id = :id")
_ASKED = text("UPDATE accessibility.wait SET asked_at = :now, tries = tries + 1 WHERE rider_id = :rider AND id = :id")
_OF_BOOKING_LOCKED = text(
    "SELECT * FROM accessibility.wait WHERE booking_id = :booking AND status <> 'ended' FOR UPDATE"
)
_LOCK = text("SELECT id FROM accessibility.booking WHERE id = :id FOR UPDATE")
# In one order, so that two who wake the same hours never wait for each other.
_WAKE = text(
    """
    UPDATE accessibility.wait_slot AS s
       SET next_at = LEAST(s.next_at, GREATEST(CAST(:at AS timestamptz), s.looked_at + :pause)), tries = 0
      FROM (SELECT slot FROM accessibility.wait_slot
             WHERE slot = ANY(:slots) AND next_at IS NOT NULL ORDER BY slot FOR UPDATE) AS found
     WHERE s.slot = found.slot
    """
)
_WAKE_DAYS = text(
    """
    UPDATE accessibility.wait_slot AS s
       SET next_at = LEAST(s.next_at, GREATEST(CAST(:at AS timestamptz), s.looked_at + :pause)), tries = 0
      FROM (SELECT slot FROM accessibility.wait_slot
             WHERE left(slot, 10) = ANY(:days) AND next_at IS NOT NULL ORDER BY slot FOR UPDATE) AS found
     WHERE s.slot = found.slot
    """
)
_GET = text("SELECT * FROM accessibility.wait WHERE id = :id")
_LOCK_BOOKING = text(
    """
    SELECT id FROM accessibility.booking
     WHERE id = (SELECT booking_id FROM accessibility.wait WHERE id = :id) FOR UPDATE
    """
)
_LOCKED = text("SELECT * FROM accessibility.wait WHERE id = :id FOR UPDATE")
_OF_RIDER = text(
    """
    SELECT * FROM accessibility.wait
     WHERE rider_id = :rider
       AND (CAST(:at AS timestamptz) IS NULL OR (joined_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY joined_at DESC, id DESC LIMIT :limit
    """
)
_RANK = text(
    """
    SELECT count(*) FILTER (
               WHERE (coalesce(let_go_at > :since, false), place_in_rule, joined_at, id)
                   < (coalesce(CAST(:let_go AS timestamptz) > :since, false), :place, :joined, :id)) AS ahead,
           count(*) AS of_all
      FROM accessibility.wait WHERE slot = :slot AND status <> 'ended'
    """
)
_LINE = text(
    """
    SELECT * FROM accessibility.wait WHERE slot = :slot AND status <> 'ended'
     ORDER BY place_in_rule, joined_at, id LIMIT 200
    """
)
