"""Deeds over HTTP: a bureau's system tells of them, one at a time or a day's file at once, and takes its word back."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError

from core.clock import on_the_wire
from core.errors import BodyTooLarge, Forbidden, InvalidRequest, NotFound, Problem, UnsupportedMediaType
from core.http import Answer, Call, Routes, bureau
from core.ids import typeid
from core.text import Text
from points.earning import deeds, kinds, ride_files
from points.earning.deeds import Deed, Report
from points.earning.errors import DeedKeyUsed, RideFileRefused, RideFileUnreadable
from points.earning.schemas import (
    KEY,
    DeedBatchCreate,
    DeedBatchSchema,
    DeedCreate,
    DeedSchema,
    RideFileQuery,
    RideFileSchema,
)

routes = Routes("points")
_WRITERS = bureau(scope="deeds:write")


@routes.post(
    "/v1/bureau/deeds",
    access=_WRITERS,
    shows_person_data=False,
    body=DeedCreate,
    answers={202: DeedSchema},
    problems=[Forbidden, DeedKeyUsed],
    summary=Text("通報可集點的行為", "Tell of something somebody did that may earn points"),
)
def tell_of_deed(call: Call) -> Answer:
    """The answer does not say whether that person uses the app. The same again is answered the same."""
    report = Report(**call.body)
    return Answer(_shown(deeds.receive(call.session, bureau=call.actor.bureau, report=report, now=call.now)), 202)


@routes.post(
    "/v1/bureau/deed-batches",
    access=_WRITERS,
    shows_person_data=False,
    body=DeedBatchCreate,
    answers={200: DeedBatchSchema},
    summary=Text("整批通報（例如一天的搭乘紀錄）", "Tell of up to 1,000 at once, such as rides, with an answer each"),
)
def tell_of_deeds(call: Call) -> Answer:
    """A line that is refused says why and leaves the others; a line that was taken before is taken."""
    lines = [_line(call, place, sent) for place, sent in enumerate(call.body["deeds"], 1)]
    taken = sum(line["outcome"] == "taken" for line in lines)
    return Answer({"taken": taken, "refused": len(lines) - taken, "lines": lines})


@routes.post(
    "/v1/bureau/ride-files",
    access=_WRITERS,
    shows_person_data=False,
    query=RideFileQuery,
    accepts=("text/csv",),
    streams=True,
    answers={200: RideFileSchema},
    problems=[Forbidden, RideFileUnreadable, RideFileRefused, UnsupportedMediaType, BodyTooLarge],
    summary=Text("上傳一天的搭乘檔（CSV）", "Send a night's file of rides (CSV), taken whole or not at all"),
)
def send_ride_file(call: Call) -> Answer:
    """One line for each ride, up to 20,000, in UTF-8 or Big5; wrong lines are named. The same again changes nothing."""
    if call.request.mimetype != "text/csv" or call.request.headers.get("Content-Encoding"):
        raise UnsupportedMediaType
    content = call.request.stream.read(ride_files.MOST_BYTES + 1)
    if len(content) > ride_files.MOST_BYTES:
        raise BodyTooLarge
    taken = ride_files.receive(
        call.session, content, bureau=call.actor.bureau, operator=call.query["operator"],
        encoding=call.query["encoding"], now=call.now,
    )  # fmt: skip
    return Answer({"lines": taken.new + taken.known, "new": taken.new, "known": taken.known})


@routes.delete(
    "/v1/bureau/deeds/<deed_kind>/<deed_key>",
    access=_WRITERS,
    shows_person_data=False,
    answers={204: None},
    problems=[NotFound],
    summary=Text("撤回通報", "Take back what was told: points that it earned go again"),
)
def take_back_deed(call: Call) -> Answer:
    """Again changes nothing. Only the bureau that told of it can."""
    kind, key = call.path["deed_kind"], call.path["deed_key"]
    if kind not in kinds.REPORTED or re.fullmatch(KEY, key) is None:
        raise NotFound
    deeds.undo(call.session, bureau=call.actor.bureau, kind=kind, key=key, now=call.now)
    return Answer(status=204)


def _line(call: Call, place: int, sent: dict[str, Any]) -> dict[str, Any]:
    refused = {"line": place, "outcome": "refused", "problem": None, "detail": None, "errors": []}
    try:
        report = Report(**DeedCreate().load(sent))
        deeds.receive(call.session, bureau=call.actor.bureau, report=report, now=call.now)
    except ValidationError as error:
        # A member that we do not know is not repeated: its name is the sender's.
        known = [name for name in error.messages_dict if name in DeedCreate().fields]
        errors = [{"pointer": f"/{name}", "detail": "missing or of the wrong form"} for name in known]
        unknown = [] if known else [{"pointer": "", "detail": "a member is unknown"}]
        return {**refused, **_why(InvalidRequest(), call), "errors": errors + unknown}
    except Problem as problem:
        errors = [{"pointer": each.pointer, "detail": each.in_language(call.language)} for each in problem.errors]
        return {**refused, **_why(problem, call), "errors": errors}
    return {**refused, "outcome": "taken"}


def _why(problem: Problem, call: Call) -> dict[str, Any]:
    return {"problem": problem.slug, "detail": problem.title.in_language(call.language)}


def _shown(deed: Deed) -> dict[str, Any]:
    return {
        "id": typeid("ded", deed.id),
        "kind": deed.kind,
        "key": deed.key,
        "received_at": on_the_wire(deed.received_at),
        "undone_at": deed.undone_at and on_the_wire(deed.undone_at),
    }
