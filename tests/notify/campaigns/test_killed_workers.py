"""kill -9 in the middle of finding people, of deciding and of telling of bills: everybody has one message and nobody
none; and what a killed sender left is settled by a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from paying_city import national_id
from signed_in import sign_in
from waiting import wait_until

from core import clock, db
from core.clock import taipei_date
from notify.campaigns import tallies
from notify.channels.journal import Entry, Journal
from partners.outcomes import Delivered
from tests.notify.campaigns.billed import SCHEDULE, WORDS, bill, subscribe
from tests.notify.campaigns.conftest import Desk, People, rows
from tests.notify.campaigns.sweeping_process import ROOT, started

MANY, IN_DEBT = 120, 8
_COMMAND = ["-m", "celery", "-A", "api.worker", "worker", "--pool", "threads", "--concurrency", "2", "--queues",
            "events,sweeps", "--loglevel", "WARNING", "--without-mingle", "--without-gossip"]  # fmt: skip

pytestmark = pytest.mark.faults


class Sweeper:
    """Processes that run sweeps on this test's database, one at a time."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def until(self, sweep: str, is_done: Callable[[], Any]) -> None:
        """Have one run this sweep until that is true, and kill it then."""
        process = started(self._url, sweep)
        try:
            wait_until(is_done, seconds=30)
        finally:
            process.kill()
            process.join()

    def killed_in_the_middle_of(self, sweep: str) -> None:
        """Have one run this sweep, and kill it when all of a transaction is done but its last statement."""
        with psycopg.connect(self._url) as holder, psycopg.connect(self._url, autocommit=True) as eye:
            holder.execute("LOCK TABLE notify.run_tally IN SHARE ROW EXCLUSIVE MODE")
            waits = "SELECT 1 FROM pg_locks WHERE relation = 'notify.run_tally'::regclass AND NOT granted"
            self.until(sweep, lambda: eye.execute(waits).fetchone())


@pytest.fixture
def sweeper(database: db.Database) -> Sweeper:
    return Sweeper(database.url)


@pytest.fixture
def state_dir(database: db.Database, redis_url: str, tmp_path: Path) -> Iterator[Path]:
    """The state folder of a worker of its own, as Celery starts it; no sender runs beside it."""
    environment = os.environ | {"DATABASE_URL": database.url, "BROKER_URL": redis_url, "STATE_DIR": str(tmp_path)}
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *_COMMAND], cwd=ROOT, env=environment, stdout=log, stderr=log)
    yield tmp_path
    process.kill()
    process.wait()


def _everybody_once(people: list[Any]) -> None:
    told = rows("SELECT person_id FROM notify.message WHERE kind = 'campaign'")
    assert sorted(row.person_id for row in told) == sorted(people)
    (run,) = rows("SELECT id, status FROM notify.run")
    with db.unit_of_work() as session:
        counted = tallies.read(session, run.id)
    assert (run.status, counted["audience"], counted["sent"]) == ("done", len(people), len(people))


def _decided() -> Any:
    return rows("SELECT 1 FROM notify.run WHERE status = 'done'")


def test_a_worker_killed_while_it_finds_people_and_while_it_decides_tells_everybody_once(
    desk: Desk, people: People, sweeper: Sweeper
) -> None:
    found = people(desk.topic_id, MANY)
    rows("INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
         "SELECT p, '00:00', '00:00', now() FROM unnest(CAST(:people AS uuid[])) AS p", people=found)  # fmt: skip
    desk.approved()
    sweeper.killed_in_the_middle_of("notify.start_runs")
    assert rows("SELECT run_id FROM notify.candidate") == []
    sweeper.until("notify.start_runs", lambda: rows("SELECT 1 FROM notify.run WHERE status = 'deciding'"))
    rows("UPDATE notify.run SET round_at = now()")
    sweeper.killed_in_the_middle_of("notify.decide_due")
    assert rows("SELECT id FROM notify.message") == []
    sweeper.until("notify.decide_due", _decided)
    _everybody_once(found)
    assert len(rows("SELECT id FROM notify.delivery")) == MANY


def test_a_worker_killed_while_it_tells_of_bills_tells_each_person_once(
    parking: Desk, client: FlaskClient, sweeper: Sweeper
) -> None:
    due_on: date = taipei_date(clock.now()) + timedelta(days=3)
    found = []
    for number in range(IN_DEBT):
        person = sign_in(client, national_id(7_200_000 + number), f"09{number:08d}").person_id
        subscribe(parking, person)
        bill(person, due_on=due_on)
        found.append(person)
    parking.approved(topic="parking.due", content=WORDS, schedule=SCHEDULE)
    rows("UPDATE notify.campaign SET next_run_at = now()")
    sweeper.killed_in_the_middle_of("notify.start_runs")
    assert rows("SELECT * FROM notify.trigger_fired") == []
    sweeper.until("notify.start_runs", lambda: rows("SELECT 1 FROM notify.run WHERE status = 'deciding'"))
    rows("UPDATE notify.run SET round_at = now()")
    sweeper.until("notify.decide_due", _decided)
    _everybody_once(found)


def test_what_a_sender_was_answered_that_nobody_starts_again_is_settled_by_a_worker(
    desk: Desk, people: People, state_dir: Path
) -> None:
    (person,) = people(desk.topic_id, 1)
    rows(_MESSAGE, person=person)
    (delivery,) = rows("SELECT id FROM notify.delivery")
    journal = Journal(state_dir / "pushes")
    journal.leased("push", [Entry(delivery.id, 1, 0)])
    journal.begun(delivery.id)
    journal.answered(delivery.id, Delivered("projects/p/messages/1"))
    journal.let_go()
    began = datetime.now(UTC)
    wait_until(lambda: rows("SELECT 1 FROM notify.delivery WHERE status = 'handed_over'"), seconds=60)
    assert datetime.now(UTC) - began < timedelta(seconds=60) and list((state_dir / "pushes").glob("*")) == []


_MESSAGE = """
    WITH message AS (
        INSERT INTO notify.message (person_id, id, kind, basis, title_zh, title_en, body_zh, body_en, link, event_id,
                                    why, created_at)
        VALUES (:person, gen_random_uuid(), 'payment_receipt', 'transaction', 'a', 'a', 'a', 'a', '/app/inbox',
                gen_random_uuid(), '{}', now())
        RETURNING id, event_id
    )
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, channel, urgency, status, next_at, expires_at,
                                 attempts)
    SELECT gen_random_uuid(), m.id, d.id, m.event_id, 'push', 5, 'pending', now() + interval '45 seconds',
           now() + interval '1 hour', 1
      FROM message m, notify.device d
"""
