"""How an exchange says no, and why."""

from __future__ import annotations

from core.errors import Conflict, Problem
from core.text import Text


class AccountNumberWrong(Problem):
    """The number is none that the partner has: too long, too short, or its check digit is wrong."""

    slug = "exchange-account-wrong"
    status = 422
    title = Text("號碼不正確", "That number is not right")
    explanation = Text(
        "夥伴的卡號或會員號碼打錯了（檢查碼不符）。沒有任何點數被動用，請再核對一次。",
        "The number of the card or the member is mistyped (its check digit does not fit). No points were touched; "
        "please look again.",
    )


class NotOffered(Conflict):
    slug = "exchange-not-offered"
    title = Text("目前不提供這種兌換", "This exchange is not offered")
    explanation = Text(
        "這個夥伴目前不接受這個方向的兌換。", "This partner does not exchange in that direction for the moment."
    )


class NotInSteps(Problem):
    """The points are below the least, above the most, or do not come out even. The limits are in the members."""

    slug = "exchange-points-not-possible"
    status = 422
    title = Text("這個點數不能兌換", "That many points cannot be exchanged")
    explanation = Text(
        "點數要在最少與最多之間，而且是兌換單位的倍數；step、least、most 說明是多少。",
        "It must be between the least and the most and a multiple of the step; `step`, `least`, `most` say of what.",
    )


class OverTheCap(Conflict):
    """What this person has exchanged with the partner today or this month leaves less. `left` says how many points."""

    slug = "exchange-cap-reached"
    title = Text("已達兌換上限", "The limit for exchanging is reached")
    explanation = Text(
        "每人每日、每月向同一個夥伴兌換的點數有上限。left 是現在還可以兌換的點數。",
        "There is a limit per person, day and month with each partner. `left` says how many points you may still "
        "exchange now.",
    )


class BudgetUsedUp(Conflict):
    slug = "exchange-budget-used-up"
    title = Text("這個夥伴的兌換額度已用完", "This partner's budget is used up")
    explanation = Text(
        "市府與這個夥伴約定的兌換額度已用完，所以沒有兌換，點數沒有動用。",
        "What the city has agreed to exchange with this partner is used up. Nothing was exchanged, your points are "
        "where they were.",
    )


class QuoteExpired(Conflict):
    slug = "exchange-quote-expired"
    title = Text("報價已過期", "The offer has expired")
    explanation = Text(
        "報價保留 2 分鐘。請重新試算，再決定要不要兌換。", "An offer stands for 2 minutes. Please ask for a new one."
    )


class QuoteUsed(Conflict):
    slug = "exchange-quote-used"
    title = Text("這個報價已經用過", "The offer has been used")
    explanation = Text("一個報價只能兌換一次。", "An offer is good for one exchange.")


class NotHeld(Conflict):
    slug = "exchange-not-held"
    title = Text("這筆兌換沒有在等候審視", "This exchange is not waiting for a look")
    explanation = Text("它已經放行、拒絕或完成。", "It has been released, refused or done already.")


class MonthNotOver(Conflict):
    slug = "partner-month-not-over"
    title = Text("這個月還沒結束", "The month is not over")
    explanation = Text("對帳單在月份結束後才取回比對。", "A statement is taken once its month is over.")


class StatementRefused(Conflict):
    """The partner's statement cannot be believed as a whole. `because` and `said` say what is wrong with it."""

    slug = "partner-statement-refused"
    title = Text("夥伴的對帳單整份退回", "The partner's statement is refused as a whole")
    explanation = Text(
        "編碼、格式、結尾、筆數或合計有錯，所以整份不採用，什麼都沒有改變。because 說明原因。",
        "Its encoding, form, ending, count or totals are wrong, so nothing of it is used and nothing has changed. "
        "`because` says what it is.",
    )
    keeps = True


class PartnerSilent(Conflict):
    slug = "partner-silent"
    title = Text("夥伴現在沒有回應", "The partner does not answer")
    explanation = Text("請稍後再取一次。沒有任何改變。", "Please fetch it again later. Nothing has changed.")


class BreakClosed(Conflict):
    slug = "exchange-break-closed"
    title = Text("這筆差異已處理", "This difference has been dealt with")
    explanation = Text(
        "它已說明、更正，或正等第二位同仁核可。", "It is explained, corrected, or waits for a second officer."
    )


class NothingToPay(Conflict):
    slug = "partner-month-not-to-pay"
    title = Text("這個月沒有要付的", "There is nothing to pay for that month")
    explanation = Text(
        "它已經付了、正等第二位同仁核可，或是夥伴欠我們。",
        "It is paid, waits for a second officer, or is owed to the city.",
    )


class PartnerAccountMissing(Conflict):
    slug = "partner-account-missing"
    title = Text("這個夥伴還沒有收款帳戶", "The partner has no account to be paid to")
    explanation = Text(
        "合約的收款帳戶還沒登記，所以沒有提案。", "The account of the contract is not on file, so nothing was proposed."
    )


class AgreedAlready(Conflict):
    slug = "partner-agreed-already"
    title = Text("這個約定已經有了，或已來不及開始", "This is agreed already, or too late to begin")
    explanation = Text(
        "同一天已有這個方向的費率、開始日已到，或夥伴本來就是這個狀態。請以新的日期再提案。",
        "A rate of that direction begins on the same day, its day has come, or the partner is in that state already. "
        "Please propose it with another day.",
    )


class NothingToCorrect(Conflict):
    slug = "exchange-break-without-money"
    title = Text("這筆差異沒有金額可更正", "This difference has no money in it")
    explanation = Text(
        "雙方金額相同，請以說明結案。", "Both sides have the same amount: please close it with an explanation."
    )
