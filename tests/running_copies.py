"""The running copies that files of tests share, and the order of the files that lets each run no longer than needed.

A copy that nobody uses still takes an eighth of a core for its sweeps. So those who use the same copy come one after
the other, and it ends before the next file that does without; and what takes longest comes first, so that the workers
of a run end together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent
LONGEST: Final = (
    "api/test_fuzz.py", "faults/test_killing.py", "points/exchange/test_matrix.py", "wallet/test_feed_lines.py",
    "wallet/test_bill_batches.py", "faults/test_pushes.py", "bench/test_bench_runs.py", "points/till/test_killed.py",
    "accessibility/test_day.py", "accessibility/rides/test_kills.py",
)  # fmt: skip
"""Files that take more than a quarter of a minute and share no copy, the longest first."""
SHARED: Final = ("running", "stack")
"""The fixtures that are shared copies, in the order in which they are used."""


@dataclass(frozen=True)
class _Kept:
    copy: Any
    end: Callable[[], None]


_kept: Final[dict[str, _Kept]] = {}
_needed_by: Final[defaultdict[Path, set[str]]] = defaultdict(set)


def shared(fixture: str, start: Callable[[], Any], end: Callable[[Any], None]) -> Any:
    """The copy of that name, started now unless it runs already; it ends before the next file that does without."""
    if fixture not in _kept:
        copy = start()
        _kept[fixture] = _Kept(copy, lambda: end(copy))
    return _kept[fixture].copy


def put_in_order(items: list[pytest.Item]) -> None:
    """The longest files first, then those who share a copy side by side, then all that run in this process alone."""
    for item in items:
        _needed_by[item.path] |= set(SHARED) & set(getattr(item, "fixturenames", ()))
    longest = {ROOT / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (longest.get(item.path, len(longest)), _turn(item.path)))


def end_all_but(needed_by: pytest.Item | None) -> None:
    """Only the copies that the file of this test needs go on; without a test, none."""
    needed: set[str] | Sequence[str] = () if needed_by is None else _needed_by[needed_by.path]
    for fixture in _kept.keys() - needed:
        _kept.pop(fixture).end()


def _turn(path: Path) -> int:
    return min((SHARED.index(fixture) for fixture in _needed_by[path]), default=len(SHARED))
