"""What `pip install .` takes along: every module, and every file that a module reads."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
FIND = SETUPTOOLS["packages"]["find"]
ROOMS = sorted({pattern.split(".")[0] for pattern in FIND["include"]})


def _is_package(name: str) -> bool:
    matches = [any(fnmatchcase(name, pattern) for pattern in FIND[key]) for key in ("include", "exclude")]
    return matches == [True, False]


def test_every_module_is_in_a_package_that_is_taken_along() -> None:
    modules = [path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    assert [path for path in modules if not _is_package(".".join(path.parent.parts))] == []


def test_every_other_file_is_taken_along_as_data() -> None:
    taken = {
        path
        for package, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    others = {
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert others - taken == set()


def test_every_room_is_named() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"}
    assert rooms - set(ROOMS) == set()
