"""Fifty campaigns and eight workers at once, over a real PostgreSQL, held to what an independent reckoning expects.

Whatever people chose, whatever had rung and waited before, whoever looks in between and whoever dies: never over the
cap, always the best by the documented order, every candidate in exactly one state, one digest a day.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from notify.campaigns import tallies
from notify.cap import digests, turns
from notify.cap.decisions import decide_due
from tests.notify.cap.conftest import City
from tests.notify.cap.oracle import Candidate, Person, Run, Subscription, World
from tests.notify.cap.stories import BEGIN, STORY, TOPICS, Campaign, Change, Chosen, Story

WORKERS = 8
FEW = 6
# The same few each time, or, where many rounds are asked for, as many new ones.
EXAMPLES = int(os.environ.get("FAULT_ROUNDS", FEW))
GATHERED = timedelta(seconds=29)
"""After the last of those who race has gathered, and before the first of the late ones has."""


class Crash(Exception):
    """A worker died before its commit."""

    seen = 0


# The threads fall as they fall, so a story that failed is told as it was and not looked for a smaller one.
_told = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    database=None,
)


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small transactions, one in eight of which dies with all it has written, just before it would commit."""
    chance = random.Random(8)
    honest = tallies.add_to_each

    def add_to_each(*arguments: Any) -> None:
        honest(*arguments)
        if chance.random() < 1 / 8:
            Crash.seen += 1
            raise Crash

    monkeypatch.setattr(turns, "MOST_PEOPLE", 2)
    monkeypatch.setattr(tallies, "add_to_each", add_to_each)


@pytest.mark.faults
@settings(_told, max_examples=EXAMPLES, derandomize=EXAMPLES == FEW)
@given(story=STORY)
def test_fifty_campaigns_and_eight_workers_do_what_one_careful_clerk_would(
    city: City, crashing: None, story: Story
) -> None:
    _live(city, story)


def _live(city: City, story: Story) -> None:
    """The story, told to the program by eight workers and to the reckoning by one clerk; both must agree throughout."""
    told = Told(city, story)
    for n, after in enumerate(story.moments):
        moment = BEGIN + after
        _settle(told, moment - timedelta(seconds=1))
        for change in story.changes:
            if change.moment == n:
                told.change(change, moment)
        racing = told.begin(n, moment)
        told.race(racing, moment + GATHERED)
        told.agrees()
        _settle(told, moment + timedelta(minutes=1))
        told.digests(moment + timedelta(minutes=1))
    for run in told.runs.values():
        run.is_held = False
    city.change("UPDATE notify.run SET is_held = false")
    _settle(told, BEGIN + timedelta(days=30))
    assert not told.world.waiting()
    assert {row.status for row in city.read("SELECT status FROM notify.run")} <= {"done", "stopped"}


def _settle(told: Told, now: datetime) -> None:
    _in_threads(lambda: _until_nothing_is_due(now), workers=2)
    told.world.decide(now)
    told.agrees()


class Told:
    """The same story twice: in the database, and in the reckoning."""

    def __init__(self, city: City, story: Story) -> None:
        self.city, self.story, self.world = city, story, World()
        city.change(_FORGET)
        city.subscriptions.clear()
        self.people = [self._person(chosen) for chosen in story.people]
        self.used_before = {person.id: Counter(person.used) for person in self.people}
        self.subscriptions: dict[tuple[UUID, int], Subscription] = {}
        self.runs: dict[int, Run] = {}

    def _person(self, chosen: Chosen) -> Person:
        night = time(chosen.night[0]), time(chosen.night[1])
        (person_id,) = self.city.people(
            1, daily_cap=chosen.cap, quiet_from=night[0], quiet_until=night[1], timezone=chosen.zone,
            digest_at=chosen.digest_at, takes_digest=chosen.takes_digest,
        )  # fmt: skip
        person = Person(person_id, chosen.cap, *night, ZoneInfo(chosen.zone), chosen.digest_at, chosen.takes_digest)
        first = BEGIN + self.story.moments[0]
        person.used[person.today(first)] = chosen.used
        self.city.change(
            "INSERT INTO notify.person_day (person_id, day, used) VALUES (:id, :day, :used)",
            id=person_id, day=person.today(first), used=chosen.used,
        )  # fmt: skip
        return person

    def begin(self, moment_n: int, moment: datetime) -> list[Run]:
        """Begin the campaigns of a moment. Answers those whose audience is still being made: they race."""
        racing = []
        for n, campaign in enumerate(self.story.campaigns):
            if campaign.moment != moment_n:
                continue
            run = self._begin(n, campaign, moment + timedelta(seconds=campaign.seconds))
            if campaign.seconds < 15:
                racing.append(run)
        return racing

    def _begin(self, n: int, campaign: Campaign, at: datetime) -> Run:
        meant = [(p, level / 4) for p, level in zip(self.people, campaign.interests, strict=True) if level]
        topic = f"topic.{campaign.topic}"
        run_id = self.city.run(
            [person.id for person, _ in meant], topic=topic, priority=campaign.priority, begun_at=at,
            deadline=at + campaign.life, interest={person.id: interest for person, interest in meant},
            status="resolving" if campaign.seconds < 15 else "deciding",
        )  # fmt: skip
        run = self.runs[n] = Run(run_id, campaign.priority, at, at + campaign.life)
        not_before = {person.id: at if campaign.was_asleep_unknown else person.awake_at(at) for person, _ in meant}
        self.world.candidates.extend(
            Candidate(
                run, person, self._subscription(person, campaign.topic, at), interest, not_before[person.id],
                waited=campaign.waited,
            )
            for person, interest in meant
        )  # fmt: skip
        self.city.change(
            "UPDATE notify.candidate c SET not_before = u.at, waited = :waited "
            "FROM unnest(CAST(:people AS uuid[]), CAST(:ats AS timestamptz[])) AS u (person_id, at) "
            "WHERE c.run_id = :run AND c.person_id = u.person_id",
            waited=campaign.waited, run=run_id, people=list(not_before), ats=list(not_before.values()),
        )  # fmt: skip
        # What had waited before has been counted before.
        self.city.change(
            "INSERT INTO notify.run_tally (run_id, what, part, n) VALUES (:run, 'waited', 0, :n)",
            run=run_id, n=len(meant) if campaign.waited else 0,
        )  # fmt: skip
        return run

    def _subscription(self, person: Person, topic: int, at: datetime) -> Subscription:
        key = person.id, topic
        if key not in self.subscriptions:
            days = self.story.silences[self.people.index(person) * TOPICS + topic]
            rang_at = None if days is None else at - timedelta(days=days)
            self.subscriptions[key] = Subscription(rang_at=rang_at)
            self.city.change(
                "UPDATE notify.subscription SET last_sent_at = :at WHERE id = :id",
                at=rang_at, id=self.city.subscription(person.id, f"topic.{topic}"),
            )  # fmt: skip
        return self.subscriptions[key]

    def change(self, change: Change, now: datetime) -> None:
        """What happens just before a moment, where there is what it happens to."""
        run = self.runs.get(change.one)
        person = self.people[change.number]
        match change.what:
            case "unsubscribe" if subscription := self.subscriptions.get((person.id, change.one % TOPICS)):
                subscription.is_live = False
                self.city.change(
                    "UPDATE notify.subscription SET status = 'ended', ended_at = :now, ended_how = 'citizen' "
                    "WHERE id = :id AND status = 'live'",
                    now=now, id=self.city.subscription(person.id, f"topic.{change.one % TOPICS}"),
                )  # fmt: skip
            case "hold" | "release" if run:
                run.is_held = change.what == "hold" and not run.is_stopped
                self.city.change("UPDATE notify.run SET is_held = :held WHERE id = :id", held=run.is_held, id=run.id)
            case "stop" if run and self._is_open(run):
                run.is_stopped = True
                self.city.change("UPDATE notify.run SET status = 'stopped' WHERE id = :id", id=run.id)
            case "choose":
                self.world.choose(person, change.one % 5, now)
                while not _survive(lambda: self.city.choose(person.id, daily_cap=change.one % 5, now=now)):
                    pass

    def _is_open(self, run: Run) -> bool:
        return any(candidate.run is run for candidate in self.world.waiting())

    def race(self, racing: Sequence[Run], now: datetime) -> None:
        """Eight workers decide, while audience after audience becomes known, until nothing is due."""
        to_resolve, turn = iter(racing), threading.Lock()

        def work() -> None:
            while True:
                with turn:
                    run = next(to_resolve, None)
                if run is None:
                    break
                _survive(lambda: decide_due(now))
                self.city.change("UPDATE notify.run SET status = 'deciding' WHERE id = :id", id=run.id)
            _until_nothing_is_due(now)

        _in_threads(work, workers=WORKERS)
        _until_nothing_is_due(now)
        self.world.decide(now)

    def digests(self, now: datetime) -> None:
        """Workers write digests: those of the reckoning, once."""
        before = self._digests()
        _in_threads(lambda: digests.send_due(now), workers=2)
        digests.send_due(now)
        assert self._digests() - before == Counter(self.world.digest(now))
        (row,) = self.city.read(
            "SELECT count(*) AS n, count(DISTINCT (person_id, event_id)) AS days FROM notify.message "
            "WHERE basis = 'digest'"
        )
        assert row.n == row.days

    def _digests(self) -> Counter[UUID]:
        rows = self.city.read(
            "SELECT person_id, sum((why ->> 'count')::int) AS n FROM notify.message WHERE basis = 'digest' GROUP BY 1"
        )
        return Counter({row.person_id: row.n for row in rows})

    def agrees(self) -> None:
        """Every candidate stands where the reckoning has it, and counts, messages and hand-overs tell the same."""
        rows = self.city.read("SELECT *, status AS state FROM notify.candidate")
        found = {
            (row.run_id, row.person_id): (row.state, row.reason, row.waited, _while(row.state, row.not_before))
            for row in rows
        }
        expected = {
            (c.run.id, c.person.id): (c.status, c.reason, c.waited, _while(c.status, c.not_before))
            for c in self.world.candidates
        }
        assert found == expected
        self._rings_agree()
        messages = {
            (row.run_id, row.person_id): (row.rank, row.of_all)
            for row in self.city.read(
                "SELECT run_id, person_id, (why ->> 'rank')::int AS rank, (why ->> 'of')::int AS of_all "
                "FROM notify.message WHERE basis = 'subscription'"
            )
        }
        has_it = [c for c in self.world.candidates if c.status in ("sent", "digested")]
        assert messages == {(c.run.id, c.person.id): c.place for c in has_it}
        if self.world.candidates:
            self.city.adds_up()

    def _rings_agree(self) -> None:
        used = {(row.person_id, row.day): row.used for row in self.city.read("SELECT * FROM notify.person_day")}
        for person in self.people:
            assert {day: n for day, n in person.used.items() if n} == {
                day: n for (of, day), n in used.items() if of == person.id and n
            }
        (row,) = self.city.read(
            """
            SELECT (SELECT count(*) FROM notify.delivery d JOIN notify.message m ON m.id = d.message_id
                     WHERE m.basis = 'subscription') AS deliveries,
                   (SELECT coalesce(sum(sends), 0) FROM notify.subscription
                     WHERE person_id = ANY(CAST(:people AS uuid[]))) AS sends,
                   (SELECT coalesce(sum(sent), 0) FROM notify.interest) AS interest
            """,
            people=[person.id for person in self.people],
        )
        sent = sum(c.status == "sent" for c in self.world.candidates)
        assert (row.deliveries, row.sends, row.interest) == (sent, sent, sent)


def _while(status: str, not_before: datetime) -> datetime | None:
    """Until when it waits, which is of interest while it waits."""
    return not_before if status == "waiting" else None


def _in_threads(work: Callable[[], object], *, workers: int) -> None:
    with ThreadPoolExecutor(workers) as threads:
        for done in [threads.submit(work) for _ in range(workers)]:
            done.result()


def _survive(work: Callable[[], object]) -> bool:
    with suppress(Crash):
        work()
        return True
    return False


def _until_nothing_is_due(now: datetime) -> None:
    """Decide until a pass finds nothing to do, and nobody died in it with something undone."""
    is_done = False
    while not is_done:
        seen = Crash.seen
        decided = 1
        with suppress(Crash):
            decided = decide_due(now)
        is_done = decided == 0 and seen == Crash.seen


_FORGET = """
    TRUNCATE notify.run, notify.candidate, notify.run_tally, notify.message, notify.delivery, notify.digest_line,
             notify.person_day, notify.interest CASCADE
"""
