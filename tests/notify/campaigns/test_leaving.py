"""Who stops a topic after a sending is seen by its sender, once, and not where the stop was a slip."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in

from core import clock, db
from core.ids import typeid
from notify.campaigns import runs, tallies
from notify.cap.decisions import decide_due
from notify.topics import sweeping
from tests.notify.campaigns.conftest import Desk, People, rows


@pytest.fixture
def mei(client: FlaskClient) -> SignedIn:
    """Somebody who subscribes to the desk's topic and never sleeps."""
    return sign_in(client)


@pytest.fixture
def mine(desk: Desk, mei: SignedIn, people: People) -> str:
    """Where her subscription is."""
    people(desk.topic_id, 120)
    (row,) = rows("INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how) "
                  "VALUES (gen_random_uuid(), :p, :t, now(), 'citizen') RETURNING id",
                  p=mei.person_id, t=desk.topic_id)  # fmt: skip
    rows("INSERT INTO notify.preference (person_id, quiet_from, quiet_until, daily_cap, updated_at) "
         "VALUES (:p, '00:00', '00:00', 20, now())", p=mei.person_id)  # fmt: skip
    return f"/v1/subscriptions/{typeid('sub', row.id)}"


def _send(desk: Desk, name: str = "一", after: timedelta = timedelta()) -> UUID:
    """A sending that reaches her, so much later."""
    desk.approved(name=name)
    at = clock.now() + after
    runs.start_due(at)
    decide_due(at + timedelta(seconds=20))
    run_id: UUID = rows("SELECT id FROM notify.run ORDER BY begun_at DESC LIMIT 1")[0].id
    return run_id


def _left(*run_ids: UUID) -> list[int]:
    with db.unit_of_work() as session:
        return [tallies.read(session, run_id)["unsubscribed"] for run_id in run_ids]


def _renewed(mei: SignedIn, mine: str) -> str:
    answer: Any = mei.call("POST", f"{mine}/renewal", {})
    assert answer.status_code == 201, answer.text
    return f"/v1/subscriptions/{answer.json['id']}"


def test_a_stop_counts_once_at_the_last_sending_that_came_by_it(desk: Desk, mei: SignedIn, mine: str) -> None:
    older, newer = _send(desk), _send(desk, "二", timedelta(seconds=30))
    assert len(mei.call("GET", "/v1/inbox").json["items"]) == 2
    for _ in range(2):
        assert mei.call("DELETE", mine).status_code == 204
    assert _left(older, newer) == [0, 1]


def test_a_stop_that_is_undone_is_taken_back_and_the_next_one_counts(desk: Desk, mei: SignedIn, mine: str) -> None:
    run = _send(desk)
    first = mine
    for _ in range(3):
        assert mei.call("DELETE", mine).status_code == 204
        assert _left(run) == [1]
        mine = _renewed(mei, mine)
        assert _left(run) == [0]
        assert mei.call("POST", f"{first}/renewal", {}).status_code == 200
        assert _left(run) == [0]
    assert mei.call("DELETE", mine).status_code == 204
    mine = _renewed(mei, first)
    assert _left(run) == [1], "it was the last that was stopped, not the first"
    assert mei.call("DELETE", mine).status_code == 204
    assert _left(run) == [1], "of one person no run is told twice"


def test_who_comes_back_another_day_had_left(desk: Desk, mei: SignedIn, mine: str) -> None:
    run = _send(desk)
    assert mei.call("DELETE", mine).status_code == 204
    rows("UPDATE notify.subscription SET ended_at = ended_at - interval '2 hours' WHERE ended_at IS NOT NULL")
    mine = _renewed(mei, mine)
    assert _left(run) == [1]
    assert mei.call("DELETE", mine).status_code == 204
    assert _left(run) == [1]


def test_no_to_the_question_counts_and_silence_or_an_old_message_does_not(desk: Desk, mei: SignedIn, mine: str) -> None:
    run = _send(desk)
    rows("UPDATE notify.topic SET endings = '[{\"rule\": \"silence\", \"sends\": 1, \"answer_days\": 14}]' WHERE id = :id",
         id=desk.topic_id)  # fmt: skip
    rows("UPDATE notify.subscription SET check_at = now() - interval '1 second'")
    sweeping.end_due(clock.now())
    assert mei.call("GET", mine).json["question"] is not None
    sweeping.end_due(clock.now() + timedelta(days=15))
    assert mei.call("GET", mine).json["ended_how"] == "silence" and _left(run) == [0]
    rows("UPDATE notify.subscription SET status = 'live', ended_at = NULL, ended_how = NULL, asked_at = now(), "
         "answer_by = now() + interval '14 days' WHERE person_id = :p", p=mei.person_id)  # fmt: skip
    rows("UPDATE notify.message SET created_at = created_at - interval '31 days' WHERE basis = 'subscription'")
    assert mei.call("DELETE", mine).status_code == 204
    assert _left(run) == [0]
    rows("UPDATE notify.subscription SET status = 'live', ended_at = NULL, ended_how = NULL WHERE person_id = :p",
         p=mei.person_id)  # fmt: skip
    rows("UPDATE notify.message SET created_at = created_at + interval '2 days' WHERE basis = 'subscription'")
    assert mei.call("DELETE", mine).status_code == 204
    assert _left(run) == [1]
