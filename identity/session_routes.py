"""A person's sessions over HTTP: where they are signed in, where they have signed in, and ending it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, PageQuery, Routes, citizen, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import devices, levels, people, sessions, sign_in_notices
from identity.device_schemas import SessionItemSchema, SignInSchema
from identity.models import SessionRow
from identity.pages_of_ids import continued, page_answer

routes = Routes("identity")
_VISIT = Text("服務人員陪同辦理", "With an officer of the city")


@routes.get(
    "/v1/me/sessions",
    access=citizen(loa=1),
    query=PageQuery,
    answers={200: page_of(SessionItemSchema)},
    summary=Text("我在哪裡登入", "Where I am signed in"),
)
def list_sessions(call: Call) -> Answer:
    """The newest first. `acr` is what each reaches now: a remembered one that has gone stale reaches 1."""
    limit = call.query["limit"]
    before = continued(call, "ses")
    rows = sessions.running(call.session, person_id=call.actor.id, now=call.now, limit=limit + 1, before=before)
    proofing = people.get(call.session, call.actor.id).proofing_level
    return page_answer([_session_item(row, proofing, call) for row in rows], limit)


@routes.delete(
    "/v1/me/sessions",
    access=citizen(loa=1),
    answers={204: None},
    summary=Text("結束其他所有登入", "End all my other sessions"),
)
def end_other_sessions(call: Call) -> Answer:
    """Every one but the caller's own ends at once."""
    sessions.end_all(
        call.session, person_id=call.actor.id, now=call.now, reason="others ended", kept=call.actor.session_id
    )
    return Answer(status=204)


@routes.delete(
    "/v1/me/sessions/<session_id>",
    access=citizen(loa=1),
    answers={204: None},
    problems=[NotFound],
    summary=Text("結束一個登入", "End one of my sessions"),
)
def end_session(call: Call) -> Answer:
    """It ends at once."""
    session_id = parse_typeid("ses", call.path["session_id"])
    sessions.end(call.session, person_id=call.actor.id, session_id=session_id, now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/me/sign-ins",
    access=citizen(loa=1),
    query=PageQuery,
    answers={200: page_of(SignInSchema)},
    summary=Text("最近的登入紀錄", "My recent sign-ins"),
)
def list_sign_ins(call: Call) -> Answer:
    """The newest first, those that have ended too; each is kept until 30 days after it would have lapsed."""
    limit = call.query["limit"]
    rows = sessions.begun(call.session, person_id=call.actor.id, limit=limit + 1, before=continued(call, "ses"))
    ids = [row.id for row in rows]
    notices = sign_in_notices.of_sessions(call.session, call.actor.id, ids, now=call.now)
    return page_answer([_sign_in_item(row, notices.get(row.id), call) for row in rows], limit)


def _session_item(row: SessionRow, proofing: int, call: Call) -> dict[str, Any]:
    is_fresh = row.idle_until > call.now and row.expires_at > call.now
    loa = levels.assurance(proofing=proofing, authenticator=row.authenticator_level, is_fresh=is_fresh)
    return {
        "id": typeid("ses", row.id),
        "acr": levels.acr(loa),
        "amr": row.amr,
        "transport": row.transport,
        "user_agent": row.user_agent,
        "device": _device(row).in_language(call.language),
        "network": row.network,
        "place": devices.place_label(row.network).in_language(call.language),
        "created_at": on_the_wire(row.created_at),
        "last_used_at": on_the_wire(row.last_used_at),
        "expires_at": on_the_wire(row.expires_at),
        "is_remembered": row.remembered_until is not None and row.remembered_until > call.now,
        "is_current": row.id == call.actor.session_id,
    }


def _sign_in_item(row: SessionRow, notice_id: UUID | None, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("ses", row.id),
        "at": on_the_wire(row.created_at),
        "amr": row.amr,
        "device": _device(row).in_language(call.language),
        "network": row.network,
        "place": devices.place_label(row.network).in_language(call.language),
        "notice_id": typeid("ntc", notice_id) if notice_id else None,
        "is_running": sessions.is_running(row, call.now),
        "is_current": row.id == call.actor.session_id,
    }


def _device(row: SessionRow) -> Text:
    """A visit's session is on an officer's machine, which says nothing to its person."""
    return _VISIT if row.with_officer else devices.label_of(row.user_agent)
