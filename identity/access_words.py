"""What may be read of a citizen, and for what purpose: the codes in the access log, and the words for the citizen."""

from __future__ import annotations

from core.text import Text

WHAT = {
    "approval": Text("待簽核提案中的您的資料", "your data in a proposal to be decided"),
    "bill": Text("帳單", "a bill"),
    "bills": Text("您的帳單清單", "the list of your bills"),
    "card": Text("已連結的信用卡（末四碼）", "a linked card (its last four digits)"),
    "dispute": Text("付款爭議", "a disputed payment"),
    "mandate": Text("銀行扣款授權", "a mandate to debit your account"),
    "payment": Text("繳費紀錄", "a payment"),
    "payments": Text("您的繳費清單", "the list of your payments"),
    "points": Text("點數紀錄", "your points"),
    "profile": Text("基本資料（遮罩）", "who you are (masked)"),
    "receipt": Text("收據", "a receipt"),
    "reconciliation_break": Text("對帳差異中的繳費", "a payment in a difference between two books"),
    "refund": Text("退款", "a refund"),
}
PURPOSES = {
    "audit": Text("內部稽核", "internal audit"),
    "bureau_case": Text("辦理案件", "working on a case"),
    "citizen_request": Text("應您的要求處理", "something that you asked for"),
    "decision": Text("決定一件提案（雙人覆核）", "deciding a proposal (two persons)"),
    "dispute": Text("處理付款爭議", "answering a disputed payment"),
    "reconciliation": Text("核對帳目", "comparing the city's books with a bank's or partner's"),
    "refund": Text("辦理退款", "giving money back"),
}
