"""The public savings page: the sum, a chart by month that is also told in words, and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from core.clock import TAIPEI
from core.text import Text
from wallet import saving_texts as words
from wallet.savings import Costs, Month

_WIDTH, _HEIGHT, _TOP, _BASE = 640, 240, 24, 30


def page_of(months: Sequence[Month], as_of: datetime | None) -> str:
    """The whole page."""
    total = sum((month.costs for month in months), Costs())
    body = _sums(total) + _chart(months) + _table(months) if months else f"<p>{_both(words.NOTHING)}</p>"
    seen = f"{as_of.astimezone(TAIPEI):%Y-%m-%d %H:%M}" if as_of else "–"
    return (
        '<!doctype html><html lang="zh-Hant-TW"><head><meta charset="utf-8">'
        f"<title>{words.TITLE.zh} · {words.TITLE.en} · 我的高雄</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>"
        f'<h1>{words.TITLE.zh} <span lang="en">{words.TITLE.en}</span></h1>'
        f'<p>{escape(words.LEAD.zh)}</p><p lang="en">{escape(words.LEAD.en)}</p>'
        f"{body}"
        f'<h2>{_both(words.HOW)}</h2><p>{escape(words.METHOD.zh)}</p><p lang="en">{escape(words.METHOD.en)}</p>'
        f'<p>{_both(words.AS_OF)}: {seen} · <a href="/v1/savings">/v1/savings</a></p></main></body></html>'
    )


def _sums(total: Costs) -> str:
    facts = (
        (words.SAVED, f"NT$ {total.saved_twd:,}"),
        (words.BY_PAYERS, f"NT$ {total.saved_payer_twd:,}"),
        (words.BY_CITY, f"NT$ {total.saved_city_twd:,}"),
        (words.BILLS, f"{total.bills:,}"),
    )
    cells = "".join(f"<div><dt>{_both(name)}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f'<dl class="sums">{cells}</dl>'


def _chart(months: Sequence[Month]) -> str:
    """Bars from a line of zero, upwards or downwards. The picture's description says every number."""
    saved = [month.costs.saved_twd for month in months]
    high, low = max(*saved, 0, 1), min(*saved, 0)
    scale = (_HEIGHT - _TOP - _BASE) / (high - low)
    zero = _TOP + high * scale
    step = _WIDTH / len(months)
    bars = "".join(
        _bar(month, place * step, step, zero, scale, is_labelled=_is_labelled(place, len(months)))
        for place, month in enumerate(months)
    )
    told = "; ".join(f"{month.first_day:%Y-%m}: NT${month.costs.saved_twd:,}" for month in months)
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="chart-title chart-told">'
        f'<title id="chart-title">{words.CHART.zh} · {words.CHART.en}</title><desc id="chart-told">{told}</desc>'
        f'{bars}<line x1="0" x2="{_WIDTH}" y1="{zero:.1f}" y2="{zero:.1f}" class="zero"/></svg>'
        f"<figcaption>{_both(words.CHART)}</figcaption></figure>"
    )


def _bar(month: Month, x: float, step: float, zero: float, scale: float, *, is_labelled: bool) -> str:
    height = month.costs.saved_twd * scale
    top = zero - max(height, 0)
    sign = "loss" if height < 0 else "gain"
    bar = (
        f'<rect class="{sign}" x="{x + step * 0.15:.1f}" y="{top:.1f}" width="{step * 0.7:.1f}" '
        f'height="{max(abs(height), 0.5):.1f}"/>'
    )
    if not is_labelled:
        return bar
    middle = x + step / 2
    return (
        f'{bar}<text x="{middle:.1f}" y="{_HEIGHT - 8}" class="month">{month.first_day:%y-%m}</text>'
        f'<text x="{middle:.1f}" y="{top - 6:.1f}" class="value">{month.costs.saved_twd:,}</text>'
    )


def _is_labelled(place: int, count: int) -> bool:
    # At most twelve labels fit side by side; the last month always has one.
    return (count - 1 - place) % -(-count // 12) == 0


def _table(months: Sequence[Month]) -> str:
    head = "".join(
        f'<th scope="col">{_both(name)}</th>'
        for name in (words.MONTH, words.BILLS, words.AMOUNT, words.AT_A_STORE, words.HERE, words.BY_PAYERS,
                     words.BY_CITY, words.SAVED)
    )  # fmt: skip
    rows = "".join(_row(month) for month in reversed(months))
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{_both(words.DETAILS)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(month: Month) -> str:
    costs, name = month.costs, f"{month.first_day:%Y-%m}"
    numbers = (
        costs.bills, costs.amount_twd, costs.store_payer_twd + costs.store_city_twd,
        costs.rail_payer_twd + costs.rail_city_twd, costs.saved_payer_twd, costs.saved_city_twd, costs.saved_twd,
    )  # fmt: skip
    cells = "".join(f"<td>{number:,}</td>" for number in numbers)
    return f'<tr><th scope="row"><a href="/v1/savings/{name}">{name}</a></th>{cells}</tr>'


def _both(text: Text) -> str:
    return f'{escape(text.zh)} <span lang="en">{escape(text.en)}</span>'


_STYLE = (
    "*{box-sizing:border-box}body{margin:0;background:#f6f9f9;color:#12333d;"
    "font:1.1rem/1.7 system-ui,'Noto Sans TC','PingFang TC',sans-serif}"
    "main{max-width:52rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:2.2rem;line-height:1.2}span[lang]{color:#4a6067;font-size:.85em;font-weight:400}"
    ".sums{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem;margin:1.5rem 0}"
    ".sums div{background:#fff;border:1px solid #cfdcdf;border-radius:1rem;padding:1rem}"
    ".sums dd{margin:0;font-size:1.6rem;font-weight:700;white-space:nowrap;font-variant-numeric:tabular-nums}"
    "figure{margin:1.5rem 0;background:#fff;border:1px solid #cfdcdf;border-radius:1rem;padding:1rem}"
    "svg{width:100%;height:auto}.gain{fill:#0b5d73}.loss{fill:#a23b1e}.zero{stroke:#12333d;stroke-width:1}"
    "svg text{font-size:13px;text-anchor:middle;fill:#12333d}.scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;background:#fff}caption{text-align:left;padding:.5rem 0}"
    "th,td{padding:.5rem .75rem;text-align:right;border-bottom:1px solid #cfdcdf;font-variant-numeric:tabular-nums;"
    "white-space:nowrap}thead th{vertical-align:bottom;white-space:normal;font-weight:600}"
    "th[scope=row]{text-align:left}"
    "thead span[lang]{display:block}a{color:#00647a}"
    "@media(prefers-color-scheme:dark){body{background:#0d1f25;color:#e4f0f0}.sums div,figure,table{background:#14303a;"
    "border-color:#2b4a55}th,td{border-color:#2b4a55}span[lang]{color:#a9c2c8}.gain{fill:#5cc3d8}.loss{fill:#f08a68}"
    "svg text{fill:#e4f0f0}.zero{stroke:#e4f0f0}a{color:#7fd3e0}}"
)
