"""What is seen of a running copy when a test of it fails: the errors of its logs, with their tracebacks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from stack import TROUBLE_LINES, Stack, troubles_of

API = """2026-11-21 10:00:00,000 WARNING mykaohsiung: slow
[2026-11-21 10:00:01 +0000] [12] [ERROR] Exception on /v1/duty/alerts [GET]
Traceback (most recent call last):
  File "/front_door.py", line 80, in view
    raise
psycopg.errors.DeadlockDetected: deadlock detected
DETAIL:  Process 1 waits for 2.
2026-11-21 10:00:02,000 WARNING mykaohsiung: all is well again
"""


def _copy(state_dir: Path) -> Stack:
    (state_dir / "api.log").write_text(API)
    (state_dir / "beat.log").write_text("2026-11-21 10:00:00,000 WARNING beat: nothing\n")
    (state_dir / "worker.log").write_text("2026-11-21 10:00:00,000 ERROR worker: failed\n" * 100)
    return Stack(state_dir)


def test_errors_are_shown_with_their_tracebacks_and_nothing_else(tmp_path: Path) -> None:
    api, worker = _copy(tmp_path).troubles().split("--- worker.log\n")
    assert api.splitlines() == ["--- api.log", *API.splitlines()[1:-1]]
    assert len(worker.splitlines()) == TROUBLE_LINES


def test_copies_are_found_among_a_test_s_fixtures_and_behind_them(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    running, silent = _copy(tmp_path), Stack(tmp_path / "other")
    fixtures = {"city": SimpleNamespace(stack=running), "stack": running, "silent": silent, "number": 1}
    titles = [title for title, _ in troubles_of(fixtures)]
    assert titles == ["errors in the logs of city", "errors in the logs of stack"]
