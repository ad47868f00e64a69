"""How one cell of a bureau's export is read: normalised text in, a value of our vocabulary out, or a reason why not.

Every reading is strict: a code that is not listed, a day that is not in the calendar and an amount that is not a whole
number are refused by name and never guessed.
"""

import re
from collections.abc import Callable, Mapping

from core import taiwan

Value = str | int | bool | None
Reading = Callable[[str], Value]

FIRST_YEAR = taiwan.ROC_YEAR_OFFSET + 1

_PARKING_NUMBER = re.compile(r"[0-9]{16}")
_NOTICE_NUMBER = re.compile(r"[A-Z][A-Z0-9]{2}[0-9]{6}")
_REFERENCE = re.compile(r"[0-9A-Za-z-]{1,40}")
_AMOUNT = re.compile(r"([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+) ?元?")
_AMOUNT_DIGITS_MAX = 12
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_COMPACT_MOMENT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})")
# Control characters but tab and line ends, and the marks that turn the direction of writing around.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Unreadable(Exception):
    """A cell cannot be taken over; `reason` is the code that the bureau is told."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parking_number(text: str) -> str:
    """A parking bill's number: 16 digits, leading zeros kept."""
    return _matching(_PARKING_NUMBER, text, "number_invalid")


def notice_number(text: str) -> str:
    """A fine notice's number: a letter, two letters or digits, six digits."""
    return _matching(_NOTICE_NUMBER, text, "number_invalid")


def any_bill_number(text: str) -> str:
    """A parking bill's or a notice's number."""
    if _PARKING_NUMBER.fullmatch(text) is not None:
        return text
    return notice_number(text)


def reference(text: str) -> str:
    """The number a collecting channel gave its transaction."""
    return _matching(_REFERENCE, text, "reference_missing" if not text else "reference_invalid")


def plate(text: str) -> str:
    """A plate with its hyphen, upper case."""
    normalised = taiwan.plate_normalise(text)
    if taiwan.plate_valid(normalised):
        return normalised
    if not normalised:
        raise Unreadable("plate_missing")
    raise Unreadable("plate_ambiguous" if taiwan.plate_is_ambiguous(normalised) else "plate_invalid")


def owner_id(text: str) -> str:
    """A person's ID number or a business id, its check digit right."""
    number = text.upper()
    if taiwan.person_id_valid(number) or taiwan.business_id_valid(number):
        return number
    raise Unreadable("id_check_digit" if text else "id_missing")


def day(text: str) -> str:
    """A day, ROC or AD, as ISO 8601."""
    try:
        parsed = taiwan.parse_date(text)
    except ValueError:
        raise Unreadable("date_invalid") from None
    if parsed.year < FIRST_YEAR:
        raise Unreadable("date_invalid")
    return parsed.isoformat()


def time_of_day(text: str) -> str:
    """A time HH:MM or HH:MM:SS as HH:MM:SS."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise Unreadable("time_invalid")
    return f"{match[1]}:{match[2]}:{match[3] or '00'}"


def moment(text: str) -> str:
    """A day, one space and a time, of Taipei, as RFC 3339."""
    day_text, _, time_text = text.partition(" ")
    return f"{day(day_text)}T{time_of_day(time_text)}+08:00"


def compact_moment(text: str) -> str:
    """YYYYMMDDHHMM of Taipei as RFC 3339."""
    match = _COMPACT_MOMENT.fullmatch(text)
    if match is None:
        raise Unreadable("date_invalid")
    return f"{day(f'{match[1]}-{match[2]}-{match[3]}')}T{time_of_day(f'{match[4]}:{match[5]}')}+08:00"


def amount(*, at_most_twd: int) -> Reading:
    """A positive whole amount of NT$, thousands separated or not, 元 allowed."""

    def read(text: str) -> int:
        if not text:
            raise Unreadable("amount_missing")
        match = _AMOUNT.fullmatch(text)
        if match is None:
            raise Unreadable("amount_invalid")
        digits = match[1].replace(",", "").lstrip("0")
        if not digits:
            raise Unreadable("amount_invalid")
        if len(digits) > _AMOUNT_DIGITS_MAX or int(digits) > at_most_twd:
            raise Unreadable("amount_out_of_range")
        return int(digits)

    return read


def code(meanings: Mapping[str, Value], *, otherwise: str) -> Reading:
    """A code that must be listed in `meanings`; `otherwise` is the reason for one that is not."""

    def read(text: str) -> Value:
        try:
            return meanings[text]
        except KeyError:
            raise Unreadable(otherwise) from None

    return read


def words(*, at_most_characters: int) -> Reading:
    """Free text, kept as it is: also text that looks like a formula, which is made harmless where it is exported."""

    def read(text: str) -> str:
        if len(text) > at_most_characters:
            raise Unreadable("text_too_long")
        if not text.isprintable() and _UNPRINTABLE.search(text) is not None:
            raise Unreadable("text_invalid")
        return text

    return read


def _matching(form: re.Pattern[str], text: str, reason: str) -> str:
    if form.fullmatch(text) is None:
        raise Unreadable(reason)
    return text
