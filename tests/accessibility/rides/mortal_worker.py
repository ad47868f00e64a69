"""The rides' worker in a process of its own that is killed (SIGKILL) at a chosen moment: right before or right after its
n-th call to a fleet, or right before its n-th commit. Each piece of work is done by a copy (`fork`) of one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.points.exchange.mortal_worker import MortalWorker, kill_oneself

_ROOT = Path(__file__).resolve().parents[3]


def start_worker(sandbox: str) -> MortalWorker:
    """One whose fleets are at that sandbox."""
    process = subprocess.Popen(
        [sys.executable, __file__], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": f"{_ROOT}:{_ROOT / 'tests'}"},
    )  # fmt: skip
    return MortalWorker(process, sandbox)


def serve() -> None:
    """Read pieces of work, have each done by a copy, and say how the copy ended."""
    from tests.accessibility.rides import city  # noqa: F401 - imported once, before any copy is made

    for line in sys.stdin:
        copy = os.fork()
        if copy == 0:
            _live(json.loads(line))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)


def _live(asked: dict[str, Any]) -> None:
    from sandbox_process import SandboxBooks
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    from accessibility.rides import saga
    from core import db
    from tests.accessibility.rides.city import FLEETS, RideCity

    number, when = asked["moment"]
    db.configure(asked["url"], connections=3)
    town = RideCity(SandboxBooks(asked["sandbox"]), datetime.fromisoformat(asked["work"]["at"]), end=kill_oneself)
    town.plug(*FLEETS)
    if when == "commit":
        left = [number]

        @event.listens_for(Session, "before_commit")
        def dies_at_commit(_: Session) -> None:
            left[0] -= 1
            if left[0] == 0:
                kill_oneself()

    else:
        town.death = (number, when)
    saga.drive(UUID(asked["work"]["booking"]), town.now)


if __name__ == "__main__":
    serve()
