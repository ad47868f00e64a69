"""Why a planned debit is not made, in words for people: what they should do now."""

from __future__ import annotations

from core.text import Text

REASONS: dict[str, Text] = {
    "over_bill_cap": Text(
        "超過您設定的單筆上限，請自行繳納。", "It is over your cap for a bill: please pay it yourself."
    ),
    "over_monthly_cap": Text(
        "超過您設定的每月上限，請自行繳納。", "It would go over your cap for the month: please pay it yourself."
    ),
    "too_late": Text(
        "來不及在期限前一天通知您，請自行繳納。",
        "There was no time left to tell you the day before: please pay it yourself.",
    ),
    "account_paused": Text(
        "扣款帳戶暫停中，請恢復帳戶或自行繳納。", "The account is paused: resume it, or pay the bill yourself."
    ),
    "account_ended": Text(
        "扣款帳戶已解除連結，請自行繳納。", "The account is linked no more: please pay the bill yourself."
    ),
    "insufficient_funds": Text("帳戶餘額不足。", "There was not enough money in the account."),
    "limit_exceeded": Text("超過您在銀行設定的上限。", "It was over a limit you set at the bank."),
    "mandate_revoked": Text(
        "您在銀行的扣款同意已經取消，請自行繳納。", "Your consent at the bank has ended: please pay the bill yourself."
    ),
    "mandate_not_found": Text(
        "銀行找不到您的扣款同意，請自行繳納。", "The bank does not know your consent: please pay the bill yourself."
    ),
    "account_closed": Text("帳戶已結清，請自行繳納。", "The account has been closed: please pay the bill yourself."),
    "not_executed": Text("銀行沒有收到這筆扣款。", "The debit never reached the bank."),
    "paid": Text("帳單已經由其他方式繳清。", "The bill has been paid another way."),
    "void": Text("帳單已註銷。", "The bill is void."),
    "appealed": Text("帳單申訴中。", "The bill is under appeal."),
    "not_yours": Text("這輛車已不在您的名下。", "The vehicle is no longer yours."),
}
REASON_OTHER = Text("銀行沒有接受這筆扣款。", "The bank did not accept the debit.")


def reason_message(reason: str) -> Text:
    """Why it was not made."""
    return REASONS.get(reason, REASON_OTHER)
