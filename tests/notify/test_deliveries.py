"""Handing over: nothing lost in a crash, nothing sent for ever, nothing to a phone that is somebody else's by now."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core import db
from core.ids import new_uuid
from notify import devices, ports
from notify.deliveries import LEASE_SECONDS, MOST_ATTEMPTS, send_due
from partners.fcm.messages import Delivered, Push, Refused, RetryLater, Unregistered
from tests.notify.conftest import RecordingProvider, bring, captured

Happened = Callable[..., UUID]


class KilledHere(BaseException):
    """The process ends at this instruction."""


def _register(person_id: UUID, address: str = "fid-0123456789abcdefgh") -> UUID:
    with db.unit_of_work() as session:
        return devices.register(
            session, person_id=person_id, kind="fid", address=address, name="手機", now=datetime.now(UTC)
        )[0].id


def _states() -> list[tuple[str, int]]:
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT status, attempts FROM notify.delivery ORDER BY id"))
        return [(row.status, row.attempts) for row in rows]


def _told(happened: Happened, person_id: UUID) -> None:
    bring(happened("wallet.payment_captured", captured(person_id)))


def test_every_device_of_the_person_hears_at_once(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    _register(person, "fid-first-device")
    _register(person, "fid-second-device")
    _register(new_uuid(), "fid-of-somebody-else")
    _told(happened, person)
    assert {push.address for push in provider.pushes} == {"fid-first-device", "fid-second-device"}
    assert _states() == [("handed_over", 1)] * 2
    push = provider.pushes[0]
    assert push.title == "繳費完成 NT$1,265"
    assert push.message_id.startswith("msg_")
    assert 3 * 86_400 - 60 < push.ttl_seconds <= 3 * 86_400


def test_the_push_is_in_the_language_that_the_person_reads(happened: Happened, provider: RecordingProvider) -> None:
    ports.plug_in(pusher=provider, languages=lambda session, people: dict.fromkeys(people, "en"))
    person = new_uuid()
    _register(person)
    _told(happened, person)
    assert provider.pushes[0].title == "Paid: NT$1,265"


def test_no_transaction_is_open_while_the_provider_is_asked(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    _register(person)
    open_transactions: list[int] = []

    class Watching:
        def send(self, push: Push) -> Delivered:
            with db.unit_of_work() as session:
                count = session.execute(
                    text(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        "AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'"
                    )
                ).scalar_one()
            open_transactions.append(count)
            return Delivered("projects/p/messages/1")

    ports.plug_in(pusher=Watching())
    _told(happened, person)
    assert open_transactions == [0]


def test_a_worker_killed_before_during_or_after_the_push_loses_nothing(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    _register(person)
    provider.answers = [KilledHere()]
    with pytest.raises(KilledHere):
        _told(happened, person)
    assert _states() == [("pending", 1)]
    now = datetime.now(UTC)
    assert send_due(now) == 0
    assert send_due(now + timedelta(seconds=LEASE_SECONDS + 1)) == 1
    assert _states() == [("handed_over", 2)]
    assert len({push.message_id for push in provider.pushes}) == 1


def test_many_workers_at_once_send_each_push_once(happened: Happened, provider: RecordingProvider) -> None:
    people = [new_uuid() for _ in range(30)]
    for number, person in enumerate(people):
        _register(person, f"fid-device-{number:04}")
    provider.answers = [RetryLater(60)] * 30
    for person in people:
        _told(happened, person)
    provider.pushes.clear()
    later = datetime.now(UTC) + timedelta(seconds=120)
    with ThreadPoolExecutor(8) as workers:
        tried = sum(workers.map(lambda _: send_due(later), range(8)))
    assert tried == 30
    assert len({push.address for push in provider.pushes}) == len(provider.pushes) == 30


def test_an_unregistered_device_is_forgotten_at_the_first_word(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    device = _register(person)
    provider.answers = [Unregistered()]
    _told(happened, person)
    assert _states() == [("gone", 1)]
    with db.unit_of_work() as session:
        row = session.execute(text("SELECT * FROM notify.device WHERE id = :id"), {"id": device}).one()
        assert (row.gone_reason, row.address_sealed) == ("unregistered", None)
    _told(happened, person)
    assert len(provider.pushes) == 1


def test_not_now_waits_as_long_as_the_provider_asks_and_longer_each_time(
    happened: Happened, provider: RecordingProvider
) -> None:
    person = new_uuid()
    _register(person)
    provider.answers = [RetryLater(90)] * (MOST_ATTEMPTS + 5)
    _told(happened, person)
    now = datetime.now(UTC)
    assert send_due(now + timedelta(seconds=80)) == 0
    waits = []
    for _ in range(MOST_ATTEMPTS):
        with db.unit_of_work() as session:
            due = session.execute(text("SELECT next_at FROM notify.delivery WHERE status = 'pending'")).scalar()
        if due is None:
            break
        waits.append((due - now).total_seconds())
        now = due
        send_due(now)
    assert len(provider.pushes) == MOST_ATTEMPTS
    assert _states() == [("given_up", MOST_ATTEMPTS)]
    assert waits[-1] > 3000
    assert min(waits) >= 85


def test_a_refused_push_and_a_lapsed_one_are_given_up(happened: Happened, provider: RecordingProvider) -> None:
    person = new_uuid()
    _register(person)
    provider.answers = [Refused("INVALID_ARGUMENT"), RetryLater(10)]
    _told(happened, person)
    _told(happened, person)
    send_due(datetime.now(UTC) + timedelta(days=4))
    assert sorted(_states()) == [("given_up", 1), ("given_up", 2)]
    assert len(provider.pushes) == 2


def test_a_phone_that_changed_hands_gets_nothing_of_the_one_before(
    happened: Happened, provider: RecordingProvider
) -> None:
    before, after = new_uuid(), new_uuid()
    _register(before)
    provider.answers = [RetryLater(10)]
    _told(happened, before)
    _register(after)
    provider.pushes.clear()
    send_due(datetime.now(UTC) + timedelta(seconds=120))
    assert provider.pushes == []
    assert _states() == [("gone", 2)]
    _told(happened, after)
    assert len(provider.pushes) == 1
