"""How codes, recovery and objections say no."""

from __future__ import annotations

import math
from datetime import datetime

from core.clock import on_the_wire
from core.errors import Problem
from core.text import Text


class MethodShut(Problem):
    """The person has said “that was not me” of this way to sign in; it stays shut until they open it again."""

    slug = "method-shut"
    status = 403
    title = Text("這個登入方式已停用", "This way to sign in is shut")
    explanation = Text(
        "您曾表示「不是我本人」，這個登入方式因此停用，直到您以更高等級的方式登入後恢復，或親自到服務櫃台辦理。"
        "其他登入方式不受影響。",
        "You have said “that was not me”, so this way to sign in stays shut until you open it from a session of a "
        "higher level, or at a service counter. Other ways keep working.",
    )
    keeps = True


class CurrentPasswordWrong(Problem):
    """The present password that was given is not the right one. The failure stays counted."""

    slug = "current-password-wrong"
    status = 403
    title = Text("目前的密碼不正確", "The present password is not right")
    explanation = Text(
        "請輸入目前的密碼；或先以通行金鑰等等級 3 的方式登入，就不必輸入。連續 5 次不正確會鎖定 15 分鐘。",
        "Give the present password; or sign in at level 3 first, such as with a passkey, and it is not asked for. "
        "5 failures in a row lock it for 15 minutes.",
    )


class ResetWaits(Problem):
    """The day that a reset waits is not over."""

    slug = "reset-waits"
    status = 409
    title = Text("還不能設定新密碼", "The new password cannot be set yet")
    explanation = Text(
        "為了保護您，重設密碼要等 24 小時，這段時間內可以取消。possible_at 是可以設定的時間。",
        "To protect you, a reset waits for 24 hours, in which it can be cancelled. `possible_at` says when it is over.",
    )

    def __init__(self, possible_at: datetime, *, now: datetime) -> None:
        seconds = max(1, math.ceil((possible_at - now).total_seconds()))
        super().__init__(headers={"Retry-After": str(seconds)}, possible_at=on_the_wire(possible_at))


class ResetClosed(Problem):
    slug = "reset-closed"
    status = 409
    title = Text("這次重設密碼已經結束", "This reset is over")
    explanation = Text(
        "它已經完成、被取消，或超過可以設定的時間。需要時請重新申請。",
        "It was finished, cancelled, or its time has run out. Ask again if you need to.",
    )


class LinkLapsed(Problem):
    """A link "that was not me" that nobody was given, or that is older than a month."""

    slug = "link-lapsed"
    status = 404
    title = Text("這個連結已失效", "This link is no longer valid")
    explanation = Text(
        "連結 30 天內有效。若帳號有您不認得的變動，請撥 1999 或到服務櫃台。",
        "A link is valid for 30 days. If something happened to your account that you do not know of, call 1999 or come "
        "to a service counter.",
    )


class CaseClosed(Problem):
    slug = "case-closed"
    status = 409
    title = Text("這個案件已經結案", "This case is resolved")
    explanation = Text("結案後不能再加註或結案一次。", "Nothing is added to a case that is resolved.")


class MethodNotShut(Problem):
    slug = "method-not-shut"
    status = 409
    title = Text("這個登入方式沒有被停用", "This way to sign in is not shut")
    explanation = Text("它現在可以使用，沒有需要恢復的。", "It can be used; there is nothing to open again.")
