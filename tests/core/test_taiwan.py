"""Taiwan's formats: what is accepted, what is refused, and how things are written for people."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from core import taiwan

SAMPLES: dict[str, list[str]] = json.loads((Path(__file__).parent / "tw_formats.json").read_text("utf-8"))


def _cases(*names: str) -> list[str]:
    return [value for name in names for value in SAMPLES[name]]


@pytest.mark.parametrize("number", [*_cases("nid_ok"), "A123456789"])
def test_a_national_id_number_with_a_right_check_digit_is_valid(number: str) -> None:
    assert taiwan.national_id_valid(number)
    assert taiwan.person_id_valid(number)
    assert not taiwan.ui_number_valid(number)


@pytest.mark.parametrize("number", [*_cases("nid_bad"), "", "A12345678９", "A123456789\n", " A123456789"])
def test_a_wrong_national_id_number_is_refused(number: str) -> None:
    assert not taiwan.national_id_valid(number)


@pytest.mark.parametrize("number", _cases("ui_ok", "uileg_ok"))
def test_a_resident_number_is_valid_in_both_forms(number: str) -> None:
    assert taiwan.ui_number_valid(number)
    assert taiwan.person_id_valid(number)
    assert not taiwan.national_id_valid(number)


@pytest.mark.parametrize("number", _cases("ui_bad", "uileg_bad", "nid_bad"))
def test_a_wrong_resident_number_is_refused(number: str) -> None:
    assert not taiwan.person_id_valid(number)


@pytest.mark.parametrize("number", _cases("ban_ok", "ban_newonly"))
def test_a_business_id_is_valid_by_the_rule_of_2023(number: str) -> None:
    assert taiwan.business_id_valid(number)


@pytest.mark.parametrize("number", [*_cases("ban_bad"), "00000000", "０４５９５２５２", "04595252 "])
def test_a_wrong_business_id_is_refused(number: str) -> None:
    assert not taiwan.business_id_valid(number)


@pytest.mark.parametrize("barcode", _cases("mb_ok"))
def test_a_mobile_barcode_is_valid(barcode: str) -> None:
    assert taiwan.mobile_barcode_valid(barcode)


@pytest.mark.parametrize("barcode", _cases("mb_bad"))
def test_a_wrong_mobile_barcode_is_refused(barcode: str) -> None:
    assert not taiwan.mobile_barcode_valid(barcode)


@pytest.mark.parametrize("mobile", ["0900000000", "0912345678", "0987654321", "0966000001", "0999999999"])
def test_a_mobile_number_goes_to_e164_and_back(mobile: str) -> None:
    assert taiwan.mobile_valid(mobile)
    assert taiwan.to_e164(mobile) == f"+886{mobile[1:]}"
    assert taiwan.from_e164(taiwan.to_e164(mobile)) == mobile


@pytest.mark.parametrize(
    "mobile", ["091234567", "09123456789", "0812345678", "0912-345-678", "0９12345678", "", "0912345678\n"]
)
def test_a_wrong_mobile_number_is_refused(mobile: str) -> None:
    assert not taiwan.mobile_valid(mobile)
    with pytest.raises(ValueError, match="mobile"):
        taiwan.to_e164(mobile)


@pytest.mark.parametrize("number", ["0912345678", "+886212345678", "+8869123456780", ""])
def test_only_mobiles_of_taiwan_come_back_from_e164(number: str) -> None:
    with pytest.raises(ValueError, match=r"E\.164"):
        taiwan.from_e164(number)


@pytest.mark.parametrize(
    "plate",
    [
        "ABC-1235",
        "MAA-0001",
        "EAA-5678",
        "RAB-0012",
        "1235-AB",
        "AB-1235",
        "ABC-123",
        "123-ABC",
        "A1-2345",
        "1A-2345",
        "AB1-235",
        "ABC-1234",
        "IOO-4444",
    ],
)
def test_every_form_of_plate_on_the_road_is_valid(plate: str) -> None:
    assert taiwan.plate_valid(plate)
    assert not taiwan.plate_is_ambiguous(plate)


@pytest.mark.parametrize(
    "plate", ["AB-12345", "ABCD-123", "ABC-12", "12-345", "ABC_1234", "ABC-12345", "京A-12345", "abc-1234"]
)
def test_what_no_plate_looks_like_is_refused(plate: str) -> None:
    assert not taiwan.plate_valid(plate)
    assert not taiwan.plate_is_ambiguous(plate)


@pytest.mark.parametrize("plate", ["AB1234", "ABC1235", "1235AB", "A12345", "123ABC", "MAA0001"])
def test_a_plate_without_its_hyphen_is_ambiguous(plate: str) -> None:
    assert not taiwan.plate_valid(plate)
    assert taiwan.plate_is_ambiguous(plate)


@pytest.mark.parametrize("plate", ["", "A", "ABCDEFGH", "12345678", "京A12345"])
def test_what_no_hyphen_makes_a_plate_is_not_called_ambiguous(plate: str) -> None:
    assert not taiwan.plate_is_ambiguous(plate)


@pytest.mark.parametrize("written", ["ＡＢＣ－１２３５", "abc-1235", "\u3000ABC-1235 ", "ABC–1235", "ABC−1235"])
def test_a_plate_is_compared_in_one_spelling(written: str) -> None:
    assert taiwan.plate_normalise(written) == "ABC-1235"


@pytest.mark.parametrize(
    ("plate", "vehicle"),
    [
        ("MAA-0001", "motorcycle"),
        ("ABC-123", "motorcycle"),
        ("123-ABC", "motorcycle"),
        ("AB1-234", "motorcycle"),
        ("ABC-1235", "car"),
        ("1235-AB", "car"),
        ("AB-1235", "car"),
        ("A1-2345", "car"),
        ("AB-123", None),
        ("京A-12345", None),
    ],
)
def test_the_form_of_a_plate_tells_the_kind_of_vehicle(plate: str, vehicle: str | None) -> None:
    assert taiwan.plate_vehicle(plate) == vehicle


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1151120", date(2026, 11, 20)),
        ("1130229", date(2024, 2, 29)),
        ("0991231", date(2010, 12, 31)),
        ("115/11/20", date(2026, 11, 20)),
        ("115.1.2", date(2026, 1, 2)),
        ("115年11月20日", date(2026, 11, 20)),
        ("99年1月2日", date(2010, 1, 2)),
        ("2026-11-05", date(2026, 11, 5)),
        ("2026/11/05", date(2026, 11, 5)),
    ],
)
def test_dates_are_read_in_roc_and_ad_forms(text: str, day: date) -> None:
    assert taiwan.parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "1120229",
        "1000229",
        "1151301",
        "000/01/01",
        "0000101",
        "20261120",
        "991231",
        "115-02-30",
        "115-11-05",
        "99/12/31",
        "115/11.05",
        "2026-13-01",
        "1150230",
        "１１５/11/05",
        "0000-01-01",
        "明天",
        "1151105\n",
    ],
)
def test_what_is_no_date_or_more_than_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        taiwan.parse_date(text)


def test_a_day_is_written_in_roc_form_for_people() -> None:
    assert taiwan.roc_text(date(2026, 11, 5)) == "115年11月5日"
    with pytest.raises(ValueError, match="first ROC year"):
        taiwan.roc_text(date(1911, 12, 31))


def test_text_is_normalised_to_half_width_without_outer_space() -> None:
    assert taiwan.normalise("\u3000１２０ 元\u3000") == "120 元"
    assert taiwan.normalise(" 苓雅區 ") == "苓雅區"


def test_personal_numbers_are_masked_for_display() -> None:
    assert taiwan.mask_national_id("A123456789") == "A12****789"
    assert taiwan.mask_mobile("0912345678") == "09******78"
    assert taiwan.mask_mobile("+886912345678") == "09******78"


@pytest.mark.parametrize(
    "check", [taiwan.national_id_valid, taiwan.ui_number_valid, taiwan.business_id_valid, taiwan.mobile_valid]
)
def test_full_width_digits_must_be_normalised_before_they_are_checked(check: Callable[[str], bool]) -> None:
    assert not check("Ａ１２３４５６７８９")
