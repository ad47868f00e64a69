"""The month of points as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.points_month import Day
    from bench.points_month_books import Line

_WIDTH, _HEIGHT = 960, 420
_SERIES = (
    ("people", "#0b5d73", "市民手上 with people"),
    ("at_merchants", "#c98a1b", "用在店家 used at shops"),
    ("at_partners", "#5a7d2a", "換給夥伴（淨額）net with partners"),
    ("lapsed", "#a23b1e", "到期 lapsed"),
    ("paid_twd", "#555555", "經銀行付出 NT$ paid through the bank"),
)


def svg(days: Sequence[Day], lines: Sequence[Line], *, people: int) -> str:
    """Points at the end of each day, by where they are, and what the bank has paid; words in both languages."""
    agree = sum(line.agrees for line in lines)
    title = (
        f"點數的一個月、{people:,} 人：{len(lines)} 項有 {agree} 項相符 "
        f"A month of points: {agree} of {len(lines)} numbers agree"
    )
    left, top, width, height = 90, 60, 560, 300
    values = [getattr(day, name) for day in days for name, _, _ in _SERIES]
    least, most = min(0, *values), max(1, *values)
    step = width / max(len(days) - 1, 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<path fill="#fff" d="M0 0h{_WIDTH}v{_HEIGHT}H0z"/><text x="20" y="26" font-size="15">{title}</text>'
    ]

    def at(value: float) -> float:
        return top + height - (value - least) / (most - least) * height

    # A lowest value close to nothing has no room for words of its own.
    marked = {0, most // 4, most // 2, most * 3 // 4, most} | ({least} if -least > most // 12 else set())
    for value in sorted(marked):
        y = at(value)
        parts.append(f'<path stroke="#ddd" d="M{left} {y:.1f}h{width}"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>')
    for place in range(0, len(days), 7):
        parts.append(f'<text x="{left + place * step:.1f}" y="{top + height + 18}">{days[place].day:%m/%d}</text>')
    ends = sorted(_SERIES, key=lambda each: -getattr(days[-1], each[0]))
    for row, (name, colour, words) in enumerate(ends):
        points = " ".join(f"{left + place * step:.1f},{at(getattr(day, name)):.1f}" for place, day in enumerate(days))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2.5" points="{points}"/>')
        y = top + 30 + row * 44
        parts.append(f'<path fill="{colour}" d="M{left + width + 20} {y - 10}h12v12h-12z"/>')
        parts.append(f'<text x="{left + width + 40}" y="{y}">{words}</text>')
        parts.append(f'<text x="{left + width + 40}" y="{y + 16}">{getattr(days[-1], name):,}</text>')
    return "".join(parts) + "</svg>\n"
