"""What a ride would cost in a taxi by day: of it the rider of a Rehabus pays a share.

高雄市復康巴士服務及收費辦法 counts from the day fare of taxis, also at night. The rates are those of the meter, which
are kept as data with their source and with what of them nobody has confirmed (`accessibility.fare_rule`, kind `meter`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from sqlalchemy.orm import Session

from accessibility.dispatch.tours import Place
from accessibility.dispatch.travel import GreatCircle, great_circle_metres
from accessibility.fares.meter import estimate

_DETOUR: Final = GreatCircle().detour


def day_fare_twd(session: Session, places: Sequence[Place], pick_up_at: datetime) -> int:
    """The fare of a ride by way of these places by the rates of its own day, in whole NT$."""
    metres = sum(great_circle_metres(one, other) for one, other in pairwise(places)) * _DETOUR
    return estimate(session, round(metres), pick_up_at, is_day=True)
