"""What the cap says to people: the evening's digest, and what was decided about a message."""

from __future__ import annotations

from core.text import Text

DIGEST_TITLE_OF_ONE = Text("還有 1 則通知沒有響鈴", "1 more message came without ringing")
DIGEST_TITLE = Text("還有 {count} 則通知沒有響鈴", "{count} more messages came without ringing")
DIGEST_LINE = Text("・", "· ")
DIGEST_MORE = Text("……另外還有 {count} 則", "… and {count} more")

RANG = Text(
    "當時有 {of} 則通知要給您，這一則排第 {rank}；您一天最多響 {cap} 次，那天先前已響 {used} 次，所以響了。",
    "Of {of} messages for you at that moment this one came {ordinal}. You are rung at most {cap} times a day, and had "
    "been rung {used} times that day: so it rang.",
)
DID_NOT_RING = Text(
    "當時有 {of} 則通知要給您，這一則排第 {rank}；您一天最多響 {cap} 次，那天先前已響 {used} 次，所以沒有響，只放進信箱。",
    "Of {of} messages for you at that moment this one came {ordinal}. You are rung at most {cap} times a day, and had "
    "been rung {used} times that day: so it did not ring and only lies in your inbox.",
)
WAITED = Text("它為此等了 {days} 天。", " It had waited {days} days for that.")
