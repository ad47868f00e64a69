"""Row 30: a caregiver who was let do one thing and tries everything else."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from citizen import Citizen, Refused
from paying_city import Payer
from running_city import sign_in
from stack import Stack
from waiting import wait_until

from core import clock


def agreed(principal: Payer, agent: Payer, *scopes: str) -> Any:
    """A delegation that both said yes to, for a month from today."""
    until = clock.taipei_date(clock.now()) + timedelta(days=30)
    offer = {
        "my_role": "principal",
        "national_id": agent.national_id,
        "scopes": [{"scope": scope} for scope in scopes],
        "ends_on": until.isoformat(),
    }
    made = principal.citizen.call("POST", "/v1/me/delegations", offer)
    return agent.citizen.call("POST", f"/v1/me/delegations/{made['id']}/acceptance", {})


def acting(stack: Stack, agent: Payer, delegation: Any) -> Citizen:
    """The agent with the token for acting by this delegation."""
    at_work = stack.citizen()
    begun = agent.citizen.call("POST", f"/v1/me/delegations/{delegation['id']}/session", {})
    at_work.token, at_work.device = begun["access_token"], agent.citizen.device
    return at_work


def refusal(who: Citizen, method: str, path: str, body: Any = None) -> Refused:
    with pytest.raises(Refused) as caught:
        who.call(method, path, body, key=str(uuid.uuid4()))
    return caught.value


def test_row_30_who_may_book_rides_reads_no_bill_pays_none_and_passes_nothing_on(
    stack: Stack, victim: Payer, stranger: Payer
) -> None:
    delegation = agreed(victim, stranger, "rides:book")
    at_work = acting(stack, stranger, delegation)
    bill = victim.bill_ids()[0]
    for method, path, body in (
        ("GET", "/v1/bills", None),
        ("GET", f"/v1/bills/{bill}", None),
        ("GET", "/v1/points", None),
        ("POST", "/v1/payments", {"bill_ids": [bill], "bank_link_id": stranger.link["id"]}),
        ("POST", "/v1/me/delegations", {"my_role": "principal", "national_id": stranger.national_id,
                                        "scopes": [{"scope": "payments:pay"}], "ends_on": "2027-01-01"}),
        ("POST", f"/v1/me/delegations/{delegation['id']}/session", {}),
        ("GET", "/v1/me", None),
        ("GET", "/v1/me/access-log", None),
        ("POST", "/v1/auth/passkeys/registration/options", {}),
        ("POST", "/v1/bank-links", {}),
        ("DELETE", "/v1/me/sessions", None),
    ):  # fmt: skip
        refused = refusal(at_work, method, path, body)
        assert (refused.status, refused.slug) == (403, "not-delegated"), path
    # In their own name it is somebody else's bill, as ever.
    assert refusal(stranger.citizen, "GET", f"/v1/bills/{bill}").status == 404


def test_row_30_every_reading_stands_in_the_principal_s_log_with_both_and_they_are_told(
    stack: Stack, victim: Payer, stranger: Payer
) -> None:
    delegation = agreed(victim, stranger, "bills:read")
    at_work = acting(stack, stranger, delegation)
    assert {bill["id"] for bill in at_work.call("GET", "/v1/bills")["items"]} == set(victim.bill_ids())
    entry = victim.citizen.call("GET", "/v1/me/access-log")["items"][0]
    assert (entry["what"], entry["purpose"], entry["delegation_id"]) == ("bills", "delegation", delegation["id"])
    inbox = lambda: {message["kind"] for message in victim.citizen.call("GET", "/v1/inbox?limit=50")["items"]}  # noqa: E731
    wait_until(lambda: {"security_delegation_agreed", "security_delegate_acts"} <= inbox())


@pytest.mark.parametrize("ending", ["revoked", "signed out", "revoked and accepted again"])
def test_row_30_it_is_over_at_once(stack: Stack, victim: Payer, stranger: Payer, ending: str) -> None:
    delegation = agreed(victim, stranger, "bills:read")
    at_work = acting(stack, stranger, delegation)
    at_work.call("GET", "/v1/bills")
    if ending == "signed out":
        stranger.citizen.call("POST", "/v1/auth/logout", {})
    else:
        victim.citizen.call("POST", f"/v1/me/delegations/{delegation['id']}/revocation", {})
    refused = refusal(at_work, "GET", "/v1/bills")
    assert (refused.status, refused.slug) == (401, "acting-ended")
    if ending != "signed out":
        sign_in(stranger.citizen)
        again = refusal(stranger.citizen, "POST", f"/v1/me/delegations/{delegation['id']}/session", {})
        assert (again.status, again.slug) == (409, "delegation-not-in-force")
    if ending == "revoked and accepted again":
        twice = refusal(stranger.citizen, "POST", f"/v1/me/delegations/{delegation['id']}/acceptance", {})
        assert (twice.status, twice.slug) == (409, "delegation-closed")
