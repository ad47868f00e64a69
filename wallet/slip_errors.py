"""What is refused about slips and the cash that comes by them, in words for people."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text
from wallet.feed_problems import FeedRefused
from wallet.not_payable import LATE


class LateFineNotForAgents(Problem):
    slug = "late-fine-not-for-agents"
    status = 409
    title = Text("逾期罰鍰不能由代收單位收取", "Collecting agents may not take a late fine")
    explanation = LATE


class SlipOverLimit(Problem):
    slug = "slip-over-limit"
    status = 409
    title = Text("超過這個通路的單筆上限", "Over what this channel may take for one bill")
    explanation = Text(
        "依「電子支付機構業務管理規則」第15條，代收一筆最多 5,000 元（limit）。請改用帳戶扣款或信用卡。",
        "By article 15 of the rules for electronic payment institutions one item may cost NT$5,000 at the most "
        "(`limit`). Pay from an account or by card instead.",
    )


class SlipNotOffered(Problem):
    slug = "slip-not-offered"
    status = 409
    title = Text("這張帳單沒有這種繳費單", "There is no such slip for this bill")
    explanation = Text(
        "目前沒有適用的代收約定，或帳單已逾期而不再代收。請改用其他方式。",
        "No collecting agreement covers it, or the bill is past its date. Please pay another way.",
    )


class SlipEnded(Problem):
    slug = "slip-ended"
    status = 409
    title = Text("這張繳費單已收款", "This slip has been paid")
    explanation = Text("已收款的繳費單不能作廢。", "A slip that was paid cannot be withdrawn.")


class OverpaymentNotOpen(Problem):
    slug = "overpayment-not-open"
    status = 409
    title = Text("這筆溢繳款已在退還", "This money is already on its way back")
    explanation = Text("它已經退還，或正在退到您選的帳戶。", "It has gone back, or is going to the account you chose.")


class CollectionFormWrong(FeedRefused):
    slug = "collection-form-wrong"
    status = 422
    title = Text("不是約定的代收檔格式", "Not a collection file of the agreed form")
    explanation = Text(
        "每筆 120 位元組加換行，首筆、明細、尾筆依序，且屬於所指的通路。整個檔案未匯入。",
        "Records have 120 bytes and a CRLF: a header of the channel named, details, a trailer. Nothing was taken over.",
    )


class CollectionTotalsWrong(FeedRefused):
    slug = "collection-totals-wrong"
    status = 422
    title = Text("代收檔的合計不符", "The totals of the collection file do not add up")
    explanation = Text(
        "尾筆的筆數或金額與明細加總不同。整個檔案未匯入。",
        "The trailer's count or totals are not those of the details. Nothing of the file was taken over.",
    )
