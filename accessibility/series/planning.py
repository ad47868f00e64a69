"""Writing a series down: its days, what is left out of them, and its share of each hour of the own fleet.

Recurring rides take at most a share of an hour of the own fleet, as configured with its source; on a day whose hour is
taken so far, the other fleets are asked, and the own fleet again only for what came free.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets import terms
from accessibility.fleets.terms import Wanted
from accessibility.requests import wishes as request_wishes
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility, profile
from accessibility.riders.eligibility import Eligibility
from accessibility.series import days, records, states, wishes
from accessibility.series.errors import NoDayInSeries, SeriesOver, TooManySeries
from accessibility.series.records import Day, Series
from core.clock import TAIPEI, taipei_date
from core.errors import NotFound
from core.ids import new_uuid
from identity.actors import Actor

MOST: Final = 10
OWN_FLEET: Final = "rehabus"
HOUR_FULL: Final = "own_fleet_full"
HOLIDAY: Final = "holiday"


def make(
    session: Session,
    actor: Actor,
    rider_id: UUID,
    wish: RideWish,
    *,
    weekdays: Collection[int],
    until: date,
    skips_holidays: bool,
    now: datetime,
) -> Series:
    """A series like this wish on these weekdays, from the wish's own day on.

    Raises what a request raises (`requests.making.make`), NoDayInSeries, TooManySeries.
    """
    entitled = eligibility.require(session, rider_id, wish.purpose, now)
    request_wishes.check(wish, now)
    named = wish.pick_up_at or wish.arrive_by
    assert named is not None, "a series has a time of day"
    first = taipei_date(named)
    falls_on = list(days.days_of(weekdays, first, until)) if (until - first).days <= days.MOST_DAYS else []
    if not falls_on:
        raise NoDayInSeries
    if session.execute(_ACTIVE, {"rider": rider_id}).scalar_one() >= MOST:
        raise TooManySeries(most=MOST)
    series_id = new_uuid()
    session.execute(
        _ADD,
        {"rider": rider_id, "id": series_id, "by": actor.id, "basis": _basis(actor), "weekdays": sorted(weekdays),
         "first": first, "last": until, "skips": skips_holidays, "hour": named.astimezone(TAIPEI).hour,
         "wish": orjson.dumps(wishes.kept(wish)).decode(), "now": now},
    )  # fmt: skip
    series = records.get(session, series_id)
    _plan(session, series, falls_on, entitled, now)
    return series


def take_up_day(session: Session, series_id: UUID, day: date, *, rider_id: UUID, now: datetime) -> None:
    """The rider goes that day after all: it is planned as if it had never been given up, a holiday too. A day that is
    planned already stays so.

    Raises NotFound, SeriesOver, riders.errors.NotEligible and MedicalTripsOnly.
    """
    series, days_on = records.held(session, series_id, rider_id=rider_id, since=day)
    found = next((each for each in days_on if each.day == day), None)
    if found is None:
        raise NotFound
    if found.status not in (states.CANCELLED, states.SKIPPED):
        return
    if not series.is_active or found.wanted_at <= now:
        raise SeriesOver
    _plan_again(session, series, [found], now)


def take_up(session: Session, series_id: UUID, *, rider_id: UUID, given_up_because: str, now: datetime) -> None:
    """The rider wants a series after all that they gave up: its days ahead that were given up with it are planned
    again; those that they had given up one by one stay so. Again changes nothing.

    Raises NotFound, SeriesOver, TooManySeries, riders.errors.NotEligible and MedicalTripsOnly.
    """
    series, ahead = records.held(session, series_id, rider_id=rider_id, since=taipei_date(now))
    if series.is_active:
        return
    if series.status == states.OVER or not any(each.wanted_at > now for each in ahead):
        raise SeriesOver
    if session.execute(_ACTIVE, {"rider": rider_id}).scalar_one() >= MOST:
        raise TooManySeries(most=MOST)
    session.execute(_ACTIVE_AGAIN, {"rider": rider_id, "id": series_id})
    again = [
        each for each in ahead
        if each.status == states.CANCELLED and each.reason == given_up_because and each.wanted_at > now
    ]  # fmt: skip
    _plan_again(session, series, again, now)


def _plan_again(session: Session, series: Series, given_up: Sequence[Day], now: datetime) -> None:
    entitled = eligibility.require(session, series.rider_id, series.wish["purpose"], now)
    with_share = _share(session, series, [each.day for each in given_up], now) if given_up else set()
    order = profile.of(session, series.rider_id).fleet_order
    for each in given_up:
        wish = wishes.on(series.wish, each.day, series_id=series.id)
        opens_at = first_asked(session, _wanted(wish, each.wanted_at, entitled), order, now)
        session.execute(
            _AGAIN,
            {"rider": each.rider_id, "id": each.id, "opens": opens_at, "share": each.day in with_share,
             "reason": "" if each.day in with_share else HOUR_FULL},
        )  # fmt: skip


def give_back(session: Session, series: Series, given_up: Sequence[Day]) -> None:
    """The share that these days had of their hours is for others."""
    hours = _hours(series)
    taken = [each.day for each in given_up if each.takes_a_share]
    for hour in hours:
        session.execute(_GIVE_BACK, {"days": taken, "hour": hour})


def first_asked(session: Session, wanted: Wanted, fleet_order: Sequence[str], now: datetime) -> datetime:
    """When a day is asked for: as soon as the fleet that its rider likes best (their own first, otherwise the city's)
    takes bookings for it."""
    opens = {
        each.code: terms.booking_opens(each.terms, wanted) or now
        for each in terms.in_force(session, now)
        if _may_come(each.terms, wanted)
    }
    liked = next((code for code in (*fleet_order, OWN_FLEET) if code in opens), None)
    return opens[liked] if liked else min(opens.values(), default=now)


def _plan(session: Session, series: Series, falls_on: Sequence[date], entitled: Eligibility, now: datetime) -> None:
    holidays = set(session.execute(_HOLIDAYS, {"first": falls_on[0], "last": falls_on[-1]}).scalars())
    left_out = holidays if series.skips_holidays else set()
    planned = [day for day in falls_on if day not in left_out]
    with_share = _share(session, series, planned, now)
    order = profile.of(session, series.rider_id).fleet_order
    rows = []
    for day in falls_on:
        wish = wishes.on(series.wish, day, series_id=series.id)
        wanted_at = wish.pick_up_at or wish.arrive_by
        assert wanted_at is not None
        wanted = _wanted(wish, wanted_at, entitled)
        rows.append(
            {"id": str(new_uuid()), "day": day.isoformat(), "wanted_at": wanted_at.isoformat(),
             "opens_at": first_asked(session, wanted, order, now).isoformat(), "takes_a_share": day in with_share,
             "reason": HOLIDAY if day in left_out else "" if day in with_share else HOUR_FULL}
        )  # fmt: skip
    values = {"rider": series.rider_id, "series": series.id, "rows": orjson.dumps(rows).decode(), "now": now}
    session.execute(_ADD_DAYS, values)
    session.execute(_SKIP_HOLIDAYS, {"rider": series.rider_id, "series": series.id})


def _share(session: Session, series: Series, planned: Sequence[date], now: datetime) -> set[date]:
    """On which days there was room left for recurring rides in every hour that the series needs."""
    rule = session.execute(_RULE, {"now": now}).one()
    most = days.most_of_an_hour(rule.most_percent, rule.rides_an_hour)
    got = set(planned)
    for turn, hour in enumerate(hours := _hours(series)):
        values = {"days": sorted(got), "hour": hour, "most": most}
        found = set(session.execute(_TAKE, values).scalars()) if most > 0 else set()
        for before in hours[:turn]:
            session.execute(_GIVE_BACK, {"days": sorted(got - found), "hour": before})
        got = found
    return got


def _hours(series: Series) -> list[int]:
    back = series.wish["return_at"]
    return [series.hour, *([int(back[:2])] if back else [])]


def _wanted(wish: RideWish, wanted_at: datetime, entitled: Eligibility) -> Wanted:
    districts = tuple(each.district for each in (wish.pickup, *wish.stops, wish.dropoff))
    return Wanted(
        wanted_at, districts, False, wish.purpose, True, entitled.severity, entitled.books_first,
        entitled.needs_wheelchair, None, None, None,
    )  # fmt: skip


def _may_come(of: terms.Terms, wanted: Wanted) -> bool:
    """Whether nothing but the day's distance is against it."""
    against = terms.objection(of, wanted, wanted.pick_up_at)
    return against is None or against.reason in ("too_early", "too_late")


def _basis(actor: Actor) -> str:
    if actor.on_behalf_of is not None:
        return "agent"
    return "visit" if actor.with_officer is not None else "self"


_ACTIVE = text("SELECT count(*) FROM accessibility.series WHERE rider_id = :rider AND status = 'active'")
_ADD = text(
    """
    INSERT INTO accessibility.series (rider_id, id, made_by, basis, status, weekdays, starts_on, ends_on,
                                      skips_holidays, wish, hour, made_at)
    VALUES (:rider, :id, :by, :basis, 'active', :weekdays, :first, :last, :skips, CAST(:wish AS jsonb), :hour, :now)
    """
)
_ACTIVE_AGAIN = text(
    """
    UPDATE accessibility.series SET status = 'active', ended_at = NULL, rides_given_up_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
# What was asked for before belongs to that day no more: it is asked for anew, under a booking of its own.
_AGAIN = text(
    """
    UPDATE accessibility.series_day
       SET status = 'planned', reason = :reason, takes_a_share = :share, opens_at = :opens, next_at = :opens,
           request_id = NULL, booking_id = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_ADD_DAYS = text(
    """
    INSERT INTO accessibility.series_day (rider_id, series_id, id, day, status, reason, takes_a_share, wanted_at,
                                          opens_at, next_at, made_at)
    SELECT :rider, :series, d.id, d.day, 'planned', d.reason, d.takes_a_share, d.wanted_at, d.opens_at, d.opens_at, :now
      FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS d(id uuid, day date, reason text, takes_a_share boolean, wanted_at timestamptz, opens_at timestamptz)
    """
)
_SKIP_HOLIDAYS = text(
    """
    UPDATE accessibility.series_day SET status = 'skipped', next_at = NULL
     WHERE rider_id = :rider AND series_id = :series AND status = 'planned' AND reason = 'holiday'
    """
)
_HOLIDAYS = text("SELECT day FROM accessibility.holiday WHERE day BETWEEN :first AND :last")
_RULE = text("SELECT * FROM accessibility.series_share WHERE valid_from <= :now ORDER BY valid_from DESC LIMIT 1")
_TAKE = text(
    """
    INSERT INTO accessibility.series_hour AS h (day, hour, rides)
    SELECT day, :hour, 1 FROM unnest(CAST(:days AS date[])) AS day ORDER BY day
    ON CONFLICT (day, hour) DO UPDATE SET rides = h.rides + 1 WHERE h.rides < :most
    RETURNING day
    """
)
_GIVE_BACK = text(
    "UPDATE accessibility.series_hour SET rides = rides - 1 WHERE day = ANY(:days) AND hour = :hour AND rides > 0"
)
