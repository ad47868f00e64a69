"""Make a virtual environment on a Debian whose python3 came without ensurepip: pip is fetched as a wheel would be.

Usage: python3 make_venv.py FOLDER
"""

from __future__ import annotations

import subprocess
import sys
import venv


def main(folder: str) -> int:
    """Make `folder` without pip, then give it pip from an installed `pip` or `virtualenv`, whichever is there."""
    venv.create(folder, with_pip=False, clear=True)
    python = f"{folder}/bin/python"
    for attempt in (
        [sys.executable, "-m", "virtualenv", "--clear", folder],
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "pip"],
    ):
        if subprocess.run(attempt, capture_output=True, check=False).returncode == 0:
            return 0
    sys.stderr.write("mykaohsiung: this Python cannot make virtual environments: sudo apt-get install python3-venv\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
