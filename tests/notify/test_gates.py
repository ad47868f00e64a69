"""One gate for each push service of browsers, whose word closes it, and alerts that try one that is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core import db
from core.crypto import blind_index
from core.ids import new_uuid
from notify import devices, ports
from notify.browsers import endpoint_of
from notify.channels import gates, gauges
from notify.channels.gates import Gate, Said
from notify.deliveries import send_due
from partners.outcomes import Delivered, Outcome, RetryLater
from partners.webpush.messages import WebPush
from tests.notify.conftest import RecordingProvider

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SERVICES = {
    "google": "https://fcm.googleapis.com/fcm/send/",
    "mozilla": "https://updates.push.services.mozilla.com/wpush/v2/",
    "apple": "https://web.push.apple.com/",
    "microsoft": "https://wns2-par02p.notify.windows.com/w/?token=",
    "": "http://127.0.0.1:8090/webpush/push/",
}


class Browsers:
    """The push services: each takes every message, or answers what was said of it."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.asked: list[str] = []
        self.answer: Callable[[str], Outcome] = lambda address: Delivered("m")

    def send(self, push: WebPush) -> Outcome:
        self.asked.append(push.subscription)
        outcome = self.answer(push.subscription)
        if isinstance(outcome, Delivered):
            self.taken.append(push.subscription)
        return outcome

    def taken_by(self, service: str) -> int:
        """How many messages that service has taken."""
        return sum(SERVICES[service] in address for address in self.taken)


@pytest.fixture
def browsers(database: db.Database, provider: RecordingProvider) -> Iterator[Browsers]:
    before = ports.webpush
    found = Browsers()
    ports.plug_in(web_pusher=found)
    yield found
    ports.webpush = before


def lined_up(service: str, people: int, *, of_each: int = 1, urgency: int = 5) -> None:
    """A message to so many people's browsers of that push service."""
    for _ in range(people):
        person, message = new_uuid(), new_uuid()
        with db.unit_of_work() as session:
            for _ in range(of_each):
                address = f'{{"endpoint":"{SERVICES[service]}{new_uuid()}"}}'
                devices.register(session, person_id=person, kind="webpush", address=address, name="", now=NOW)
            values = {
                "person": person,
                "id": message,
                "now": NOW,
                "until": NOW + timedelta(hours=2),
                "urgency": urgency,
            }
            session.execute(_MESSAGE, values)
            session.execute(_DELIVERIES, values)


def closed_ones() -> set[str]:
    return {row[0] for row in rows("SELECT name FROM notify.channel WHERE closed_until IS NOT NULL")}


def rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with db.unit_of_work() as session:
        return [tuple(row) for row in session.execute(text(sql), values)]


def test_a_push_service_that_is_closed_keeps_the_others_browsers_not_waiting(browsers: Browsers) -> None:
    for service in SERVICES:
        lined_up(service, 6)
    browsers.answer = lambda address: RetryLater(120, "provider") if SERVICES["mozilla"] in address else Delivered("m")
    send_due(NOW)
    assert closed_ones() == {"webpush.mozilla"}
    assert {service: browsers.taken_by(service) for service in SERVICES} == {
        "google": 6, "mozilla": 0, "apple": 6, "microsoft": 6, "": 6,
    }  # fmt: skip
    assert dict(rows("SELECT channel, count(*) FROM notify.delivery WHERE status = 'pending' GROUP BY channel")) == {
        "webpush.mozilla": 6
    }
    asked = len(browsers.asked)
    send_due(NOW + timedelta(seconds=60))
    assert len(browsers.asked) == asked, "nobody of theirs is asked before"
    browsers.answer = lambda address: Delivered("m")
    send_due(NOW + timedelta(seconds=130))
    assert browsers.taken_by("mozilla") == 6 and closed_ones() == set()


def test_not_now_said_of_one_persons_browsers_closes_no_push_service(browsers: Browsers) -> None:
    lined_up("apple", 1, of_each=12)
    mine = {row[0] for row in rows("SELECT address_index FROM notify.device")}
    lined_up("apple", 20)
    browsers.answer = _told_of(mine)
    send_due(NOW)
    assert browsers.taken_by("apple") == 20 and closed_ones() == set()


def _told_of(indices: set[bytes]) -> Callable[[str], Outcome]:
    def answer(address: str) -> Outcome:
        index = blind_index(f"webpush\x00{endpoint_of(address)}", purpose="device_address")
        return RetryLater(3600, "provider") if index in indices else Delivered("m")

    return answer


def test_the_desk_and_the_metrics_name_the_gates(client: FlaskClient) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE notify.channel SET closed_until = :at WHERE name = 'webpush.apple'"), {"at": after(60)}
        )
        assert {state.name for state in gauges.states(session)} == set(gauges.NAMES)
    told = client.get("/metrics").text
    assert 'mykaohsiung_channel_closed{channel="webpush.apple"} 1.0' in told
    assert 'mykaohsiung_channel_closed{channel="push"} 0.0' in told


def test_nobody_can_make_a_gate_of_their_own(database: db.Database) -> None:
    with db.unit_of_work() as session:
        device, _ = devices.register(
            session, person_id=new_uuid(), kind="webpush", address='{"endpoint":"https://push.example/x"}', name="",
            now=NOW,
        )  # fmt: skip
    assert rows("SELECT channel FROM notify.pushed_device WHERE id = :id", id=device.id) == [("webpush",)]
    with pytest.raises(IntegrityError, match="channel_name_check"), db.unit_of_work() as session:
        session.execute(text("INSERT INTO notify.channel (name) VALUES ('webpush.mine')"))


def test_an_alert_tries_a_channel_that_is_closed_and_goes_on_when_one_gets_through(browsers: Browsers) -> None:
    lined_up("google", 10)
    browsers.answer = lambda address: RetryLater(3600, "provider")
    send_due(NOW)
    assert closed_ones() == {"webpush.google"}
    lined_up("google", 30, urgency=9)
    browsers.asked.clear()
    send_due(NOW + timedelta(seconds=30))
    assert browsers.asked == [], "a minute is waited for, whatever the provider said"
    send_due(NOW + timedelta(seconds=61))
    tried = len(browsers.asked)
    assert gates.PEOPLE_TOLD <= tried <= gates.PROBE
    send_due(NOW + timedelta(seconds=90))
    assert len(browsers.asked) == tried, "and again a minute"
    browsers.answer = lambda address: Delivered("m")
    send_due(NOW + timedelta(seconds=130))
    assert browsers.taken_by("google") == 30 and closed_ones() == {"webpush.google"}
    assert rows("SELECT DISTINCT urgency FROM notify.delivery WHERE status = 'pending'") == [(5,)]
    send_due(NOW + timedelta(seconds=3700))
    assert closed_ones() == set() and browsers.taken_by("google") == 40


def test_a_silent_channel_is_tried_by_alerts_every_few_seconds_and_their_tries_count_for_nothing(
    browsers: Browsers,
) -> None:
    lined_up("mozilla", gates.SILENCES)
    browsers.answer = lambda address: RetryLater(0, "connection")
    send_due(NOW)
    assert closed_ones() == {"webpush.mozilla"}
    lined_up("mozilla", 1, urgency=9)
    for minute in range(1, 30):
        send_due(NOW + timedelta(minutes=minute))
    assert rows("SELECT status, attempts - excused FROM notify.delivery WHERE urgency = 9") == [("pending", 0)]
    browsers.answer = lambda address: Delivered("m")
    send_due(NOW + timedelta(minutes=31))
    assert rows("SELECT status FROM notify.delivery WHERE urgency = 9") == [("handed_over",)]


def closed(seconds: int = 600) -> Gate:
    return gates.after(Gate("push"), Said(is_probe=False, is_answered=False, closed_seconds=seconds), NOW)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_only_alerts_may_try_early_a_few_at_once_and_one_sender_alone() -> None:
    gate = closed()
    assert gates.turn(gate, 240, after(61))[1].most_emergencies == 0, "it has no alerts"
    trying, turn = gates.turn(gate, 240, after(61), has_alerts=True)
    assert (turn.most, turn.most_emergencies, turn.is_probe) == (0, gates.PROBE, True)
    assert gates.turn(trying, 240, after(62), has_alerts=True)[1].most_emergencies == 0
    dead = gates.turn(trying, 240, after(61 + gates.PROBE_SECONDS), has_alerts=True)[1]
    assert dead.is_probe, "the one who tried has died"


def test_alerts_that_got_through_and_then_meet_silence_wait_again() -> None:
    trying, _ = gates.turn(closed(), 240, after(61), has_alerts=True)
    passing = gates.after(trying, Said(is_probe=True, is_answered=True), after(62))
    assert gates.turn(passing, 240, after(63), has_alerts=True)[1] == gates.Turn(0, 240, is_probe=False)
    assert gates.turn(passing, 240, after(63))[1].most == 0, "everybody else waits for what was said"
    silent = gates.after(passing, Said(False, False, failures=gates.SILENCES), after(64))
    assert not silent.alerts_pass and silent.closed_until == passing.closed_until
    assert gates.turn(silent, 240, after(65), has_alerts=True)[1].most_emergencies == 0
    told = gates.after(passing, replace(Said(False, False), closed_seconds=30), after(64))
    assert told.alerts_try_at == after(94) and told.closed_until == passing.closed_until


_MESSAGE = text(
    """
    INSERT INTO notify.message (person_id, id, kind, title_zh, title_en, body_zh, body_en, link, why, event_id,
                                created_at)
    VALUES (:person, :id, 'security', '標題', 'Title', '內文', 'Body', '/app/inbox', '{}', :id, :now)
    """
)
_DELIVERIES = text(
    """
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at, channel, urgency)
    SELECT gen_random_uuid(), :id, id, :id, 'pending', :now, :until, channel, :urgency
      FROM notify.pushed_device WHERE person_id = :person
    """
)
