"""Fleets' terms at the desk: those of all days with their source, and others proposed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from accessibility.fleets import agreements, words
from accessibility.fleets.agreements import Version
from accessibility.fleets.desk_schemas import (
    DeskFleetsSchema,
    FleetTermsHistorySchema,
    FleetTermsProposal,
    FleetTermsProposedSchema,
)
from accessibility.fleets.errors import TermsBeginThen
from accessibility.fleets.terms import Tier
from core.clock import taipei_date
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import typeid
from core.text import Text

routes = Routes("fleet_terms")
_READERS: Final = officer("dispatcher", "auditor")


@routes.get(
    "/v1/dispatch/fleets",
    access=_READERS,
    answers={200: DeskFleetsSchema},
    shows_person_data=False,
    summary=Text("車隊清單", "Every fleet, open or not"),
)
def listed(call: Call) -> Answer:
    items = [
        {
            "fleet": row.code,
            "name": Text(row.name_zh, row.name_en).in_language(call.language),
            "kind": row.kind,
            "phone": row.phone,
            "is_open": row.is_open,
        }
        for row in agreements.fleets(call.session)
    ]
    return Answer({"items": items})


@routes.get(
    "/v1/dispatch/fleets/<fleet>/terms",
    access=_READERS,
    answers={200: FleetTermsHistorySchema},
    problems=[NotFound],
    shows_person_data=False,
    summary=Text("車隊的條件（歷次）", "A fleet's terms of all days, the newest first, with their source"),
)
def history(call: Call) -> Answer:
    versions = []
    has_begun = False
    for each in agreements.history(call.session, call.path["fleet"]):
        counts = "later" if each.valid_from > call.now else "no_more" if has_begun else "now"
        has_begun = has_begun or counts == "now"
        versions.append(_version(each, counts, call))
    return Answer({"fleet": call.path["fleet"], "versions": versions})


@routes.post(
    "/v1/dispatch/fleets/<fleet>/terms",
    access=officer("dispatcher"),
    body=FleetTermsProposal,
    answers={202: FleetTermsProposedSchema},
    problems=[NotFound, TermsBeginThen],
    idempotent=True,
    shows_person_data=False,
    summary=Text("提案新條件（兩位承辦人員）", "Propose a fleet's terms from a day on; another officer decides"),
)
def propose(call: Call) -> Answer:
    """The terms before them count until that day, and for what was booked under them."""
    body = dict(call.body) | {"first_day": call.body["first_day"].isoformat()}
    made = agreements.propose(call.session, call.path["fleet"], body, by=call.actor, now=call.now)
    return Answer({"approval_id": typeid("apr", made.id)}, status=202)


def _version(version: Version, counts: str, call: Call) -> dict[str, Any]:
    terms = version.terms
    plain = {name: value for name, value in asdict(terms).items() if name in agreements.MEMBERS[5:]}
    return plain | {
        "first_day": taipei_date(version.valid_from).isoformat(),
        "counts": counts,
        "opens_at": f"{terms.opens_at:%H:%M}",
        "closes_at": f"{terms.closes_at:%H:%M}",
        "areas": None if terms.areas is None else sorted(terms.areas),
        "areas_beyond": sorted(terms.areas_beyond),
        "tiers": [_tier(each) for each in terms.tiers],
        "hours_words": words.hours(terms).in_language(call.language),
        "area_words": words.area(terms).in_language(call.language),
        "booking_words": words.booking(terms).in_language(call.language),
        "cancellation_words": words.cancellation(terms).in_language(call.language),
        "chair_words": words.chair(terms).in_language(call.language),
    }


def _tier(tier: Tier) -> dict[str, Any]:
    return {
        "opens_days": tier.opens_days,
        "purposes": sorted(tier.purposes),
        "severities": sorted(tier.severities),
        "books_first": tier.books_first,
        "needs_wheelchair": tier.needs_wheelchair,
    }
