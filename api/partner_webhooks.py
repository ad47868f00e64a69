"""Webhooks of outside partners at one address: each goes to the room whose partner it is from."""

from __future__ import annotations

from accessibility.rides import fleet_routes
from core.errors import MalformedBody
from core.http import Answer, Call, Routes, partner_signature
from core.text import Text
from points.exchange import webhooks as exchange_webhooks
from points.exchange.schemas import PartnerNoticeTaken

routes = Routes("webhooks")


@routes.post(
    "/v1/webhooks/partners/<partner>",
    access=partner_signature(),
    answers={200: PartnerNoticeTaken},
    problems=[MalformedBody, *fleet_routes.PROBLEMS],
    accepts=("application/json; charset=utf-8",),
    own_units=True,
    summary=Text("夥伴通知", "Notice from a partner: one of exchange, or a fleet"),
)
def take_webhook(call: Call) -> Answer:
    """Verifies the Standard Webhooks signature over the raw bytes. A partner of exchange only makes us ask; a fleet's
    telegram about a trip is taken once, by its id."""
    partner = call.path["partner"]
    if fleet_routes.is_fleet(partner):
        return fleet_routes.take_webhook(call, partner)
    return exchange_webhooks.take(call, partner)
