"""The words of the pages: each key once, in both languages, and every key that a script names is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ENTRY = re.compile(r'^ {2}"?([A-Za-z0-9_.-]+)"?: \{(.*)$', re.MULTILINE)
_USED = re.compile(r'\bt\("([a-z0-9_]+)"')


def catalogue(folder: Path) -> list[tuple[str, str]]:
    """Key and the rest of its line, over all files of texts."""
    return [entry for file in sorted(folder.glob("texts*.js")) for entry in _ENTRY.findall(file.read_text())]


@pytest.mark.parametrize(
    "folder",
    [
        ROOT / "mobile_mock" / "static",
        *(ROOT / "consoles" / name for name in ("static", "till_static", "driver_static")),
    ],
    ids=["phone", "desk", "till", "driver"],
)
class TestTexts:
    def test_a_key_stands_in_one_place_alone(self, folder: Path) -> None:
        often = [key for key, count in Counter(key for key, _ in catalogue(folder)).items() if count > 1]
        assert often == []

    def test_every_text_is_there_in_both_languages(self, folder: Path) -> None:
        entries = catalogue(folder)
        assert len(entries) > 100
        one_line = [(key, rest) for key, rest in entries if rest.rstrip().endswith("},")]
        assert [key for key, rest in one_line if "zh:" not in rest or "en:" not in rest] == []

    def test_every_key_that_a_script_names_is_there(self, folder: Path) -> None:
        known = {key for key, _ in catalogue(folder)}
        used = {key for file in (folder / "js").rglob("*.js") for key in _USED.findall(file.read_text())}
        assert sorted(used - known) == []
