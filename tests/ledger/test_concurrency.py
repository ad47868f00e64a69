from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.db import Database
from core.errors import Problem
from core.ids import new_uuid
from ledger import audit, book, checkpoints, expiry
from ledger.book import Posting, Release, Settlement
from ledger.errors import HoldResolved, NotEnough


@pytest.fixture
def many(database, accounts):
    """The same database with a connection for each of 50 threads; afterwards the book must add up."""
    pool = Database(database.url, connections=60)
    yield pool
    with pool.unit_of_work() as session:
        assert audit.disagreements(session) == []
        assert all(line.is_balanced for line in book.trial_balance(session))
    pool.engine.dispose()


def at_once(count, act):
    """Runs `act(number)` in that many threads that start together; answers what each returned or was refused with."""
    start = threading.Barrier(count)

    def run(number):
        start.wait()
        try:
            return act(number)
        except Problem as refusal:
            return refusal

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_thirty_two_writers_into_one_hot_account_lose_nothing(many, accounts, pay, now):
    def write(number):
        for _ in range(15):
            with many.unit_of_work() as session:
                book.post(session, [pay(number + 1)], now=now)
        with many.unit_of_work() as session:
            checkpoints.roll_up(session, now)

    at_once(32, write)
    with many.unit_of_work() as session:
        assert book.balance(session, accounts["payable"]).posted == 15 * 32 * 33 // 2


def test_nobody_waits_for_another_at_a_hot_account(many, accounts, pay, now):
    with many.unit_of_work() as slow, many.unit_of_work() as quick:
        book.post(slow, [pay(1)], now=now)
        quick.connection().exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
        assert book.post(quick, [pay(2)], now=now)
        quick.commit()
        assert book.balance(quick, accounts["payable"]).posted == 2


def test_opposite_directions_do_not_deadlock(many, now):
    with many.unit_of_work() as session:
        cells = [book.open_account(session, f"twd:cell{n}", "TWD", now=now) for n in range(4)]

    def shuffle(number):
        dice = random.Random(number)
        for _ in range(25):
            group = []
            for _ in range(dice.randint(1, 4)):
                debit, credit = dice.sample(cells, 2)
                group.append(Posting(new_uuid(), debit, credit, 1, "TWD", "shuffle"))
            with many.unit_of_work() as session:
                book.hold(session, group, now=now) if dice.random() < 0.5 else book.post(session, group, now=now)
            if dice.random() < 0.5:
                with many.unit_of_work() as session:
                    ids = [posting.id for posting in group]
                    dice.shuffle(ids)
                    try:
                        book.settle(session, [Settlement(hold_id) for hold_id in ids], now=now)
                    except Problem:
                        session.rollback()

    assert at_once(16, shuffle) == [None] * 16


def test_holds_resolved_together_in_any_order_do_not_deadlock(many, pay, now):
    holds = [pay(1) for _ in range(12)]
    with many.unit_of_work() as session:
        book.hold(session, holds, now=now)

    def resolve(number):
        ids = [posting.id for posting in random.Random(number).sample(holds, 12)]
        with many.unit_of_work() as session:
            if number % 2:
                return book.settle(session, [Settlement(hold_id) for hold_id in ids], now=now)
            return book.release(session, [Release(hold_id) for hold_id in ids], now=now)

    answers = at_once(12, resolve)
    assert answers.count(True) == 1
    assert {type(answer) for answer in answers if not isinstance(answer, bool)} == {HoldResolved}


def test_fifty_spends_of_one_balance_at_once_come_out_exactly_right(many, accounts, earn, spend, now):
    with many.unit_of_work() as session:
        book.post(session, [earn(100)], now=now)

    def buy(number):
        with many.unit_of_work() as session:
            return (book.hold if number % 2 else book.post)(session, [spend(7)], now=now)

    answers = at_once(50, buy)
    assert answers.count(True) == 14
    assert [type(answer) for answer in answers if answer is not True] == [NotEnough] * 36
    with many.unit_of_work() as session:
        assert book.balance(session, accounts["mei"]).available == 2


def test_one_transfer_sent_sixteen_times_at_once_is_written_once(many, accounts, earn, pay, now):
    group = [earn(5), pay(600)]

    def send(_number):
        with many.unit_of_work() as session:
            return book.post(session, group, now=now)

    assert sorted(at_once(16, send)) == [False] * 15 + [True]
    with many.unit_of_work() as session:
        assert book.balance(session, accounts["mei"]).posted == 5


def test_a_hold_is_settled_or_swept_but_not_both(many, accounts, pay, now):
    holds = [pay(1) for _ in range(40)]
    with many.unit_of_work() as session:
        book.hold(session, holds, now=now, expires_at=now)

    def race(number):
        swept = 0
        for posting in holds[number::8]:
            with many.unit_of_work() as session:
                if number % 2:
                    swept += expiry.void_expired(session, now, limit=3)
                else:
                    try:
                        book.settle(session, [Settlement(posting.id)], now=now)
                    except HoldResolved:
                        session.rollback()
        return swept

    swept = sum(at_once(8, race))
    with many.unit_of_work() as session:
        swept += expiry.void_expired(session, now)
        payable = book.balance(session, accounts["payable"])
    assert (payable.posted, payable.credits_pending) == (40 - swept, 0)


def test_a_roll_up_does_not_miss_what_a_slow_transaction_commits_late(many, accounts, pay, now):
    slow = many.sessions()
    book.post(slow, [pay(1)], now=now)
    for _ in range(3):
        with many.unit_of_work() as session:
            book.post(session, [pay(10)], now=now)
    with many.unit_of_work() as session:
        assert checkpoints.roll_up(session, now) == 0
        assert book.balance(session, accounts["payable"]).posted == 30
    slow.commit()
    slow.close()
    with many.unit_of_work() as session:
        assert book.balance(session, accounts["payable"]).posted == 31
        assert checkpoints.roll_up(session, now) == 8
        assert book.balance(session, accounts["payable"]).posted == 31


def test_a_roll_up_does_not_miss_what_is_written_inside_savepoints(many, accounts, pay, now):
    slow = many.sessions()
    slow.connection().exec_driver_sql("SELECT pg_current_xact_id()")
    with many.unit_of_work() as session:
        book.post(session, [pay(10)], now=now)
    with many.unit_of_work() as session:
        checkpoints.roll_up(session, now)
    for amount in (1, 2):
        with slow.begin_nested():
            book.post(slow, [pay(amount)], now=now)
    with many.unit_of_work() as session:
        checkpoints.roll_up(session, now)
    slow.commit()
    slow.close()
    with many.unit_of_work() as session:
        checkpoints.roll_up(session, now)
        assert book.balance(session, accounts["payable"]).posted == 13


def test_readers_and_roll_ups_among_writers_always_see_a_balanced_book(many, accounts, pay, earn, now):
    done = threading.Event()

    def act(number):
        if number < 4:
            for _ in range(40):
                with many.unit_of_work() as session:
                    book.post(session, [pay(number + 1), earn(1)], now=now)
            if number == 0:
                done.set()
            return True
        seen = []
        while not done.is_set():
            with many.unit_of_work() as session:
                if number == 4:
                    checkpoints.roll_up(session, now)
                seen.append(all(line.is_balanced for line in book.trial_balance(session)))
        return all(seen)

    assert at_once(6, act) == [True] * 6
