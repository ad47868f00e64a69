"""How a fleet's telegram is refused, so that its developer knows what to mend."""

from __future__ import annotations

from core.errors import Problem
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
