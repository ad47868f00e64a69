"""Senders of pushes as processes of their own, to be measured and to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent


class Pushers:
    """So many `api.pusher` processes on one database and one state folder; `kill` ends one and starts another."""

    def __init__(self, database_url: str, sandbox_url: str, state_dir: Path, number: int = 1) -> None:
        self.state_dir = state_dir
        self.log = state_dir / "pusher.log"
        self._environment = os.environ | {
            "DATABASE_URL": database_url,
            "SANDBOX_URL": sandbox_url,
            "STATE_DIR": str(state_dir),
            "MYKH_DEMO": "1",
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        self._number = number
        self.log.unlink(missing_ok=True)

    def __enter__(self) -> Pushers:
        for _ in range(self._number):
            self.start()
        wait_until(lambda: self.log.read_text().count(" ready") >= self._number, seconds=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)

    def start(self) -> None:
        """One more."""
        with self.log.open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "api.pusher"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
                )
            )

    def kill(self, nth: int = 0) -> None:
        """kill -9, and another in its place."""
        process = self._processes.pop(nth % len(self._processes))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.start()

    def rss_mib(self) -> float:
        """The memory of the largest of them at this moment (VmRSS)."""
        return max(_status(process.pid, "VmRSS") for process in self._processes) / 1024

    def cpu_seconds(self) -> float:
        """The processor's time that they have taken."""
        ticks = 0
        for process in self._processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def in_doubt(self) -> int:
        """How many calls were in the air at the kills, as the next senders said."""
        lines = [line for line in self.log.read_text().splitlines() if "in doubt" in line]
        return sum(int(line.rsplit(", ", 1)[1].split()[0]) for line in lines)


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def wait_until(what: Callable[[], bool], *, seconds: float, every: float = 0.1) -> float:
    """Seconds until `what()` is true. Raises AssertionError after so many."""
    started_at = time.monotonic()
    while time.monotonic() - started_at < seconds:
        if what():
            return time.monotonic() - started_at
        time.sleep(every)
    raise AssertionError(f"not within {seconds:.0f} s")
