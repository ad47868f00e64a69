"""Every message that this room writes: its words, and the reason why a person gets it.

Titles and bodies appear on lock screens: no name, no ID number, no plate, no bill number.
"""

from __future__ import annotations

from core.text import Text
from notify import (
    automatic_debit_texts,
    cash_texts,
    exchange_texts,
    instalment_texts,
    merchant_texts,
    money_back_texts,
    points_expiry_texts,
    redemption_texts,
    ride_care_texts,
    ride_refusal_texts,
    ride_texts,
    ride_waiting_texts,
    security_texts,
)
from notify.wording import BASIS_TRANSACTION, Wording

_DAY = 86_400

PAYMENT_RECEIPT = Wording(
    kind="payment_receipt",
    title=Text("繳費完成 NT${total}", "Paid: NT${total}"),
    body=Text(
        "已從{rail}繳納 {count} 筆帳單，共 NT${total}（含手續費 NT${fee}{points}）。收據已經可以下載。{then}",
        "{count} bill(s) paid from {rail}: NT${total} in all, with a fee of NT${fee}{points}. Your receipt is "
        "ready.{then}",
    ),
    link="/app/payments/{payment}",
    explanation=Text(
        "您在 {moment} 用「我的高雄」完成這筆繳費。", "You made this payment with My Kaohsiung on {moment}."
    ),
    push_ttl_seconds=3 * _DAY,
)
PAYMENT_FAILED = Wording(
    kind="payment_failed",
    title=Text("繳費沒有成功", "The payment did not go through"),
    body=Text(
        "NT${total} 沒有扣款：{reason}帳單仍未繳納，您可以再試一次。",
        "NT${total} was not debited. {reason} The bills are still unpaid; you can try again.",
    ),
    link="/app/payments/{payment}",
    explanation=Text(
        "您在 {moment} 之前用「我的高雄」送出這筆繳費。", "You sent this payment with My Kaohsiung by {moment}."
    ),
    push_ttl_seconds=_DAY,
)
DOUBLE_PAYMENT_RETURNED = Wording(
    kind="double_payment_returned",
    title=Text("重複繳的 NT${amount} 已退回", "NT${amount} paid twice is back"),
    body=Text(
        "您的一筆帳單也在別處繳過，我們已把 NT${amount} 退回扣款帳戶 {account}，不收任何手續費{fee_back}。",
        "One of your bills had also been paid elsewhere. NT${amount} went back to the account {account} it came from, "
        "free of charge{fee_back}.",
    ),
    link="/app/payments/{payment}",
    explanation=Text(
        "您用「我的高雄」繳的一筆帳單，主管機關通知已由{channel}繳納，因此在 {moment} 退款。",
        "The bureau told us that a bill you paid with My Kaohsiung had also been paid by {channel}, so it was refunded "
        "on {moment}.",
    ),
    push_ttl_seconds=7 * _DAY,
)
_OTHERS = (
    *money_back_texts.WORDINGS,
    *automatic_debit_texts.WORDINGS,
    *cash_texts.WORDINGS,
    *exchange_texts.WORDINGS,
    *instalment_texts.WORDINGS,
    points_expiry_texts.EXPIRING_SOON,
    *merchant_texts.WORDINGS,
    *redemption_texts.WORDINGS,
    *ride_texts.WORDINGS,
    *ride_waiting_texts.WORDINGS,
    *ride_refusal_texts.WORDINGS,
    *ride_care_texts.WORDINGS,
)
WORDINGS = (
    PAYMENT_RECEIPT,
    PAYMENT_FAILED,
    DOUBLE_PAYMENT_RETURNED,
    *_OTHERS,
    *security_texts.WORDINGS.values(),
)

BASES = {
    **{wording.kind: BASIS_TRANSACTION for wording in _OTHERS},
    PAYMENT_RECEIPT.kind: BASIS_TRANSACTION,
    PAYMENT_FAILED.kind: BASIS_TRANSACTION,
    DOUBLE_PAYMENT_RETURNED.kind: BASIS_TRANSACTION,
    **{wording.kind: security_texts.BASIS for wording in security_texts.WORDINGS.values()},
}

RAILS = {
    "bank_of_kaohsiung": Text("高雄銀行", "Bank of Kaohsiung"),
    "ach": Text("您在其他銀行的帳戶", "your account at another bank"),
    "card": Text("您的卡片", "your card"),
    "apple_pay": Text(" Apple Pay ", "Apple Pay"),
    "google_pay": Text(" Google Pay ", "Google Pay"),
    "jkopay": Text("街口支付", "JKOPAY"),
    "line_pay": Text(" LINE Pay ", "LINE Pay"),
    "points": Text("高雄點數", "Kaohsiung points"),
}
SOME_RAIL = Text("您的帳戶", "your account")
POINTS_USED = Text("，其中 {points} 元由點數支付", ", NT${points} of it from points")
NOT_YET_FINAL = Text(
    "您的銀行在 {final} 前還可能退回這筆扣款；真的退回時，我們會通知您，沒有通知就是確定了。",
    " Your bank may still return the debit until {final}. Should it do so, we will tell you; if you hear nothing, it "
    "is final.",
)

CHANNELS = {
    "7-ELEVEN": Text(" 7-ELEVEN ", "7-ELEVEN"),
    "全家": Text("全家便利商店", "FamilyMart"),
    "OK": Text(" OK 超商", "OK Mart"),
    "萊爾富": Text("萊爾富超商", "Hi-Life"),
    "TWQR": Text("銀行 App 掃碼（TWQR）", "a bank's app (TWQR)"),
    "郵局": Text("郵局", "a post office"),
    "監理站臨櫃": Text("監理站櫃檯", "a motor vehicle office"),
}
SOME_CHANNEL = Text("其他管道", "another channel")

FEE_BACK = Text("，原來的手續費 NT${fee} 也一併退還", ", and the service fee of NT${fee} with it")

FAILURES = {
    "insufficient_funds": Text("帳戶餘額不足。", "There is not enough money in the account."),
    "mandate_revoked": Text("這個帳戶的扣款授權已經取消。", "The account's debit mandate has been revoked."),
    "limit_exceeded": Text("超過您設定的扣款上限。", "It is over the limit that you set."),
    "account_closed": Text("這個帳戶已經結清。", "The account has been closed."),
    "mandate_not_found": Text("銀行找不到您的扣款授權。", "The bank does not know the debit mandate."),
    "not_executed": Text("銀行沒有收到這筆扣款。", "The debit never reached the bank."),
    "not_confirmed": Text("沒有在時限內到付款頁面確認。", "It was not confirmed on the payment page in time."),
    "payer_cancelled": Text("您在付款頁面取消了。", "You cancelled on the payment page."),
    "card_declined": Text("發卡銀行沒有同意這筆付款。", "The card's bank did not agree to it."),
    "card_expired": Text("這張卡已經過期。", "The card has expired."),
}
SOME_FAILURE = Text("銀行沒有接受這筆扣款。", "The bank did not accept the debit.")
