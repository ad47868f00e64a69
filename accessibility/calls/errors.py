"""How a call is refused, and what would make it right."""

from __future__ import annotations

from core.errors import Conflict, Problem
from core.text import Text


class CallOver(Conflict):
    slug = "ride-call-over"
    title = Text("這通電話已經有結果", "That call is over")
    explanation = Text(
        "已經有人回報，或時間已過。請重新整理清單。",
        "Somebody has told what came of it, or its time is over. Please load the list again.",
    )


class NotAnAnswer(Problem):
    slug = "ride-call-not-an-answer"
    status = 422
    title = Text("這個問題不能這樣回答", "That is no answer to this question")
    explanation = Text(
        "answers 列出可以回報的結果；later 要填 minutes（再幾分鐘）。",
        "`answers` says what may come of it; `later` needs `minutes`: in how many of them.",
    )
