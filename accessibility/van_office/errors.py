"""What the office of the vans is refused, and what to do now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

from core.errors import Conflict, FieldError, Problem
from core.text import Text

Fault = Literal[
    "shift_unknown", "shift_over", "shift_begun", "riders_aboard", "day_over", "too_far", "ends_before_begins",
    "vehicle_unknown", "driver_unknown", "licence_over", "vehicle_busy", "driver_busy", "vehicle_out", "driver_away",
    "breaks_do_not_fit", "nothing_to_copy", "twice",
]  # fmt: skip
FAULTS: Final[tuple[Fault, ...]] = get_args(Fault)
FAULT_WORDS: Final[Mapping[Fault, Text]] = {
    "shift_unknown": Text("沒有這個班次，或已被移除", "there is no such shift, or it was taken away"),
    "shift_over": Text("班次已結束", "the shift is over"),
    "shift_begun": Text(
        "班次已經開始：只能換駕駛、提早結束或移除",
        "it has begun: give it another driver, end it sooner or take it away",
    ),
    "riders_aboard": Text("車上還有乘客，來不及在那之前送達", "somebody is aboard who cannot be there before then"),
    "day_over": Text("時間已經過去", "that is over"),
    "too_far": Text("只能排到 31 天後", "shifts are given up to 31 days ahead"),
    "ends_before_begins": Text("下班時間必須晚於上班時間", "it ends before it begins"),
    "vehicle_unknown": Text("沒有這輛車，或已除役", "there is no such van, or it is retired"),
    "driver_unknown": Text("沒有這位駕駛，或已離職", "there is no such driver, or they have left"),
    "licence_over": Text("駕駛的駕照或登記證在那天已到期", "the driver's licence is over on that day"),
    "vehicle_busy": Text("這輛車那時已有班次", "the van has another shift then"),
    "driver_busy": Text("這位駕駛那時已有班次", "the driver has another shift then"),
    "vehicle_out": Text("這輛車那時停駛", "the van is out of service then"),
    "driver_away": Text("這位駕駛那時不在", "the driver is away then"),
    "breaks_do_not_fit": Text("休息時間排不進班次", "the rests do not fit the shift"),
    "nothing_to_copy": Text("那一週沒有班次", "there are no shifts in that week"),
    "twice": Text("同一個班次寫了兩次", "the same shift is changed twice"),
}
Caution = Literal["no_rest", "long_day", "short_night"]
CAUTIONS: Final[tuple[Caution, ...]] = get_args(Caution)
CAUTION_WORDS: Final[Mapping[Caution, Text]] = {
    "no_rest": Text(
        "連續工作 4 小時至少要休息 30 分鐘（勞動基準法第 35 條）",
        "after four hours at work there are 30 minutes of rest at least (Labor Standards Act art. 35)",
    ),
    "long_day": Text(
        "一天工作（含延長）不得超過 12 小時（勞動基準法第 32 條）",
        "no more than twelve hours a day, overtime included (Labor Standards Act art. 32)",
    ),
    "short_night": Text(
        "更換班次時至少要有連續 11 小時休息（勞動基準法第 34 條）",
        "between shifts that change there are eleven hours of rest (Labor Standards Act art. 34)",
    ),
}


class RosterRefused(Conflict):
    """The roster cannot be so; `faults` says which line, and why. Nothing was changed."""

    slug = "roster-refused"
    title = Text("班表不能這樣排", "The roster cannot be so")
    explanation = Text(
        "faults 逐一列出哪一行、為什麼：重複排班、駕照到期、車輛停駛等。沒有任何變更。請修正後先試算。",
        "`faults` lists each line and why: a double shift, a licence that is over, a van out of service. Nothing was "
        "changed. Mend it and look first at what it would do.",
    )

    def __init__(self, faults: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(faults=list(faults))


class NumberTaken(Conflict):
    """Another one has this number, plate or code already; `errors` says which member."""

    slug = "number-taken"
    title = Text("這個號碼已有人使用", "That number is taken")
    explanation = Text(
        "車號、車牌、駕駛編號與車庫代碼都只能用一次，已除役或離職的也算。",
        "Numbers of vans and drivers, plates and codes of depots are used once, those of retired ones too.",
    )

    def __init__(self, member: str) -> None:
        super().__init__(errors=[FieldError(f"/{member}", "is taken")])


class VanTooSmall(Conflict):
    """With these places, sizes or this depot the van would not keep what riders were promised; `trips` says whom."""

    slug = "van-too-small-for-rides"
    title = Text("這樣改，已承諾的趟次就載不下或趕不上", "Rides already promised would not fit any more")
    explanation = Text(
        "trips 列出受影響的趟次。請先在調度台把它們改派到別的車，或從改裝日起將車輛停駛，再更改資料。",
        "`trips` lists them. Move them to other vans first, or put the van out of service from the day of its "
        "conversion on; then change it.",
    )

    def __init__(self, trips: Sequence[str]) -> None:
        super().__init__(trips=list(trips))


class StillNeeded(Conflict):
    """It cannot be retired: rides, shifts or vans still depend on it. `trips` says which rides, `shifts` how many."""

    slug = "still-needed"
    title = Text("還有趟次、班次或車輛需要它", "Rides, shifts or vans still need it")
    explanation = Text(
        "車輛：先停駛或移走趟次；駕駛：先移除或改派其班次；車庫：先把車輛改到別的車庫。",
        "A van: put it out of service, or move its rides. A driver: take away their shifts or give them to another. "
        "A depot: move its vans.",
    )

    def __init__(self, *, trips: Sequence[str] = (), shifts: int = 0, vehicles: Sequence[str] = ()) -> None:
        super().__init__(trips=list(trips), shifts=shifts, vehicles=list(vehicles))


class SheetUnreadable(Problem):
    """The file is no roster at all: its first line does not name the columns."""

    status = 422
    slug = "roster-sheet-unreadable"
    title = Text("讀不懂這個檔案", "The file cannot be read")
    explanation = Text(
        "第一行必須是欄名 date,vehicle,driver,begins,ends,breaks。可以先匯出一份當範本。",
        "The first line names the columns date,vehicle,driver,begins,ends,breaks. Export one to have a sample.",
    )
