"""Fares over HTTP: what a ride cost and why, the quotas of one's cards, and corrections at the desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from accessibility.fares import ports, quota, rules, settling
from accessibility.fares.errors import FareNeverRises, NoFareYet
from accessibility.fares.pricing import Fare
from accessibility.fares.quota import Quota
from accessibility.fares.schemas import FareCorrection, QuotasSchema, SettledFareSchema
from accessibility.fares.settling import Settled
from core.clock import TAIPEI, on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import acting
from identity.access_log import record_access
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

routes = Routes("fares")
_READS = citizen(loa=2, delegable={RIDES_READ, RIDES_BOOK})


@routes.get(
    "/v1/rider/quota",
    access=_READS,
    answers={200: QuotasSchema},
    problems=[NotDelegated],
    summary=Text("我的卡片乘車點數", "What is left of my card's points for rides"),
)
def my_quota(call: Call) -> Answer:
    """Nothing where the register knows no card with a quota."""
    rider_id = acting.subject(call.actor)
    acting.require(call.session, call.actor, rider_id, RIDES_READ, RIDES_BOOK, what="rider", now=call.now)
    found = quota.of_rider(call.session, rules.at(call.session, call.now), rider_id, call.now)
    return Answer({"items": [_quota_body(each, call) for each in found]})


@routes.get(
    "/v1/rides/<ride_id>/fare",
    access=_READS,
    answers={200: SettledFareSchema},
    problems=[NotFound, NotDelegated],
    summary=Text("這趟車的車資", "What this ride costs, line by line, and where to pay it"),
)
def ride_fare(call: Call) -> Answer:
    """Before the ride what was agreed; afterwards what it came to, and the bill that it became."""
    rider_id, ride_id = acting.subject(call.actor), parse_typeid("ride", call.path["ride_id"])
    acting.require(
        call.session, call.actor, rider_id, RIDES_READ, RIDES_BOOK, what="ride", reference=call.path["ride_id"],
        now=call.now,
    )  # fmt: skip
    row = call.session.execute(_OFFERED, {"rider": rider_id, "ride": ride_id}).first()
    if row is None:
        raise NotFound
    settled = settling.newest(call.session, rider_id, ride_id)
    if settled is None and row.fare is None:
        raise NotFound
    return Answer(_fare_body(call, ride_id, settled, None if row.fare is None else Fare.from_json(row.fare)))


@routes.post(
    "/v1/desk/rides/<ride_id>/fare-corrections",
    access=officer("mobility"),
    shows_person_data=True,
    idempotent=True,
    body=FareCorrection,
    answers={200: SettledFareSchema},
    problems=[NotFound, NoFareYet, FareNeverRises],
    summary=Text("更正一趟車的車資", "Correct the fare of a ride, downwards; what was paid beyond it goes back"),
)
def correct_fare(call: Call) -> Answer:
    """A fleet asked for too much. The rider is told, and a paid bill is refunded by itself."""
    ride_id = parse_typeid("ride", call.path["ride_id"])
    rider_id: UUID | None = call.session.execute(_RIDER, {"ride": ride_id}).scalar()
    if rider_id is None:
        raise NotFound
    record_access(
        call.session, actor=call.actor, person_id=rider_id, what="ride_fare", purpose="bureau_case",
        reference=call.path["ride_id"], now=call.now,
    )  # fmt: skip
    settled = settling.correct(
        call.session, rider_id, ride_id, stated_twd=call.body["fare_twd"], reason=call.body["reason"], by=call.actor.id,
        now=call.now,
    )  # fmt: skip
    return Answer(_fare_body(call, ride_id, settled, None))


def _fare_body(call: Call, ride_id: UUID, settled: Settled | None, offered: Fare | None) -> dict[str, Any]:
    fare = settled.fare if settled else offered
    assert fare is not None
    bill = ports.payable().standing(call.session, ride_id=ride_id)
    paid_by = settled.paid_by if settled else None
    return {
        "ride_id": typeid("ride", ride_id),
        "is_settled": settled is not None,
        "fare_twd": fare.price_twd,
        "subsidy_twd": fare.subsidy_twd,
        "quota_twd": fare.quota_twd,
        "rider_pays_twd": fare.rider_pays_twd,
        "currency": "TWD",
        "lines": [
            {"code": line.code, "words": line.words.in_language(call.language), "amount_twd": line.amount_twd}
            for line in fare.lines
        ],
        "source": fare.source,
        "paid_by": paid_by,
        "paid_by_words": _PAID_BY[paid_by].in_language(call.language),
        "minutes_over": settled.minutes_over if settled else 0,
        "version": settled.version if settled else 0,
        "bill_id": bill and typeid("bill", bill[0]),
        "bill_status": bill and bill[1],
        "settled_at": settled and on_the_wire(settled.settled_at),
    }


def _quota_body(each: Quota, call: Call) -> dict[str, Any]:
    name = Text(each.rule.terms["zh"], each.rule.terms["en"])
    most = each.rule.terms.get("most_a_trip")
    return {
        "kind": each.card,
        "name": name.in_language(call.language),
        "total": each.granted,
        "used": each.used,
        "kept": each.kept,
        "left": each.left,
        "most_a_trip": most,
        "until": _last_day(each, call).isoformat(),
        "words": _left_words(each).in_language(call.language),
        "source": each.rule.source,
    }


def _left_words(each: Quota) -> Text:
    most = each.rule.terms.get("most_a_trip")
    words = (_LEFT if most is None else _LEFT_AND_MOST).format(left=f"{each.left:,}", most=most)
    if not each.kept:
        return words
    kept = _KEPT.format(kept=f"{each.kept:,}")
    return Text(words.zh + kept.zh, words.en + kept.en)


def _last_day(each: Quota, call: Call) -> date:
    today = call.now.astimezone(TAIPEI).date()
    if each.rule.terms["per"] == "year":
        return date(today.year, 12, 31)
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


_PAID_BY = {
    None: Text("下車後才結算", "Settled after the ride"),
    "bill": Text("在「帳單」裡繳，可以用銀行帳戶、信用卡或點數", "Pay it among your bills: by bank, card or points"),
    "driver": Text("超過平臺代收的上限，請直接付給司機", "Above what a platform may collect: pay the driver"),
    "nobody": Text("不用付", "Nothing to pay"),
}
_LEFT = Text("還有 {left} 點，1 點抵 1 元", "{left} points left, each worth NT$1")
_KEPT = Text(
    "；另外 {kept} 點留給已經訂好的車，取消就會還回來",
    "; another {kept} are kept for rides that you have booked, and come back if you cancel",
)
_LEFT_AND_MOST = Text(
    "還有 {left} 點，1 點抵 1 元，每趟最多 {most} 點",
    "{left} points left, each worth NT$1, at most {most} for one ride",
)
_OFFERED = text(
    """
    SELECT coalesce(r.agreed, o.fare) AS fare FROM accessibility.ride r
      LEFT JOIN accessibility.offer o ON o.rider_id = r.rider_id AND o.id = r.offer_id
     WHERE r.rider_id = :rider AND r.id = :ride
    """
)
_RIDER = text("SELECT rider_id FROM accessibility.ride WHERE id = :ride")
