"""A month as a picture: for each day what was captured, returned and refunded, and the breaks that were opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_WIDTH, _HEIGHT, _LEFT, _TOP = 960, 420, 70, 40
_MONEY_HEIGHT, _BREAKS_TOP, _BREAKS_HEIGHT = 220, 300, 80
_COLOURS = {"captured": "#0b5d73", "refunded": "#c98a1b", "returned": "#a23b1e", "breaks": "#5b3f8c"}
_LEGEND = (
    ("captured", "入帳 captured"), ("refunded", "退款 refunded"), ("returned", "退回、爭議 returned, charged back"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """One simulated day. Money in NT$; `returned_twd` holds what was charged back, too."""

    on: date
    captured_twd: int
    refunded_twd: int
    returned_twd: int
    breaks: int


def svg(days: Sequence[Day], *, title: str) -> str:
    """The picture; its words are in both languages, its numbers in the title of every bar."""
    most = max([day.captured_twd for day in days] + [1])
    most_breaks = max([day.breaks for day in days] + [1])
    step = (_WIDTH - _LEFT - 20) / max(len(days), 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<path fill="#fff" d="M0 0h{_WIDTH}v{_HEIGHT}H0z"/>'
        f'<text x="{_LEFT}" y="20" font-size="15">{title}</text>'
    ]
    bottom = _TOP + _MONEY_HEIGHT
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * (_MONEY_HEIGHT - 10)
        label = f"{round(most * share):,}"
        parts.append(f'<path stroke="#ddd" d="M{_LEFT} {y:.1f}H{_WIDTH - 20}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for number, day in enumerate(days):
        x = _LEFT + number * step
        for place, (name, value) in enumerate(
            (("captured", day.captured_twd), ("refunded", day.refunded_twd), ("returned", day.returned_twd))
        ):
            height = value / most * (_MONEY_HEIGHT - 10)
            parts.append(_bar(x + place * step * 0.28, bottom, step * 0.26, height, name,
                              f"{day.on} {name} NT${value:,}"))  # fmt: skip
        height = day.breaks / most_breaks * (_BREAKS_HEIGHT - 10)
        parts.append(_bar(x, _BREAKS_TOP + _BREAKS_HEIGHT, step * 0.82, height, "breaks", f"{day.on}: {day.breaks}"))
        if number % 5 == 0:
            parts.append(f'<text x="{x:.1f}" y="{_BREAKS_TOP + _BREAKS_HEIGHT + 16}">{day.on:%m-%d}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_BREAKS_TOP - 6}">每日新增差異 breaks opened (at most {most_breaks})</text>')
    for place, (name, words) in enumerate(
        (
            ("captured", "入帳 captured"),
            ("refunded", "退款 refunded"),
            ("returned", "退回、爭議 returned, charged back"),
        )
    ):
        x = _LEFT + 330 + place * 130
        parts.append(f'<path fill="{_COLOURS[name]}" d="M{x} 10h12v12h-12z"/><text x="{x + 18}" y="20">{words}</text>')
    return "".join(parts) + "</svg>\n"


def _bar(x: float, bottom: float, width: float, height: float, name: str, words: str) -> str:
    return (
        f'<path fill="{_COLOURS[name]}" d="M{x:.1f} {bottom}v{-height:.1f}h{width:.1f}v{height:.1f}z">'
        f"<title>{words}</title></path>"
    )
