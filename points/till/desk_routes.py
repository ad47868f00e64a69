"""The points desk looks at what is held because a limit would be exceeded."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, PageQuery, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log
from points import limits
from points.till import held, listed, redemptions
from points.till.errors import NotNow
from points.till.schemas import HeldPage

routes = Routes("points")
_DESK = officer("points_officer")


@routes.get(
    "/v1/points-desk/held",
    access=_DESK,
    query=PageQuery,
    answers={200: HeldPage},
    shows_person_data=True,
    summary=Text("等候檢視的兌點", "What waits for a look because a limit would be exceeded, the oldest first"),
)
def held_redemptions(call: Call) -> Answer:
    page = listed.held(call.session, limit=call.query["limit"], cursor=call.query["cursor"])
    _record(call, [row.person_id for row in page.rows])
    return Answer({"items": [_shown(row, call) for row in page.rows], "next_cursor": page.next_cursor})


@routes.post(
    "/v1/points-desk/held/<redemption_id>/release",
    access=_DESK,
    answers={204: None},
    problems=[NotFound, NotNow],
    idempotent=True,
    shows_person_data=True,
    summary=Text("放行", "Let the points go to the merchant after all"),
)
def release_held(call: Call) -> Answer:
    redemption_id = _id(call)
    _record(call, [redemptions.locked(call.session, redemption_id).person_id], redemption_id)
    held.release(call.session, redemption_id, officer=call.actor, now=call.now)
    return Answer(status=204)


@routes.post(
    "/v1/points-desk/held/<redemption_id>/refusal",
    access=_DESK,
    answers={204: None},
    problems=[NotFound, NotNow],
    idempotent=True,
    shows_person_data=True,
    summary=Text("不放行，退回點數", "Give the points back to the person"),
)
def refuse_held(call: Call) -> Answer:
    redemption_id = _id(call)
    _record(call, [redemptions.locked(call.session, redemption_id).person_id], redemption_id)
    held.refuse(call.session, redemption_id, officer=call.actor, now=call.now)
    return Answer(status=204)


def _id(call: Call) -> UUID:
    return parse_typeid("rdm", call.path["redemption_id"])


def _record(call: Call, person_ids: list[UUID], redemption_id: UUID | None = None) -> None:
    access_log.record_accesses(
        call.session, actor=call.actor, person_ids=person_ids, what="points", purpose="points_desk",
        reference=typeid("rdm", redemption_id) if redemption_id else "", now=call.now,
    )  # fmt: skip


def _shown(row: Any, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("rdm", row.id),
        "kind": "redemption",
        "person_id": typeid("per", row.person_id),
        "shop": listed.shop_of(row).in_language(call.language),
        "points": row.points,
        "reason": row.reason,
        "explanation": limits.words_of(row.reason).in_language(call.language),
        "presented": row.presented,
        "created_at": on_the_wire(row.created_at),
        "answer_by": on_the_wire(row.answer_by),
    }
