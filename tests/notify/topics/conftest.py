"""A city with its topics, and two people who are signed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from sqlalchemy import text

from core import clock, db
from core.ids import parse_typeid
from notify.topics import judging, standing, sweeping
from notify.topics.sends import count_sends


@pytest.fixture
def mei(client: FlaskClient) -> SignedIn:
    return sign_in(client)


@pytest.fixture
def ming(client: FlaskClient) -> SignedIn:
    return sign_in(client, "E179864328", "0987654321")


def subscribe(person: SignedIn, topic: str, **more: Any) -> dict[str, Any]:
    """A new subscription of theirs."""
    answer = person.call("POST", "/v1/subscriptions", {"topic": topic, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json
    return body


def read(person: SignedIn, subscription: dict[str, Any]) -> dict[str, Any]:
    """It as it is now."""
    body: dict[str, Any] = person.call("GET", f"/v1/subscriptions/{subscription['id']}", language="en").json
    return body


def history(person: SignedIn, subscription: dict[str, Any]) -> list[tuple[str, str]]:
    """What happened to it, the first first."""
    items = person.call("GET", f"/v1/subscriptions/{subscription['id']}/history").json["items"]
    return [(item["what"], item["how"]) for item in items]


def inbox(person: SignedIn) -> list[dict[str, Any]]:
    """The person's messages in English, the newest first."""
    items: list[dict[str, Any]] = person.call("GET", "/v1/inbox", language="en").json["items"]
    return items


def uuid_of(subscription: dict[str, Any]) -> UUID:
    return parse_typeid("sub", subscription["id"])


def send(subscription: dict[str, Any], times: int = 1, at: datetime | None = None) -> None:
    """Count so many messages by it."""
    with db.unit_of_work() as session:
        count_sends(session, [uuid_of(subscription)] * times, now=at or clock.now())


def open_one(subscription: dict[str, Any], at: datetime) -> None:
    """The person opens a message of it."""
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE notify.subscription SET unopened = 0, last_opened_at = :at WHERE id = :id"),
            {"at": at, "id": uuid_of(subscription)},
        )


def sweep(after: timedelta = timedelta()) -> datetime:
    """Look for what is due, so much later."""
    now = clock.now() + after
    sweeping.end_due(now)
    return now


def judge_one(session: Any, person: SignedIn, subscription: dict[str, Any], now: datetime) -> None:
    """What the sweep does with one."""
    judging.judge(session, [standing.locked(session, person.person_id, uuid_of(subscription))], now)


def waits_for_a_lock() -> bool:
    """Whether anybody waits for a lock that another holds."""
    with db.unit_of_work() as session:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(session.execute(waiting).scalar_one())
