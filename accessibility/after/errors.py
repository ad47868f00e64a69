"""What this room refuses, in words for people."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class RideNotDone(Problem):
    slug = "ride-not-done"
    status = 409
    title = Text("這趟車還沒有結束", "This ride is not over yet")
    explanation = Text("下車後才可以評分或登記遺失物。", "Rate it, or report what you left behind, once it is done.")


class TooLongAgo(Problem):
    slug = "ride-too-long-ago"
    status = 409
    title = Text("這趟車已經太久了", "This ride is too long ago")
    explanation = Text(
        "評分在 30 天內、遺失物在 90 天內可以登記；之後請打 1999。",
        "Rate within 30 days and report a lost thing within 90; after that call 1999.",
    )


class ItemMoved(Problem):
    slug = "item-moved-on"
    status = 409
    title = Text("這件物品的狀態已經改變", "This thing has moved on meanwhile")
    explanation = Text("請重新整理清單。", "Please reload the list.")
