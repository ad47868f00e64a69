"""The points desk: what partners' agreed months come to, and the payment of what the city owes."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire, taipei_date
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from points.exchange import nettings
from points.exchange.errors import NothingToPay, PartnerAccountMissing
from points.exchange.nettings import Netting
from points.exchange.schemas import NettingPage, NettingPaymentProposal, NettingSchema, NettingsQuery
from points.merchants.paid import masked

routes = Routes("exchange")


@routes.get(
    "/v1/points-desk/partner-nettings",
    access=officer("points_officer", "auditor"),
    shows_person_data=False,
    query=NettingsQuery,
    answers={200: NettingPage},
    summary=Text("夥伴各月的應付與應收", "What each partner's agreed month comes to, the newest first"),
)
def list_nettings(call: Call) -> Answer:
    """What the city owes is paid once two officers have said so; what it is owed waits for the partner's credit."""
    query, limit = call.query, call.query["limit"]
    before = decode_moment_cursor(query["cursor"]) if query["cursor"] else None
    statuses = {"open": nettings.OPEN, "all": nettings.STATUSES}.get(query["status"], (query["status"],))
    found = nettings.page(call.session, statuses=statuses, partner=query["partner"], limit=limit + 1, before=before)
    kept = found[:limit]
    more = encode_moment_cursor(kept[-1].agreed_at, kept[-1].id) if len(found) > limit else None
    return Answer({"items": [_body(each, call) for each in kept], "next_cursor": more})


@routes.post(
    "/v1/points-desk/partner-nettings/<netting_id>/payment",
    access=officer("points_officer"),
    shows_person_data=False,
    idempotent=True,
    body=NettingPaymentProposal,
    answers={202: NettingSchema},
    problems=[NotFound, NothingToPay, PartnerAccountMissing],
    summary=Text("提案付款給夥伴（兩位承辦人員）", "Propose to pay a partner's month; another officer decides"),
)
def propose_payment(call: Call) -> Answer:
    """Also for a payment that the bank refused, once its reason is dealt with. Nothing moves before the second yes."""
    netting_id = parse_typeid("net", call.path["netting_id"])
    found = nettings.propose(call.session, netting_id, note=call.body["note"], by=call.actor, now=call.now)
    return Answer(_body(found, call), status=202)


def _body(found: Netting, call: Call) -> dict[str, Any]:
    return {
        "id": found.reference,
        "partner": found.partner,
        "month": found.month,
        "amount_twd": found.amount_twd,
        "received_twd": found.received_twd,
        "status": found.status,
        "reason": found.reason,
        "payee": found.payee,
        "account": f"{found.bank_code} {masked(found.account)}" if found.account else None,
        "approval_id": typeid("apr", found.approval_id) if found.approval_id else None,
        "agreed_at": on_the_wire(found.agreed_at),
        "due_on": found.due_on and found.due_on.isoformat(),
        "is_overdue": found.status == "owed" and found.due_on is not None and found.due_on < taipei_date(call.now),
        "closed_on": found.closed_on and found.closed_on.isoformat(),
    }
