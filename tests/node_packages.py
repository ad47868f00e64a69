"""Independent OpenID software from the npm registry, run by Node; where there is none, the test says so and skips."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"
_LEAST_VERSION = 20


@cache
def node() -> str:
    """The Node to run scripts of tests/node with, its packages installed as the lock says. Skips without it."""
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        pytest.skip("no node or npm on this machine")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < _LEAST_VERSION:
        pytest.skip(f"node {version.strip()} is older than {_LEAST_VERSION}")
    # Several processes of one run may come here at once.
    with open(FOLDER / "package.json") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = subprocess.run(
            ["sh", str(FOLDER.parents[1] / "tools" / "node_packages.sh")], capture_output=True, text=True
        )
    if installed.returncode != 0:
        pytest.skip(f"npm ci did not succeed: {installed.stderr.strip()[-200:]}")
    return program
