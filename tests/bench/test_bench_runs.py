"""The benches do not rot: a short one runs, and what it finds out about the books holds.

CI runs the short variants of the others beside the tests (`.ci/run`): they load the machine on purpose.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import Row

ROOT = Path(__file__).resolve().parents[2]


def test_the_short_bench_runs_and_prints_its_rows() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "payments", "--quick"],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    table = ran.stdout.rpartition("met\n")[2].splitlines()
    assert table and all(line.startswith("payments") for line in table), ran.stdout
    assert "the bank debited each payment once" in ran.stdout


@pytest.mark.parametrize(
    ("ratio", "aim", "is_at_most", "verdict"),
    [
        (1.2, 1.0, False, "yes"),
        (0.9, 1.0, False, "NO"),
        (1.2, 1.5, True, "yes"),
        (1.6, 1.5, True, "NO"),
        (3, None, False, "–"),
    ],
)
def test_an_aim_is_met_or_it_says_so(ratio: float, aim: float | None, is_at_most: bool, verdict: str) -> None:
    assert Row("ledger", "", "", "", ratio, aim, is_at_most).verdict == verdict
