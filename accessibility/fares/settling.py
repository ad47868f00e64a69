"""What a ride came to, once it is done; corrected downwards when the fleet or an officer says so, never upwards.

A fact about a ride may be told twice, and two facts about one ride may cross: what is written down is the same, the
quota is used once, and the rider owes one bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.fares import ports, pricing, quota, rules
from accessibility.fares.errors import FareNeverRises, NoFareYet
from accessibility.fares.pricing import Fare, FareLine, Pooled
from accessibility.fares.rules import Rules
from core import outbox
from core.clock import taipei_date
from core.errors import NotFound
from core.ids import new_uuid
from core.outbox import Event
from core.text import Text

DUE_AFTER: Final = timedelta(days=30)
PaidBy = Literal["bill", "driver", "nobody"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What a ride came to. `stated_twd` is what the fleet says; `version` counts its corrections."""

    id: UUID
    ride_id: UUID
    rider_id: UUID
    version: int
    fleet: str
    kind: str
    stated_twd: int
    fare: Fare
    minutes_over: int
    paid_by: PaidBy
    reason: str
    settled_at: datetime


def ride_done(session: Session, event: Event, now: datetime) -> None:
    """accessibility.ride_done: the fare is known. Told again with less, it is corrected; with more, it stays."""
    told = event.payload
    quota.lock(session, UUID(told["rider_id"]))
    ride = _ride(session, UUID(told["rider_id"]), UUID(told["ride_id"]))
    said = [each for each in (told.get("fare_twd"), ride.fare_twd) if each is not None]
    stated = int(min(said, default=ride.price_twd))
    known = newest(session, ride.rider_id, ride.id)
    if known is None:
        _write(session, ride, None, stated, _pooled(session, ride, told), _minutes_over(ride), reason="", now=now)
    elif known.kind == "ride" and stated < known.stated_twd:
        _write(session, ride, known, stated, _pooled(session, ride, told), known.minutes_over, reason="fleet", now=now)


def fare_stated(session: Session, event: Event, now: datetime) -> None:
    """accessibility.ride_fare_stated: the fleet says less than before. A ride that is not settled yet will be by it."""
    told = event.payload
    quota.lock(session, UUID(told["rider_id"]))
    if newest(session, UUID(told["rider_id"]), UUID(told["ride_id"])) is not None:
        ride_done(session, event, now)


def ride_cancelled(session: Session, event: Event, now: datetime) -> None:
    """accessibility.ride_cancelled: a rider who cancelled late owes what was said beforehand; nobody else anything."""
    told = event.payload
    fee_twd = int(told.get("fee_twd") or 0)
    if told["by"] != "rider" or not told.get("is_late") or not fee_twd:
        return
    ride = _ride(session, UUID(told["rider_id"]), UUID(told["ride_id"]))
    quota.lock(session, ride.rider_id)
    if newest(session, ride.rider_id, ride.id) is None:
        lines = (FareLine("late_cancel", _LATE_CANCEL, fee_twd),)
        fare = Fare(fee_twd, 0, 0, fee_twd, lines, "")
        _keep(session, ride, None, "late_cancel", fee_twd, fare, 0, reason="", decided_by=None, now=now)
        _owe(session, ride, fare, payee=f"{ride.fleet_name} {_LATE_CANCEL.zh}", at=event.recorded_at, now=now)


def correct(
    session: Session, rider_id: UUID, ride_id: UUID, *, stated_twd: int, reason: str, by: UUID, now: datetime
) -> Settled:
    """The fleet asked for too much: from now on the ride came to less, and what was paid beyond it goes back.

    Raises NotFound, NoFareYet, FareNeverRises, and what the wallet refuses while the fare is being paid.
    """
    ride = _ride(session, rider_id, ride_id)
    quota.lock(session, rider_id)
    known = newest(session, rider_id, ride_id)
    if known is None:
        raise NoFareYet
    if stated_twd >= known.stated_twd:
        raise FareNeverRises(stated_twd=known.stated_twd)
    if known.kind == "late_cancel":
        line = replace(known.fare.lines[0], amount_twd=stated_twd)
        fare = Fare(stated_twd, 0, 0, stated_twd, (line,), "")
        _keep(session, ride, known, known.kind, stated_twd, fare, 0, reason=reason, decided_by=by, now=now)
        _lower(session, ride, known, fare, now)
    else:
        pooled = _pooled(session, ride, {})
        _write(session, ride, known, stated_twd, pooled, known.minutes_over, reason=reason, decided_by=by, now=now)
    settled = newest(session, rider_id, ride_id)
    assert settled is not None
    return settled


def newest(session: Session, rider_id: UUID, ride_id: UUID) -> Settled | None:
    """What a ride came to as it counts now, or None before it is done."""
    row = session.execute(_NEWEST, {"rider": rider_id, "ride": ride_id}).first()
    if row is None:
        return None
    return Settled(
        row.id, row.ride_id, row.rider_id, row.version, row.fleet, row.kind, row.stated_twd, Fare.from_json(row.fare),
        row.minutes_over, row.paid_by, row.reason, row.settled_at,
    )  # fmt: skip


def _write(
    session: Session,
    ride: Any,
    before: Settled | None,
    stated_twd: int,
    pooled: Pooled,
    minutes_over: int,
    *,
    reason: str,
    decided_by: UUID | None = None,
    now: datetime,
) -> None:
    known = rules.at(session, ride.pick_up_at)
    price_twd = stated_twd if ride.is_metered else min(stated_twd, ride.price_twd)
    offered = Fare.from_json(ride.fare) if ride.fare else None
    fare = pricing.fare(
        known,
        ride.fleet,
        price_twd,
        pooled=pooled,
        is_low_income=offered is not None and offered.is_low_income,
        quota=_points(session, known, ride, offered, before),
        promise_broken_minutes=minutes_over,
        most_twd=_most(ride, offered, before),
    )
    if ride.is_metered and offered is not None and price_twd != offered.price_twd:
        words = _METER.format(estimate=offered.price_twd, meter=price_twd)
        fare = replace(fare, lines=(*fare.lines, FareLine("meter", words, 0)))
    _keep(session, ride, before, "ride", stated_twd, fare, minutes_over, reason=reason, decided_by=decided_by, now=now)
    cards = [(card, known.of("quota", card), points) for card, points in fare.quota_cards]
    wanted = [(card, quota.period_of(rule, ride.pick_up_at), points) for card, rule, points in cards if rule]
    quota.set_used(session, ride.rider_id, ride.id, wanted, now=now)
    if before is None:
        _owe(session, ride, fare, payee=ride.fleet_name, at=ride.done_at or now, now=now)
    else:
        _lower(session, ride, before, fare, now)


def _points(
    session: Session, known: Rules, ride: Any, offered: Fare | None, before: Settled | None
) -> list[tuple[str, int]]:
    """What each card can cover: what is left, and never less than what was kept for this ride or what it used before,
    whatever became of the card since."""
    quotas = quota.of_rider(session, known, ride.rider_id, ride.pick_up_at, but=ride.id)
    covers = dict(quota.covers(quotas, ride.fleet))
    kept = before.fare if before is not None else offered if ride.agreed is not None else None
    for card, points in kept.quota_cards if kept is not None else ():
        covers[card] = max(covers.get(card, 0), points)
    return list(covers.items())


def _most(ride: Any, offered: Fare | None, before: Settled | None) -> int | None:
    """What rider and card were promised to pay together at most; on a meter nothing was."""
    promised = [] if before is None else [before.fare.quota_twd + before.fare.rider_pays_twd]
    if offered is not None and not ride.is_metered:
        promised.append(offered.quota_twd + offered.rider_pays_twd)
    return min(promised, default=None)


def _keep(
    session: Session,
    ride: Any,
    before: Settled | None,
    kind: str,
    stated_twd: int,
    fare: Fare,
    minutes_over: int,
    *,
    reason: str,
    decided_by: UUID | None,
    now: datetime,
) -> None:
    session.execute(
        _INSERT,
        {"rider": ride.rider_id, "id": new_uuid(), "ride": ride.id,
         "version": 1 if before is None else before.version + 1, "fleet": ride.fleet, "kind": kind,
         "stated": stated_twd, "pays": fare.rider_pays_twd, "quota": fare.quota_twd,
         "fare": orjson.dumps(fare.as_json()).decode(), "over": minutes_over, "paid_by": _paid_by(fare, before),
         "reason": reason, "by": decided_by, "now": now},
    )  # fmt: skip


def _paid_by(fare: Fare, before: Settled | None = None) -> PaidBy:
    """Whoever paid the driver gets the difference from the driver: a bill is not begun afterwards."""
    if not fare.rider_pays_twd:
        return "nobody"
    if before is not None and before.paid_by == "driver":
        return "driver"
    return "bill" if fare.rider_pays_twd <= ports.payable().largest_twd else "driver"


def _owe(session: Session, ride: Any, fare: Fare, *, payee: str, at: datetime, now: datetime) -> None:
    if _paid_by(fare) == "bill":
        ports.payable().owe(
            session, ride_id=ride.id, rider_id=ride.rider_id, amount_twd=fare.rider_pays_twd, payee=payee, done_at=at,
            due_on=taipei_date(now + DUE_AFTER), now=now,
        )  # fmt: skip


def _lower(session: Session, ride: Any, before: Settled, fare: Fare, now: datetime) -> None:
    if before.paid_by == "bill":
        ports.payable().lower(session, ride_id=ride.id, amount_twd=fare.rider_pays_twd, now=now)
    less = before.fare.rider_pays_twd - fare.rider_pays_twd
    if less:
        outbox.record(
            session,
            events.FARE_LOWERED,
            {"ride_id": str(ride.id), "rider_id": str(ride.rider_id), "booking_id": str(ride.booking_id),
             "fleet": ride.fleet, "pick_up_at": ride.pick_up_at.isoformat(), "less_twd": less,
             "rider_pays_twd": fare.rider_pays_twd},
            now=now,
        )  # fmt: skip


def _minutes_over(ride: Any) -> int:
    """By how many whole minutes begun the ride took longer than was promised."""
    if ride.ride_minutes_at_most is None or ride.aboard_at is None or ride.done_at is None:
        return 0
    over = ride.done_at - ride.aboard_at - timedelta(minutes=ride.ride_minutes_at_most)
    return max(0, -(-int(over.total_seconds()) // 60))


def _pooled(session: Session, ride: Any, told: Mapping[str, Any]) -> Pooled:
    """How it was shared: as the fleet says, or as the city knows; else for a part of the way if that was offered."""
    said = told.get("pooled")
    if said in ("no", "part", "whole"):
        return cast(Pooled, said)
    if not ride.is_pooled:
        return "no"
    return (ports.shared_how(session, ride.trip) if ride.trip else None) or "part"


def _ride(session: Session, rider_id: UUID, ride_id: UUID) -> Any:
    row = session.execute(_RIDE, {"rider": rider_id, "ride": ride_id}).first()
    if row is None:
        raise NotFound
    return row


_LATE_CANCEL: Final = Text("臨時取消費", "Late cancellation")
_METER: Final = Text(
    "車隊預估 {estimate} 元，跳表 {meter} 元。覺得不對，可以在這趟車的頁面反映車資。",
    "Estimated NT${estimate}, on the meter NT${meter}. If that seems wrong, say so on the page of this ride.",
)
_RIDE = text(
    """
    SELECT r.rider_id, r.id, r.booking_id, r.fleet, coalesce(f.name_zh, r.fleet) AS fleet_name, r.pick_up_at,
           r.ride_minutes_at_most, r.aboard_at, r.done_at, r.fare_twd, r.agreed, coalesce(r.agreed, o.fare) AS fare,
           coalesce(CAST(r.agreed->>'price_twd' AS integer), o.price_twd, r.fare_twd, 0) AS price_twd,
           coalesce(o.is_metered, true) AS is_metered,
           coalesce(o.is_pooled, false) AS is_pooled,
           (SELECT d.trip FROM accessibility.fleet_order d
             WHERE d.rider_id = r.rider_id AND d.ride_id = r.id AND d.status = 'done' LIMIT 1) AS trip
      FROM accessibility.ride r
      LEFT JOIN accessibility.offer o ON o.rider_id = r.rider_id AND o.id = r.offer_id
      LEFT JOIN accessibility.fleet f ON f.code = r.fleet
     WHERE r.rider_id = :rider AND r.id = :ride
    """
)
_NEWEST = text(
    "SELECT * FROM accessibility.ride_fare WHERE rider_id = :rider AND ride_id = :ride ORDER BY version DESC LIMIT 1"
)
_INSERT = text(
    """
    INSERT INTO accessibility.ride_fare (rider_id, id, ride_id, version, fleet, kind, stated_twd, rider_pays_twd,
                                         quota_twd, fare, minutes_over, paid_by, reason, decided_by, settled_at)
    VALUES (:rider, :id, :ride, :version, :fleet, :kind, :stated, :pays, :quota, CAST(:fare AS jsonb), :over, :paid_by,
            :reason, :by, :now)
    """
)
