"""What the documentation points at is there, and every page of it is pointed at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("[a-z]*/**/*.md"))
    if "tests" not in path.relative_to(ROOT).parts
)
ROOMS = "api|bench|consoles|core|docs|identity|ledger|migrations|mobile_mock|notify|partners|points|tests|tools|wallet"
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
NAMED_FILE = re.compile(rf"`((?:{ROOMS})/[\w./-]+\.(?:py|md|js|sh|svg))`")
MAKE = re.compile(r"(?:`|^ {4})make ([a-z-]+)", re.MULTILINE)
PYTEST = re.compile(r"pytest (tests/[\w/.]+)(?: -k (\w+))?")


def _links(page: Path) -> list[str]:
    found = [markdown or html for markdown, html in LINK.findall(page.read_text())]
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def _target(page: Path, link: str) -> Path:
    path = link.partition("#")[0]
    return (page.parent / path).resolve() if path else page


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    """Each page in turn."""
    path: Path = request.param
    return path


def test_every_link_leads_somewhere_in_this_repository(page: Path) -> None:
    for link in _links(page):
        target = _target(page, link)
        assert target.exists() and target.is_relative_to(ROOT), link
        _, _, anchor = link.partition("#")
        assert not anchor or anchor in _anchors(target), link


def test_every_file_that_is_named_exists(page: Path) -> None:
    assert [name for name in NAMED_FILE.findall(page.read_text()) if not (ROOT / name).is_file()] == []


def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(MAKE.findall(page.read_text())) - targets == set()


def test_every_choice_of_tests_that_is_named_chooses_some(page: Path) -> None:
    for place, word in PYTEST.findall(page.read_text()):
        path = ROOT / place
        assert path.exists(), place
        files = [path] if path.is_file() else list(path.rglob("test_*.py"))
        assert any(word in file.name or re.search(rf"(?:def|class) \w*{word}", file.read_text()) for file in files), (
            word
        )


def test_every_page_is_linked_from_another() -> None:
    linked = set()
    for page in PAGES:
        for link in _links(page):
            target = _target(page, link)
            linked.add(target / "README.md" if target.is_dir() else target)
    alone = [page for page in (ROOT / "docs").rglob("*.md") if page.resolve() not in linked]
    assert alone == []
