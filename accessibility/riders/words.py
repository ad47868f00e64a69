"""What somebody is entitled to, in words for them."""

from __future__ import annotations

from datetime import date
from typing import Final

from accessibility.riders import eligibility
from accessibility.riders.eligibility import Eligibility, Standing
from core import taiwan
from core.text import Text

SEVERITIES: Final = {
    "mild": Text("輕度", "mild"),
    "moderate": Text("中度", "moderate"),
    "severe": Text("重度", "severe"),
    "profound": Text("極重度", "profound"),
}
PAPER_STATUSES: Final = {
    "waiting": Text("等待審核：請把文件帶到服務櫃檯", "to be looked at: please bring it to a counter"),
    "accepted": Text("已通過", "accepted"),
    "refused": Text("未通過", "not accepted"),
    "withdrawn": Text("已撤回", "withdrawn"),
}


def of_standing(known: Standing) -> Text:
    """What is known of somebody, in a sentence or two."""
    if known.eligibility is None:
        return eligibility.REASON_WORDS[known.reason]
    return of_eligibility(known.eligibility)


def of_eligibility(entitled: Eligibility) -> Text:
    """What they may book, until when, and whether before others."""
    until = _until(entitled.valid_until)
    if entitled.medical_only:
        words = Text(
            "診斷文件已審核通過：可以預約就醫的車趟{until}。",
            "Your diagnosis paper was accepted: you can book medical trips{until}.",
        )
        return words.format(until=until)
    assert entitled.severity is not None
    words = Text(
        "有身心障礙證明（{severity}）：可以預約各種目的的車趟{until}。{first}",
        "You have a disability certificate ({severity}): you can book rides for any purpose{until}.{first}",
    )
    first = Text("就醫的車趟可以最早預約。", " Medical trips open for you before others.")
    return words.format(
        severity=SEVERITIES[entitled.severity], until=until, first=first if entitled.books_first else Text("", "")
    )


def _until(last_day: date | None) -> Text:
    if last_day is None:
        return Text("", "")
    return Text(f"，到民國 {taiwan.roc_text(last_day)} 為止", f", until {last_day.isoformat()}")
