"""What the wallet refuses, and why, in words for people."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class BillNotPayable(Problem):
    slug = "bill-not-payable"
    status = 409
    title = Text("這張帳單不能在這裡繳", "This bill cannot be paid here")
    explanation = Text(
        "帳單可能正在申訴、已註銷，或依規定不能由代收單位收取。bill_id 與 reason 說明是哪一張、為什麼。",
        "It may be under appeal, void, or one that an agent may not collect. `bill_id` and `reason` say which and why.",
    )


class BillAlreadyPaid(Problem):
    slug = "bill-already-paid"
    status = 409
    title = Text("這張帳單已經繳了", "This bill is already paid")
    explanation = Text("不需要再繳一次。bill_id 是那一張帳單。", "There is nothing left to pay. `bill_id` names it.")


class BillBeingPaid(Problem):
    slug = "bill-being-paid"
    status = 409
    title = Text("這張帳單正在繳費中", "This bill is being paid right now")
    explanation = Text(
        "另一筆付款正在向銀行扣款。請等它有結果，不會重複扣款。",
        "Another payment is at the bank with it. Wait for its outcome; you will not be charged twice.",
    )


class PaymentChanged(Problem):
    slug = "payment-changed"
    status = 409
    keeps = True
    title = Text("帳單在您確認前改變了", "Something changed before you confirmed")
    explanation = Text(
        "金額、帳單或帳戶和您看到的不同，所以沒有扣款。請重新開始付款。",
        "An amount, a bill or the account is no longer what you saw, so nothing was debited. Please start again.",
    )


class PaymentNotAwaiting(Problem):
    slug = "payment-not-awaiting"
    status = 409
    title = Text("這筆付款不在等待確認", "This payment is not waiting for your confirmation")
    explanation = Text(
        "它已經送出、完成、取消或逾時。payment_status 是目前狀態。",
        "It was sent, finished, cancelled or has expired. `payment_status` says where it stands.",
    )


class BankLinkNotActive(Problem):
    slug = "bank-link-not-active"
    status = 409
    title = Text("這個銀行帳戶還不能用來付款", "This bank account cannot be used yet")
    explanation = Text(
        "連結還沒完成、暫停中，或已經解除。link_status 是目前狀態：恢復它，或重新在銀行頁面同意。",
        "The link is not finished, is paused or has ended; `link_status` says which. Resume it, or link it again.",
    )


class OverLimit(Problem):
    slug = "over-bank-limit"
    status = 409
    title = Text("超過您在銀行設定的上限", "Over a limit you set at the bank")
    explanation = Text(
        "您設定了每筆、每日與每月上限；limit 是現在最多還能扣的金額。請少選幾張分次繳、換一個帳戶，或到銀行提高上限。",
        "You set limits for a payment, a day and a month; `limit` is the most that can be taken now. Choose fewer "
        "bills, another account, or raise the limit at the bank.",
    )


class BankRefusedConsent(Problem):
    slug = "bank-refused-consent"
    status = 409
    title = Text("銀行沒有同意連結", "The bank did not agree to the link")
    explanation = Text(
        "同意書已失效、用過或被拒絕。請重新連結。", "The consent has expired, was used or refused. Please link again."
    )


class AmountNotConfirmed(Problem):
    slug = "amount-not-confirmed"
    status = 409
    title = Text("主管機關的金額不同了", "The bureau now says another amount")
    explanation = Text(
        "罰鍰金額以主管機關為準。我們已更新帳單，請確認新的金額後再繳。",
        "A fine costs what the bureau says. The bill has been brought up to date; look at the new amount and pay that.",
    )
    keeps = True


class RefundExceedsPayment(Problem):
    slug = "refund-exceeds-payment"
    status = 422
    title = Text("退款超過可退的金額", "More than is left to go back")
    explanation = Text(
        "所有退款加起來不能超過這張帳單實際收到的錢。left 是還可以退多少。",
        "All refunds of a bill together never exceed what was captured for it. `left` says how much can still go back.",
    )


class RefundNotAllowed(Problem):
    slug = "refund-not-allowed"
    status = 409
    title = Text("這個退款原因還沒有得到證實", "Nothing proves this reason for a refund yet")
    explanation = Text(
        "主管機關的資料沒有顯示撤銷、更正金額，或別處的繳費紀錄還沒送達（超商約需三至五天）。needs 說明缺什麼。",
        "The bureau's register shows no withdrawal or other amount, or the report of the other payment has not arrived "
        "(stores take three to five days). `needs` says which.",
    )


class PaymentNotRefundable(Problem):
    slug = "payment-not-refundable"
    status = 409
    title = Text("這筆付款現在不能退款", "This payment cannot be refunded now")
    explanation = Text(
        "只有錢已經收到的付款才能退。payment_status 是目前狀態。",
        "Only a payment whose money has come can go back. `payment_status` says where it stands.",
    )


class RefundNotFailed(Problem):
    slug = "refund-not-failed"
    status = 409
    title = Text("這筆退款不需要另選帳戶", "This refund needs no other account")
    explanation = Text(
        "它還在路上、已經完成，或原付款已被收回。refund_status 是目前狀態。",
        "It is on its way, done, or its payment was taken back. `refund_status` says where it stands.",
    )


class DisputeClosed(Problem):
    slug = "dispute-closed"
    status = 409
    title = Text("這件爭議已經不能再處理", "This dispute can no longer be acted upon")
    explanation = Text(
        "證據已送出、已接受，或已有結果。dispute_status 是目前狀態。",
        "Evidence was submitted, it was accepted, or it is decided. `dispute_status` says where it stands.",
    )


class CorrectionNotPossible(Problem):
    slug = "correction-not-possible"
    status = 409
    title = Text("這筆付款不能這樣更正", "This payment cannot be corrected like that")
    explanation = Text(
        "只有付款機構自己的帳證明了，才能更正。payment_status 是目前狀態，rail_says 是付款機構的說法。",
        "Only what the rail's own books show can be corrected. "
        "`payment_status` says where it stands, `rail_says` what the rail says.",
    )
