"""Series as they go over the wire, in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms
from accessibility.places.place import Place
from accessibility.requests import bodies as request_bodies
from accessibility.rides import bodies as ride_bodies
from accessibility.series import leaving, planning, records, states
from accessibility.series.leaving import Costs, Progress
from accessibility.series.records import Day, Series
from core.clock import on_the_wire, taipei_date
from core.ids import typeid
from core.text import Language, Text

MOST_DAYS: Final = 30
STATUS_WORDS: Final[Mapping[str, Text]] = {
    states.ACTIVE: Text("進行中", "going on"),
    states.CANCELLED: Text("已取消", "cancelled"),
    states.OVER: Text("已結束", "over"),
}
DAY_WORDS: Final[Mapping[str, Text]] = {
    states.PLANNED: Text("等開放預約，屆時自動訂", "booked by itself once booking opens"),
    states.ASKING: Text("正在詢問各車隊", "the fleets are being asked"),
    states.BOUND: Text("已訂好", "booked"),
    states.WAITING: Text("候補中", "on the waitlist"),
    states.NOT_BOUND: Text("沒有車", "nobody had a vehicle"),
    states.SKIPPED: Text("這天不訂", "not on this day"),
    states.CANCELLED: Text("已取消", "cancelled"),
}
REASON_WORDS: Final[Mapping[str, Text]] = {
    planning.HOLIDAY: Text("國定假日", "a public holiday"),
    planning.HOUR_FULL: Text(
        "復康巴士這個時段給固定車趟的名額已滿，會先問其他車隊",
        "the city's vans have no room left for recurring rides at that hour: other fleets are asked first",
    ),
    "not_eligible": Text("乘車資格到期或改變", "your eligibility has run out or changed"),
    "no_vehicle": Text("沒有空車", "no vehicle was free"),
    "waits_already": Text("那個時間已經在候補", "you are on the waitlist for that time already"),
    "too_late": Text("已經來不及", "it was too late"),
    leaving.STOPPED: Text("和整組一起取消", "given up with the whole series"),
    "another_ride": Text("同一時間已經有別的車趟", "there is another ride at that time"),
}
_WEEKDAYS: Final = (
    Text("一", "Mon"), Text("二", "Tue"), Text("三", "Wed"), Text("四", "Thu"), Text("五", "Fri"), Text("六", "Sat"),
    Text("日", "Sun"),
)  # fmt: skip


def series(session: Session, each: Series, language: Language, now: datetime) -> dict[str, Any]:
    """A series with the days that are still to come."""
    days = records.days_of(session, each, since=taipei_date(now))
    wish = each.wish
    return {
        "id": typeid("rser", each.id),
        "status": each.status,
        "status_words": STATUS_WORDS[each.status].in_language(language),
        "weekdays": list(each.weekdays),
        "weekdays_words": _weekdays(each).in_language(language),
        "starts_on": each.starts_on.isoformat(),
        "until": each.ends_on.isoformat(),
        "skips_holidays": each.skips_holidays,
        "from": request_bodies.place(Place.from_json(wish["pickup"]), language),
        "to": request_bodies.place(Place.from_json(wish["dropoff"]), language),
        "at": wish["arrive_by"] or wish["pick_up_at"],
        "time_kind": "arrive_by" if wish["arrive_by"] else "pick_up_at",
        "return_at": wish["return_at"],
        "return_on_call": wish["return_on_call"],
        "purpose": wish["purpose"],
        "made_at": on_the_wire(each.made_at),
        "to_cancel": sum(day.status == states.BOUND for day in days),
        "may_take_up": each.status == states.CANCELLED and any(day.wanted_at > now for day in days),
        "cancellation": _progress(leaving.progress_of(session, each), language),
        "next": [_day(session, each, day, language, now) for day in days[:MOST_DAYS]],
    }


def costs(session: Session, found: Costs, language: Language) -> dict[str, Any]:
    """What giving a series up with all its rides would mean."""
    names = terms.names(session)
    rides = [
        ride_bodies.cancellation_terms(each, language)
        | {
            "ride_id": typeid("ride", ride.id),
            "leg": ride.leg,
            "pick_up_at": on_the_wire(ride.pick_up_at) if ride.pick_up_at else None,
            "fleet_name": names[ride.fleet][0].in_language(language) if ride.fleet else None,
        }
        for ride, each in found.rides
    ]
    return {
        "days_open": found.days_open, "rides": rides, "fee_twd": found.fee_twd, "points": found.points,
        "words": _costs(found).in_language(language),
    }  # fmt: skip


def _costs(found: Costs) -> Text:
    may = sum(each.may_cancel for _, each in found.rides)
    if not may:
        return Text("沒有訂好的車要取消。", "No booked ride is to be cancelled.")
    late = sum(bool(each.fee_twd or each.points) for _, each in found.rides)
    if not late:
        return Text(
            f"{may} 趟都還在免費取消的時間內，不收費也不記點。",
            f"All {may} can still be cancelled without a fee and without points.",
        )
    return Text(
        f"{may} 趟裡有 {late} 趟已過免費取消的時間：車隊可能收取 {found.fee_twd} 元，記 {found.points} 點。",
        f"Of {may} rides {late} are past free cancellation: the fleets may charge NT${found.fee_twd}, and it counts as "
        f"{found.points} no-show point(s).",
    )


def _progress(found: Progress | None, language: Language) -> dict[str, Any] | None:
    if found is None:
        return None
    done, asked, kept = len(found.cancelled), len(found.under_way), len(found.kept)
    zh, en = [f"已取消 {done} 趟"], [f"{done} cancelled"]
    if asked:
        zh.append(f"{asked} 趟正在等車隊回覆")
        en.append(f"for {asked} the fleet has not answered yet")
    if kept:
        zh.append(f"{kept} 趟來不及取消，車還是會來")
        en.append(f"{kept} could not be cancelled any more: the vehicle comes")
    if found.fee_twd:
        zh.append(f"車隊收取 {found.fee_twd} 元")
        en.append(f"the fleets charge NT${found.fee_twd}")
    return {
        "asked_at": on_the_wire(found.asked_at), "rides": done + asked + kept, "cancelled": done, "under_way": asked,
        "kept": kept, "fee_twd": found.fee_twd,
        "words": Text("；".join(zh) + "。", "; ".join(en) + ".").in_language(language),
    }  # fmt: skip


def _day(session: Session, each: Series, day: Day, language: Language, now: datetime) -> dict[str, Any]:
    reason = REASON_WORDS.get(day.reason)
    if day.reason == leaving.STOPPED and day.status != states.CANCELLED:
        reason = None
    is_given_up = day.status in (states.CANCELLED, states.SKIPPED)
    ride_id: UUID | None = None
    if day.booking_id is not None:
        ride_id = session.execute(_RIDE, {"booking": day.booking_id}).scalar()
    return {
        "date": day.day.isoformat(),
        "wanted_at": on_the_wire(day.wanted_at),
        "status": day.status,
        "status_words": DAY_WORDS[day.status].in_language(language),
        "reason_words": reason.in_language(language) if reason else None,
        "asked_at": on_the_wire(day.opens_at),
        "request_id": typeid("rreq", day.request_id) if day.request_id else None,
        "ride_id": typeid("ride", ride_id) if ride_id else None,
        "may_take_up": is_given_up and each.is_active and day.wanted_at > now,
    }


def _weekdays(each: Series) -> Text:
    named = [_WEEKDAYS[number - 1] for number in each.weekdays]
    return Text(f"每週{'、'.join(day.zh for day in named)}", ", ".join(day.en for day in named))


_RIDE = text(
    "SELECT id FROM accessibility.ride WHERE booking_id = :booking AND leg = 'out' ORDER BY created_at DESC LIMIT 1"
)
