"""The three segments a store scans: written, read back, and what their check characters can and cannot find."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wallet import code39, slip_numbers, store_barcode
from wallet.store_barcode import StoreBarcode, StoreBarcodeWrong

TODAY = date(2026, 11, 5)
CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+%-. $/"
DAYS = st.dates(TODAY - timedelta(days=40 * 365), TODAY + timedelta(days=40 * 365))
BARCODES = st.builds(
    StoreBarcode,
    pay_by=DAYS,
    collection_code=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    number=st.text(CHARACTERS, min_size=16, max_size=16),
    contract_digits=st.text("0123456789", min_size=4, max_size=4),
    amount_twd=st.integers(1, 999_999_999),
)


def test_the_published_example_has_these_check_characters() -> None:
    barcode = StoreBarcode(date(2010, 12, 31), "Y01", "ABCDEFGHIKLMNPQR", "1234", 7890)
    assert barcode.segments == ("991231Y01", "ABCDEFGHIKLMNPQR", "12349Y000007890")
    assert store_barcode.read(barcode.segments, today=date(2010, 12, 1)) == barcode


@given(BARCODES)
def test_what_is_written_reads_back(barcode: StoreBarcode) -> None:
    assert tuple(map(len, barcode.segments)) == (9, 16, 15)
    assert store_barcode.read(barcode.segments, today=TODAY) == barcode


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2010, 12, 31), "991231"),
        (date(2011, 1, 1), "000101"),
        (date(2024, 2, 29), "130229"),
        (date(2026, 11, 5), "151105"),
        (date(2111, 1, 1), "000101"),
    ],
)
def test_a_roc_year_of_three_digits_keeps_its_last_two(day: date, written: str) -> None:
    barcode = StoreBarcode(day, "KH1", "0" * 16, "1511", 600)
    assert barcode.segments[0] == f"{written}KH1"
    assert store_barcode.read(barcode.segments, today=day).pay_by == day


def test_the_29th_of_february_exists_in_leap_years_alone() -> None:
    leap = StoreBarcode(date(2028, 2, 29), "KH1", "0" * 16, "1702", 600)
    assert store_barcode.read(leap.segments, today=TODAY).pay_by == date(2028, 2, 29)
    first, second = "150229KH1", "0" * 16
    third = "1502" + store_barcode.check_characters(first, second, "1502000000600") + "000000600"
    with pytest.raises(StoreBarcodeWrong):
        store_barcode.read((first, second, third), today=TODAY)


@given(BARCODES, st.data())
def test_one_digit_read_as_another_is_always_found(barcode: StoreBarcode, data: st.DataObject) -> None:
    segments = list(barcode.segments)
    places = [(s, i) for s, part in enumerate(segments) for i, c in enumerate(part) if c.isdigit()]
    segment, index = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != segments[segment][index]]))
    segments[segment] = segments[segment][:index] + other + segments[segment][index + 1 :]
    with pytest.raises(StoreBarcodeWrong):
        store_barcode.read((segments[0], segments[1], segments[2]), today=TODAY)


@given(BARCODES, st.data())
def test_one_character_changed_is_found_exactly_when_it_counts_differently(
    barcode: StoreBarcode, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, 15))
    other = data.draw(st.sampled_from(CHARACTERS))
    number = barcode.number[:index] + other + barcode.number[index + 1 :]
    assume(number != barcode.number)
    counts_alike = store_barcode._VALUES[other] == store_barcode._VALUES[barcode.number[index]]
    first, _, third = barcode.segments
    if counts_alike:
        assert store_barcode.read((first, number, third), today=TODAY).number == number
    else:
        with pytest.raises(StoreBarcodeWrong):
            store_barcode.read((first, number, third), today=TODAY)


@given(BARCODES, st.data())
def test_a_wrong_check_character_is_always_found(barcode: StoreBarcode, data: st.DataObject) -> None:
    first, second, third = barcode.segments
    index = data.draw(st.sampled_from([4, 5]))
    other = data.draw(st.sampled_from([c for c in CHARACTERS if c != third[index]]))
    with pytest.raises(StoreBarcodeWrong):
        store_barcode.read((first, second, third[:index] + other + third[index + 1 :]), today=TODAY)


def test_two_characters_two_places_apart_exchanged_are_not_found_and_the_slips_own_digit_finds_them() -> None:
    number = slip_numbers.slip_number(12_345)
    exchanged = number[:9] + number[11] + number[10] + number[9] + number[12:]
    assert exchanged != number
    first = StoreBarcode(TODAY, "KH1", store_barcode.padded(number, "zeros_right"), "1511", 600).segments
    assert store_barcode.read((first[0], f"{exchanged}00", first[2]), today=TODAY)
    assert not slip_numbers.is_slip_number(exchanged)


@pytest.mark.parametrize(
    "segments",
    [
        ("", "", ""),
        ("151105KH", "0" * 16, "151199000000600"),
        ("１５１１０５KH1", "0" * 16, "151199000000600"),
        ("151105kh1", "0" * 16, "151199000000600"),
        ("151105KH1", "0" * 15 + "\n", "151199000000600"),
        ("151105KH1", "0" * 15 + "*", "151199000000600"),
    ],
)
def test_what_is_no_barcode_is_refused(segments: tuple[str, str, str]) -> None:
    with pytest.raises(StoreBarcodeWrong):
        store_barcode.read(segments, today=TODAY)


@pytest.mark.parametrize(
    ("first", "third"),
    [
        ("151301KH1", "1511000000600"),  # the 13th month
        ("151100KH1", "1511000000600"),  # the 0th day
        ("A51105KH1", "1511000000600"),  # A counts as 1, and is no digit of a day
        ("151105KH1", "1511000000000"),  # nothing to pay
        ("151105KH1", "151100000060A"),
        ("151105K.1", "1511000000600"),
    ],
)
def test_check_characters_that_fit_do_not_make_nonsense_a_barcode(first: str, third: str) -> None:
    check = store_barcode.check_characters(first, "0" * 16, third)
    with pytest.raises(StoreBarcodeWrong):
        store_barcode.read((first, "0" * 16, third[:4] + check + third[4:]), today=TODAY)


def test_a_number_is_padded_as_the_contract_says() -> None:
    assert store_barcode.padded("68000000000017", "zeros_right") == "6800000000001700"
    assert store_barcode.padded("68000000000017", "zeros_left") == "0068000000000017"
    with pytest.raises(StoreBarcodeWrong):
        store_barcode.padded("1" * 17, "zeros_left")


def test_the_four_digits_are_what_the_contract_says() -> None:
    assert store_barcode.contract_digits(TODAY, "yymm") == "1511"
    assert store_barcode.contract_digits(TODAY, "mmdd") == "1105"


@given(st.integers(1, slip_numbers.LARGEST_SEQUENCE), st.data())
def test_a_slips_number_with_one_wrong_digit_is_none(sequence: int, data: st.DataObject) -> None:
    number = slip_numbers.slip_number(sequence)
    assert len(number) == slip_numbers.LENGTH and slip_numbers.is_slip_number(number)
    index = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != number[index]]))
    assert not slip_numbers.is_slip_number(number[:index] + other + number[index + 1 :])


def test_the_published_example_of_the_check_digit() -> None:
    # ISO/IEC 7064, the German tax number's example: 8609574271 has the check digit 9.
    assert slip_numbers.check_digit("8609574271") == "9"


@pytest.mark.parametrize("text", ["", "6800000000001", "６８000000000017", "680000000000170", "69000000000018"])
def test_what_is_no_slips_number_is_refused(text: str) -> None:
    assert not slip_numbers.is_slip_number(text)


# As the symbology's table prints them: bar, space, bar …; capital letters are wide.
PRINTED = {
    "0": "bwbWBwBwb", "1": "BwbWbwbwB", "9": "bwBWbwBwb", "A": "BwbwbWbwB", "Z": "bWBwBwbwb", "Y": "BWbwBwbwb",
    "-": "bWbwbwBwB", ".": "BWbwbwBwb", " ": "bWBwbwBwb", "*": "bWbwBwBwb", "$": "bWbWbWbwb", "/": "bWbWbwbWb",
    "+": "bWbwbWbWb", "%": "bwbWbWbWb", "K": "BwbwbwbWB", "T": "bwbwBwBWb",
}  # fmt: skip


@pytest.mark.parametrize("character", PRINTED)
def test_bars_and_spaces_are_those_of_the_printed_table(character: str) -> None:
    bars_, spaces = code39._PATTERNS[character]
    drawn = "".join(
        ("B" if bar == "1" else "b") + (("W" if space == "1" else "w") if space else "")
        for bar, space in zip(bars_, [*spaces, ""], strict=True)
    )
    assert drawn == PRINTED[character]


def test_every_character_has_three_wide_of_nine_and_looks_like_no_other() -> None:
    assert sorted(code39._PATTERNS) == sorted(CHARACTERS + "*")
    assert {(b + s).count("1") for b, s in code39._PATTERNS.values()} == {3}
    assert len(set(code39._PATTERNS.values())) == 44


@given(BARCODES)
def test_a_scanner_reads_the_picture_as_what_was_drawn(barcode: StoreBarcode) -> None:
    picture = code39.svg(barcode.segments, title="t", description="d")
    assert scanned(picture) == list(barcode.segments)


def test_the_picture_has_quiet_zones_and_fits_a_phone() -> None:
    picture = code39.svg(("151105KH1", "6800000000001700", "15116X000000600"), title="t", description="d")
    (width,) = re.findall(r'viewBox="0 0 (\d+) \d+"', picture)
    bars_ = [(int(x), int(w)) for x, w in re.findall(r"M(\d+) \d+h([25])v", picture)]
    assert min(x for x, _ in bars_) >= 10 * code39.NARROW
    assert max(x + w for x, w in bars_) <= int(width) - 10 * code39.NARROW
    # On a screen 64 mm wide (360 CSS pixels) the narrow bar stays over 0.19 mm, the least that counters' scanners want.
    assert 64 / int(width) * code39.NARROW > 0.19


def test_the_picture_says_in_words_what_it_shows() -> None:
    picture = code39.svg(("151105KH1",), title="超商 <繳費>", description='"151105KH1"')
    assert 'role="img"' in picture and "<title" in picture and "超商 &lt;繳費&gt;" in picture
    assert "<script" not in code39.svg(("A",), title="<script>", description="<script>")


@pytest.mark.parametrize("text", ["a", "*", "A*B", "É", "０"])
def test_what_code_39_cannot_write_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        code39.svg((text,), title="", description="")


def scanned(picture: str) -> list[str]:
    """The rows of a picture, read from widths of bars and gaps alone, as a scanner does."""
    found = []
    for path in re.findall(r'<path fill="#000" d="([^"]+)"', picture):
        bars_ = [(int(x), int(w)) for x, w in re.findall(r"M(\d+) \d+h(\d+)v", path)]
        runs = []
        for (start, width), (after, _) in zip(bars_, [*bars_[1:], (0, 0)], strict=True):
            runs += [width, after - start - width]
        wide = "".join("1" if run > 3 else "0" for run in runs[:-1]) + "0"
        letters = [wide[i : i + 9] for i in range(0, len(wide), 10)]
        table = {
            "".join(b + s for b, s in zip(bars_, [*spaces, ""], strict=True)): c
            for c, (bars_, spaces) in code39._PATTERNS.items()
        }
        text = "".join(table[letter] for letter in letters)
        assert text[0] == text[-1] == "*"
        found.append(text[1:-1])
    return found


def test_the_picture_in_the_documentation_is_what_is_drawn() -> None:
    number = store_barcode.padded(slip_numbers.slip_number(1), "zeros_right")
    segments = StoreBarcode(date(2026, 11, 5), "KHF", number, "1511", 600).segments
    drawn = code39.svg(segments, title="Store barcode", description="Three store barcodes: NT$600 until 2026-11-05")
    picture = Path(__file__).parents[2] / "docs" / "pictures" / "store-barcode.svg"
    assert picture.read_text() == drawn
