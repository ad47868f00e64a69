"""Messages about points exchanged with partners: done, not done, waiting for a look, or released."""

from __future__ import annotations

from core.text import Text
from notify.wording import Wording

_DAY = 86_400
_LINK = "/app/points/exchanges/{exchange}"
_EXPLANATION = Text(
    "您用「我的高雄」兌換，在 {moment} 完成。", "You exchanged them with My Kaohsiung; it was done on {moment}."
)

EXCHANGED = Wording(
    kind="points_exchanged",
    title=Text("點數兌換完成", "Your points are exchanged"),
    body=Text(
        "{points} 點已換成 {value} {unit}（{partner}，末四碼 {last}）。",
        "{points} points became {value} {unit} ({partner}, number ending in {last}).",
    ),
    link=_LINK,
    explanation=_EXPLANATION,
    push_ttl_seconds=3 * _DAY,
)
EXCHANGED_IN = Wording(
    kind="points_exchanged_in",
    title=Text("換入 {points} 點", "{points} points have come in"),
    body=Text(
        "{value} {unit}（{partner}，末四碼 {last}）已換成 {points} 點。",
        "{value} {unit} ({partner}, number ending in {last}) became {points} points.",
    ),
    link=_LINK,
    explanation=_EXPLANATION,
    push_ttl_seconds=3 * _DAY,
)
NOT_EXCHANGED = Wording(
    kind="points_not_exchanged",
    title=Text("點數沒有兌換", "Your points were not exchanged"),
    body=Text(
        "與{partner}的兌換沒有完成：{why}。{back}",
        "The exchange with {partner} was not done: {why}. {back}",
    ),
    link=_LINK,
    explanation=Text(
        "您用「我的高雄」要求的兌換，在 {moment} 確定沒有完成。",
        "You asked for it with My Kaohsiung; on {moment} it was certain that it was not done.",
    ),
    push_ttl_seconds=3 * _DAY,
)
EXCHANGE_HELD = Wording(
    kind="points_exchange_held",
    title=Text("點數兌換等候審視", "Your exchange waits for a look"),
    body=Text(
        "與{partner}兌換 {points} 點超過用量上限（{why}），由專人看過再放行。點數先為您保留，沒有少。",
        "Exchanging {points} points with {partner} goes over a limit ({why}), so somebody looks at it first. The "
        "points are kept for you; none are gone.",
    ),
    link=_LINK,
    explanation=Text("您在 {moment} 要求這筆兌換。", "You asked for it on {moment}."),
    push_ttl_seconds=_DAY,
)
EXCHANGE_RELEASED = Wording(
    kind="points_exchange_released",
    title=Text("點數兌換已放行", "Your exchange goes on"),
    body=Text(
        "與{partner}兌換 {points} 點，專人看過，已經放行。完成時會再通知您。",
        "Somebody has looked at your exchange of {points} points with {partner}, and it goes on. You are told when it "
        "is done.",
    ),
    link=_LINK,
    explanation=Text(
        "您要求的兌換等候審視，{moment} 放行。", "Your exchange waited for a look; it was released {moment}."
    ),
    push_ttl_seconds=None,
)
POINTS_BACK = Text("{points} 點已經可以再用。", "All {points} points can be used again.")
NOTHING_TAKEN = Text("夥伴那邊的點數沒有扣。", "No points were taken at the partner.")
WORDINGS = (EXCHANGED, EXCHANGED_IN, NOT_EXCHANGED, EXCHANGE_HELD, EXCHANGE_RELEASED)
