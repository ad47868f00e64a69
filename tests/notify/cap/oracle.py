"""What docs/push_cap.md promises, reckoned once more in plain Python, for one person at a time and without the SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

GATHERS = timedelta(seconds=15)
BEFORE_DIGEST = timedelta(minutes=10)
WEEK = timedelta(days=7)
ORDINARY = 2


@dataclass(eq=False)
class Person:
    """What somebody chose, how often their days rang, and when they had their last digest."""

    id: UUID
    cap: int
    quiet_from: time
    quiet_until: time
    zone: ZoneInfo
    digest_at: time
    takes_digest: bool = True
    used: Counter[date] = field(default_factory=Counter)
    digests: Counter[date] = field(default_factory=Counter)

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone)

    def sleeps(self, moment: datetime) -> bool:
        clock = moment.astimezone(self.zone).time()
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= clock < self.quiet_until
        return clock >= self.quiet_from or clock < self.quiet_until

    def awake_at(self, moment: datetime) -> datetime:
        if not self.sleeps(moment):
            return moment
        wakes = self.at(self.today(moment), self.quiet_until)
        return wakes if wakes > moment else self.at(self.today(moment) + timedelta(days=1), self.quiet_until)

    def wakes_tomorrow(self, now: datetime) -> datetime:
        """The end of the night's quiet hours, else 07:00."""
        ends = self.quiet_until if self.quiet_from > self.quiet_until else time(7)
        return self.awake_at(self.at(self.today(now) + timedelta(days=1), ends))

    def evening_of(self, day: date) -> datetime:
        return self.at(day, self.digest_at) - BEFORE_DIGEST

    def next_digest(self, now: datetime) -> datetime:
        today = self.at(self.today(now), self.digest_at)
        return self.awake_at(today if today > now else self.at(self.today(now) + timedelta(days=1), self.digest_at))


@dataclass
class Run:
    """One sending; `id` is that of the program, by which equals are told apart."""

    id: UUID
    priority: int
    begun_at: datetime
    deadline: datetime
    is_held: bool = False
    is_stopped: bool = False

    @property
    def gathered_at(self) -> datetime:
        return self.begun_at + GATHERS


@dataclass
class Subscription:
    """Somebody's subscription to a topic."""

    is_live: bool = True
    rang_at: datetime | None = None


@dataclass
class Candidate:
    """One message that one person is due: exactly one state, and what led to it."""

    run: Run
    person: Person
    subscription: Subscription
    interest: float
    not_before: datetime
    waited: int = 0
    status: str = "waiting"
    reason: str | None = None
    place: tuple[int, int] | None = None
    line_due_at: datetime | None = None

    @property
    def closes_at(self) -> datetime:
        """When the round closes in which it would be decided on."""
        woken = self.not_before > self.run.gathered_at
        return self.not_before + GATHERS if woken else self.run.gathered_at

    def becomes(self, status: str, reason: str | None = None, *, not_before: datetime | None = None) -> None:
        self.status, self.reason = status, reason
        self.not_before = not_before or self.not_before

    def expires(self) -> None:
        slept = self.reason == "asleep" or self.run.deadline <= self.not_before
        self.becomes("expired", "cap" if self.waited else "asleep" if slept else "deadline")


@dataclass
class World:
    """Everybody's candidates; each of them is in `candidates` once, whatever becomes of it."""

    candidates: list[Candidate] = field(default_factory=list)

    def waiting(self, person: Person | None = None) -> list[Candidate]:
        return [c for c in self.candidates if c.status == "waiting" and person in (None, c.person)]

    def people(self) -> Sequence[Person]:
        return list({id(c.person): c.person for c in self.candidates}.values())

    def decide(self, now: datetime) -> None:
        """Decide on all whose round has closed by now."""
        for candidate in self.waiting():
            if candidate.run.is_stopped:
                candidate.becomes("withdrawn", "run_stopped")
            elif candidate.run.deadline <= now:
                candidate.expires()
        for person in self.people():
            takes_part = [c for c in self.waiting(person) if not c.run.is_held]
            closed = [c.closes_at for c in takes_part if c.closes_at <= now]
            if closed:
                # The last round that has closed; whoever began after it takes part in the next.
                ends = max(closed)
                _turn(person, [c for c in takes_part if c.run.begun_at <= ends and c.not_before <= ends], now)

    def choose(self, person: Person, cap: int, now: datetime) -> None:
        """Somebody chooses another cap: what waits is looked at again at once."""
        person.cap = cap
        for candidate in self.waiting(person):
            if candidate.not_before > now:
                candidate.waited -= candidate.reason == "cap"
                candidate.becomes("waiting", not_before=now)

    def digest(self, now: datetime) -> dict[UUID, int]:
        """Write the digests that are due: how many messages each person's names."""
        listed: Counter[UUID] = Counter()
        had_one = {person.id: bool(person.digests[person.today(now)]) for person in self.people()}
        for candidate in self.candidates:
            person = candidate.person
            if candidate.line_due_at is None or candidate.line_due_at > now:
                continue
            if not candidate.subscription.is_live or candidate.run.is_stopped or candidate.run.deadline <= now:
                candidate.line_due_at = None
            elif had_one[person.id]:
                candidate.line_due_at = person.at(person.today(now) + timedelta(days=1), person.digest_at)
            elif person.sleeps(now):
                candidate.line_due_at = person.awake_at(now)
            else:
                candidate.line_due_at = None
                listed[person.id] += 1
                person.digests[person.today(now)] = 1
        return dict(listed)


def _turn(person: Person, due: list[Candidate], now: datetime) -> None:
    """One person's turn."""
    for candidate in due:
        if not candidate.subscription.is_live:
            candidate.becomes("withdrawn", "subscription_ended")
        elif person.sleeps(now):
            candidate.becomes("waiting", "asleep", not_before=person.awake_at(now))
    if person.sleeps(now):
        return
    today = person.today(now)
    unheard = {id(c) for c in due if c.subscription.rang_at is None or c.subscription.rang_at < now - WEEK}
    competing = sorted((c for c in due if c.status == "waiting"), key=lambda c: _worth(c, is_unheard=id(c) in unheard))
    room, has_rung = max(person.cap - person.used[today], 0), person.used[today] > 0
    evening = person.evening_of(today)
    is_day = now < evening and not person.sleeps(evening)
    rung = 0
    for better, candidate in enumerate(competing):
        candidate.place = (better + 1, len(competing))
        deadline = candidate.run.deadline
        left = room - better
        is_kept_from = candidate.run.priority <= ORDINARY and is_day and room > 0 and left <= 1
        is_left_over = candidate.waited > 0 and not (better == 0 and id(candidate) in unheard)
        if is_kept_from and (is_left_over or has_rung) and deadline > evening:
            candidate.becomes("waiting", "evening", not_before=evening)
        elif rung < room and not (is_kept_from and is_left_over):
            candidate.becomes("sent")
            rung += 1
            person.used[today] += 1
            candidate.subscription.rang_at = now
        else:
            _finds_no_room(person, candidate, now, is_unheard=id(candidate) in unheard)


def _worth(candidate: Candidate, *, is_unheard: bool) -> tuple[int, datetime, float, UUID]:
    """The order in which they stand; equals by which run was made first."""
    steps = candidate.run.priority + candidate.waited + is_unheard
    return -steps, candidate.run.deadline, -candidate.interest, candidate.run.id


def _finds_no_room(person: Person, candidate: Candidate, now: datetime, *, is_unheard: bool) -> None:
    deadline, waking = candidate.run.deadline, person.wakes_tomorrow(now)
    if person.cap == 0 or deadline <= waking:
        candidate.becomes("digested", "cap" if person.cap else "cap_is_zero")
        if person.takes_digest and deadline > person.next_digest(now):
            candidate.line_due_at = person.next_digest(now)
        return
    evening = person.awake_at(person.evening_of(person.today(now) + timedelta(days=1)))
    has_time = evening > waking and deadline > evening and not is_unheard
    candidate.becomes("waiting", "cap", not_before=evening if has_time else waking)
    candidate.waited += 1
