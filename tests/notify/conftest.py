"""Events as the other rooms record them, brought to this room as in the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from api.delivery import deliver
from core import db, outbox
from core.ids import new_uuid
from notify import ports
from notify.tasks import CONSUMERS
from partners.fcm.messages import Delivered, Outcome, Push

NOW = datetime(2026, 11, 5, 6, 3, 22, tzinfo=UTC)


class RecordingProvider:
    """A provider at the edge of the process that takes every push, or answers what it was told to."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.answers: list[Outcome | BaseException] = []

    def send(self, push: Push) -> Outcome:
        self.pushes.append(push)
        answer = self.answers.pop(0) if self.answers else Delivered(f"projects/p/messages/{len(self.pushes)}")
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def provider() -> Iterator[RecordingProvider]:
    before = ports.push, ports.languages_of
    recording = RecordingProvider()
    ports.plug_in(pusher=recording)
    yield recording
    ports.push, ports.languages_of = before


@pytest.fixture
def happened(database: db.Database) -> Callable[..., UUID]:
    """Record an event and answer its id; `bring` it to the consumers separately."""

    def record(kind: str, payload: dict[str, Any]) -> UUID:
        with db.unit_of_work() as session:
            return outbox.record(session, kind, payload, now=NOW)

    return record


def bring(*event_ids: UUID) -> None:
    by_kind: dict[str, list[outbox.Consumer]] = {}
    for consumer in CONSUMERS:
        by_kind.setdefault(consumer.kind, []).append(consumer)
    deliver(event_ids, by_kind)


def captured(person_id: UUID, **changed: Any) -> dict[str, Any]:
    bills = [str(new_uuid()), str(new_uuid())]
    return {
        "payment_id": str(new_uuid()),
        "person_id": str(person_id),
        "rail": "bank_of_kaohsiung",
        "bill_ids": bills,
        "kinds": ["fine", "parking"],
        "amount_twd": 1260,
        "fee_twd": 5,
        "total_twd": 1265,
        "captured_at": "2026-11-05T06:03:20+00:00",
        "due_before": True,
        "bills": [],
        **changed,
    }
