"""What a refund says to the citizen: why it goes back, where it stands, and what to do where it did not arrive."""

from __future__ import annotations

from core.text import Text

REASONS: dict[str, Text] = {
    "paid_elsewhere_first": Text(
        "這張帳單您先前已在別處繳過，這次扣的錢（含手續費）免費退回原帳戶。",
        "You had already paid this bill elsewhere: what we debited, its fee too, goes back to the same account, free.",
    ),
    "paid_elsewhere_again": Text(
        "這張帳單您後來又在別處繳了一次，多繳的錢免費退回您先前付款的帳戶。",
        "You paid this bill again elsewhere: the second amount goes back to the account you had paid from, free.",
    ),
    "paid_again_meanwhile": Text(
        "這筆錢被收回後您已另外繳清帳單；現在錢又回來了，所以免費退還給您。",
        "After this money had been taken back you paid the bill otherwise; now it has come again, and goes back to "
        "you, free.",
    ),
    "duplicate": Text("這張帳單重複繳納，退還這一次的錢。", "This bill was paid twice; this payment of it goes back."),
    "bill_withdrawn": Text(
        "主管機關已撤銷這張帳單，繳的錢退還給您。", "The bureau has withdrawn this bill, and what you paid goes back."
    ),
    "wrong_amount": Text(
        "主管機關更正了金額，多繳的差額退還給您。", "The bureau has corrected the amount, and the difference goes back."
    ),
    "wrong_bill": Text(
        "您繳的不是自己的帳單，錢退還給您，那張帳單恢復為未繳。",
        "The bill was not yours: the money goes back, and the bill is owed again by whoever it belongs to.",
    ),
    "ride_fare_lowered": Text(
        "這趟接送的車資更正後變少，多付的差額退還給您。",
        "The fare of this ride became less, and the difference goes back.",
    ),
    "goodwill": Text("市府決定退還這筆錢。", "The city has decided to give this money back."),
}
STATUSES: dict[str, Text] = {
    "proposed": Text("等待第二位承辦人同意", "A second officer has to agree"),
    "declined": Text("沒有核准", "Not approved"),
    "requested": Text("已申請，正在送出", "Asked for, about to be sent"),
    "unknown": Text("已送出，正在確認", "Sent, being confirmed"),
    "pending": Text("處理中，款項正在退回", "Taken on; the money is on its way back"),
    "completed": Text("已退回", "The money is back"),
    "failed": Text("沒有退成", "It did not arrive"),
}
FAILURES: dict[str, Text] = {
    "account_closed": Text(
        "原來的帳戶已經結清。請選擇另一個已連結的銀行帳戶，我們會改退到那裡。",
        "The account it came from has been closed. Choose another linked bank account, and it will be sent there.",
    ),
    "other_holder": Text(
        "這個帳戶不是付款人本人的。請選擇您自己的另一個帳戶。",
        "That account does not belong to the payer. Choose another account of your own.",
    ),
    "payment_undone": Text(
        "這筆付款的錢已被銀行收回，所以沒有東西可退。",
        "The money of this payment was taken back by the bank, so there is nothing to give back.",
    ),
}
FAILURE_OTHER = Text(
    "銀行沒有接受這筆退款，錢還在市府，沒有遺失。請選擇另一個已連結的銀行帳戶。",
    "The bank did not take this refund. The money is safe with the city. Choose another linked bank account.",
)


def failure_message(code: str) -> Text:
    """Why a refund did not arrive, and what to do now."""
    return FAILURES.get(code, FAILURE_OTHER)
