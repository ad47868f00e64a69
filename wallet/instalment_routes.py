"""Instalments over HTTP: the citizen asks and follows, the bureau grants and delays."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from core import db
from core.clock import on_the_wire, taipei_date
from core.errors import NotFound
from core.http import Answer, Call, Routes, bureau, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from partners.bureaus.client import PlanPart
from wallet import bills, instalment_requests, instalments
from wallet.bureau_schemas import (
    InstalmentDelay,
    InstalmentPlanCreate,
    InstalmentPlanSchema,
    InstalmentRequestCreate,
    InstalmentRequestSchema,
    InstalmentsSchema,
)
from wallet.instalment_errors import (
    DelayRefused,
    InstalmentPlanConflict,
    InstalmentPlanRefused,
    InstalmentsNotPossible,
)
from wallet.instalment_requests import Request
from wallet.instalments import Plan

routes = Routes("instalments")

_GRANTS: Final = bureau(scope="plans:write")
_MESSAGES: Final[dict[str, Text]] = {
    "requested": Text("已收到您的申請，正在送交主管機關。", "Your request is on its way to the bureau."),
    "forwarded": Text("主管機關正在審核您的申請。", "The bureau is considering your request."),
    "granted": Text("主管機關已核准分期，請按期繳納。", "The bureau has granted it. Please pay each part by its date."),
    "refused": Text(
        "主管機關沒有核准分期。如有疑問請洽主管機關。", "The bureau has not granted it. Please ask the bureau why."
    ),
}


@routes.post(
    "/v1/bills/<bill_id>/instalment-requests",
    access=citizen(loa=2),
    body=InstalmentRequestCreate,
    answers={202: InstalmentRequestSchema},
    problems=[NotFound, InstalmentsNotPossible],
    own_units=True,
    summary=Text("申請罰鍰分期", "Ask to pay a fine in parts"),
)
def ask_for_instalments(call: Call) -> Answer:
    """Hands the request to the bureau, which decides. While one is open, asking again answers that one."""
    with db.unit_of_work() as session:
        owner = bills.owner_of(session, call.actor.id)
        (bill,) = bills.bills_for_payment(session, owner, [parse_typeid("bill", call.path["bill_id"])])
        asked = instalment_requests.ask(session, bill, person_id=call.actor.id, parts=call.body["parts"], now=call.now)
    instalment_requests.send_due(call.now, asked.id)
    with db.unit_of_work() as session:
        asked = instalment_requests.request_of(session, asked.id)
    return Answer(_request_on_the_wire(asked, call.language), status=202)


@routes.get(
    "/v1/bills/<bill_id>/instalments",
    access=citizen(loa=2),
    answers={200: InstalmentsSchema},
    problems=[NotFound],
    summary=Text("罰鍰分期", "A fine in parts"),
)
def show_instalments(call: Call) -> Answer:
    """Whether this fine can be paid in parts, what was asked, and the plan with its parts."""
    owner = bills.owner_of(call.session, call.actor.id)
    bill = bills.bill_of(call.session, owner, parse_typeid("bill", call.path["bill_id"]))
    rule = instalments.rule_on(call.session, taipei_date(call.now))
    request = instalment_requests.newest_of_bill(call.session, bill.id)
    plan = instalments.plan_of_bill(call.session, bill.id)
    is_open = request is not None and request.status in ("requested", "forwarded")
    most_parts = rule.most_parts_of(bill.amount_twd)
    is_whole_fine = bill.kind == "fine" and bill.state == "unpaid" and bill.plan_id is None
    return Answer(
        {
            "can_request": is_whole_fine and most_parts >= 2 and not is_open,
            "most_parts": most_parts,
            "least_part": rule.least_part_twd,
            "source": rule.source,
            "request": request and _request_on_the_wire(request, call.language),
            "plan": plan and _plan_on_the_wire(plan, taipei_date(call.now)),
        }
    )


@routes.post(
    "/v1/bureau/instalment-plans",
    access=_GRANTS,
    body=InstalmentPlanCreate,
    answers={201: InstalmentPlanSchema, 200: InstalmentPlanSchema},
    answer_headers={201: {"Location": "where the plan is"}},
    problems=[NotFound, InstalmentPlanRefused, InstalmentPlanConflict],
    shows_person_data=False,
    summary=Text("核准罰鍰分期", "Grant a fine in parts"),
)
def grant_plan(call: Call) -> Answer:
    """Its parts become bills that the citizen pays like others. The same plan again answers 200 and changes nothing."""
    plan, is_new = instalments.grant(
        call.session,
        bureau=call.actor.bureau,
        plan_number=call.body["plan_number"],
        number=call.body["number"],
        parts=[PlanPart(part["number"], part["amount"], part["due_on"]) for part in call.body["parts"]],
        now=call.now,
    )
    shown = _plan_on_the_wire(plan, taipei_date(call.now))
    if not is_new:
        return Answer(shown)
    return Answer(shown, status=201, headers={"Location": f"/v1/bureau/instalment-plans/{shown['id']}"})


@routes.get(
    "/v1/bureau/instalment-plans/<plan_id>",
    access=_GRANTS,
    answers={200: InstalmentPlanSchema},
    problems=[NotFound],
    shows_person_data=False,
    summary=Text("一個分期的情形", "How a plan stands"),
)
def show_plan(call: Call) -> Answer:
    """The plan with each part's date and state."""
    plan_id = parse_typeid("ipl", call.path["plan_id"])
    plan = instalments.plan_of(call.session, plan_id, bureau=call.actor.bureau)
    return Answer(_plan_on_the_wire(plan, taipei_date(call.now)))


@routes.post(
    "/v1/bureau/instalment-plans/<plan_id>/delays",
    access=_GRANTS,
    body=InstalmentDelay,
    answers={200: InstalmentPlanSchema},
    problems=[NotFound, DelayRefused],
    shows_person_data=False,
    summary=Text("延後一期", "Put one part off"),
)
def delay_part(call: Call) -> Answer:
    """Moves the date of an unpaid part to a later one, as often as the rule allows: once."""
    plan = instalments.delay(
        call.session, parse_typeid("ipl", call.path["plan_id"]), bureau=call.actor.bureau, part=call.body["part"],
        due_on=call.body["due_on"], now=call.now,
    )  # fmt: skip
    return Answer(_plan_on_the_wire(plan, taipei_date(call.now)))


def _request_on_the_wire(request: Request, language: str) -> dict[str, Any]:
    return {
        "id": typeid("irq", request.id),
        "bill_id": typeid("bill", request.bill_id),
        "parts": request.parts,
        "status": request.status,
        "message": _MESSAGES[request.status].in_language(language),
        "refusal": request.refusal,
        "plan_id": typeid("ipl", request.plan_id) if request.plan_id else None,
        "created_at": on_the_wire(request.created_at),
        "decided_at": request.decided_at and on_the_wire(request.decided_at),
    }


def _plan_on_the_wire(plan: Plan, today: date) -> dict[str, Any]:
    return {
        "id": typeid("ipl", plan.id),
        "plan_number": plan.plan_number,
        "bill_id": typeid("bill", plan.bill_id),
        "number": plan.number,
        "amount": plan.amount_twd,
        "currency": "TWD",
        "status": plan.status,
        "delays_used": plan.delays_used,
        "delays_allowed": plan.delays_allowed,
        "missed_ends_at": plan.missed_ends_at,
        "source": plan.rule_source,
        "granted_at": on_the_wire(plan.granted_at),
        "ended_at": plan.ended_at and on_the_wire(plan.ended_at),
        "parts": [
            {"part": part.number, "bill_id": typeid("bill", part.bill_id), "number": part.bill_number,
             "amount": part.amount_twd, "currency": "TWD", "due_on": part.due_on.isoformat(),
             "first_due_on": part.first_due_on.isoformat(), "status": part.status,
             "is_missed": part.status == "unpaid" and part.due_on < today}
            for part in plan.parts
        ],
    }  # fmt: skip
