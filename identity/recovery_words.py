"""What recovering and objecting say to people, in both languages."""

from __future__ import annotations

from datetime import datetime

from core.clock import TAIPEI
from core.taiwan import roc_text
from core.text import Text

RESET_CODE_SMS = Text(
    "【我的高雄】重設密碼的驗證碼 {code}，5 分鐘內有效。若不是您本人要求，請勿告訴任何人。",
    "[My Kaohsiung] Your code to reset your password is {code}, valid for 5 minutes. If you did not ask, tell nobody.",
)
METHOD_NAMES = {
    "password_sms": Text("密碼與簡訊驗證碼", "password and a code by text message"),
    "password_totp": Text("密碼與驗證器 App", "password and a code of an app"),
    "recovery_code": Text("密碼與復原碼", "password and a recovery code"),
    "passkey": Text("通行金鑰", "passkeys"),
    "social": Text("連結的帳號（LINE、Google、Apple）", "linked accounts (LINE, Google, Apple)"),
    "certificate": Text("自然人憑證", "Citizen Digital Certificate"),
    "mobile_id": Text("行動自然人憑證", "mobile ID"),
    "card": Text("紙本代碼卡", "the printed card"),
    "counter": Text("臨櫃登入", "signing in at a counter"),
}
EVENT_WORDS = {
    "opened": Text("民眾通報「不是我本人」", "The person said “that was not me”"),
    "method_locked": Text("停用登入方式", "A way to sign in was shut"),
    "sessions_ended": Text("結束相關的登入", "The sign-ins in question were ended"),
    "reset_cancelled": Text("取消重設密碼", "The password reset was cancelled"),
    "note": Text("處理紀錄", "Note"),
    "method_unlocked": Text("恢復登入方式", "A way to sign in was opened again"),
    "resolved": Text("結案", "Resolved"),
}
SESSIONS_ENDED = Text("{n} 筆登入", "Sign-ins: {n}")


def moment_text(at: datetime) -> Text:
    """A moment as people read it, in Taipei."""
    local = at.astimezone(TAIPEI)
    return Text(f"{roc_text(local.date())} {local:%H:%M}", f"{local:%Y-%m-%d %H:%M}")
