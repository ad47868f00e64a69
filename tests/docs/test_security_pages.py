"""What docs/security says is shown by tests is shown by tests that there are, and no requirement or row is left out."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
TEST = re.compile(r"`(tests/[\w/]+\.py)::(?:(\w+)::)?(\w+)`")
RESULTS = {"met", "met, barely", "in part", "**not met**", "not met", "does not apply"}

# OWASP ASVS 5.0.0: how many requirements each section has, and which of them are of level 3.
SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3,
}  # fmt: skip
LEVEL_3 = {
    "6.3.5", "6.3.6", "6.3.7", "6.3.8", "6.4.5", "6.4.6", "6.5.6", "6.5.7", "6.5.8", "6.6.4", "6.7.1", "6.7.2", "7.5.3",
    "10.2.3", "10.3.5", "10.4.12", "10.4.13", "10.4.14", "10.4.15", "10.4.16",
}  # fmt: skip
ROWS = (1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 24, 30, 31, 34, 35, 38)


@cache
def defined_in(path: Path) -> frozenset[tuple[str | None, str]]:
    """The tests of a file: (class or None, name)."""
    found: set[tuple[str | None, str]] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add((None, node.name))
        elif isinstance(node, ast.ClassDef):
            found |= {(node.name, each.name) for each in node.body if isinstance(each, ast.FunctionDef)}
    return frozenset(found)


def rows_of_asvs() -> list[list[str]]:
    """The rows of the tables of requirements: id, what it asks for, result, how, shown by."""
    text = (ROOT / "docs/security/asvs.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if re.fullmatch(r"\d+\.\d+\.\d+", row[0])]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = TEST.findall(page.read_text())
    missing = [
        "::".join(filter(None, (file, group, name)))
        for file, group, name in named
        if not (ROOT / file).is_file() or (group or None, name) not in defined_in(ROOT / file)
    ]
    assert missing == []


def test_every_requirement_of_levels_one_and_two_has_one_row() -> None:
    asked = {f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)}
    assert len(asked - LEVEL_3) == 89
    ids = [row[0] for row in rows_of_asvs()]
    assert len(ids) == len(set(ids))
    assert asked - LEVEL_3 <= set(ids) <= asked


def test_every_row_says_what_came_of_it_and_whatever_is_met_names_a_test() -> None:
    for number, asks, result, how, shown in rows_of_asvs():
        assert asks and how and result in RESULTS, number
        if result in ("met", "met, barely", "in part"):
            assert TEST.search(shown), number


def test_what_is_not_met_or_met_in_part_is_in_the_first_lines() -> None:
    head = (ROOT / "docs/security/asvs.md").read_text().split("\n## ")[0]
    for number, _, result, _, _ in rows_of_asvs():
        if number not in LEVEL_3 and "met" != result != "met, barely":
            assert re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", head), number


def test_every_row_of_the_attack_list_names_tests_and_every_attack_over_http_is_named() -> None:
    page = (ROOT / "docs/security/attacks.md").read_text()
    sections = {int(number): body for number, body in re.findall(r"^### (\d+)\. (.*?)(?=^##)", page, re.M | re.S)}
    assert tuple(sections) == ROWS
    for number, body in sections.items():
        named = {name for _, _, name in TEST.findall(body)}
        assert any(re.match(rf"test_(row|attack)_{number}_", name) for name in named), number
    over_http = {
        name
        for path in (ROOT / "tests/attacks").glob("test_*.py")
        for _, name in defined_in(path)
        if name[:5] == "test_"
    }
    assert over_http - {name for _, _, name in TEST.findall(page)} == set()
