"""The points desk over HTTP: who takes part, what they are owed and paid, and where the bank's word differs."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import Conflict, Forbidden, NotFound
from core.http import Answer, Call, PageQuery, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log, people
from identity.errors import ApprovalClosed, ApprovalWithoutEffect, SecondPersonNeeded
from points.merchants import (
    answers,
    bank_days,
    branches,
    decisions,
    differences,
    merchants,
    money_routes,
    settlements,
    statements,
)
from points.merchants.bank_days import BankDay
from points.merchants.differences import Difference
from points.merchants.errors import MerchantStateWrong, SettlementNotStopped
from points.merchants.merchants import Merchant
from points.merchants.money_schemas import (
    BankDayPage,
    DeskSettlementSchema,
    DifferencePage,
    DifferenceQuery,
    DifferenceSchema,
    SettlementPage,
    SettlementQuery,
)
from points.merchants.schemas import (
    DeskMerchantSchema,
    MerchantClosingSchema,
    MerchantPage,
    MerchantReasonSchema,
    StatusQuery,
)

routes = Routes("points_desk")
_DESK = officer("points_officer")
_READERS = officer("points_officer", "auditor")
_DECISIONS = [NotFound, Forbidden, MerchantStateWrong, Conflict, SecondPersonNeeded, ApprovalClosed,
              ApprovalWithoutEffect]  # fmt: skip
_BRANCHES_SHOWN = 200


@routes.get(
    "/v1/points-desk/merchants",
    access=_READERS,
    shows_person_data=False,
    query=StatusQuery,
    answers={200: MerchantPage},
    summary=Text("店家", "Merchants, the newest first"),
)
def list_merchants(call: Call) -> Answer:
    """Firms alone; who owns one is shown with it."""
    found = merchants.page(
        call.session, status=call.query["status"], limit=call.query["limit"] + 1, after=answers.after_id(call)
    )
    return answers.page(found, call, lambda each: answers.item(each, call), lambda each: (str(each.id),))


@routes.get(
    "/v1/points-desk/merchants/<merchant_id>",
    access=_READERS,
    shows_person_data=True,
    answers={200: DeskMerchantSchema},
    problems=[NotFound],
    summary=Text("一個店家和負責人", "One merchant, with its owner and branches"),
)
def show_merchant(call: Call) -> Answer:
    """That its owner was looked at goes into the owner's access log."""
    return _shown(merchants.get(call.session, answers.id_of(call, "merchant_id", "mer")), call)


@routes.post(
    "/v1/points-desk/merchants/<merchant_id>/approval",
    access=_DESK,
    shows_person_data=True,
    answers={200: DeskMerchantSchema, 202: DeskMerchantSchema},
    problems=_DECISIONS,
    summary=Text("核准店家（兩位承辦人員）", "Approve a merchant: the first officer proposes, another one decides"),
)
def approve_merchant(call: Call) -> Answer:
    """202: proposed, and waits for a second officer (here, or at `/v1/approvals`). 200: it takes part. So are those let
    in again that were suspended or closed."""
    merchant_id = answers.id_of(call, "merchant_id", "mer")
    merchant, is_decided = decisions.approve(call.session, merchant_id, by=call.actor, now=call.now)
    return _shown(merchant, call, status=200 if is_decided else 202)


@routes.post(
    "/v1/points-desk/merchants/<merchant_id>/refusal",
    access=_DESK,
    shows_person_data=True,
    body=MerchantReasonSchema,
    answers={200: DeskMerchantSchema},
    problems=_DECISIONS,
    summary=Text("不核准，並說明原因", "Turn an application down, with the reason that the owner reads"),
)
def refuse_merchant(call: Call) -> Answer:
    merchant_id = answers.id_of(call, "merchant_id", "mer")
    return _shown(
        decisions.refuse(call.session, merchant_id, reason=call.body["reason"], by=call.actor, now=call.now), call
    )


@routes.post(
    "/v1/points-desk/merchants/<merchant_id>/suspension",
    access=_DESK,
    shows_person_data=True,
    body=MerchantReasonSchema,
    answers={200: DeskMerchantSchema},
    problems=[NotFound, MerchantStateWrong],
    summary=Text("暫停店家", "Stop a merchant at once; two officers let it go on"),
)
def suspend_merchant(call: Call) -> Answer:
    """Its tills take nothing from now on; what it is owed is paid."""
    merchant_id = answers.id_of(call, "merchant_id", "mer")
    return _shown(
        decisions.suspend(call.session, merchant_id, reason=call.body["reason"], by=call.actor, now=call.now), call
    )


@routes.post(
    "/v1/points-desk/merchants/<merchant_id>/closing",
    access=_DESK,
    shows_person_data=True,
    body=MerchantClosingSchema,
    answers={200: DeskMerchantSchema, 202: DeskMerchantSchema},
    problems=_DECISIONS,
    summary=Text("結束店家（兩位承辦人員）", "Close a merchant: the first officer proposes, another one decides"),
)
def close_merchant(call: Call) -> Answer:
    """202: proposed, with the reason, and waits for a second officer. 200: its tills take nothing, its offers have
    ended; what it is owed is settled and paid as always. `approval` opens it again."""
    merchant_id = answers.id_of(call, "merchant_id", "mer")
    merchant, is_decided = decisions.close(
        call.session, merchant_id, reason=call.body["reason"], by=call.actor, now=call.now
    )
    return _shown(merchant, call, status=200 if is_decided else 202)


@routes.get(
    "/v1/points-desk/settlements",
    access=_READERS,
    shows_person_data=False,
    query=SettlementQuery,
    answers={200: SettlementPage},
    summary=Text("店家結算", "Settlements of all merchants, the newest first"),
)
def list_settlements(call: Call) -> Answer:
    found = statements.settlements(
        call.session, status=call.query["status"], limit=call.query["limit"] + 1,
        after=money_routes.after_settlement(call),
    )  # fmt: skip
    return answers.page(found, call, lambda each: money_routes.settlement(each, call), money_routes.place_of)


@routes.get(
    "/v1/points-desk/settlements/<settlement_id>",
    access=_READERS,
    shows_person_data=False,
    answers={200: DeskSettlementSchema},
    problems=[NotFound],
    summary=Text("一筆結算、各局分攤和匯款", "One settlement: whose cost it is, and how it is paid"),
)
def show_settlement(call: Call) -> Answer:
    return _settlement(call)


@routes.post(
    "/v1/points-desk/settlements/<settlement_id>/resending",
    access=_DESK,
    shows_person_data=False,
    idempotent=True,
    answers={202: DeskSettlementSchema},
    problems=[NotFound, SettlementNotStopped],
    summary=Text("重新送出銀行整批退回的匯款", "Send a payment again that stopped because the bank took no file"),
)
def send_again(call: Call) -> Answer:
    """It goes with the next file, to the account that is proven now."""
    settlements.send_again(call.session, answers.id_of(call, "settlement_id", "stl"), now=call.now)
    return _settlement(call, status=202)


@routes.get(
    "/v1/points-desk/payout-days",
    access=_READERS,
    shows_person_data=False,
    query=PageQuery,
    answers={200: BankDayPage},
    summary=Text("結算專戶逐日對帳", "What was paid on each day, and what the bank's statement says"),
)
def list_bank_days(call: Call) -> Answer:
    found = bank_days.page(call.session, limit=call.query["limit"] + 1, before=bank_days.place_in(call.query["cursor"]))
    return answers.page(found, call, _bank_day, lambda each: (each.day.isoformat(),))


@routes.get(
    "/v1/points-desk/payout-differences",
    access=_READERS,
    shows_person_data=False,
    query=DifferenceQuery,
    answers={200: DifferencePage},
    summary=Text("與銀行的差異", "Differences between what we paid and what the bank says, the newest first"),
)
def list_differences(call: Call) -> Answer:
    is_open = {"open": True, "closed": False, "all": None}[call.query["status"]]
    found = differences.page(call.session, is_open=is_open, limit=call.query["limit"] + 1, after=answers.after_id(call))
    return answers.page(found, call, _difference, lambda each: (str(each.id),))


@routes.post(
    "/v1/points-desk/payout-differences/<difference_id>/resolution",
    access=_DESK,
    shows_person_data=False,
    body=MerchantReasonSchema,
    answers={200: DifferenceSchema},
    problems=[NotFound],
    summary=Text("說明並結案", "Close a difference with a word"),
)
def resolve_difference(call: Call) -> Answer:
    """It moves nothing; money is moved by the bank, or by a settlement."""
    closed = differences.close(
        call.session, parse_typeid("pdf", call.path["difference_id"]), by=call.actor.id, note=call.body["reason"],
        now=call.now,
    )  # fmt: skip
    return Answer(_difference(closed))


def _shown(merchant: Merchant, call: Call, *, status: int = 200) -> Answer:
    access_log.record_access(
        call.session, actor=call.actor, person_id=merchant.owner_person_id, what="merchant", purpose="bureau_case",
        reference=typeid("mer", merchant.id), now=call.now,
    )  # fmt: skip
    places = branches.of_merchant(call.session, merchant.id, limit=_BRANCHES_SHOWN, after=None)
    body = {
        **answers.whole(merchant, call),
        "owner_name": people.name_of(call.session, merchant.owner_person_id) or "",
        "approval_id": merchant.approval_id and typeid("apr", merchant.approval_id),
        "proposed": decisions.proposed(call.session, merchant, by=call.actor),
        "branches": [answers.branch(each, call) for each in places],
    }
    return Answer(body, status=status)


def _settlement(call: Call, *, status: int = 200) -> Answer:
    found = statements.settlement(call.session, answers.id_of(call, "settlement_id", "stl"))
    costs = [
        {"bureau": bureau, "redeemed_points": redeemed, "refunded_points": refunded, "cost": redeemed - refunded}
        for bureau, redeemed, refunded in statements.by_bureau(call.session, found.id)
    ]
    return Answer({**money_routes.with_payments(found, call), "costs": costs}, status=status)


def _difference(each: Difference) -> dict[str, Any]:
    return {
        "id": typeid("pdf", each.id),
        "day": each.day.isoformat(),
        "kind": each.kind,
        "payout_id": each.payout_id and typeid("pyt", each.payout_id),
        "reference": each.reference,
        "amount": each.amount_twd,
        "details": each.details,
        "opened_at": on_the_wire(each.opened_at),
        "closed_at": each.closed_at and on_the_wire(each.closed_at),
        "note": each.note,
    }


def _bank_day(each: BankDay) -> dict[str, Any]:
    return {
        "day": each.day.isoformat(),
        "reference": each.reference,
        "paid": each.paid_twd,
        "stated": each.stated_twd,
        "matched": each.matched_twd,
        "lines": each.lines,
    }
