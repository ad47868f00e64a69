"""Every route of a citizen says whether somebody may call it for another, and those that say nothing refuse it."""

from __future__ import annotations

import re

import pytest
from delegating import agreed, somebody
from flask.testing import FlaskClient

from api import wiring
from core.http import Route
from identity.delegation_rules import SCOPES

_BOOKED = {"rides:book"}
# Who may book sees what there is, too.
_SEEN = {"rides:book", "rides:read"}
DELEGABLE = {
    "GET /v1/bills": {"bills:read", "payments:pay"},
    "GET /v1/bills/<bill_id>": {"bills:read", "payments:pay"},
    "GET /v1/bills/<bill_id>/quotes": {"bills:read", "payments:pay"},
    "POST /v1/payments": {"payments:pay"},
    "POST /v1/payments/<payment_id>/authorization": {"payments:pay"},
    "GET /v1/points": {"points:read"},
    "GET /v1/points/entries": {"points:read"},
    "GET /v1/ride-notices": _SEEN,
    "PUT /v1/ride-notices": _SEEN,
    "GET /v1/ride-fleets": _SEEN,
    "POST /v1/ride-requests": _BOOKED,
    "GET /v1/ride-requests": _SEEN,
    "GET /v1/ride-requests/<request_id>": _SEEN,
    "POST /v1/ride-requests/<request_id>/withdrawal": _BOOKED,
    "POST /v1/rides": _BOOKED,
    "GET /v1/rides": _SEEN,
    "GET /v1/rides/<ride_id>": _SEEN,
    "GET /v1/rides/<ride_id>/cancellation-terms": _SEEN,
    "POST /v1/rides/<ride_id>/cancellation": _BOOKED,
    "POST /v1/rides/<ride_id>/changes": _BOOKED,
    "POST /v1/rides/<ride_id>/ready": _BOOKED,
    "POST /v1/rides/<ride_id>/at-door": _BOOKED,
    "POST /v1/rides/<ride_id>/not-here": _BOOKED,
    "GET /v1/rider/places": _SEEN,
    "POST /v1/rider/places": _BOOKED,
    "PATCH /v1/rider/places/<place_id>": _BOOKED,
    "DELETE /v1/rider/places/<place_id>": _BOOKED,
    "GET /v1/rider": _SEEN,
    "PUT /v1/rider": _BOOKED,
    "GET /v1/rider/eligibility": _SEEN,
    "POST /v1/rider/eligibility/check": _BOOKED,
    "POST /v1/rider/eligibility/papers": _BOOKED,
    "DELETE /v1/rider/eligibility/papers/<paper_id>": _BOOKED,
    "GET /v1/rider/quota": _SEEN,
    "GET /v1/rides/<ride_id>/fare": _SEEN,
    "GET /v1/rider/no-shows": _SEEN,
    "POST /v1/rider/no-shows/<point_id>/appeal": _BOOKED,
    "POST /v1/ride-complaints": _BOOKED,
    "GET /v1/ride-complaints": _SEEN,
    "POST /v1/rides/<ride_id>/rating": _BOOKED,
    "GET /v1/rides/<ride_id>/rating": _SEEN,
    "POST /v1/rides/<ride_id>/lost-items": _BOOKED,
    "GET /v1/rider/lost-items": _SEEN,
    "POST /v1/rider/lost-items/<lost_id>/withdrawal": _BOOKED,
    "POST /v1/waitlist": _BOOKED,
    "GET /v1/waitlist": _SEEN,
    "GET /v1/waitlist/<wait_id>": _SEEN,
    "DELETE /v1/waitlist/<wait_id>": _BOOKED,
    "POST /v1/waitlist/<wait_id>/acceptance": _BOOKED,
    "POST /v1/ride-series": _BOOKED,
    "GET /v1/ride-series": _SEEN,
    "GET /v1/ride-series/<series_id>": _SEEN,
    "DELETE /v1/ride-series/<series_id>": _BOOKED,
    "DELETE /v1/ride-series/<series_id>/days/<day>": _BOOKED,
    "PUT /v1/ride-series/<series_id>/days/<day>": _BOOKED,
    "GET /v1/ride-series/<series_id>/cancellation-terms": _SEEN,
    "POST /v1/ride-series/<series_id>/cancellation": _BOOKED,
    "POST /v1/ride-series/<series_id>/resumption": _BOOKED,
}
# Everything else, by the beginning of its address, and why nobody does it for another; the longest that fits counts.
NOT_DELEGABLE = {
    "/v1/auth/": "how somebody signs in is theirs alone",
    "/v1/me": "who somebody is, their sessions, keys, consents and delegations are theirs alone",
    "/oauth/": "sites are signed in to in one's own name",
    "/v1/oauth/": "sites are signed in to in one's own name",
    "/v1/authorizations": "what a site is told is consented to by whom it is about",
    "/v1/relying-parties": "whoever registers a site answers for it",
    "/v1/banks": "the agent pays from accounts of their own, and looks at the banks in their own name",
    "/v1/bank-links": "the agent pays from accounts of their own",
    "/v1/cards": "the agent pays by cards of their own",
    "/v1/automatic-debits": "a standing order on one's own account is given by oneself",
    "/v1/bills/": "slips and instalments are asked for by whoever owes",
    "/v1/payment-slips": "a slip is made out to whoever asked for it",
    "/v1/payments": "a payment is the payer's: looked at, completed and cancelled in the agent's own name",
    "/v1/overpayments": "money that comes back goes to whom it belongs to",
    "/v1/receipts": "receipts are the payer's",
    "/v1/points/pay-codes": "a phone is whose codes it shows",
    "/v1/points/offers": "what there is for points is nobody's secret, and is looked at in one's own name",
    "/v1/points/shops": "where points are taken is nobody's secret, and is looked at in one's own name",
    "/v1/merchants": "a shop is run by its owner, and paid to an account that the owner proves",
    "/v1/points/shop-districts": "where points are taken is nobody's secret, and is looked at in one's own name",
    "/v1/points/partners": "what partners give for points is the same for everybody",
    "/v1/points/exchange": "points go to a card or an account of whoever exchanges them",
    "/v1/points/campaigns": "how points are earned is looked at in one's own name",
    "/v1/points/earning-estimate": "how points are earned is looked at in one's own name",
    "/v1/points/redemptions": "at a counter stands who pays there",
    "/v1/refunds": "money goes back to who paid",
    "/v1/devices": "a device is whose pushes it gets",
    "/v1/inbox": "letters are read by whom they are written to",
    "/v1/subscriptions": "letters are read by whom they are written to",
    "/v1/topics": "what somebody is told of, they choose themselves",
    "/v1/subscription-offers": "what somebody is told of, they choose themselves",
    "/v1/notification": "how often and of what somebody is told, and what may be used for it, they choose themselves",
    "/v1/test-devices": "an officer links a phone of their own",
}
CITIZENS = [route for route in wiring.routes() if route.access.kind == "citizen"]


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", CITIZENS, ids=_name)
def test_every_route_of_a_citizen_says_a_scope_or_there_is_a_reason_why_not(route: Route) -> None:
    assert route.access.delegable == DELEGABLE.get(_name(route), set())
    assert route.access.delegable <= set(SCOPES)
    if not route.access.delegable:
        assert any(route.path.startswith(beginning) for beginning in NOT_DELEGABLE), "name a scope, or say why not"


def test_each_row_of_the_tables_is_about_some_route() -> None:
    assert DELEGABLE.keys() <= {_name(route) for route in CITIZENS}


def test_whoever_may_do_everything_for_somebody_is_still_refused_where_no_scope_is_named(client: FlaskClient) -> None:
    principal, agent = somebody(client, 1), somebody(client, 2)
    acting = agent.acting(agreed(principal, agent, *SCOPES))
    for route in CITIZENS:
        if not route.access.delegable:
            path = re.sub("<[^>]+>", "x_00000000000000000000000000", route.path)
            answer = acting.send(route.method, path, None if route.method in ("GET", "DELETE") else {})
            assert answer.status_code == 403 and answer.json["type"].endswith("/not-delegated"), _name(route)
