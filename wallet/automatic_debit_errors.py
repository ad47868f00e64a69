"""What automatic debit refuses, and why, in words for people."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class AutomaticDebitNotAwaiting(Problem):
    slug = "automatic-debit-not-awaiting"
    status = 409
    title = Text("這份約定不在等待確認", "This instruction is not waiting for your confirmation")
    explanation = Text(
        "它已經確認、取消或超過五分鐘。請重新設定。",
        "It has been confirmed or cancelled, or five minutes have passed. Please begin again.",
    )


class AutomaticDebitAccount(Problem):
    slug = "automatic-debit-account"
    status = 409
    title = Text("這個帳戶不能用來自動扣繳", "This account cannot be debited automatically")
    explanation = Text(
        "自動扣繳只能用您自己在高雄銀行的帳戶，而且連結必須有效。",
        "Automatic debit takes your own account at the Bank of Kaohsiung alone, and its link must be active.",
    )


class DebitHasBegun(Problem):
    slug = "debit-has-begun"
    status = 409
    title = Text("來不及略過，這筆扣款已經開始或結束", "Too late to change: this debit has begun or is over")
    explanation = Text(
        "debit_status 是目前狀態。扣款已送到銀行時無法收回；需要退款請看這筆付款。",
        "`debit_status` says where it stands. What the bank has been asked for cannot be taken back; for a refund, see "
        "the payment.",
    )
