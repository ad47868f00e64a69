"""A city in which bureaus send: topics, people with phones, and runs whose audiences are resolved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.ids import new_uuid
from notify.cap import preferences
from notify.cap.rounds import GATHER_SECONDS

# Ten in the morning of a Thursday in Taipei.
NOW = datetime(2026, 11, 5, 2, tzinfo=UTC)
LATER = NOW + timedelta(seconds=GATHER_SECONDS)
WEEK = timedelta(days=7)


@dataclass
class City:
    """Writes what topics, campaigns and audiences write, and reads what was decided."""

    topics: dict[str, int] = field(default_factory=dict)
    subscriptions: dict[tuple[UUID, int], UUID] = field(default_factory=dict)

    def people(self, count: int, *, phones: int = 1, **preferences: Any) -> list[UUID]:
        """So many people with so many phones each, who chose those preferences."""
        people = [new_uuid() for _ in range(count)]
        with db.unit_of_work() as session:
            for person_id in people:
                for _ in range(phones):
                    _device(session, person_id, "fid")
                if preferences:
                    names = ", ".join(preferences)
                    values = ", ".join(f":{name}" for name in preferences)
                    session.execute(
                        text(
                            f"INSERT INTO notify.preference (person_id, updated_at, {names}) "
                            f"VALUES (:person_id, now(), {values})"
                        ),
                        {"person_id": person_id, **preferences},
                    )
        return people

    def run(
        self,
        people: Sequence[UUID],
        *,
        topic: str = "culture.events",
        priority: int = 2,
        begun_at: datetime = NOW,
        deadline: datetime | None = None,
        interest: float | Mapping[UUID, float] = 0.5,
        not_before: datetime | None = None,
        status: str = "deciding",
        title: str = "市集",
        run_id: UUID | None = None,
    ) -> UUID:
        """A run of an approved campaign to these people, resolved (or still resolving, with `status`)."""
        run_id = run_id or new_uuid()
        deadline = deadline or begun_at + WEEK
        with db.unit_of_work() as session:
            topic_id = self._topic(session, topic)
            campaign_id, content_id = new_uuid(), new_uuid()
            values = {
                "id": campaign_id, "topic_id": topic_id, "priority": priority, "at": begun_at, "writer": new_uuid(),
                "other": new_uuid(), "content_id": content_id, "title": title, "run_id": run_id, "deadline": deadline,
                "round_at": begun_at + timedelta(seconds=GATHER_SECONDS), "status": status,
            }  # fmt: skip
            for statement in (_CAMPAIGN, _CONTENT, _RUN):
                session.execute(statement, values)
            self._subscribe(session, people, topic_id, begun_at)
            interests = interest if isinstance(interest, Mapping) else dict.fromkeys(people, interest)
            session.execute(
                _CANDIDATES,
                {
                    "run_id": run_id, "people": list(people), "topic_id": topic_id, "priority": priority,
                    "deadline": deadline, "not_before": not_before or begun_at,
                    "subscriptions": [self.subscriptions[person, topic_id] for person in people],
                    "interests": [interests[person] for person in people],
                },
            )  # fmt: skip
        return run_id

    def _topic(self, session: Any, code: str) -> int:
        if code not in self.topics:
            self.topics[code] = session.execute(_TOPIC, {"code": f"test.{code}", "now": NOW}).scalar_one()
        return self.topics[code]

    def _subscribe(self, session: Any, people: Sequence[UUID], topic_id: int, at: datetime) -> None:
        new = [person for person in people if (person, topic_id) not in self.subscriptions]
        ids = [new_uuid() for _ in new]
        session.execute(_SUBSCRIBE, {"ids": ids, "people": new, "topic_id": topic_id, "at": at})
        self.subscriptions |= {(person, topic_id): each for person, each in zip(new, ids, strict=True)}

    def subscription(self, person_id: UUID, topic: str = "culture.events") -> UUID:
        return self.subscriptions[person_id, self.topics[topic]]

    def change(self, sql: str, **values: Any) -> None:
        """Something that another room does."""
        with db.unit_of_work() as session:
            session.execute(text(sql), values)

    def read(self, sql: str, **values: Any) -> list[Any]:
        with db.unit_of_work() as session:
            return list(session.execute(text(sql), values))

    def sent(self, run_ids: Collection[UUID] | None = None) -> dict[UUID, set[UUID]]:
        """Which runs rang each person: by the deliveries themselves."""
        rows = self.read(
            "SELECT m.person_id, array_agg(m.run_id) AS runs FROM notify.message m "
            "WHERE m.basis = 'subscription' AND (m.why ->> 'rang')::boolean GROUP BY m.person_id"
        )
        return {row.person_id: {run for run in row.runs if run_ids is None or run in run_ids} for row in rows}

    def standing(self, run_id: UUID, person_id: UUID) -> tuple[str, str | None]:
        """What became of one candidate, and why."""
        (row,) = self.read(
            "SELECT status, reason FROM notify.candidate WHERE run_id = :run_id AND person_id = :person_id",
            run_id=run_id, person_id=person_id,
        )  # fmt: skip
        return row.status, row.reason

    def choose(self, person_id: UUID, *, now: datetime, **changes: Any) -> None:
        """The person chooses otherwise, as the phone does it."""
        with db.unit_of_work() as session:
            version = preferences.preferences_of(session, person_id).version
            preferences.change(session, person_id=person_id, version=version, changes=changes, now=now)

    def tallies(self, run_id: UUID) -> dict[str, int]:
        """The counts of a run that are not 0."""
        rows = self.read("SELECT what, sum(n) AS n FROM notify.run_tally WHERE run_id = :id GROUP BY what", id=run_id)
        return {row.what: int(row.n) for row in rows if row.n}

    def adds_up(self) -> None:
        """What a sender is told of each run is what became of its people: all of them, and nobody twice."""
        rows = self.read(_BECOME)
        assert rows
        for row in rows:
            told = self.tallies(row.run_id)
            become = {what: n for what, n in row._asdict().items() if n and what not in ("run_id", "undecided")}
            audience = become.pop("audience")
            assert told == become
            parts = [told.get(what, 0) for what in ("sent", "digested", "expired", "withdrawn")]
            assert sum(parts) + row.undecided == audience
            assert told.get("waiting_tomorrow", 0) <= row.undecided


@pytest.fixture
def city(database: db.Database) -> City:
    return City()


def _device(session: Any, person_id: UUID, kind: str) -> None:
    session.execute(
        text(
            "INSERT INTO notify.device (id, person_id, kind, address_index, address_sealed, name, created_at, "
            "last_seen_at) SELECT id, :person_id, :kind, sha256(uuid_send(id)), '\\x00', '', now(), now() "
            "FROM gen_random_uuid() AS id"
        ),
        {"person_id": person_id, "kind": kind},
    )


_TOPIC = text(
    """
    INSERT INTO notify.topic (code, bureau, name_zh, name_en, purpose_zh, purpose_en, sample_title_zh, sample_title_en,
                              sample_body_zh, sample_body_en, legal_basis_zh, legal_basis_en, endings, highest_priority,
                              created_at, updated_at)
    VALUES (:code, 'culture', '藝文活動', 'Events', '', '', '', '', '', '', '', '', '[]', 4, :now, :now)
    RETURNING id
    """
)
_CAMPAIGN = text(
    """
    INSERT INTO notify.campaign (id, bureau, topic_id, name, state, content, audience, priority, deadline, schedule,
                                 written_by, submitted_by, submitted_at, approved_by, approved_at, approved_hash,
                                 created_at, updated_at)
    VALUES (:id, 'culture', :topic_id, :title, 'sending', '{}', '{}', :priority, :deadline, '{"kind": "now"}',
            :writer, :writer, :at, :other, :at, '\\x00', :at, :at)
    """
)
_CONTENT = text(
    """
    INSERT INTO notify.content (id, title_zh, title_en, body_zh, body_en, link, why, created_at)
    VALUES (:content_id, :title, 'Market', '週六在駁二', 'Saturday at Pier-2', '/app/inbox',
            '{"explanation": {"zh": "您訂閱了「藝文活動」。", "en": "You subscribed to “Events”."}}', :at)
    """
)
_RUN = text(
    """
    INSERT INTO notify.run (id, campaign_id, content_id, status, round_at, deadline, begun_at, resolved_at)
    VALUES (:run_id, :id, :content_id, :status, :round_at, :deadline, :at,
            CASE WHEN :status = 'resolving' THEN NULL ELSE CAST(:at AS timestamptz) END)
    """
)
_SUBSCRIBE = text(
    """
    INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how)
    SELECT id, person_id, :topic_id, :at, 'citizen'
      FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[])) AS u (id, person_id)
    """
)
_CANDIDATES = text(
    """
    INSERT INTO notify.candidate (run_id, person_id, subscription_id, topic_id, priority, deadline, interest, not_before)
    SELECT :run_id, person_id, subscription_id, :topic_id, :priority, :deadline, interest, :not_before
      FROM unnest(CAST(:people AS uuid[]), CAST(:subscriptions AS uuid[]), CAST(:interests AS real[]))
           AS u (person_id, subscription_id, interest)
    """
)
_BECOME = """
    SELECT run_id, count(*) AS audience,
           count(*) FILTER (WHERE status = 'waiting') AS undecided,
           count(*) FILTER (WHERE status = 'sent') AS sent,
           count(*) FILTER (WHERE status = 'digested') AS digested,
           count(*) FILTER (WHERE status = 'digested' AND reason = 'cap_is_zero') AS digested_cap_is_zero,
           count(*) FILTER (WHERE status = 'expired') AS expired,
           count(*) FILTER (WHERE status = 'expired' AND reason = 'cap') AS expired_cap,
           count(*) FILTER (WHERE status = 'expired' AND reason = 'asleep') AS expired_asleep,
           count(*) FILTER (WHERE status = 'withdrawn') AS withdrawn,
           count(*) FILTER (WHERE status = 'waiting' AND reason = 'cap') AS waiting_tomorrow,
           count(*) FILTER (WHERE waited > 0) AS waited
      FROM notify.candidate GROUP BY run_id
"""
