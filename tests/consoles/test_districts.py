"""The map of the desks and of the phone names the districts as the rest of the city's program does."""

from __future__ import annotations

import re
from pathlib import Path

from core.districts import DISTRICTS

DRAWN = Path(__file__).resolve().parents[2] / "core" / "web" / "js" / "districts.js"
_LINE = re.compile(r'\{ code: "(\d+)", zh: "([^"]+)", en: "([^"]+)", .*, outline: "M[^"]+z" \},')


def test_every_district_is_drawn_once_under_its_own_code_and_names() -> None:
    drawn = _LINE.findall(DRAWN.read_text())
    assert drawn == [(code, name.zh, name.en) for code, name in sorted(DISTRICTS.items())]
