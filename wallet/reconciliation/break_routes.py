"""Breaks over HTTP: found, assigned, explained, and closed by two persons."""

from __future__ import annotations

from typing import Any, Final

from core.clock import on_the_wire
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import InvalidRequest, NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity.schemas import Nothing
from wallet.reconciliation import adjustments, booking, breaks
from wallet.reconciliation.adjustments import AdjustmentPending
from wallet.reconciliation.breaks import Break, BreakClosed, Filter
from wallet.reconciliation.schemas import (
    Adjustment,
    BreakPage,
    BreakSchema,
    BreaksQuery,
    BreakWithHistorySchema,
    Explanation,
    ProposedSchema,
)
from wallet.reconciliation.words import cause_words

routes = Routes("reconciliation")

READERS: Final = officer("finance", "auditor")
WRITERS: Final = officer("finance")


@routes.get(
    "/v1/reconciliation/breaks",
    access=READERS,
    shows_person_data=False,
    query=BreaksQuery,
    answers={200: BreakPage},
    summary=Text("對帳差異", "Breaks"),
)
def list_breaks(call: Call) -> Answer:
    """Differences between what we say and what others say, newest first."""
    query, limit = call.query, call.query["limit"]
    chosen = Filter(
        status=None if query["status"] == "all" else query["status"],
        kind=query["kind"],
        rail=query["rail"],
        source=query["source"],
        opened_before=breaks.opened_longer_than(query["older_than"], now=call.now),
        payment_id=parse_typeid("pay", query["payment_id"]) if query["payment_id"] else None,
        owner_id=call.actor.id if query["owner"] == "me" else None,
        is_unowned=query["owner"] == "nobody",
    )
    before = decode_moment_cursor(query["cursor"]) if query["cursor"] else None
    found = breaks.breaks(call.session, chosen, limit=limit + 1, before=before)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].opened_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": [break_body(each, call) for each in shown], "next_cursor": more})


@routes.get(
    "/v1/reconciliation/breaks/<break_id>",
    access=READERS,
    shows_person_data=False,
    answers={200: BreakWithHistorySchema},
    problems=[NotFound],
    summary=Text("一筆差異與經過", "One break and all that happened to it"),
)
def show_break(call: Call) -> Answer:
    """With its history and the accounts that an adjustment may use."""
    found = breaks.break_of(call.session, parse_typeid("brk", call.path["break_id"]))
    steps = [
        {"at": on_the_wire(step.at), "what": step.what, "by": step.by_name, "note": step.note}
        for step in breaks.history_of(call.session, found.id)
    ]
    accounts = list(adjustments.COUNTER_ACCOUNTS) if adjustments.needs_counter_account(found) else []
    return Answer({**break_body(found, call), "history": steps, "counter_accounts": accounts})


@routes.post(
    "/v1/reconciliation/breaks/<break_id>/assignment",
    access=WRITERS,
    shows_person_data=False,
    body=Nothing,
    answers={200: BreakSchema},
    problems=[NotFound, BreakClosed],
    summary=Text("由我處理這筆差異", "Take a break over"),
)
def take_break_over(call: Call) -> Answer:
    """The caller owns it from now on."""
    found = breaks.assign(
        call.session, parse_typeid("brk", call.path["break_id"]), to_id=call.actor.id, to_name=call.actor.name,
        by_name=call.actor.name, now=call.now,
    )  # fmt: skip
    return Answer(break_body(found, call))


@routes.post(
    "/v1/reconciliation/breaks/<break_id>/explanation",
    access=WRITERS,
    shows_person_data=False,
    body=Explanation,
    answers={200: BreakSchema},
    problems=[NotFound, BreakClosed],
    summary=Text("說明這筆差異", "Explain a break"),
)
def explain_break(call: Call) -> Answer:
    """Earlier explanations stay in its history."""
    found = breaks.explain(
        call.session, parse_typeid("brk", call.path["break_id"]), explanation=call.body["explanation"],
        by_name=call.actor.name, now=call.now,
    )  # fmt: skip
    return Answer(break_body(found, call))


@routes.post(
    "/v1/reconciliation/breaks/<break_id>/adjustment",
    access=WRITERS,
    shows_person_data=False,
    body=Adjustment,
    answers={202: ProposedSchema},
    problems=[NotFound, BreakClosed, AdjustmentPending, InvalidRequest],
    summary=Text("提出調整分錄", "Propose the entry that closes a break"),
)
def propose_adjustment(call: Call) -> Answer:
    """Nothing moves until another officer approves it."""
    approval = adjustments.propose(
        call.session, parse_typeid("brk", call.path["break_id"]), counter_account=call.body["counter_account"],
        reason=call.body["reason"], by=call.actor, now=call.now,
    )  # fmt: skip
    return Answer({"approval_id": typeid("apr", approval.id)}, status=202)


def break_body(found: Break, call: Call) -> dict[str, Any]:
    """A break on the wire."""
    until = found.closed_at or call.now
    return {
        "id": booking.break_reference(found.id),
        "kind": found.kind,
        "status": found.status,
        "source": found.source,
        "rail": found.rail,
        "cause": found.cause,
        "cause_words": cause_words(found.cause).in_language(call.language),
        "about": found.subject_kind,
        "our_reference": found.our_reference,
        "their_reference": found.their_reference,
        "ours": found.ours_twd,
        "theirs": found.theirs_twd,
        "difference": found.difference_twd,
        "in_suspense": found.suspense_twd,
        "currency": "TWD",
        "account": found.account,
        "file_id": booking.file_reference(found.file_id) if found.file_id else None,
        "row": found.row,
        "detail": found.detail,
        "occurred_on": found.occurred_on.isoformat(),
        "opened_at": on_the_wire(found.opened_at),
        "age_days": max((until - found.opened_at).days, 0),
        "owner": found.owner_name,
        "explanation": found.explanation,
        "approval_id": adjustments.proposal_of(found),
        "needs_counter_account": adjustments.needs_counter_account(found),
        "closed_at": on_the_wire(found.closed_at) if found.closed_at else None,
        "closed_by": found.closed_by,
    }
