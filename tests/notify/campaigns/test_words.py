"""What a campaign may say on a lock screen, and where its link may lead: tables of cases."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.campaigns import words
from notify.campaigns.errors import CampaignRefused
from tests.notify.campaigns.conftest import CONTENT

DOMAINS = words.DEFAULT_DOMAINS


@pytest.mark.parametrize(
    "said",
    [
        "今晚 8 點到明早 6 點封路",
        "Nov. 21, 2026-11-21, 10:00-12:00",
        "停車費 1,230 元，3 天後到期",
        "洽 07-336-8333 或 1999",
        "COVID-19 疫苗",
        "第 113-114 號 e.g. 3.5 km",
        "見 1999.kcg.gov.tw",
        "🎆 跨年晚會",
        "今天休館。明天開放。謝謝",
        "第 1.2.3 版，2026.11.21",
        "詳見高雄市政府 kcg.gov.tw。請多利用",
    ],
)
def test_ordinary_words_are_fine(said: str) -> None:
    assert words.what_is_wrong(said, domains=DOMAINS) == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "empty"),
        ("高" * 151, "longer"),
        ("A123456789 您好", "ID number"),
        ("Ａ１２３４５６７８９", "ID number"),
        ("A 1234-56789", "ID number"),
        ("居留證 AC01234567", "ID number"),
        ("ABC-1234 已拖吊", "plate"),
        ("ABC1234 已拖吊", "plate"),
        ("ＡＢＣ－１２３４", "plate"),
        ("車號 1a-2345", "plate"),
        ("單號 1234567890123456", "number of a bill"),
        ("單號 1234 5678 9012 3456", "number of a bill"),
        ("BX12345678", "number of a bill"),
        ("www.evil.com", "address"),
        ("請到 bit.ly/abc", "address"),
        ("https://kcg.gov.tw", "address"),
        ("kcg.gov.tw.evil.com", "address"),
        ("到 203.0.113.9/a 領取", "address"),
        ("evil。com", "address"),
        ("evil．com", "address"),
        ("evil｡com", "address"),
        ("高雄市政府.com", "address"),
        ("高雄。台灣", "address"),
        ("例子.中国", "address"),
        ("xn--fsq.xn--0zwm56d", "address"),
        ("ｅｖｉｌ．ｃｏｍ", "address"),
        ("安\u200b全", "cannot be seen"),
        ("\u202e反", "cannot be seen"),
        ("安\u2066全", "cannot be seen"),
        ("安\ufeff", "cannot be seen"),
        ("空\u3164白", "cannot be seen"),
        ("一\n二", "cannot be seen"),
        ("z\u0335\u0336\u0337algo", "cannot be seen"),
        ("\U000e0041", "cannot be seen"),
    ],
)
def test_words_that_do_not_belong_on_a_lock_screen_are_refused(said: str, reason: str) -> None:
    assert any(reason in wrong for wrong in words.what_is_wrong(said, domains=DOMAINS)), said


@pytest.mark.parametrize(
    ("link", "may"),
    [
        ("/app", True), ("/app/bills?x=1#y", True), ("https://kcg.gov.tw", True),
        ("https://a.b.kcg.gov.tw/x?y=z#q", True), ("https://www.gov.tw/", True),
        ("//evil.com", False), ("/app//evil.com", False), ("/app/../desk", False), ("/desk", False), ("/app\\x", False),
        ("http://kcg.gov.tw/", False), ("https://kcg.gov.tw:8443/", False), ("https://kcg.gov.tw@evil.com/", False),
        ("https://evil.com/kcg.gov.tw", False), ("https://xkcg.gov.tw.evil.com", False), ("https://notgov.tw", False),
        ("https://evil.com\\.kcg.gov.tw", False), ("https://KCG.GOV.TW", False), ("javascript:alert(1)", False),
        ("https://高雄.gov.tw", False), ("https://kcg.gov.tw/\u202e", False), ("/app/\n", False), ("", False),
        ("/app/%2e%2e/desk", False), ("/app/.%2E/desk", False), ("/app/a%2Fb", False), ("/app/a%5cb", False),
        ("/app/%252e%252e/desk", False), ("https://kcg.gov.tw/%2e%2e/x", False), ("https://kcg.gov.tw/a%5Cb", False),
        ("/app/bills?at=a%2Fb", True), ("/app/%E9%AB%98", True), ("https://kcg.gov.tw/%E9%AB%98?to=%2F", True),
        ("data:text/html,x", False), (" https://kcg.gov.tw", False), ("https://kcg.gov.tw./", False),
    ],
)  # fmt: skip
def test_a_link_leads_to_the_app_the_city_or_the_state(link: str, may: bool) -> None:
    assert words.may_lead_to(link, DOMAINS) is may


def _read(**changed: Any) -> words.Content:
    return words.read_content({**CONTENT, **changed}, known_fields=("count",), domains=DOMAINS)


def test_both_languages_are_said_and_every_field_is_known() -> None:
    zh = {"title": "{count} 筆{what}到期", "body": "請繳費"}
    content = _read(zh=zh, fields={"what": "停車費"})
    assert words.filled(content.title.zh, {**content.fields, "count": 2}) == "2 筆停車費到期"
    for changed, pointer in (
        ({"zh": {"title": "Market", "body": "有市集"}}, "/content/zh/title"),
        ({"en": {"title": "市集", "body": "A market"}}, "/content/en/title"),
        ({"zh": {"title": "{who} 您好", "body": "有市集"}}, "/content/zh/title"),
        ({"zh": {"title": "{count.__class__} 您好", "body": "有市集"}}, "/content/zh/title"),
        ({"zh": {"title": "{count!r} 您好", "body": "有市集"}}, "/content/zh/title"),
        ({"zh": {"title": "{count:>99} 您好", "body": "有市集"}}, "/content/zh/title"),
        ({"zh": {"title": "{{count}} 您好", "body": "有市集"}}, "/content/zh/title"),
        ({"zh": {"title": "您好", "body": "{what}", }, "fields": {"what": "ABC-1234"}}, "/content/fields/what"),
        ({"fields": {"Not A Name": "x"}}, "/content/fields"),
        ({"link": "https://evil.com"}, "/content/link"),
    ):  # fmt: skip
        with pytest.raises(CampaignRefused) as refused:
            _read(**changed)
        assert pointer in {error.pointer for error in refused.value.errors}, changed


def test_a_field_cannot_smuggle_in_another() -> None:
    assert words.filled("{a}{b}", {"a": "{b}", "b": "x"}) == "{b}x"


@given(st.text(max_size=60))
def test_any_text_is_judged_and_never_breaks_the_judge(said: str) -> None:
    wrong = words.what_is_wrong(said, domains=DOMAINS)
    assert isinstance(wrong, list)
    if not wrong:
        assert not any(ord(character) in range(0x202A, 0x202F) or character == "\u200b" for character in said)
