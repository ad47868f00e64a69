"""The small parts of messages about rides: why, by whom, which way, and the frames of each way of telling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.text import Text

LEGS: Final[Mapping[str, Text]] = {"out": Text("（去程）", " (outward)"), "back": Text("（回程）", " (return)")}
LEGS_ALONE: Final[Mapping[str, Text]] = {"out": Text("去程", "outward "), "back": Text("回程", "return ")}
VEHICLE: Final = Text("（車牌 {plate}）", " (plate {plate})")
CODE: Final = Text("上車時請告訴司機代碼 {digits}。", "Tell the driver the code {digits}. ")
FARE: Final = Text("，補助前的車資 NT${fare}", "; before any subsidy it costs NT${fare}")
FEE: Final = Text("費用 NT${fee}。", " The fee is NT${fee}.")
NO_FEE: Final = Text("不收費。", " Nothing is charged.")
LATE_CANCEL: Final = Text("這算臨時取消，可能記點。", " That was late, and may count against you.")
BY: Final[Mapping[str, Text]] = {
    "rider": Text("已照您的意思取消。", "It is cancelled, as you asked."),
    "fleet": Text("車隊取消了，不是您的責任，不記點。", "The fleet cancelled it; nothing counts against you."),
    "city": Text("市府取消了，不是您的責任，不記點。", "The city cancelled it; nothing counts against you."),
}
CALLED: Final = Text("服務人員也已經在打電話替您找車。", "Somebody is also ringing the fleets for you. ")
NOTHING: Final = Text("", "")
NO_TIME: Final = Text("約定的時間", "the time agreed")
THE_RIDE: Final = Text("{when}的車", "The ride on {when}")
SOME_FLEET: Final = Text("車隊", "The fleet")
WINDOW: Final = Text("{start}到{end}之間", "between {start} and {end}")
AT_ABOUT: Final = Text("大約{start}", "at about {start}")

FOR_FOLLOWERS: Final = Text(
    "以下是您協助的人收到的通知：{body}", "This was told to the person whom you help. {body}"
)  # fmt: skip
FOLLOWER_EXPLANATION: Final = Text(
    "您協助的人委託您查看乘車，而您選擇一起收到通知。",
    "You may see the rides of the person whom you help, and asked to be told, too. ",
)
SMS: Final = Text("【我的高雄】{title}。{plain}", "[My Kaohsiung] {title}. {plain}")
SPOKEN: Final = Text(
    "您好，這裡是高雄市政府的乘車服務。{title}。{plain}",
    "Hello, this is the ride service of Kaohsiung City. {title}. {plain}",
)
NEWS_BY_TELEPHONE: Final = Text(
    "您好，這裡是高雄市政府的乘車服務。有一則關於您的通知，我們打電話的人看不到內容；請打 1999 聽取。",
    "Hello, this is the ride service of Kaohsiung City. There is news for you, which whoever rings cannot see: to hear "
    "it, please call 1999.",
)

WHY: Final[Mapping[str, Text]] = {
    "no_vehicle": Text("這個時間沒有空車。", "No vehicle is free at that time."),
    "too_large": Text("沒有放得下您輪椅的車。", "No vehicle has room for the wheelchair."),
    "outside_area": Text("車隊不跑這個地方。", "The fleets do not serve that place."),
    "too_early": Text("還沒有開放預約。", "Booking is not open yet."),
    "too_late": Text("已經來不及預約。", "It is too late to book it."),
    "closed": Text("車隊已經收班。", "The fleets are closed at that hour."),
    "hold_lapsed": Text("車隊保留的時間過了。", "The fleet no longer kept the place."),
    "offer_lapsed": Text("車隊的報價過期了。", "The fleet's offer was no longer good."),
    "other_leg": Text(
        "來回的另一趟訂不到，所以兩趟都沒有訂。", "The other way could not be had, so neither was booked."
    ),
    "breakdown": Text("車輛故障。", "The vehicle has broken down."),
    "fleet_cancelled": Text("車隊臨時取消。", "The fleet cancelled at short notice."),
    "vehicle_missing": Text("車沒有在約定的時間來。", "The vehicle did not come when it should have."),
    "fleet_refused": Text("車隊這次不能承接。", "The fleet could not take it this time."),
    "no_answer": Text("車隊沒有回答。", "The fleet did not answer."),
    "none_free": Text("所有車隊都沒有空車。", "No fleet has a vehicle free."),
    "holiday": Text("這天是國定假日，您選擇假日不搭。", "It is a public holiday, and you chose to skip those."),
    "not_eligible": Text("您的乘車資格已經到期或改變。", "Your eligibility has run out or changed."),
    "series_full": Text(
        "這個時段固定車趟已滿一半，其餘的車留給臨時需要的人。",
        "Half of that hour is taken by rides that recur; the rest is kept for whoever needs one once.",
    ),
}
SOME_WHY: Final = Text("車隊這次不能來。", "The fleets cannot come this time.")
