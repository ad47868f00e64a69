"""What is said to dispatchers about what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from accessibility.own_fleet.events import Kind
from core.text import Text

EVENTS: Final[Mapping[Kind, Text]] = {
    "held": Text("保留", "held"),
    "bound": Text("確認訂車", "booked"),
    "released": Text("放棄保留", "released"),
    "lapsed": Text("保留逾時", "the hold lapsed"),
    "cancelled": Text("取消", "cancelled"),
    "amended": Text("變更", "changed"),
    "assigned": Text("指派", "assigned"),
    "unassigned": Text("移出車輛", "taken out of its van"),
    "override": Text("強制指派", "assigned in spite of a promise"),
    "lost": Text("無車可接，轉交其他車隊", "no van can take it: other fleets are asked"),
    "on_the_way": Text("出發前往", "on the way"),
    "arrival": Text("抵達", "arrived"),
    "aboard": Text("上車", "aboard"),
    "out": Text("下車", "out"),
    "no_show": Text("乘客未出現", "nobody came"),
    "break": Text("休息", "rest"),
    "incident": Text("事件", "incident"),
    "breakdown": Text("車輛故障", "breakdown"),
    "repaired": Text("恢復服務", "back in service"),
    "late": Text("預告遲到", "late: told beforehand"),
    "position": Text("位置", "position"),
    "rescue": Text("接駁車上乘客", "somebody aboard is to be fetched"),
    "shift": Text("班表變更", "the roster was changed"),
    "van": Text("車輛資料變更", "the van's particulars were changed"),
    "van_driver": Text("駕駛資料變更", "a driver's particulars were changed"),
}
WHY_UNASSIGNED: Final = Text("原車無法出勤，正在找其他車", "its van cannot go; another is looked for")
WHY_RESCUE: Final = Text("乘客在故障車上等候", "waits in a van that broke down")
