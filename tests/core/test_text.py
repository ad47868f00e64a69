"""Words in two languages, and which of them a caller wants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import LANGUAGES, Text, chosen_language

HELLO = Text("您好，{name}", "Hello {name}")


def test_a_text_is_filled_in_for_both_languages_at_once() -> None:
    greeting = HELLO.format(name=Text("小美", "Mei"))
    assert greeting == Text("您好，小美", "Hello Mei")
    assert HELLO.format(name=7).en == "Hello 7"


def test_whatever_is_not_english_reads_chinese() -> None:
    assert [HELLO.in_language(language)[0] for language in ("zh-TW", "zh", "fr", "", "en", "en-GB")] == list(
        "您您您您HH"
    )


@pytest.mark.parametrize(
    ("header", "language"),
    [(None, "zh-TW"), ("*", "zh-TW"), ("en", "en"), ("EN-us", "en"), ("zh, en", "zh-TW"), ("en, zh", "en"),
     ("zh;q=0.2, en;q=0.3", "en"), ("en;q=0, zh;q=0.001", "zh-TW"), ("de, en;q=0.1", "en"), ("en;q=nan", "zh-TW"),
     ("en ; q=0.5 , zh;q=0.4", "en")],
)  # fmt: skip
def test_the_language_preferred_most_wins(header: str | None, language: str) -> None:
    assert chosen_language(header) == language


@given(st.text(max_size=200))
def test_no_header_breaks_the_choice(header: str) -> None:
    assert chosen_language(header) in LANGUAGES
