"""What is told of rides: facts for other rooms, and the ride's own history, which its rider can read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.rides.records import Ride
from core.clock import on_the_wire
from core.ids import new_uuid
from core.outbox import record
from core.text import Text

KINDS: Final[Mapping[str, Text]] = {
    "chosen": Text("已選定，正在向車隊確認", "chosen, the fleet is being asked"),
    "bound": Text("車隊已確認", "confirmed by the fleet"),
    "not_bound": Text("沒有訂成", "it was not booked"),
    "reseeking": Text("車隊取消，正在改找其他車隊", "the fleet cancelled, others are being asked"),
    "replaced": Text("已改由另一個車隊", "another fleet comes instead"),
    "lost": Text("找不到其他車", "no other vehicle was found"),
    "cancel_asked": Text("要求取消", "cancellation asked for"),
    "cancelled": Text("已取消", "cancelled"),
    "cancel_refused": Text("來不及取消", "too late to cancel"),
    "change_asked": Text("要求更改", "a change was asked for"),
    "changed": Text("已更改", "changed"),
    "change_refused": Text("車隊不同意更改，維持原約定", "the fleet did not agree: it stays as it was"),
    "vehicle": Text("車輛與駕駛已確定", "vehicle and driver are known"),
    "on_the_way": Text("車已出發", "the vehicle is on its way"),
    "late": Text("可能會晚到", "it may be late"),
    "in_time": Text("會在約定的時間到", "it comes in time after all"),
    "arrives_late": Text("可能會比約定的時間晚抵達", "it may arrive later than promised"),
    "at_door": Text("車已到", "the vehicle is at the door"),
    "broken_down": Text("車故障了，正在派另一輛車", "the vehicle cannot go on, another is sought"),
    "put_off": Text("去程會晚到，回程改成您好了再叫車", "the way there is late: the way back waits for you"),
    "rider_at_door": Text("您回報已在門口", "you said that you are at the door"),
    "vehicle_missing": Text("您回報車沒有來", "you said that no vehicle came"),
    "never_came": Text("車行說車沒有去", "the fleet says that its vehicle did not come"),
    "not_told": Text(
        "車行一直沒有說這趟車怎麼樣，所以不收費",
        "the fleet never said how it went: nothing is charged",
    ),
    "aboard": Text("已上車", "picked up"),
    "done": Text("已抵達", "arrived"),
    "fare_stated": Text("車隊把車資改少了", "the fleet says that it costs less"),
    "no_show": Text("車隊回報沒有等到乘客", "the fleet says that nobody came to the vehicle"),
    "customer_told": Text("已將姓名、電話與門口地址告訴車隊", "the fleet was told your name, number and doors"),
    "second_released": Text("車隊重複派車，已退掉多的一輛", "the fleet had sent two: one was sent back"),
    "ready": Text("您回報可以回程了", "you said that you are ready to go back"),
}


def happened(
    session: Session, ride: Ride, kind: str, *, source: str, now: datetime, at: datetime | None = None, **data: Any
) -> None:
    """Write down what happened to a ride. `source` is rider, city or a fleet's code."""
    assert kind in KINDS, f"give {kind!r} words"
    session.execute(
        _ADD,
        {"rider": ride.rider_id, "id": new_uuid(), "ride": ride.id, "kind": kind, "at": at or now, "source": source,
         "data": orjson.dumps(data).decode()},
    )  # fmt: skip


def publish(session: Session, kind: str, ride: Ride, *, now: datetime, **more: Any) -> None:
    """Tell a fact about a ride to whoever wants to know."""
    record(session, kind, _about(ride) | more, now=now)


def history(session: Session, ride_id: UUID) -> list[Any]:
    """Everything that happened to a ride, in its order: kind, at, source, data."""
    return list(session.execute(_OF, {"ride": ride_id}).all())


def _about(ride: Ride) -> dict[str, Any]:
    return {
        "ride_id": str(ride.id),
        "rider_id": str(ride.rider_id),
        "booking_id": str(ride.booking_id),
        "fleet": ride.fleet,
        "pick_up_at": on_the_wire(ride.pick_up_at) if ride.pick_up_at else None,
        "leg": ride.leg,
    }


PUBLISHED: Final = (
    events.RIDE_BOUND, events.RIDE_NOT_BOUND, events.RIDE_RESEEKING, events.RIDE_REPLACED, events.RIDE_LOST,
    events.RIDE_CANCELLED, events.RIDE_CHANGED, events.RIDE_ON_THE_WAY, events.RIDE_LATE, events.RIDE_IN_TIME,
    events.RIDE_ARRIVES_LATE, events.RIDE_AT_DOOR, events.RIDE_ABOARD, events.RIDE_DONE, events.RIDE_FARE_STATED,
    events.RIDE_NO_SHOW, events.RIDE_BROKEN_DOWN, events.RETURN_PUT_OFF, events.RIDE_CHANGE_REFUSED,
    events.RIDE_CANCEL_REFUSED,
)  # fmt: skip

_ADD = text(
    """
    INSERT INTO accessibility.ride_event (rider_id, id, ride_id, kind, at, source, data)
    VALUES (:rider, :id, :ride, :kind, :at, :source, CAST(:data AS jsonb))
    """
)
_OF = text("SELECT * FROM accessibility.ride_event WHERE ride_id = :ride ORDER BY id")
