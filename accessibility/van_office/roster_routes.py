"""The roster of the city's vans over HTTP: a week, what a change of it would do, doing it, and as a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from accessibility.own_fleet import breakdowns, plans, roster
from accessibility.own_fleet.absences import listed
from accessibility.own_fleet.events import By
from accessibility.own_fleet.ports import travel
from accessibility.van_office import absences, bodies, carrying_out, sheets, shifts
from accessibility.van_office.errors import RosterRefused, SheetUnreadable
from accessibility.van_office.schemas import (
    RosterChangeSchema,
    RosterOutcomeSchema,
    RosterQuery,
    RosterSchema,
    RosterSheetReadSchema,
    RosterSheetSchema,
)
from core import db
from core.clock import on_the_wire, taipei_date
from core.errors import NotFound, PreconditionFailed, PreconditionRequired
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from core.version_tags import version_of

routes = Routes("van_office")
_DESK = officer("dispatcher")
_READERS: Final = officer("dispatcher", "auditor")


@routes.get(
    "/v1/dispatch/roster",
    access=_READERS,
    query=RosterQuery,
    answers={200: RosterSchema},
    shows_person_data=False,
    summary=Text("班表", "The roster of some days: shifts of vans and drivers, and who or what is missing"),
)
def shown(call: Call) -> Answer:
    """Days that lie within the next 31 are made of the week that repeats where they were not."""
    first, last = _days(call)
    rows = shifts.of_days(call.session, first, last)
    names = absences.names_of_drivers(call.session)
    missing = listed(
        call.session, plans.hours_of(first, time.min, time.min)[0], plans.hours_of(last, time.max, time.max)[1]
    )
    return Answer(
        {
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "last_possible_day": taipei_date(call.now + roster.AHEAD).isoformat(),
            "now": on_the_wire(call.now),
            "shifts": [_shift(each, names, call.now) for each in rows],
            "absences": [
                {
                    "id": typeid("vab", row.id),
                    "vehicle": row.vehicle,
                    "driver": row.driver,
                    "driver_name": row.driver_name,
                    "starts_at": on_the_wire(row.starts_at),
                    "ends_at": on_the_wire(row.ends_at),
                    "reason": row.reason,
                }
                for row in missing
            ],
        }
    )


@routes.post(
    "/v1/dispatch/roster/what-if",
    access=_DESK,
    body=RosterChangeSchema,
    answers={200: RosterOutcomeSchema},
    shows_person_data=False,
    summary=Text("試算班表變更", "What a change of the roster would do: faults, rides that move and to which van"),
)
def what_if(call: Call) -> Answer:
    """Nothing is changed and nobody is told. `version` goes into If-Match of the change itself."""
    by = By("officer", call.actor.id)
    outcome = carrying_out.try_out(call.session, bodies.change_of(call.body), by, travel(), call.now)
    return Answer(bodies.outcome_on_the_wire(outcome, call.language))


@routes.post(
    "/v1/dispatch/roster/changes",
    access=_DESK,
    body=RosterChangeSchema,
    answers={200: RosterOutcomeSchema},
    problems=[RosterRefused, PreconditionRequired, PreconditionFailed],
    idempotent=True,
    own_units=True,
    shows_person_data=False,
    summary=Text("變更班表", "Change the roster as it was tried (If-Match); rides that lose their van get another"),
)
def change(call: Call) -> Answer:
    """Rides for which no van is found are given to other fleets, as after a breakdown; their riders are told."""
    version, by = version_of(call), By("officer", call.actor.id)
    with db.unit_of_work() as session:
        call.idempotency.claim(session)
        outcome = carrying_out.carry_out(session, bodies.change_of(call.body), version, by, travel(), call.now)
    found = breakdowns.find_places(travel(), call.now) if outcome.rides else {}
    with db.unit_of_work() as session:
        answer = Answer(bodies.outcome_on_the_wire(bodies.with_vans(outcome, found), call.language))
        call.idempotency.store(session, answer)
    return answer


@routes.delete(
    "/v1/dispatch/roster/absences/<absence_id>",
    access=_DESK,
    answers={204: None},
    problems=[NotFound],
    shows_person_data=False,
    summary=Text("取消停駛或不在", "A van is back, or a driver, before it was expected: shifts can be given again"),
)
def end_absence(call: Call) -> Answer:
    """The shifts that were taken away do not come back by themselves."""
    absences.take_back(call.session, parse_typeid("vab", call.path["absence_id"]), call.now)
    return Answer(status=204)


@routes.get(
    "/v1/dispatch/roster/sheet",
    access=_READERS,
    query=RosterQuery,
    answers={200: None},
    content_types=("text/csv; charset=utf-8",),
    shows_person_data=False,
    summary=Text("匯出班表", "The roster of some days as comma-separated values (RFC 4180), a shift a line"),
)
def sheet(call: Call) -> Answer:
    first, last = _days(call)
    disposition = {"Content-Disposition": f'attachment; filename="roster-{first}.csv"'}
    content = sheets.written(shifts.of_days(call.session, first, last))
    return Answer(raw=content, content_type="text/csv; charset=utf-8", headers=disposition)


@routes.post(
    "/v1/dispatch/roster/sheet",
    access=_DESK,
    body=RosterSheetSchema,
    answers={200: RosterSheetReadSchema},
    problems=[SheetUnreadable],
    shows_person_data=False,
    summary=Text(
        "讀取班表檔", "Read a sheet of shifts: what is wrong in which line, and the change that it stands for"
    ),
)
def read_sheet(call: Call) -> Answer:
    """For each van and day that the sheet names, it holds all of the van's shifts. Nothing is changed."""
    read = sheets.read(call.session, call.body["csv"], travel(), call.now)
    return Answer(
        {
            "is_readable": all(line.outcome != "wrong" for line in read.lines),
            "lines": [
                {
                    "line": line.line,
                    "outcome": line.outcome,
                    "pointer": line.pointer,
                    "words": line.words.in_language(call.language),
                }
                for line in read.lines
            ],
            "change": bodies.change_on_the_wire(read.change),
        }
    )


def _days(call: Call) -> tuple[date, date]:
    today = taipei_date(call.now)
    first = call.query["first_day"] or today
    days = [first + timedelta(days=number) for number in range(call.query["days"])]
    for day in days:
        if today <= day <= taipei_date(call.now + roster.AHEAD):
            roster.make_day(call.session, day, travel(), call.now)
    return days[0], days[-1]


def _shift(shift: shifts.Shift, names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    if shift.ends_at <= now:
        status = "over"
    elif shift.is_broken:
        status = "broken_down"
    else:
        status = "under_way" if shift.starts_at <= now or shift.has_begun else "planned"
    return {
        **bodies.wanted_on_the_wire(shift.wanted),
        "id": typeid("tour", shift.id),
        "driver_name": names[shift.wanted.driver],
        "starts_at": on_the_wire(shift.starts_at),
        "ends_at": on_the_wire(shift.ends_at),
        "rides": shift.rides,
        "status": status,
    }
