"""Keeping a handful of processes alive: started in order, restarted when one dies, stopped in the reverse order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_FIRST_RESTART_SECONDS = 0.3
_LAST_RESTART_SECONDS = 5.0
_STEADY_AFTER_SECONDS = 30.0


@dataclass
class Child:
    """One process: what to run, where it writes, and how often it had to be restarted.

    `niceness` is added to the supervisor's own: 0 to 19, the more the longer it waits for others.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_path: Path
    niceness: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    wait_seconds: float = _FIRST_RESTART_SECONDS
    restart_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command, env=dict(self.environment), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True, preexec_fn=_before_exec(self.niceness),
            )  # fmt: skip
        self.started_at = time.monotonic()
        self.restart_at = 0.0
        self.log_path.with_suffix(".pid").write_text(str(self.process.pid))

    def look_after(self, say: Callable[[str], None]) -> None:
        """Restart the process if it has died; waits longer each time that it dies soon."""
        if self.process is not None and self.process.poll() is not None:
            if time.monotonic() - self.started_at > _STEADY_AFTER_SECONDS:
                self.wait_seconds = _FIRST_RESTART_SECONDS
            # Whatever the dead process had started still holds its port and its connections.
            _kill_group(self.process.pid)
            say(f"{self.name} ended ({self.process.returncode}), starting it again; its log: {self.log_path}")
            self.process = None
            self.restart_at = time.monotonic() + self.wait_seconds
            self.wait_seconds = min(self.wait_seconds * 2, _LAST_RESTART_SECONDS)
        if self.process is None and time.monotonic() >= self.restart_at:
            self.start()

    def ask_to_end(self) -> None:
        """Ask the process to finish what it is doing, without waiting for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        """End the process and whatever it has started: politely, and after ten seconds by force."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        _kill_group(self.process.pid)
        self.process.wait()
        self.process = None
        self.log_path.with_suffix(".pid").unlink(missing_ok=True)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _before_exec(niceness: int) -> Callable[[], None]:
    """What a child does before it becomes the program. On Linux it is to end when the supervisor is killed, so that
    nothing is left behind."""
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    set_parent_death_signal = 1

    def before_exec() -> None:
        if libc is not None:
            libc.prctl(set_parent_death_signal, signal.SIGTERM)
        os.nice(niceness)

    return before_exec
