"""How a fleet's telegram is refused, so that its developer knows what to mend; and how terms of it are."""

from __future__ import annotations

from core.errors import Conflict, Problem
from core.text import Text


class FleetTelegramWrong(Problem):
    """`reason` is a word of docs/fleets.md; `errors` says where in the telegram: never what stood there."""

    slug = "fleet-telegram-wrong"
    status = 422
    title = Text("車隊電文不符約定", "That telegram is not as agreed")
    explanation = Text(
        "簽章正確，但內容不符約定的格式。reason 說明原因，errors 指出位置；格式見 /v1/fleet-telegrams/1.json。",
        "Its signature is right, its content is not as agreed: `reason` says why and `errors` where. The form is at "
        "/v1/fleet-telegrams/1.json.",
    )


class TermsBeginThen(Conflict):
    """Other terms of this fleet begin on that day already, or the day has come before it was decided."""

    slug = "fleet-terms-begin-then"
    title = Text("那一天已有新的條件，或日期已到", "Terms begin on that day already, or it has come")
    explanation = Text(
        "同一天只能有一份條件；核准時開始日必須還沒到。請用另一天重新提案。",
        "One day begins one set of terms, and it must still be to come when it is decided. Propose another day.",
    )
