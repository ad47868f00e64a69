"""What the desk says in Chinese of a refused message: every rule that words, areas and times can break has words there."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import clock
from notify.campaigns.audiences import TopicRules, read_audience
from notify.campaigns.errors import CampaignRefused
from notify.campaigns.schedules import read_schedule
from notify.campaigns.words import read_content

TABLE = Path(__file__).resolve().parents[2] / "consoles" / "static" / "js" / "refusal_words.js"
RULES = [
    re.compile(rule.replace("\\/", "/")) for rule in re.findall(r"^  \[/(.+)/, \"", TABLE.read_text(), re.MULTILINE)
]


def content(**words: Any) -> dict[str, Any]:
    zh, en = {"title": "標題", "body": "內文"}, {"title": "Title", "body": "Text"}
    zh |= {name: value for name, value in words.items() if name in zh}
    return {"zh": zh, "en": en | words.get("en", {}), "link": words.get("link", "/app"), "fields": {}}


CONTENTS = (
    content(title=""), content(title="長" * 30), content(body="長" * 200), content(body="字\u202e"),
    content(body="A123456789 的帳單"), content(body="車牌 ABC-1235 拖吊"), content(body="單號 123456789012"),
    content(body="請看 example.com"), content(body="{plate} 您好"), content(body="多一個 {"), content(body="only English"),
    content(en={"body": "沒有"}), content(link="https://example.com/"),
)  # fmt: skip
AUDIENCES = (
    {"near": {"circle": {"latitude": 22.6, "longitude": 120.3, "radius_m": 10}}},
    {"near": {"circle": {"latitude": 120.3, "longitude": 22.6, "radius_m": 1000}}},
    {"near": {"polygon": [[22.6, 120.3], [22.7, 120.3], [22.6, 120.3]]}},
    {"near": {"polygon": [[22.6, 120.3], [22.601, 120.3], [22.601, 120.301], [22.6, 120.3]]}},
    {"near": {"polygon": [[22.6, 120.3], [22.7, 120.4], [22.7, 120.3], [22.6, 120.4], [22.6, 120.3]]}},
    {"facts": [{"name": "rider"}]},
    {"subject": "roadworks:7"},
)
SCHEDULES = (
    {"kind": "at", "at": (clock.now() - timedelta(days=1)).isoformat()},
    {"kind": "recurring", "every": "week", "weekdays": [], "at": "08:00"},
    {"kind": "recurring", "every": "day", "at": "08:00", "until": None},
)


def reasons(read: Any, document: dict[str, Any], **more: Any) -> list[str]:
    with pytest.raises(CampaignRefused) as refused:
        read(document, **more)
    return [error.detail for error in refused.value.errors]


def test_every_reason_has_words_in_chinese() -> None:
    assert len(RULES) > 20
    said = [reason for each in CONTENTS for reason in reasons(read_content, each, known_fields=(), domains=["gov.tw"])]
    said += [reason for each in AUDIENCES for reason in reasons(read_audience, each, rules=TopicRules(frozenset()))]
    said += [reason for each in SCHEDULES for reason in reasons(read_schedule, each, now=clock.now())]
    assert [reason for reason in said if not any(rule.match(reason) for rule in RULES)] == []
    assert len(set(said)) > 20
