"""What may be read of a citizen, and for what purpose: the codes in the access log, and the words for the citizen."""

from __future__ import annotations

from core.text import Text

WHAT = {
    "approval": Text("待簽核提案中的您的資料", "your data in a proposal to be decided"),
    "bill": Text("帳單", "a bill"),
    "bills": Text("您的帳單清單", "the list of your bills"),
    "counter_record": Text("您登記的姓名、手機（遮罩）與登入方式", "your name, mobile (masked) and ways to sign in"),
    "counter_papers": Text("核對您出示的證件", "the papers that you showed"),
    "counter_name": Text("登記或更正您的姓名、手機", "writing down your name and mobile"),
    "counter_proofing": Text("臨櫃確認您的身分", "proving who you are, in person"),
    "counter_delegation": Text("在櫃檯辦理您的委託", "setting up a delegation of yours"),
    "counter_code": Text("發給您一次性登錄碼", "giving you a one-time enrolment code"),
    "printed_card": Text("發給或停用您的密碼卡", "giving you a printed card, or ending it"),
    "visit": Text("承辦人員陪同您登入", "signing in together with you"),
    "visit_read": Text("陪同時查看", "reading together with you"),
    "visit_done": Text("陪同時辦理", "doing something together with you"),
    "claims": Text("您同意提供給網站的資料", "what you agreed that a site may know"),
    "card": Text("已連結的信用卡（末四碼）", "a linked card (its last four digits)"),
    "dispute": Text("付款爭議", "a disputed payment"),
    "done_pay_begun": Text("為您選擇要繳的帳單", "chose bills of yours to pay"),
    "done_pay_confirmed": Text("為您確認付款", "confirmed a payment of your bills"),
    "mandate": Text("銀行扣款授權", "a mandate to debit your account"),
    "merchant": Text("您的店家與負責人資料", "your shop and who owns it"),
    "payment": Text("繳費紀錄", "a payment"),
    "payments": Text("您的繳費清單", "the list of your payments"),
    "points": Text("點數紀錄", "your points"),
    "profile": Text("基本資料（遮罩）", "who you are (masked)"),
    "receipt": Text("收據", "a receipt"),
    "reconciliation_break": Text("對帳差異中的繳費", "a payment in a difference between two books"),
    "refund": Text("退款", "a refund"),
    "ride_notices": Text("您的乘車通知", "what you are told of your rides"),
    "security_case": Text("您通報「不是我本人」的案件", "a case of yours, “that was not me”"),
}
PURPOSES = {
    "lost_credentials": Text("遺失手機、金鑰或密碼卡", "a lost phone, passkey or printed card"),
    "proofing_in_person": Text("臨櫃確認身分", "proving who you are at a counter"),
    "visit": Text("應您的要求陪同辦理", "doing something together with you, as you asked"),
    "audit": Text("內部稽核", "internal audit"),
    "points_desk": Text("檢視超過用量上限的兌點", "a look at uses of points over a limit"),
    "points_extension": Text("延長點數的使用期限", "giving your points a later last day"),
    "bureau_case": Text("辦理案件", "working on a case"),
    "citizen_request": Text("應您的要求處理", "something that you asked for"),
    "delegation": Text("依您的委託代辦", "acting for you, by your delegation"),
    "consent": Text("以我的高雄登入網站（經您同意）", "signing in to a site, as you agreed"),
    "decision": Text("決定一件提案（雙人覆核）", "deciding a proposal (two persons)"),
    "dispute": Text("處理付款爭議", "answering a disputed payment"),
    "reconciliation": Text("核對帳目", "comparing the city's books with a bank's or partner's"),
    "refund": Text("辦理退款", "giving money back"),
    "security_report": Text("處理您通報的帳號異常", "looking after what you reported about your account"),
}
