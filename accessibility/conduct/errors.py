"""What this room refuses, in words for people."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class NothingToAppeal(Problem):
    slug = "nothing-to-appeal"
    status = 409
    title = Text("這筆紀錄不計點，不用申訴", "This entry does not count, so there is nothing to appeal")
    explanation = Text("不計點的紀錄對您沒有任何影響。", "An entry that does not count has no effect on you.")


class AppealTooLate(Problem):
    slug = "appeal-too-late"
    status = 409
    title = Text("已超過申訴期限", "The time to appeal is over")
    explanation = Text(
        "until 是可以申訴的最後時刻；之後請洽 1999。", "`until` was the last moment; after it call 1999."
    )


class AppealedAlready(Problem):
    slug = "appealed-already"
    status = 409
    title = Text("這筆紀錄已經申訴過", "This entry has been appealed already")
    explanation = Text(
        "每筆紀錄可以申訴一次，結果會通知您。", "Each entry can be appealed once; you are told the outcome."
    )


class AppealDecided(Problem):
    slug = "appeal-decided"
    status = 409
    title = Text("這件申訴已有結果", "This appeal has been decided")
    explanation = Text("請重新整理清單。", "Please reload the list.")


class RecordedByYou(Problem):
    slug = "recorded-by-you"
    status = 403
    title = Text("這筆紀錄是您記的，請由別人決定", "You recorded this entry, so somebody else has to decide")
    explanation = Text(
        "申訴由沒有記錄那筆點數的人決定。", "An appeal is decided by somebody who did not record the point."
    )


class ComplaintAnswered(Problem):
    slug = "complaint-answered"
    status = 409
    title = Text("這件申訴意見已經回覆", "This complaint has been answered")
    explanation = Text("請重新整理清單。", "Please reload the list.")
