"""A week of a city that pushes more than anybody wants, from a seed: one cap in rounds, no cap, dropping at the cap.

Run: python -m bench.push_week [--people N] [--seed N] [--svg FILE]. The first goes through the real decisions, hour by
hour on a clock of its own, in a PostgreSQL of its own; the others are told the same campaigns in the same order, and
people have the same luck under each. How people behave is assumed, not measured: they open a topic as they like it,
and the n-th ring of a day makes somebody stop that topic with a chance of 0.1 % × 2^(n-1), at most 10 %.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench import push_week_plot
from core import db, embedded, migrate
from core.clock import TAIPEI
from notify.cap import digests
from notify.cap.decisions import decide_due

CAP, DAYS, TOPICS, CAMPAIGNS_A_DAY = 3, 7, 12, 20
START = datetime(2026, 11, 2, tzinfo=TAIPEI)
GATHERED = timedelta(seconds=16)
PRIORITIES = (1, 2, 3, 4)
_SHARES = (40, 35, 17, 8)
# For how long each priority is worth ringing: a jam for three hours, then until the evening, three days, a week.
_LIVES = {4: timedelta(hours=3), 3: timedelta(hours=10), 2: timedelta(days=3), 1: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign of the week and the share of its topic's subscribers whom it is for."""

    id: UUID
    at: datetime
    topic: int
    priority: int
    share: float

    @property
    def deadline(self) -> datetime:
        """After which it is of no use."""
        return self.at + _LIVES[self.priority]


@dataclass(frozen=True, slots=True)
class City:
    """Its people, what each subscribes to and likes, and the campaigns of the week in their order."""

    people: list[UUID]
    tastes: dict[tuple[UUID, int], float]
    campaigns: list[Campaign]

    def audience(self, campaign: Campaign, live: set[tuple[UUID, int]]) -> Iterator[UUID]:
        """Whom of those who still subscribe it is for."""
        for person in self.people:
            if (person, campaign.topic) in live and luck(person, campaign, "for") < campaign.share:
                yield person


@dataclass
class Week:
    """What became of it under one policy: outcomes by priority (rung, digest, lost, waiting), days waited, stops."""

    name: str
    outcomes: Counter[tuple[int, str]] = field(default_factory=Counter)
    waited: Counter[tuple[int, int]] = field(default_factory=Counter)
    rings: Counter[tuple[UUID, int]] = field(default_factory=Counter)
    stops: Counter[int] = field(default_factory=Counter)
    stops_by_priority: Counter[int] = field(default_factory=Counter)
    opened: int = 0
    offered: set[tuple[UUID, int]] = field(default_factory=set)
    heard: set[tuple[UUID, int]] = field(default_factory=set)

    def ring(self, city: City, person: UUID, campaign: Campaign, day: int) -> tuple[bool, bool]:
        """It rings: whether it is opened, and whether it is the one too many after which the topic is stopped."""
        self.outcomes[campaign.priority, "rung"] += 1
        self.rings[person, day] += 1
        self.heard.add((person, campaign.topic))
        is_opened = luck(person, campaign, "open") < city.tastes[person, campaign.topic]
        stops = luck(person, campaign, "stop") < min(0.001 * 2 ** (self.rings[person, day] - 1), 0.1)
        self.opened += is_opened
        self.stops[day] += stops
        self.stops_by_priority[campaign.priority] += stops
        return is_opened, stops


def main() -> None:
    """Simulate, print the table, and draw it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--svg", type=Path)
    chosen = parser.parse_args()
    city = make_city(chosen.people, random.Random(chosen.seed))
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder))
        try:
            embedded.make_database(server, "week")
            migrate.to_head(server.url("week"))
            db.configure(server.url("week"))
            ours = with_rounds(city)
        finally:
            server.stop(immediately=True)
    weeks = [without_memory(city, "no cap", cap=None), without_memory(city, "dropped at the cap", cap=CAP), ours]
    show(weeks)
    if chosen.svg:
        chosen.svg.write_text(push_week_plot.svg(weeks, days=DAYS, people=chosen.people))


def make_city(people: int, chance: random.Random) -> City:
    """People who subscribe to half of the topics, and campaigns that crowd at nine and at noon."""
    ids = [UUID(int=chance.getrandbits(128), version=4) for _ in range(people)]
    tastes = {
        (person, topic): chance.uniform(0.05, 0.6)
        for person in ids
        for topic in chance.sample(range(TOPICS), chance.randrange(3, 10))
    }
    campaigns = []
    for day in range(DAYS):
        for _ in range(CAMPAIGNS_A_DAY):
            hour = chance.choice([9, 9, 9, 12, 12, *range(7, 21)])
            campaigns.append(
                Campaign(
                    UUID(int=chance.getrandbits(128), version=4),
                    START + timedelta(days=day, hours=hour),
                    chance.randrange(TOPICS),
                    chance.choices(PRIORITIES, _SHARES)[0],
                    chance.uniform(0.5, 1.0),
                )
            )
    return City(ids, tastes, sorted(campaigns, key=lambda each: (each.at, each.id)))


def without_memory(city: City, name: str, *, cap: int | None) -> Week:
    """Each campaign by itself, in the order in which they begin: it rings, or where the day is full it is lost."""
    week, live = Week(name), set(city.tastes)
    for campaign in city.campaigns:
        day = (campaign.at - START).days
        for person in list(city.audience(campaign, live)):
            week.offered.add((person, campaign.topic))
            if cap is not None and week.rings[person, day] >= cap:
                week.outcomes[campaign.priority, "lost"] += 1
            elif week.ring(city, person, campaign, day)[1]:
                live.discard((person, campaign.topic))
            week.waited[campaign.priority, 0] += 1
    return week


def with_rounds(city: City) -> Week:
    """The same campaigns through `decide_due` and the digests, whenever something begins, at waking, and at evening."""
    week, live = Week("one cap, in rounds"), set(city.tastes)
    by_id = {each.id: each for each in city.campaigns}
    subscriptions = _people_and_topics(city)
    moments = {each.at for each in city.campaigns}
    moments |= {START + timedelta(days=day, hours=hour) for day in range(DAYS) for hour in (7, 18.84, 19)}
    for at in sorted(moments):
        for campaign in (each for each in city.campaigns if each.at == at):
            audience = list(city.audience(campaign, live))
            week.offered |= {(person, campaign.topic) for person in audience}
            _begin(campaign, audience, subscriptions)
        decide_due(at + GATHERED)
        digests.send_due(at + GATHERED)
        _live_with_it(city, week, live, by_id, at)
    for row in _read("SELECT run_id, status, reason, count(*) AS n FROM notify.candidate GROUP BY 1, 2, 3"):
        outcome = {"digested": "digest", "expired": "lost", "waiting": "waiting"}.get(row.status)
        if outcome is not None:
            week.outcomes[by_id[row.run_id].priority, outcome] += row.n
    return week


def _live_with_it(
    city: City, week: Week, live: set[tuple[UUID, int]], by_id: dict[UUID, Campaign], at: datetime
) -> None:
    """People open, or have had enough, in the order in which it rang."""
    rung = _read(
        "SELECT person_id, run_id, waited FROM notify.candidate WHERE status = 'sent' AND decided_at = :at "
        "ORDER BY person_id, run_id",
        at=at + GATHERED,
    )
    opened, stopped = [], []
    for row in rung:
        campaign = by_id[row.run_id]
        week.waited[campaign.priority, row.waited] += 1
        is_opened, stops = week.ring(city, row.person_id, campaign, (at - START).days)
        opened += [(row.person_id, campaign.topic)] * is_opened
        if stops:
            stopped.append((row.person_id, campaign.topic))
            live.discard((row.person_id, campaign.topic))
    with db.unit_of_work() as session:
        for statement, pairs in ((_OPENED, opened), (_STOPPED, stopped)):
            values = {"people": [person for person, _ in pairs], "topics": [f"week.{topic}" for _, topic in pairs]}
            session.execute(text(statement), values | {"at": at})


def luck(person: UUID, campaign: Campaign, what: str) -> float:
    """A number from 0 to 1 that is the same under every policy."""
    digest = hashlib.blake2b(person.bytes + campaign.id.bytes + what.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def show(weeks: Iterable[Week]) -> None:
    """One line for each policy, and one for each of its priorities."""
    for week in weeks:
        total = sum(week.outcomes.values())
        days = Counter(n for n in week.rings.values())
        silent = 1 - len(week.heard) / len(week.offered)
        print(
            f"{week.name}: {total} offers, {sum(week.rings.values())} rings, most on a day {max(days)}, "
            f"{week.opened} opened ({week.opened / sum(week.rings.values()):.1%} of rings), "
            f"{sum(week.stops.values())} stopped, {silent:.1%} of subscriptions offered something never rang"
        )
        for priority in reversed(PRIORITIES):
            of = sum(n for (each, _), n in week.outcomes.items() if each == priority)
            shares = ", ".join(
                f"{name} {week.outcomes[priority, name] / of:.1%}" for name in ("rung", "digest", "lost", "waiting")
            )
            waits = defaultdict(int, {d: n for (each, d), n in week.waited.items() if each == priority and n})
            mean = sum(d * n for d, n in waits.items()) / max(sum(waits.values()), 1)
            print(
                f"    priority {priority}: {of:6d} offers: {shares}; waited {mean:.2f} days, at most {max(waits)}; "
                f"{week.stops_by_priority[priority]} stopped"
            )


def _people_and_topics(city: City) -> dict[tuple[UUID, int], UUID]:
    ids = {pair: UUID(bytes=hashlib.blake2b(f"{pair}".encode(), digest_size=16).digest()) for pair in city.tastes}
    with db.unit_of_work() as session:
        for topic in range(TOPICS):
            session.execute(text(_TOPIC), {"code": f"week.{topic}", "at": START})
        session.execute(
            text(_SUBSCRIBE),
            {
                "ids": list(ids.values()), "people": [person for person, _ in ids],
                "topics": [f"week.{topic}" for _, topic in ids], "at": START,
            },
        )  # fmt: skip
    return ids


def _begin(campaign: Campaign, audience: list[UUID], subscriptions: dict[tuple[UUID, int], UUID]) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text(_RUN),
            {
                "id": campaign.id, "topic": f"week.{campaign.topic}", "priority": campaign.priority, "at": campaign.at,
                "deadline": campaign.deadline,
            },
        )  # fmt: skip
        session.execute(
            text(_CANDIDATES),
            {
                "run": campaign.id, "people": audience, "at": campaign.at, "priority": campaign.priority,
                "deadline": campaign.deadline,
                "subscriptions": [subscriptions[person, campaign.topic] for person in audience],
            },
        )  # fmt: skip


def _read(sql: str, **values: Any) -> list[Any]:
    with db.unit_of_work() as session:
        return list(session.execute(text(sql), values))


_TOPIC = """
    INSERT INTO notify.topic (code, bureau, name_zh, name_en, purpose_zh, purpose_en, sample_title_zh, sample_title_en,
                              sample_body_zh, sample_body_en, legal_basis_zh, legal_basis_en, endings, highest_priority,
                              created_at, updated_at)
    VALUES (:code, 'culture', :code, :code, '', '', '', '', '', '', '', '', '[]', 4, :at, :at)
"""
_SUBSCRIBE = """
    INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how)
    SELECT u.id, u.person_id, t.id, :at, 'citizen'
      FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:topics AS text[])) AS u (id, person_id, code)
           JOIN notify.topic t USING (code)
"""
_RUN = """
    WITH content AS (
        INSERT INTO notify.content (id, title_zh, title_en, body_zh, body_en, link, why, created_at)
        VALUES (:id, '', '', '', '', '/app', '{}', :at)
    ), campaign AS (
        INSERT INTO notify.campaign (id, bureau, topic_id, name, state, content, audience, priority, schedule,
                                     written_by, submitted_by, approved_by, approved_hash, created_at, updated_at)
        SELECT :id, 'culture', id, code, 'sending', '{}', '{}', :priority, '{}', gen_random_uuid(), gen_random_uuid(),
               gen_random_uuid(), '\\x00', :at, :at
          FROM notify.topic WHERE code = :topic
    )
    INSERT INTO notify.run (id, campaign_id, content_id, status, round_at, deadline, begun_at)
    VALUES (:id, :id, :id, 'deciding', CAST(:at AS timestamptz) + interval '15 seconds', :deadline, :at)
"""
_CANDIDATES = """
    INSERT INTO notify.candidate (run_id, person_id, subscription_id, topic_id, priority, deadline, interest,
                                  not_before)
    SELECT :run, u.person_id, u.subscription_id, s.topic_id, :priority, :deadline,
           (coalesce(i.opened, 0) + 1.0) / (coalesce(i.sent, 0) + 2.0), :at
      FROM unnest(CAST(:people AS uuid[]), CAST(:subscriptions AS uuid[])) AS u (person_id, subscription_id)
           JOIN notify.subscription s ON s.id = u.subscription_id
           LEFT JOIN notify.interest i ON i.person_id = s.person_id AND i.topic_id = s.topic_id
"""
_OF_PAIRS = """
      FROM (SELECT u.person_id, t.id AS topic_id, count(*)::int AS n
              FROM unnest(CAST(:people AS uuid[]), CAST(:topics AS text[])) AS u (person_id, code)
                   JOIN notify.topic t USING (code)
             WHERE CAST(:at AS timestamptz) IS NOT NULL GROUP BY 1, 2) AS p
"""
_OPENED = f"""
    UPDATE notify.interest i SET opened = i.opened + p.n {_OF_PAIRS}
     WHERE i.person_id = p.person_id AND i.topic_id = p.topic_id
"""
_STOPPED = f"""
    UPDATE notify.subscription s SET status = 'ended', ended_at = :at, ended_how = 'citizen' {_OF_PAIRS}
     WHERE s.person_id = p.person_id AND s.topic_id = p.topic_id AND s.status = 'live'
"""

if __name__ == "__main__":
    main()
