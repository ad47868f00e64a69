"""Who is rung and who is not: the best of what is there, never more than the person allows, everybody else for a reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import text

from core import db
from notify.cap import preferences, rounds, turns
from notify.cap.decisions import decide_due
from tests.notify.cap.conftest import LATER, NOW, WEEK, City

DAY = timedelta(days=1)
# Ten minutes before the digest in Taipei, when the day is settled.
EVENING = datetime.fromisoformat("2026-11-05T18:50:00+08:00")
# Seven in the morning of Friday in Taipei, when the quiet hours end.
FRIDAY = datetime.fromisoformat("2026-11-06T07:00:00+08:00")


def test_ten_campaigns_at_once_under_a_cap_of_five_send_exactly_the_best_five(city: City) -> None:
    people = city.people(20, daily_cap=5)
    runs = [city.run(people, topic=f"topic.{n}", priority=1 + n % 4, interest=n / 10) for n in range(10)]
    best = {runs[n] for n in sorted(range(10), key=lambda n: (-(1 + n % 4), -n))[:5]}
    decide_due(LATER)
    assert city.sent() == dict.fromkeys(people, best)
    deliveries = city.read("SELECT urgency, count(*) AS n FROM notify.delivery GROUP BY urgency ORDER BY urgency DESC")
    assert [(row.urgency, row.n) for row in deliveries] == [(4, 40), (3, 40), (2, 20)]
    for run in runs:
        assert city.tallies(run) == ({"sent": 20} if run in best else {"waiting_tomorrow": 20, "waited": 20})
    assert decide_due(LATER) == 0


def test_of_equals_the_one_that_ends_first_then_the_one_they_open_more_often_is_sent(city: City) -> None:
    (person,) = city.people(1, daily_cap=2)
    soon = city.run([person], topic="a", deadline=NOW + 6 * DAY, interest=0.1)
    liked = city.run([person], topic="b", deadline=NOW + WEEK, interest=0.9)
    city.run([person], topic="c", deadline=NOW + WEEK, interest=0.8)
    decide_due(LATER)
    assert city.sent()[person] == {soon, liked}


def test_the_cap_is_one_for_the_whole_day_and_all_bureaus(city: City) -> None:
    (person,) = city.people(1)
    for hour in range(6):
        city.run([person], topic=f"topic.{hour}", priority=3, begun_at=NOW + timedelta(hours=hour))
        decide_due(LATER + timedelta(hours=hour))
    assert len(city.sent()[person]) == 3
    (day,) = city.read("SELECT day, used FROM notify.person_day")
    assert (f"{day.day}", day.used) == ("2026-11-05", 3)


def test_the_last_ring_before_the_evening_is_kept_for_what_is_important_or_cannot_wait(city: City) -> None:
    hurried, important, quiet = city.people(3)
    everybody = [hurried, important, quiet]
    first, second, third = (
        city.run(everybody, topic=f"ordinary.{n}", begun_at=NOW + timedelta(minutes=n)) for n in range(3)
    )
    for n in range(3):
        decide_due(LATER + timedelta(minutes=n))
    assert city.sent() == {person: {first, second} for person in everybody}
    assert city.standing(third, quiet) == ("waiting", "evening")
    assert city.tallies(third) == {}
    noon = NOW + timedelta(hours=2)
    market = city.run([hurried], topic="market", begun_at=noon, deadline=noon + timedelta(hours=2))
    jam = city.run([important], topic="jam", priority=3, begun_at=noon)
    decide_due(noon + timedelta(seconds=15))
    assert city.sent()[hurried] == {first, second, market}
    assert city.sent()[important] == {first, second, jam}
    decide_due(EVENING + timedelta(seconds=15))
    assert city.sent()[quiet] == {first, second, third}
    assert city.standing(third, hurried) == city.standing(third, important) == ("waiting", "cap")
    assert city.tallies(third) == {"sent": 1, "waiting_tomorrow": 2, "waited": 2}


def test_whose_evening_lies_in_their_sleep_has_no_ring_kept_for_it(city: City) -> None:
    (person,) = city.people(1, daily_cap=2, digest_at=time(23))
    runs = {city.run([person], topic=f"t{n}", begun_at=NOW + timedelta(minutes=n)) for n in range(2)}
    for n in range(2):
        decide_due(LATER + timedelta(minutes=n))
    assert city.sent()[person] == runs


def test_who_finds_no_room_comes_first_among_equals_tomorrow_evening(city: City) -> None:
    (person,) = city.people(1, daily_cap=1)
    first, second = (city.run([person], topic=f"topic.{n}", interest=0.9 - n / 10) for n in range(2))
    city.change("UPDATE notify.subscription SET last_sent_at = :at", at=NOW)
    decide_due(LATER)
    assert city.standing(second, person) == ("waiting", "cap")
    evening = EVENING + DAY
    newer = city.run([person], topic="newer", begun_at=evening, interest=1.0)
    decide_due(evening)
    assert city.sent()[person] == {first}
    decide_due(evening + timedelta(seconds=15))
    assert city.sent()[person] == {first, second}
    assert city.standing(newer, person) == ("waiting", "cap")
    assert city.tallies(second) == {"waited": 1, "sent": 1}, "who has it does not wait any more"
    decide_due(evening + 3 * WEEK)
    assert city.tallies(newer) == {"waited": 1, "expired": 1, "expired_cap": 1}
    city.adds_up()


def test_what_has_no_time_until_tomorrow_evening_comes_when_the_person_wakes_but_leaves_one_ring(city: City) -> None:
    (person,) = city.people(1, daily_cap=2)
    for n in range(2):
        city.run([person], topic=f"today.{n}", priority=4)
    second, third = (
        city.run([person], topic=f"left.{n}", deadline=FRIDAY + timedelta(hours=5), interest=0.9 - n / 10)
        for n in range(2)
    )
    decide_due(LATER)
    assert city.standing(second, person) == city.standing(third, person) == ("waiting", "cap")
    decide_due(FRIDAY + timedelta(seconds=15))
    assert city.standing(second, person) == ("sent", None)
    assert city.standing(third, person) == ("digested", "cap")
    assert city.tallies(third) == {"waited": 1, "digested": 1}


def test_what_would_be_too_late_tomorrow_lies_in_the_inbox_without_ringing(city: City) -> None:
    (person,) = city.people(1, daily_cap=1)
    city.run([person], topic="a", priority=4)
    late = city.run([person], topic="b", deadline=NOW + timedelta(hours=12))
    decide_due(LATER)
    assert city.standing(late, person) == ("digested", "cap")
    assert city.tallies(late) == {"digested": 1}
    (message,) = city.read("SELECT id, why FROM notify.message WHERE run_id = :id", id=late)
    assert message.why == {"rank": 2, "of": 2, "cap": 1, "used": 0, "waited": 0, "rang": False}
    assert not city.read("SELECT 1 FROM notify.delivery WHERE message_id = :id", id=message.id)


def test_with_a_cap_of_nothing_nothing_rings_and_nothing_waits(city: City) -> None:
    (person,) = city.people(1, daily_cap=0)
    run = city.run([person], priority=4)
    decide_due(LATER)
    assert city.standing(run, person) == ("digested", "cap_is_zero")
    assert city.tallies(run) == {"digested": 1, "digested_cap_is_zero": 1}
    assert not city.read("SELECT 1 FROM notify.delivery")


def test_a_cap_lowered_at_noon_holds_from_noon(city: City) -> None:
    (person,) = city.people(1, daily_cap=5)
    morning = {city.run([person], topic=f"topic.{n}") for n in range(3)}
    decide_due(LATER)
    city.change("UPDATE notify.preference SET daily_cap = 2")
    noon = NOW + timedelta(hours=2)
    city.run([person], topic="noon", priority=4, begun_at=noon)
    decide_due(noon + timedelta(seconds=15))
    assert city.sent()[person] == morning


def test_nobody_is_rung_in_their_sleep_even_when_they_went_to_bed_after_the_audience_was_made(city: City) -> None:
    (person,) = city.people(1)
    run = city.run([person], not_before=NOW)
    city.change(
        "INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) VALUES (:id, :a, :b, now())",
        id=person, a=time(9), b=time(12),
    )  # fmt: skip
    decide_due(LATER)
    assert city.standing(run, person) == ("waiting", "asleep")
    noon = NOW + timedelta(hours=2)
    decide_due(noon + timedelta(seconds=15))
    assert city.standing(run, person) == ("sent", None)
    (row,) = city.read("SELECT waited FROM notify.candidate")
    assert row.waited == 0


def test_who_lives_by_another_clock_has_another_day(city: City) -> None:
    (person,) = city.people(1, daily_cap=1, timezone="America/New_York")
    begun = datetime.fromisoformat("2026-11-05T21:30:00-05:00")
    today, late = (city.run([person], topic=f"t{n}", begun_at=begun, interest=1 - n / 10) for n in range(2))
    city.change("UPDATE notify.subscription SET last_sent_at = :at", at=NOW)
    decide_due(begun + timedelta(seconds=15))
    assert city.sent()[person] == {today}
    (row,) = city.read("SELECT not_before FROM notify.candidate WHERE run_id = :id", id=late)
    assert row.not_before == datetime.fromisoformat("2026-11-06T18:50:00-05:00")


def test_the_day_ends_at_midnight_in_taipei(city: City) -> None:
    (person,) = city.people(1, daily_cap=1, quiet_from=time(3), quiet_until=time(3))
    midnight = datetime.fromisoformat("2026-11-06T00:00:00+08:00")
    before = city.run([person], topic="a", begun_at=midnight - timedelta(seconds=16))
    decide_due(midnight - timedelta(seconds=1))
    after = city.run([person], topic="b", begun_at=midnight - timedelta(seconds=15))
    decide_due(midnight)
    assert city.sent()[person] == {before, after}
    assert len(city.read("SELECT 1 FROM notify.person_day WHERE used = 1")) == 2


def test_past_its_deadline_nothing_is_sent_and_the_sender_is_told_why(city: City) -> None:
    awake, asleep, full = city.people(3, daily_cap=1)
    city.change(
        "UPDATE notify.preference SET quiet_from = '09:00', quiet_until = '18:00' WHERE person_id = :id", id=asleep
    )
    city.run([full], topic="other", priority=4)
    jam = city.run([asleep], deadline=NOW + timedelta(hours=1), not_before=NOW + timedelta(hours=8))
    lost = city.run([awake], topic="lost", deadline=NOW + timedelta(seconds=5))
    slow = city.run([full], topic="slow", deadline=NOW + 2 * DAY)
    decide_due(LATER)
    assert city.standing(lost, awake) == ("expired", "deadline")
    city.change("UPDATE notify.preference SET daily_cap = 0 WHERE person_id = :id", id=full)
    decide_due(NOW + 3 * DAY)
    assert city.standing(jam, asleep) == ("expired", "asleep")
    assert city.standing(slow, full) == ("expired", "cap")
    assert city.tallies(lost) == {"expired": 1}
    assert city.tallies(jam) == {"expired": 1, "expired_asleep": 1}
    assert city.tallies(slow) == {"waited": 1, "expired": 1, "expired_cap": 1}


def test_who_no_longer_subscribes_is_sent_nothing(city: City) -> None:
    ended, lapsed, live = city.people(3)
    run = city.run([ended, lapsed, live])
    city.change(
        "UPDATE notify.subscription SET status = 'ended', ended_at = now(), ended_how = 'citizen' WHERE id = :id",
        id=city.subscription(ended),
    )
    city.change("UPDATE notify.subscription SET ends_at = :at WHERE id = :id", id=city.subscription(lapsed), at=LATER)
    decide_due(LATER)
    assert city.sent() == {live: {run}}
    assert city.standing(run, ended) == city.standing(run, lapsed) == ("withdrawn", "subscription_ended")
    assert city.tallies(run) == {"sent": 1, "withdrawn": 2}


def test_a_paused_run_waits_and_a_recalled_one_is_withdrawn(city: City) -> None:
    (person,) = city.people(1, daily_cap=1)
    paused = city.run([person], topic="a", priority=4)
    other = city.run([person], topic="b")
    city.change("UPDATE notify.run SET is_held = true WHERE id = :id", id=paused)
    decide_due(LATER)
    assert city.sent()[person] == {other}
    assert city.standing(paused, person) == ("waiting", None)
    city.change("UPDATE notify.run SET is_held = false WHERE id = :id", id=paused)
    decide_due(LATER)
    assert city.standing(paused, person) == ("waiting", "cap")
    city.change("UPDATE notify.run SET status = 'stopped' WHERE id = :id", id=paused)
    decide_due(LATER)
    assert city.standing(paused, person) == ("withdrawn", "run_stopped")
    assert city.tallies(paused) == {"waited": 1, "withdrawn": 1}


def test_a_run_ends_once_everybody_is_decided_on(city: City) -> None:
    people = city.people(3, daily_cap=1)
    first = city.run(people, topic="a", priority=3)
    second = city.run(people, topic="b")
    decide_due(LATER)
    statuses = {row.id: row.status for row in city.read("SELECT id, status FROM notify.run")}
    assert statuses == {first: "done", second: "deciding"}


def test_every_sending_is_counted_with_the_subscription_and_the_interest(city: City) -> None:
    (person,) = city.people(1)
    city.run([person])
    decide_due(LATER)
    (row,) = city.read("SELECT sends, unopened, last_sent_at FROM notify.subscription")
    assert (row.sends, row.unopened, row.last_sent_at) == (1, 1, LATER)
    (row,) = city.read("SELECT sent, opened FROM notify.interest")
    assert (row.sent, row.opened) == (1, 0)


def test_a_message_lies_in_the_inbox_of_whoever_has_no_phone_and_goes_to_every_phone_of_the_others(city: City) -> None:
    nobody, both = city.people(1, phones=0)[0], city.people(1, phones=2)[0]
    run = city.run([nobody, both])
    decide_due(LATER)
    rows = city.read(
        "SELECT m.person_id, count(d.id) AS n FROM notify.message m LEFT JOIN notify.delivery d ON d.message_id = m.id "
        "WHERE m.event_id = :run GROUP BY m.person_id",
        run=run,
    )
    assert {row.person_id: row.n for row in rows} == {nobody: 0, both: 2}


def test_words_of_ones_own_go_with_the_message(city: City) -> None:
    (person,) = city.people(1)
    run = city.run([person])
    own = '{"title_zh": "罰鍰三天後到期", "title_en": "Due", "body_zh": "a", "body_en": "b", "link": "/app/bills"}'
    city.change("UPDATE notify.candidate SET fields = CAST(:own AS jsonb) WHERE run_id = :run", own=own, run=run)
    decide_due(LATER)
    (row,) = city.read("SELECT title_zh, link, content_id FROM notify.message")
    assert (row.title_zh, row.link) == ("罰鍰三天後到期", "/app/bills")
    assert row.content_id is not None


def test_a_round_waits_for_every_run_that_began_before_it_closed(city: City) -> None:
    (person,) = city.people(1, daily_cap=1)
    early = city.run([person], topic="early", priority=2)
    better = city.run([person], topic="better", priority=4, begun_at=NOW + timedelta(seconds=14), status="resolving")
    decide_due(LATER)
    assert city.sent() == {}
    city.change("UPDATE notify.run SET status = 'deciding' WHERE id = :id", id=better)
    decide_due(LATER)
    assert city.sent()[person] == {better}
    assert city.standing(early, person) == ("waiting", "cap")


def test_nobody_waits_for_a_run_that_began_later_is_paused_or_resolves_for_ever(city: City) -> None:
    people = city.people(3, daily_cap=1)
    late = city.run(people[:1], begun_at=NOW)
    city.run([], begun_at=LATER + timedelta(seconds=1), status="resolving")
    decide_due(LATER + timedelta(seconds=1))
    assert city.standing(late, people[0]) == ("sent", None)
    beside_paused = city.run(people[1:2], begun_at=NOW + timedelta(seconds=20))
    city.change("UPDATE notify.run SET is_held = true WHERE status = 'resolving'")
    decide_due(NOW + timedelta(seconds=35))
    assert city.standing(beside_paused, people[1]) == ("sent", None)
    city.change("UPDATE notify.run SET is_held = false WHERE status = 'resolving'")
    beside_slow = city.run(people[2:], begun_at=NOW + timedelta(seconds=40))
    decide_due(NOW + timedelta(seconds=55))
    assert city.standing(beside_slow, people[2]) == ("waiting", None)
    decide_due(LATER + timedelta(seconds=122))
    assert city.standing(beside_slow, people[2]) == ("sent", None)


def test_nothing_more_is_made_while_the_channels_have_enough_to_do(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_PENDING", 30)
    people = city.people(30)
    run = city.run(people)
    city.run(people, topic="next", begun_at=NOW + timedelta(hours=1))
    decide_due(LATER)
    decide_due(LATER + timedelta(hours=1))
    assert city.tallies(run) == {"sent": 30}
    assert len(city.read("SELECT 1 FROM notify.delivery")) == 30
    city.change("UPDATE notify.delivery SET status = 'handed_over', settled_at = now(), provider_name = 'p'")
    decide_due(LATER + timedelta(hours=1))
    assert len(city.read("SELECT 1 FROM notify.delivery")) == 60


@pytest.mark.parametrize(
    "what",
    [
        "run SET is_held = true WHERE id = (SELECT event_id FROM notify.delivery LIMIT 1)",
        "channel SET closed_until = now()",
        "delivery SET next_at = next_at + interval '3 hours'",
    ],
)
def test_what_cannot_leave_holds_nobody_up(city: City, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(turns, "MOST_PENDING", 2)
    people = city.people(2)
    city.run(people)
    decide_due(LATER)
    following = city.run(people, topic="next", priority=3, begun_at=NOW + timedelta(hours=1))
    urgent = city.run(people, topic="urgent", priority=4, begun_at=NOW + timedelta(hours=2))
    decide_due(LATER + timedelta(hours=1))
    assert city.tallies(following) == {}
    city.change(f"UPDATE notify.{what}")
    decide_due(LATER + timedelta(hours=1))
    assert city.tallies(following) == {"sent": 2}
    decide_due(LATER + timedelta(hours=2))
    assert city.tallies(urgent) == {"sent": 2}


def test_no_more_is_sent_by_a_subscription_than_its_topic_allows(city: City) -> None:
    (person,) = city.people(1, daily_cap=5)
    runs = [city.run([person], priority=priority) for priority in (4, 3, 2)]
    city.change("""UPDATE notify.topic SET endings = '[{"rule": "count", "most": 2}]'""")
    decide_due(LATER)
    assert city.sent()[person] == set(runs[:2])
    assert city.standing(runs[2], person) == ("withdrawn", "subscription_ended")


def test_the_count_of_the_day_is_held_against_the_cap_once_more_as_it_is_written(city: City) -> None:
    (person,) = city.people(1, daily_cap=1)
    city.run([person])
    city.change("INSERT INTO notify.person_day (person_id, day, used) VALUES (:id, '2026-11-05', 0)", id=person)

    def decide() -> None:
        with db.unit_of_work() as session:
            turns.decide(session, [person], rounds.closed_rounds(session, LATER), LATER)

    with db.database().sessions() as meanwhile, ThreadPoolExecutor(1) as thread:
        meanwhile.execute(text("UPDATE notify.person_day SET used = 1"))
        deciding = thread.submit(decide)
        while not city.read("SELECT 1 FROM pg_locks WHERE NOT granted"):
            assert not deciding.done()
        meanwhile.commit()
        with pytest.raises(turns.CapExceeded):
            deciding.result()
    assert city.sent() == {}


def test_a_raised_cap_rings_today_what_was_to_wait_for_tomorrow(city: City) -> None:
    (person,) = city.people(1, daily_cap=1)
    first, second = (city.run([person], topic=f"topic.{n}", priority=3) for n in range(2))
    decide_due(LATER)
    with db.unit_of_work() as session:
        changed = preferences.change(session, person_id=person, version=1, changes={"daily_cap": 2}, now=LATER)
    assert changed.version == 2
    assert city.tallies(second) == {}, "it does not wait for tomorrow any more, and never had to"
    decide_due(LATER + timedelta(seconds=15))
    assert city.sent()[person] == {first, second}
    (row,) = city.read("SELECT waited FROM notify.candidate WHERE run_id = :id", id=second)
    assert row.waited == 0
