"""Later last days over HTTP: how much it would be, and a proposal that another officer decides at `/v1/approvals`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.cursors import decode_cursor, encode_cursor
from core.errors import NotFound
from core.http import Answer, Call, PageQuery, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log, people
from points import extensions
from points.extension_schemas import (
    ExtensionNumbersSchema,
    ExtensionPage,
    ExtensionSchema,
    WantedExtensionSchema,
)
from points.extensions import Extension, NothingToExtend, Wanted

routes = Routes("points_extensions")
_DESK = officer("points_officer")
_READERS = officer("points_officer", "auditor")


@routes.post(
    "/v1/points-desk/extensions/estimate",
    access=_DESK,
    shows_person_data=True,
    body=WantedExtensionSchema,
    answers={200: ExtensionNumbersSchema},
    problems=[NotFound],
    summary=Text("試算延長點數期限", "How many people, lots and points a later last day would be for"),
)
def estimate(call: Call) -> Answer:
    """Nothing changes. That a person's points were counted goes into that person's access log."""
    numbers = extensions.estimate(call.session, _wanted(call))
    return Answer({"people": numbers.people, "lots": numbers.lots, "points": numbers.points, "lapsed": numbers.lapsed})


@routes.post(
    "/v1/points-desk/extensions",
    access=_DESK,
    shows_person_data=True,
    body=WantedExtensionSchema,
    answers={202: ExtensionSchema},
    problems=[NotFound, NothingToExtend],
    idempotent=True,
    summary=Text("提案延長點數期限（兩位承辦人員）", "Propose a later last day; another officer decides"),
)
def propose(call: Call) -> Answer:
    """Of lots that have ended already, what lapsed comes back when it is agreed on."""
    proposed = extensions.propose(call.session, _wanted(call), by=call.actor, now=call.now)
    return Answer(_item(proposed, call), status=202)


@routes.get(
    "/v1/points-desk/extensions",
    access=_READERS,
    shows_person_data=False,
    query=PageQuery,
    answers={200: ExtensionPage},
    summary=Text("延長點數期限的提案與決定", "Later last days, proposed and decided, the newest first"),
)
def listed(call: Call) -> Answer:
    """Numbers and reasons alone; whose points one person's are is not shown."""
    cursor, limit = call.query["cursor"], call.query["limit"]
    after: UUID | None = parse_typeid("ext", decode_cursor(cursor, str)[0]) if cursor else None
    found = extensions.page(call.session, limit=limit + 1, after=after)
    more = encode_cursor(typeid("ext", found[limit - 1].id)) if len(found) > limit else None
    return Answer({"items": [_item(each, call) for each in found[:limit]], "next_cursor": more})


def _wanted(call: Call) -> Wanted:
    body, person_id = call.body, None
    if body["national_id"] is not None:
        person = people.find(call.session, body["national_id"])
        if person is None:
            raise NotFound
        person_id = person.id
    access_log.record_accesses(
        call.session, actor=call.actor, person_ids=[person_id] if person_id else [], what="points",
        purpose="points_extension", now=call.now,
    )  # fmt: skip
    return Wanted(
        person_id, body["bureau"], body["campaign"], body["first_day"], body["last_day"], body["until_day"],
        Text(body["reason_zh"], body["reason_en"]),
    )  # fmt: skip


def _item(extension: Extension, call: Call) -> dict[str, Any]:
    wanted, numbers = extension.wanted, extension.numbers
    code = wanted.bureau or wanted.campaign
    return {
        "id": typeid("ext", extension.id),
        "status": extension.status,
        "whom": "bureau" if wanted.bureau else "campaign" if wanted.campaign else "person",
        "code": code,
        "first_day": wanted.first_day.isoformat(),
        "last_day": wanted.last_day.isoformat(),
        "until_day": wanted.until_day.isoformat(),
        "reason": wanted.reason.in_language(call.language),
        "people": numbers.people,
        "lots": numbers.lots,
        "points": numbers.points,
        "lapsed": numbers.lapsed,
        "approval_id": typeid("apr", extension.approval_id),
        "proposed_at": on_the_wire(extension.proposed_at),
        "done_at": on_the_wire(extension.done_at) if extension.done_at else None,
    }
