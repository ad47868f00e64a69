"""The ways in which campaigns say no."""

from __future__ import annotations

from core.errors import Problem, RateLimited
from core.text import Text


class CampaignRefused(Problem):
    slug = "campaign-refused"
    status = 422
    title = Text("這則訊息不能這樣發送", "This cannot be sent as it is")
    explanation = Text(
        "文字、連結、對象或時間不符合規定。errors 逐一列出是哪一欄、為什麼。",
        "Its words, link, audience or time break a rule. `errors` names each member and why.",
    )


class CampaignElsewhere(Problem):
    slug = "campaign-state"
    status = 409
    title = Text("目前的狀態不能這樣做", "Its present state does not allow that")
    explanation = Text(
        "這則訊息已經被送審、核准、發送、暫停或結束。請重新讀取。",
        "It has been submitted, approved, begun, paused or ended meanwhile. Read it again.",
    )


class OtherWords(Problem):
    slug = "campaign-other-words"
    status = 409
    title = Text("內容已經不是您看到的那一份", "The words are no longer those that you read")
    explanation = Text(
        "核准的是逐字的內容、對象與時間。請重新讀取，再決定。",
        "What is approved is the exact words, audience and time. Read it again, then decide.",
    )


class WroteItThemselves(Problem):
    slug = "campaign-second-person"
    status = 403
    title = Text("需要另一個人核准", "Another person has to approve it")
    explanation = Text(
        "撰寫、修改或送審過這則訊息的人，不能核准它。",
        "Whoever wrote, changed or submitted it cannot approve it.",
    )


class AudienceTooSmall(Problem):
    slug = "audience-too-small"
    status = 409
    title = Text("對象太少", "The audience is too small")
    explanation = Text(
        "少於 20 人（或接近 20 人）的對象可能指向特定的人，因此不發送。請放寬條件，或依事項（例如一處工程）發送。",
        "Fewer than 20 people, or about as few, may point at somebody in particular, so nothing is sent. Widen it, or "
        "send to those who subscribed to one thing, such as one site of roadworks.",
    )


class EstimatesUsedUp(RateLimited):
    slug = "estimates-used-up"
    title = Text("今天估算的次數已用完", "No more estimates today")
    explanation = Text(
        "為了不讓人從許多估算的差額推知個人，每位承辦與每個機關每天能估算的不同對象有上限。問過的仍可再看。",
        "So that nobody can be told from the differences of many estimates, an officer and a bureau may ask about only "
        "so many different audiences a day. Those asked about already can be seen again.",
    )


class TestsUsedUp(RateLimited):
    __test__ = False

    slug = "tests-used-up"
    title = Text("試送太多次了", "Too many tests")
    explanation = Text(
        "試送到自己的手機，每小時有上限。請稍後再試。",
        "A phone of one's own takes only so many tests an hour. Please try again later.",
    )


class LinkCodeRefused(Problem):
    slug = "desk-code-refused"
    status = 422
    title = Text("連結碼不正確或已過期", "The code is wrong or has expired")
    explanation = Text(
        "請在訊息桌面重新取得連結碼，10 分鐘內輸入。",
        "Have the desk show a new code and enter it within ten minutes.",
    )


class NoPhoneLinked(Problem):
    slug = "no-phone-linked"
    status = 409
    title = Text("尚未連結自己的手機", "No phone of your own is linked")
    explanation = Text(
        "請先在桌面取得連結碼，並在自己的 App 輸入。",
        "First have the desk show a code, and enter it in your own app.",
    )
