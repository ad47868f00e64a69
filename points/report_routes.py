"""The points desk's reports over HTTP: what the city owes in points, what lapses, and what it costs whom."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from core.http import Answer, Call, Routes, officer
from core.text import Text
from points import reports
from points.report_schemas import (
    BreakageQuery,
    BreakageSchema,
    CostsQuery,
    LiabilityQuery,
    LiabilitySchema,
    PointsCostsSchema,
)

routes = Routes("points_reports")
_READERS = officer("points_officer", "finance", "auditor")
_COHORT = ("month", "lots", "issued", "lapsed", "left", "breakage")
_COST = ("code", "name", "granted", "used", "paid_bills", "at_merchants", "exchanged", "lapsed", "cost_twd")
_TYPES = ("application/json", "text/csv")


@routes.get(
    "/v1/points-desk/liability",
    access=_READERS,
    shows_person_data=False,
    query=LiabilityQuery,
    answers={200: LiabilitySchema},
    content_types=_TYPES,
    summary=Text("點數負債", "What the city owes in points at the end of a day, from the book"),
)
def liability(call: Call) -> Answer:
    """Points that lapse with that day still count on it."""
    found = reports.liability(call.session, call.query["on"], call.now)
    groups = [{"accounts": name, "points": points} for name, points in found.accounts.items()]
    if call.query["format"] == "csv":
        return _file(groups, ("accounts", "points"), f"points-liability-{found.on}")
    return Answer(
        {
            "on": found.on.isoformat(),
            "liability": found.liability,
            "people": found.people,
            "set_aside": found.set_aside,
            "owed_by_people": found.owed_by_people,
            "to_settle": found.to_settle,
            "lapsed": found.lapsed,
            "in_budgets": found.in_budgets,
            "is_balanced": found.is_balanced,
            "accounts": groups,
        }
    )


@routes.get(
    "/v1/points-desk/breakage",
    access=_READERS,
    shows_person_data=False,
    query=BreakageQuery,
    answers={200: BreakageSchema},
    content_types=_TYPES,
    summary=Text("到期未用的點數", "How many of the points issued in a month lapsed unused"),
)
def breakage(call: Call) -> Answer:
    items = [
        {
            "month": f"{each.month:%Y-%m}",
            "lots": each.lots,
            "issued": each.issued,
            "lapsed": each.lapsed,
            "left": each.left,
            "breakage": each.breakage,
        }
        for each in reports.breakage(call.session, call.query["from_"], call.query["to"])
    ]
    if call.query["format"] == "csv":
        return _file(items, _COHORT, "points-breakage")
    return Answer({"items": items})


@routes.get(
    "/v1/points-desk/costs",
    access=_READERS,
    shows_person_data=False,
    query=CostsQuery,
    answers={200: PointsCostsSchema},
    content_types=_TYPES,
    summary=Text("點數成本", "What points cost each bureau or campaign, held to the book"),
)
def costs(call: Call) -> Answer:
    """A point is paid with NT$1 where it is used. `is_reconciled`: the histories and the book agree to the point."""
    first, last = call.query["from_"], call.query["to"]
    found = reports.costs(call.session, first, last, by=call.query["by"])
    items = [
        {
            "code": line.code,
            "name": line.name.in_language(call.language),
            "granted": line.granted,
            "used": line.used,
            "paid_bills": line.paid_bills,
            "at_merchants": line.at_merchants,
            "exchanged": line.exchanged,
            "lapsed": line.lapsed,
            "cost_twd": line.cost_twd,
        }
        for line in found.lines
    ]
    if call.query["format"] == "csv":
        return _file(items, _COST, f"points-costs-{first}-{last}")
    sums = {"granted": found.granted, "used": found.used, "lapsed": found.lapsed}
    told = {name: {"told": told, "booked": booked} for name, (told, booked) in sums.items()}
    return Answer({"items": items, "is_reconciled": found.is_reconciled, **told})


def _file(items: Sequence[Mapping[str, Any]], columns: Sequence[str], name: str) -> Answer:
    """The lines as RFC 4180 in UTF-8, with the mark by which a spreadsheet knows it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([item[column] for column in columns] for item in items)
    return Answer(
        raw=("\ufeff" + out.getvalue()).encode(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
