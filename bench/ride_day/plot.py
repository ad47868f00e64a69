"""The day as a picture: how many rides were wanted in each quarter of an hour, and carried, both ways."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from bench.ride_day.demand import MIDNIGHT
from bench.ride_day.diary import Diary

if TYPE_CHECKING:
    from bench.ride_day.running import Result

_WIDTH, _HEIGHT = 960, 420
_FIRST, _LAST = 5 * 4, 24 * 4
_SERIES: Final = (
    ("wanted", "#b9c4cc", "想搭的趟次 wanted"),
    ("alone", "#c98a1b", "各車隊自己接單 each fleet by itself"),
    ("together", "#0b5d73", "一次問全部車隊 one request for all"),
)


def svg(result: Result) -> str:
    """Rides picked up in each quarter of an hour both ways, beside those that were wanted; words in both languages."""
    counts = {
        "wanted": _wanted(result.together),
        "together": _aboard(result.together),
        "alone": _aboard(result.alone),
    }
    found = len(result.verdict.findings)
    title = (
        f"{result.legs:,} 趟、{result.vans} 輛復康巴士、{result.taxis} 輛計程車的一天：{found} 件未說明 "
        f"A day of {result.legs:,} rides: {found} not explained"
    )
    left, top, width, height = 70, 60, 840, 260
    most = max(max(each.values(), default=1) for each in counts.values())
    step = width / (_LAST - _FIRST)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<path fill="#fff" d="M0 0h{_WIDTH}v{_HEIGHT}H0z"/><text x="20" y="26" font-size="15">{title}</text>'
    ]
    for value in sorted({0, most // 2, most}):
        y = top + height - value / most * height
        parts.append(f'<path stroke="#ddd" d="M{left} {y:.1f}h{width}"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    for hour in range(6, 25, 2):
        x = left + (hour * 4 - _FIRST) * step
        parts.append(f'<text x="{x:.1f}" y="{top + height + 18}" text-anchor="middle">{hour}:00</text>')
    bars = counts["wanted"]
    for quarter in range(_FIRST, _LAST):
        tall = bars[quarter] / most * height
        parts.append(
            f'<path fill="#b9c4cc" d="M{left + (quarter - _FIRST) * step:.1f} {top + height - tall:.1f}'
            f'h{step * 0.9:.1f}v{tall:.1f}h-{step * 0.9:.1f}z"/>'
        )
    for name, colour, _ in _SERIES[1:]:
        line = " ".join(
            f"{left + (quarter - _FIRST + 0.5) * step:.1f},{top + height - counts[name][quarter] / most * height:.1f}"
            for quarter in range(_FIRST, _LAST)
        )
        dashes = ' stroke-dasharray="6 3"' if name == "alone" else ""
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2.5"{dashes} points="{line}"/>')
    for row, (name, colour, words) in enumerate(_SERIES):
        x = left + row * 290
        parts.append(f'<path fill="{colour}" d="M{x} {top + height + 42}h12v12h-12z"/>')
        parts.append(f'<text x="{x + 20}" y="{top + height + 53}">{words}</text>')
        parts.append(f'<text x="{x + 20}" y="{top + height + 69}">{sum(counts[name].values()):,}</text>')
    return "".join(parts) + "</svg>\n"


def _wanted(diary: Diary) -> Counter[int]:
    return Counter((leg.leaves_at - MIDNIGHT).seconds // 900 for _, leg in diary.legs())


def _aboard(diary: Diary) -> Counter[int]:
    return Counter((each.at - MIDNIGHT).seconds // 900 for each in diary.seen if each.deed == "aboard")
