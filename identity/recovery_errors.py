"""How codes, recovery and objections say no."""

from __future__ import annotations

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
