"""How recurring rides are refused, and what would make it right."""

from __future__ import annotations

from core.errors import Conflict, Problem
from core.text import Text


class NoDayInSeries(Problem):
    slug = "no-day-in-series"
    status = 422
    title = Text("這段期間沒有您選的星期", "None of those weekdays lies in that time")
    explanation = Text(
        "從第一天到最後一天之間要有您選的星期；最長一年。",
        "Between the first day and the last there must be one of the weekdays that you chose; a year at the most.",
    )


class TooManySeries(Conflict):
    """`most` is how many somebody may have at a time."""

    slug = "too-many-ride-series"
    title = Text("固定車趟已經夠多了", "You have as many recurring rides as one may have")
    explanation = Text("請先取消不再需要的固定車趟。", "Cancel one that you no longer need first.")


class SeriesOver(Conflict):
    slug = "ride-series-over"
    title = Text("這組固定車趟已經結束", "That series is over")
    explanation = Text(
        "它已經取消，或最後一天已過；那一天也可能已經過去。", "It was cancelled, or its last day, or that day, is past."
    )


class DayIsBooked(Conflict):
    """`ride_id` is its ride."""

    slug = "ride-series-day-booked"
    title = Text("這天的車已經訂好", "That day's ride is booked")
    explanation = Text(
        "訂好的車請在那一趟車取消，會先看到取消的規定；也可以把整組連同訂好的一起取消。",
        "Cancel the ride itself: its rule is shown before. Or give up the series together with all that is booked.",
    )


class SeriesCostsMore(Conflict):
    """`fee_twd` and `points` are what it would cost by now."""

    slug = "ride-series-costs-more"
    title = Text("現在取消的後果和剛才不同", "Cancelling means more by now than you were told")
    explanation = Text(
        "有車趟過了免費取消的時間。請重新看取消的規定，再決定一次。",
        "For a ride the time for free cancellation has run out since. Please look at the rule again, and decide anew.",
    )


class RidesBeingCancelled(Conflict):
    slug = "ride-series-being-cancelled"
    title = Text("訂好的車還在取消", "Its booked rides are still being cancelled")
    explanation = Text(
        "車隊回覆以後就可以恢復，請過一會兒再試。",
        "It can be taken up again once the fleets have answered: please try again in a moment.",
    )
