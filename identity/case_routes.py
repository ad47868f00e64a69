"""“That was not me” over HTTP: the link's page, what is shut, and the desk that looks after the cases."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import Forbidden, InsufficientAuthentication, NotFound
from core.http import Answer, Call, Routes, citizen, officer, page_of, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log, cases, disavowals, locks, officers, people, totp
from identity.case_schemas import CaseItemSchema, CaseNote, CaseSchema, CasesQuery, MethodUnlocking
from identity.counter_errors import NotProvedYet
from identity.models import Disavowal
from identity.notice_words import NOTICES
from identity.pages_of_ids import continued, page_answer
from identity.recovery_errors import CaseClosed, LinkLapsed, MethodNotShut
from identity.recovery_models import MethodLock, SecurityCase
from identity.recovery_schemas import DisavowalToken, DisavowedSchema, MethodLocksSchema, SecurityNoticeSchema
from identity.recovery_words import EVENT_WORDS, METHOD_NAMES, SESSIONS_ENDED
from identity.schemas import Nothing

routes = Routes("identity")


@routes.post(
    "/v1/auth/disavowals/preview",
    access=public(),
    body=DisavowalToken,
    answers={200: SecurityNoticeSchema},
    problems=[LinkLapsed],
    summary=Text("「不是我本人」連結說的是什麼", "What a link “that was not me” is about"),
)
def preview_disavowal(call: Call) -> Answer:
    """Looking changes nothing. Whose account it is, is not said."""
    return Answer(_notice(disavowals.by_token(call.session, call.body["token"], now=call.now), call))


@routes.post(
    "/v1/auth/disavowals",
    access=public(),
    body=DisavowalToken,
    answers={200: DisavowedSchema},
    problems=[LinkLapsed],
    summary=Text("通報「不是我本人」", "Say “that was not me”"),
)
def disavow(call: Call) -> Answer:
    """Shuts the way to sign in, ends the sessions in question, stops a reset, and opens a case. Twice is once."""
    notice = disavowals.by_token(call.session, call.body["token"], now=call.now)
    return Answer({"case_number": disavowals.disavow(call.session, notice, now=call.now).number})


@routes.get(
    "/v1/me/security-notices/<notice_id>",
    access=citizen(loa=1),
    answers={200: SecurityNoticeSchema},
    problems=[NotFound, LinkLapsed],
    summary=Text("一則安全通知說的是什麼", "What a security notice is about"),
)
def my_notice(call: Call) -> Answer:
    """The same as the link in the text message, from the inbox."""
    notice_id = parse_typeid("ntc", call.path["notice_id"])
    return Answer(_notice(disavowals.by_notice(call.session, call.actor.id, notice_id, now=call.now), call))


@routes.post(
    "/v1/me/security-notices/<notice_id>/disavowal",
    access=citizen(loa=1),
    body=Nothing,
    answers={200: DisavowedSchema},
    problems=[NotFound, LinkLapsed],
    summary=Text("通報一則安全通知「不是我本人」", "Say “that was not me” of a security notice"),
)
def disavow_notice(call: Call) -> Answer:
    """The same as the link in the text message, from the inbox. It may end the caller's own session."""
    notice_id = parse_typeid("ntc", call.path["notice_id"])
    notice = disavowals.by_notice(call.session, call.actor.id, notice_id, now=call.now)
    return Answer({"case_number": disavowals.disavow(call.session, notice, now=call.now).number})


@routes.get(
    "/v1/me/method-locks",
    access=citizen(loa=1),
    answers={200: MethodLocksSchema},
    summary=Text("已停用的登入方式", "The ways to sign in that are shut"),
)
def my_locks(call: Call) -> Answer:
    """Each stays shut until it is opened from a session of level 4, or at a counter."""
    return Answer({"items": [_lock(lock, call) for lock in locks.in_force(call.session, call.actor.id)]})


@routes.post(
    "/v1/me/method-locks/<method>/release",
    access=citizen(loa=4),
    body=Nothing,
    answers={204: None},
    problems=[MethodNotShut, InsufficientAuthentication],
    summary=Text("恢復已停用的登入方式", "Open a way to sign in again"),
)
def release_method(call: Call) -> Answer:
    """From a fresh session of level 4. Every channel tells of it."""
    totp.refuse_if_stale(call.actor, loa=4, now=call.now)
    cases.release_method(
        call.session, call.actor.id, call.path["method"], session_id=call.actor.session_id, now=call.now
    )
    return Answer(status=204)


@routes.get(
    "/v1/cases",
    access=officer("counter", "operator"),
    shows_person_data=False,
    query=CasesQuery,
    answers={200: page_of(CaseItemSchema)},
    summary=Text("「不是我本人」案件", "Cases of “that was not me”"),
)
def list_cases(call: Call) -> Answer:
    """The newest first. Whose they are is read one by one."""
    status = None if call.query["status"] == "all" else call.query["status"]
    limit = call.query["limit"]
    rows = cases.page(call.session, status=status, limit=limit + 1, before=continued(call, "cas"))
    return page_answer([_item(row, call) for row in rows], limit)


@routes.get(
    "/v1/cases/<case_id>",
    access=officer("counter", "operator"),
    shows_person_data=True,
    answers={200: CaseSchema},
    problems=[NotFound, Forbidden],
    summary=Text("一件案件", "A case"),
)
def show_case(call: Call) -> Answer:
    """Whose it is (masked), what is shut, what happened. Reading it is recorded for the citizen."""
    case = cases.get(call.session, parse_typeid("cas", call.path["case_id"]), by=call.actor)
    access_log.record_access(
        call.session,
        actor=call.actor,
        person_id=case.person_id,
        what="security_case",
        purpose="security_report",
        reference=typeid("cas", case.id),
        now=call.now,
    )
    numbers = people.masked(call.session, case.person_id)
    happened = cases.events(call.session, case.id)
    names = officers.names_of(call.session, {event.officer_id for event in happened if event.officer_id})
    whole = {
        "national_id": numbers.national_id,
        "mobile": numbers.mobile,
        "shut": [_lock(lock, call) for lock in locks.in_force(call.session, case.person_id)],
        "may_unlock": case.status == "open"
        and "counter" in call.actor.roles
        and cases.has_just_proved(call.session, call.actor, case.person_id, now=call.now),
        "events": [
            {
                "at": on_the_wire(event.at),
                "kind": event.kind,
                "words": EVENT_WORDS[event.kind].in_language(call.language),
                "note": _in_words(event.kind, event.note, call),
                "officer": names.get(event.officer_id) if event.officer_id else None,
            }
            for event in happened
        ],
    }
    return Answer(_item(case, call) | whole)


@routes.post(
    "/v1/cases/<case_id>/notes",
    access=officer("counter", "operator"),
    shows_person_data=False,
    body=CaseNote,
    answers={200: CaseItemSchema},
    problems=[NotFound, Forbidden, CaseClosed],
    summary=Text("在案件加註", "Add a note to a case"),
)
def note_case(call: Call) -> Answer:
    """It stays as it was written."""
    case_id = parse_typeid("cas", call.path["case_id"])
    return Answer(_item(cases.add_note(call.session, case_id, call.body["note"], by=call.actor, now=call.now), call))


@routes.post(
    "/v1/cases/<case_id>/unlocking",
    access=officer("counter"),
    shows_person_data=False,
    body=MethodUnlocking,
    answers={200: CaseItemSchema},
    problems=[NotFound, Forbidden, CaseClosed, NotProvedYet, MethodNotShut],
    summary=Text("核對證件後恢復登入方式", "Open a way to sign in again for somebody whose papers were checked"),
)
def unlock_for_case(call: Call) -> Answer:
    """The person stands at the counter, and this officer has proved them there (`/v1/counter/cases/…/proof`). They are
    told on every channel."""
    case = cases.unlock_method(
        call.session,
        parse_typeid("cas", call.path["case_id"]),
        call.body["method"],
        call.body["note"],
        by=call.actor,
        now=call.now,
    )
    return Answer(_item(case, call))


@routes.post(
    "/v1/cases/<case_id>/resolution",
    access=officer("counter", "operator"),
    shows_person_data=False,
    body=CaseNote,
    answers={200: CaseItemSchema},
    problems=[NotFound, Forbidden, CaseClosed],
    summary=Text("案件結案", "Resolve a case"),
)
def resolve_case(call: Call) -> Answer:
    """With what came of it. What is shut stays shut."""
    case_id = parse_typeid("cas", call.path["case_id"])
    return Answer(_item(cases.resolve(call.session, case_id, call.body["note"], by=call.actor, now=call.now), call))


def _notice(notice: Disavowal, call: Call) -> dict[str, Any]:
    shown = disavowals.shown(call.session, notice)
    return {
        "kind": shown.kind,
        "title": shown.title.in_language(call.language),
        "at": on_the_wire(shown.at),
        "device": shown.device.in_language(call.language) if shown.device else None,
        "place": shown.place.in_language(call.language) if shown.place else None,
        "shuts": [METHOD_NAMES[method].in_language(call.language) for method in shown.methods],
        "case_number": shown.case.number if shown.case else None,
    }


def _lock(lock: MethodLock, call: Call) -> dict[str, Any]:
    return {
        "method": lock.method,
        "label": METHOD_NAMES[lock.method].in_language(call.language),
        "locked_at": on_the_wire(lock.locked_at),
    }


def _item(case: SecurityCase, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("cas", case.id),
        "number": case.number,
        "title": NOTICES[case.notice].title.in_language(call.language),
        "status": case.status,
        "noticed_at": on_the_wire(case.noticed_at),
        "opened_at": on_the_wire(case.opened_at),
        "resolved_at": on_the_wire(case.resolved_at) if case.resolved_at else None,
    }


def _in_words(kind: str, note: str, call: Call) -> str:
    if kind == "method_locked":
        return METHOD_NAMES[note].in_language(call.language)
    if kind == "sessions_ended":
        return SESSIONS_ENDED.format(n=note).in_language(call.language)
    return note
