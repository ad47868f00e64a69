"""`mykaohsiung run`: everything on one machine, with progress, until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import urllib3

from api import demo, demo_officers
from api.prepare import prepare
from api.supervisor import Child, import_beforehand
from core import db, embedded
from core.settings import Settings, SettingWrong

_BEHIND_THE_SCENES_NICENESS = 5
_PROGRAMS = ("api.serve", "api.worker", "api.pusher", "celery.bin.celery", "celery.apps.worker", "celery.apps.beat")
_OUTSIDE = "partners.sandbox"


class CannotStart(Exception):
    """Why nothing was started, in one line."""


class _Stop(Exception):
    """Somebody asked us to stop."""


def run(of: Settings) -> None:
    """Start what is not given by DATABASE_URL and BROKER_URL, prepare the database, serve until Ctrl-C or SIGTERM.

    Raises CannotStart when a port or the state folder is taken, or an engine does not start.
    """
    started_at = time.monotonic()
    signal.signal(signal.SIGTERM, _on_signal)
    signal.signal(signal.SIGINT, _on_signal)
    with _state_folder(of.state_dir), _Engines(of) as engines:
        children: list[Child] = []
        try:
            _check_ports(of)
            _clear_metrics(of)
            import_beforehand((_OUTSIDE, *_PROGRAMS) if of.is_demo else _PROGRAMS)
            engines.start()
            environment = _environment(of, engines)
            _step("migrations and reference data", lambda: prepare(engines.database_url))
            if of.is_demo:
                children.append(_child("sandbox", f"{_OUTSIDE}:main", environment, of))
                children[-1].start()
                _step("the sandbox of outside systems", lambda: _wait_for(f"{of.sandbox_url}/openapi.json"))
                _step("the demo city", lambda: demo.load(of, progress=_say))
            officers = demo_officers.table() if of.is_demo else []
            db.database().engine.dispose()
            children += _our_processes(environment, of)
            for child in children:
                if child.process is None:
                    child.start()
            _step("the API", lambda: _wait_for(f"http://127.0.0.1:{of.port}/healthz"))
            _welcome(of, officers, time.monotonic() - started_at)
            while True:
                for child in children:
                    child.look_after(_say)
                engines.look_after(_say)
                time.sleep(0.2)
        except _Stop:
            _say("stopping …")
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            # All of ours are asked at once, and the outside systems last: what is under way there is still answered.
            for child in reversed(children[1:]):
                child.ask_to_end()
            for child in reversed(children):
                child.stop()
    _say("stopped; everything is kept in " + str(of.state_dir))


class _Engines:
    """PostgreSQL and Redis, where they are ours to start."""

    def __init__(self, of: Settings) -> None:
        self.of = of
        self.database_url = of.database_url
        self.broker_url = of.broker_url
        self.postgres: embedded.Postgres | None = None
        self.redis: embedded.Redis | None = None

    def __enter__(self) -> _Engines:
        return self

    def start(self) -> None:
        """Start what is not given."""
        try:
            if self.of.owns_database:
                _step("PostgreSQL 18", self._start_postgres)
            if self.of.owns_broker:
                _step("Redis", self._start_redis)
        except embedded.EngineFailed as failure:
            raise CannotStart(str(failure)) from failure
        db.configure(self.database_url)

    def _start_postgres(self) -> None:
        self.postgres = embedded.start_postgres(self.of.state_dir)
        embedded.make_database(self.postgres, "mykaohsiung")
        self.database_url = self.postgres.url("mykaohsiung")

    def _start_redis(self) -> None:
        port_file = self.of.state_dir / "redis.port"
        port = int(port_file.read_text()) if port_file.exists() and _is_free(int(port_file.read_text())) else None
        self.redis = embedded.start_redis(self.of.state_dir, port=port)
        port_file.write_text(self.redis.url.rsplit(":", 1)[1].split("/")[0])
        self.broker_url = self.redis.url

    def look_after(self, say: object) -> None:
        """Start an engine again that has died."""
        if self.postgres is not None and self.postgres.process.poll() is not None:
            _say("PostgreSQL ended, starting it again")
            try:
                self.postgres = embedded.start_postgres(self.of.state_dir)
            except embedded.EngineFailed as failure:
                _say(f"not yet: {failure}")
                time.sleep(1)
        if self.redis is not None and self.redis.process.poll() is not None:
            _say("Redis ended, starting it again")
            try:
                self._start_redis()
            except embedded.EngineFailed as failure:
                _say(f"not yet: {failure}")
                time.sleep(1)

    def __exit__(self, *_: object) -> None:
        for engine in (self.redis, self.postgres):
            if engine is not None:
                engine.stop()


def _our_processes(environment: dict[str, str], of: Settings) -> list[Child]:
    # On the same few cores, whoever is waiting in front of the phone comes before what is done behind the scenes.
    nicer = _BEHIND_THE_SCENES_NICENESS
    return [
        _child("worker", "api.worker:work", environment, of, niceness=nicer),
        _child("pusher", "api.pusher:main", environment, of, niceness=nicer),
        _child("beat", "api.worker:beat", environment, of, str(of.state_dir / "beat-schedule"), niceness=nicer),
        _child("api", "api.serve:main", environment, of),
    ]


def _child(
    name: str, entry: str, environment: dict[str, str], of: Settings, *arguments: str, niceness: int = 0
) -> Child:
    return Child(name, entry, environment, of.state_dir / f"{name}.log", arguments, niceness)


def _clear_metrics(of: Settings) -> None:
    """An empty folder for the counters of all processes, known before the first of them imports what counts."""
    metrics = of.state_dir / "metrics"
    metrics.mkdir(exist_ok=True)
    for old in metrics.glob("*.db"):
        old.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)


def _environment(of: Settings, engines: _Engines) -> dict[str, str]:
    root = str(Path(__file__).resolve().parent.parent)
    return {
        **os.environ,
        "DATABASE_URL": engines.database_url,
        "BROKER_URL": engines.broker_url,
        "STATE_DIR": str(of.state_dir),
        "PORT": str(of.port),
        "SANDBOX_PORT": str(of.sandbox_port),
        "SANDBOX_PUSH_PORT": str(of.sandbox_push_port),
        "MYKH_DEMO": "1" if of.is_demo else "0",
        "API_URL": f"http://127.0.0.1:{of.port}",
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")])),
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def _state_folder(state_dir: Path) -> Iterator[None]:
    state_dir.mkdir(parents=True, exist_ok=True)
    with open(state_dir / "run.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"{state_dir} is in use by another run: stop it, or set STATE_DIR and PORT") from None
        yield


def _check_ports(of: Settings) -> None:
    ports = [("PORT", of.port)]
    if of.is_demo:
        ports += [("SANDBOX_PORT", of.sandbox_port), ("SANDBOX_PUSH_PORT", of.sandbox_push_port)]
    for name, port in ports:
        if not _is_free(port):
            raise CannotStart(f"{name} {port} is in use by another program: set {name} to a free one")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _wait_for(url: str, *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if urllib3.request("GET", url, timeout=2.0, retries=False).status < 500:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise CannotStart(f"{url} did not answer within {seconds:.0f} s: see the logs in the state folder")


def _step(what: str, do: object) -> None:
    started_at = time.monotonic()
    print(f"  … {what}", end="", flush=True)
    do()  # type: ignore[operator]
    print(f"\r  ✓ {what} ({time.monotonic() - started_at:.1f} s)", flush=True)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _welcome(of: Settings, officers: list[str], seconds: float) -> None:
    print(f"\n  My Kaohsiung 我的高雄 is up after {seconds:.1f} s\n")
    print(f"  API       http://127.0.0.1:{of.port}")
    print(f"  Phone     {of.public_origin}/app     (http://127.0.0.1:{of.port}/app leads there)")
    print(f"  Desk      {of.public_origin}/desk    for the city's officers")
    print(f"  Docs      http://127.0.0.1:{of.port}/docs")
    if of.is_demo:
        print(f"  Library   {of.sandbox_url}/library    a site of the city's that people sign in to")
        print(f"  Sandbox   {of.sandbox_url}      text messages with their codes, switches, books")
        print("\n  Demo people (sign in with ID number and password; the code is on the sandbox's page):")
        for line in demo.table():
            print(f"    {line}")
        print("\n  Demo officers (at the desk, with the code, once; from then on with the passkey):")
        for line in officers:
            print(f"    {line}")
    print("\n  Ctrl-C stops everything.\n", flush=True)


def _on_signal(_signal: int, _frame: FrameType | None) -> None:
    raise _Stop


__all__ = ["CannotStart", "SettingWrong", "run"]
