"""What a citizen lets be used, and what life events offer them, over HTTP."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from identity.schemas import Nothing
from notify.topics import ending_words, facts, offers, places
from notify.topics.answers import bureau_name, subscription_answer
from notify.topics.errors import OfferClosed, TooManySubscriptions, TopicClosed
from notify.topics.schemas import FactAllow, FactList, FactSchema, OfferList, PlacesSchema, SubscriptionSchema

routes = Routes("notify")
_CITIZEN = citizen(loa=2)


@routes.get(
    "/v1/subscription-offers",
    access=_CITIZEN,
    answers={200: OfferList},
    summary=Text("給我的訂閱建議", "Subscriptions that were offered to me because of something in my life"),
)
def my_offers(call: Call) -> Answer:
    found = offers.open_offers(call.session, call.actor.id, call.now)
    return Answer({"items": [_offer(each, call) for each in found], "next_cursor": None})


@routes.post(
    "/v1/subscription-offers/<offer_id>/acceptance",
    access=_CITIZEN,
    body=Nothing,
    answers={200: SubscriptionSchema, 201: SubscriptionSchema},
    problems=[NotFound, OfferClosed, TopicClosed, TooManySubscriptions],
    summary=Text("接受訂閱建議", "Take an offer; 200 when it was taken already"),
)
def accept_offer(call: Call) -> Answer:
    offer_id = parse_typeid("ofr", call.path["offer_id"])
    mine, is_new = offers.accept(call.session, person_id=call.actor.id, offer_id=offer_id, now=call.now)
    return Answer(subscription_answer(mine, call.language, call.now), status=201 if is_new else 200)


@routes.delete(
    "/v1/subscription-offers/<offer_id>",
    access=_CITIZEN,
    answers={204: None},
    problems=[NotFound, OfferClosed],
    summary=Text("不需要這個建議", "Turn an offer down"),
)
def decline_offer(call: Call) -> Answer:
    offer_id = parse_typeid("ofr", call.path["offer_id"])
    offers.decline(call.session, person_id=call.actor.id, offer_id=offer_id, now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/notification-places",
    access=_CITIZEN,
    answers={200: PlacesSchema},
    summary=Text("我住、工作、上學的行政區", "The districts in which I live, work and learn, as far as I said so"),
)
def my_places(call: Call) -> Answer:
    return Answer(places.places_of(call.session, call.actor.id))


@routes.put(
    "/v1/notification-places",
    access=_CITIZEN,
    body=PlacesSchema,
    answers={200: PlacesSchema},
    summary=Text("設定或刪除我的行政區", "Say where, or take it back (null): what is taken back is deleted"),
)
def put_places(call: Call) -> Answer:
    """Subscriptions about a district in which none of my places is any more end, and the inbox says so."""
    return Answer(places.put(call.session, call.actor.id, call.body, call.now))


@routes.get(
    "/v1/notification-facts",
    access=_CITIZEN,
    answers={200: FactList},
    summary=Text("我允許使用的資料", "What may be used for choosing who is told, and what I allowed of it"),
)
def my_facts(call: Call) -> Answer:
    items = [_fact(each, call) for each in facts.facts_of(call.session, call.actor.id)]
    return Answer({"items": items, "next_cursor": None})


@routes.put(
    "/v1/notification-facts/<fact_name>",
    access=_CITIZEN,
    body=FactAllow,
    answers={200: FactSchema},
    problems=[NotFound],
    summary=Text("允許使用一項資料", "Allow a fact to be used, with these values"),
)
def allow_fact(call: Call) -> Answer:
    allowed = facts.allow(call.session, call.actor.id, call.path["fact_name"], call.body["values"], call.now)
    return Answer(_fact(allowed, call))


@routes.delete(
    "/v1/notification-facts/<fact_name>",
    access=_CITIZEN,
    answers={204: None},
    problems=[NotFound],
    summary=Text("不再允許，並刪除", "Take it back: the fact is deleted at once"),
)
def take_fact_back(call: Call) -> Answer:
    facts.take_back(call.session, call.actor.id, call.path["fact_name"], call.now)
    return Answer(status=204)


def _offer(each: offers.Offer, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("ofr", each.id),
        "topic": each.topic.code,
        "topic_name": each.topic.name.in_language(call.language),
        "bureau_name": bureau_name(each.topic.bureau).in_language(call.language),
        "purpose": each.topic.purpose.in_language(call.language),
        "because": ending_words.OFFERED_BECAUSE[each.because].in_language(call.language),
        "ends_on": each.ends_on.isoformat(),
        "offered_at": on_the_wire(each.offered_at),
        "expires_at": on_the_wire(each.expires_at),
    }


def _fact(each: facts.AllowedFact, call: Call) -> dict[str, Any]:
    kind = facts.FACTS[each.name]
    return {
        "name": each.name,
        "label": kind.label.in_language(call.language),
        "used_for": kind.used_for.in_language(call.language),
        "is_sensitive": kind.is_sensitive,
        "is_derived": kind.is_derived,
        "choices": [{"code": code, "name": name.in_language(call.language)} for code, name in kind.choices.items()],
        "is_allowed": each.allowed_at is not None,
        "values": [value for value in each.values if value],
        "allowed_at": on_the_wire(each.allowed_at) if each.allowed_at else None,
    }
