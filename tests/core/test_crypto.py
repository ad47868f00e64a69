"""The crypto box: what is sealed for one place opens in no other, and an index finds without telling."""

from __future__ import annotations

from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import blind_index, open_sealed, seal, token_hash

ROW, OTHER_ROW = UUID(int=1), UUID(int=2)
PLACE = {"table": "identity.person", "column": "national_id", "row_id": ROW}


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_in_its_place(plaintext: bytes) -> None:
    assert open_sealed(seal(plaintext, **PLACE), **PLACE) == plaintext


def test_the_same_text_is_sealed_differently_each_time_and_does_not_show() -> None:
    sealed = {seal("A123456789", **PLACE) for _ in range(100)}
    assert len(sealed) == 100
    assert all(b"A123456789" not in each for each in sealed)
    assert open_sealed(memoryview(sealed.pop()), **PLACE) == b"A123456789"


@pytest.mark.parametrize("elsewhere", [{"row_id": OTHER_ROW}, {"column": "mobile"}, {"table": "identity.applicant"}])
def test_what_was_moved_to_another_place_does_not_open(elsewhere: dict[str, object]) -> None:
    with pytest.raises(InvalidTag):
        open_sealed(seal("A123456789", **PLACE), **(PLACE | elsewhere))  # type: ignore[arg-type]


def test_what_was_altered_or_cut_does_not_open() -> None:
    sealed = seal("A123456789", **PLACE)
    for position in range(1, len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(InvalidTag):
            open_sealed(bytes(altered), **PLACE)
    with pytest.raises(ValueError, match="key version"):
        open_sealed(b"\x02" + sealed[1:], **PLACE)
    for length in (0, 1, 13, 20):
        with pytest.raises((InvalidTag, ValueError)):
            open_sealed(sealed[:length], **PLACE)


def test_equal_texts_have_equal_indexes_for_one_purpose_only() -> None:
    index = blind_index("A123456789", purpose="national_id")
    assert index == blind_index("A123456789", purpose="national_id") and len(index) == 32
    assert index != blind_index("A123456788", purpose="national_id")
    assert index != blind_index("A123456789", purpose="mobile")
    assert b"A123456789" not in index
    assert blind_index("b\x00c", purpose="a") != token_hash("a\x00b\x00c")
