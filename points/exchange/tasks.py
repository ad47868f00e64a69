"""What the worker does about exchanges from time to time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from points.exchange import files, quotes, saga, statements

SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "points.drive_exchanges": (2.0, saga.drive_due),
    "points.exchange_files": (60.0, files.work),
    "points.take_partner_statements": (3600.0, statements.take_due),
    "points.forget_exchange_quotes": (3600.0, quotes.forget_old),
}
