"""The week as a picture: what became of each priority's messages, how long they waited, and how many people stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.push_week import Week

_WIDTH, _HEIGHT = 960, 560
_OUTCOMES = {
    "rung": ("#0b5d73", "響鈴 rung"),
    "digest": ("#7fb3c0", "信箱不響 silent in the inbox"),
    "waiting": ("#d9c27a", "仍在等 still waiting"),
    "lost": ("#a23b1e", "沒送到 lost"),
}
_POLICIES = ("#a23b1e", "#c98a1b", "#0b5d73")
_NAMES = ("不設上限 no cap", "到上限就丟 dropped at the cap", "一個上限、分輪 one cap, in rounds")


def svg(weeks: Sequence[Week], *, days: int, people: int) -> str:
    """The picture; its words are in both languages, its numbers in the title of every bar."""
    title = f"一週、{people:,} 人：訊息的下場 A week, {people:,} people: what became of the messages"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{title}</title>'
        f'<path fill="#fff" d="M0 0h{_WIDTH}v{_HEIGHT}H0z"/><text x="20" y="24" font-size="15">{title}</text>'
    ]
    parts += _legend([(colour, words) for colour, words in _OUTCOMES.values()], 20, 40, 190)
    for place, week in enumerate(weeks):
        parts += _outcomes(week, _NAMES[place], 20 + place * 315, 75)
    parts += _stops(weeks, days, 20, 320)
    parts += _waits(weeks[-1], 520, 320)
    return "".join(parts) + "</svg>\n"


def _outcomes(week: Week, name: str, left: float, top: float) -> list[str]:
    """One bar for each priority, as wide as all its messages, parted by what became of them."""
    parts = [f'<text x="{left}" y="{top + 12}" font-weight="bold">{name}</text>']
    for row, priority in enumerate((4, 3, 2, 1)):
        y = top + 26 + row * 46
        total = sum(week.outcomes[priority, outcome] for outcome in _OUTCOMES) or 1
        parts.append(f'<text x="{left}" y="{y + 10}">優先 priority {priority}: {total:,}</text>')
        x = left
        for outcome, (colour, words) in _OUTCOMES.items():
            share = week.outcomes[priority, outcome] / total
            width = share * 290
            parts.append(_bar(x, y + 15, width, 20, colour, f"{words}: {week.outcomes[priority, outcome]:,}"))
            if width > 38:
                parts.append(f'<text x="{x + 5:.1f}" y="{y + 29}" fill="#fff" font-size="11">{share:.0%}</text>')
            x += width
    return parts


def _stops(weeks: Sequence[Week], days: int, left: float, top: float) -> list[str]:
    """How many subscriptions people had stopped by the end of each day."""
    parts = [f'<text x="{left}" y="{top}" font-weight="bold">累計停訂 subscriptions stopped, so far</text>']
    most = max(sum(week.stops.values()) for week in weeks) or 1
    bottom, step = top + 200, 420 / days
    parts.append(f'<path stroke="#999" d="M{left + 30} {bottom}h430"/>')
    for place, week in enumerate(weeks):
        sums = [sum(week.stops[day] for day in range(until)) for until in range(days + 1)]
        points = " ".join(f"{left + 30 + n * step:.1f},{bottom - s / most * 160:.1f}" for n, s in enumerate(sums))
        parts.append(f'<polyline fill="none" stroke="{_POLICIES[place]}" stroke-width="2.5" points="{points}"/>')
        end = bottom - sums[-1] / most * 160 - (14 if place == 1 else 0)
        parts.append(f'<text x="{left + 456}" y="{end + 4:.1f}" fill="{_POLICIES[place]}">{sums[-1]:,}</text>')
    for day in range(days):
        parts.append(f'<text x="{left + 30 + (day + 0.5) * step:.1f}" y="{bottom + 16}">{day + 1}</text>')
    return parts + _legend(list(zip(_POLICIES, _NAMES, strict=True)), left, top + 224, 172, size=11)


def _waits(week: Week, left: float, top: float) -> list[str]:
    """Of what rang under the cap: after how many days of waiting."""
    parts = [f'<text x="{left + 30}" y="{top}" font-weight="bold">響鈴前等了幾天 days waited before it rang</text>']
    bottom, longest = top + 200, max((days for (_, days), n in week.waited.items() if n), default=0)
    by_days = [sum(week.waited[priority, days] for priority in (1, 2, 3, 4)) for days in range(longest + 1)]
    most, step = max(by_days) or 1, 380 / (longest + 1)
    for days, count in enumerate(by_days):
        height = count / most * 160
        x = left + 30 + days * step
        parts.append(_bar(x, bottom - height, step * 0.8, height, _POLICIES[2], f"{days}: {count:,}"))
        parts.append(f'<text x="{x + 2:.1f}" y="{bottom - height - 4:.1f}" font-size="11">{count:,}</text>')
        parts.append(f'<text x="{x + step * 0.35:.1f}" y="{bottom + 16}">{days}</text>')
    return parts


def _legend(entries: Sequence[tuple[str, str]], left: float, top: float, step: float, *, size: int = 12) -> list[str]:
    parts = []
    for place, (colour, words) in enumerate(entries):
        x = left + place * step
        parts.append(
            f'<path fill="{colour}" d="M{x} {top}h12v12h-12z"/>'
            f'<text x="{x + 17}" y="{top + 10}" font-size="{size}">{words}</text>'
        )
    return parts


def _bar(x: float, y: float, width: float, height: float, colour: str, words: str) -> str:
    return (
        f'<path fill="{colour}" d="M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h{-width:.1f}z">'
        f"<title>{words}</title></path>"
    )
