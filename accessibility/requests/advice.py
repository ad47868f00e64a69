"""What somebody can do now for whom no fleet has a vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from accessibility.fleets.terms import FleetKnown
from core.text import Language, Text

CITY_LINE: Final = "1999"
_CITY: Final = Text(
    "打 1999（24 小時、免費），由專人幫您繼續找車。",
    "Ring 1999 (day and night, free): somebody goes on looking with you.",
)
_RANK: Final = Text(
    "到捷運站或醫院門口的計程車招呼站：無障礙計程車也在那裡排班，可請站務或服務台協助招車。",
    "Go to the taxi rank at a metro station or a hospital's entrance: accessible taxis wait there, too, and the staff "
    "will help you to call one.",
)
_RING: Final = Text("直接打電話給{name}：{phone}", "Ring {name} yourself: {phone}")
_WAIT: Final = Text(
    "加入候補：一有車就通知您，並保留一段時間讓您決定。",
    "Join the waitlist: you are told as soon as a vehicle comes free, and have time to decide.",
)


def what_now(fleets: Sequence[FleetKnown], language: Language, *, may_wait: bool) -> list[dict[str, Any]]:
    """What to do now, the most useful first: `words` to read, `phone` to ring (null: nothing to ring)."""
    found: list[dict[str, Any]] = []
    if may_wait:
        found.append({"code": "waitlist", "words": _WAIT.in_language(language), "phone": None})
    found.append({"code": "city_line", "words": _CITY.in_language(language), "phone": CITY_LINE})
    found.append({"code": "taxi_rank", "words": _RANK.in_language(language), "phone": None})
    for each in fleets:
        if each.kind != "own":
            words = _RING.format(name=each.name, phone=each.phone)
            found.append({"code": "ring", "words": words.in_language(language), "phone": each.phone})
    return found
