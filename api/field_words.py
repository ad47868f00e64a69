"""What is wrong with one member of a request, in the caller's language: the sentences of the schema library, said so
that a person knows what to send instead."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from core.text import Language, Text

_MOST_LETTERS: Final = 300
_WITH_OFFSET: Final = Text(
    "要寫成存在的日期和時間，並帶時差，例如 2026-12-01T09:00:00+08:00。",
    "Not a valid moment: write a day that exists, a time and its offset, such as 2026-12-01T09:00:00+08:00.",
)
_SENTENCES: Final[tuple[tuple[str, Text], ...]] = (
    (r"Missing data for required field\.", Text("這一欄必填。", "Missing data for required field.")),
    (r"Unknown field\.", Text("沒有這一欄，請刪除或檢查拼字。", "Unknown field: remove it, or look at its spelling.")),
    (r"unknown parameter", Text("沒有這個參數。", "unknown parameter")),
    (r"sent more than once", Text("送了不只一次。", "sent more than once")),
    (r"Field may not be null\.", Text("不可為 null。", "Field may not be null.")),
    (r"Not a valid (?:aware )?datetime\.", _WITH_OFFSET),
    (r"Not a valid date\.", Text("要寫成存在的日期，例如 2026-12-01。", "Not a valid date: write it as 2026-12-01.")),
    (r"Not a valid time\.", Text("要寫成時刻，例如 09:30。", "Not a valid time: write it as 09:30.")),
    (
        r"Not a valid integer\.",
        Text("要是整數，例如 2（不加引號）。", "Not a whole number, such as 2 without quotes."),
    ),
    (r"Not a valid number\.", Text("要是數字。", "Not a valid number.")),
    (r"Not a valid boolean\.", Text("要是 true 或 false。", "Not a valid boolean: true or false.")),
    (r"Not a valid (?:utf-8 )?string\.", Text("要是文字。", "Not a valid string.")),
    (r"Not a valid list\.", Text("要是陣列。", "Not a valid list.")),
    (r"Not a valid UUID\.", Text("不是有效的 UUID。", "Not a valid UUID.")),
    (r"Not a valid (?:URL|email address)\.", Text("格式不正確。", "Not a valid address.")),
    (
        r"(?:Invalid input type|Invalid type|Not a valid mapping type)\.",
        Text("型別不對，這裡要是 JSON 物件。", "Wrong type: a JSON object belongs here."),
    ),
    (r"Must be one of: (?P<choices>.*)\.", Text("只能是：{choices}。", "Must be one of: {choices}.")),
    (r"Must be equal to (?P<one>.*)\.", Text("只能是 {one}。", "Must be equal to {one}.")),
    (
        r"Length must be between (?P<least>\d+) and (?P<most>\d+)\.",
        Text("長度（字數或筆數）要在 {least} 到 {most} 之間。", "Length must be between {least} and {most}."),
    ),
    (r"Length must be (?P<one>\d+)\.", Text("長度要正好是 {one}。", "Length must be {one}.")),
    (r"Shorter than minimum length (?P<least>\d+)\.", Text("太短，至少 {least}。", "Shorter than {least}.")),
    (r"Longer than maximum length (?P<most>\d+)\.", Text("太長，最多 {most}。", "Longer than {most}.")),
    (
        r"Must be greater than or equal to (?P<least>\S+) and less than or equal to (?P<most>\S+)\.",
        Text("要在 {least} 到 {most} 之間。", "Must be from {least} to {most}."),
    ),
    (r"Must be greater than or equal to (?P<least>\S+)\.", Text("至少是 {least}。", "Must be {least} or more.")),
    (r"Must be less than or equal to (?P<most>\S+)\.", Text("最多是 {most}。", "Must be {most} or less.")),
    (r"Must be greater than (?P<least>\S+)\.", Text("要大於 {least}。", "Must be greater than {least}.")),
    (r"Must be less than (?P<most>\S+)\.", Text("要小於 {most}。", "Must be less than {most}.")),
    (r"String does not match expected pattern\.", Text("格式不正確。", "Not of the form that is documented.")),
    (r"Number too large\.", Text("數字太大。", "Number too large.")),
    (
        r"Special numeric values \(nan or infinity\) are not permitted\.",
        Text("不接受 NaN 或無限大。", "NaN and infinity are not accepted."),
    ),
    (r"U\+0000 is not accepted", Text("不接受 U+0000 字元。", "U+0000 is not accepted")),
    (r"not a cursor that this list gave out", Text("不是這份清單給的 cursor。", "not a cursor of this list")),
)


def in_words(detail: str | Text, language: Language) -> str:
    """`detail` for a person who reads `language`; a sentence that nobody has put into words stays as it is."""
    if isinstance(detail, str):
        detail = next((said for pattern, words in _compiled() if (said := _said(pattern, words, detail))), detail)
    return (detail.in_language(language) if isinstance(detail, Text) else detail)[:_MOST_LETTERS]


def _said(pattern: re.Pattern[str], words: Text, detail: str) -> Text | None:
    found = pattern.fullmatch(detail)
    return None if found is None else words.format(**found.groupdict())


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], Text], ...]:
    return tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _SENTENCES)
