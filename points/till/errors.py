"""What a till is refused, and why."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class NobodyAtTheTill(Problem):
    """The till is known, but nobody's shift is open on it."""

    status = 403
    slug = "nobody-at-the-till"
    title = Text("請先輸入員工編號與密碼", "Nobody is signed in at this till")
    explanation = Text(
        "這台收銀機已登記，但還沒有人上班。請用員工編號和 PIN 開始值班，再做一次。",
        "This till is registered, but nobody's shift is open on it. Start a shift with a staff number and PIN, then "
        "repeat.",
    )
