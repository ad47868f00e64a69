"""The whole product, running in a folder of its own, and what each part of it costs the processors."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core import embedded

ROOT = Path(__file__).resolve().parent.parent
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Product:
    """One running copy: every process real, PostgreSQL durable, on ports of its own."""

    def __init__(self, state_dir: Path, **environment: str) -> None:
        self.state_dir = state_dir
        self.port, self.sandbox_port, self.sandbox_push_port = (embedded.free_port() for _ in range(3))
        self.origin = f"http://localhost:{self.port}"
        unwanted = ("DATABASE_URL", "BROKER_URL", "MYKH_DEMO", "PUBLIC_ORIGIN", "BANK_URL")
        self.environment = {name: value for name, value in os.environ.items() if name not in unwanted} | {
            "STATE_DIR": str(state_dir),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_PUSH_PORT": str(self.sandbox_push_port),
            "MYKH_DEMO": "1",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run `mykaohsiung run` and wait until it says that it is up."""
        output = self.state_dir / "run.out"
        with open(output, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api", "run"], cwd=ROOT, env=self.environment, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 180
        while "is up after" not in output.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SystemExit(f"the product did not start:\n{output.read_text(errors='replace')}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ctrl-C, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def database_url(self) -> str:
        """Where this copy's PostgreSQL answers."""
        return self.url_of("mykaohsiung")

    def url_of(self, name: str) -> str:
        """The address of one database of this copy's server."""
        url = embedded.running_url(self.state_dir, name)
        assert url is not None
        return url

    def pgbench(self, database: str, *options: str) -> str:
        """Run pgbench from the wheel on this copy's server; its report."""
        ran = subprocess.run(
            [embedded.postgres_binaries() / "pgbench", *options, self.url_of(database)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode != 0 or "ERROR" in ran.stderr:
            raise SystemExit(f"pgbench failed: {ran.stderr[-800:]}")
        return ran.stdout

    def pid(self, name: str) -> int:
        """The process id of api, worker, beat or sandbox."""
        return int((self.state_dir / f"{name}.pid").read_text())

    def sandbox_books(self) -> sqlite3.Connection:
        """The outside systems' own books, to look at."""
        return sqlite3.connect(f"file:{self.state_dir / 'sandbox.db'}?mode=ro", uri=True)

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time so far of each part (api, worker, beat, sandbox, postgres, redis) and of this process."""
        assert self.process is not None
        known = {self.pid(name): name for name in ("api", "worker", "beat", "sandbox")}
        stats = list(
            filter(None, (_stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()))
        )
        parents = {pid: parent for pid, _, parent, _ in stats}
        parts = {
            pid: known.get(pid, comm.partition("-")[0]) for pid, comm, parent, _ in stats if parent == self.process.pid
        }
        parents = {pid: parent for pid, _, parent, _ in stats}
        spent: dict[str, float] = {}
        for pid, _, _, ticks in stats:
            part = parts.get(_below(self.process.pid, pid, parents), "load" if pid == os.getpid() else None)
            if part is not None:
                spent[part] = spent.get(part, 0.0) + ticks / _TICKS_PER_SECOND
        return spent


@contextmanager
def product(**environment: str) -> Iterator[Product]:
    """A running copy in a new folder, which is removed afterwards."""
    with state_folder() as folder:
        running = Product(folder, **environment)
        try:
            running.start()
            yield running
        finally:
            running.stop()


@contextmanager
def state_folder() -> Iterator[Path]:
    """A folder on the disk (not in memory: durability is part of what is measured), removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mykh-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reaches(port: int) -> bool:
    """Whether somebody listens on the loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What was spent between two readings of `cpu_seconds`."""
    return {name: after[name] - before.get(name, 0.0) for name in after}


def _below(top: int, pid: int, parents: Mapping[int, int]) -> int:
    """The child of `top` that `pid` descends from; 0 when it does not."""
    while pid and parents.get(pid) != top:
        pid = parents.get(pid, 0)
    return pid


def _stat(pid: int) -> tuple[int, str, int, int] | None:
    """Of a process: id, name, parent, and processor ticks with those of its ended children."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    comm = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return pid, comm, int(fields[1]), sum(int(field) for field in fields[11:15])
