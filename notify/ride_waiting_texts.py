"""Messages to who waits for a ride, or has rides that recur: said three ways, as all messages about rides."""

from __future__ import annotations

from typing import Final

from core.text import Text
from notify.ride_texts import wording_of

_HOUR = 3_600
_DAY = 24 * _HOUR
_WAIT = "/app/rides/waitlist/{wait}"
_SERIES = "/app/rides/series"
_ABOUT_WAITING = Text("您在 {moment} 之前登記了候補。", "You have been on the waitlist since before {moment}.")
_ABOUT_SERIES = Text(
    "您登記了固定的車趟，{moment} 有了結果。", "You have rides that recur; this came of one of them on {moment}."
)

WAITLIST_OFFER = wording_of(
    "waitlist_offer",
    Text("候補有車了，請在{accept_by}前決定", "A place for you: please decide by {accept_by}"),
    Text(
        "{fleet}可以在{when}接您。點開接受；{accept_by}以前保留給您，過了就讓給下一位，您仍然在候補。",
        "{fleet} can come on {when}. Open this to accept. It is yours until {accept_by}; after that it goes to the "
        "next person, and you stay on the waitlist.",
    ),
    Text(
        "{fleet}可以在{when}接您。要的話請打 1999；{accept_by}以前保留給您，過了就讓給下一位，您仍然在候補。",
        "{fleet} can come on {when}. If you want it, call 1999. It is yours until {accept_by}; after that it goes to "
        "the next person, and you stay on the waitlist.",
    ),
    link=_WAIT,
    explanation=_ABOUT_WAITING,
    lives_seconds=_HOUR,
)
WAITLIST_OVER = wording_of(
    "waitlist_over",
    Text("候補到最後還是沒有車：{when}", "No vehicle came free: {when}"),
    Text(
        "時間到了，很抱歉，沒有等到車，候補已經結束。一定要去的話，請打 1999，或到最近的計程車招呼站；"
        "也可以點開改約別的時間。",
        "The time has come, and we are sorry: nothing came free, and the wait is over. If you must go, call 1999 or go "
        "to the nearest taxi rank; or open this and choose another time.",
    ),
    Text(
        "時間到了，很抱歉，沒有等到車，候補已經結束。一定要去的話，請打 1999，或到最近的計程車招呼站。",
        "The time has come, and we are sorry: nothing came free, and the wait is over. If you must go, call 1999 or go "
        "to the nearest taxi rank.",
    ),
    link=_WAIT,
    explanation=_ABOUT_WAITING,
    lives_seconds=6 * _HOUR,
)
WAITLIST_LAPSED = wording_of(
    "waitlist_lapsed",
    Text("保留的時間過了，車讓給下一位", "The time to accept is over"),
    Text(
        "剛才保留給您的車，時間過了，已經讓出。您仍然在候補，一有車會再通知您。",
        "The place that was kept for you has gone to somebody else. You are still on the waitlist and will hear again.",
    ),
    link=_WAIT,
    explanation=_ABOUT_WAITING,
    lives_seconds=_HOUR,
)
WAITLIST_GONE = wording_of(
    "waitlist_gone",
    Text("保留給您的車沒有了", "What was kept for you is gone"),
    Text(
        "車隊沒能繼續保留，被別人先訂走了，很抱歉。您仍然在候補，我們馬上再問，一有車會通知您。",
        "The fleet could not keep it, and somebody else was quicker. We are sorry. You are still on the waitlist: we "
        "are asking again, and you will hear.",
    ),
    link=_WAIT,
    explanation=_ABOUT_WAITING,
    lives_seconds=_HOUR,
)
LATE_ANSWER = wording_of(
    "ride_late_answer",
    Text("有車隊可以來，請在{accept_by}前決定", "A fleet can come: please decide by {accept_by}"),
    Text(
        "我們打電話問的{fleet}可以在{when}接您。點開看價錢並決定；{accept_by}以前有效，過了要再問一次。",
        "{fleet}, whom we rang, can come on {when}. Open this for the price and to decide. It stands until "
        "{accept_by}; after that we have to ask again.",
    ),
    Text(
        "我們打電話問的{fleet}可以在{when}接您。要的話請打 1999；{accept_by}以前有效，過了要再問一次。",
        "{fleet}, whom we rang, can come on {when}. If you want it, call 1999. It stands until {accept_by}; after that "
        "we have to ask again.",
    ),
    link="/app/rides/requests/{request}",
    explanation=Text(
        "您叫過車，{moment} 有車隊回答了。", "You asked for a ride, and on {moment} a fleet has answered."
    ),
    lives_seconds=_HOUR,
)
SERIES_WAITING = wording_of(
    "series_waiting",
    Text("固定車趟還沒有車：{when}", "No vehicle yet for your recurring ride: {when}"),
    Text(
        "開放預約時我們立刻替您問了所有車隊，還沒有車，已經替您候補。有了會通知您；也可以點開改約別的時間。",
        "We asked every fleet as soon as booking opened, and none had a vehicle: you are on the waitlist. You will "
        "hear; or open this and choose another time.",
    ),
    Text(
        "開放預約時我們立刻替您問了所有車隊，還沒有車，已經替您候補，有了會通知您。要改時間請打 1999。",
        "We asked every fleet as soon as booking opened, and none had a vehicle: you are on the waitlist, and will "
        "hear. To choose another time, call 1999.",
    ),
    link=_SERIES,
    explanation=_ABOUT_SERIES,
    lives_seconds=_DAY,
)
SERIES_SKIPPED = wording_of(
    "series_skipped",
    Text("這一天沒有訂固定車趟：{when}", "Your recurring ride was not asked for: {when}"),
    Text(
        "{why}其他日子照常。需要車的話，點開另外預約。",
        "{why} The other days stay. If you need one, open this and book it.",
    ),
    Text("{why}其他日子照常。需要車的話，請打 1999。", "{why} The other days stay. If you need one, call 1999."),
    link=_SERIES,
    explanation=_ABOUT_SERIES,
    lives_seconds=_DAY,
)
SERIES_NOT_BOUND = wording_of(
    "series_not_bound",
    Text("固定車趟沒有訂到：{when}", "Not booked: your recurring ride on {when}"),
    Text(
        "問過所有車隊都沒有車，也已經來不及候補。其他日子照常。一定要去的話，請打 1999，或點開改約別的時間。",
        "Every fleet was asked and none had a vehicle, and it is too late to wait. The other days stay. If you must "
        "go, call 1999, or open this and choose another time.",
    ),
    Text(
        "問過所有車隊都沒有車，也已經來不及候補。其他日子照常。一定要去的話，請打 1999。",
        "Every fleet was asked and none had a vehicle, and it is too late to wait. The other days stay. If you must "
        "go, call 1999.",
    ),
    link=_SERIES,
    explanation=_ABOUT_SERIES,
    lives_seconds=_DAY,
)
ALL: Final = (
    WAITLIST_OFFER, WAITLIST_OVER, WAITLIST_LAPSED, WAITLIST_GONE, LATE_ANSWER, SERIES_WAITING, SERIES_SKIPPED,
    SERIES_NOT_BOUND,
)  # fmt: skip
WORDINGS: Final = tuple(each.wording for each in ALL)
