"""The scheme's numbers for merchants: how many, how often, for how long. They are rows with a day and a source."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date

Name = Literal["proof_credits_per_day", "proof_tries", "till_code_minutes", "branches", "staff", "tills", "offers"]


def value(session: Session, name: Name, now: datetime) -> int:
    """The number that is in force today."""
    return int(session.execute(_VALUE, {"name": name, "today": taipei_date(now)}).scalar_one())


_VALUE = text(
    "SELECT value FROM points.merchant_rule WHERE name = :name AND valid_from <= :today "
    "ORDER BY valid_from DESC LIMIT 1"
)
