"""Words for people, in the two languages of the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh-TW", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-TW", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One human text in traditional Chinese and in English."""

    zh: str
    en: str

    def format(self, **values: object) -> Text:
        """The same text with its `{fields}` filled in, in both languages; a Text among them in its own."""
        chinese = {name: value.zh if isinstance(value, Text) else value for name, value in values.items()}
        english = {name: value.en if isinstance(value, Text) else value for name, value in values.items()}
        return Text(self.zh.format(**chinese), self.en.format(**english))

    def in_language(self, language: str) -> str:
        """The wording for `language`; anything that is not English reads Chinese."""
        return self.en if language.startswith("en") else self.zh


def chosen_language(accept_language: str | None) -> Language:
    """The supported language that an `Accept-Language` header prefers (RFC 9110 §12.5.4); zh-TW when it names none."""
    best: tuple[float, Language] = (0.0, "zh-TW")
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        quality_text = parameter.strip().removeprefix("q=") or "1"
        try:
            quality = float(quality_text)
        except ValueError:
            continue
        language: Language | None = "en" if tag.lower().startswith("en") else None
        if tag.lower().startswith("zh"):
            language = "zh-TW"
        if language is not None and quality > best[0]:
            best = (quality, language)
    return best[1]
