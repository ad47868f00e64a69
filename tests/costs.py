"""What each file of tests costs: `make test ARGS="--costs /tmp/costs"`, then `sort -rn /tmp/costs | head -30`.

A line is a file's seconds of processor, those of all processes that it has started included (running copies, databases,
browsers), its seconds by the clock, and its name. Where the clock says much more on a quiet machine, the file waits.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

_TICKS: Final = os.sysconf("SC_CLK_TCK")
# In /proc/<pid>/stat behind the name: the parent, and the four counts of time: own and of children that have ended.
_PARENT, _TIMES = 1, slice(11, 15)


@dataclass(eq=False)
class Costs:
    """Writes a line for each file into `into`, which several processes of one run share."""

    into: Path
    _processor: float = field(default_factory=lambda: processor_seconds(os.getpid()))
    _clock: float = field(default_factory=time.monotonic)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """The end of a file, of whatever it shares with none that follows included."""
        if nextitem is None or nextitem.path != item.path:
            processor, clock = processor_seconds(os.getpid()), time.monotonic()
            name = item.nodeid.partition("::")[0]
            with self.into.open("a") as lines:
                lines.write(f"{processor - self._processor:8.1f} {clock - self._clock:8.1f} {name}\n")
            self._processor, self._clock = processor, clock


def processor_seconds(of: int) -> float:
    """What a process, its children and theirs have used; who outlived the process that started it is not found."""
    parents: dict[int, list[int]] = defaultdict(list)
    used: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(stat.parent.name)
        parents[int(fields[_PARENT])].append(number)
        used[number] = sum(map(int, fields[_TIMES])) / _TICKS
    family = [of]
    for number in family:
        family += parents[number]
    return sum(used.get(number, 0.0) for number in family)
