"""Why a plan, a delay or a request for instalments is not taken."""

from __future__ import annotations

from core.errors import Conflict, Problem
from core.text import Text


class InstalmentPlanRefused(Problem):
    slug = "instalment-plan-refused"
    status = 422
    title = Text("這個分期不能接受", "This instalment plan cannot be taken")
    explanation = Text(
        "reason 說明是哪一項不符：期數、每期金額、到期日、單號，或帳單的狀態。source 是所依據的規定。",
        "`reason` says what does not fit: the number of parts, an amount, a date, a number, or the bill's state. "
        "`source` is the rule behind it.",
    )


class InstalmentPlanConflict(Conflict):
    slug = "instalment-plan-conflict"
    title = Text("這個分期編號已經用於別的分期", "This plan number stands for another plan")
    explanation = Text(
        "同一編號再送一次時，內容必須完全相同。", "Sent again under the same number, a plan must be the same."
    )


class DelayRefused(Conflict):
    slug = "instalment-delay-refused"
    title = Text("這一期不能再延", "This part cannot be put off")
    explanation = Text(
        "依規定一個分期只能延一次，而且只能延還沒繳的期別，日期要更晚。reason 說明原因。",
        "By law a plan allows one delay, of a part that is unpaid, to a later date. `reason` says what does not fit.",
    )


class InstalmentsNotPossible(Conflict):
    slug = "instalments-not-possible"
    title = Text("這張帳單不能申請分期", "This bill cannot be paid in parts")
    explanation = Text(
        "只有還沒繳的罰鍰可以申請，每期不得少於規定金額。reason 說明原因，most_parts 是最多期數。",
        "Only an unpaid fine can, and no part may be below the amount that the law sets. `reason` says what does not "
        "fit, `most_parts` into how many parts it may be divided.",
    )
