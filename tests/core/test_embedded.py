"""PostgreSQL and Redis from the wheels: started, found again, stopped, and cleared away after a crash."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from core import embedded


@pytest.fixture
def state_dir() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach, as a checkout under /work is and pytest's folder is not."""
    folder = Path(tempfile.mkdtemp(prefix="mykh-engines-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    embedded.remove_state(folder)
    shutil.rmtree(folder, ignore_errors=True)


def test_what_was_committed_is_there_after_a_crash_and_a_new_start(state_dir: Path) -> None:
    server = embedded.start_postgres(state_dir)
    try:
        assert embedded.make_database(server, "city") is True
        assert embedded.make_database(server, "city") is False
        with psycopg.connect(server.url("city"), autocommit=True) as connection:
            connection.execute("CREATE TABLE note AS SELECT '高雄' AS words")
        assert embedded.running_url(state_dir, "city") == server.url("city")
        server.process.kill()
        server.process.wait()
        server = embedded.start_postgres(state_dir)
        with psycopg.connect(server.url("city")) as connection:
            assert connection.execute("SELECT words FROM note").fetchone() == ("高雄",)
            assert connection.info.server_version >= 180000
    finally:
        server.stop()
    assert embedded.running_url(state_dir, "city") is None
    kept = [state_dir / "postgres", (state_dir / "postgres").resolve(), server.socket_dir]
    assert all(each.exists() for each in kept)
    embedded.remove_state(state_dir)
    assert not any(each.exists() for each in kept)


def test_redis_comes_back_on_its_port_with_what_it_held(state_dir: Path) -> None:
    server = embedded.start_redis(state_dir)
    try:
        port = int(server.url.rsplit(":", 1)[1].split("/")[0])
        with redis.Redis.from_url(server.url) as connection:
            connection.set("key", "value")
        server.stop()
        server = embedded.start_redis(state_dir, port=port)
        with redis.Redis.from_url(server.url) as connection:
            assert connection.get("key") == b"value"
    finally:
        server.stop()


def test_a_redis_that_was_left_behind_is_stopped_before_a_new_one_starts(state_dir: Path) -> None:
    left = embedded.start_redis(state_dir)
    server = embedded.start_redis(state_dir)
    try:
        assert left.process.wait(10) is not None
    finally:
        server.stop()


def test_a_port_in_use_is_said(state_dir: Path, redis_url: str) -> None:
    taken = int(redis_url.rsplit(":", 1)[1].split("/")[0])
    with pytest.raises(embedded.EngineFailed, match=r"Redis stopped at start: see .*redis\.log"):
        embedded.start_redis(state_dir, port=taken)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL a user of its own")
def test_programs_that_its_user_cannot_reach_are_copied_with_their_libraries(tmp_path: Path) -> None:
    wheel = embedded.postgres_binaries().parent.parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, closed / folder.name, symlinks=True, ignore=shutil.ignore_patterns("pginstall"))
    copy = embedded._reachable_by_others(closed / wheel.name)
    try:
        assert not str(copy).startswith(str(closed))
        answer = subprocess.run(
            [copy / "pginstall18" / "bin" / "initdb", "--version"], user=embedded._system_user(), cwd="/",
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "PostgreSQL" in answer.stdout, answer.stderr
    finally:
        shutil.rmtree(copy.parent)
