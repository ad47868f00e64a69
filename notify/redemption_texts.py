"""Messages about points used at shops: to be confirmed, done, held for a look, and back again.

They appear on lock screens, so which shop it was is said inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.text import Text
from notify.wording import Wording

_DAY = 86_400
_LINK = "/app/points/redemptions/{redemption}"

ASKED = Wording(
    kind="redemption_asked",
    title=Text("要使用 {points} 點嗎？", "Use {points} points?"),
    body=Text(
        "店家要收 {points} 點。請在 {until} 前點開，用通行金鑰確認；不是您就按「不同意」，或不要理會，點數不會扣。",
        "A shop asks for {points} points. Open this before {until} and confirm with your passkey. If it was not you, "
        "say no or do nothing: no points go.",
    ),
    link=_LINK,
    explanation=Text(
        "店家在 {moment} 掃了您手機出示的付款碼；點數較多時需要您確認。",
        "On {moment} a shop read the code that your phone showed; so many points need your yes.",
    ),
    push_ttl_seconds=60,
)
DONE = Wording(
    kind="redemption_done",
    title=Text("已使用 {points} 點", "{points} points used"),
    body=Text(
        "您在店家使用了 {points} 點，點開可以看是哪一家。不是您用的話，請立刻登出那支手機。",
        "{points} points were used at a shop; open this to see which. If it was not you, sign that phone out at once.",
    ),
    link=_LINK,
    explanation=Text("您在 {moment} 在店家使用了點數。", "You used points at a shop on {moment}."),
    push_ttl_seconds=_DAY,
)
HELD = Wording(
    kind="redemption_held",
    title=Text("{points} 點等候檢視", "{points} points wait for a look"),
    body=Text(
        "您在店家使用的 {points} 點超過了用量上限，先保留著，由承辦人員檢視，最晚 {until} 前會有結果；點數不會遺失。",
        "{points} points at a shop are over a limit. They are set aside until somebody has looked, by {until} at the "
        "latest; no points are lost.",
    ),
    link=_LINK,
    explanation=Text(
        "為了防止盜用，短時間內使用很多點數時，會先由承辦人員檢視。這筆發生在 {moment}。",
        "Against theft, many points in a short time are looked at by somebody first. This was on {moment}.",
    ),
    push_ttl_seconds=_DAY,
)
BACK = Wording(
    kind="redemption_back",
    title=Text("{points} 點已退回", "{points} points are back"),
    body=Text(
        "{points} 點已退回，回到原來的批次和期限：{why}",
        "{points} points from a shop are back with you, in the lots they came from: {why}",
    ),
    link=_LINK,
    explanation=Text(
        "您的點數在 {moment} 退回，每一次退回都會通知您。",
        "Your points came back on {moment}; you are told each time.",
    ),
    push_ttl_seconds=_DAY,
)
WORDINGS = (ASKED, DONE, HELD, BACK)

WHY: Final[Mapping[str, Text]] = {
    "voided": Text("店家取消了這筆交易。", "the shop has voided the sale."),
    "refunded": Text("店家退了點數。", "the shop has given points back."),
    "refused": Text("承辦人員檢視後沒有放行。", "somebody looked at it and did not let it go through."),
    "expired": Text("沒有在時間內確認或檢視。", "nobody answered in time."),
}
