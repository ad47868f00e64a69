"""A copy that files of tests share runs from the first that needs it to the last, and no longer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import running_copies


def item(file: str, *fixtures: str) -> Any:
    return SimpleNamespace(path=running_copies.ROOT / file, fixturenames=list(fixtures))


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The copies of the run itself are left alone."""
    monkeypatch.setattr(running_copies, "_kept", {})


def test_the_longest_come_first_then_who_shares_a_copy_then_all_others() -> None:
    alone, mixed, paying, row = item("a.py"), item("b.py"), item("b.py", "stack"), item("z.py", "city", "running")
    longest = item(running_copies.LONGEST[0])
    items = [alone, mixed, paying, row, longest]
    running_copies.put_in_order(items)
    assert items == [longest, row, mixed, paying, alone]


def test_a_copy_is_started_once_and_ends_before_the_first_file_that_does_without() -> None:
    first, between, last = item("c.py", "stack"), item("c.py"), item("d.py")
    running_copies.put_in_order([first, between, last])
    told: list[str] = []
    for _ in range(2):
        assert running_copies.shared("stack", lambda: told.append("starts") or "it", told.append) == "it"
    running_copies.end_all_but(between)
    assert told == ["starts"]
    running_copies.end_all_but(last)
    assert told == ["starts", "it"]


def test_every_file_that_comes_first_is_there() -> None:
    assert [name for name in running_copies.LONGEST if not Path(running_copies.ROOT / name).is_file()] == []
