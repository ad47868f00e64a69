"""Finds in a diary what must not be: somebody stranded, somebody with two rides, a promise broken in silence.

It knows nothing of how rides are booked. Who is where follows from what vehicles did; a promise is what was said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from bench.ride_day.demand import Direction, Errand, Leg
from bench.ride_day.diary import Diary, Order, Promise, Seen, Told
from bench.ride_day.population import Spot
from core.clock import TAIPEI

Fault = Literal[
    "stranded", "two_rides", "two_vehicles", "told_of_two", "waited_in_silence", "late_in_silence", "long_in_silence",
    "taken_back_without_reason", "ended_in_silence", "not_answered", "came_unannounced", "left_behind", "books_differ",
    "blamed_wrongly", "wrong_place",
]  # fmt: skip
GRACE: Final = timedelta(minutes=1)
"""Within a minute of its moment a promise counts as kept, and a word as said in time."""
_OVERLAP: Final = timedelta(minutes=2)
_ANSWERED_WITHIN: Final = timedelta(minutes=1)
_SAME_DOOR_METRES: Final = 200.0
_OVER: Final = frozenset(("done", "cancelled", "no_show", "lost", "not_bound"))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, and with which leg or order."""

    fault: Fault
    of: str
    detail: str = ""


@dataclass
class Verdict:
    """What was found, and what became of every promise: kept, taken_back (with a reason, in time), late_told (in time),
    rider_withdrew or broken."""

    findings: list[Finding] = field(default_factory=list)
    promises: Counter[str] = field(default_factory=Counter)

    def of(self, fault: Fault) -> list[Finding]:
        """The findings of one kind."""
        return [each for each in self.findings if each.fault == fault]


@dataclass(frozen=True, slots=True)
class _OfLeg:
    errand: Errand
    leg: Leg
    told: Sequence[Told]
    seen: Sequence[Seen]

    def first(self, deed: str) -> datetime | None:
        return next((each.at for each in self.seen if each.deed == deed), None)


def audit(diary: Diary, until: datetime) -> Verdict:
    """Look at every leg and every order of a day that is over at `until`."""
    verdict = Verdict()
    told: dict[str, list[Told]] = defaultdict(list)
    for word in sorted(diary.told, key=lambda each: each.at):
        told[word.leg].append(word)
    seen: dict[str, list[Seen]] = defaultdict(list)
    for deed in sorted(diary.seen, key=lambda each: each.at):
        seen[deed.phone].append(deed)
    of_legs: dict[str, _OfLeg] = {}
    for errand in diary.errands:
        shared = by_direction(errand, seen[errand.person.phone])
        for leg in errand.legs:
            of_legs[leg.id] = _OfLeg(errand, leg, told[leg.id], shared[leg.direction])
    for of_leg in of_legs.values():
        verdict.findings += _of_answers(of_leg, told[of_leg.errand.out.id])
        verdict.findings += _of_vehicles(of_leg)
        verdict.findings += _of_words(of_leg)
        _promises(of_leg, verdict, until)
    for errand in diary.errands:
        verdict.findings += _stranded(errand, of_legs)
    verdict.findings += _of_books(diary, of_legs)
    return verdict


def by_direction(errand: Errand, seen: Sequence[Seen]) -> dict[Direction, list[Seen]]:
    """What vehicles did for this person, in its order, by the leg to which it belongs: where they were picked up says
    which, and until they are out it is the same, also where their van broke down on the way."""
    found: dict[Direction, list[Seen]] = {"out": [], "back": []}
    aboard: Direction | None = None
    stands: Spot | None = None
    for deed in seen:
        is_fetching = stands is not None and deed.spot.metres_to(stands) <= _SAME_DOOR_METRES
        if aboard is not None and (deed.deed in ("broken_down", "out") or is_fetching):
            direction = aboard
        else:
            direction = _nearest(errand.out, deed)
        found[direction].append(deed)
        if deed.deed == "aboard":
            aboard, stands = direction, None
        elif deed.deed == "broken_down":
            stands = deed.spot
        elif deed.deed == "out":
            aboard = None
    return found


def _nearest(out: Leg, deed: Seen) -> Direction:
    here, there = (out.destination, out.origin) if deed.deed == "out" else (out.origin, out.destination)
    return "out" if deed.spot.metres_to(here) <= deed.spot.metres_to(there) else "back"


def _stranded(errand: Errand, of_legs: dict[str, _OfLeg]) -> Iterator[Finding]:
    """Brought somewhere, wanted home, and not brought home; unless they themselves let the way home be."""
    if errand.back is None or of_legs[errand.out.id].first("out") is None:
        return
    back = of_legs[errand.back.id]
    if back.first("out") is None and not (
        back.told and back.told[-1].word == "cancelled" and back.told[-1].by == "rider"
    ):
        yield Finding("stranded", errand.back.id, back.told[-1].word if back.told else "nothing told")


def _of_answers(of: _OfLeg, of_out: Sequence[Told]) -> Iterator[Finding]:
    """Every request is answered within a minute; a no to the way there answers for the way back, too."""
    if not of.told:
        if not any(each.word == "none" for each in of_out):
            yield Finding("not_answered", of.leg.id)
    elif of.leg.direction == "out" and of.told[0].at > of.errand.asked_at + _ANSWERED_WITHIN:
        yield Finding("not_answered", of.leg.id, f"only after {of.told[0].at - of.errand.asked_at}")


def _of_vehicles(of: _OfLeg) -> Iterator[Finding]:
    came = {each.vehicle for each in of.seen if each.deed == "at_door"}
    gave_up = {each.vehicle for each in of.seen if each.deed in ("left_without", "gave_up", "broken_down")}
    broken = [each.spot for each in of.seen if each.deed == "broken_down"]
    if len(came - gave_up) > 1:
        yield Finding("two_vehicles", of.leg.id, ", ".join(sorted(came)))
    if len([each for each in of.seen if each.deed == "aboard"]) > 1 + len(broken):
        yield Finding("two_vehicles", of.leg.id, "aboard twice")
    if came and not any(each.word in ("bound", "replaced") for each in of.told):
        yield Finding("came_unannounced", of.leg.id)
    for deed in of.seen:
        right = (of.leg.destination,) if deed.deed == "out" else (of.leg.origin, *broken)
        if deed.deed != "broken_down" and min(map(deed.spot.metres_to, right)) > _SAME_DOOR_METRES:
            yield Finding("wrong_place", of.leg.id, deed.deed)
    for word in of.told:
        if word.word == "no_show" and word.by == "rider" and not (came or of.leg.rider_fails):
            yield Finding("blamed_wrongly", of.leg.id)


def _of_words(of: _OfLeg) -> Iterator[Finding]:
    """Whether what was said can be followed: one ride at a time, a reason for all that is taken back, and an end."""
    has_ride = False
    for word in of.told:
        if word.word == "bound":
            if has_ride:
                yield Finding("told_of_two", of.leg.id)
            has_ride = True
        elif word.word == "replaced":
            has_ride = True
        elif word.word in ("not_bound", "reseeking", "lost", "cancelled", "no_show", "done", "none", "put_off"):
            has_ride = False
        if word.word in ("reseeking", "lost", "cancelled", "not_bound", "none") and not (
            word.why or word.by == "rider"
        ):
            yield Finding("taken_back_without_reason", of.leg.id, word.word)
    if of.told and (has_ride or of.told[-1].word == "reseeking"):
        yield Finding("ended_in_silence", of.leg.id, of.told[-1].word)


def _promises(of: _OfLeg, verdict: Verdict, until: datetime) -> None:
    """What became of each promise: it stands from when it was said until something else is said."""
    for number, word in enumerate(of.told):
        if word.promise is None:
            continue
        after = of.told[number + 1 :]
        over = next((each for each in after if each.promise is not None or _takes_back(each)), None)
        stands_until = over.at if over else until
        verdict.promises[_outcome(of, word.promise, word.at, after, over, stands_until, verdict)] += 1


def _takes_back(word: Told) -> bool:
    return word.word in ("reseeking", "lost", "cancelled", "no_show", "not_bound", "put_off")


def _outcome(
    of: _OfLeg, promise: Promise, said_at: datetime, after: Sequence[Told], over: Told | None, stands_until: datetime,
    verdict: Verdict,
) -> str:  # fmt: skip
    last = promise.window_ends_at + GRACE
    late = [each.at for each in after if each.word == "late"]
    came = next((each.at for each in of.seen if each.deed == "at_door" and said_at <= each.at <= stands_until), None)
    if over is not None and over.at <= last and came is None:
        return "rider_withdrew" if over.by == "rider" else "taken_back"
    if came is None or came > last:
        if not any(at <= last for at in late):
            detail = f"promised until {_clock(promise.window_ends_at)}, {f'came {_clock(came)}' if came else 'nobody'}"
            verdict.findings.append(Finding("waited_in_silence", of.leg.id, f"{promise.fleet}: {detail}"))
            return "broken"
        return "late_told"
    return _ridden(of, promise, late, verdict)


def _ridden(of: _OfLeg, promise: Promise, late: Sequence[datetime], verdict: Verdict) -> str:
    aboard, out = of.first("aboard"), of.first("out")
    if aboard is None:
        return "kept"
    result = "kept"
    if promise.ride_minutes_at_most is not None:
        last = aboard + timedelta(minutes=promise.ride_minutes_at_most) + GRACE
        if out is None or out > last:
            result = _said(of, late, last, "long_in_silence", verdict)
    if result == "kept" and of.leg.arrive_by is not None and promise.arrives_at <= of.leg.arrive_by:
        last = of.leg.arrive_by + GRACE
        if out is None or out > last:
            result = _said(of, late, last, "late_in_silence", verdict)
    return result


def _said(of: _OfLeg, late: Sequence[datetime], last: datetime, fault: Fault, verdict: Verdict) -> str:
    if any(at <= last for at in late):
        return "late_told"
    verdict.findings.append(Finding(fault, of.leg.id, f"until {_clock(last)}"))
    return "broken"


def _of_books(diary: Diary, of_legs: dict[str, _OfLeg]) -> Iterator[Finding]:
    legs = {errand.person.phone: errand for errand in diary.errands}
    by_leg: dict[str, list[Order]] = defaultdict(list)
    for order in diary.orders:
        errand = legs.get(order.phone or "")
        if errand is None:
            if order.ended_at is None or order.ending not in ("by_city", "by_fleet", "lapsed"):
                yield Finding("left_behind", order.number, f"{order.fleet} has an order of nobody")
            continue
        by_leg[_leg_of(order, errand, of_legs)].append(order)
    statuses = {each.leg: each for each in diary.ours}
    for leg, orders in by_leg.items():
        yield from _overlaps(leg, orders)
        ours = statuses.get(leg)
        yield from _differs(leg, orders, ours.status if ours else "", ours.fleet if ours else None)
    for leg, ours in statuses.items():
        if ours.status == "done" and leg not in by_leg:
            yield Finding("books_differ", leg, "done by us alone")
        if ours.status not in _OVER and of_legs[leg].told:
            yield Finding("ended_in_silence", leg, f"still {ours.status}")


def _leg_of(order: Order, errand: Errand, of_legs: dict[str, _OfLeg]) -> str:
    """The door at which an order begins says for which leg it is; from a broken van the same leg goes on."""
    doors = (errand.out.origin, errand.out.destination)
    if min(map(order.pickup.metres_to, doors)) > _SAME_DOOR_METRES:
        for leg in errand.legs:
            broken = [each.spot for each in of_legs[leg.id].seen if each.deed == "broken_down"]
            if any(order.pickup.metres_to(spot) <= _SAME_DOOR_METRES for spot in broken):
                return leg.id
    is_out = order.pickup.metres_to(doors[0]) <= order.pickup.metres_to(doors[1])
    return errand.out.id if is_out or errand.back is None else errand.back.id


def _overlaps(leg: str, orders: Sequence[Order]) -> Iterator[Finding]:
    ordered = sorted(orders, key=lambda each: each.bound_at)
    for number, first in enumerate(ordered):
        for second in ordered[number + 1 :]:
            both_until = min(_end(first), _end(second))
            if both_until - second.bound_at > _OVERLAP:
                detail = f"{first.fleet} {first.number} beside {second.fleet} {second.number}"
                yield Finding("two_rides", leg, detail)


def _end(order: Order) -> datetime:
    return order.ended_at or datetime.max.replace(tzinfo=order.bound_at.tzinfo)


def _differs(leg: str, orders: Sequence[Order], status: str, fleet: str | None) -> Iterator[Finding]:
    for order in orders:
        if order.ended_at is None:
            yield Finding("left_behind", leg, f"{order.fleet} still has {order.number}")
    done = [order for order in orders if order.ending == "done"]
    if len(done) > 1:
        yield Finding("two_rides", leg, "done twice")
    if (status == "done") != bool(done):
        yield Finding("books_differ", leg, f"ours {status or 'none'}, theirs {[each.ending for each in orders]}")
    elif done and fleet != done[0].fleet:
        yield Finding("books_differ", leg, f"ours by {fleet}, theirs by {done[0].fleet}")


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(TAIPEI):%H:%M}"
