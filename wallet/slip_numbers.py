"""A slip's number (銷帳編號): 14 digits, the last of them a check digit.

The check digit is ISO/IEC 7064 MOD 11,10: it finds every single wrong digit and all but a few exchanges of two digits
beside each other, of which the store barcode's own check characters find the rest.
"""

from __future__ import annotations

import re

LENGTH = 14
LARGEST_SEQUENCE = 10**11 - 1
# Our series within the collecting agreement; a number of another series is not one of our slips.
SERIES = "68"

_NUMBER = re.compile(r"[0-9]{14}")


def slip_number(sequence: int) -> str:
    """The number of the slip made as the `sequence`-th. Raises ValueError out of range."""
    if not 1 <= sequence <= LARGEST_SEQUENCE:
        raise ValueError("a slip's sequence has at most 11 digits")
    digits = f"{SERIES}{sequence:011d}"
    return digits + check_digit(digits)


def is_slip_number(text: str) -> bool:
    """Whether `text` is a number of our series whose check digit fits."""
    return _NUMBER.fullmatch(text) is not None and text.startswith(SERIES) and check_digit(text[:-1]) == text[-1]


def check_digit(digits: str) -> str:
    """The check digit of `digits` by ISO/IEC 7064 MOD 11,10."""
    remainder = 10
    for digit in digits:
        remainder = ((remainder + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - remainder) % 10)
