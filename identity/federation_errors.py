"""How signing in through somebody else's site says no."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class FederationEnded(Problem):
    """A way back that is unknown, used, too old, or of another browser: whoever holds it gets nowhere."""

    slug = "federation-ended"
    status = 409
    title = Text("這次登入已失效", "This sign-in is no longer valid")
    explanation = Text(
        "從我們這裡前往業者網站的登入，10 分鐘內有效，只能在同一個瀏覽器完成一次。請重新開始。",
        "A sign-in at another site is valid for 10 minutes, once, in the browser in which it began. Please begin "
        "again.",
    )


class FederationCancelled(Problem):
    """The person turned it down on the provider's page. Nothing is wrong."""

    slug = "federation-cancelled"
    status = 403
    title = Text("您已取消登入", "You cancelled the sign-in")
    explanation = Text(
        "什麼都沒有改變。可以再試一次，或用其他方式登入。", "Nothing has changed. Try again, or sign in another way."
    )


class FederationRefused(Problem):
    """The provider's answer does not prove who somebody is. Why is in our log, and nowhere else."""

    slug = "federation-refused"
    status = 401
    title = Text("無法確認對方網站的回覆", "The other site's answer could not be confirmed")
    explanation = Text(
        "對方網站的回覆不完整、不是給這次登入的，或無法確認是由它簽發。請重新開始，或用其他方式登入。",
        "The other site's answer is incomplete, is not for this sign-in, or is not provably its own. Please begin "
        "again, or sign in another way.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="mykaohsiung"'})


class NoPendingLink(Problem):
    """No account waits to be linked in this browser: it was linked, put off, replaced, or is over 10 minutes old."""

    slug = "no-pending-link"
    status = 404
    title = Text("沒有等待連結的帳號", "No account is waiting to be linked")
    explanation = Text(
        "等待連結的帳號保留 10 分鐘，只在同一個瀏覽器有效。請再從該帳號登入一次。",
        "An account waits to be linked for 10 minutes, in the same browser. Please sign in with it once more.",
    )


class AccountLinked(Problem):
    """The account signs somebody in already. Whom is not said."""

    slug = "account-linked"
    status = 409
    title = Text("這個帳號已經連結", "This account is linked already")
    explanation = Text(
        "一個帳號只能連結一個人。請先在原來連結的地方解除。",
        "An account is linked to one person. Unlink it first where it is linked.",
    )


class AccountLinkedToYou(Problem):
    slug = "account-linked-to-you"
    status = 409
    title = Text("這個帳號已經連結到您", "This account is linked to you already")
    explanation = Text("不必再連結一次；登入時選它就可以。", "There is nothing to do: choose it when you sign in.")


class MobileKnown(Problem):
    """The person has a mobile here already; another is written down at a counter, where papers are looked at."""

    slug = "mobile-known"
    status = 409
    title = Text("您已登記手機號碼", "You have a mobile here already")
    explanation = Text(
        "這裡只能登記第一個號碼。要更換請帶身分證到服務櫃檯。",
        "Only a first number is added here. To change it, bring your ID card to a service counter.",
    )


class TooManyLinkedAccounts(Problem):
    slug = "too-many-linked-accounts"
    status = 409
    title = Text("連結的帳號數量已達上限", "There are as many linked accounts as one person may have")
    explanation = Text("每人最多連結 10 個帳號。", "One person may have up to 10 linked accounts.")
