"""The same NT$600 at every edge, and everything that looks like it and is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import money
from core.money import MoneyNotConvertible

EDGES: dict[str, tuple[Callable[[int], Any], Callable[[Any], int], int, int]] = {
    "minor": (money.to_minor, money.from_minor, 0, money.LARGEST_TWD),
    "twqr": (money.to_twqr, money.from_twqr, 1, money.LARGEST_TWQR_TWD),
    "barcode": (money.to_barcode, money.from_barcode, 1, money.LARGEST_BARCODE_TWD),
    "major": (money.to_major_text, money.from_major_text, 0, money.LARGEST_TWD),
}
READERS = {name: edge[1] for name, edge in EDGES.items() if name != "minor"}

MALFORMED = [
    "", " ", "６００", "６０0.00", "٦٠٠", "+600", "-600", "-60000", "+60000", "−60000", "6e2", "6E4", "60000e0", "0x258",
    "600.50", "600.01", " 600", "600 ", "600\n", "60000\n", "000000600\n", "\t60000", "60 000",
    "60,000", "1,000.00", "60_000", "600.", ".00", "600.000000", "600..00", "600,00", "NaN", "nan", "Infinity", "inf",
    "1000000000000000000", "100000000000000000000", "1" + "0" * 18 + ".00", "NT$600", "$600", "六百", "600元", "None",
    "00600.00", "-0", "0000000600", "00000060", "000000000", "000000-60", "0000006e2",
]  # fmt: skip


def test_six_hundred_dollars_at_every_edge() -> None:
    assert money.to_minor(600) == 60000
    assert money.to_twqr(600) == "60000"
    assert money.to_barcode(600) == "000000600"
    assert money.to_major_text(600) == "600.00"


@pytest.mark.parametrize("edge", EDGES)
@given(data=st.data())
def test_what_an_edge_writes_it_reads_back_as_the_same_amount(edge: str, data: st.DataObject) -> None:
    write, read, smallest, largest = EDGES[edge]
    amount_twd = data.draw(st.integers(smallest, largest))
    assert read(write(amount_twd)) == amount_twd


@pytest.mark.parametrize("edge", EDGES)
def test_the_bounds_of_an_edge_are_exact(edge: str) -> None:
    write, read, smallest, largest = EDGES[edge]
    assert read(write(smallest)) == smallest
    assert read(write(largest)) == largest
    for outside in (smallest - 1, largest + 1, -600, 10**18):
        with pytest.raises(MoneyNotConvertible):
            write(outside)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("value", [600.0, 600.5, True, "600", None, float("nan")])
def test_only_a_whole_number_can_be_written(edge: str, value: Any) -> None:
    with pytest.raises(MoneyNotConvertible):
        EDGES[edge][0](value)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_text_is_no_amount_at_any_edge(reader: str, text: str) -> None:
    with pytest.raises(MoneyNotConvertible):
        READERS[reader](text)


@given(st.text(max_size=24))
@example("６００")
@example("0")
@example("00")
def test_a_reader_takes_only_the_one_way_in_which_its_edge_writes(text: str) -> None:
    for name, (write, read, _, _) in EDGES.items():
        if name == "minor":
            continue
        try:
            amount_twd = read(text)
        except MoneyNotConvertible:
            continue
        written = write(amount_twd)
        assert written == text or (name == "major" and written.partition(".")[0] == text.partition(".")[0])


@given(st.integers(1, money.LARGEST_TWQR_TWD))
def test_no_amount_written_for_one_edge_is_read_as_another_amount_by_the_next(amount_twd: int) -> None:
    written = money.to_barcode(amount_twd)
    for reader in (money.from_twqr, money.from_major_text):
        with pytest.raises(MoneyNotConvertible):
            reader(written)
    with pytest.raises(MoneyNotConvertible):
        money.from_twqr(money.to_major_text(amount_twd))
    with pytest.raises(MoneyNotConvertible):
        money.from_barcode(money.to_major_text(amount_twd))


@given(st.integers(0, money.LARGEST_TWD), st.integers(1, 99))
def test_cents_are_refused_and_never_rounded(amount_twd: int, cents: int) -> None:
    with pytest.raises(MoneyNotConvertible):
        money.from_minor(amount_twd * 100 + cents)
    with pytest.raises(MoneyNotConvertible):
        money.from_major_text(f"{amount_twd}.{cents:02d}")


@pytest.mark.parametrize("value", [-1, -60000, 60000.0, True, "60000", None, 10**18])
def test_minor_units_must_be_a_whole_number_in_range(value: Any) -> None:
    with pytest.raises(MoneyNotConvertible):
        money.from_minor(value)


@pytest.mark.parametrize("text", ["6", "605", "60001", "60010", "060000", "0600"])
def test_a_twqr_amount_without_its_two_zeros_is_refused(text: str) -> None:
    with pytest.raises(MoneyNotConvertible):
        money.from_twqr(text)


@pytest.mark.parametrize("text", ["0", "0.00", "00", "000"])
def test_zero_is_no_amount_to_collect(text: str) -> None:
    with pytest.raises(MoneyNotConvertible):
        money.from_twqr(text)
    with pytest.raises(MoneyNotConvertible):
        money.from_barcode(text.zfill(9))


def test_statements_may_write_fewer_or_more_zeros_behind_the_point() -> None:
    assert [money.from_major_text(text) for text in ("600", "600.0", "600.00", "600.00000", "0.00")] == [600] * 4 + [0]
