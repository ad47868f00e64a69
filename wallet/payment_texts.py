"""What a payment says to its payer when something did not go as hoped."""

from __future__ import annotations

from core.text import Text

FAILURES: dict[str, Text] = {
    "insufficient_funds": Text(
        "帳戶餘額不足，沒有扣款。請存入足夠的金額，或換一個帳戶再繳。",
        "There was not enough money in the account, and nothing was taken. Top it up, or choose another account.",
    ),
    "mandate_revoked": Text(
        "您在銀行的扣款同意已經取消，沒有扣款。請重新連結帳戶。",
        "Your consent at the bank has been withdrawn, and nothing was taken. Please link the account again.",
    ),
    "mandate_not_found": Text(
        "銀行找不到您的扣款同意，沒有扣款。請重新連結帳戶。",
        "The bank does not know your consent, and nothing was taken. Please link the account again.",
    ),
    "limit_exceeded": Text(
        "超過您在銀行設定的上限，沒有扣款。請少選幾張、明天再繳，或到銀行提高上限。",
        "It was over the limit you set at the bank, and nothing was taken. Pay fewer bills, wait until tomorrow, or "
        "raise the limit.",
    ),
    "account_closed": Text(
        "這個帳戶已經結清，沒有扣款。請連結另一個帳戶。",
        "This account has been closed, and nothing was taken. Please link another one.",
    ),
    "not_executed": Text(
        "銀行沒有收到這筆扣款，您的錢沒有動。請再繳一次。",
        "The bank never received this debit and your money was not touched. Please pay again.",
    ),
    "not_confirmed": Text(
        "您沒有在時限內到發卡銀行或電子支付頁面確認，沒有扣款。請再繳一次。",
        "It was not confirmed at the card's bank or the wallet in time, and nothing was taken. Please pay again.",
    ),
    "payer_cancelled": Text(
        "您在付款頁面取消了，沒有扣款。", "You cancelled on the payment page, and nothing was taken."
    ),
    "card_declined": Text(
        "發卡銀行沒有同意這筆付款，沒有扣款。請換一張卡或用銀行帳戶繳。",
        "The card's bank did not agree, and nothing was taken. Use another card or a bank account.",
    ),
    "card_expired": Text(
        "這張卡已過期，沒有扣款。請換一張卡。", "This card has expired, and nothing was taken. Use another."
    ),
    "other_amount": Text(
        "扣走的金額與您同意的不同，帳單沒有繳清，可以再繳。承辦人正在請付款機構把錢退還給您。",
        "Another amount was taken than you agreed to. The bill is not paid and can be paid again; officers are having "
        "what was taken given back to you.",
    ),
}
FAILURE_OTHER = Text(
    "銀行或支付業者沒有接受這筆扣款，您的錢沒有動。請稍後再試，或換一種方式繳。",
    "The bank or wallet did not accept this debit and your money was not touched. Try again later, or pay another way.",
)


def failure_message(code: str) -> Text:
    """The bank's reason in plain words, and what to do now."""
    return FAILURES.get(code, FAILURE_OTHER)
