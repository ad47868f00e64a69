"""What happened to a payment, in words for its payer."""

from __future__ import annotations

from core.text import Text
from wallet import refund_texts

PAYMENT: dict[str, Text] = {
    "awaiting_authorization": Text("開始付款，等待您確認", "Begun, waiting for your confirmation"),
    "debiting": Text("您已確認，正在扣款", "You confirmed it; the debit is under way"),
    "action_required": Text("請到發卡銀行或電子支付確認", "To be confirmed at the card's bank or the wallet"),
    "unknown": Text("正在向銀行確認結果，不會重複扣款", "Being confirmed with the bank; you are not charged twice"),
    "provisional": Text("已視為繳清，等待您的銀行入帳", "Counts as paid; your bank may still return it"),
    "captured": Text("錢已收到", "The money has come"),
    "failed": Text("沒有扣款", "Nothing was taken"),
    "cancelled": Text("已取消", "Cancelled"),
    "expired": Text("沒有在時限內確認", "Not confirmed in time"),
    "returned": Text("您的銀行退回了這筆扣款", "Your bank returned the debit"),
    "charged_back": Text("發卡銀行收回了這筆錢", "The card's bank took the money back"),
    "refunded": Text("已全部退還", "All of it has gone back"),
}
DISPUTE: dict[str, Text] = {
    "opened": Text("持卡人對這筆繳費提出爭議", "The cardholder disputes this payment"),
    "evidence_submitted": Text("市府已提出證據", "The city has submitted evidence"),
    "accepted": Text("市府接受退單", "The city has accepted the chargeback"),
    "won": Text("爭議結果：繳費有效", "Decided: the payment stands"),
    "lost": Text("爭議結果：錢還給持卡人", "Decided: the money goes to the cardholder"),
    "second_chargeback": Text("發卡銀行再次收回這筆錢", "The card's bank took the money again"),
}
BUREAU_NOTICE: dict[str, Text] = {
    "written": Text("準備通知主管機關", "The bureau is about to be told"),
    "acknowledged": Text("主管機關已確認收到", "The bureau has acknowledged it"),
}
WEBHOOK = Text("收到支付機構的通知", "A message from the card processor")
CORRECTION = Text("（經兩位承辦人更正）", " (corrected by two officers)")
WORDS: dict[str, dict[str, Text]] = {
    "payment": PAYMENT,
    "refund": refund_texts.STATUSES,
    "dispute": DISPUTE,
    "bureau_notice": BUREAU_NOTICE,
}
