"""The evening's digest: one silent message a day with what did not ring, and nothing that is of no use any more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from notify.campaigns import withdrawals
from notify.cap import digests
from notify.cap.decisions import decide_due
from tests.notify.cap.conftest import LATER, NOW, City

# Seven in the evening of that Thursday in Taipei.
EVENING = datetime.fromisoformat("2026-11-05T19:00:00+08:00")
NIGHT = EVENING + timedelta(hours=6)


def _digests(city: City, person: UUID) -> list[Any]:
    return city.read(
        "SELECT id, title_zh, title_en, body_zh, body_en, created_at FROM notify.message "
        "WHERE person_id = :id AND basis = 'digest' ORDER BY created_at",
        id=person,
    )


def test_what_did_not_ring_is_listed_once_in_the_evening_and_makes_no_sound(city: City) -> None:
    (person,) = city.people(1, daily_cap=1)
    for n in range(7):
        city.run([person], topic=f"t{n}", title=f"活動{n}", interest=1 - n / 10, deadline=NIGHT)
    decide_due(LATER)
    digests.send_due(EVENING - timedelta(seconds=1))
    assert _digests(city, person) == []
    digests.send_due(EVENING)
    digests.send_due(EVENING)
    (digest,) = _digests(city, person)
    assert digest.title_zh == "還有 6 則通知沒有響鈴"
    assert digest.title_en == "6 more messages came without ringing"
    assert digest.body_zh.splitlines()[-1] == "……另外還有 2 則"
    assert digest.body_zh.splitlines()[:4] == ["・活動1", "・活動2", "・活動3", "・活動4"]
    (delivery,) = city.read("SELECT urgency, channel FROM notify.delivery WHERE message_id = :id", id=digest.id)
    assert (delivery.urgency, delivery.channel) == (0, "push")
    (day,) = city.read("SELECT used, digest_id FROM notify.person_day")
    assert (day.used, day.digest_id) == (1, digest.id)
    assert len(city.read("SELECT 1 FROM notify.digest_line WHERE digest_id = :id", id=digest.id)) == 6


def test_what_is_of_no_use_any_more_is_left_out_and_an_empty_digest_is_not_sent(city: City) -> None:
    read, recalled, stopped, ended, late, opted_out = people = city.people(6, daily_cap=0)
    run = city.run(people, deadline=NIGHT)
    soon = city.run([late], topic="soon", deadline=EVENING)
    decide_due(LATER)
    city.change("UPDATE notify.message SET read_at = now() WHERE person_id = :id", id=read)
    city.change("UPDATE notify.message SET recalled_at = now() WHERE person_id = :id", id=recalled)
    own = city.run([stopped], topic="own", deadline=NIGHT)
    decide_due(LATER)
    city.change("UPDATE notify.digest_line SET run_id = :own WHERE person_id = :id", own=own, id=stopped)
    city.change("UPDATE notify.run SET status = 'stopped' WHERE id = :own", own=own)
    city.change(
        "UPDATE notify.subscription SET status = 'ended', ended_at = now(), ended_how = 'citizen' WHERE person_id = :id",
        id=ended,
    )
    city.change("UPDATE notify.preference SET takes_digest = false WHERE person_id = :id", id=opted_out)
    digests.send_due(EVENING)
    for person in (read, recalled, stopped, ended, opted_out):
        assert _digests(city, person) == []
    (digest,) = _digests(city, late)
    assert digest.title_en == "1 more message came without ringing"
    assert city.standing(soon, late) == ("digested", "cap_is_zero")
    assert not city.read("SELECT 1 FROM notify.digest_line WHERE settled_at IS NULL")
    assert city.tallies(run)["digested"] == 6


def test_what_is_recalled_later_is_named_in_no_digest_any_more(city: City) -> None:
    some, alone = city.people(2, daily_cap=0)
    wrong = city.run([some, alone], topic="wrong", title="日期錯了", interest=1.0, deadline=NIGHT)
    others = [city.run([some], topic=f"t{n}", title=f"活動{n}", interest=n / 10, deadline=NIGHT) for n in range(1, 6)]
    decide_due(LATER)
    digests.send_due(EVENING)
    before = {person: _digests(city, person) for person in (some, alone)}
    assert all("・日期錯了" in each.body_zh.splitlines() for (each,) in before.values())
    _recall(city, wrong, EVENING)
    withdrawals.withdraw_stopped(EVENING + timedelta(minutes=1))
    (digest,) = _digests(city, some)
    assert digest.title_zh == "還有 5 則通知沒有響鈴"
    assert digest.body_zh.splitlines() == ["・活動5", "・活動4", "・活動3", "・活動2", "……另外還有 1 則"]
    assert digest.body_en.splitlines()[-1] == "… and 1 more"
    assert _recalled_digests(city) == {alone}, "nothing is left of that one"
    (emptied,) = _digests(city, alone)
    assert "日期錯了" not in emptied.body_zh + emptied.title_zh
    for run in others:
        _recall(city, run, EVENING)
    for minutes in (2, 3):
        withdrawals.withdraw_stopped(EVENING + timedelta(minutes=minutes))
    assert _recalled_digests(city) == {some, alone}


def _recall(city: City, run_id: UUID, now: datetime) -> None:
    city.change(
        "UPDATE notify.run SET status = 'stopped', stop_reason = '寫錯了。', ended_at = :now WHERE id = :id",
        id=run_id, now=now,
    )  # fmt: skip


def _recalled_digests(city: City) -> set[UUID]:
    rows = city.read("SELECT person_id FROM notify.message WHERE basis = 'digest' AND recalled_at IS NOT NULL")
    return {row.person_id for row in rows}


def test_what_comes_after_the_digest_is_in_tomorrows_and_there_is_one_a_day(city: City) -> None:
    (person,) = city.people(1, daily_cap=0)
    city.run([person], topic="a", deadline=NOW + timedelta(days=3))
    decide_due(LATER)
    digests.send_due(EVENING)
    late = EVENING + timedelta(hours=1)
    city.run([person], topic="b", begun_at=late, deadline=NOW + timedelta(days=3))
    decide_due(late + timedelta(seconds=15))
    city.change("UPDATE notify.digest_line SET due_at = :at WHERE settled_at IS NULL", at=late)
    digests.send_due(late + timedelta(minutes=1))
    assert len(_digests(city, person)) == 1
    digests.send_due(EVENING + timedelta(days=1))
    first, second = _digests(city, person)
    assert second.created_at - first.created_at == timedelta(days=1)


def test_whoever_sleeps_when_the_digest_is_due_finds_it_after_waking(city: City) -> None:
    (person,) = city.people(1, daily_cap=0)
    city.run([person], deadline=NOW + timedelta(days=3))
    decide_due(LATER)
    city.change("UPDATE notify.preference SET quiet_from = '18:00', quiet_until = '06:00'")
    digests.send_due(EVENING)
    assert _digests(city, person) == []
    digests.send_due(datetime.fromisoformat("2026-11-06T06:00:00+08:00"))
    assert len(_digests(city, person)) == 1


def test_many_workers_write_one_digest_each(city: City) -> None:
    people = city.people(60, daily_cap=0)
    for n in range(3):
        city.run(people, topic=f"t{n}", deadline=NIGHT)
    decide_due(LATER)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: digests.send_due(EVENING), range(6)))
    digests.send_due(EVENING)
    counts = city.read(
        "SELECT count(*) AS n, count(DISTINCT person_id) AS people FROM notify.message WHERE basis = 'digest'"
    )
    assert (counts[0].n, counts[0].people) == (60, 60)
