"""“Was this paid?”: the page behind a receipt’s QR code, read at the roadside. Yes or no, when, and how much."""

from __future__ import annotations

from html import escape

from core.clock import TAIPEI
from core.taiwan import roc_text
from core.text import Text
from wallet.receipts import Standing

Rows = list[tuple[Text, Text]]


def page_for(found: Standing | None) -> str:
    """The page for a receipt, or for a code that belongs to none."""
    if found is None:
        return _page("no", Text("查無此收據", "No such receipt"), [], _NOTHING)
    when = found.paid_at.astimezone(TAIPEI)
    rows: Rows = [
        (Text("繳費時間", "Paid at"), Text(f"{roc_text(when.date())} {when:%H:%M}", f"{when:%Y-%m-%d %H:%M}")),
        (Text("金額", "Amount"), _money(found.standing_twd if found.is_paid else found.total_twd)),
    ]
    if not found.is_paid:
        why = _GIVEN_BACK if found.status == "returned" else _UNDONE
        return _page("no", Text("未繳費", "Not paid"), rows, why)
    if found.given_back_twd:
        rows.append((Text("已退款", "Given back"), _money(found.given_back_twd)))
    if found.final_on is not None:
        note = _PROVISIONAL.format(day=roc_text(found.final_on), date=found.final_on.isoformat())
        return _page("yes", Text("已繳費", "Paid"), rows, note)
    return _page("yes", Text("已繳費", "Paid"), rows, None)


def too_many(seconds: int) -> str:
    """The page for somebody who has tried too many codes."""
    wait = Text("請 {minutes} 分鐘後再試。", "Please try again in {minutes} minutes.").format(minutes=-(-seconds // 60))
    return _page("wait", Text("查詢太多次", "Too many attempts"), [], wait)


_NOTHING = Text(
    "這個代碼不屬於任何收據。請確認網址完整，或請對方重新出示。",
    "This code belongs to no receipt. Check that the address is complete, or ask to be shown it again.",
)
_GIVEN_BACK = Text(
    "這筆款項曾經繳納，後來已全數退還。帳單可能已由其他方式繳清，請另行查詢。",
    "It was paid and has gone back in full since. The bill may be paid in another way; please look it up.",
)
_UNDONE = Text(
    "這筆扣款後來被退回，款項沒有收到。", "This payment was taken back afterwards; the money was not received."
)
_PROVISIONAL = Text(
    "扣款已送出，付款銀行在{day}前仍可能退回。",
    "The debit is submitted; the payer's bank may still return it until {date}.",
)
_QUESTION = Text("這筆款項繳了嗎？", "Was this paid?")
_SOURCE = Text("我的高雄 · 高雄市政府", "My Kaohsiung · Kaohsiung City Government")
_SIGNS = {"yes": "✓", "no": "✕", "wait": "…"}


def _money(amount_twd: int) -> Text:
    return Text(f"NT$ {amount_twd:,}", f"NT$ {amount_twd:,}")


def _page(verdict: str, answer: Text, rows: Rows, note: Text | None) -> str:
    facts = "".join(
        f'<div><dt>{escape(name.zh)} <span lang="en">{escape(name.en)}</span></dt>'
        f"<dd>{escape(value.zh)}{_english(value)}</dd></div>"
        for name, value in rows
    )
    noted = f'<p class="note">{escape(note.zh)}<br><span lang="en">{escape(note.en)}</span></p>' if note else ""
    return (
        '<!doctype html><html lang="zh-Hant-TW"><head><meta charset="utf-8">'
        f"<title>{escape(answer.zh)} · {escape(answer.en)} · {escape(_QUESTION.zh)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head>"
        f'<body class="{verdict}"><main><p class="asked">{escape(_QUESTION.zh)} '
        f'<span lang="en">{escape(_QUESTION.en)}</span></p>'
        f'<h1><span class="sign" aria-hidden="true">{_SIGNS[verdict]}</span>{escape(answer.zh)}'
        f'<span lang="en">{escape(answer.en)}</span></h1>'
        f"{f'<dl>{facts}</dl>' if facts else ''}{noted}"
        f'<footer>{escape(_SOURCE.zh)} <span lang="en">{escape(_SOURCE.en)}</span></footer></main></body></html>'
    )


def _english(value: Text) -> str:
    return "" if value.en == value.zh else f'<span class="en" lang="en">{escape(value.en)}</span>'


# The answer is said by colour, sign and word, and readable from two metres on a phone held out of a car window.
_STYLE = (
    "*{box-sizing:border-box}body{margin:0;min-height:100vh;color:#fff;"
    "font:1.25rem/1.5 system-ui,'Noto Sans TC','PingFang TC',sans-serif}"
    ".yes{background:#0a5c36}.no{background:#8c1d18}.wait{background:#4a4f57}"
    "main{max-width:40rem;margin:0 auto;padding:1.5rem}.asked{margin:0;font-size:1.35rem}"
    "h1{font-size:clamp(3.2rem,17vw,6.5rem);line-height:1.1;margin:1rem 0;font-weight:800}"
    "h1 span[lang]{display:block;font-size:.55em}.sign{display:block;font-size:1.3em;line-height:1}"
    "dl{margin:0;background:#fff;color:#14181c;border-radius:1rem;padding:.5rem 1.25rem}"
    "dl div{padding:.75rem 0}dl div+div{border-top:1px solid #c6ccd2}"
    "dt{font-size:1.05rem;color:#3d454d}dd{margin:0;font-size:clamp(1.7rem,7vw,2.6rem);font-weight:700;"
    "font-variant-numeric:tabular-nums}dd .en{display:block;font-size:.6em;font-weight:500}"
    ".note{font-size:1.25rem}footer{margin-top:2rem;font-size:1rem;opacity:.9}"
    "@media print{body{color:#000;background:none}dl{border:2px solid #000}}"
)
