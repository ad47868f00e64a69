"""Text messages leave after the commit, once, and their words are not kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from identity_city import MEI, City

from core import clock, db, outbox
from identity import tasks, texts_out


def _write(city: City, words: str = "您的驗證碼 123456") -> None:
    with city.database.unit_of_work() as session:
        texts_out.write(session, person_id=None, mobile=MEI[1], body=words, now=clock.now())


def _rows(city: City) -> list[tuple[str, bool, int]]:
    return [
        (row.status, row.is_blank, row.attempts)
        for row in city.sql("SELECT status, body_sealed IS NULL AS is_blank, attempts FROM identity.sms ORDER BY id")
    ]


def test_a_message_is_sent_when_its_event_is_delivered(city: City) -> None:
    _write(city)
    with city.database.unit_of_work() as session:
        ids = outbox.unsettled(session, now=clock.now(), older_than_seconds=-1, limit=10)
        (event,) = outbox.take(session, ids)
    (consumer,) = [each for each in tasks.CONSUMERS if each.kind == event.kind]
    assert consumer.then is not None
    consumer.then(event)
    consumer.then(event)
    (message,) = city.outside.sms("+886912345678")
    assert message["deliveries"] == 1
    assert _rows(city) == [("sent", True, 1)]


def test_without_a_commit_nothing_is_sent(city: City) -> None:
    try:
        with city.database.unit_of_work() as session:
            texts_out.write(session, person_id=None, mobile=MEI[1], body="never", now=clock.now())
            raise KeyError
    except KeyError:
        pass
    assert city.messages_to(MEI[1]) == []


def test_a_message_whose_sending_brought_no_answer_is_sent_again_under_the_same_id(city: City) -> None:
    city.outside.set_switch("sms", "message", "error_500", count=1)
    _write(city)
    now = clock.now()
    tasks.send_due_sms(now)
    assert _rows(city) == [("waiting", False, 1)]
    tasks.send_due_sms(now + timedelta(seconds=9))
    assert _rows(city) == [("waiting", False, 1)]
    tasks.send_due_sms(now + timedelta(seconds=11))
    assert _rows(city) == [("sent", True, 2)]
    assert len(city.outside.sms("+886912345678")) == 1


def test_two_workers_do_not_both_send_a_message(city: City) -> None:
    for number in range(5):
        _write(city, f"message {number}")
    now = clock.now()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tasks.send_due_sms(now), range(4)))
    assert _rows(city) == [("sent", True, 1)] * 5
    assert [message["deliveries"] for message in city.outside.sms("+886912345678")] == [1] * 5


def test_a_message_that_has_lapsed_is_not_sent_and_its_words_are_gone(city: City) -> None:
    with city.database.unit_of_work() as session:
        texts_out.write(
            session, person_id=None, mobile=MEI[1], body="123456", now=clock.now(), life=timedelta(minutes=5)
        )
    tasks.send_due_sms(clock.now() + timedelta(minutes=5))
    assert _rows(city) == [("lapsed", True, 0)]
    assert city.outside.sms("+886912345678") == []


def test_no_transaction_is_open_while_a_message_is_handed_over(city: City) -> None:
    city.outside.set_switch("sms", "message", "slow", seconds=0.5, count=1)
    _write(city)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(tasks.send_due_sms, clock.now())
        open_transactions = 0
        while not sending.done():
            with db.unit_of_work() as session:
                open_transactions += (
                    session.connection()
                    .exec_driver_sql(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        "AND state = 'idle in transaction' AND xact_start < now() - interval '200 ms'"
                    )
                    .scalar_one()
                )
    assert open_transactions == 0
    assert _rows(city) == [("sent", True, 1)]
