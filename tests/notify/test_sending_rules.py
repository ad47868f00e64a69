"""What is looked at once more before a message leaves, who comes first, whom a closed channel stops, what money buys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bench import push_city
from core import db
from core.ids import new_uuid, typeid
from notify import devices, ports
from notify.channels import gates, paid
from notify.channels.leases import lease
from notify.channels.settling import HELD_SECONDS
from notify.deliveries import send_due
from partners.outcomes import Delivered, Outcome, Refused, RetryLater
from partners.sms.messages import TextMessage
from tests.notify.conftest import RecordingProvider
from tests.notify.told_people import Told, subscribed, told

HOUR = timedelta(hours=1)


def change(sql: str, **values: Any) -> None:
    with db.unit_of_work() as session:
        session.execute(text(sql), values)


def rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with db.unit_of_work() as session:
        return [tuple(row) for row in session.execute(text(sql), values)]


@pytest.fixture
def waiting(database: db.Database, provider: RecordingProvider) -> Told:
    """A message of a campaign that waits to be handed over to the one device of its person."""
    person = new_uuid()
    with db.unit_of_work() as session:
        device, _ = devices.register(
            session, person_id=person, kind="fid", address="fid-of-a-subscriber", name="", now=datetime.now(UTC)
        )
    one = told(person, device.id, subscribed(person))
    change(
        "INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
        "VALUES (:person, '00:00', '00:00', now())",
        person=person,
    )
    change(
        "UPDATE notify.delivery SET status = 'pending', channel = 'push', settled_at = NULL, provider_name = NULL, attempts = 0, "
        "next_at = :now, expires_at = :until",
        now=datetime.now(UTC), until=datetime.now(UTC) + HOUR,
    )  # fmt: skip
    return one


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("UPDATE notify.message SET recalled_at = now()", "recalled"),
        ("UPDATE notify.message SET settled_at = now()", "need_passed"),
        ("UPDATE notify.run SET status = 'stopped'", "stopped"),
        (
            "UPDATE notify.subscription SET status = 'ended', ended_at = now(), ended_how = 'citizen'",
            "subscription_ended",
        ),
        ("UPDATE notify.subscription SET ends_at = now() - interval '1 second'", "subscription_ended"),
        ("UPDATE notify.topic SET status = 'closed'", "topic_closed"),
    ],
)
def test_a_message_whose_ground_is_gone_is_withdrawn(
    waiting: Told, provider: RecordingProvider, what: str, why: str
) -> None:
    change(what)
    send_due(datetime.now(UTC))
    assert provider.pushes == []
    assert rows("SELECT status, last_error FROM notify.delivery") == [("withdrawn", why)]
    assert rows("SELECT what, sum(n) FROM notify.run_tally WHERE run_id = :run GROUP BY what", run=waiting.run_id) == [
        ("withdrawn", 1)
    ]


@pytest.mark.parametrize(("days_ago", "is_named"), [(6, True), (8, False)])
def test_the_next_message_names_what_was_recalled_lately(
    waiting: Told, provider: RecordingProvider, days_ago: int, is_named: bool
) -> None:
    change(
        "INSERT INTO notify.message (person_id, id, kind, title_zh, title_en, body_zh, body_en, link, why, event_id, "
        "created_at, recalled_at) SELECT person_id, :id, 'security', 'x', 'x', 'y', 'y', '/app', '{}', :id, :at, :at "
        "FROM notify.message",
        id=(recalled := new_uuid()), at=datetime.now(UTC) - timedelta(days=days_ago),
    )  # fmt: skip
    send_due(datetime.now(UTC))
    (push,) = provider.pushes
    assert push.taken_back == ((typeid("msg", recalled),) if is_named else ())


@pytest.mark.parametrize("what", ["subscription SET ends_at = now() + interval '1 hour'", "topic SET status = 'draft'"])
def test_a_subscription_that_is_not_over_yet_is_served(waiting: Told, provider: RecordingProvider, what: str) -> None:
    change(f"UPDATE notify.{what}")
    send_due(datetime.now(UTC))
    assert [push.address for push in provider.pushes] == ["fid-of-a-subscriber"]


def test_a_campaign_that_is_paused_goes_on_later(waiting: Told, provider: RecordingProvider) -> None:
    change("UPDATE notify.run SET is_held = true")
    send_due(datetime.now(UTC))
    assert rows("SELECT status, last_error, attempts - excused FROM notify.delivery") == [("pending", "held", 0)]
    change("UPDATE notify.run SET is_held = false")
    send_due(datetime.now(UTC) + timedelta(seconds=HELD_SECONDS + 1))
    assert [push.address for push in provider.pushes] == ["fid-of-a-subscriber"]
    assert rows("SELECT what, sum(n) FROM notify.run_tally GROUP BY what") == [("handed_over", 1)]


def test_what_may_not_go_takes_nothing_of_the_rate(waiting: Told, provider: RecordingProvider) -> None:
    change("UPDATE notify.run SET is_held = true")
    send_due(datetime.now(UTC))
    assert rows("SELECT allowance FROM notify.channel WHERE name = 'push'") == [(gates.RAMP_FROM,)]


@pytest.mark.parametrize("urgency", [7, 8, 9])
def test_no_alert_waits_for_the_rate(waiting: Told, provider: RecordingProvider, urgency: int) -> None:
    change("UPDATE notify.delivery SET urgency = :urgency", urgency=urgency)
    now = datetime.now(UTC)
    change("UPDATE notify.channel SET allowance = 0, turn_at = :now, ramp_began_at = :now", now=now)
    send_due(now)
    assert len(provider.pushes) == 1


@pytest.mark.parametrize("how", ["count", "replaced"])
def test_the_last_message_of_a_subscription_still_goes(waiting: Told, provider: RecordingProvider, how: str) -> None:
    change("UPDATE notify.subscription SET status = 'ended', ended_at = now(), ended_how = :how", how=how)
    send_due(datetime.now(UTC))
    assert len(provider.pushes) == 1


def test_no_message_is_written_after_the_last_of_a_subscription(waiting: Told, provider: RecordingProvider) -> None:
    change(
        "UPDATE notify.subscription SET status = 'ended', ended_how = 'count', "
        "ended_at = (SELECT min(created_at) FROM notify.message) - interval '1 second'"
    )
    send_due(datetime.now(UTC))
    assert provider.pushes == [] and rows("SELECT last_error FROM notify.delivery") == [("subscription_ended",)]


def test_what_was_held_up_into_the_night_rings_in_the_morning(waiting: Told, provider: RecordingProvider) -> None:
    night, morning = datetime(2026, 11, 5, 15, 30, tzinfo=UTC), datetime(2026, 11, 5, 23, 0, tzinfo=UTC)
    change("UPDATE notify.preference SET quiet_from = '22:00', quiet_until = '07:00'")
    change("UPDATE notify.delivery SET next_at = :due, expires_at = :until", due=night - HOUR, until=morning + HOUR)
    send_due(night)
    assert rows("SELECT status, last_error, next_at, attempts - excused FROM notify.delivery") == [
        ("pending", "asleep", morning, 0)
    ]
    send_due(morning)
    assert [push.address for push in provider.pushes] == ["fid-of-a-subscriber"]


def test_what_is_over_by_the_morning_never_rings(waiting: Told, provider: RecordingProvider) -> None:
    night, morning = datetime(2026, 11, 5, 15, 30, tzinfo=UTC), datetime(2026, 11, 5, 23, 0, tzinfo=UTC)
    change("UPDATE notify.preference SET quiet_from = '22:00', quiet_until = '07:00'")
    change("UPDATE notify.delivery SET next_at = :due, expires_at = :until", due=night - HOUR, until=morning - HOUR)
    send_due(night)
    send_due(morning)
    assert provider.pushes == []
    assert rows("SELECT status, last_error FROM notify.delivery") == [("given_up", "lapsed")]


_AGAIN = "INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at) "


@pytest.mark.parametrize("basis", ["subscription", "question"])
def test_nothing_is_ever_lined_up_without_a_live_subscription(waiting: Told, basis: str) -> None:
    again = _AGAIN + "SELECT gen_random_uuid(), message_id, device_id, event_id, 'pending', now(), now() FROM d"
    again = f"WITH d AS (DELETE FROM notify.delivery RETURNING *) {again}"
    change("UPDATE notify.message SET basis = :basis", basis=basis)
    change(again)
    change("UPDATE notify.subscription SET status = 'ended', ended_at = now(), ended_how = 'citizen'")
    with pytest.raises(IntegrityError, match="its subscription is not live"):
        change(again)
    assert rows("SELECT status FROM notify.delivery") == [("pending",)]
    change("UPDATE notify.message SET basis = 'transaction'")
    change(again)


@pytest.mark.parametrize("status", ["awaiting_approval", "sent", "refused", "cancelled", "recorded"])
def test_nothing_is_ever_lined_up_for_an_alert_that_is_not_being_sent(database: db.Database, status: str) -> None:
    push_city.settle_phones(database.url, 2)
    push_city.line_up(database.url)
    again = _AGAIN + (
        "SELECT gen_random_uuid(), m.id, v.id, m.event_id, 'pending', now(), now() "
        "FROM notify.message m JOIN notify.device v USING (person_id)"
    )
    change("DELETE FROM notify.delivery")
    change(f"UPDATE notify.alert SET status = '{status}'")
    with pytest.raises(IntegrityError, match="its alert is not live"):
        change(again)
    change("UPDATE notify.alert SET status = 'sending'")
    change(again)


@pytest.mark.parametrize("what", ["status = 'cancelled'", "expires_at = now() - interval '1 second'"])
def test_an_alert_that_is_over_is_not_sent(database: db.Database, provider: RecordingProvider, what: str) -> None:
    push_city.settle_phones(database.url, 3)
    push_city.line_up(database.url)
    change(f"UPDATE notify.alert SET {what}")
    send_due(datetime.now(UTC))
    assert provider.pushes == []
    assert rows("SELECT DISTINCT status FROM notify.delivery") == [("withdrawn",)]


def test_emergencies_go_before_receipts_and_receipts_before_campaigns(
    database: db.Database, provider: RecordingProvider
) -> None:
    push_city.settle_phones(database.url, 5)
    for urgency in (2, 9, 5, 4):
        push_city.line_up(database.url, urgency=urgency)
    with db.single_statements() as session:
        leased = lease(session, "push", datetime.now(UTC), limit=18)
    assert [each.urgency for each in leased] == [9] * 5 + [5] * 5 + [4] * 5 + [2] * 3


def test_one_word_of_a_full_quota_stops_everybody_and_costs_nobody_an_attempt(
    database: db.Database, provider: RecordingProvider
) -> None:
    push_city.settle_phones(database.url, 400)
    push_city.line_up(database.url)
    closed: list[Outcome | BaseException] = [RetryLater(60, "provider")] * 400
    provider.answers = closed
    now = datetime.now(UTC)
    send_due(now)
    asked = len(provider.pushes)
    assert 1 <= asked <= 64
    assert rows("SELECT max(attempts - excused), bool_and(status = 'pending') FROM notify.delivery") == [(0, True)]
    send_due(now + timedelta(seconds=55))
    assert len(provider.pushes) == asked
    provider.answers = []
    send_due(now + timedelta(seconds=65))
    assert rows("SELECT DISTINCT status FROM notify.delivery") == [("handed_over",)]
    assert len(provider.pushes) == asked + 400


class Company:
    """A telephone company at the edge of the process."""

    def __init__(self, answer: Callable[[TextMessage], Outcome]) -> None:
        self.answer = answer
        self.messages: list[TextMessage] = []

    def send(self, message: TextMessage) -> Outcome:
        self.messages.append(message)
        return self.answer(message)


@pytest.fixture
def companies(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Company]:
    both = {name: Company(lambda message: Delivered(message.message_id)) for name in ("sms", "sms_reserve")}
    monkeypatch.setattr(ports, "sms", both)
    monkeypatch.setattr(ports, "mobiles_of", lambda session, people: dict.fromkeys(people, "+886912345678"))
    return both


def _paid_campaign(
    people: int, *, campaign_twd: int = 1000, month_twd: int = 1000
) -> tuple[UUID, list[UUID], datetime]:
    """A run that allows text messages, and people without a device to whom it has just written."""
    everyone = [new_uuid() for _ in range(people)]
    now = datetime.now(UTC)
    with db.unit_of_work() as session:
        device, _ = devices.register(
            session, person_id=new_uuid(), kind="fid", address="fid-of-somebody", name="", now=now
        )
    one = told(everyone[0], device.id, subscribed(everyone[0]))
    change("DELETE FROM notify.delivery")
    change("DELETE FROM notify.message")
    change(
        "INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
        "SELECT p, '00:00', '00:00', now() FROM unnest(CAST(:people AS uuid[])) AS p",
        people=everyone,
    )
    change(
        "UPDATE notify.campaign SET channels = jsonb_build_object('sms', true, 'line', false, 'budget_twd', "
        "CAST(:twd AS integer))",
        twd=campaign_twd,
    )
    change("UPDATE notify.run SET deadline = :until", until=now + HOUR)
    change(
        "INSERT INTO notify.paid_budget (bureau, month, limit_twd) VALUES ('culture', :month, :twd)",
        month=(now + timedelta(hours=8)).date().replace(day=1), twd=month_twd,
    )  # fmt: skip
    change(
        "INSERT INTO notify.message (person_id, id, kind, basis, content_id, subscription_id, run_id, event_id, why, "
        "created_at) SELECT p, gen_random_uuid(), 'campaign', 'subscription', r.content_id, :subscription, r.id, r.id, "
        "'{\"rang\": true}', :now FROM notify.run r, unnest(CAST(:people AS uuid[])) AS p",
        subscription=one.subscription_id, now=now, people=everyone,
    )  # fmt: skip
    return one.run_id, everyone, now


def _money() -> list[tuple[Any, ...]]:
    return rows(
        "SELECT c.reserved_twd, c.spent_twd, b.reserved_twd, b.spent_twd "
        "FROM notify.campaign_spending c, notify.paid_budget b"
    )


@pytest.mark.parametrize(("campaign_twd", "month_twd"), [(4, 1000), (1000, 4)])
def test_text_messages_are_sent_as_far_as_the_money_goes_and_what_is_not_sent_is_given_back(
    database: db.Database, companies: Mapping[str, Company], campaign_twd: int, month_twd: int
) -> None:
    run, people, now = _paid_campaign(6, campaign_twd=campaign_twd, month_twd=month_twd)
    with db.unit_of_work() as session:
        assert paid.fall_back(session, people, [run], now) == 4
    assert _money() == [(4, 0, 4, 0)]
    answers: list[Outcome] = [Delivered("1"), Refused("number_invalid"), Delivered("3"), Delivered("4")]
    for company in companies.values():
        company.answer = lambda _: answers.pop()
    send_due(datetime.now(UTC))
    assert _money() == [(0, 3, 0, 3)]
    with db.unit_of_work() as session:
        assert paid.fall_back(session, people, [new_uuid()], now) == 0


def test_money_for_messages_that_are_withdrawn_comes_back(
    database: db.Database, companies: Mapping[str, Company]
) -> None:
    run, people, now = _paid_campaign(3)
    with db.unit_of_work() as session:
        paid.fall_back(session, people, [run], now)
    change("UPDATE notify.delivery SET status = 'withdrawn', settled_at = now()")
    for _ in range(2):
        paid.settle_withdrawn(now)
    assert _money() == [(0, 0, 0, 0)]


def test_many_who_reserve_at_once_never_exceed_the_month(
    database: db.Database, companies: Mapping[str, Company]
) -> None:
    run, people, now = _paid_campaign(40, month_twd=17)

    def reserve(part: int) -> int:
        with db.unit_of_work() as session:
            return paid.fall_back(session, people[part::8], [run], now)

    with ThreadPoolExecutor(8) as at_once:
        assert sum(at_once.map(reserve, range(8))) == 17
    assert _money() == [(17, 0, 17, 0)]


def test_a_company_that_is_away_hands_its_messages_to_the_other(
    database: db.Database, companies: Mapping[str, Company]
) -> None:
    run, people, now = _paid_campaign(40)
    with db.unit_of_work() as session:
        paid.fall_back(session, people, [run], now)
    companies["sms"].answer = lambda _: RetryLater(10)
    for minute in range(4):
        send_due(datetime.now(UTC) + timedelta(minutes=minute))
    assert rows("SELECT DISTINCT status FROM notify.delivery") == [("handed_over",)]
    assert len({message.message_id for message in companies["sms_reserve"].messages}) == 40
    [(weight,)] = rows("SELECT weight FROM notify.sms_provider WHERE name = 'sms'")
    assert weight < 20


def test_after_silence_the_same_company_is_asked_again_so_that_nobody_gets_two(
    database: db.Database, companies: Mapping[str, Company]
) -> None:
    run, people, now = _paid_campaign(5)
    with db.unit_of_work() as session:
        paid.fall_back(session, people, [run], now)
    for company in companies.values():
        company.answer = lambda _: RetryLater(10, "connection")
    send_due(datetime.now(UTC))
    first = {name: {each.message_id for each in company.messages} for name, company in companies.items()}
    for minute in range(1, 4):
        send_due(datetime.now(UTC) + timedelta(minutes=minute))
    assert {name: {each.message_id for each in company.messages} for name, company in companies.items()} == first
