"""The fleets and their rules over HTTP."""

from __future__ import annotations

from accessibility.fleets import terms, words
from accessibility.fleets.schemas import RideFleetsSchema
from core.http import Answer, Call, Routes, citizen
from core.text import Text
from identity.delegation_rules import RIDES_BOOK, RIDES_READ

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
