"""The worker in a process of its own that is killed (SIGKILL) at a chosen moment of one piece of work.

One process for all tests: it has everything imported, and each piece of work is done by a copy of it (`fork`), with
connections of its own. A copy dies right before or right after its n-th call outside, or right before its n-th commit.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

_ROOT = Path(__file__).resolve().parents[3]
When = Literal["before", "after", "commit"]


@dataclass
class MortalWorker:
    """The process, as tests hold it."""

    process: subprocess.Popen[str]
    sandbox: str

    def dies(self, url: str, job: str, moment: tuple[int, When], **work: str) -> bool:
        """Have a copy do that work on the database at `url`; True where it was killed, False where it lived."""
        assert self.process.stdin is not None and self.process.stdout is not None
        asked = {"url": url, "sandbox": self.sandbox, "job": job, "moment": moment, "work": work}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        ended = int(self.process.stdout.readline())
        assert ended in (0, -signal.SIGKILL), f"{job} {work}: the copy ended with {ended}"
        return ended != 0

    def stop(self) -> None:
        """Ends it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)


def start_worker(sandbox: str) -> MortalWorker:
    """One whose outside systems are at that sandbox."""
    process = subprocess.Popen(
        [sys.executable, __file__], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": f"{_ROOT}:{_ROOT / 'tests'}"},
    )  # fmt: skip
    return MortalWorker(process, sandbox)


def kill_oneself() -> None:
    """As kill -9 does: nothing that comes after in this process happens."""
    os.kill(os.getpid(), signal.SIGKILL)


def serve() -> None:
    """Read pieces of work, have each done by a copy, and say how the copy ended."""
    from tests.points.exchange import city  # noqa: F401 - imported once, before any copy is made

    for line in sys.stdin:
        copy = os.fork()
        if copy == 0:
            _live(json.loads(line))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)


def _live(asked: dict[str, Any]) -> None:
    from exchange_partners import peer
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    from core import db
    from points.exchange import files, nettings, ports, saga
    from points.merchants import bank_days, payouts
    from points.merchants import ports as bank_ports
    from tests.points.exchange.city import CLIENTS, Mortal
    from tests.points.merchants.city import put_the_bank_behind

    number, when = asked["moment"]
    work, sandbox = asked["work"], asked["sandbox"]
    db.configure(asked["url"], connections=3)
    if when == "commit":
        left = [number]

        @event.listens_for(Session, "before_commit")
        def dies_at_commit(_: Session) -> None:
            left[0] -= 1
            if left[0] == 0:
                kill_oneself()

    at = datetime.fromisoformat(work["at"])
    if asked["job"] in ("payouts", "bank_days"):
        from sandbox_process import SandboxBooks

        nettings.register()
        put_the_bank_behind(SandboxBooks(sandbox))
        behind = bank_ports.ports()
        bank = Mortal(behind.payer.bank, end=kill_oneself)
        bank.die((number, when))
        bank_ports.plug_in(replace(behind, payer=replace(behind.payer, bank=bank)))
        (payouts.send_due if asked["job"] == "payouts" else bank_days.fetch_days)(at)
        return
    code = work["partner"]
    mortal = Mortal(CLIENTS[code](peer(sandbox, code, read_timeout_seconds=30.0)), end=kill_oneself)
    mortal.die((number, when))
    ports.plug_in({code: mortal})
    if asked["job"] == "drive":
        saga.drive(UUID(work["exchange"]), now=at, is_first=True)
    elif asked["job"] == "sweep":
        saga.drive_due(at)
    else:
        files.work(at)


if __name__ == "__main__":
    serve()
