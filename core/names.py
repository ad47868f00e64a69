"""Names of people: real ones are welcome, whatever could pass for somebody else's is not.

Which scripts may stand beside each other is the "highly restrictive" level of UTS #39 §5.2: one script alone, or Latin
with Han and one of Bopomofo, Kana and Hangul. So a Latin name with one Cyrillic letter in it is refused, and a Han name
beside its romanised form is not.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from marshmallow import ValidationError, fields

LONGEST = 60
"""Characters; the longest names on identity cards (indigenous names beside their romanised form) have about 40."""

# The dot between the parts of an indigenous or foreign name, as different keyboards and registers write it.
_DOTS = dict.fromkeys(map(ord, "‧•・．∙⋅"), "·")
_MARKS = frozenset(" ·-'’.,")
_ALLOWED_TOGETHER = (
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
_MOST_COMBINING = 2


class NameRefused(ValueError):
    """A text that is no name, or could pass for another: the message says what is wrong with it."""


def checked_name(text: str) -> str:
    """The name as it is kept: NFC, one kind of dot (·), single spaces, none at the ends.

    Raises NameRefused: empty, longer than LONGEST characters, with invisible, control, private-use or unassigned
    characters, with digits or symbols, or of scripts that are not written together.
    """
    name = " ".join(unicodedata.normalize("NFC", text).translate(_DOTS).split(" ")).strip()
    while "  " in name:
        name = name.replace("  ", " ")
    if not name:
        raise NameRefused("is empty")
    if len(name) > LONGEST:
        raise NameRefused(f"is longer than {LONGEST} characters")
    scripts: set[str] = set()
    combining = 0
    for character in name:
        combining = combining + 1 if unicodedata.category(character) == "Mn" else 0
        if combining > _MOST_COMBINING:
            raise NameRefused("has more marks on one letter than any name")
        if character in _MARKS or combining:
            continue
        scripts.add(_script_of(character))
    if not scripts:
        raise NameRefused("has no letter")
    if len(scripts) > 1 and not any(scripts <= together for together in _ALLOWED_TOGETHER):
        raise NameRefused("mixes scripts that are not written together")
    return name


class PersonName(fields.String):
    """A person's name in JSON, as `checked_name` keeps it."""

    def __init__(self, **declaration: Any) -> None:
        about = {"description": f"a person's name, at most {LONGEST} characters", **declaration.pop("metadata", {})}
        super().__init__(metadata=about, **declaration)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        try:
            return checked_name(text)
        except NameRefused as refused:
            raise ValidationError(str(refused)) from None


def _script_of(character: str) -> str:
    """The script of a letter. Raises NameRefused for whatever is no letter."""
    # Planes 2 and 3 hold nothing but Han, more of it than this Python's table of characters knows.
    if 0x20000 <= ord(character) <= 0x3FFFD:
        return "HAN"
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") or category.startswith("Z"):
        raise NameRefused("has a character that cannot be seen")
    if not category.startswith("L"):
        raise NameRefused(f"has {character!r}, which is no letter")
    first, _, _ = unicodedata.name(character, "").partition(" ")
    if first in ("CJK", "IDEOGRAPHIC"):
        return "HAN"
    if first in ("FULLWIDTH", "HALFWIDTH"):
        raise NameRefused(f"has {character!r}: please write it in its usual width")
    return first
