"""Keeping a handful of processes alive: started in order, restarted when one dies, stopped in the reverse order.

On Linux they are forked from one process that has imported the program once and done nothing else (a "fork server"), so
that five of them start in the time of one and share its memory; elsewhere each imports for itself.
"""

from __future__ import annotations

import ctypes
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess, SpawnProcess
from pathlib import Path

from core.settings import settings

_FIRST_RESTART_SECONDS = 0.3
_LAST_RESTART_SECONDS = 5.0
_STEADY_AFTER_SECONDS = 30.0
_IS_LINUX = sys.platform.startswith("linux")
_SET_NAME, _SET_PARENT_DEATH_SIGNAL = 15, 1


def import_beforehand(modules: Sequence[str]) -> None:
    """Begin to import what children will run, in a process of its own beside this one. Their environment must not
    matter to what these modules do when they are imported, or be this process's already."""
    if _IS_LINUX:
        multiprocessing.set_forkserver_preload(["api.fork_server", *modules])
        forkserver.ensure_running()


@dataclass
class Child:
    """One process: which function it runs ("module:function"), with what, where it writes, and how often it had to be
    restarted.

    `niceness` is added to the supervisor's own: 0 to 19, the more the longer it waits for others.
    """

    name: str
    entry: str
    environment: Mapping[str, str]
    log_path: Path
    arguments: Sequence[str] = ()
    niceness: int = 0
    process: ForkServerProcess | SpawnProcess | None = None
    started_at: float = 0.0
    wait_seconds: float = _FIRST_RESTART_SECONDS
    restart_at: float = field(default=0.0)

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        given = (self.name, self.entry, tuple(self.arguments), dict(self.environment), self.log_path, self.niceness)
        if _IS_LINUX:
            self.process = multiprocessing.get_context("forkserver").Process(target=_become, args=given)
        else:
            self.process = multiprocessing.get_context("spawn").Process(target=_become, args=given)
        self.process.start()
        self.started_at = time.monotonic()
        self.restart_at = 0.0
        self.log_path.with_suffix(".pid").write_text(str(self.process.pid))

    def look_after(self, say: Callable[[str], None]) -> None:
        """Restart the process if it has died; waits longer each time that it dies soon."""
        if self.process is not None and not self.process.is_alive():
            if time.monotonic() - self.started_at > _STEADY_AFTER_SECONDS:
                self.wait_seconds = _FIRST_RESTART_SECONDS
            # Whatever the dead process had started still holds its port and its connections.
            _kill_group(self.process.pid)
            say(f"{self.name} ended ({self.process.exitcode}), starting it again; its log: {self.log_path}")
            self.process.close()
            self.process = None
            self.restart_at = time.monotonic() + self.wait_seconds
            self.wait_seconds = min(self.wait_seconds * 2, _LAST_RESTART_SECONDS)
        if self.process is None and time.monotonic() >= self.restart_at:
            self.start()

    def ask_to_end(self) -> None:
        """Ask the process to finish what it is doing, without waiting for it."""
        if self.process is not None and self.process.is_alive():
            self.process.terminate()

    def stop(self) -> None:
        """End the process and whatever it has started: politely, and after ten seconds by force."""
        if self.process is None:
            return
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(10)
        _kill_group(self.process.pid)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.process.close()
        self.process = None
        self.log_path.with_suffix(".pid").unlink(missing_ok=True)


def _kill_group(leader: int | None) -> None:
    try:
        if leader is not None:
            os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _become(
    name: str, entry: str, arguments: tuple[str, ...], environment: dict[str, str], log_path: Path, niceness: int
) -> None:
    """In the new process: leave everything of the supervisor's behind, and run."""
    os.setsid()
    if _IS_LINUX:
        # It is to end when the supervisor is killed, so that nothing is left behind; `ps -o comm` tells who is who.
        libc = ctypes.CDLL(None)
        libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        libc.prctl(_SET_NAME, f"mykh-{name}".encode())
        # What it starts itself goes on from what is imported already (granian's workers).
        multiprocessing.set_start_method("fork", force=True)
    os.nice(niceness)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(environment)
    settings.cache_clear()
    module, _, function = entry.partition(":")
    getattr(importlib.import_module(module), function)(*arguments)
