"""The Celery application: events are delivered, and what is due is swept, on two queues.

Tasks acknowledge late and are written to be run twice; the outbox, not the broker, remembers what is owed. A flushed
or lost Redis therefore loses nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from celery import Celery
from celery.signals import worker_init
from kombu.entity import Queue

from api import delivery, recovery, sweeping, wiring
from api.handover import Handover
from api.idempotency import forget_old_keys
from core import clock, db, outbox
from core.settings import settings

EVENTS = "events"
SWEEPS = "sweeps"
QUEUES = (EVENTS, SWEEPS)
# The API hands events over within milliseconds; what is older has been dropped on the way.
_RELAY_AFTER_SECONDS = 4
_RELAYS = 3
_RELAY_SECONDS = 5.0
# However much is due, a code that somebody waits for finds a thread: the other two do events alone.
_THREADS_OF_SWEEPS = 6
# A sweep that finds no thread and is not asked for again so soon is put off by as much.
_SOON_SECONDS = 5.0
_room = threading.BoundedSemaphore(_THREADS_OF_SWEEPS)

_NOT_SET = "redis://broker-url-is-not-set/0"
celery = Celery("mykaohsiung")
celery.conf.update(
    broker_url=settings().broker_url or _NOT_SET,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_default_queue=EVENTS,
    task_default_exchange="mykaohsiung",
    task_default_routing_key=EVENTS,
    task_queues=[Queue(name, routing_key=name) for name in QUEUES],
    task_create_missing_queues=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 120,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "health_check_interval": 10,
    },
    broker_connection_timeout=3,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    timezone="UTC",
)


@celery.task(name="events.deliver", queue=EVENTS)
def deliver(event_ids: list[str]) -> None:
    """Bring these events to their consumers."""
    delivery.deliver([UUID(event_id) for event_id in event_ids], _consumers())


@celery.task(name="events.relay", queue=SWEEPS)
def relay() -> None:
    """Hand over the events that were committed and never finished."""
    with _a_thread_of_sweeps() as is_free:
        if is_free:
            sweeping.in_turn("events.relay", _relay_some, side_by_side=_RELAYS)


def _relay_some() -> None:
    ends_at = time.monotonic() + _RELAY_SECONDS
    while time.monotonic() < ends_at:
        with db.unit_of_work() as session:
            ids = outbox.unsettled(session, now=clock.now(), older_than_seconds=_RELAY_AFTER_SECONDS, limit=200)
        for start in range(0, len(ids), 50):
            delivery.deliver(ids[start : start + 50], _consumers())
        if len(ids) < 200:
            return


@celery.task(name="sweeps.run", queue=SWEEPS)
def sweep(name: str) -> None:
    """Run one pass of a room's sweep of what is due, unless enough are under way, or it would take the threads that
    events need."""
    due = wiring.sweeps()[name]
    with _a_thread_of_sweeps() as is_free:
        if is_free:
            sweeping.in_turn(name, lambda: due.run(clock.now()), side_by_side=due.side_by_side)
        elif due.every_seconds > _SOON_SECONDS:
            sweep.apply_async(args=[name], countdown=_SOON_SECONDS, expires=sweep.request.expires, retry=False)


@contextmanager
def _a_thread_of_sweeps() -> Iterator[bool]:
    """Whether one of the threads that sweeps may have at once is free; it is taken meanwhile."""
    is_free = _room.acquire(blocking=False)
    try:
        yield is_free
    finally:
        if is_free:
            _room.release()


@celery.task(name="sweeps.forget_idempotency_keys", queue=SWEEPS)
def forget_idempotency_keys() -> None:
    """Delete idempotency keys past their keeping time."""
    with db.unit_of_work() as session:
        forget_old_keys(session, now=clock.now())


def work() -> None:
    """Be a worker until SIGTERM, as `celery -A api.worker worker` with the options of docs/settings.md."""
    _start("worker", "--pool", "threads", "--concurrency", "8", "--queues", ",".join(QUEUES), "--loglevel", "WARNING",
           "--without-mingle", "--without-gossip")  # fmt: skip


def beat(schedule: str) -> None:
    """Ask for the sweeps in time until SIGTERM, keeping in the file `schedule` when each was asked for last."""
    _start("beat", "--schedule", schedule, "--loglevel", "WARNING")


def _start(*arguments: str) -> None:
    _find_the_broker()
    celery.start([*arguments])


def _find_the_broker() -> None:
    """The program may have been imported before it was known where the broker is."""
    celery.conf.broker_url = settings().broker_url or _NOT_SET


def hand_over_through_celery() -> None:
    """From now on, this process hands committed events to Celery."""
    _find_the_broker()
    db.hand_over_events_to(Handover(_send).offer)


def _send(event_ids: list[str]) -> None:
    deliver.apply_async(args=[event_ids], retry=False)


def _consumers() -> dict[str, list[outbox.Consumer]]:
    return wiring.consumers_by_kind()


@worker_init.connect
def _at_start(**_: Any) -> None:
    wiring.plug_in()
    hand_over_through_celery()
    # Its own journals, if it was killed before, and those of a sender that nobody starts again here.
    never = threading.Event()
    threading.Thread(target=recovery.go_on_recovering, args=(never,), name="recovery", daemon=True).start()


def _schedule() -> dict[str, dict[str, Any]]:
    # A message that waited longer than its interval is stale: the next one does the same work.
    schedule: dict[str, dict[str, Any]] = {
        "relay": {"task": relay.name, "schedule": 2.0, "options": {"expires": 6}},
        "forget idempotency keys": {"task": forget_idempotency_keys.name, "schedule": 3600.0},
    }
    for name, each in wiring.sweeps().items():
        schedule[name] = {
            "task": sweep.name,
            "schedule": each.every_seconds,
            "args": [name],
            "options": {"expires": max(each.every_seconds * 3, 5)},
        }
    return schedule


celery.conf.beat_schedule = _schedule()
