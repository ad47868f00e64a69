"""The desk for diagnosis papers over HTTP: officers of role `mobility`."""

from __future__ import annotations

from typing import Any

from accessibility.riders import eligibility_papers
from accessibility.riders.eligibility_papers import Paper
from accessibility.riders.errors import PaperDateWrong, PaperDecided
from accessibility.riders.routes import paper_body
from accessibility.riders.schemas import (
    DeskPaperPage,
    DeskPaperSchema,
    DeskPapersQuery,
    PaperAcceptance,
    PaperRefusal,
)
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid
from core.text import Text
from identity import access_log, people

routes = Routes("riders")
_MOBILITY = officer("mobility")


@routes.get(
    "/v1/desk/ride-papers",
    access=_MOBILITY,
    shows_person_data=True,
    query=DeskPapersQuery,
    answers={200: DeskPaperPage},
    summary=Text("等待審核的診斷文件", "Diagnosis papers to be looked at"),
)
def papers_waiting(call: Call) -> Answer:
    """The oldest first. Whose paper it is goes into their access log."""
    limit, cursor = call.query["limit"], call.query["cursor"]
    after = decode_moment_cursor(cursor) if cursor else None
    found = eligibility_papers.waiting(call.session, limit=limit + 1, after=after)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].handed_in_at, shown[-1].id) if len(found) > limit else None
    access_log.record_accesses(
        call.session, actor=call.actor, person_ids=[each.rider_id for each in shown], what="rider_paper",
        purpose="ride_eligibility", now=call.now,
    )  # fmt: skip
    return Answer({"items": [_body(call, each) for each in shown], "next_cursor": more})


@routes.post(
    "/v1/desk/ride-papers/<paper_id>/acceptance",
    access=_MOBILITY,
    shows_person_data=True,
    body=PaperAcceptance,
    answers={200: DeskPaperSchema},
    problems=[NotFound, PaperDateWrong, PaperDecided],
    summary=Text("通過診斷文件", "Accept a diagnosis paper"),
)
def accept_paper(call: Call) -> Answer:
    """The officer has seen the paper: it says that a wheelchair is needed. Medical trips until the day named."""
    paper = eligibility_papers.accept(
        call.session, call.actor.id, parse_typeid("rpap", call.path["paper_id"]),
        valid_until=call.body["valid_until"], now=call.now,
    )  # fmt: skip
    return _decided(call, paper)


@routes.post(
    "/v1/desk/ride-papers/<paper_id>/refusal",
    access=_MOBILITY,
    shows_person_data=True,
    body=PaperRefusal,
    answers={200: DeskPaperSchema},
    problems=[NotFound, PaperDecided],
    summary=Text("退回診斷文件", "Refuse a diagnosis paper"),
)
def refuse_paper(call: Call) -> Answer:
    """With the reason that the rider reads; it names no illness."""
    reason = " ".join(call.body["reason"].split())
    paper_id = parse_typeid("rpap", call.path["paper_id"])
    paper = eligibility_papers.refuse(call.session, call.actor.id, paper_id, reason=reason, now=call.now)
    return _decided(call, paper)


def _decided(call: Call, paper: Paper) -> Answer:
    access_log.record_access(
        call.session, actor=call.actor, person_id=paper.rider_id, what="rider_paper_decided",
        purpose="ride_eligibility", reference=paper_body(paper, call.language)["id"], now=call.now,
    )  # fmt: skip
    return Answer(_body(call, paper))


def _body(call: Call, paper: Paper) -> dict[str, Any]:
    return {
        **paper_body(paper, call.language),
        "rider_name": people.name_of(call.session, paper.rider_id),
        "rider_number": people.masked(call.session, paper.rider_id).national_id,
    }
