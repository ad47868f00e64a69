"""The channels by themselves: when they close and open, who sends a text message, what is remembered of a dead sender."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import new_uuid
from notify.channels import gates, providers, wording
from notify.channels.gates import Gate, Said
from notify.channels.journal import Entry, Journals, left_by_the_dead
from notify.channels.providers import Heard, Weight
from notify.channels.threads import Threads
from partners.outcomes import Delivered, Outcome, Refused, RetryLater, Unregistered

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
WELL = Said(is_probe=False, is_answered=True)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def opened(at: datetime = NOW) -> Gate:
    """A channel that has been busy for long."""
    return Gate("push", ramp_began_at=at - timedelta(hours=1), turn_at=at, allowance=8000.0)


def test_told_to_wait_nobody_sends_before_and_then_one_tries() -> None:
    closed = gates.after(opened(), replace(WELL, closed_seconds=60), NOW)
    assert gates.turn(closed, 240, after(59))[1].most_emergencies == 0
    probing, first = gates.turn(closed, 240, after(60))
    assert (first.most, first.is_probe) == (gates.PROBE, True)
    assert gates.turn(probing, 240, after(61))[1] == gates.Turn(0, 0, is_probe=False)
    well = gates.after(probing, Said(is_probe=True, is_answered=True), after(61))
    assert well.closed_until is None
    again, second = gates.turn(well, 10_000, after(61))
    assert second.most == gates.RAMP_FROM
    assert gates.turn(again, 10_000, after(62))[1].most < 500


def test_a_try_whose_sender_dies_is_followed_by_another() -> None:
    probing, _ = gates.turn(gates.after(opened(), replace(WELL, closed_seconds=5), NOW), 240, after(5))
    assert gates.turn(probing, 240, after(5 + gates.PROBE_SECONDS))[1].is_probe


def test_a_try_that_found_nothing_to_send_leaves_the_try_to_the_next() -> None:
    probing, _ = gates.turn(gates.after(opened(), replace(WELL, closed_seconds=5), NOW), 240, after(5))
    left = gates.after(probing, Said(is_probe=True, is_answered=False), after(5))
    assert gates.turn(left, 240, after(5))[1].is_probe


def test_calls_that_nobody_answers_close_it_for_longer_each_time_and_one_answer_opens_it() -> None:
    gate, waits, now = opened(), [], NOW
    for _ in range(4):
        gate = gates.after(gate, Said(gate.closed_until is not None, False, failures=gates.SILENCES), now)
        assert gate.closed_until is not None
        waits.append((gate.closed_until - now).total_seconds())
        now = gate.closed_until
        gate, probe = gates.turn(gate, 240, now)
        assert probe.is_probe
    assert waits == [5, 10, 20, 20]
    gate = gates.after(gate, Said(is_probe=True, is_answered=True), now)
    assert (gate.closed_until, gate.closings, gate.failures) == (None, 0, 0)


def test_a_few_silences_close_nothing_and_batches_that_began_before_do_not_open_it() -> None:
    few = gates.after(opened(), Said(False, False, failures=gates.SILENCES - 1), NOW)
    assert (few.closed_until, few.failures) == (None, gates.SILENCES - 1)
    assert gates.after(few, WELL, NOW).failures == 0
    closed = gates.after(opened(), replace(WELL, closed_seconds=60), NOW)
    assert gates.after(closed, WELL, after(1)) == closed
    assert gates.after(closed, replace(WELL, closed_seconds=5), after(1)).closed_until == closed.closed_until


def test_after_quiet_the_rate_grows_and_an_emergency_does_not_wait_for_it() -> None:
    gate, sent = replace(opened(), turn_at=after(-120)), []
    for second in range(70):
        gate, turn = gates.turn(gate, 100_000, after(second))
        assert turn.most_emergencies == 100_000
        sent.append(turn.most)
    assert sent[0] == gates.RAMP_FROM
    assert all(later >= earlier for earlier, later in itertools.pairwise(sent[1:]))
    assert sent[-1] == gates.MOST_PER_SECOND["push"]


def test_a_channel_slower_than_the_ramp_begins_at_its_own_rate() -> None:
    most = gates.MOST_PER_SECOND["sms"]
    assert gates.turn(Gate("sms"), 240, NOW)[1].most == most < gates.RAMP_FROM
    opened_again = gates.after(Gate("sms", closed_until=NOW), Said(is_probe=True, is_answered=True), NOW)
    assert opened_again.allowance == most


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 400)), min_size=1, max_size=60))
def test_no_order_of_turns_is_given_more_than_the_rate(turns: list[tuple[float, int]]) -> None:
    gate, now, given_out = replace(opened(), allowance=0.0), NOW, 0
    for wait, wanted in turns:
        now += timedelta(seconds=wait)
        gate, turn = gates.turn(gate, wanted, now)
        given_out += turn.most
    assert given_out <= gates.MOST_PER_SECOND["push"] * (now - NOW).total_seconds() + 1


def _weights(sms: float, reserve: float, at: datetime = NOW) -> list[Weight]:
    return [Weight("sms", 70, sms, at), Weight("sms_reserve", 30, reserve, at)]


def test_the_same_attempt_chooses_the_same_company_and_many_choose_by_weight() -> None:
    deliveries = [UUID(int=number) for number in range(4_000)]
    chosen = [providers.choose(_weights(70, 30), each, 1, NOW) for each in deliveries]
    assert chosen == [providers.choose(_weights(70, 30), each, 1, NOW) for each in deliveries]
    assert Counter(chosen)["sms"] == pytest.approx(2_800, abs=120)
    assert chosen != [providers.choose(_weights(70, 30), each, 2, NOW) for each in deliveries]


def test_the_failing_company_s_weight_falls_at_once_and_comes_back_slowly() -> None:
    weight = _weights(70, 30)[0]
    half = providers.reweighed(weight, Heard(10, 5), NOW)
    assert half.weight == 35
    none = providers.reweighed(half, Heard(10, 10), NOW)
    assert none.weight == 70 * providers.LEAST_SHARE
    assert none.at(after(providers.RECOVERY_SECONDS / 2)) == pytest.approx(35, abs=2)
    assert none.at(after(providers.RECOVERY_SECONDS * 2)) == 70


def test_what_a_killed_sender_began_was_answered_and_never_began_is_told_apart(tmp_path: Path) -> None:
    answers: Sequence[Outcome] = (Delivered("name"), Unregistered(), RetryLater(7, "provider"), Refused("CODE"))
    entries = [Entry(new_uuid(), attempt=number + 1, excused=number) for number in range(8)]
    with pytest.raises(KeyboardInterrupt), Journals(tmp_path).opened() as journal:
        journal.leased("push", entries)
        for entry in entries[:6]:
            journal.begun(entry.id)
        for entry, outcome in zip(entries, answers, strict=False):
            journal.answered(entry.id, outcome)
        with left_by_the_dead(tmp_path) as found:
            assert found == [], "its owner is alive"
        with journal.path.open("ab") as torn:
            torn.write(b'["answered","01')
        raise KeyboardInterrupt
    with left_by_the_dead(tmp_path) as found:
        [left] = found
        assert left.channel == "push"
        assert left.answered == list(zip(entries[:4], answers, strict=True))
        assert left.in_doubt == entries[4:6]
        assert left.not_begun == entries[6:]
    assert not list(tmp_path.iterdir())


def test_a_damaged_journal_is_believed_to_its_first_bad_line_and_keeps_no_other_from_being_settled(
    tmp_path: Path,
) -> None:
    entries = [Entry(new_uuid(), 1, 0) for _ in range(3)]
    damages = [b'["answered","01\n', b"\x00" * 40 + b"\n", b'["begun","of nothing known"]\n', b"7\n", b""]
    for damage in damages:
        with pytest.raises(KeyboardInterrupt), Journals(tmp_path).opened() as journal:
            journal.leased("push", entries)
            journal.begun(entries[0].id)
            journal.answered(entries[0].id, Delivered("name"))
            with journal.path.open("ab") as torn:
                torn.write(damage)
            raise KeyboardInterrupt
    with left_by_the_dead(tmp_path) as found:
        assert [left.answered for left in found] == [[(entries[0], Delivered("name"))]] * len(damages)
        assert sorted(len(left.in_doubt) for left in found) == [0, 2, 2, 2, 2], "any of them may have been begun"
    assert len(list(tmp_path.glob("*.bad"))) == 4 and not list(tmp_path.glob("*.journal"))


def test_a_settled_batch_is_forgotten_and_its_file_serves_the_next(tmp_path: Path) -> None:
    journals = Journals(tmp_path)
    for _ in range(2):
        with journals.opened() as journal:
            journal.leased("push", [Entry(new_uuid(), 1, 0)])
            journal.settled()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b""]


def test_campaigns_leave_threads_free_and_the_most_urgent_call_begins_first() -> None:
    threads, gate, began, turn = Threads(most=3, for_campaigns=2), threading.Event(), [], threading.Lock()
    done = threading.Semaphore(0)

    def call(name: str, *, waits: bool) -> None:
        with turn:
            began.append(name)
        if waits:
            gate.wait(10)
        done.release()

    for nth in range(4):
        threads.submit(2, lambda nth=nth: call(f"campaign {nth}", waits=True))  # type: ignore[misc]
    threads.submit(5, lambda: call("receipt", waits=False))
    assert done.acquire(timeout=5), "the receipt waits behind a campaign"
    assert began.count("receipt") == 1 and len(began) <= 3
    threads.submit(3, lambda: call("campaign, more urgent", waits=True))
    gate.set()
    for _ in range(5):
        assert done.acquire(timeout=5)
    assert began.index("campaign, more urgent") < began.index("campaign 2")


@pytest.mark.parametrize("title", ["停車費明天到期", "很長的標題" * 30])
def test_a_text_message_costs_one_part_and_keeps_its_link(title: str) -> None:
    words = wording.in_one_part(title, "https://my.kcg.gov.tw/app/inbox")
    assert len(words) <= wording.MOST_SMS_CHARACTERS
    assert words.endswith(" https://my.kcg.gov.tw/app/inbox")
