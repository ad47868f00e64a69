"""Messages about money that came by a slip: that it has arrived, that it was too much, and its way back."""

from __future__ import annotations

from core.text import Text
from notify.wording import Wording

_DAY = 86_400
_OVERPAYMENTS = "/app/me/overpayments"

SLIP_PAID = Wording(
    kind="slip_paid",
    title=Text("已經由{channel}繳納 NT${amount}", "Paid via {channel}: NT${amount}"),
    body=Text(
        "您用繳費條碼付的 NT${amount} 已經入帳{fee}，這張帳單繳清了，不必再繳。",
        "The NT${amount} that you paid with the slip has arrived{fee}. The bill is paid; there is nothing more to do.",
    ),
    link="/app/bills/{bill}",
    explanation=Text(
        "您在「我的高雄」產生的繳費條碼在 {moment} 付款，收款的業者現在通知了我們。",
        "A slip that you made in My Kaohsiung was paid on {moment}, and whoever took the money has told us now.",
    ),
    push_ttl_seconds=3 * _DAY,
)
OVERPAYMENT_FOUND = Wording(
    kind="overpayment_found",
    title=Text("多繳了 NT${amount}，可以退還給您", "NT${amount} was paid too much and can come back"),
    body=Text(
        "{why}多繳的 NT${amount} 由市府保管。請點開，選擇您的高雄銀行帳戶，免費退還。",
        "{why} The city keeps the NT${amount} for you. Open this and choose your account at the Bank of Kaohsiung: it "
        "is sent there free of charge.",
    ),
    link=_OVERPAYMENTS,
    explanation=Text(
        "我們在 {moment} 發現您的一張帳單收到的錢比應繳的多。",
        "On {moment} we found that more had come for one of your bills than it cost.",
    ),
    push_ttl_seconds=7 * _DAY,
)
OVERPAYMENT_RETURNED = Wording(
    kind="overpayment_returned",
    title=Text("多繳的 NT${amount} 已退回", "NT${amount} paid too much is back"),
    body=Text(
        "NT${amount} 已退到 {account}，不收任何費用。", "NT${amount} went to your account {account}, free of charge."
    ),
    link=_OVERPAYMENTS,
    explanation=Text(
        "您要求把多繳的錢退到這個帳戶，銀行在 {moment} 完成。",
        "You asked for what was paid too much to be sent to this account, and the bank did so on {moment}.",
    ),
    push_ttl_seconds=7 * _DAY,
)
OVERPAYMENT_NOT_RETURNED = Wording(
    kind="overpayment_not_returned",
    title=Text("多繳的 NT${amount} 沒有退成功", "NT${amount} paid too much could not be sent"),
    body=Text(
        "NT${amount} 退到 {account} 沒有成功。錢還在市府，沒有遺失；請點開，選擇另一個帳戶。",
        "NT${amount} could not be sent to {account}. The money is safe with the city: open this and choose another "
        "account.",
    ),
    link=_OVERPAYMENTS,
    explanation=Text(
        "您要求把多繳的錢退到這個帳戶，銀行在 {moment} 說不能入帳。",
        "You asked for what was paid too much to be sent to this account; on {moment} the bank said it could not be.",
    ),
    push_ttl_seconds=7 * _DAY,
)
WORDINGS = (SLIP_PAID, OVERPAYMENT_FOUND, OVERPAYMENT_RETURNED, OVERPAYMENT_NOT_RETURNED)

FEE_THERE = Text("（另付手續費 NT${fee}）", ", with a fee of NT${fee} on top")
WHY_TOO_MUCH = {
    "paid_twice": Text(
        "您的一張帳單已經繳清，{channel}又收了一次。",
        "One of your bills was paid already when {channel} took it again.",
    ),
    "bill_void": Text(
        "您的一張帳單已經撤銷，{channel}還是收了錢。",
        "One of your bills had been cancelled when {channel} took money for it.",
    ),
    "bill_cheaper": Text(
        "您的一張帳單已經降價，{channel}收了原來的金額。",
        "One of your bills had become cheaper when {channel} took the earlier amount.",
    ),
}
SOME_WHY_TOO_MUCH = Text("您的一張帳單收到的錢太多。", "More has come for one of your bills than it cost.")
