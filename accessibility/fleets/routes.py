"""The fleets and their rules over HTTP, and the form of the telegrams that go to and fro."""

from __future__ import annotations

import orjson

from accessibility.fleets import terms, words
from accessibility.fleets.schemas import RideFleetsSchema
from core.http import Answer, Call, Routes, citizen, public
from core.text import Text
from identity.delegation_rules import RIDES_BOOK, RIDES_READ
from partners.fleets import checking

routes = Routes("rides")


@routes.get(
    "/v1/ride-fleets",
    access=citizen(loa=1, delegable=(RIDES_BOOK, RIDES_READ)),
    answers={200: RideFleetsSchema},
    summary=Text("各車隊的規則", "Every fleet's rules in words, with their source"),
)
def ride_fleets(call: Call) -> Answer:
    """Hours, area, when booking opens for whom, what a late cancellation costs, and the largest wheelchair."""
    items = [
        {
            "fleet": each.code,
            "name": each.name.in_language(call.language),
            "kind": each.kind,
            "kind_name": words.KIND_NAMES[each.kind].in_language(call.language),
            "phone": each.phone,
            "hours_words": words.hours(each.terms).in_language(call.language),
            "area_words": words.area(each.terms).in_language(call.language),
            "booking_words": words.booking(each.terms).in_language(call.language),
            "cancellation_words": words.cancellation(each.terms).in_language(call.language),
            "chair_words": words.chair(each.terms).in_language(call.language),
            "pooled_obligatory": each.terms.is_pooled_obligatory,
            "source": each.terms.source,
            "is_confirmed": each.terms.is_confirmed,
        }
        for each in terms.in_force(call.session, call.now)
    ]
    return Answer({"items": items})


@routes.get(
    f"/v1/fleet-telegrams/{checking.VERSION}.json",
    access=public(),
    answers={200: None},
    answer_headers={200: {"Cache-Control": "for how long to keep it"}},
    content_types=("application/schema+json",),
    summary=Text("車隊電文的 JSON Schema", "The JSON Schema (2020-12) of every telegram between the city and a fleet"),
)
def telegram_schema(call: Call) -> Answer:
    """One document for a whole telegram, in both directions. It holds what both sides are refused by."""
    content = orjson.dumps(checking.published(), option=orjson.OPT_INDENT_2)
    headers = {"Cache-Control": "public, max-age=3600"}
    return Answer(raw=content, headers=headers, content_type="application/schema+json")
