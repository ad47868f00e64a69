"""Ids: in the order of time inside, TypeIDs outside, and nothing but a TypeID of the right kind is read back."""

from __future__ import annotations

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound
from core.ids import new_uuid, parse_typeid, typeid


def test_a_new_id_is_a_uuid_of_version_7_and_carries_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = new_uuid()
    after = time.time_ns() // 1_000_000
    assert made.version == 7 and made.variant == "specified in RFC 4122"
    assert before <= made.int >> 80 <= after


def test_ids_of_later_milliseconds_sort_later_and_none_comes_twice() -> None:
    first = new_uuid()
    time.sleep(0.002)
    assert new_uuid() > first
    assert len({new_uuid() for _ in range(10_000)}) == 10_000


def test_the_text_is_the_one_of_the_typeid_specification() -> None:
    known = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert typeid("prefix", known) == "prefix_01h455vb4pex5vsknk084sn02q"
    assert typeid("bill", UUID(int=0)) == "bill_" + "0" * 26
    assert typeid("bill", UUID(int=2**128 - 1)) == "bill_7" + "z" * 25


@given(st.uuids())
def test_what_is_written_is_read_back_and_sorts_alike(uuid: UUID) -> None:
    assert parse_typeid("bill", typeid("bill", uuid)) == uuid
    assert (typeid("bill", uuid) < typeid("bill", UUID(int=1 << 127))) == (uuid.int < 1 << 127)


@pytest.mark.parametrize(
    "text",
    ["", "bill", "bill_", "pay_" + "0" * 26, "bill_" + "0" * 25, "bill_" + "0" * 27, "bill_8" + "0" * 25, "bill_" + "u" * 26,
     "bill_" + "0" * 25 + "I", "BILL_" + "0" * 26, "bill_0" + "A" * 25, "bill_" + "０" * 26, "bill_/" + "0" * 25, " bill_" + "0" * 26,
     "bill_" + "0" * 26 + "\n", "bill-" + "0" * 26, "x_bill_" + "0" * 26, "bill_" + "0" * 25 + "\x00"],
)  # fmt: skip
def test_anything_else_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        parse_typeid("bill", text)


@given(st.text(max_size=40))
def test_no_text_at_all_breaks_it(text: str) -> None:
    try:
        parsed = parse_typeid("bill", f"bill_{text}")
    except NotFound:
        return
    assert typeid("bill", parsed) == f"bill_{text}"
