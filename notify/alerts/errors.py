"""Every way in which alerts say no, beside those of the document itself (`partners.cap.errors`)."""

from __future__ import annotations

from core.errors import Conflict, Problem
from core.text import Text


class AlertNamedTwice(Conflict):
    """Same sender, identifier and time (together unique, CAP 1.2 §3.2.1), other content or another source."""

    slug = "alert-named-twice"
    title = Text("同一個識別碼已用於不同的告警", "This identifier stands for another alert")
    explanation = Text(
        "發送者、識別碼與發送時間三者相同的告警已經收到，但內容不同，或來自其他來源。"
        "更正請用新的識別碼並以 Update 發送；有登記憑證的發送者請簽章後再送。",
        "An alert with the same sender, identifier and time was received with other content or from elsewhere. To "
        "change it, send an Update with an identifier of its own; a sender with a registered certificate may sign it.",
    )


class AlertNotOpen(Conflict):
    slug = "alert-not-open"
    title = Text("這則告警目前不能這樣處理", "That cannot be done with this alert now")
    explanation = Text(
        "alert_status 是它目前的狀態：已發送的不能再核可或退回，已結束或過期超過一天的不能再更正或解除。",
        "`alert_status` is where it stands: what was sent cannot be approved or refused, what has ended or "
        "expired more than a day ago cannot be corrected.",
    )


class AlertTakesTwo(Conflict):
    """The one who entered or first confirmed an alert cannot be the second person."""

    slug = "alert-takes-two"
    title = Text("需要另一位值勤人員核可", "Another duty officer must approve")
    explanation = Text(
        "沒有可信簽章的告警要由兩位不同的值勤人員確認，同一人不能確認兩次。",
        "An alert without a trusted signature is confirmed by two different duty officers; one person cannot be both.",
    )


class AlertWordsRefused(Problem):
    """What one person alone may say to whoever was told is held to the rules of a lock screen."""

    slug = "alert-words-refused"
    status = 422
    title = Text("這段文字不能這樣發送", "These words cannot be sent as they are")
    explanation = Text(
        "errors 逐一列出原因：不可有外部網址、看不見的字元、身分證字號、車牌或帳單號碼。",
        "`errors` says why: no address but the city's or the state's, nothing that cannot be seen, nobody's numbers.",
    )


class AlertTimesWrong(Problem):
    slug = "alert-times-wrong"
    status = 422
    title = Text("告警的時間不合理", "The alert's times make no sense")
    explanation = Text(
        "sent 不可在十分鐘以後，expires 不可超過一年以後，也不可已經過去。",
        "`sent` may not be more than ten minutes ahead, `expires` not more than a year ahead, nor in the past.",
    )


class AlertReachesNobody(Problem):
    slug = "alert-reaches-nobody"
    status = 422
    title = Text("這則告警不會送到任何人", "This alert would reach nobody")
    explanation = Text(
        "reason 說明原因：範圍不在高雄、沒有可判讀的範圍、不是公開的實際告警或演習，或它所指的告警不存在。",
        "`reason` says why: its area is not in Kaohsiung or cannot be read, it is neither an actual public alert nor a "
        "drill, or the alert it is about is not known.",
    )
