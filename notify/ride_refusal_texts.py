"""What a fleet did not agree to: the ride goes on as it was, and its rider hears why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.text import Text
from notify.ride_texts import wording_of

_HOUR = 3_600

WHY_NOT_CHANGED: Final[Mapping[str, Text]] = {
    "no_vehicle": Text("那個時間沒有空車。", "No vehicle is free at that time."),
    "too_late": Text("已經來不及改。", "It is too late to change it."),
    "too_large": Text("沒有坐得下的車。", "No vehicle has room for that."),
    "closed": Text("那個時間車隊沒有開車。", "The fleet does not drive at that hour."),
    "unreached": Text("現在聯絡不到車隊。", "The fleet could not be reached."),
    "no_answer": Text("車隊沒有回答。", "The fleet did not answer."),
}
SOME_WHY_NOT_CHANGED: Final = Text("車隊這次不能改。", "The fleet cannot change it this time.")

CHANGE_REFUSED = wording_of(
    "ride_change_refused",
    Text("沒有改成，車照原來的時間來：{when}", "Not changed: your ride stays on {when}"),
    Text(
        "{why_not_changed}{fleet}{leg}，{window}到門口接您，和原來一樣。要改別的時間或取消，請點開。",
        "{why_not_changed} {fleet}{leg} comes to the door {window}, as before. For another time, or to cancel, open "
        "this.",
    ),
    Text(
        "{why_not_changed}{fleet}{leg}，{window}到門口接您，和原來一樣。要改別的時間或取消，請打 1999。",
        "{why_not_changed} {fleet}{leg} comes to the door {window}, as before. For another time, or to cancel, call "
        "1999.",
    ),
    lives_seconds=6 * _HOUR,
)
CANCEL_REFUSED = wording_of(
    "ride_cancel_refused",
    Text("來不及取消：{when}", "Too late to cancel: the ride on {when}"),
    Text(
        "{fleet}說您已經上車，或這一趟已經結束，所以沒有取消。不是這樣的話，請馬上打 1999，車隊的電話是 {phone}。",
        "{fleet} says that you are aboard, or that the ride is over, so it was not cancelled. If that is not so, call "
        "1999 now; the fleet's number is {phone}.",
    ),
    lives_seconds=_HOUR,
)
ALL: Final = (CHANGE_REFUSED, CANCEL_REFUSED)
WORDINGS: Final = tuple(each.wording for each in ALL)
