"""How a campaign will look on a lock screen, before anybody has it."""

from __future__ import annotations

from dataclasses import dataclass

from core.text import LANGUAGES, Language
from notify.campaigns import schedules, words
from notify.campaigns.campaigns import Campaign

LINE_COLUMNS, MOST_LINES = 40, 4
"""What a phone held upright shows of a notification before it is unfolded."""
_SAMPLES = {
    "zh-TW": {"count": "2", "total": "1,260", "due": "115年11月24日", "days": "3"},
    "en": {"count": "2", "total": "1,260", "due": "2026-11-24", "days": "3"},
}


@dataclass(frozen=True, slots=True)
class Preview:
    """The whole words in one language, and the lines of them that a lock screen shows. Fields that an event fills in
    show a sample."""

    language: Language
    title: str
    body: str
    link: str
    shown_title: str
    shown_lines: tuple[str, ...]


def previews_of(campaign: Campaign) -> list[Preview]:
    """The campaign in each language."""
    said = campaign.said
    found = []
    for language in LANGUAGES:
        sampled = {name: _SAMPLES[language][name] for name in schedules.fields_of(campaign.planned)}
        values = {**sampled, **said.fields}
        title = words.filled(said.title.in_language(language), values)
        body = words.filled(said.body.in_language(language), values)
        found.append(Preview(language, title, body, said.link, _cut(title, LINE_COLUMNS), _lines(body)))
    return found


def _lines(body: str) -> tuple[str, ...]:
    """The body broken as a phone breaks it: Han between any two characters, Latin between words; cut after the last
    line that is shown."""
    lines: list[str] = []
    for paragraph in body.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and words.columns(line + piece.rstrip()) > LINE_COLUMNS:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        lines.append(line.rstrip())
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    return (*lines[: MOST_LINES - 1], _cut(lines[MOST_LINES - 1] + "…", LINE_COLUMNS))


def _pieces(paragraph: str) -> list[str]:
    pieces: list[str] = []
    for character in paragraph:
        is_of_a_word = character.isascii() and not character.isspace()
        if pieces and is_of_a_word and pieces[-1][-1].isascii() and not pieces[-1][-1].isspace():
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _cut(line: str, columns: int) -> str:
    if words.columns(line) <= columns:
        return line
    while line and words.columns(line) > columns - 1:
        line = line[:-1]
    return line.rstrip("…") + "…"
