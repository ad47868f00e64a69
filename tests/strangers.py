"""Numbers of people nobody has heard of: no two tests of one process, which may share a running copy, get the same.

Somebody registered twice is answered like anybody else and is sent no code, so that nobody learns who is registered:
a number that two files have chosen each for itself shows as a text message that never comes.
"""

from __future__ import annotations

import itertools
import os
import random
from typing import Final

from core import taiwan

# A copy that is kept from run to run knows those of the last one.
_numbers: Final = itertools.count(random.Random(os.getpid()).randrange(1_000_000, 8_000_000))


def new_number() -> int:
    """The number of somebody new; at most seven digits."""
    return next(_numbers)


def new_numbers(count: int) -> list[int]:
    """The numbers of so many new people."""
    return list(itertools.islice(_numbers, count))


def national_id(number: int) -> str:
    """A valid ID number that belongs to nobody; of `number`, seven digits."""
    stem = f"Y1{number:07d}"
    return next(f"{stem}{digit}" for digit in range(10) if taiwan.national_id_valid(f"{stem}{digit}"))


def mobile(number: int) -> str:
    """A mobile number for somebody with this number."""
    return f"09{number:08d}"
