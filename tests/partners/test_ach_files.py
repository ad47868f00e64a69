"""Return files: read exactly as they are, or refused whole with the one thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.ach.files import FileRefused, WrittenEntry, read_return_file, write_return_file
from partners.ach.reasons import OTHER, reason_of

DAY, PRESENTED = date(2026, 11, 24), date(2026, 11, 23)
RECORD = 252


def entry(number: int = 1, **changes: object) -> WrittenEntry:
    values: dict[str, object] = {
        "kind": "debit",
        "bank": "812",
        "account_no": "00280000001234",
        "holder_id": "A123456789",
        "amount_twd": 600 + number,
        "code": "01",
        "presented_on": PRESENTED,
        "presented_sequence": number,
        "user_no": f"KH{number:018d}",
        "reference": f"pay_{number:026d}",
        **changes,
    }
    return WrittenEntry(**values)  # type: ignore[arg-type]


def file_with(count: int = 3) -> bytes:
    return write_return_file(DAY, PRESENTED, [entry(number) for number in range(1, count + 1)])


def test_what_is_written_is_read() -> None:
    file = read_return_file(file_with(3))
    assert (file.day, file.answers_on, file.total_twd) == (DAY, PRESENTED, 601 + 602 + 603)
    assert [one.reference for one in file.entries] == [f"pay_{number:026d}" for number in (1, 2, 3)]
    assert {one.account_masked for one in file.entries} == {"***1234"}


def test_a_day_without_returns_has_a_file_all_the_same() -> None:
    file = read_return_file(write_return_file(DAY, PRESENTED, []))
    assert (file.entries, file.total_twd) == ((), 0)


def test_neither_id_numbers_nor_whole_accounts_leave_the_file() -> None:
    assert "A123456789" not in repr(read_return_file(file_with()))
    assert "00280000001234" not in repr(read_return_file(file_with()))


@given(
    amounts=st.lists(st.integers(1, 10**10 - 1), max_size=20),
    kind=st.sampled_from(["debit", "credit"]),
    code=st.integers(0, 99),
)
def test_every_amount_and_code_survives_the_way(amounts: list[int], kind: str, code: int) -> None:
    entries = [
        entry(number, amount_twd=amount, kind=kind, code=f"{code:02d}") for number, amount in enumerate(amounts, 1)
    ]
    file = read_return_file(write_return_file(DAY, PRESENTED, entries))
    assert [(one.amount_twd, one.kind, one.code) for one in file.entries] == [
        (amount, kind, f"{code:02d}") for amount in amounts
    ]


def replaced(start: int, new: bytes, record: int = 1) -> Callable[[bytes], bytes]:
    """Changes bytes of a record (0 is the header) from `start` on."""

    def change(content: bytes) -> bytes:
        at = record * RECORD + start
        return content[:at] + new + content[at + len(new) :]

    return change


LAST = 4


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda c: b"", "no_trailer"),
        (lambda c: c[:-1], "no_trailer"),
        (lambda c: c[:-RECORD], "no_trailer"),
        (lambda c: c[: len(c) * 2 // 3], "no_trailer"),
        (lambda c: c[RECORD:], "no_header"),
        (lambda c: c + c[RECORD : 2 * RECORD], "after_trailer"),
        (lambda c: c + c[-RECORD:], "after_trailer"),
        (lambda c: c.replace(b"\r\n", b"\n"), "no_trailer"),
        (lambda c: c[:RECORD] + c[RECORD + 1 :], "record_length"),
        (lambda c: c[:RECORD] + c[2 * RECORD :], "count"),
        (lambda c: c.decode("cp950").encode("utf-8"), "encoding"),
        (replaced(240, b"\xff\xff"), "encoding"),
        (replaced(240, "檔".encode()), "encoding"),
        (replaced(0, b"N"), "field"),
        (replaced(1, b"SX"), "field"),
        (replaced(60, b"000000060A"), "field"),
        (replaced(60, b"      0601"), "field"),
        (replaced(60, b"0000000602"), "total"),
        (replaced(60, b"0000000000"), "total"),
        (replaced(70, b" 1"), "field"),
        (replaced(99, b"01150229"), "field"),
        (replaced(99, b"00000101"), "field"),
        (replaced(136, b" " * 40), "field"),
        (replaced(31, b"00000002", LAST), "count"),
        (replaced(39, b"0000000000001807", LAST), "total"),
        (replaced(9, b"01151125", LAST), "day"),
        (replaced(55, b"01151124", LAST), "day"),
        (replaced(55, b"99999999", LAST), "field"),
        (replaced(3, b"ACHP01", 0), "no_header"),
        (replaced(3, b"ACHP01", LAST), "no_trailer"),
    ],
)
def test_a_file_that_is_not_as_it_has_to_be_is_refused_whole(change: Callable[[bytes], bytes], wrong: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_return_file(change(file_with(3)))
    assert refused.value.wrong == wrong


def test_the_same_entry_twice_is_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        read_return_file(write_return_file(DAY, PRESENTED, [entry(), entry()]))
    assert refused.value.wrong == "duplicate"


@given(st.binary(max_size=800))
def test_no_bytes_are_read_as_something_they_are_not(content: bytes) -> None:
    with pytest.raises(FileRefused):
        read_return_file(content)


@given(at=st.integers(0, 5 * RECORD - 1), byte=st.integers(0, 255))
def test_a_byte_that_changed_on_the_way_is_noticed_or_harmless(at: int, byte: int) -> None:
    good = file_with(3)
    changed = good[:at] + bytes([byte]) + good[at + 1 :]
    try:
        file = read_return_file(changed)
    except FileRefused:
        return
    assert file.total_twd == read_return_file(good).total_twd


def test_a_reason_that_is_added_tomorrow_is_read_as_some_other_one() -> None:
    assert reason_of("01") == "insufficient_funds"
    assert reason_of("77") == OTHER


def test_what_does_not_fit_is_not_written() -> None:
    for wrong in ({"reference": "p" * 41}, {"amount_twd": 10**10}, {"amount_twd": 0}, {"memo": "太長的存摺摘要"}):
        with pytest.raises(ValueError, match=r"bytes|digits"):
            write_return_file(DAY, PRESENTED, [entry(**wrong)])
