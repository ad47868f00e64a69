"""Decisions of two persons over HTTP, and the citizen's view of who read their data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.errors import Forbidden, NotFound
from core.http import Answer, Call, PageQuery, Routes, citizen, officer, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log, approvals, officers, people
from identity.access_words import PURPOSES, WHAT
from identity.approval_schemas import (
    AccessLogEntrySchema,
    ApprovalDecision,
    ApprovalItemSchema,
    ApprovalSchema,
    ApprovalsQuery,
)
from identity.errors import ApprovalClosed, ApprovalWithoutEffect, SecondPersonNeeded
from identity.officer_models import AccessLogEntry, Approval
from identity.pages_of_ids import continued, page_answer
from identity.schemas import Nothing
from identity.words import BUREAU_NAMES, ROLE_NAMES

routes = Routes("identity")


@routes.get(
    "/v1/approvals",
    access=officer(),
    shows_person_data=False,
    query=ApprovalsQuery,
    answers={200: page_of(ApprovalItemSchema)},
    summary=Text("待我簽核的提案", "Proposals to decide"),
)
def list_approvals(call: Call) -> Answer:
    """What I may decide, have proposed or may audit, the newest first. What a proposal says is read one by one."""
    status = None if call.query["status"] == "all" else call.query["status"]
    limit = call.query["limit"]
    rows = approvals.page(call.session, by=call.actor, status=status, limit=limit + 1, before=continued(call, "apr"))
    names = officers.names_of(call.session, {row.decided_by for row in rows if row.decided_by})
    return page_answer([_item(row, call, names) for row in rows], limit)


@routes.get(
    "/v1/approvals/<approval_id>",
    access=officer(),
    shows_person_data=True,
    answers={200: ApprovalSchema},
    problems=[NotFound],
    summary=Text("一件提案的內容", "What a proposal says"),
)
def show_approval(call: Call) -> Answer:
    """Reading it is recorded for the citizen whose data it shows."""
    approval = approvals.get(call.session, parse_typeid("apr", call.path["approval_id"]), by=call.actor)
    access_log.record_accesses(
        call.session,
        actor=call.actor,
        person_ids=[approval.person_id] if approval.person_id else [],
        what="approval",
        purpose="decision" if approvals.may_decide(call.actor, approval) else "audit",
        reference=typeid("apr", approval.id),
        now=call.now,
    )
    lines = [
        {"label": line.label.in_language(call.language), "value": _in_words(line.value, call)}
        for line in approvals.shown(approval)
    ]
    whole = {"reason": approval.reason, "note": approval.note, "body": approval.body, "shown": lines}
    return Answer(_alone(approval, call) | whole)


@routes.post(
    "/v1/approvals/<approval_id>/decision",
    access=officer(),
    shows_person_data=False,
    body=ApprovalDecision,
    answers={200: ApprovalItemSchema},
    problems=[NotFound, Forbidden, SecondPersonNeeded, ApprovalClosed, ApprovalWithoutEffect],
    idempotent=True,
    summary=Text("核准或退回一件提案", "Approve or decline a proposal"),
)
def decide_approval(call: Call) -> Answer:
    """What is approved is carried out in the same transaction, once."""
    approval = approvals.decide(
        call.session,
        parse_typeid("apr", call.path["approval_id"]),
        by=call.actor,
        is_approved=call.body["is_approved"],
        note=call.body["note"],
        now=call.now,
    )
    return Answer(_alone(approval, call))


@routes.post(
    "/v1/approvals/<approval_id>/withdrawal",
    access=officer(),
    shows_person_data=False,
    body=Nothing,
    answers={200: ApprovalItemSchema},
    problems=[NotFound, Forbidden, ApprovalClosed, ApprovalWithoutEffect],
    summary=Text("撤回我的提案", "Take back a proposal of mine"),
)
def withdraw_approval(call: Call) -> Answer:
    """Nothing of it is carried out."""
    approval_id = parse_typeid("apr", call.path["approval_id"])
    return Answer(_alone(approvals.withdraw(call.session, approval_id, by=call.actor, now=call.now), call))


@routes.get(
    "/v1/me/access-log",
    access=citizen(loa=2),
    query=PageQuery,
    answers={200: page_of(AccessLogEntrySchema)},
    summary=Text("誰看過我的資料", "Who read my data"),
)
def my_access_log(call: Call) -> Answer:
    """Every read by somebody else, the latest first: office and function, what, for what purpose, when."""
    limit = call.query["limit"]
    rows = access_log.page(call.session, person_id=call.actor.id, limit=limit + 1, before=continued(call, "acc"))
    return page_answer([_entry(row, call) for row in rows], limit)


def _item(approval: Approval, call: Call, names: dict[UUID, str]) -> dict[str, Any]:
    is_open = approval.status == "proposed" and approval.expires_at > call.now
    return {
        "id": typeid("apr", approval.id),
        "kind": approval.kind,
        "title": approvals.title_of(approval).in_language(call.language),
        "subject": approval.subject,
        "status": approval.status,
        "bureau": approval.bureau,
        "proposed_by": approval.proposer_name,
        "proposed_at": on_the_wire(approval.proposed_at),
        "expires_at": on_the_wire(approval.expires_at),
        "decided_by": names.get(approval.decided_by) if approval.decided_by else None,
        "closed_at": on_the_wire(approval.closed_at) if approval.closed_at else None,
        "is_mine": approval.proposed_by == call.actor.id,
        "may_decide": is_open and approvals.may_decide(call.actor, approval),
    }


def _alone(approval: Approval, call: Call) -> dict[str, Any]:
    decided_by = {approval.decided_by} if approval.decided_by else set()
    return _item(approval, call, officers.names_of(call.session, decided_by))


def _entry(row: AccessLogEntry, call: Call) -> dict[str, Any]:
    if row.actor_kind == "citizen":
        # Both have agreed, so the one knows the other's name.
        name = people.name_of(call.session, row.actor_id) or people.masked(call.session, row.actor_id).national_id
        names = [Text(f"您的代理人 {name}", f"{name}, who acts for you")]
    else:
        names = _office(row)
    return {
        "id": typeid("acc", row.id),
        "at": on_the_wire(row.at),
        "bureau": row.actor_bureau,
        "who": " ".join(each.in_language(call.language) for each in names),
        "what": row.what,
        "what_words": WHAT[row.what].in_language(call.language),
        "purpose": row.purpose,
        "purpose_words": PURPOSES[row.purpose].in_language(call.language),
        "reference": row.reference,
        "delegation_id": typeid("dlg", row.delegation_id) if row.delegation_id else None,
    }


def _office(row: AccessLogEntry) -> list[Text]:
    names = [_bureau_name(row.actor_bureau), *(ROLE_NAMES[role] for role in row.actor_roles)]
    if row.actor_kind == "bureau":
        names.append(Text("資訊系統", "computer system"))
    return names


def _bureau_name(bureau: str) -> Text:
    return BUREAU_NAMES.get(bureau, Text(bureau, bureau))


def _in_words(value: Text | str, call: Call) -> str:
    return value.in_language(call.language) if isinstance(value, Text) else value
