"""Messages about rides, three ways each: in the app, as a text message, and as words that somebody says on the phone.

A screen reader says them as they stand: moments in words, no arrows, no abbreviations, digits of a code apart. They
appear on lock screens, so no place is named and no reason for the ride; what the driver has to be told is said only
inside the app, and to whoever has no app.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.text import Text
from notify.wording import Wording

_HOUR = 3_600
_DAY = 24 * _HOUR
_RIDE = "/app/rides/{ride}"
_ABOUT_THE_RIDE = Text(
    "您有一趟「我的高雄」預約的車，{moment} 有了新的情形。",
    "You have a ride booked with My Kaohsiung; this happened on {moment}.",
)


@dataclass(frozen=True, slots=True)
class RideWording:
    """One kind of message. `plain` says all of it to somebody who has no app to open; `lives_seconds` is for how long
    it is worth a text message or a call. `is_private`: nobody at the dispatch desk may learn what it is about."""

    wording: Wording
    plain: Text
    lives_seconds: int
    is_private: bool = False


def wording_of(
    kind: str,
    title: Text,
    body: Text,
    plain: Text | None = None,
    *,
    lives_seconds: int,
    link: str = _RIDE,
    explanation: Text = _ABOUT_THE_RIDE,
    is_private: bool = False,
) -> RideWording:
    """A message and its ways; without `plain` the body says all of it already."""
    wording = Wording(kind, title, body, link, explanation, lives_seconds)
    return RideWording(wording, plain or body, lives_seconds, is_private)


BOUND = wording_of(
    "ride_bound",
    Text("車訂好了：{when}", "Your ride is booked: {when}"),
    Text(
        "{fleet}{leg}，{window}到門口接您。上車時要告訴司機的代碼、取消和改時間，點開就看得到。",
        "{fleet}{leg} comes to the door {window}. Open this for the code that you tell the driver, and to cancel or "
        "change it.",
    ),
    Text(
        "{fleet}{leg}，{window}到門口接您。{code}要取消或改時間，請打 1999。",
        "{fleet}{leg} comes to the door {window}. {code}To cancel or change it, call 1999.",
    ),
    lives_seconds=_DAY,
)
NOT_BOUND = wording_of(
    "ride_not_bound",
    Text("這趟車沒有訂到：{when}", "Not booked: the ride on {when}"),
    Text(
        "{why}您沒有被收費，也沒有訂到任何一半的車趟。點開可以看其他選擇，或登記候補。",
        "{why} Nothing is charged, and you are left with no half of a trip. Open this for other choices, or to wait "
        "for a place.",
    ),
    Text(
        "{why}您沒有被收費，也沒有訂到任何一半的車趟。要看其他選擇或登記候補，請打 1999。",
        "{why} Nothing is charged, and you are left with no half of a trip. For other choices or the waitlist, call "
        "1999.",
    ),
    lives_seconds=_DAY,
)
RESEEKING = wording_of(
    "ride_reseeking",
    Text("原來的車不會來，正在替您找別的車", "The first vehicle will not come; we are looking for another"),
    Text(
        "{when}的車，{fleet}不會來了。{why}我們已經在問其他車隊，您不用做任何事，有結果馬上告訴您。",
        "{fleet} will not come on {when}. {why} We are asking the other fleets now. You need do nothing; you will hear "
        "as soon as we know.",
    ),
    lives_seconds=_HOUR,
)
REPLACED = wording_of(
    "ride_replaced",
    Text("找到別的車了：{when}", "Another vehicle will come: {when}"),
    Text(
        "改由{fleet}{leg}，{window}到門口接您。原來的車不會來；代碼和原來一樣，點開看得到。",
        "{fleet}{leg} comes instead, to the door {window}. The first vehicle will not come; the code is the same as "
        "before, open this for it.",
    ),
    Text(
        "改由{fleet}{leg}，{window}到門口接您。原來的車不會來。{code}要取消或改時間，請打 1999。",
        "{fleet}{leg} comes instead, to the door {window}. The first vehicle will not come. {code}To cancel or change "
        "it, call 1999.",
    ),
    lives_seconds=_DAY,
)
LOST = wording_of(
    "ride_lost",
    Text("找不到車：{when}", "No vehicle: the ride on {when}"),
    Text(
        "{why}我們問過所有車隊，現在沒有車。已經替您登記候補，一有車就通知您。"
        "很急的話，現在請打 1999，或到最近的計程車招呼站；就醫的話也請告訴院所您會晚到。",
        "{why} Every fleet was asked. You are on the waitlist, and will hear as soon as there is a vehicle. If it "
        "cannot wait, call 1999 now or go to the nearest taxi rank, and tell whoever expects you.",
    ),
    lives_seconds=6 * _HOUR,
)
CANCELLED = wording_of(
    "ride_cancelled",
    Text("車趟取消了：{when}", "Cancelled: the ride on {when}"),
    Text("{by}{late}{fee}不會有車來接您。", "{by}{late}{fee} No vehicle will come."),
    lives_seconds=_DAY,
)
CHANGED = wording_of(
    "ride_changed",
    Text("車趟改好了：{when}", "Changed: your ride is on {when}"),
    Text(
        "{fleet}{leg}，{window}到門口接您。點開可以看改了什麼。",
        "{fleet}{leg} comes to the door {window}. Open this to see what has changed.",
    ),
    Text(
        "{fleet}{leg}，{window}到門口接您。{code}要取消，請打 1999。",
        "{fleet}{leg} comes to the door {window}. {code}To cancel, call 1999.",
    ),
    lives_seconds=_DAY,
)
ON_THE_WAY = wording_of(
    "ride_on_the_way",
    Text("車上路了，大約{eta}到", "On the way: about {eta}"),
    Text(
        "{fleet}{vehicle}已經出發，大約{eta}到門口。點開可以看車在哪裡，也有要告訴司機的代碼。",
        "{fleet}{vehicle} has set out and will be at the door at about {eta}. Open this to see where it is, and for "
        "the code to tell the driver.",
    ),
    Text(
        "{fleet}{vehicle}已經出發，大約{eta}到門口。{code}",
        "{fleet}{vehicle} has set out and will be at the door at about {eta}. {code}",
    ),
    lives_seconds=_HOUR,
)
LATE = wording_of(
    "ride_late",
    Text("車會晚大約 {minutes} 分鐘", "Your vehicle will be about {minutes} minutes late"),
    Text(
        "{fleet}現在預計{eta}到門口。請在室內等，車快到時會再通知您。等不了的話點開取消，因為遲到而取消不會扣您的點。",
        "{fleet} now expects to be at the door at {eta}. Please wait indoors; you will be told when it is near. If you "
        "cannot wait, open this and cancel: it does not count against you.",
    ),
    Text(
        "{fleet}現在預計{eta}到門口。請在室內等，車快到時會再通知您。"
        "等不了的話請打 1999 取消，因為遲到而取消不會扣您的點。",
        "{fleet} now expects to be at the door at {eta}. Please wait indoors; you will be told when it is near. If you "
        "cannot wait, call 1999 to cancel: it does not count against you.",
    ),
    lives_seconds=_HOUR,
)
ARRIVES_LATE = wording_of(
    "ride_arrives_late",
    Text("會晚大約 {minutes} 分鐘抵達", "You will be there about {minutes} minutes late"),
    Text(
        "現在預計{eta}抵達，比約定的時間晚。需要的話，請先告訴等您的人；{fleet}的電話是 {phone}。",
        "You are now expected to be there at {eta}, later than promised. You may want to tell whoever expects you; the "
        "number of {fleet} is {phone}.",
    ),
    lives_seconds=_HOUR,
)
LATE_IN_SILENCE = wording_of(
    "ride_late_in_silence",
    Text("還沒有車的消息，可能會晚到", "No word of your vehicle yet: it may be late"),
    Text(
        "{fleet}沒有回報車在哪裡，電話是 {phone}。請在室內等。過了約定的時間車還沒到，點開按「車沒有來」，"
        "我們馬上問其他車隊；這不會扣您的點。",
        "{fleet} has not said where it is; their number is {phone}. Please wait indoors. If the promised time is over "
        "and it is not there, open this and press “no vehicle came”: we ask the other fleets at once, and nothing "
        "counts against you.",
    ),
    Text(
        "{fleet}沒有回報車在哪裡，電話是 {phone}。請在室內等。過了約定的時間車還沒到，請打 1999，"
        "我們馬上問其他車隊；這不會扣您的點。",
        "{fleet} has not said where it is; their number is {phone}. Please wait indoors. If the promised time is over "
        "and it is not there, call 1999: we ask the other fleets at once, and nothing counts against you.",
    ),
    lives_seconds=_HOUR // 2,
)
IN_TIME = wording_of(
    "ride_in_time",
    Text("車會在約定的時間到", "Your vehicle comes in time after all"),
    Text(
        "先前說可能會晚，現在{fleet}預計{eta}到門口，請準備好。",
        "It was said to be late; {fleet} now expects to be at the door at {eta}. Please be ready.",
    ),
    lives_seconds=_HOUR // 2,
)
ARRIVES_LATE_IN_SILENCE = wording_of(
    "ride_arrives_late_in_silence",
    Text("可能會晚抵達", "You may be there late"),
    Text(
        "約定的抵達時間快到了，{fleet}還沒有回報到了。需要的話，請先告訴等您的人；{fleet}的電話是 {phone}。",
        "The promised time is nearly over, and {fleet} has not said that you are there. You may want to tell whoever "
        "expects you; the number of {fleet} is {phone}.",
    ),
    lives_seconds=_HOUR // 2,
)
BROKEN_DOWN = wording_of(
    "ride_broken_down",
    Text("車故障了，正在派另一輛車接您", "The vehicle cannot go on; another is sought for you"),
    Text(
        "請坐在車上或司機說安全的地方。我們正在找車到您現在的位置接您，一有車就告訴您。有急事請打 119，其他請打 1999。",
        "Please stay in the vehicle, or where the driver says that it is safe. A vehicle is being found to fetch you "
        "from where you are; you will hear as soon as there is one. In an emergency call 119, otherwise 1999.",
    ),
    lives_seconds=_HOUR // 2,
)
FETCHED = wording_of(
    "ride_fetched",
    Text("另一輛車{eta}到您那裡", "Another vehicle is with you at about {eta}"),
    Text(
        "{fleet}{vehicle}會到您現在的位置接您，送您到目的地。不必另外付錢，也不用換代碼。",
        "{fleet}{vehicle} comes to where you are now and takes you on. It costs nothing more, and the code stays the "
        "same.",
    ),
    lives_seconds=_HOUR // 2,
)
RESEEKING_ABOARD = wording_of(
    "ride_reseeking_aboard",
    Text("正在問所有車隊，到您現在的位置接您", "Every fleet is being asked to fetch you from where you are"),
    Text(
        "原來的車不能再走了。我們已經在問所有車隊，會一直問到有車，一有車就告訴您。有急事請打 119，其他請打 1999。",
        "The vehicle cannot go on. We are asking every fleet, and go on until one comes; you will hear as soon as we "
        "know. In an emergency call 119, otherwise 1999.",
    ),
    lives_seconds=_HOUR // 2,
)
REPLACED_ABOARD = wording_of(
    "ride_replaced_aboard",
    Text("找到車了，到您現在的位置接您", "A vehicle was found, and fetches you from where you are"),
    Text(
        "{fleet}會到故障的車那裡接您，{window}。代碼和原來一樣，點開看得到；請等車到了再下車。",
        "{fleet} comes to the vehicle that broke down, {window}. The code is the same as before: open this for it. "
        "Please stay inside until it is there.",
    ),
    Text(
        "{fleet}會到故障的車那裡接您，{window}。{code}請等車到了再下車。",
        "{fleet} comes to the vehicle that broke down, {window}. {code}Please stay inside until it is there.",
    ),
    lives_seconds=_HOUR,
)
RETURN_PUT_OFF = wording_of(
    "ride_return_put_off",
    Text("去程會晚到，回程等您好了再叫車", "You will be there late: your way back waits for you"),
    Text(
        "原本訂好的回程會比您到達還早，所以先請那輛車不要來，也不收費、不記點。到了、事情辦好了，點開按「我好了」，我們馬上找車。",
        "Your way back would have come before you are there, so that vehicle was told not to; nothing is charged, and "
        "nothing counts against you. When you are done, open this and press “I am ready”: we look for one at once.",
    ),
    Text(
        "原本訂好的回程會比您到達還早，所以先請那輛車不要來，也不收費、不記點。事情辦好了，請打 1999，我們馬上找車。",
        "Your way back would have come before you are there, so that vehicle was told not to; nothing is charged, and "
        "nothing counts against you. When you are done, call 1999: we look for one at once.",
    ),
    lives_seconds=_HOUR,
)
AT_DOOR = wording_of(
    "ride_at_door",
    Text("車到門口了", "Your vehicle is at the door"),
    Text(
        "{fleet}{vehicle}正在門口等您。點開有要告訴司機的代碼；需要多一點時間，請打 {phone}。",
        "{fleet}{vehicle} is waiting at the door. Open this for the code to tell the driver; if you need more time, "
        "call {phone}.",
    ),
    Text(
        "{fleet}{vehicle}正在門口等您。{code}需要多一點時間，請打 {phone}。",
        "{fleet}{vehicle} is waiting at the door. {code}If you need more time, call {phone}.",
    ),
    lives_seconds=_HOUR // 4,
)
ABOARD = wording_of(
    "ride_aboard",
    Text("上車了", "Aboard"),
    Text("已經上了{fleet}的車。", "The ride with {fleet} has begun."),
    lives_seconds=_HOUR,
)
DONE = wording_of(
    "ride_done",
    Text("車趟完成", "The ride is over"),
    Text(
        "{leg_alone}車趟完成了{fare}。點開可以看收據、評分，或找回掉在車上的東西。",
        "Your {leg_alone}ride is over{fare}. Open this for the receipt, to rate it, or to find what you left in the "
        "vehicle.",
    ),
    Text(
        "{leg_alone}車趟完成了{fare}。有東西掉在車上或要反映意見，請打 1999。",
        "Your {leg_alone}ride is over{fare}. If you left something in the vehicle or want to say how it was, call "
        "1999.",
    ),
    lives_seconds=_DAY,
)
NO_SHOW_BY_RIDER = wording_of(
    "ride_no_show",
    Text("司機沒有等到您：{when}", "The driver did not meet you: {when}"),
    Text(
        "{fleet}說車到了而沒有等到您，這可能記點。不是這樣的話，請點開申訴，申訴期間不計點。"
        "訂好的回程仍然保留，不用了請取消。",
        "{fleet} says that the vehicle came and nobody met it, which may count against you. If that is not so, open "
        "this and appeal: nothing counts meanwhile. A way back that is booked stays: cancel it if you need it no more.",
    ),
    Text(
        "{fleet}說車到了而沒有等到您，這可能記點。不是這樣的話，請打 1999 申訴，申訴期間不計點。"
        "訂好的回程仍然保留，不用了請打 1999 取消。",
        "{fleet} says that nobody met the vehicle, which may count against you. If that is not so, call 1999 and "
        "appeal: nothing counts meanwhile. A way back that is booked stays: cancel it if you need it no more.",
    ),
    lives_seconds=_DAY,
)
NO_SHOW_BY_FLEET = wording_of(
    "ride_no_show_fleet",
    Text("車沒有來：{when}", "The vehicle did not come: {when}"),
    Text(
        "{fleet}沒有在約定的時間來，這是車隊的責任，不會記您的點，也不收費。我們正在問其他車隊，有結果馬上告訴您。",
        "{fleet} did not come when it should have. That is the fleet's fault: nothing counts against you and nothing "
        "is charged. We are asking the other fleets now, and you will hear as soon as we know.",
    ),
    lives_seconds=6 * _HOUR,
)
NO_SHOW_BY_FLEET_OVER = wording_of(
    "ride_no_show_fleet_over",
    Text("車沒有來：{when}", "The vehicle did not come: {when}"),
    Text(
        "{fleet}現在才說當時車沒有去。這是車隊的責任，不會記您的點，也不收費。還需要車請重新預約。",
        "{fleet} says only now that its vehicle did not go. That is the fleet's fault: nothing counts against you and "
        "nothing is charged. If you still need a ride, please book anew.",
    ),
    Text(
        "{fleet}現在才說當時車沒有去。這是車隊的責任，不會記您的點，也不收費。還需要車請打 1999。",
        "{fleet} says only now that its vehicle did not go. That is the fleet's fault: nothing counts against you and "
        "nothing is charged. If you still need a ride, call 1999.",
    ),
    lives_seconds=6 * _HOUR,
)
TOMORROW = wording_of(
    "ride_tomorrow",
    Text("明天有車：{when}", "Tomorrow: your ride on {when}"),
    Text(
        "{fleet}{leg}，{window}到門口接您。不去了請今晚就取消，讓別人坐得到。",
        "{fleet}{leg} comes to the door {window}. If you are not going, please cancel tonight, so that somebody else "
        "can.",
    ),
    Text(
        "{fleet}{leg}，{window}到門口接您。{code}不去了請今晚打 1999 取消，讓別人坐得到。",
        "{fleet}{leg} comes to the door {window}. {code}If you are not going, please call 1999 tonight, so that "
        "somebody else can.",
    ),
    lives_seconds=3 * _HOUR,
)
RETURN_WAITS = wording_of(
    "ride_return_waits",
    Text("好了就說一聲，我們派車接您回去", "Tell us when you are ready to go back"),
    Text(
        "您的回程還沒有叫車。事情辦好了，點開按「我好了」，我們馬上找車。最晚請在{latest}前按，之後有些車隊就收班了。",
        "Your way back is not called yet. When you are done, open this and press “I am ready”: we look for a vehicle "
        "at once. Please do so by {latest}; after that some fleets stop for the night.",
    ),
    Text(
        "您的回程還沒有叫車。事情辦好了，請打 1999，我們馬上找車。最晚請在{latest}前打，之後有些車隊就收班了。",
        "Your way back is not called yet. When you are done, call 1999: we look for a vehicle at once. Please do so by "
        "{latest}; after that some fleets stop for the night.",
    ),
    lives_seconds=_HOUR,
)
RETURN_SOUGHT = wording_of(
    "ride_return_sought",
    Text("還在找車接您回去", "Still looking for your way back"),
    Text(
        "我們已經問了 {attempts} 次所有車隊，還沒有車，會一直問下去。{called}請在室內等，您不會被丟下。",
        "We have asked every fleet {attempts} times, and go on asking. {called}Please wait indoors: you will not be "
        "left behind.",
    ),
    lives_seconds=_HOUR // 2,
)
ALL: Final = (
    BOUND, NOT_BOUND, RESEEKING, REPLACED, LOST, CANCELLED, CHANGED, ON_THE_WAY, LATE, LATE_IN_SILENCE, IN_TIME,
    ARRIVES_LATE, ARRIVES_LATE_IN_SILENCE, AT_DOOR, ABOARD, DONE, NO_SHOW_BY_RIDER, NO_SHOW_BY_FLEET,
    NO_SHOW_BY_FLEET_OVER, TOMORROW,
    RETURN_WAITS, RETURN_SOUGHT, BROKEN_DOWN, FETCHED, RESEEKING_ABOARD,
    REPLACED_ABOARD, RETURN_PUT_OFF,
)  # fmt: skip
WORDINGS: Final = tuple(each.wording for each in ALL)
