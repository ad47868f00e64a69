"""A pass makes room after a few seconds, and the next one goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock
from notify import passes
from notify.campaigns import runs, withdrawals
from notify.cap.decisions import decide_due
from tests.notify.campaigns.conftest import Desk, People, rows

MANY = 120


@pytest.fixture(autouse=True)
def a_chunk_for_each_pass(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passes, "PASS_SECONDS", 0.0)
    monkeypatch.setattr(runs, "CHUNK", 40)
    monkeypatch.setattr(withdrawals, "CHUNK", 50)
    yield


def _awake(people: list[Any]) -> None:
    rows(
        "INSERT INTO notify.preference (person_id, quiet_from, quiet_until, updated_at) "
        "SELECT p, '00:00', '00:00', now() FROM unnest(CAST(:people AS uuid[])) AS p",
        people=people,
    )


def _passes_until(done: str, do: Any, now: datetime) -> int:
    for nth in range(1, 20):
        do(now)
        if rows(done):
            return nth
    raise AssertionError(f"never: {done}")


def test_an_audience_is_found_over_several_passes(desk: Desk, people: People) -> None:
    _awake(people(desk.topic_id, MANY))
    desk.approved()
    found = _passes_until("SELECT 1 FROM notify.run WHERE status = 'deciding'", runs.start_due, clock.now())
    assert found >= 3 and len(rows("SELECT run_id FROM notify.candidate")) == MANY


def test_a_recall_goes_on_both_times_where_the_last_pass_stopped(desk: Desk, people: People) -> None:
    _awake(people(desk.topic_id, MANY))
    campaign = desk.approved()
    now = clock.now()
    _passes_until("SELECT 1 FROM notify.run WHERE status = 'deciding'", runs.start_due, now)
    _passes_until("SELECT 1 FROM notify.run WHERE status = 'done'", decide_due, now + timedelta(seconds=20))
    desk.editor.call("POST", f"{desk.at(campaign)}/recall", {"reason": "日期寫錯了"})
    later = clock.now() + timedelta(seconds=1)
    first = _passes_until(
        "SELECT 1 FROM notify.run WHERE withdrawn_to = 'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        withdrawals.withdraw_stopped, later,
    )  # fmt: skip
    assert first == 3 and rows("SELECT id FROM notify.message WHERE recalled_at IS NULL") == []
    # A decision that was in hand at the moment of the stop has committed meanwhile, for the last of them.
    rows("UPDATE notify.message SET recalled_at = NULL WHERE person_id = "
         "(SELECT person_id FROM notify.message ORDER BY person_id DESC LIMIT 1)")  # fmt: skip
    second = _passes_until(
        "SELECT 1 FROM notify.run WHERE withdrawn_at IS NOT NULL", withdrawals.withdraw_stopped,
        later + timedelta(seconds=120),
    )  # fmt: skip
    assert second == 3 and rows("SELECT id FROM notify.message WHERE recalled_at IS NULL") == []
