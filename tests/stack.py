"""The whole product as a newcomer starts it, in a state folder of its own: every process real, every call over HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import psycopg
import urllib3
from citizen import Citizen
from sandbox_process import SandboxBooks, free_port

from core import embedded

ROOT = Path(__file__).resolve().parent.parent
TROUBLE_LINES = 60
# A record of a log begins with its moment; what follows without one belongs to it.
_BEGINS = re.compile(r"\[?\d{4}-\d\d-\d\d[T ]")
_IS_ERROR = re.compile(r"\b(ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback ")


class Stack:
    """One running copy."""

    def __init__(self, state_dir: Path, **environment: str) -> None:
        self.state_dir = state_dir
        self.port, self.sandbox_port, self.sandbox_push_port = free_port(), free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self.api_url = f"http://127.0.0.1:{self.port}"
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self.sandbox = SandboxBooks(self.sandbox_url)
        self.environment = {
            name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL", "MYKH_DEMO")
        } | {
            "STATE_DIR": str(state_dir),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_PUSH_PORT": str(self.sandbox_push_port),
            "ARGON2_MEMORY_KIB": "1024",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Stack:
        """Run `mykaohsiung run` and wait until it says that it is up."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        os.chmod(self.state_dir, 0o755)
        self.output = self.state_dir.parent / f"{self.state_dir.name}.out"
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api", "run"], cwd=ROOT, env=self.environment, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            said = self.output.read_text(errors="replace")
            if "is up after" in said:
                return self
            if self.process.poll() is not None:
                raise RuntimeError(f"the stack did not start:\n{said}\n{self.logs()}")
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the stack was not up in time:\n{said}\n{self.logs()}")

    def stop(self) -> None:
        """Ctrl-C, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def remove(self) -> None:
        """The end of it, and of all that it kept."""
        self.stop()
        embedded.remove_state(self.state_dir)
        self.output.unlink(missing_ok=True)

    def pid(self, name: str) -> int:
        """The process id of api, worker, beat or sandbox."""
        return int((self.state_dir / f"{name}.pid").read_text())

    def wait_until_up(self, *, seconds: float = 30.0) -> None:
        """Wait until the API answers again after having been killed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if urllib3.request("GET", f"{self.api_url}/readyz", timeout=2.0, retries=False).status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the API did not come back:\n{self.logs()}")

    def kill(self, name: str) -> None:
        """kill -9 of a process and all that it started; the supervisor starts it again."""
        try:
            os.killpg(self.pid(name), signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            pass

    def database(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to the product's own database, to look at."""
        return psycopg.connect(self.database_url, autocommit=True)

    @property
    def database_url(self) -> str:
        """Where the product's own database is."""
        url = self.environment.get("DATABASE_URL") or embedded.running_url(self.state_dir)
        assert url is not None
        return url

    def citizen(self) -> Citizen:
        """Somebody with a device of their own, not signed in."""
        return Citizen(self.api_url, self.sandbox_url, origin=self.url)

    def logs(self) -> str:
        """The end of every process's log."""
        parts = []
        for path in sorted(self.state_dir.glob("*.log")):
            parts.append(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}")
        return "\n".join(parts)

    def troubles(self) -> str:
        """The errors of every process's log with their tracebacks: the last `TROUBLE_LINES` lines of each."""
        parts = []
        for path in sorted(self.state_dir.glob("*.log")):
            lines = list(_troubles(path.read_text(errors="replace").splitlines()))[-TROUBLE_LINES:]
            if lines:
                parts += [f"--- {path.name}", *lines]
        return "\n".join(parts)


def troubles_of(fixtures: Mapping[str, object]) -> list[tuple[str, str]]:
    """Of the running copies among a test's fixtures, or behind them, a title and the errors of each that has some."""
    copies = {name: getattr(value, "stack", value) for name, value in fixtures.items()}
    found = {name: copy.troubles() for name, copy in copies.items() if isinstance(copy, Stack)}
    return [(f"errors in the logs of {name}", troubles) for name, troubles in found.items() if troubles]


def _troubles(lines: Iterable[str]) -> Iterator[str]:
    is_trouble = False
    for line in lines:
        is_trouble = _IS_ERROR.search(line) is not None or (is_trouble and _BEGINS.match(line) is None)
        if is_trouble:
            yield line
