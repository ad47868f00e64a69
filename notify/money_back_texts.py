"""Messages about money that goes back, or is taken back: each step, in plain words, with a date where there is one."""

from __future__ import annotations

from core.text import Text
from notify.wording import Wording

_DAY = 86_400
_PAYMENT_LINK = "/app/payments/{payment}"

REFUND_REQUESTED = Wording(
    kind="refund_requested",
    title=Text("退款 NT${amount} 處理中", "NT${amount} is on its way back"),
    body=Text(
        "我們正把 NT${amount} 退到 {account}{points}，最晚 {expected} 到帳，不收手續費。",
        "NT${amount} is being sent back to {account}{points}. It arrives by {expected}, free of charge.",
    ),
    link=_PAYMENT_LINK,
    explanation=Text("原因：{why}", "The reason: {why}"),
    push_ttl_seconds=_DAY,
)
REFUND_ACCEPTED = Wording(
    kind="refund_accepted",
    title=Text("退款 NT${amount} 已受理", "The refund of NT${amount} was taken on"),
    body=Text(
        "支付機構已受理退到 {account} 的 NT${amount}，最晚 {expected} 到帳。",
        "The bank or card company has taken on the refund of NT${amount} to {account}. It arrives by {expected}.",
    ),
    link=_PAYMENT_LINK,
    explanation=Text("這是 {moment} 的退款進度。", "This is where the refund stood on {moment}."),
    push_ttl_seconds=_DAY,
)
REFUND_COMPLETED = Wording(
    kind="refund_completed",
    title=Text("退款 NT${amount} 完成", "NT${amount} is back"),
    body=Text(
        "NT${amount} 已退到 {account}{points}{fee_back}，不收任何費用。",
        "NT${amount} went back to {account}{points}{fee_back}, free of charge.",
    ),
    link=_PAYMENT_LINK,
    explanation=Text("{why}退款在 {moment} 完成。", "{why} It was done on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
REFUND_FAILED = Wording(
    kind="refund_failed",
    title=Text("退款 NT${amount} 沒有入帳", "The refund of NT${amount} did not arrive"),
    body=Text(
        "NT${amount} 退到 {account} 沒有成功{again}。錢還在市府，沒有遺失{todo}",
        "NT${amount} could not be sent to {account}{again}. The money is safe with the city{todo}",
    ),
    link=_PAYMENT_LINK,
    explanation=Text("銀行在 {moment} 告訴我們退款沒有成功。", "The bank told us on {moment} that it did not arrive."),
    push_ttl_seconds=7 * _DAY,
)
PAYMENT_UNDONE = Wording(
    kind="payment_undone",
    title=Text("一筆繳費 NT${total} 被退回", "A payment of NT${total} was taken back"),
    body=Text(
        "{how}，所以這筆 NT${total} 的繳費不再算數，{count} 筆帳單恢復為未繳，獲得的點數也收回。"
        "請用其他方式繳納，以免逾期。",
        "{how}, so this payment of NT${total} no longer counts: {count} bill(s) are unpaid again, and the points it "
        "had earned are taken back. Please pay in another way before they are overdue.",
    ),
    link=_PAYMENT_LINK,
    explanation=Text("銀行在 {moment} 把這筆錢收回。", "The bank took this money back on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
PAYMENT_RESTORED = Wording(
    kind="payment_restored",
    title=Text("一筆繳費 NT${total} 恢復了", "A payment of NT${total} counts again"),
    body=Text(
        "發卡銀行把 NT${total} 還給市府，這筆繳費重新算數。若您已經另外繳過，多繳的錢會自動免費退還。",
        "The card's bank has given NT${total} back to the city, and the payment counts again. What you have paid "
        "otherwise meanwhile goes back to you by itself, free.",
    ),
    link=_PAYMENT_LINK,
    explanation=Text("爭議在 {moment} 結束。", "The dispute was settled on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
DISPUTE_OPENED = Wording(
    kind="dispute_opened",
    title=Text("有一筆刷卡繳費被提出爭議", "A card payment of yours is disputed"),
    body=Text(
        "您的發卡銀行說持卡人不承認這筆 NT${total} 的繳費。如果不是您提出的，請聯絡發卡銀行；"
        "若錢被收回，帳單會恢復為未繳，我們會再通知您。",
        "Your card's bank says that the cardholder does not recognise this payment of NT${total}. If that was not you, "
        "call the card's bank. Should the money be taken back, the bills are unpaid again, and we will tell you.",
    ),
    link=_PAYMENT_LINK,
    explanation=Text("發卡銀行在 {moment} 通知我們。", "The card's bank told us on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
DISPUTE_CLOSED = Wording(
    kind="dispute_closed",
    title=Text("刷卡爭議已結束", "The dispute is over"),
    body=Text("關於 NT${total} 的刷卡爭議：{result}", "About the disputed card payment of NT${total}: {result}"),
    link=_PAYMENT_LINK,
    explanation=Text("爭議在 {moment} 有了結果。", "It was decided on {moment}."),
    push_ttl_seconds=7 * _DAY,
)
WORDINGS = (
    REFUND_REQUESTED,
    REFUND_ACCEPTED,
    REFUND_COMPLETED,
    REFUND_FAILED,
    PAYMENT_UNDONE,
    PAYMENT_RESTORED,
    DISPUTE_OPENED,
    DISPUTE_CLOSED,
)

WHY = {
    "paid_elsewhere_first": Text("您先前已在別處繳過。", "You had already paid it elsewhere."),
    "paid_elsewhere_again": Text("您後來又在別處繳了一次。", "You paid it again elsewhere."),
    "paid_again_meanwhile": Text("您已另外繳清。", "You paid it otherwise meanwhile."),
    "duplicate": Text("重複繳納。", "It was paid twice."),
    "bill_withdrawn": Text("主管機關撤銷了帳單。", "The bureau withdrew the bill."),
    "wrong_amount": Text("主管機關更正了金額。", "The bureau corrected the amount."),
    "wrong_bill": Text("那不是您的帳單。", "The bill was not yours."),
}
SOME_WHY = Text("市府決定退還。", "The city decided so.")
POINTS_BACK = Text("，其中 {points} 點已退回點數", ", {points} of it as points")
CAME_BACK_AGAIN = Text("（先前說已完成，但又被退了回來）", " (it had been said to be done, and came back)")
CHOOSE_ACCOUNT = Text(
    "；請到這筆繳費選擇另一個銀行帳戶，我們會改退到那裡。",
    ". Open the payment and choose another bank account, and it will be sent there.",
)
NOTHING_TO_DO = Text("。", ".")
HOW_UNDONE = {
    "returned": Text("您的銀行退回了這筆扣款", "Your bank returned the debit"),
    "charged_back": Text("發卡銀行因為爭議收回了這筆錢", "The card's bank took the money back after a dispute"),
}
DISPUTE_RESULTS = {
    "won": Text("這筆繳費有效，您不需要做任何事。", "the payment stands, and you need not do anything."),
    "lost": Text("錢已還給持卡人，帳單仍未繳，請用其他方式繳納。",
                 "the money went back to the cardholder, and the bills are still to be paid in another way."),
    "accepted": Text("市府同意把錢還給持卡人，帳單仍未繳，請用其他方式繳納。",
                     "the city has let the cardholder have the money, and the bills are to be paid in another way."),
}  # fmt: skip
