"""At the counter with one's phone: codes to show, paying by a shop's printed code, saying yes or no."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from points.merchants.errors import OfferNotThere, OfferPointsDiffer, OfferSoldOut, OfferTakenOften
from points.tender import NotEnoughPoints
from points.till import asking, listed, pay_codes, redemptions, texts
from points.till.asking import Sale
from points.till.errors import NotNow, ShopCodeUnknown, TooManyKeys
from points.till.schemas import (
    MyRedemptionPage,
    MyRedemptionQuery,
    MyRedemptionSchema,
    PayKeySchema,
    ShopRedemptionRequestSchema,
)

routes = Routes("points")


@routes.post(
    "/v1/points/pay-codes",
    access=citizen(loa=2),
    answers={201: PayKeySchema},
    problems=[TooManyKeys],
    summary=Text("取得付款碼金鑰", "A key for some minutes, from which the phone makes its codes, also offline"),
)
def pay_key(call: Call) -> Answer:
    made = pay_codes.issue(call.session, person_id=call.actor.id, session_id=call.actor.session_id, now=call.now)
    return Answer(
        {
            "token_id": typeid("ptk", made.id),
            "number": made.number,
            "key": base64.urlsafe_b64encode(made.key).rstrip(b"=").decode(),
            "step_seconds": pay_codes.STEP_SECONDS,
            "now": on_the_wire(call.now),
            "now_unix": int(call.now.timestamp()),
            "renew_after": on_the_wire(made.renew_after),
            "online_until": on_the_wire(made.online_until),
            "valid_until": on_the_wire(made.valid_until),
            "offline_most": made.rule.offline_most,
            "confirm_above": made.rule.confirm_above,
        },
        201,
        {"Cache-Control": "no-store"},
    )


@routes.delete(
    "/v1/points/pay-codes",
    access=citizen(loa=1),
    answers={204: None},
    summary=Text("收起付款碼", "End the keys of this sign-in: none of their codes is good any more"),
)
def end_pay_keys(call: Call) -> Answer:
    pay_codes.revoke(call.session, person_id=call.actor.id, session_id=call.actor.session_id, now=call.now)
    return Answer(status=204)


@routes.post(
    "/v1/points/redemptions",
    access=citizen(loa=2),
    body=ShopRedemptionRequestSchema,
    answers={201: MyRedemptionSchema},
    problems=[ShopCodeUnknown, NotEnoughPoints, OfferNotThere, OfferSoldOut, OfferTakenOften, OfferPointsDiffer],
    idempotent=True,
    summary=Text("掃店家 QR 使用點數", "Use points at a shop by its printed code"),
)
def redeem_at_shop(call: Call) -> Answer:
    offer_id = parse_typeid("off", call.body["offer_id"]) if call.body["offer_id"] else None
    asked = asking.ask_at_shop(
        call.session,
        citizen=call.actor,
        shop_code=call.body["shop_code"],
        sale=Sale(call.body["points"], offer_id=offer_id),
        now=call.now,
    )
    return _answer(call, asked.id, 201)


@routes.get(
    "/v1/points/redemptions",
    access=citizen(loa=2),
    query=MyRedemptionQuery,
    answers={200: MyRedemptionPage},
    summary=Text("我在店家使用的點數", "Where I used points, newest first"),
)
def my_redemptions(call: Call) -> Answer:
    page = listed.of_person(call.session, call.actor.id, **call.query)
    return Answer({"items": [_shown(row, call) for row in page.rows], "next_cursor": page.next_cursor})


@routes.get(
    "/v1/points/redemptions/<redemption_id>",
    access=citizen(loa=2),
    answers={200: MyRedemptionSchema},
    problems=[NotFound],
    summary=Text("一筆店家兌點", "One of them, as it stands now"),
)
def my_redemption(call: Call) -> Answer:
    return _answer(call, _id(call))


@routes.post(
    "/v1/points/redemptions/<redemption_id>/confirmation",
    access=citizen(loa=3, phishing_resistant=True),
    answers={200: MyRedemptionSchema},
    problems=[NotFound, NotNow],
    idempotent=True,
    summary=Text("確認使用這些點數", "Say yes to a till, with a passkey used after it asked"),
)
def confirm_redemption(call: Call) -> Answer:
    redemptions.confirm(call.session, _id(call), citizen=call.actor, now=call.now)
    return _answer(call, _id(call))


@routes.post(
    "/v1/points/redemptions/<redemption_id>/refusal",
    access=citizen(loa=2),
    answers={200: MyRedemptionSchema},
    problems=[NotFound, NotNow],
    idempotent=True,
    summary=Text("不同意使用這些點數", "Say no to a till: the points are free again"),
)
def refuse_redemption(call: Call) -> Answer:
    redemptions.refuse(call.session, _id(call), person_id=call.actor.id, now=call.now)
    return _answer(call, _id(call))


def _id(call: Call) -> UUID:
    return parse_typeid("rdm", call.path["redemption_id"])


def _answer(call: Call, redemption_id: UUID, status: int = 200) -> Answer:
    return Answer(_shown(listed.one_of_person(call.session, call.actor.id, redemption_id), call), status)


def _shown(row: Any, call: Call) -> dict[str, Any]:
    words = texts.of_reason(row.reason)
    return {
        "id": typeid("rdm", row.id),
        "status": row.status,
        "reason": row.reason,
        "explanation": words.in_language(call.language) if words else None,
        "points": row.points,
        "refunded": row.refunded,
        "presented": row.presented,
        "shop": listed.shop_of(row).in_language(call.language),
        "created_at": on_the_wire(row.created_at),
        "answer_by": on_the_wire(row.answer_by) if row.answer_by else None,
        "done_at": on_the_wire(row.done_at) if row.done_at else None,
        "offer_id": typeid("off", row.offer_id) if row.offer_id else None,
    }
