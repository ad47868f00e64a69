"""What this room says to people, in both languages."""

from __future__ import annotations

from core.text import Text

CODE_SMS = Text(
    "【我的高雄】驗證碼 {code}，5 分鐘內有效。請勿告訴任何人，我們不會向您索取。",
    "[My Kaohsiung] Your code is {code}, valid for 5 minutes. Tell nobody; we never ask for it.",
)
REGISTERED_ALREADY_SMS = Text(
    "【我的高雄】有人以您的身分證字號申請註冊。您已是會員，若是您本人請直接登入；若不是，無須理會，對方無法登入。",
    "[My Kaohsiung] Somebody asked to register with your ID number. You are registered: if it was you, just sign in; "
    "if not, nothing needs to be done, they cannot get in.",
)
MOBILE_CHANGED_SMS = Text(
    "【我的高雄】您在服務櫃檯登記了新的手機號碼，這個號碼不再收到通知。若不是您本人，請立即撥 1999。",
    "[My Kaohsiung] Another mobile was written down for you at a service counter; this one gets no more messages. If "
    "this was not you, call 1999 at once.",
)
CERTIFICATE_PURPOSE = Text(
    "登入高雄市政府「我的高雄」。這不是付款，也不是申請。",
    "Sign in to My Kaohsiung of Kaohsiung City Government. This pays nothing and applies for nothing.",
)
DEFAULT_PASSKEY_NAME = Text("我的裝置", "My device")

BUREAU_NAMES = {
    "parking": Text("交通局停車管理中心", "Parking Management Centre"),
    "fines": Text("交通局交通事件裁決中心", "Traffic Adjudication Centre"),
    "treasury": Text("財政局", "Finance Bureau"),
    "civil_affairs": Text("民政局", "Civil Affairs Bureau"),
    "culture": Text("文化局", "Bureau of Cultural Affairs"),
    "public_works": Text("工務局", "Public Works Bureau"),
    "education": Text("教育局", "Education Bureau"),
    "fire": Text("消防局", "Fire Bureau"),
    "social_affairs": Text("社會局", "Social Affairs Bureau"),
    "economic": Text("經濟發展局", "Economic Development Bureau"),
    "health": Text("衛生局", "Department of Health"),
    "transport": Text("交通局", "Transportation Bureau"),
    "environment": Text("環境保護局", "Environmental Protection Bureau"),
    "rdec": Text("研究發展考核委員會", "Research, Development and Evaluation Commission"),
}
ROLE_NAMES = {
    "finance": Text("財務", "finance"),
    "auditor": Text("稽核", "auditor"),
    "bureau_officer": Text("業務承辦", "case officer"),
    "counter": Text("服務櫃檯", "service counter"),
    "operator": Text("1999 話務", "1999 operator"),
    "registrar": Text("介接審核", "approver of connected sites"),
    "editor": Text("訊息編寫", "writer of messages"),
    "publisher": Text("訊息核定", "approver of messages"),
    "duty_officer": Text("災害應變值勤", "emergency duty officer"),
    "points_officer": Text("市民點數", "city points"),
    "dispatcher": Text("復康巴士調度", "dispatcher of the city's vans"),
    "mobility": Text("行動服務審核", "who decides on riders' papers and appeals"),
}
