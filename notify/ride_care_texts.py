"""Messages about what comes before and after a ride: papers, the fare, points and appeals, lost things, answers.

They name no place, no complaint, no paper and nothing that was left behind: they appear on lock screens.
"""

from __future__ import annotations

from typing import Final

from core.text import Text
from notify.ride_texts import RideWording, wording_of

_DAY: Final = 86_400
_POINTS: Final = "/app/rides/no-shows"
_PROFILE: Final = "/app/rides/profile"

FARE_LOWERED = wording_of(
    "ride_fare_lowered",
    Text("車資變少了：{when}的車", "Your fare is less: the ride on {when}"),
    Text(
        "{fleet}這趟車的車資更正了，您少付 NT${less}，只需負擔 NT${pays}。已經付過的，多付的錢會自動退回原來的地方。",
        "The fare of this ride with {fleet} was corrected: NT${less} less for you, NT${pays} in all. What you paid "
        "beyond that goes back by itself to where it came from.",
    ),
    lives_seconds=_DAY,
    is_private=True,
)
POINT_RECORDED = wording_of(
    "ride_point_recorded",
    Text("記了 {points} 點：{when}的車", "{points} point(s) for the ride on {when}"),
    Text(
        "{fault}。如果不是您的原因，請點開申訴，寫下原因就好；由沒有記這筆點數的人員決定。",
        "{fault}. If it was not your doing, open this and appeal: a few words are enough, and somebody decides who did "
        "not record it.",
    ),
    Text(
        "{fault}。如果不是您的原因，請打 1999 申訴；由沒有記這筆點數的人員決定。",
        "{fault}. If it was not your doing, call 1999 and appeal: somebody decides who did not record it.",
    ),
    link=_POINTS,
    lives_seconds=3 * _DAY,
    is_private=True,
)
APPEAL_GRANTED = wording_of(
    "ride_appeal_granted",
    Text("申訴成立，點數取消了", "Your appeal was granted: the points are gone"),
    Text("這筆點數不再計算。點開看承辦人員的說明。", "They count no more. Open this for what the officer said."),
    Text("這筆點數不再計算。要聽說明請打 1999。", "They count no more. To hear why, call 1999."),
    link=_POINTS,
    lives_seconds=3 * _DAY,
    is_private=True,
)
APPEAL_REFUSED = wording_of(
    "ride_appeal_refused",
    Text("申訴沒有成立", "Your appeal was refused"),
    Text(
        "這筆點數維持不變。點開看承辦人員的說明；仍有疑問請打 1999。",
        "The points stay. Open this for what the officer said; if you still have questions, call 1999.",
    ),
    Text("這筆點數維持不變。要聽說明請打 1999。", "The points stay. To hear why, call 1999."),
    link=_POINTS,
    lives_seconds=3 * _DAY,
    is_private=True,
)
LOST_FOUND = wording_of(
    "ride_lost_item_found",
    Text("您遺失的東西找到了", "What you left behind was found"),
    Text(
        "您在{when}的車上遺失的東西找到了。點開看放在哪裡、怎麼領。",
        "What you left in the vehicle on {when} was found. Open this to see where it is and how to fetch it.",
    ),
    Text(
        "您在{when}的車上遺失的東西找到了。要知道怎麼領，請打 1999。",
        "What you left in the vehicle on {when} was found. To hear how to fetch it, call 1999.",
    ),
    lives_seconds=3 * _DAY,
    is_private=True,
)
LOST_HANDED_OVER = wording_of(
    "ride_lost_item_handed_over",
    Text("遺失的東西已經交還", "What you left behind has been handed over"),
    Text(
        "您在{when}的車上遺失的東西已經交還。如果不是您領的，請馬上打 1999。",
        "What you left in the vehicle on {when} has been handed over. If it was not to you, call 1999 at once.",
    ),
    lives_seconds=_DAY,
    is_private=True,
)
LOST_NOT_FOUND = wording_of(
    "ride_lost_item_not_found",
    Text("遺失的東西沒有找到", "What you left behind was not found"),
    Text(
        "我們請車隊找過{when}的車，沒有找到您遺失的東西。",
        "The fleet has looked in the vehicle of {when}, and what you left behind is not there.",
    ),
    lives_seconds=_DAY,
    is_private=True,
)
COMPLAINT_ANSWERED = wording_of(
    "ride_opinion_answered",
    Text("市府回覆了您的意見", "The city has answered you"),
    Text(
        "點開看回覆。調度和車隊看不到您反映過什麼。",
        "Open this to read it. No dispatcher and no fleet sees what you said.",
    ),
    Text("要聽回覆請打 1999。", "To hear it, call 1999."),
    link="/app/rides",
    lives_seconds=_DAY,
    is_private=True,
)
PAPER_ACCEPTED = wording_of(
    "ride_paper_accepted",
    Text("搭車資格審核通過了", "You can book rides now"),
    Text("點開看可以預約到哪一天，然後就可以訂車。", "Open this to see until when, and to book one."),
    Text("要訂車、或問可以預約到哪一天，請打 1999。", "To book one, or to hear until when you can, call 1999."),
    link=_PROFILE,
    lives_seconds=3 * _DAY,
    is_private=True,
)
PAPER_REFUSED = wording_of(
    "ride_paper_refused",
    Text("搭車資格這次沒有通過", "Your paper for rides was not accepted"),
    Text(
        "點開看承辦人員寫的原因；可以再送另一份文件。",
        "Open this for the officer's reason. You can hand in another paper.",
    ),
    Text("要聽原因請打 1999；可以再送另一份文件。", "To hear why, call 1999. You can hand in another paper."),
    link=_PROFILE,
    lives_seconds=3 * _DAY,
    is_private=True,
)
ALL: Final = (
    FARE_LOWERED, POINT_RECORDED, APPEAL_GRANTED, APPEAL_REFUSED, LOST_FOUND, LOST_HANDED_OVER, LOST_NOT_FOUND,
    COMPLAINT_ANSWERED, PAPER_ACCEPTED, PAPER_REFUSED,
)  # fmt: skip
WORDINGS: Final = tuple(each.wording for each in ALL)
OF_POINTS: Final = {
    "no_show": Text("車在門口等您，沒有等到", "The vehicle waited at your door and nobody came"),
    "late_cancel": Text("這趟車取消得太晚", "It was cancelled too late"),
}


def wording_for(kind: str, status: str | None) -> RideWording:
    """The message for that kind of fact; of an appeal or a paper by how it was decided."""
    if kind == "appeal_decided":
        return APPEAL_GRANTED if status == "granted" else APPEAL_REFUSED
    if kind == "wheelchair_paper_decided":
        return PAPER_ACCEPTED if status == "accepted" else PAPER_REFUSED
    return {
        "fare_lowered": FARE_LOWERED,
        "point_recorded": POINT_RECORDED,
        "lost_item_found": LOST_FOUND,
        "lost_item_handed_over": LOST_HANDED_OVER,
        "lost_item_not_found": LOST_NOT_FOUND,
        "complaint_answered": COMPLAINT_ANSWERED,
    }[kind]
