"""Messages to the owners of shops that take points: what was decided, whose account it is, and the week's money."""

from __future__ import annotations

from typing import Final

from core.text import Text
from notify.wording import Wording

_DAY = 86_400
_SHOP = "/app/me/shops/{merchant}"
_YOURS = Text("您是這家店在「我的高雄」登記的負責人。", "You are registered with My Kaohsiung as this shop's owner.")

APPROVED = Wording(
    kind="merchant_approved",
    title=Text("店家申請已核准", "Your shop may take points"),
    body=Text(
        "「{shop}」可以開始收點數了。請點開，登記收銀機和收款帳戶。",
        "{shop} may take points now. Open this to register your tills and your account.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=7 * _DAY,
)
REFUSED = Wording(
    kind="merchant_refused",
    title=Text("店家申請沒有通過", "Your shop's application was not approved"),
    body=Text(
        "「{shop}」的申請沒有通過。請點開看原因，修正後可以再申請。",
        "The application of {shop} was not approved. Open this to see why; you can apply again once that is mended.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=7 * _DAY,
)
SUSPENDED = Wording(
    kind="merchant_suspended",
    title=Text("店家已暫停收點數", "Your shop takes no points for now"),
    body=Text(
        "「{shop}」已暫停，請點開看原因。已經收的點數照常結算。",
        "{shop} is suspended; open this to see why. What was redeemed is paid as usual.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=7 * _DAY,
)
CLOSED = Wording(
    kind="merchant_closed",
    title=Text("市府已結束這家店的點數合作", "The city has closed your shop's part in points"),
    body=Text(
        "「{shop}」不再收點數，請點開看原因。已經收的點數照常結算。",
        "{shop} takes no points any more; open this to see why. What was redeemed is settled and paid as usual.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=7 * _DAY,
)
LEFT = Wording(
    kind="merchant_left",
    title=Text("店家已結束收點", "Your shop takes no points any more"),
    body=Text(
        "「{shop}」已依您的意思結束收點。已經收的點數下週一結算，照常匯款。如果不是您結束的，請立刻聯絡我們。",
        "{shop} takes no points any more, as you wished. What it took is settled on Monday and paid as usual. If that "
        "was not you, call us at once.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=7 * _DAY,
)
CREDIT_SENT = Wording(
    kind="merchant_credit_sent",
    title=Text("NT$1 已匯出，請看備註", "NT$1 was sent: look at its remark"),
    body=Text(
        "我們匯了 NT$1 到 {account}。請把備註裡的 6 位數字輸入「我的高雄」，就會改匯到這個帳戶。",
        "We sent NT$1 to {account}. Type the 6 digits of its remark in My Kaohsiung, and settlements go there.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=2 * _DAY,
)
CREDIT_NOT_PAID = Wording(
    kind="merchant_credit_not_paid",
    title=Text("驗證匯款沒有成功", "The NT$1 did not arrive"),
    body=Text(
        "銀行無法匯入 {account}。請確認銀行代碼和帳號，再登記一次。",
        "The bank could not pay to {account}. Please compare bank and number, and enter it again.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=2 * _DAY,
)
ACCOUNT_PROVEN = Wording(
    kind="merchant_account_proven",
    title=Text("收款帳戶已變更", "Your shop is paid to another account now"),
    body=Text(
        "「{shop}」的結算款改匯到 {account}。如果不是您變更的，請立刻聯絡我們。",
        "{shop} is paid to {account} from now on. If that was not you, call us at once.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=7 * _DAY,
)
PAID = Wording(
    kind="merchant_paid",
    title=Text("點數結算 NT${amount} 已匯款", "Points settled: NT${amount} paid"),
    body=Text(
        "「{shop}」{when}的點數已結算，NT${amount} 匯入 {account}。",
        "What {shop} took {when} is settled: NT${amount} went to {account}.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=3 * _DAY,
)
NOT_PAID = Wording(
    kind="merchant_not_paid",
    title=Text("結算款 NT${amount} 匯不進去", "NT${amount} could not be paid"),
    body=Text(
        "銀行無法把 NT${amount} 匯入 {account}。錢沒有遺失；請登記並驗證另一個帳戶，我們會馬上補匯。",
        "The bank could not pay NT${amount} to {account}. Nothing is lost: enter and prove another account, and it is "
        "sent there at once.",
    ),
    link=_SHOP,
    explanation=_YOURS,
    push_ttl_seconds=7 * _DAY,
)
DECIDED: Final = {"approved": APPROVED, "refused": REFUSED, "suspended": SUSPENDED, "closed": CLOSED, "left": LEFT}
OF_ACCOUNT: Final = {"sent": CREDIT_SENT, "not_paid": CREDIT_NOT_PAID, "proven": ACCOUNT_PROVEN}
WORDINGS = (*DECIDED.values(), *OF_ACCOUNT.values(), PAID, NOT_PAID)
