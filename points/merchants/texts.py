"""What is said to merchants and about them, in words."""

from __future__ import annotations

from typing import Final

from core.text import Text

CATEGORIES: Final = {
    "food": Text("餐飲小吃", "Food and drink"),
    "groceries": Text("食品雜貨", "Groceries"),
    "convenience": Text("便利商店", "Convenience store"),
    "books": Text("書店文具", "Books and stationery"),
    "health": Text("健康運動", "Health and sport"),
    "culture": Text("藝文展演", "Culture"),
    "transport": Text("交通", "Transport"),
    "market": Text("市場夜市", "Market"),
    "services": Text("生活服務", "Services"),
    "other": Text("其他", "Other"),
}
STATUSES: Final = {
    "applied": Text("審核中", "Being looked at"),
    "approved": Text("已核准", "Approved"),
    "refused": Text("未核准", "Not approved"),
    "suspended": Text("暫停中", "Suspended"),
    "closed": Text("已結束", "Closed"),
}
NEXT: Final = {
    "wait_for_approval": Text(
        "申請已收到，兩位承辦人員核准後會通知您。可以先登記帳戶和分店。",
        "Your application has arrived. Two officers look at it, and you are told. You can enter account and branches "
        "now.",
    ),
    "enter_account": Text("登記收款帳戶，才能收到結算款。", "Enter the account that settlements are to be paid to."),
    "wait_for_credit": Text(
        "驗證用的 NT$1 正在匯出，通常幾分鐘內入帳。",
        "The NT$1 that proves your account is on its way; it takes minutes as a rule.",
    ),
    "enter_code": Text(
        "查看帳戶裡的 NT$1，把備註中的 6 位數字輸入這裡。",
        "Look at the NT$1 in your account and type the 6 digits of its remark here.",
    ),
    "other_account": Text(
        "銀行無法匯入您的帳戶。請登記另一個帳戶並完成驗證，之後會補匯。",
        "The bank cannot pay to your account. Enter and prove another one; what waits is paid then.",
    ),
    "add_branch": Text("新增第一家分店。", "Add your first branch."),
    "add_staff": Text("新增店員並設定 PIN。", "Add your staff with their PINs."),
    "add_till": Text("登記一台收銀機，或列印店家 QR Code。", "Register a till, or print your shop's QR code."),
    "refused": Text(
        "申請沒有通過，原因如上。修正後可以再申請一次。",
        "The application was not approved, for the reason above. You can apply again once that is mended.",
    ),
    "suspended": Text(
        "店家已暫停，收銀機不能使用；已經收的點數照常結算。請聯絡經濟發展局。",
        "Your shop is suspended and its tills take nothing; what was redeemed is paid as usual. Please call the "
        "Economic Development Bureau.",
    ),
    "closed": Text(
        "店家已結束收點，款項都已付清。想再收點請聯絡經濟發展局，由兩位承辦人員恢復。",
        "Your shop takes no points any more, and is paid everything. To take them again call the Economic Development "
        "Bureau: two officers open it again.",
    ),
    "closed_unpaid": Text(
        "店家已結束收點。已經收的點數下週一結算，照常匯到您的帳戶。",
        "Your shop takes no points any more. What it took is settled on Monday and paid to your account as usual.",
    ),
    "nothing": Text("一切就緒。", "Everything is ready."),
}
SETTLEMENT_STATUSES: Final = {
    "carried": Text("無須付款，餘額留到下週", "Nothing to pay; the balance goes on to the next week"),
    "waiting": Text("等待可匯入的帳戶", "Waits for an account that the bank pays to"),
    "ordered": Text("匯款中", "With the bank"),
    "paid": Text("已匯款", "Paid"),
    "stopped": Text("承辦人員處理中", "A desk is looking into it"),
}
APPROVAL_TITLE: Final = Text("點數合作店家", "A merchant that takes points")
LETS_IN: Final = {
    "applied": Text("核准店家加入，市民即可在店內使用點數", "Let the merchant take part: people may use points there"),
    "suspended": Text("恢復暫停的店家", "Let a suspended merchant go on"),
    "closed": Text("讓已結束的店家再次收點", "Let a merchant that was closed take points again"),
}
CLOSES: Final = Text(
    "結束這個店家：收銀機立即停用、優惠下架、地圖上不再顯示；已收的點數照常結算",
    "Close the merchant: its tills stop at once, its offers end, it leaves the map; what it took is settled as usual",
)

PROOF_REMARK: Final = "我的高雄 帳戶驗證碼"
POSTER_TITLE: Final = Text("在這裡用點數", "Use your points here")
POSTER_HOW: Final = Text(
    "打開「我的高雄」，選擇「用點數」，掃描這個條碼，輸入點數並給店員看結果。",
    "Open My Kaohsiung, choose “Use points”, scan this code, enter the points and show the result to the staff.",
)
POSTER_CODE: Final = Text("店家代碼 {code}", "Shop code {code}")
POSTER_FOOT: Final = Text(
    "掃描後手機會顯示店名，請確認與本店相同。",
    "Your phone shows the shop's name after scanning: see that it is this shop.",
)
