"""How rides say no, and why."""

from __future__ import annotations

from core.errors import Conflict
from core.text import Text


class OfferGone(Conflict):
    slug = "ride-offer-gone"
    title = Text("這個選項已經沒有了", "That offer is gone")
    explanation = Text(
        "它已逾時，或已被選過。請重新詢問各車隊。", "It has lapsed or was tried before. Please ask the fleets again."
    )


class RideAlreadyChosen(Conflict):
    """`ride_id` is the ride that was taken."""

    slug = "ride-already-chosen"
    title = Text("這個需求已經有車趟", "There is a ride for that request already")
    explanation = Text(
        "同一個需求只會有一趟車。要換車隊，請先取消原來的車趟。",
        "One request never has two rides. To change the fleet, cancel the ride first.",
    )


class AnotherRideThen(RideAlreadyChosen):
    """`ride_id` is the ride that its rider has at that time."""

    slug = "another-ride-then"
    title = Text("這段時間已經有別的車趟", "There is another ride at that time")
    explanation = Text(
        "同一個人不能同時搭兩趟車。要改搭這一趟，請先取消原來的，或換個時間。",
        "Nobody rides in two vehicles at once. To take this one cancel the other first, or ask for another time.",
    )


class ReturnNotChosen(Conflict):
    slug = "ride-return-not-chosen"
    title = Text("還沒選回程", "The way back has not been chosen")
    explanation = Text(
        "您同時問了去程和回程。請一起選，才不會去得了回不來；確定只要去程，請帶 without_return。",
        "You asked for both ways. Choose them together so that you are never stranded; if you want the way there "
        "alone, send `without_return`.",
    )


class NothingToChoose(Conflict):
    slug = "ride-nothing-to-choose"
    title = Text("目前沒有可以選的車", "There is nothing to choose from")
    explanation = Text(
        "沒有車隊提供這個時間的車，或回程沒有車。可以加入候補，或換個時間再問。",
        "No fleet offers that, or none the way back. Join the waitlist, or ask for another time.",
    )


class RidePriceChanged(Conflict):
    """`rider_pays_twd` is what all of it costs the rider now."""

    slug = "ride-price-changed"
    title = Text("您要付的金額變了", "What you pay has changed")
    explanation = Text(
        "卡片的點數留給了您先訂好的車，或同一次訂的另一程；rider_pays_twd 是現在要付的。同意這個金額再送出一次。",
        "The points of your card are kept for rides that you booked before, or for the other way of this one; "
        "`rider_pays_twd` is what you pay now. Send it again if you agree.",
    )


class NotCancellable(Conflict):
    slug = "ride-not-cancellable"
    title = Text("這趟車已經不能取消", "The ride can no longer be cancelled")
    explanation = Text("您已上車，或這趟車已經結束。", "You are aboard, or the ride is over.")


class NotChangeable(Conflict):
    """`reason` is the fleet's, where it was asked."""

    slug = "ride-not-changeable"
    title = Text("無法更改", "It could not be changed")
    explanation = Text(
        "車隊不同意，或車已出發。原來的車趟不變；reason 說明原因。",
        "The fleet does not agree, or the vehicle has set off. The ride stays as it was; `reason` says why.",
    )


class ChangeUnderWay(Conflict):
    slug = "ride-change-under-way"
    title = Text("上一個更改還在等車隊回答", "The change before is still waiting for the fleet")
    explanation = Text("等車隊回答後再試一次。", "Try again once the fleet has answered.")


class NotOnCall(Conflict):
    slug = "ride-not-on-call"
    title = Text("這趟車不是等您通知才叫的回程", "That ride does not wait for you to be ready")
    explanation = Text("只有「好了再叫」的回程才用這個動作。", "This is for a way back that waits until you say so.")


class NoVehicleAwaited(Conflict):
    """`from_at` is from when it may be said that the rider is at the door; None: no vehicle comes for this ride now."""

    slug = "no-vehicle-awaited"
    title = Text("現在不是等車的時候", "No vehicle is awaited now")
    explanation = Text(
        "約定的時段開始前三十分鐘起、上車之前，才能回報已在門口。車快到時會通知您，請先在室內等。",
        "Say that you are at the door from half an hour before the promised time, until you are aboard. You are told "
        "when the vehicle is near; please wait indoors until then.",
    )


class NotYetMissing(Conflict):
    """`from_at` is from when it may be said that the vehicle never came."""

    slug = "ride-not-yet-missing"
    title = Text("約定的時間還沒過", "Its time is not over yet")
    explanation = Text(
        "約定的上車時段過後，車還沒來，才能這樣回報。",
        "Once the promised pick-up time is over and no vehicle is there, say so.",
    )
