"""`mykaohsiung run`: how its processes stand to each other."""

from __future__ import annotations

import os

from stack import Stack


def test_worker_and_beat_let_the_api_go_first(stack: Stack) -> None:
    assert stack.process is not None
    ordinary = os.getpriority(os.PRIO_PROCESS, stack.process.pid)
    nice = {name: os.getpriority(os.PRIO_PROCESS, stack.pid(name)) for name in ("api", "sandbox", "worker", "beat")}
    behind = min(ordinary + 5, 19)
    assert nice == {"api": ordinary, "sandbox": ordinary, "worker": behind, "beat": behind}
