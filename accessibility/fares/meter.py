"""What a taxi's meter shows: flag fall, distance, slow time, the night and the New Year, by the tariff of the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from accessibility.fares import rules
from core.clock import TAIPEI

TARIFF = "kaohsiung"


def estimate(session: Session, metres: int, starts_at: datetime, *, slow_seconds: int = 0, is_day: bool = False) -> int:
    """NT$ on the meter after so many metres; with `is_day` without night and New Year, as the Rehabus counts."""
    rule = rules.at(session, starts_at).of("meter", TARIFF)
    assert rule is not None, "the tariff of the meter is laid down when the tables are made"
    return shown(rule.terms, metres, starts_at, slow_seconds=slow_seconds, is_day=is_day)


def shown(
    tariff: Mapping[str, Any], metres: int, starts_at: datetime, *, slow_seconds: int = 0, is_day: bool = False
) -> int:
    """NT$ on the meter by this tariff. The night's percentage falls on what was driven, New Year's sum on the ride."""
    beyond = max(0, metres - tariff["flag_fall_metres"])
    steps = -(-beyond // tariff["step_metres"]) + slow_seconds // tariff["slow_step_seconds"]
    driven = tariff["flag_fall_twd"] + int(steps) * tariff["step_twd"]
    if is_day:
        return int(driven)
    local = starts_at.astimezone(TAIPEI)
    if _is_night(tariff["night"], local.time()):
        driven += driven * tariff["night"]["percent"] // 100
    added = sum(each["twd"] for each in tariff["holidays"] if _is_in(each, local.date()))
    return int(driven) + int(added)


def _is_night(night: Mapping[str, Any], moment: time) -> bool:
    begins, ends = time.fromisoformat(night["from"]), time.fromisoformat(night["until"])
    return moment >= begins or moment < ends


def _is_in(days: Mapping[str, Any], day: date) -> bool:
    return date.fromisoformat(days["first"]) <= day <= date.fromisoformat(days["last"])
