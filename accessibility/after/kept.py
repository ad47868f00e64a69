"""How long reports of lost things are kept. Ratings are the rider's own words: kept with the account."""

from __future__ import annotations

from typing import Final

from core.keeping import Kept

RULES: Final = (
    Kept(
        "accessibility.lost_item", 400, "k.ended_at < :before",
        "who fetched what, or that it was not there, is answered for a year",
    ),
)  # fmt: skip
