"""Taiwan's formats: ID numbers, business ids, mobiles, invoice barcodes, plates and ROC dates.

Everything here is pure. Digits are written [0-9] and never \\d, which also takes full-width and other scripts' digits;
callers normalise first (`normalise`, `plate_normalise`) and the checks stay strict after that.

Sources: schema.gov.tw/lists/167 (national ID numbers); immigration.gov.tw 5385 (resident numbers); Ministry of Finance,
fia.gov.tw (business ids, rule of 2023); einvoice.nat.gov.tw 2173.pdf (mobile barcodes).
"""

import re
import unicodedata
from datetime import date
from operator import mul

ROC_YEAR_OFFSET = 1911

_LETTER_VALUES = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33),
        strict=True,
    )
)
_LETTER_SUMS = {letter: value // 10 + value % 10 * 9 for letter, value in _LETTER_VALUES.items()}
_DIGIT_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 1, 1)

_NATIONAL_ID = re.compile(r"[A-Z][12][0-9]{8}")
_UI_NUMBER = re.compile(r"[A-Z][89][0-9]{8}")
_UI_NUMBER_LEGACY = re.compile(r"[A-Z][A-D][0-9]{8}")

_BUSINESS_ID = re.compile(r"[0-9]{8}")
_BUSINESS_WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)
_BUSINESS_MODULUS = 5

_MOBILE = re.compile(r"09[0-9]{8}")
_MOBILE_E164 = re.compile(r"\+8869[0-9]{8}")
_MOBILE_BARCODE = re.compile(r"/[0-9A-Z.+\-]{7}")

_PLATE = re.compile(
    r"[A-Z]{3}-[0-9]{3,4}|[0-9]{3}-[A-Z]{3}|[A-Z]{2}-[0-9]{3,4}|[0-9]{3,4}-[A-Z]{2}"
    r"|[A-Z][0-9]-[0-9]{4}|[0-9][A-Z]-[0-9]{4}|[0-9]{4}-[A-Z][0-9]|[0-9]{4}-[0-9][A-Z]|[A-Z]{2}[0-9]-[0-9]{3}"
)
_MOTORCYCLE_PLATE = re.compile(r"M[A-Z]{2}-[0-9]{4}|[A-Z]{3}-[0-9]{3}|[0-9]{3}-[A-Z]{3}|[A-Z]{2}[0-9]-[0-9]{3}")
_CAR_PLATE = re.compile(
    r"[A-Z]{3}-[0-9]{4}|[0-9]{4}-[A-Z]{2}|[A-Z]{2}-[0-9]{4}"
    r"|[A-Z][0-9]-[0-9]{4}|[0-9][A-Z]-[0-9]{4}|[0-9]{4}-[A-Z][0-9]|[0-9]{4}-[0-9][A-Z]"
)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))

_DATE = re.compile(
    r"(?P<roc7>[0-9]{3})(?P<roc7_month>[0-9]{2})(?P<roc7_day>[0-9]{2})"
    r"|(?P<roc>[0-9]{3})(?P<separator>[/.])(?P<roc_month>[0-9]{1,2})(?P=separator)(?P<roc_day>[0-9]{1,2})"
    r"|(?P<zh>[0-9]{1,3})年(?P<zh_month>[0-9]{1,2})月(?P<zh_day>[0-9]{1,2})日"
    r"|(?P<ad>[0-9]{4})(?P<ad_separator>[-/])(?P<ad_month>[0-9]{1,2})(?P=ad_separator)(?P<ad_day>[0-9]{1,2})"
)


def normalise(text: str) -> str:
    """`text` in Unicode NFKC (full-width becomes half-width) without outer white space, full-width space included."""
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        return text.strip()
    return unicodedata.normalize("NFKC", text).strip()


def national_id_valid(text: str) -> bool:
    """Whether `text` is a national ID number (身分證字號) with a right check digit."""
    return _NATIONAL_ID.fullmatch(text) is not None and _check_sum_holds(text)


def ui_number_valid(text: str) -> bool:
    """Whether `text` is a resident number (統一證號): new (A8…, A9…), or legacy (AA… to AD…, void from 2031)."""
    if _UI_NUMBER.fullmatch(text) is not None:
        return _check_sum_holds(text)
    if _UI_NUMBER_LEGACY.fullmatch(text) is not None:
        return _check_sum_holds(f"{text[0]}{_LETTER_VALUES[text[1]] % 10}{text[2:]}")
    return False


def person_id_valid(text: str) -> bool:
    """Whether `text` is an ID number of a person: national, or resident of either kind."""
    return national_id_valid(text) or ui_number_valid(text)


def business_id_valid(text: str) -> bool:
    """Whether `text` is a business id (統一編號) by the rule of 2023 (sum divisible by 5); 00000000 is nobody's."""
    if _BUSINESS_ID.fullmatch(text) is None or text == "00000000":
        return False
    total = sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(text, _BUSINESS_WEIGHTS, strict=True))
    return total % _BUSINESS_MODULUS == 0 or (text[6] == "7" and (total + 1) % _BUSINESS_MODULUS == 0)


def mobile_valid(text: str) -> bool:
    """Whether `text` is a mobile number as people write it: 09 and eight digits."""
    return _MOBILE.fullmatch(text) is not None


def to_e164(mobile: str) -> str:
    """`mobile` (0912345678) as +886912345678. Raises ValueError for anything `mobile_valid` refuses."""
    if not mobile_valid(mobile):
        raise ValueError("not a mobile number of Taiwan")
    return f"+886{mobile[1:]}"


def from_e164(number: str) -> str:
    """`number` (+886912345678) as 0912345678. Raises ValueError for anything else than a mobile of Taiwan."""
    if _MOBILE_E164.fullmatch(number) is None:
        raise ValueError("not a mobile number of Taiwan in E.164")
    return f"0{number[4:]}"


def mobile_barcode_valid(text: str) -> bool:
    """Whether `text` is an invoice barcode (手機條碼): a slash and seven of 0-9 A-Z . + -."""
    return _MOBILE_BARCODE.fullmatch(text) is not None


def plate_normalise(text: str) -> str:
    """A plate as it is compared and stored: half-width, upper case, its dash written as a hyphen."""
    return normalise(text).translate(_DASHES).upper()


def plate_valid(plate: str) -> bool:
    """Whether `plate` (normalised) has the form of any plate on the road; whether it exists only the register knows."""
    return _PLATE.fullmatch(plate) is not None


def plate_is_ambiguous(plate: str) -> bool:
    """Whether `plate` is one without its hyphen: AB1234 may be the car AB-1234 or the motorcycle AB1-234."""
    if "-" in plate:
        return False
    return any(plate_valid(f"{plate[:at]}-{plate[at:]}") for at in range(2, len(plate) - 1))


def plate_vehicle(plate: str) -> str | None:
    """The kind of vehicle that the form of `plate` stands for: "motorcycle", "car", or None where it does not tell."""
    if _MOTORCYCLE_PLATE.fullmatch(plate) is not None:
        return "motorcycle"
    if _CAR_PLATE.fullmatch(plate) is not None:
        return "car"
    return None


def parse_date(text: str) -> date:
    """The day that `text` (normalised) names: ROC 1151105, 115/11/05, 115.11.5, 115年11月5日, AD 2026-11-05, 2026/11/5.

    Raises ValueError for other forms, six digits among them (99年 or 1999?), and for days that no calendar has.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("not a date in a known form")
    if match["ad"] is not None:
        return date(int(match["ad"]), int(match["ad_month"]), int(match["ad_day"]))
    form = "roc7" if match["roc7"] is not None else "roc" if match["roc"] is not None else "zh"
    roc_year = int(match[form])
    if roc_year == 0:
        raise ValueError("there is no ROC year 0")
    return date(roc_year + ROC_YEAR_OFFSET, int(match[f"{form}_month"]), int(match[f"{form}_day"]))


def roc_text(day: date) -> str:
    """`day` as people read it: 115年11月5日. Raises ValueError for days before ROC 1 (1912)."""
    if day.year <= ROC_YEAR_OFFSET:
        raise ValueError("before the first ROC year")
    return f"{day.year - ROC_YEAR_OFFSET}年{day.month}月{day.day}日"


def mask_national_id(text: str) -> str:
    """An ID number with its middle hidden: A12****789."""
    return f"{text[:3]}****{text[-3:]}"


def mask_mobile(mobile: str) -> str:
    """A mobile number (0912345678 or E.164) with its middle hidden: 09******78."""
    local = from_e164(mobile) if mobile.startswith("+") else mobile
    return f"{local[:2]}******{local[-2:]}"


def _check_sum_holds(number: str) -> bool:
    digits: int = sum(map(mul, _DIGIT_WEIGHTS, map(int, number[1:])))
    return (_LETTER_SUMS[number[0]] + digits) % 10 == 0
