"""What drivers and dispatchers are refused, why, and what to do now."""

from __future__ import annotations

from datetime import datetime

from core.clock import on_the_wire
from core.errors import Conflict, Problem
from core.text import Text


class WrongDriverPin(Problem):
    """Van and PIN do not belong together now: which of the two is wrong is not said."""

    status = 422
    slug = "driver-pin-wrong"
    title = Text("車號或 PIN 不對", "The van's number or the PIN is wrong")
    explanation = Text(
        "請再輸入一次車號與您的 PIN。只能在班表上的時段登入。連續錯太多次要等 15 分鐘；調度台可以協助。",
        "Enter the van's number and your PIN again. You can only begin around your shift of the roster. After too many "
        "wrong ones you have to wait 15 minutes; the dispatch desk can help.",
    )
    keeps = True


class TooManyDriverTries(Problem):
    """Too many wrong PINs or codes; `Retry-After` says for how long."""

    status = 429
    slug = "driver-too-many-tries"
    title = Text("錯誤次數過多", "Too many wrong tries")
    explanation = Text(
        "請等 Retry-After 所示的秒數，或聯絡調度台。", "Wait for the seconds in Retry-After, or ask the dispatch desk."
    )
    keeps = True

    def __init__(self, *, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)}, seconds=seconds)


class WrongRideCode(Problem):
    """These are not the four digits of this ride."""

    status = 422
    slug = "ride-code-wrong"
    title = Text("乘車碼不對", "The ride's code is wrong")
    explanation = Text(
        "請確認是這一位乘客，再輸入一次四位數乘車碼。乘客說不出來時，請改填無法提供的原因。",
        "Make sure that this is the rider, and enter the four digits again. Where they cannot say them, write why.",
    )
    keeps = True


class StopNotNow(Conflict):
    """The stop is not in a state in which this can be done; `state` says which."""

    slug = "stop-not-now"
    title = Text("這一站現在不能這樣做", "This cannot be done at this stop now")
    explanation = Text("請重新整理任務清單，再看這一站的狀態。", "Read the manifest again and look at the stop.")

    def __init__(self, state: str) -> None:
        super().__init__(state=state)


class SomebodyAboard(Conflict):
    """A rest is taken with nobody on board."""

    slug = "somebody-aboard"
    title = Text("車上還有乘客，不能休息", "There is somebody aboard: no rest now")
    explanation = Text("請先送乘客到目的地，再開始休息。", "Bring everybody to where they go, then take your rest.")


class NotWaitedLongEnough(Conflict):
    """Nobody is left behind before the time; `not_before` says when."""

    slug = "not-waited-long-enough"
    title = Text("等候時間還不夠", "You have not waited long enough")
    explanation = Text(
        "到達約定地點，並且等到 not_before 所示的時間，才能回報乘客未出現。請先打電話給乘客。",
        "A no-show can be said after you have waited at the door until `not_before`. Call the rider first.",
    )

    def __init__(self, since: datetime) -> None:
        super().__init__(not_before=on_the_wire(since))


class NotAtTheDoor(Conflict):
    """The van is not where the rider was to be picked up; `metres` says how far from it."""

    slug = "not-at-the-door"
    title = Text("車子不在約定地點", "The van is not at the door")
    explanation = Text(
        "回報未出現時，定位必須在約定地點附近。請確認地址，或聯絡調度台。",
        "To say that nobody came, your position must be near the door. Look at the address, or ask the dispatch desk.",
    )

    def __init__(self, metres: int | None) -> None:
        super().__init__(metres=metres)


class WouldBreakPromise(Problem):
    """It cannot be done as everybody was promised; `broken` says what would not be kept."""

    status = 422
    slug = "would-break-promise"
    title = Text("會違反對乘客的承諾", "It would break what riders were promised")
    explanation = Text(
        "broken 列出哪一趟的哪一項承諾會違反。仍要指派時，請帶 override 與原因；會留下紀錄並通知乘客。",
        "`broken` lists which promise of which trip would not be kept. To assign it all the same, send `override` "
        "with a reason: it is written down, and riders are told.",
    )


class DoesNotFit(Conflict):
    """There is no room for it in this van: no reason changes that."""

    slug = "does-not-fit-the-van"
    title = Text("這輛車載不下", "It does not fit this van")
    explanation = Text(
        "輪椅尺寸、重量、座位數、設備，或單獨乘車的要求不允許，不能強制指派。",
        "The wheelchair's size or weight, the places, the equipment or riding alone forbid it. It cannot be forced.",
    )


class ReasonNeeded(Problem):
    """What breaks a rule needs a reason in words."""

    status = 422
    slug = "override-reason-needed"
    title = Text("請寫下原因", "Write down the reason")
    explanation = Text("強制指派必須寫下原因。", "What is assigned in spite of a rule needs a reason.")
