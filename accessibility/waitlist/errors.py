"""How waiting is refused, and what would make it right."""

from __future__ import annotations

from core.errors import Conflict
from core.text import Text


class NothingToWaitFor(Conflict):
    """`request_status` is that of the request."""

    slug = "nothing-to-wait-for"
    title = Text("這個需求現在不能候補", "This cannot be waited for")
    explanation = Text(
        "只有問過所有車隊而沒有車、或報價都不合適的需求可以候補。還在問、已經訂好、已經撤回或時間已過的不行。",
        "A request can be waited for once every fleet has been asked and none has a vehicle, or no offer suits: not "
        "while it is being asked, when it is booked or withdrawn, or when its time is over.",
    )


class WaitsAlready(Conflict):
    """`wait_id` is the place in line that they have for that time."""

    slug = "waits-already"
    title = Text("您那個時間已經在候補", "You are on the waitlist for that time already")
    explanation = Text(
        "一個人同一時間只排一個順位，這樣順位才公平。要換成這一趟，請先離開原來的候補。",
        "Nobody stands in line twice for one time, so that ranks are fair. To wait for this instead, leave the other.",
    )


class NoOfferToAccept(Conflict):
    slug = "no-offer-to-accept"
    title = Text("現在沒有可以接受的車", "There is nothing to accept")
    explanation = Text(
        "保留的時間已過，或還沒有車。您仍然在候補，有車會再通知您。",
        "The time to accept is over, or nothing has come free yet. You are still on the waitlist and will hear.",
    )
