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

    Many events share one commit where all goes well; where anything fails, each is done by itself. An event that
    another worker has in hand is left to it.
    """
    try:
        with db.unit_of_work() as session:
            events = outbox.take(session, event_ids)
            for consumer in (consumer for kind in consumers for consumer in consumers[kind]):
                mine = [event for event in events if event.kind == consumer.kind]
                for event in outbox.not_consumed(session, consumer.name, mine, now=clock.now()):
                    consumer.effect(session, event, clock.now())
            outbox.settle(session, [event.id for event in events], now=clock.now())
    except Exception as error:
        if db.is_outage(error) and len(event_ids) == 1:
            raise
        _log.info("a batch of %d events is delivered one by one: %s", len(event_ids), type(error).__name__)
        events = [event for event_id in event_ids for event in _deliver_alone(event_id, consumers)]
    for event in events:
        for consumer in consumers.get(event.kind, ()):
            if consumer.then is not None:
                _afterwards(consumer, event)


def _deliver_alone(event_id: UUID, consumers: Mapping[str, Sequence[Consumer]]) -> list[Event]:
    """The event, once every consumer is done with it; nothing where one failed or another worker has it in hand."""
    with db.unit_of_work() as session:
        events = outbox.take(session, [event_id])
    failure: Exception | None = None
    for consumer in consumers.get(events[0].kind, ()) if events else ():
        try:
            with db.unit_of_work() as session:
                taken = outbox.take(session, [event_id])
                if not taken:
                    return []
                for event in outbox.not_consumed(session, consumer.name, taken, now=clock.now()):
                    consumer.effect(session, event, clock.now())
        except Exception as error:
            _log.exception("consumer %s failed on %s", consumer.name, consumer.kind)
            failure = error
    with db.unit_of_work() as session:
        if failure is not None:
            outbox.postpone(session, event_id, now=clock.now(), error=f"{type(failure).__name__}: {failure}")
            return []
        outbox.settle(session, [event.id for event in events], now=clock.now())
    return events


def _afterwards(consumer: Consumer, event: Event) -> None:
    assert consumer.then is not None
    try:
        consumer.then(event)
    except Exception:
        # Its room's own sweep finds what is still due.
        _log.exception("what follows consumer %s failed", consumer.name)
