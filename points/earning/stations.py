"""The stations of metro and light rail: by which codes a ride's file names them, and what people call them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from core.text import Text

_FILE: Final = Path(__file__).parent / "data" / "stations.csv"
OPERATORS: Final = ("KRTC", "KLRT")


@cache
def of_operator(operator: str) -> Mapping[str, Text]:
    """Names by the code that stands at the station (R10), of one operator; none of one that is unknown."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {
            row["code"]: Text(row["name_zh"], row["name_en"])
            for row in csv.DictReader(lines)
            if row["operator"] == operator
        }


def name_of(code: str) -> Text | None:
    """What people call the station with this code; no two operators share one."""
    return next((found for operator in OPERATORS if (found := of_operator(operator).get(code))), None)
