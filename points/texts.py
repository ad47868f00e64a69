"""Why somebody's points changed, in words."""

from __future__ import annotations

from core.text import Text

EARNED = Text(
    "{campaign}：繳費 NT${basis} 獲得 {points} 點{capped}", "{campaign}: {points} points for paying NT${basis}{capped}"
)
CAPPED = Text("（已達每日上限）", " (the daily limit is reached)")
TAKEN_BACK = Text(
    "{campaign}：NT${amount} 已退款，收回 {points} 點",
    "{campaign}: NT${amount} was refunded, {points} points taken back",
)
EXPIRED = Text("{campaign}：{points} 點到期", "{campaign}: {points} points expired")
