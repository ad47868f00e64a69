"""Names: everybody's real one is taken, and none that could pass for somebody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.names import LONGEST, NameRefused, checked_name


@pytest.mark.parametrize(
    "name",
    [
        "王小美", "歐陽菲菲", "瓦歷斯·諾幹", "Walis·Nokan", "高潞·以用·巴魕剌 Kawlo·Iyun·Pacidal", "Sayun Noming", "𠮷野", "林𡿨", "陳\U00031350",
        "Maria dos Santos", "Nguyễn Thị Ánh", "O'Brien", "Jean-Luc Ó Súilleabháin", "김민수", "山田はなこ", "ㄚ美", "Дмитрий Иванов",
    ],
)  # fmt: skip
def test_real_names_are_taken_as_they_are(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("瓦歷斯‧諾幹", "瓦歷斯·諾幹"), ("瓦歷斯・諾幹", "瓦歷斯·諾幹"), ("瓦歷斯•諾幹", "瓦歷斯·諾幹"), ("  王小美 ", "王小美"),
        ("Maria   Santos", "Maria Santos"), ("A\u0301nh", "Ánh"),
    ],
)  # fmt: skip
def test_one_name_is_written_one_way(written: str, kept: str) -> None:
    assert checked_name(written) == kept


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"), ("   ", "empty"), ("·", "no letter"), ("王" * (LONGEST + 1), "longer"), ("王\u200b小美", "cannot be seen"),
        ("王小美\u202e", "cannot be seen"), ("王\ufeff小美", "cannot be seen"), ("王\x00", "cannot be seen"), ("王\ue000", "cannot be seen"),
        ("王\u3000小美", "cannot be seen"), ("Mаria", "mixes scripts"), ("王Иван", "mixes scripts"), ("王小美1", "no letter"),
        ("王小美１", "no letter"), ("Ｍaria", "usual width"), ("<b>王</b>", "no letter"), ("王😀", "no letter"), ("e\u0301\u0301\u0301\u0301", "marks"),
        ("はなこ김", "mixes scripts"),
    ],
)  # fmt: skip
def test_what_could_pass_for_another_name_or_is_none_is_refused(name: str, why: str) -> None:
    with pytest.raises(NameRefused, match=why):
        checked_name(name)


@given(st.text(max_size=80))
def test_what_is_kept_would_be_kept_again_unchanged(text: str) -> None:
    try:
        kept = checked_name(text)
    except NameRefused:
        return
    assert checked_name(kept) == kept and len(kept) <= LONGEST
