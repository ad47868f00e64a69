"""How this room says no about topics, subscriptions, places, facts and life events."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class TopicClosed(Problem):
    slug = "topic-closed"
    status = 409
    title = Text("這個主題已經停止", "This topic is closed")
    explanation = Text(
        "機關不再用這個主題發送訊息，或這一季已經結束。",
        "Its bureau sends no more of it, or its season is over.",
    )


class NeedHasPassed(Problem):
    slug = "need-has-passed"
    status = 409
    title = Text("這件事已經結束", "That is over already")
    explanation = Text(
        "要訂閱的那張帳單、那處工程或那件事已經結束，不會再有消息。",
        "The bill, the works or the thing that it would be about is settled, so nothing more will come.",
    )


class TooManySubscriptions(Problem):
    slug = "too-many-subscriptions"
    status = 409
    title = Text("訂閱太多了", "Too many subscriptions")
    explanation = Text(
        "請先停止幾個不再需要的訂閱；一天之內也不能反覆訂閱太多次。",
        "End some that are no longer needed first; nor can more than some hundreds be begun in a day.",
    )


class SubscriptionEnded(Problem):
    slug = "subscription-ended"
    status = 409
    title = Text("這個訂閱已經結束", "This subscription has ended")
    explanation = Text(
        "已經結束的訂閱不能修改；還可以續訂。",
        "What has ended cannot be changed; it can be taken again.",
    )


class NotRenewable(Problem):
    slug = "subscription-not-renewable"
    status = 409
    title = Text("這個訂閱不能續訂", "This subscription cannot be renewed")
    explanation = Text("它所說的事情已經結束，或主題已經停止。", "What it was about is over, or its topic is closed.")


class OfferClosed(Problem):
    slug = "subscription-offer-closed"
    status = 409
    title = Text("這個建議已經不能接受", "This offer can no longer be taken")
    explanation = Text("它已經回覆過，或已經過期。", "It has been answered, or its time is over.")


class LifeEventReused(Problem):
    slug = "life-event-reference-reused"
    status = 409
    title = Text("這個編號已用於另一件事", "This reference was used for something else")
    explanation = Text(
        "同一個 reference 只能重送同一份內容。",
        "One reference stands for one report, which may be sent again as it is.",
    )


class TopicChangeWaits(Problem):
    slug = "topic-change-waits"
    status = 409
    title = Text("這個主題已有修改待核准", "A change of this topic already waits")
    explanation = Text(
        "開放中的主題，或改過再開放的主題，由另一人核准後才會變更。請先核准、退回或撤回待核准的修改。",
        "An open topic, or one opened again otherwise, changes once another person has approved it. What waits is to "
        "be approved, declined or withdrawn first.",
    )


class TopicCodeTaken(Problem):
    slug = "topic-code-taken"
    status = 409
    title = Text("這個主題代碼已經有了", "This topic code is taken")
    explanation = Text("代碼在全市只能用一次。", "A code is used once in the whole city.")
