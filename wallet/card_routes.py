"""Kept cards over HTTP. A card comes to be kept where it pays; here it is seen and removed."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from core import clock, db
from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen, page_of
from core.ids import parse_typeid, typeid
from core.text import Text
from wallet import cards
from wallet.cards import Card

routes = Routes("cards")


class CardSchema(Schema):
    id = fields.String(required=True)
    brand = fields.String(required=True)
    label = fields.String(required=True)
    last_four = fields.String(required=True)
    expiry_month = fields.Integer(required=True)
    expiry_year = fields.Integer(required=True)
    is_expired = fields.Boolean(required=True)
    created_at = fields.String(required=True)


CardPage = page_of(CardSchema)


@routes.get(
    "/v1/cards",
    access=citizen(loa=2),
    answers={200: CardPage},
    summary=Text("我保留的卡片", "My kept cards"),
)
def list_cards(call: Call) -> Answer:
    """The cards I had the processor keep; their numbers are nowhere here."""
    kept = cards.cards_of(call.session, call.actor.id)
    return Answer({"items": [_on_the_wire(call, card) for card in kept], "next_cursor": None})


@routes.delete(
    "/v1/cards/<card_id>",
    access=citizen(loa=3, phishing_resistant=True),
    answers={204: None},
    problems=[NotFound],
    own_units=True,
    summary=Text("移除一張保留的卡片", "Remove a kept card"),
)
def remove_card(call: Call) -> Answer:
    """The card pays nothing from this moment on, and the processor forgets it."""
    card_id = parse_typeid("crd", call.path["card_id"])
    with db.unit_of_work() as session:
        cards.remove(session, person_id=call.actor.id, card_id=card_id, now=call.now)
    cards.ask_due(clock.now())
    return Answer(status=204)


def _on_the_wire(call: Call, card: Card) -> dict[str, Any]:
    return {
        "id": typeid("crd", card.id),
        "brand": card.brand,
        "label": card.label,
        "last_four": card.last_four,
        "expiry_month": card.expiry_month,
        "expiry_year": card.expiry_year,
        "is_expired": card.has_expired(call.now),
        "created_at": on_the_wire(card.created_at),
    }
