"""How to earn, for a citizen: the campaigns that run, in words, with what is left; and what a payment would earn."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.http import Answer, Call, Routes, citizen
from core.ids import typeid
from core.text import Text
from identity.words import BUREAU_NAMES
from points.earning import outlook, wording
from points.earning.outlook import Outlook
from points.earning.schemas import EarningCampaignsSchema, EarningEstimateSchema, EstimateQuery

routes = Routes("points")
_CITIZEN = citizen(loa=1)


@routes.get(
    "/v1/points/campaigns",
    access=_CITIZEN,
    answers={200: EarningCampaignsSchema},
    summary=Text("怎麼得到點數", "How to earn points now, in words, and what I can still earn"),
)
def earning_campaigns(call: Call) -> Answer:
    """What ends first comes first."""
    found = outlook.of_person(call.session, call.actor.id, call.now)
    return Answer({"items": [_shown(each, call) for each in found]})


@routes.get(
    "/v1/points/earning-estimate",
    access=_CITIZEN,
    query=EstimateQuery,
    answers={200: EarningEstimateSchema},
    summary=Text("這筆繳費可以得到幾點", "What a payment like this would earn me now"),
)
def estimate_earning(call: Call) -> Answer:
    """Counted by the same rules as the grant itself; another payment, or an empty budget, may come between."""
    asked = call.query
    facts = {
        "rail": asked["rail"],
        "kinds": [asked["kind"]] if asked["kind"] else [],
        "due_before": asked["due_before"] == "true",
        "amount_twd": asked["amount_twd"],
    }
    parts = outlook.of_payment(call.session, call.actor.id, facts, call.now)
    return Answer(
        {
            "points": sum(part.points for part in parts),
            "campaigns": [
                {
                    "campaign_id": typeid("pcm", part.campaign.id),
                    "name": part.campaign.terms.name.in_language(call.language),
                    "points": part.points,
                    "reason": part.reason,
                }
                for part in parts
            ],
        }
    )


def _shown(each: Outlook, call: Call) -> dict[str, Any]:
    terms = each.campaign.terms
    bureau = BUREAU_NAMES.get(terms.bureau, Text("高雄市政府", "Kaohsiung City Government"))
    return {
        "id": typeid("pcm", each.campaign.id),
        "name": terms.name.in_language(call.language),
        "bureau": bureau.in_language(call.language),
        "event_kind": terms.event_kind,
        "how": [line.in_language(call.language) for line in wording.how(terms)],
        "valid_until": on_the_wire(each.campaign.counts_until),
        "is_budget_left": each.is_budget_left,
        "left_today": each.left_today,
        "left_in_all": each.left_in_all,
        "times_left": each.times_left,
        "days_done": each.days_done,
    }
