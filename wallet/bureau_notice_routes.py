"""Notices over HTTP: what a bureau was or will be told, each delivery that was tried, and telling it once more."""

from __future__ import annotations

from typing import Any, Final

from core.clock import on_the_wire
from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call, Routes, bureau, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from wallet import bureau_notices, notice_sending
from wallet.bureau_notices import Notice
from wallet.bureau_schemas import AttemptPage, NoticePage, NoticeQuery, NoticeSchema, OfficerNoticeQuery

routes = Routes("bureaus")

_READS: Final = bureau(scope="notices:read")
_WRITES: Final = bureau(scope="notices:write")
_OFFICERS_READ: Final = officer("finance", "auditor", "bureau_officer")
_OFFICERS_WRITE: Final = officer("finance", "bureau_officer")
_LIST = Text("給機關的通知", "Notices to a bureau")
_ATTEMPTS = Text("一則通知的每次送達", "Every delivery of a notice")
_REDELIVERY = Text("再送一次通知", "Deliver a notice once more")


@routes.get(
    "/v1/bureau/notices",
    access=_READS,
    query=NoticeQuery,
    answers={200: NoticePage},
    shows_person_data=False,
    summary=_LIST,
)
def list_notices(call: Call) -> Answer:
    """What this bureau was told or will be told, newest first; `number` looks for one bill."""
    return _page(call, call.actor.bureau)


@routes.get(
    "/v1/bureau/notices/<notice_id>/attempts",
    access=_READS,
    answers={200: AttemptPage},
    problems=[NotFound],
    shows_person_data=False,
    summary=_ATTEMPTS,
)
def list_attempts(call: Call) -> Answer:
    """When it was tried, how long that took, what came back."""
    return _attempts(call, call.actor.bureau)


@routes.post(
    "/v1/bureau/notices/<notice_id>/redelivery",
    access=_WRITES,
    answers={202: NoticeSchema},
    problems=[NotFound],
    shows_person_data=False,
    summary=_REDELIVERY,
)
def redeliver_notice(call: Call) -> Answer:
    """Makes it due at once, acknowledged or given up or not; its webhook-id stays the same."""
    return _redelivered(call, call.actor.bureau)


@routes.get(
    "/v1/bureau-notices",
    access=_OFFICERS_READ,
    query=OfficerNoticeQuery,
    answers={200: NoticePage},
    shows_person_data=False,
    summary=_LIST,
)
def list_notices_for_officers(call: Call) -> Answer:
    """As a bureau sees it; an officer of a bureau sees that bureau's alone."""
    return _page(call, _bureau_of(call) or call.query["bureau"])


@routes.get(
    "/v1/bureau-notices/<notice_id>/attempts",
    access=_OFFICERS_READ,
    answers={200: AttemptPage},
    problems=[NotFound],
    shows_person_data=False,
    summary=_ATTEMPTS,
)
def list_attempts_for_officers(call: Call) -> Answer:
    """When it was tried, how long that took, what came back."""
    return _attempts(call, _bureau_of(call))


@routes.post(
    "/v1/bureau-notices/<notice_id>/redelivery",
    access=_OFFICERS_WRITE,
    answers={202: NoticeSchema},
    problems=[NotFound],
    shows_person_data=False,
    summary=_REDELIVERY,
)
def redeliver_notice_for_officers(call: Call) -> Answer:
    """Makes it due at once, acknowledged or given up or not; its webhook-id stays the same."""
    return _redelivered(call, _bureau_of(call))


def _bureau_of(call: Call) -> str | None:
    """The only bureau this officer works for; None: all of them."""
    return None if call.actor.roles & {"finance", "auditor"} else str(call.actor.bureau)


def _page(call: Call, of: str | None) -> Answer:
    limit = call.query["limit"]
    before = None
    if call.query["cursor"]:
        (last,) = decode_cursor(call.query["cursor"], str)
        try:
            before = parse_typeid("ntc", last)
        except NotFound:
            raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None
    found = bureau_notices.page_of_notices(
        call.session, bureau=of, status=call.query["status"], number=call.query["number"], limit=limit + 1,
        before=before,
    )  # fmt: skip
    more = len(found) > limit
    return Answer(
        {
            "items": [_shown(notice) for notice in found[:limit]],
            "next_cursor": encode_cursor(typeid("ntc", found[limit - 1].id)) if more else None,
        }
    )


def _attempts(call: Call, of: str | None) -> Answer:
    notice = bureau_notices.notice_of(call.session, parse_typeid("ntc", call.path["notice_id"]), bureau=of)
    items = [
        {"number": each.number, "started_at": on_the_wire(each.started_at), "took_ms": each.took_ms,
         "outcome": each.outcome, "detail": each.detail}
        for each in bureau_notices.attempts_of(call.session, notice.id)
    ]  # fmt: skip
    return Answer({"items": items, "next_cursor": None})


def _redelivered(call: Call, of: str | None) -> Answer:
    notice_id = parse_typeid("ntc", call.path["notice_id"])
    notice_sending.redeliver(call.session, notice_id, bureau=of, now=call.now)
    return Answer(_shown(bureau_notices.notice_of(call.session, notice_id, bureau=of)), status=202)


def _shown(notice: Notice) -> dict[str, Any]:
    return {
        "id": typeid("ntc", notice.id),
        "bureau": notice.bureau,
        "type": notice.kind,
        "payment_id": typeid("pay", notice.payment_id),
        "data": dict(notice.body),
        "happened_at": on_the_wire(notice.happened_at),
        "status": notice.status,
        "acknowledged_at": notice.acknowledged_at and on_the_wire(notice.acknowledged_at),
        "gave_up_at": notice.gave_up_at and on_the_wire(notice.gave_up_at),
        "next_try_at": notice.next_try_at and on_the_wire(notice.next_try_at),
        "tries": notice.tries,
        "last_error": notice.last_error,
        "waits_for": [typeid("ntc", notice_id) for notice_id in notice.waits_for],
    }
