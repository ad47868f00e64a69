"""One of each telegram, about a trip in Fengshan."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from core.clock import TAIPEI
from core.ids import new_uuid
from partners.fleets.contents import (
    Amend,
    Cancel,
    Chair,
    Content,
    CustomerTold,
    Door,
    FleetError,
    FleetOffer,
    FleetOrder,
    FleetStatus,
    NoOffer,
    OrderWanted,
    RoughPlace,
    StatusAsked,
    TaskConfirmed,
    TripDone,
    TripScheduled,
    TripTask,
    VehicleAt,
    VehicleKind,
    VehicleSeen,
    Wish,
)
from partners.fleets.telegrams import Telegram

AT = datetime(2026, 12, 1, 9, 30, tzinfo=TAIPEI)
HOME = Door(22.626837, 120.357218, "鳳山區", "光復路二段132巷8弄12之3號", "按一樓門鈴，走斜坡")
HOSPITAL = Door(22.645612, 120.309571, "三民區", "自由一路100號")
VAN = VehicleKind("VW Caddy Maxi", 1, 3, 75, 130, 300, has_lift=False, has_ramp=True)
WISH = Wish(
    HOME.rough, HOSPITAL.rough, AT, AT - timedelta(minutes=15), AT + timedelta(minutes=15), ("W", "E", "D2D", "SA"),
    Chair(68, 110, 180), companions=1, arrive_by=AT + timedelta(hours=1), stops=(RoughPlace(22.63, 120.33, "苓雅區"),),
)  # fmt: skip
ORDER = FleetOrder("held", "Y1", HOME.rough, HOSPITAL.rough, AT, 235, True, AT - timedelta(minutes=10), "TDB-0186")
CUSTOMER = CustomerTold("陳美惠", "0912345678", HOME, HOSPITAL, "陳大明", "077001234", "請按門鈴")

ONE_OF_EACH: tuple[Content, ...] = (
    WISH,
    FleetOffer(
        "OF1", AT, AT - timedelta(minutes=5), AT + timedelta(minutes=10), AT + timedelta(minutes=25), 235, True, VAN,
        AT - timedelta(minutes=10), 0.9, True, 40,
    ),
    NoOffer("no_vehicle", AT + timedelta(hours=1)),
    NoOffer("too_large"),
    OrderWanted("hold", "OF1", HOME.rough, HOSPITAL.rough, AT, 1),
    OrderWanted("bind", "OF1", HOME.rough, HOSPITAL.rough, AT, 1, "Y1"),
    ORDER,
    FleetOrder("bound", "Y1", HOME.rough, HOSPITAL.rough, AT, 235, True),
    VehicleSeen("Y1", "TDB-0186", "林先生", VAN, AT, "0987000123"),
    CUSTOMER,
    CustomerTold("王", "0912345678", HOME, HOSPITAL),
    TripTask("T1", "Y1", "陳美惠", HOME, HOSPITAL, AT, AT + timedelta(minutes=25), 1, 2, ("W",), 1, "0912345678", "x"),
    TaskConfirmed("T1", "Y1", "TDB-0186", "no show", AT, 1, "等了十分鐘"),
    TripDone("Y1", AT, AT + timedelta(minutes=25), 240),
    TripScheduled("Y1", True),
    VehicleAt("Y1", "TDB-0186", 22.626837, 120.357218, AT, AT + timedelta(minutes=4)),
    Cancel("released"),
    Cancel("second_order", "Y2"),
    Amend("Y1", AT + timedelta(minutes=30), HOME.rough, None, 2),
    StatusAsked(),
    StatusAsked(AT),
    FleetStatus("cancelled", AT, "Y1", "車輛故障", "fleet", 0, ("Y2",)),
    FleetError("hold_lapsed", "保留已失效", "/more/fleet_order"),
)  # fmt: skip


def telegram(content: Content, *, id: UUID | None = None, trip: str = "ford_1") -> Telegram:
    """`content` in an envelope that asks for an answer within a minute and answers something."""
    return Telegram(id or new_uuid(), trip, AT, content, AT + timedelta(minutes=1), new_uuid())
