"""What the room of fares refuses, in words for people."""

from __future__ import annotations

from core.errors import Problem
from core.text import Text


class NoFareYet(Problem):
    slug = "no-fare-yet"
    status = 409
    title = Text("這趟車還沒有結算", "This ride has no fare yet")
    explanation = Text("車資在下車後才結算。", "A fare is settled once the ride is done.")


class FareNeverRises(Problem):
    slug = "fare-never-rises"
    status = 409
    title = Text("車資只能更正為較低的金額", "A fare can only be corrected downwards")
    explanation = Text(
        "下車後車資不會變多；stated_twd 是目前的金額。",
        "After the ride a fare never becomes more; `stated_twd` is what it is now.",
    )
