"""A till or cash register over HTTP: who it is, asking for points, giving them back, and what the day came to.

What it is shown of a customer is the result and nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from core import db
from core.clock import on_the_wire, taipei_date
from core.errors import NotFound
from core.http import Answer, Call, Routes, public, till
from core.ids import parse_typeid, typeid
from core.text import Text
from identity.session_answers import network_of
from points.merchants.errors import OfferNotThere, OfferPointsDiffer, OfferSoldOut, OfferTakenOften
from points.tender import NotEnoughPoints
from points.till import asking, day_file, enrolment, listed, shifts, texts, tills, undoing, wrong_tries
from points.till.asking import Sale
from points.till.errors import (
    CodeAlreadyUsed,
    CodeNotGenuine,
    CodeOutOfDate,
    CodeUnreadable,
    EnrolmentCodeWrong,
    MayNotRefund,
    MoreThanIsLeft,
    NotNow,
    OfflineLimit,
    PhoneSignedOut,
    ReferenceUsed,
    TooFewPoints,
    TooLateToVoid,
    TooManyTries,
    WrongPin,
)
from points.till.schemas import (
    AskSchema,
    DayQuery,
    DayTotalsSchema,
    EnrolledSchema,
    EnrolmentSchema,
    RedemptionPage,
    RedemptionQuery,
    RedemptionSchema,
    RefundRequestSchema,
    ShiftRequestSchema,
    TillSchema,
)

routes = Routes("points")
_COOKIE = "__Host-till"
_COOKIE_SECONDS = 400 * 24 * 3600


@routes.post(
    "/v1/till/enrolments",
    access=public(),
    body=EnrolmentSchema,
    answers={201: EnrolledSchema},
    answer_headers={201: {"Set-Cookie": "the till's token, where `transport` is cookie"}},
    problems=[EnrolmentCodeWrong, TooManyTries],
    summary=Text("把這台裝置登記為收銀機", "Make this device a till, by the code that the merchant's page shows"),
)
def enrol_till(call: Call) -> Answer:
    network = network_of(call.request.remote_addr)
    enrolled = enrolment.enrol(call.session, code=call.body["code"], network=network, now=call.now)
    is_cookie = call.body["transport"] == "cookie"
    cookie = f"{_COOKIE}={enrolled.token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={_COOKIE_SECONDS}"
    body = {
        "till_id": typeid("til", enrolled.id),
        "name": enrolled.name,
        "token_type": "Bearer",
        "token": None if is_cookie else enrolled.token,
    }
    return Answer(body, 201, {"Set-Cookie": cookie} if is_cookie else {})


@routes.get(
    "/v1/till",
    access=till(staffed=False),
    answers={200: TillSchema},
    shows_person_data=False,
    summary=Text("這台收銀機", "This till, whose it is, and whose shift is open on it"),
)
def this_till(call: Call) -> Answer:
    row = tills.described(call.session, call.actor, call.now)
    staff = None
    if row.staff_id is not None:
        staff = {
            "id": typeid("stf", row.staff_id),
            "name": row.staff_name,
            "number": row.staff_number,
            "may_refund": row.may_refund,
        }
    return Answer(
        {
            "id": typeid("til", row.id),
            "name": row.name,
            "is_register": call.actor.is_register,
            "merchant": {"id": typeid("mer", row.merchant_id), "name": row.merchant_name},
            "branch": {"id": typeid("brn", row.branch_id), "name": row.branch_name},
            "shop_code": row.shop_code,
            "staff": staff,
            "shift_ends_at": on_the_wire(row.ends_at) if row.ends_at else None,
            "confirm_above": row.confirm_above,
            "confirm_seconds": row.confirm_seconds,
            "void_hours": row.void_hours,
            "now": on_the_wire(call.now),
        }
    )


@routes.post(
    "/v1/till/shifts",
    access=till(staffed=False),
    body=ShiftRequestSchema,
    answers={204: None},
    problems=[WrongPin, TooManyTries],
    shows_person_data=False,
    summary=Text("開始值班", "Begin a shift: the till's staff number and PIN; whoever was at it is done"),
)
def begin_shift(call: Call) -> Answer:
    shifts.begin(
        call.session, till=call.actor, staff_number=call.body["staff_number"], pin=call.body["pin"], now=call.now
    )
    return Answer(status=204)


@routes.delete(
    "/v1/till/shift",
    access=till(staffed=False),
    answers={204: None},
    shows_person_data=False,
    summary=Text("結束值班", "End the shift"),
)
def end_shift(call: Call) -> Answer:
    shifts.end(call.session, till=call.actor, now=call.now)
    return Answer(status=204)


@routes.post(
    "/v1/merchant/redemptions",
    access=till(),
    body=AskSchema,
    answers={201: RedemptionSchema},
    problems=[
        CodeUnreadable, CodeNotGenuine, CodeOutOfDate, CodeAlreadyUsed, PhoneSignedOut, OfflineLimit, TooFewPoints,
        ReferenceUsed, TooManyTries, OfferNotThere, OfferSoldOut, OfferTakenOften, OfferPointsDiffer,
    ],
    idempotent=True,
    shows_person_data=False,
    summary=Text("向顧客收點數", "Take points by the code that a customer shows"),
)  # fmt: skip
def redeem(call: Call) -> Answer:
    try:
        asked = asking.ask(
            call.session, till=call.actor, code=_digits(call.body["code"]), sale=_sale(call), now=call.now
        )
    except CodeNotGenuine:
        # The request's own unit of work is undone, its connection is free again: the count must stay.
        call.session.rollback()
        with db.unit_of_work() as other:
            wrong_tries.count(other, "code", str(call.actor.id), now=call.now)
        raise
    except NotEnoughPoints:
        raise TooFewPoints from None
    body = call.body
    staff_id = call.actor.staff_id
    return Answer(
        {
            "id": typeid("rdm", asked.id),
            "status": asked.status,
            "reason": asked.reason,
            "explanation": _explained(asked.reason, call),
            "points": body["points"],
            "refunded": 0,
            "presented": asked.presented,
            "created_at": on_the_wire(call.now),
            "answer_by": on_the_wire(asked.answer_by) if asked.answer_by else None,
            "done_at": on_the_wire(asked.done_at) if asked.done_at else None,
            "sale_twd": body["sale_twd"],
            "reference": body["reference"],
            "staff": {"id": typeid("stf", staff_id), "name": asked.staff_name} if staff_id else None,
            "till": {"id": typeid("til", call.actor.id), "name": call.actor.name},
            "offer_id": body["offer_id"],
        },
        201,
    )


@routes.get(
    "/v1/merchant/redemptions",
    access=till(),
    query=RedemptionQuery,
    answers={200: RedemptionPage},
    shows_person_data=False,
    summary=Text(
        "這家分店的兌點", "This branch's redemptions, newest first: of a day, in a state, or by own reference"
    ),
)
def redemptions_of_branch(call: Call) -> Answer:
    page = listed.of_branch(call.session, call.actor.branch_id, till_id=call.actor.id, **call.query)
    return Answer({"items": [_shown(row, call) for row in page.rows], "next_cursor": page.next_cursor})


@routes.get(
    "/v1/merchant/redemptions/<redemption_id>",
    access=till(),
    answers={200: RedemptionSchema},
    problems=[NotFound],
    shows_person_data=False,
    summary=Text("一筆兌點", "One redemption of this branch, as it stands now"),
)
def redemption(call: Call) -> Answer:
    return _answer(call)


@routes.post(
    "/v1/merchant/redemptions/<redemption_id>/void",
    access=till(),
    answers={200: RedemptionSchema},
    problems=[NotFound, NotNow, TooLateToVoid, MayNotRefund],
    idempotent=True,
    shows_person_data=False,
    summary=Text("整筆取消", "Undo the whole of it: within a day, and before it is settled"),
)
def void_redemption(call: Call) -> Answer:
    undoing.void(call.session, _id(call), till=call.actor, now=call.now)
    return _answer(call)


@routes.post(
    "/v1/merchant/redemptions/<redemption_id>/refunds",
    access=till(),
    body=RefundRequestSchema,
    answers={201: RedemptionSchema},
    problems=[NotFound, NotNow, MoreThanIsLeft, MayNotRefund],
    idempotent=True,
    shows_person_data=False,
    summary=Text("退回部分或全部點數", "Give points back, settled or not"),
)
def refund_redemption(call: Call) -> Answer:
    undoing.refund(call.session, _id(call), till=call.actor, points=call.body["points"], now=call.now)
    return _answer(call, 201)


@routes.get(
    "/v1/merchant/day-totals",
    access=till(),
    query=DayQuery,
    answers={200: DayTotalsSchema},
    shows_person_data=False,
    summary=Text("當日合計", "What the branch's day came to, by till and staff"),
)
def day_totals(call: Call) -> Answer:
    day: date = call.query["day"] or taipei_date(call.now)
    rows = listed.day_totals(call.session, call.actor.branch_id, day)
    branch = tills.described(call.session, call.actor, call.now)
    net = sum(row.net_points for row in rows)
    return Answer(
        {
            "day": day.isoformat(),
            "branch": {"id": typeid("brn", branch.branch_id), "name": branch.branch_name},
            "rows": [day_file.shown(row) for row in rows],
            "done": sum(row.done for row in rows),
            "net_points": net,
            "net_twd": net,
        }
    )


@routes.get(
    "/v1/merchant/day-totals.csv",
    access=till(),
    query=DayQuery,
    answers={200: None},
    content_types=("text/csv",),
    answer_headers={200: {"Content-Disposition": "a name for the file"}},
    shows_person_data=False,
    summary=Text("當日合計（CSV）", "The same as a file for a spreadsheet"),
)
def day_totals_file(call: Call) -> Answer:
    day: date = call.query["day"] or taipei_date(call.now)
    rows = listed.day_totals(call.session, call.actor.branch_id, day)
    return Answer(
        raw=day_file.csv_of(day, rows, call.language),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="points-{day.isoformat()}.csv"'},
    )


def _id(call: Call) -> Any:
    return parse_typeid("rdm", call.path["redemption_id"])


def _answer(call: Call, status: int = 200) -> Answer:
    return Answer(_shown(listed.at_branch(call.session, call.actor.branch_id, _id(call)), call), status)


def _digits(code: str) -> str:
    return code.replace(" ", "").replace("-", "")


def _sale(call: Call) -> Sale:
    body = call.body
    offer_id = parse_typeid("off", body["offer_id"]) if body["offer_id"] else None
    return Sale(body["points"], body["sale_twd"], offer_id, body["reference"])


def _explained(reason: str, call: Call) -> str | None:
    words = texts.of_reason(reason)
    return words.in_language(call.language) if words else None


def _shown(row: Any, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("rdm", row.id),
        "status": row.status,
        "reason": row.reason,
        "explanation": _explained(row.reason, call),
        "points": row.points,
        "refunded": row.refunded,
        "presented": row.presented,
        "created_at": on_the_wire(row.created_at),
        "answer_by": on_the_wire(row.answer_by) if row.answer_by else None,
        "done_at": on_the_wire(row.done_at) if row.done_at else None,
        "sale_twd": row.sale_twd,
        "reference": row.reference,
        "staff": {"id": typeid("stf", row.staff_id), "name": row.staff_name} if row.staff_id else None,
        "till": {"id": typeid("til", row.till_id), "name": row.till_name} if row.till_id else None,
        "offer_id": typeid("off", row.offer_id) if row.offer_id else None,
    }
