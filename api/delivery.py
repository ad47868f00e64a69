"""Bringing events to their consumers: each effect exactly once, in one transaction with its mark."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from core import clock, db, outbox
from core.outbox import Consumer, Event

_log = logging.getLogger("mykaohsiung.delivery")


def deliver(event_ids: Sequence[UUID], consumers: Mapping[str, Sequence[Consumer]]) -> None:
    """Bring these events to their consumers; a consumer that fails is tried again later and holds up nobody else.

    Many events share one commit where all goes well; where anything fails, each is done by itself.
    """
    with db.unit_of_work() as session:
        events = outbox.load(session, event_ids)
    if not events:
        return
    try:
        with db.unit_of_work() as session:
            for event in events:
                for consumer in consumers.get(event.kind, ()):
                    if outbox.first_time(session, consumer.name, event.id, now=clock.now()):
                        consumer.effect(session, event, clock.now())
            outbox.settle(session, [event.id for event in events], now=clock.now())
        settled = events
    except Exception as error:
        if db.is_outage(error) and len(events) == 1:
            raise
        _log.info("a batch of %d events is delivered one by one: %s", len(events), type(error).__name__)
        settled = [event for event in events if _deliver_alone(event, consumers.get(event.kind, ()))]
    for event in settled:
        for consumer in consumers.get(event.kind, ()):
            if consumer.then is not None:
                _afterwards(consumer, event)


def _deliver_alone(event: Event, consumers: Sequence[Consumer]) -> bool:
    failure: Exception | None = None
    for consumer in consumers:
        try:
            with db.unit_of_work() as session:
                if outbox.first_time(session, consumer.name, event.id, now=clock.now()):
                    consumer.effect(session, event, clock.now())
        except Exception as error:
            _log.exception("consumer %s failed on %s", consumer.name, event.kind)
            failure = error
    with db.unit_of_work() as session:
        if failure is None:
            outbox.settle(session, [event.id], now=clock.now())
        else:
            outbox.postpone(session, event.id, now=clock.now(), error=f"{type(failure).__name__}: {failure}")
    return failure is None


def _afterwards(consumer: Consumer, event: Event) -> None:
    assert consumer.then is not None
    try:
        consumer.then(event)
    except Exception:
        # Its room's own sweep finds what is still due.
        _log.exception("what follows consumer %s failed", consumer.name)
