"""Why a bill cannot be paid here, in words, and what to do instead."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.text import Text
from wallet.bills import Bill

LATE: Final = Text(
    "這張罰鍰已過應到案日期。依「違反道路交通管理事件統一裁罰基準及處理細則」第59條，逾期罰鍰不能由代收單位收取。"
    "請向處罰機關（交通局裁決中心或監理站）查詢應繳金額並繳納；不要依原金額到超商繳費。",
    "This fine is past its date. Under article 59 of the uniform penalty rules a collecting agent may not take late "
    "fines. Ask the authority (the adjudication centre or a motor vehicle office) what is owed now and pay there; do "
    "not pay the old amount at a store.",
)
OTHER_PENALTY: Final = Text(
    "這張罰單除了罰鍰還有其他處分（例如記點、吊扣或講習），依規定不能由代收單位收取。請持罰單向處罰機關辦理。",
    "This ticket carries another penalty besides the fine (such as points, a suspended licence or a course), so a "
    "collecting agent may not take it. Please take it to the authority that issued it.",
)
WORDS: Final[dict[str, Text]] = {
    "paid": Text("這張帳單已經繳清，不需要再繳。", "This bill is paid; there is nothing left to pay."),
    "void": Text("主管機關已註銷這張帳單，不需要繳。", "The bureau has cancelled this bill; you owe nothing for it."),
    "appealed": Text(
        "這張罰單正在申訴，結果出來前不必繳。若想先繳，請先向處罰機關撤回申訴。",
        "This ticket is under appeal; nothing is owed until it is decided. To pay now, withdraw the appeal first.",
    ),
    "processing": Text(
        "另一筆付款正在處理這張帳單，請等它有結果，不會重複扣款。",
        "Another payment is at work on this bill. Wait for its outcome; you will not be charged twice.",
    ),
    "on_instalments": Text(
        "這張罰鍰已核准分期，請繳各期帳單；到期日在每一期上。",
        "This fine is being paid in parts. Pay the parts, which are bills of their own with their own dates.",
    ),
    "unknown_to_the_bureau": Text(
        "主管機關查不到這張單號。請向主管機關確認。", "The bureau does not know this number. Please ask the bureau."
    ),
}


def explained(bill: Bill, now: datetime) -> tuple[str, Text] | None:
    """The reason's code and words; None when the bill can be paid here."""
    reason = bill.not_payable_reason() or ("processing" if bill.state == "processing" else None)
    if reason is None:
        return None
    if reason == "not_payable_by_agent":
        return reason, LATE if bill.is_overdue(now) else OTHER_PENALTY
    return reason, WORDS[reason]
