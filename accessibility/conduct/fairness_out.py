"""The fairness report as people and programs read it: words, a file of comma-separated values, and a picture."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Final
from xml.sax.saxutils import escape

from accessibility.conduct.fairness import ALL_FLEETS, Compared, Report
from core.clock import TAIPEI
from core.districts import DISTRICTS
from core.text import Language, Text

_ROW, _LEFT, _WIDTH, _PLOT = 26, 250, 900, 440
_COLUMNS: Final = (
    "dimension", "group", "group_name", "fleet", "riders", "asked", "refused", "riders_refused", "apart", "apart_low",
    "apart_high", "p", "p_corrected", "is_not_chance",
)  # fmt: skip
_GROUPS: Final = {
    ("chair", "none"): Text("不用輪椅", "no wheelchair"),
    ("chair", "manual"): Text("手動輪椅", "manual wheelchair"),
    ("chair", "electric"): Text("電動輪椅", "electric wheelchair"),
    ("chair", "scooter"): Text("代步車", "scooter"),
    ("chair", "unknown"): Text("沒有填", "not said"),
    ("time", "night"): Text("夜間 23–06 時", "night, 23:00 to 06:00"),
    ("time", "06-09"): Text("06–09 時", "06:00 to 09:00"),
    ("time", "09-12"): Text("09–12 時", "09:00 to 12:00"),
    ("time", "12-16"): Text("12–16 時", "12:00 to 16:00"),
    ("time", "16-19"): Text("16–19 時", "16:00 to 19:00"),
    ("time", "19-23"): Text("19–23 時", "19:00 to 23:00"),
    ("complained", "yes"): Text("先前反映過意見", "had complained before"),
    ("complained", "no"): Text("沒有反映過意見", "had not complained"),
}
_TITLE: Final = Text("被拒絕的比率和其他人差多少", "How much more often refused than the others")
_NOT_CHANCE: Final = Text("不是巧合（已校正）", "not chance (corrected)")
_MAY_BE: Final = Text("可能是巧合", "may be chance")
_NONE: Final = Text("這段期間沒有可以比較的資料", "Nothing to compare in these days")
_ALL: Final = Text("全部車隊", "all fleets")


def group_words(line: Compared) -> Text:
    """A group's name."""
    if line.dimension == "district":
        found = DISTRICTS.get(line.group) or DISTRICTS.get(f"{line.group}0")
        return found or Text(line.group, line.group)
    return _GROUPS.get((line.dimension, line.group), Text(line.group, line.group))


def as_csv(report: Report, language: Language) -> bytes:
    """A line for each group at each fleet (`*`: by every fleet); empty where the group is too small to be shown."""
    out = StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for line in report.lines:
        values = (
            line.dimension, line.group, group_words(line).in_language(language), line.fleet, line.riders, line.asked,
            line.refused, line.riders_refused, _short(line.apart), _short(line.apart_low), _short(line.apart_high),
            _short(line.p), _short(line.p_corrected), "yes" if line.is_not_chance else "no",
        )  # fmt: skip
        writer.writerow(["" if value is None else value for value in values])
    return "\ufeff".encode() + out.getvalue().encode()


def as_svg(report: Report, language: Language, *, fleet: str = ALL_FLEETS, name: str = "") -> bytes:
    """Every group's difference with its interval around no difference at all. What is not chance is a filled square
    and says so; nothing is told by colour alone."""
    lines = [line for line in report.lines if line.fleet == fleet and line.apart is not None]
    height = 92 + _ROW * max(1, len(lines))
    title = f"{_TITLE.in_language(language)} · {_ALL.in_language(language) if fleet == ALL_FLEETS else name or fleet}"
    span = max([0.1, *(max(abs(line.apart_low or 0), abs(line.apart_high or 0)) for line in lines)])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" '
        'font-family="system-ui, sans-serif" font-size="14" fill="#14212b">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="26" font-size="17" font-weight="600">{escape(title)}</text>',
        f'<text x="16" y="48" fill="#44525e">{_days(report)}</text>',
    ]
    if not lines:
        parts.append(f'<text x="16" y="80">{escape(_NONE.in_language(language))}</text>')
    middle = _LEFT + _PLOT / 2
    for share in (-span, 0.0, span):
        x = middle + share / span * _PLOT / 2
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="60" y2="{height - 26}" stroke="#b6c2cc"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle" fill="#44525e">{share * 100:+.0f} %</text>'
        )
    for row, line in enumerate(lines):
        parts += _drawn(line, 76 + row * _ROW, middle, span, language)
    return ("".join(parts) + "</svg>").encode()


def _drawn(line: Compared, y: int, middle: float, span: float, language: Language) -> list[str]:
    assert line.apart is not None and line.apart_low is not None and line.apart_high is not None
    at, low, high = (middle + share / span * _PLOT / 2 for share in (line.apart, line.apart_low, line.apart_high))
    colour = "#a3260b" if line.is_not_chance and line.apart > 0 else "#2b5d7d"
    verdict = (_NOT_CHANCE if line.is_not_chance else _MAY_BE).in_language(language)
    fill = colour if line.is_not_chance else "#ffffff"
    name = escape(group_words(line).in_language(language))
    return [
        f'<text x="16" y="{y + 5}">{name} ({line.riders})</text>',
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>',
        f'<rect x="{at - 5:.1f}" y="{y - 5}" width="10" height="10" fill="{fill}" stroke="{colour}" stroke-width="2"/>',
        f'<text x="{_LEFT + _PLOT + 16}" y="{y + 5}">{escape(verdict)}</text>',
    ]


def _days(report: Report) -> str:
    last = report.until.astimezone(TAIPEI) - timedelta(days=1)
    return f"{report.since.astimezone(TAIPEI):%Y-%m-%d} – {last:%Y-%m-%d}"


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
