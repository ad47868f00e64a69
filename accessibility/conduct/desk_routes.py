"""The desk for appeals, complaints and fairness over HTTP: officers of role `mobility`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from accessibility.conduct import appeals, complaints, fairness, fairness_out, points
from accessibility.conduct.appeals import Appeal
from accessibility.conduct.errors import AppealDecided, ComplaintAnswered, RecordedByYou
from accessibility.conduct.fairness import Compared, Report
from accessibility.conduct.routes import KINDS, complaint_body
from accessibility.conduct.schemas import (
    AppealDecision,
    ComplaintAnswer,
    FairnessQuery,
    FairnessSchema,
    RideAppealPage,
    RideAppealSchema,
    RideAppealsQuery,
    RideComplaintPage,
    RideComplaintSchema,
    RideComplaintsQuery,
)
from accessibility.fleets import terms
from core.clock import TAIPEI, on_the_wire, taipei_date
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Language, Text
from identity import access_log

routes = Routes("conduct")
_MOBILITY = officer("mobility")
_LONGEST_DAYS: Final = 92


@routes.get(
    "/v1/desk/ride-appeals",
    access=_MOBILITY,
    shows_person_data=True,
    query=RideAppealsQuery,
    answers={200: RideAppealPage},
    summary=Text("點數申訴", "Appeals against points, the oldest first"),
)
def list_appeals(call: Call) -> Answer:
    """`recorded_by=me` shows what became of points that the caller recorded."""
    limit, cursor = call.query["limit"], call.query["cursor"]
    found = appeals.page(
        call.session, status=call.query["status"],
        recorded_by=call.actor.id if call.query["recorded_by"] == "me" else None, limit=limit + 1,
        after=decode_moment_cursor(cursor) if cursor else None,
    )  # fmt: skip
    shown = found[:limit]
    _record(call, "ride_appeal", [each.rider_id for each in shown])
    more = encode_moment_cursor(shown[-1].asked_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": [_appeal_body(call, each) for each in shown], "next_cursor": more})


@routes.post(
    "/v1/desk/ride-appeals/<appeal_id>/decision",
    access=_MOBILITY,
    shows_person_data=True,
    body=AppealDecision,
    answers={200: RideAppealSchema},
    problems=[NotFound, AppealDecided, RecordedByYou],
    summary=Text("決定一件申訴", "Decide an appeal; not by whoever recorded the point"),
)
def decide_appeal(call: Call) -> Answer:
    """The rider is told, with the officer's words."""
    appeal_id = parse_typeid("rapl", call.path["appeal_id"])
    decided = appeals.decide(
        call.session, call.actor, appeal_id, is_granted=call.body["is_granted"], words=call.body["words"], now=call.now
    )
    _record(call, "ride_appeal", [decided.rider_id], call.path["appeal_id"])
    return Answer(_appeal_body(call, decided))


@routes.get(
    "/v1/desk/ride-complaints",
    access=_MOBILITY,
    shows_person_data=True,
    query=RideComplaintsQuery,
    answers={200: RideComplaintPage},
    summary=Text("乘車意見", "Complaints about rides, the oldest first"),
)
def list_complaints(call: Call) -> Answer:
    """No dispatcher may see these."""
    limit, cursor = call.query["limit"], call.query["cursor"]
    after = decode_moment_cursor(cursor) if cursor else None
    found = complaints.page(call.session, status=call.query["status"], limit=limit + 1, after=after)
    shown = found[:limit]
    _record(call, "ride_complaint", [each.rider_id for each in shown])
    more = encode_moment_cursor(shown[-1].made_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": [complaint_body(each) for each in shown], "next_cursor": more})


@routes.post(
    "/v1/desk/ride-complaints/<complaint_id>/answer",
    access=_MOBILITY,
    shows_person_data=True,
    body=ComplaintAnswer,
    answers={200: RideComplaintSchema},
    problems=[NotFound, ComplaintAnswered],
    summary=Text("回覆一件意見", "Answer a complaint; the rider is told"),
)
def answer_complaint(call: Call) -> Answer:
    complaint_id = parse_typeid("rcmp", call.path["complaint_id"])
    answered = complaints.answer(call.session, call.actor, complaint_id, words=call.body["words"], now=call.now)
    _record(call, "ride_complaint", [answered.rider_id], call.path["complaint_id"])
    return Answer(complaint_body(answered))


@routes.get(
    "/v1/desk/ride-fairness",
    access=officer("mobility", "auditor"),
    shows_person_data=False,
    query=FairnessQuery,
    answers={200: FairnessSchema},
    content_types=["application/json", "text/csv", "image/svg+xml"],
    summary=Text("叫車公平性", "Who is refused more often than others, and whether that is chance"),
)
def ride_fairness(call: Call) -> Answer:
    """Over the whole months that hold these days and have ended. Groups of fewer than five riders are not shown.
    `?format=csv` is the file, `?format=svg` the picture."""
    since, until = _months(call)
    report = fairness.report(call.session, since=since, until=until)
    language: Language = call.query["language"] or call.language
    match call.query["format"]:
        case "csv":
            name = f"ride-fairness-{taipei_date(since)}-{taipei_date(until - timedelta(1))}.csv"
            disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
            content = fairness_out.as_csv(report, language)
            return Answer(raw=content, content_type="text/csv; charset=utf-8", headers=disposition)
        case "svg":
            fleet = call.query["fleet"]
            known = terms.names(call.session).get(fleet)
            name = known[0].in_language(language) if known else ""
            picture = fairness_out.as_svg(report, language, fleet=fleet, name=name)
            return Answer(raw=picture, content_type="image/svg+xml")
    return Answer(_report_body(call, report))


def _months(call: Call) -> tuple[datetime, datetime]:
    """Reports over days could be taken from one another, and a day of few riders would remain."""
    this_month = taipei_date(call.now).replace(day=1)
    last: date = call.query["until"] or this_month - timedelta(days=1)
    first: date = call.query["since"] or last.replace(day=1)
    if not 2020 <= first.year <= last.year <= 2200 or first > last:
        raise InvalidRequest(errors=[FieldError("since", "has to be no later than `until`")])
    begins, ends = first.replace(day=1), min((last.replace(day=1) + timedelta(days=31)).replace(day=1), this_month)
    if ends <= begins:
        raise InvalidRequest(errors=[FieldError("until", "has to be in a month that has ended")])
    if (ends - begins).days > _LONGEST_DAYS:
        raise InvalidRequest(errors=[FieldError("since", f"at most {_LONGEST_DAYS} days are compared at once")])
    return _midnight(begins), _midnight(ends)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), TAIPEI)


def _report_body(call: Call, report: Report) -> dict[str, Any]:
    return {
        "since": on_the_wire(report.since),
        "until": on_the_wire(report.until),
        "requests": report.requests,
        "comparisons": report.comparisons,
        "smallest": fairness.SMALLEST,
        "words": _verdict(report).in_language(call.language),
        "lines": [_line_body(call, line) for line in report.lines],
    }


def _verdict(report: Report) -> Text:
    worse = [line for line in report.lines if line.is_not_chance and (line.apart or 0) > 0]
    if not report.comparisons:
        return _TOO_FEW
    return (_WORSE if worse else _FAIR).format(count=len(worse), comparisons=report.comparisons)


def _line_body(call: Call, line: Compared) -> dict[str, Any]:
    return {
        "dimension": line.dimension,
        "group": line.group,
        "group_words": fairness_out.group_words(line).in_language(call.language),
        "fleet": line.fleet,
        "is_shown": line.is_shown,
        "riders": line.riders,
        "asked": line.asked,
        "refused": line.refused,
        "riders_refused": line.riders_refused,
        "apart": line.apart,
        "apart_low": line.apart_low,
        "apart_high": line.apart_high,
        "p": line.p,
        "p_corrected": line.p_corrected,
        "is_not_chance": line.is_not_chance,
    }


def _appeal_body(call: Call, each: Appeal) -> dict[str, Any]:
    return {
        "id": typeid("rapl", each.id),
        "point_id": typeid("rpt", each.point_id),
        "ride_id": typeid("ride", each.ride_id),
        "fleet": each.fleet,
        "kind": each.kind,
        "kind_words": KINDS[each.kind].in_language(call.language),
        "why_words": points.WHY[each.why].in_language(call.language),
        "points": each.points,
        "happened_at": on_the_wire(each.happened_at),
        "is_recorded_by_me": each.recorded_by == call.actor.id,
        "status": each.status,
        "reason": each.reason,
        "asked_at": on_the_wire(each.asked_at),
        "decision": each.decision,
        "decided_at": each.decided_at and on_the_wire(each.decided_at),
    }


def _record(call: Call, what: str, riders: list[Any], reference: str = "") -> None:
    access_log.record_accesses(
        call.session, actor=call.actor, person_ids=riders, what=what, purpose="bureau_case", reference=reference,
        now=call.now,
    )  # fmt: skip


_TOO_FEW = Text("資料太少，沒有可以比較的群體。", "There is too little to compare.")
_FAIR = Text(
    "比較了 {comparisons} 次，沒有任何群體被拒絕得比巧合更多。",
    "In {comparisons} comparisons no group was refused more often than chance explains.",
)
_WORSE = Text(
    "{comparisons} 次比較裡，有 {count} 次是某個群體被拒絕得比其他人多，而且不是巧合。",
    "In {count} of {comparisons} comparisons a group was refused more often than others, and not by chance.",
)
