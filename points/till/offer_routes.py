"""The offers that a till may take points for."""

from __future__ import annotations

from marshmallow import Schema, fields

from core.http import Answer, Call, Routes, till
from core.ids import typeid
from core.text import Text
from points.merchants import offers

routes = Routes("points")
_MOST = 100


class TillOfferSchema(Schema):
    id = fields.String(required=True)
    title = fields.String(required=True)
    points = fields.Integer(required=True)
    left = fields.Integer(required=True, allow_none=True, metadata={"description": "null: as many as are wanted"})


class TillOffersSchema(Schema):
    items = fields.List(fields.Nested(TillOfferSchema), required=True)


@routes.get(
    "/v1/merchant/offers",
    access=till(),
    answers={200: TillOffersSchema},
    shows_person_data=False,
    summary=Text("這家店現在的優惠", "The merchant's offers that can be had now, the newest first"),
)
def offers_at_the_till(call: Call) -> Answer:
    merchant_id = call.actor.merchant_id
    found = offers.live(call.session, merchant_id=merchant_id, limit=_MOST, after=None, now=call.now)
    return Answer(
        {
            "items": [
                {
                    "id": typeid("off", each.id),
                    "title": each.title.in_language(call.language),
                    "points": each.points,
                    "left": None if each.stock is None else max(0, each.stock - each.taken),
                }
                for each, _ in found
            ]
        }
    )
