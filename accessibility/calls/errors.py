"""How a call is refused, and what would make it right."""

from __future__ import annotations

from core.errors import Conflict
from core.text import Text


class CallOver(Conflict):
    slug = "ride-call-over"
    title = Text("這通電話已經有結果", "That call is over")
    explanation = Text(
        "已經有人回報，或時間已過。請重新整理清單。",
        "Somebody has told what came of it, or its time is over. Please load the list again.",
    )
