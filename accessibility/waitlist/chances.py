"""What a chance is: how many of those who waited before for a like hour, in a like place of the line and the same
district, were really offered something. Where too few did, others less alike are looked at, and in the end nothing is
said.

Who left before anything came is not counted, either way: nobody knows how it would have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.waitlist import line
from core.clock import TAIPEI, taipei_date
from core.text import Text

LEAST: Final = 12
"""So many waits are needed before anything is said."""
_MONTHS: Final = 6
_Z: Final = 1.2816
"""Of four such intervals in five the true share lies inside (Wilson 1927)."""
Alike = Literal["district", "hour", "city"]


@dataclass(frozen=True, slots=True)
class Seen:
    """How it went for those who are alike so far: of `waited`, `was_offered` were offered something."""

    alike: Alike
    waited: int
    was_offered: int


@dataclass(frozen=True, slots=True)
class Chance:
    """From what was seen: `share` of 0 to 1, and its most likely bounds. None: too little is known."""

    seen: Seen | None
    share: float | None
    low: float | None
    high: float | None


UNKNOWN: Final = Chance(None, None, None, None)


def of(seen: Sequence[Seen]) -> Chance:
    """The chance by the first of these, the most alike first, that is more than a handful."""
    enough = next((each for each in seen if each.waited >= LEAST), None)
    if enough is None:
        return UNKNOWN
    low, high = wilson(enough.was_offered, enough.waited)
    return Chance(enough, enough.was_offered / enough.waited, low, high)


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Between which bounds a share lies (score interval, four times in five), by so many hits of so many tries."""
    share, square = hits / tries, _Z * _Z
    middle = (share + square / (2 * tries)) / (1 + square / tries)
    half = _Z * sqrt(share * (1 - share) / tries + square / (4 * tries * tries)) / (1 + square / tries)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def in_words(chance: Chance) -> Text:
    """A chance as a person would say it, with what it rests on."""
    if chance.seen is None or chance.share is None:
        return Text(
            "還不知道機會有多大：像這樣候補過的人太少。", "We cannot say: too few people have waited like this before."
        )
    return _SEEN[chance.seen.alike].format(
        waited=chance.seen.waited, offered=chance.seen.was_offered, tenths=_tenths(chance.share)
    )


def seen(session: Session, *, wanted_at: datetime, district: str, rank: int, now: datetime) -> list[Seen]:
    """How it went for others in the last half year, the most alike first."""
    local = wanted_at.astimezone(TAIPEI)
    values = {"hour": local.hour, "workday": _is_workday(session, local.date()), "district": district,
              "band": line.band_of(rank), "since": _since(now)}  # fmt: skip
    row = session.execute(_SEEN_SQL, values).one()
    return [
        Seen("district", row.near, row.near_offered),
        Seen("hour", row.hourly, row.hourly_offered),
        Seen("city", row.all_of_it, row.all_offered),
    ]


def count(session: Session, *, wanted_at: datetime, district: str, rank: int, was_offered: bool, now: datetime) -> None:
    """One more wait has come to its end, and nobody's name is written down with it."""
    local = wanted_at.astimezone(TAIPEI)
    values = {
        "hour": local.hour, "workday": _is_workday(session, local.date()), "district": district,
        "band": line.band_of(rank), "month": taipei_date(now).replace(day=1), "offered": int(was_offered),
    }  # fmt: skip
    session.execute(_COUNT, values)


def _is_workday(session: Session, day: date) -> bool:
    holidays = session.execute(_HOLIDAY, {"day": day}).scalars().all()
    return line.is_workday(day, holidays)


def _since(now: datetime) -> date:
    return (taipei_date(now).replace(day=1) - timedelta(days=31 * (_MONTHS - 1))).replace(day=1)


def _tenths(share: float) -> Text:
    tenths = round(share * 10)
    zh = "幾乎沒有" if tenths == 0 else "幾乎都有" if tenths == 10 else f"大約{'零一二三四五六七八九'[tenths]}成"
    return Text(zh, f"about {tenths} in 10")


_SEEN: Final[dict[Alike, Text]] = {
    "district": Text(
        "同一區、相近時段、差不多順位候補過的 {waited} 次裡，有 {offered} 次等到了車（{tenths}）。",
        "Of {waited} who waited for a like hour and rank in this district, {offered} were offered a ride ({tenths}).",
    ),
    "hour": Text(
        "全市相近時段、差不多順位候補過的 {waited} 次裡，有 {offered} 次等到了車（{tenths}）。",
        "Of {waited} who waited for a like hour and rank in the whole city, {offered} were offered a ride ({tenths}).",
    ),
    "city": Text(
        "全市各時段候補過的 {waited} 次裡，有 {offered} 次等到了車（{tenths}）；這個時段本身的紀錄還太少。",
        "Of {waited} who waited at any hour, {offered} were offered a ride ({tenths}); too little is known of "
        "this hour alone.",
    ),
}
_SEEN_SQL = text(
    """
    WITH alike AS (
        SELECT waited, was_offered, district = :district AS is_here,
               abs(hour - :hour) <= 1 AND is_workday = :workday AND rank_band = :band AS is_then
          FROM accessibility.wait_outcome WHERE month >= :since)
    SELECT coalesce(sum(waited) FILTER (WHERE is_then AND is_here), 0) AS near,
           coalesce(sum(was_offered) FILTER (WHERE is_then AND is_here), 0) AS near_offered,
           coalesce(sum(waited) FILTER (WHERE is_then), 0) AS hourly,
           coalesce(sum(was_offered) FILTER (WHERE is_then), 0) AS hourly_offered,
           coalesce(sum(waited), 0) AS all_of_it, coalesce(sum(was_offered), 0) AS all_offered
      FROM alike
    """
)
_COUNT = text(
    """
    INSERT INTO accessibility.wait_outcome AS o (hour, is_workday, district, rank_band, month, waited, was_offered)
    VALUES (:hour, :workday, :district, :band, :month, 1, :offered)
    ON CONFLICT (hour, is_workday, district, rank_band, month) DO UPDATE
       SET waited = o.waited + 1, was_offered = o.was_offered + excluded.was_offered
    """
)
_HOLIDAY = text("SELECT day FROM accessibility.holiday WHERE day = :day")
