"""Why a break was opened, for people."""

from __future__ import annotations

from typing import Final

from core.text import Text

_CAUSES: Final[dict[str, Text]] = {
    "not_known": Text("對方的款項在我們這裡查無付款", "We know no payment that this money could be for"),
    "no_payout": Text("入帳款項沒有對應的撥款通知", "Money at the bank that nobody announced"),
    "correction": Text("對方的更正分錄", "A correction by the other side"),
    "collection": Text("代收款項沒有對應的繳款單", "Collected for a slip that we do not know"),
    "adjusted_before": Text("這筆付款先前已調整沖銷", "The payment was written off before its money came"),
    "line_again": Text("同一筆款項又出現一次", "The same thing is reported once more"),
    "line_differs": Text("對方金額與我們不同", "Their amount is not ours"),
    "contract_differs": Text("手續費與合約不同", "The fee is not what the contract says"),
    "out_of_time": Text("入帳日期不在約定期間內", "Settled outside the time that was agreed"),
    "no_line": Text("逾期仍未出現在對方檔案", "Overdue, and in none of their files"),
    "not_decided": Text("逾時仍不知道扣款結果", "What became of the debit is still not known"),
    "message_differs": Text("對方通知的金額與我們不同", "A message says another amount than ours"),
    "late_return": Text("退件超過約定期限", "Returned after its time had passed"),
    "payment_never_made": Text("通知說的付款我們從未送出", "A notice about a payment that was never ordered"),
    "authorised_twice": Text("同一筆付款又刷了一次", "Authorised once more under another reference"),
    "authorised_after_the_end": Text("付款結束後才收到授權成功", "Authorised, but the payment had ended without money"),
    "capture_failed_later": Text("請款失敗，但付款已不是已繳", "The capture failed after the payment had moved on"),
    "cancelled_after_capture": Text("付款已繳，卻收到取消", "Cancelled there, and captured here"),
    "notice_amount": Text("通知的金額或幣別與我們不同", "A notice names another amount or currency than ours"),
    "notice_without_predecessor": Text("通知等不到它前面的那一則", "A notice whose predecessor never came"),
    "refund_amount": Text("退款通知的金額與我們不同", "A notice about a refund names another amount than ours"),
    "refunded_and_taken_back": Text("同一筆錢退了又被扣回", "Refunded, and taken back by the payer's bank as well"),
}
_STATES: Final[dict[str, Text]] = {
    "payment": Text("對方有款項，但付款狀態是「{state}」", "Money came for a payment that is {state}"),
    "refund": Text("對方已退款，但退款狀態是「{state}」", "Money left for a refund that is {state}"),
}


def cause_words(cause: str) -> Text:
    """The words for a cause; causes that carry a state ("payment_failed") name it."""
    known = _CAUSES.get(cause)
    if known is not None:
        return known
    head, _, state = cause.partition("_")
    return _STATES[head].format(state=state) if head in _STATES and state else Text(cause, cause)
