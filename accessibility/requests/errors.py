"""How a request is refused, and what would make it right."""

from __future__ import annotations

from typing import ClassVar

from core.errors import Conflict, Problem
from core.text import Text


class PickUpInThePast(Problem):
    slug = "pick-up-in-the-past"
    status = 422
    title = Text("上車時間已經過了", "That pick-up time is over")
    explanation = Text(
        "請選一個還沒到的時間，或選「盡快」。",
        "Choose a time that is still to come, or ask for a ride as soon as possible.",
    )


class ArriveByBeforePickUp(Problem):
    slug = "arrive-by-before-pick-up"
    status = 422
    title = Text("抵達時間早於上車時間", "The arrival is before the pick-up")
    explanation = Text("抵達時間必須晚於上車時間。", "When you want to be there must be after you are picked up.")


class ArriveByNotReachable(Problem):
    """`minutes` is how long the way takes at that hour, roughly."""

    slug = "arrive-by-not-reachable"
    status = 422
    title = Text("時間不夠抵達", "There is not enough time to get there")
    explanation = Text(
        "從現在（或您選的上車時間）出發，來不及在那個時間抵達。minutes 是大約的車程。",
        "Leaving now, or when you said, nobody can be there by then. `minutes` is about how long the way takes.",
    )
    words: ClassVar[Text] = Text(
        "從現在（或您選的上車時間）出發，車程大約 {minutes} 分鐘，來不及在那個時間抵達。請改早一點上車或晚一點抵達。",
        "Leaving now, or when you said, nobody can be there by then: the way takes about {minutes} minutes. Leave "
        "earlier, or arrive later.",
    )


class ReturnBeforeArrival(Problem):
    slug = "return-before-arrival"
    status = 422
    title = Text("回程早於抵達", "The way back is before the arrival")
    explanation = Text(
        "回程的上車時間必須晚於去程抵達的時間。", "The way back must begin after the way there has ended."
    )


class TooFarAhead(Problem):
    """`days` is how far ahead rides may be asked for."""

    slug = "ride-too-far-ahead"
    status = 422
    title = Text("日期太遠", "That is too far ahead")
    explanation = Text(
        "目前最遠可以預約 days 天後；更後面的日子，可以用定期車趟。",
        "Rides may be asked for up to `days` days ahead. For days after that there are recurring rides.",
    )
    words: ClassVar[Text] = Text(
        "目前最遠可以預約 {days} 天後；更後面的日子，可以用定期車趟。",
        "Rides may be asked for up to {days} days ahead. For days after that there are recurring rides.",
    )


class SamePlace(Problem):
    """`place` is the later one of the two that are the same: "to" or "stops/0"."""

    slug = "ride-to-the-same-place"
    status = 422
    title = Text("上車和下車是同一個地方", "It begins and ends at the same place")
    explanation = Text("請確認上車和下車的地點。", "Please look at the two places again.")


class NoVehicleFits(Problem):
    """`measure` is which one is too large (width, length, weight), `measured` yours, `most` the largest that fits any
    vehicle; centimetres or kilograms."""

    slug = "no-vehicle-fits"
    status = 422
    title = Text("輪椅超過所有車輛的尺寸", "The wheelchair is too large for every vehicle")
    explanation = Text(
        "measure 說明是寬、長或重量，most 是所有車隊中最大車輛的上限。請再核對尺寸，或打 1999 由專人協助。",
        "`measure` says which one: width, length or weight; `most` is the limit of the largest vehicle of any fleet. "
        "Please measure again, or ring 1999 and somebody will help.",
    )
    words: ClassVar[Text] = Text(
        "您的輪椅{measure} {measured}，最大的車最多載 {most}。請在「我的輪椅」核對尺寸，或打 1999 由專人協助。",
        "Your wheelchair's {measure} is {measured}; the largest vehicle of any fleet takes {most}. Please measure "
        "again under “My wheelchair”, or ring 1999 and somebody will help.",
    )


class RequestOver(Conflict):
    slug = "ride-request-over"
    title = Text("這個叫車需求已經結束", "That request is over")
    explanation = Text(
        "它已經選定、撤回或逾時。請重新提出。", "It has been settled, withdrawn, or its time is over. Please ask again."
    )


class RequestChosen(Conflict):
    slug = "ride-request-chosen"
    title = Text("已經選定車趟", "A ride was taken for it")
    explanation = Text(
        "要取消的是車趟本身，請到車趟頁面取消。", "What can be cancelled is the ride itself: see its page."
    )
