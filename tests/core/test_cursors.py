"""Cursors of lists: given out by us, read back as they were, and anything else refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cursors import decode_cursor, decode_moment_cursor, encode_cursor, encode_moment_cursor
from core.errors import InvalidRequest

ROW = UUID(int=7)


@given(st.integers(), st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_what_was_given_out_is_read_back(number: int, text: str) -> None:
    cursor = encode_cursor(number, text)
    assert decode_cursor(cursor, int, str) == [number, text]
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_moment_and_a_row_are_read_back(at: datetime, row_id: UUID) -> None:
    assert decode_moment_cursor(encode_moment_cursor(at, row_id)) == (at, row_id)


def test_a_moment_is_the_same_in_any_zone() -> None:
    at = datetime(2026, 11, 5, 10, tzinfo=timezone(timedelta(hours=8)))
    assert decode_moment_cursor(encode_moment_cursor(at, ROW)) == (at.astimezone(UTC), ROW)


@pytest.mark.parametrize("key", [[], [1], [1, "a", "b"], ["1", "a"], [True, "a"], [1.0, "a"], [1, None], [None, None]])
def test_a_key_of_other_kinds_is_refused(key: list[object]) -> None:
    with pytest.raises(InvalidRequest):
        decode_cursor(encode_cursor(*key), int, str)


@pytest.mark.parametrize("key", [["2026-11-05T10:00:00", str(ROW)], ["x", str(ROW)], ["2026-11-05T10:00:00Z", "x"],
                                 ["0001-01-01T00:00:00+14:00", str(ROW)], ["2026-11-05T10:00:00Z", "\x00"]])  # fmt: skip
def test_a_moment_that_is_none_is_refused(key: list[str]) -> None:
    with pytest.raises(InvalidRequest):
        decode_moment_cursor(encode_cursor(*key))


@given(st.text(max_size=400))
def test_any_other_text_is_refused_and_breaks_nothing(text: str) -> None:
    for read in (lambda: decode_cursor(text, int, str), lambda: decode_moment_cursor(text)):
        with pytest.raises(InvalidRequest):
            read()
