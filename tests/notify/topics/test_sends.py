"""Counting what is sent by a subscription, and when a rule is to look at it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import db
from core.ids import new_uuid
from notify.topics import catalogue
from notify.topics.sends import count_sends

NOW = datetime(2026, 11, 5, 6, 3, 22, tzinfo=UTC)


def _subscribed(topic: str) -> UUID:
    with db.unit_of_work() as session:
        catalogue.seed(session, NOW)
        subscription_id = new_uuid()
        session.execute(
            text(
                "INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how) "
                "SELECT :id, gen_random_uuid(), id, :now, 'citizen' FROM notify.topic WHERE code = :topic"
            ),
            {"id": subscription_id, "now": NOW, "topic": topic},
        )
    return subscription_id


def _row(subscription_id: UUID) -> Any:
    with db.unit_of_work() as session:
        return session.execute(text("SELECT * FROM notify.subscription WHERE id = :id"), {"id": subscription_id}).one()


def _send(*subscription_ids: UUID, at: datetime = NOW) -> None:
    with db.unit_of_work() as session:
        count_sends(session, subscription_ids, now=at)


def test_a_subscription_named_twice_counts_twice(database: db.Database) -> None:
    subscription_id, other = _subscribed("culture.events"), _subscribed("culture.events")
    _send(subscription_id, subscription_id, other)
    assert (_row(subscription_id).sends, _row(subscription_id).unopened) == (2, 2)
    assert (_row(other).sends, _row(other).last_sent_at) == (1, NOW)


_LOOKS: list[tuple[str, int, timedelta | None]] = [
    ("culture.events", 5, None),
    ("culture.events", 6, timedelta(5)),
    ("permits.news", 6, timedelta(5)),
    ("traffic.jams", 1, timedelta(30)),
    ("traffic.jams", 10, timedelta(9)),
]


def test_a_send_that_a_rule_may_act_on_brings_the_next_look_forward(database: db.Database) -> None:
    for topic, count, check_after in _LOOKS:
        subscription_id = _subscribed(topic)
        for day in range(count):
            _send(subscription_id, at=NOW + timedelta(day))
        row = _row(subscription_id)
        assert row.check_at == (NOW + check_after if check_after is not None else None), topic
        assert row.unopened_since == NOW


def test_what_has_ended_counts_nothing(database: db.Database) -> None:
    subscription_id = _subscribed("culture.events")
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE notify.subscription SET status = 'ended', ended_at = :now, ended_how = 'citizen'"),
            {"now": NOW},
        )
    _send(subscription_id)
    assert _row(subscription_id).sends == 0


def test_topics_are_seeded_once_and_what_a_bureau_changed_stays(database: db.Database) -> None:
    with db.unit_of_work() as session:
        catalogue.seed(session, NOW)
        session.execute(text("UPDATE notify.topic SET name_en = 'Changed' WHERE code = 'parking.due'"))
        catalogue.seed(session, NOW + timedelta(1))
        rows = session.execute(text("SELECT code, name_en, updated_at FROM notify.topic")).all()
    assert {row.code for row in rows} == {topic.code for topic in catalogue.TOPICS}
    assert next(row.name_en for row in rows if row.code == "parking.due") == "Changed"
    assert {row.updated_at for row in rows} == {NOW}
