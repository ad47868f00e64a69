"""Telephone numbers of Taiwan as people write them: mobile or land line, always with their leading zero.

National numbers of the numbering plan (電信編碼計畫, NCC): mobiles 09 and eight digits; land lines an area code from 02
to 089 and a subscriber number, nine or ten digits in all.
"""

from __future__ import annotations

import re
from typing import Final

from accessibility.riders.errors import PhoneNumberWrong
from core import taiwan

_MARKS: Final = re.compile(r"[\s()（）\-‐‑–—.]")
_INTERNATIONAL: Final = re.compile(r"^(?:\+|00)886")
_MOBILE: Final = re.compile(r"09[0-9]{8}")
_LAND_LINE: Final = re.compile(r"0(?:2[0-9]{8}|4[0-9]{7,8}|[35678][0-9]{7,8})")


def tidy(typed: str) -> str:
    """A number in digits with its leading zero, from whatever way of writing it. Raises PhoneNumberWrong, also for one
    that has lost its zero: nobody knows what else it has lost."""
    plain = _MARKS.sub("", taiwan.normalise(typed))
    is_international = _INTERNATIONAL.match(plain) is not None
    digits = "0" + _INTERNATIONAL.sub("", plain).removeprefix("0") if is_international else plain
    if _MOBILE.fullmatch(digits) is None and _LAND_LINE.fullmatch(digits) is None:
        raise PhoneNumberWrong
    return digits


def can_take_texts(number: str) -> bool:
    """Whether a tidy number is a mobile, which text messages reach."""
    return _MOBILE.fullmatch(number) is not None
