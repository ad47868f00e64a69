"""Messages about a fine that is paid in parts: granted or not, put off, in danger, paid off, ended."""

from __future__ import annotations

from core.text import Text
from notify.wording import Wording

_DAY = 86_400
_FINE = "/app/bills/{bill}"
_PART = "/app/bills/{part_bill}"

GRANTED = Wording(
    kind="instalments_granted",
    title=Text("罰鍰可以分 {count} 期繳納", "Your fine may be paid in {count} parts"),
    body=Text(
        "主管機關核准罰鍰 NT${total} 分期。第 1 期 NT${amount}，請在 {due} 前繳納。",
        "The bureau has granted parts for the fine of NT${total}. Please pay the first, NT${amount}, by {due}.",
    ),
    link=_FINE,
    explanation=Text("主管機關在 {moment} 核准分期。", "The bureau granted it on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
REFUSED = Wording(
    kind="instalments_refused",
    title=Text("罰鍰分期沒有核准", "Paying the fine in parts was not granted"),
    body=Text(
        "主管機關沒有核准罰鍰 NT${total} 分期。{reason}罰鍰仍請在期限前繳納。",
        "The bureau has not granted parts for the fine of NT${total}. {reason} Please pay the fine by its date.",
    ),
    link=_FINE,
    explanation=Text(
        "您用「我的高雄」申請分期，主管機關在 {moment} 答覆。",
        "You asked for it with My Kaohsiung, and the bureau answered on {moment}.",
    ),
    push_ttl_seconds=7 * _DAY,
)
DELAYED = Wording(
    kind="instalment_delayed",
    title=Text("分期第 {part} 期延到 {due}", "Part {part} of your fine is due on {due} now"),
    body=Text(
        "主管機關把第 {part} 期 NT${amount} 的期限延到 {due}，請在那之前繳納。",
        "The bureau has put off part {part}, NT${amount}. Please pay it by {due}.",
    ),
    link=_PART,
    explanation=Text("主管機關在 {moment} 延後這一期。", "The bureau put it off on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
MISSED = Wording(
    kind="instalment_missed",
    title=Text("分期第 {part} 期已過期限", "Part {part} of your fine is overdue"),
    body=Text(
        "第 {part} 期 NT${amount} 還沒有繳，請現在繳納。{then}",
        "Part {part}, NT${amount}, has not been paid. Please pay it now. {then}",
    ),
    link=_PART,
    explanation=Text("在 {moment}，這一期已經過了繳納期限。", "On {moment}, the last day to pay this part had passed."),
    push_ttl_seconds=7 * _DAY,
)
COMPLETED = Wording(
    kind="instalments_completed",
    title=Text("分期的罰鍰已全部繳清", "Your fine in parts is paid off"),
    body=Text(
        "罰鍰 NT${total} 的 {count} 期都已繳納，這筆罰鍰結清了，不必再做任何事。",
        "All {count} parts of the fine of NT${total} are paid. The fine is closed; there is nothing more to do.",
    ),
    link=_FINE,
    explanation=Text("最後一期在 {moment} 前繳納。", "The last part was paid by {moment}."),
    push_ttl_seconds=None,
)
ENDED = Wording(
    kind="instalments_ended",
    title=Text("罰鍰分期已終止", "Paying the fine in parts has ended"),
    body=Text(
        "因為有幾期沒有按時繳納，分期已終止。剩下的 NT${left} 要一次繳清，請現在繳納。",
        "Parts were not paid by their dates, so the plan has ended. The NT${left} that is left is owed at once: please "
        "pay it now.",
    ),
    link=_FINE,
    explanation=Text("分期在 {moment} 終止。", "The plan ended on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
WORDINGS = (GRANTED, REFUSED, DELAYED, MISSED, COMPLETED, ENDED)

ONE_MORE_ENDS_IT = Text(
    "若再有一期過期沒繳（下一期 {due} 到期），分期就會終止，剩下的 NT${left} 要一次繳清。",
    "If one more part is missed (the next is due on {due}), the plan ends, and the NT${left} that is left is "
    "owed at once.",
)
NOTHING_ELSE_TO_COME = Text("繳了之後，這筆罰鍰就結清了。", "With it the fine is paid off.")
REFUSALS = {
    "no_hardship": Text("原因：不符合經濟困難的條件。", "The reason: the conditions of hardship are not met."),
    "already_in_enforcement": Text(
        "原因：案件已移送行政執行。", "The reason: the case is with the enforcement agency."
    ),
    "too_many_parts": Text(
        "原因：期數太多，可以再申請較少的期數。", "The reason: too many parts; you can ask again for fewer."
    ),
}
SOME_REFUSAL = Text("原因請洽主管機關。", "Please ask the bureau why.")
