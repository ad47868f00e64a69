"""Rows 9, 24 and 31: other people's objects, members that nobody may set, and doors of other functions."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import urllib3
from citizen import Refused
from paying_city import Payer
from stack import Stack

from api import wiring


def test_row_9_every_object_of_somebody_else_s_is_not_found_like_none_at_all(
    stack: Stack, victim: Payer, stranger: Payer
) -> None:
    """Every citizen's route with an id in its path, from the declared routes themselves: none is forgotten."""
    payment = victim.citizen.pay([victim.bill_ids()[0]], str(victim.link["id"]))
    session = victim.citizen.call("GET", "/v1/me/sessions")["items"][0]
    passkey = victim.citizen.call("GET", "/v1/me")["passkeys"][0]
    vehicle = victim.citizen.call("GET", "/v1/me/vehicles")["items"][0]
    owned = {
        "bill_id": victim.bill_ids()[1],
        "payment_id": payment["id"],
        "session_id": session["id"],
        "passkey_id": passkey["id"],
        "vehicle_id": vehicle["id"],
        "link_id": victim.link["id"],
        "bank_link_id": victim.link["id"],
    }
    tried = []
    for route in wiring.routes():
        names = [part[1:-1] for part in route.path.split("/") if part.startswith("<")]
        if route.access.kind != "citizen" or len(names) != 1 or names[0] not in owned:
            continue
        answers = []
        for identifier in (owned[names[0]], _another(str(owned[names[0]]))):
            path = route.path.replace(f"<{names[0]}>", str(identifier))
            answers.append(_asked(stack, stranger, route.method, path))
        theirs, nobodys = answers
        # A body that the route does not take is refused before the object is looked for: alike for both, too.
        assert theirs == nobodys, (route.method, route.path)
        assert theirs[0] in (400, 404, 422, 428), (route.method, route.path, theirs)
        tried.append(route.path)
    assert len(tried) >= 12, tried
    assert victim.citizen.call("GET", f"/v1/payments/{payment['id']}")["status"] == "captured"


def _another(identifier: str) -> str:
    from core.ids import new_uuid, typeid

    return typeid(identifier.split("_")[0], new_uuid())


def _asked(stack: Stack, who: Payer, method: str, path: str) -> tuple[int, str, str]:
    headers = {"Authorization": f"Bearer {who.citizen.token}", "Idempotency-Key": str(uuid.uuid4())}
    body = {} if method == "GET" else {"json": {}}
    answer = urllib3.request(method, stack.api_url + path, headers=headers, **body)
    problem = answer.json() if answer.data else {}
    return answer.status, str(problem.get("type", "")), str(problem.get("detail", ""))


def test_row_9_somebody_else_s_bill_and_account_in_a_body_are_not_found_either(
    stack: Stack, victim: Payer, stranger: Payer
) -> None:
    for bills, link in (
        (victim.bill_ids(), str(stranger.link["id"])),
        (stranger.bill_ids(), str(victim.link["id"])),
    ):
        with pytest.raises(Refused) as caught:
            stranger.citizen.begin(bills, link)
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/v1/me", {"loa": 4}),
        ("PATCH", "/v1/me", {"language": "en", "role": "officer"}),
        ("PATCH", "/v1/me", {"language": "en", "points": 9999, "verified": True}),
        ("PATCH", "/v1/me", {"language": "en", "proofing_level": 4}),
        ("PATCH", "/v1/me", {"language": "en", "user_id": "per_01h455vb4pex5vsknk084sn02q"}),
        ("POST", "/v1/me/vehicles", {"plate": "ABC-1235", "vehicle": "car", "person_id": "x"}),
        ("POST", "/v1/bank-links", {"person_id": "x"}),
        ("POST", "/v1/payments", {"bill_ids": [], "amount": 1, "status": "captured"}),
        ("POST", "/v1/auth/password/register",
         {"national_id": "A123456789", "mobile": "0912345678", "password": "a long enough one", "proofing_level": 4}),
        ("POST", "/v1/auth/otp/verify", {"challenge_id": "otp_x", "code": "000000", "loa": 4}),
    ],
)  # fmt: skip
def test_row_24_a_member_that_nobody_may_set_is_refused_by_name(
    stack: Stack, stranger: Payer, method: str, path: str, body: dict[str, Any]
) -> None:
    before = stranger.citizen.call("GET", "/v1/me")
    with pytest.raises(Refused) as caught:
        stranger.citizen.call(method, path, body, key=str(uuid.uuid4()))
    assert (caught.value.status, caught.value.slug) == (422, "invalid-request")
    unknown = {error["pointer"] for error in caught.value.body["errors"]}
    assert unknown & {f"/{name}" for name in body}, caught.value.body
    assert stranger.citizen.call("GET", "/v1/me") == before


def test_row_31_a_citizen_opens_no_desk_no_bureau_s_door_and_no_partner_s(stack: Stack, stranger: Payer) -> None:
    tried = 0
    for route in wiring.routes():
        if route.access.kind not in ("officer", "bureau"):
            continue
        path = "/".join("x" if part.startswith("<") else part for part in route.path.split("/"))
        for token in (stranger.citizen.token, None):
            headers = {"Idempotency-Key": str(uuid.uuid4())} | ({"Authorization": f"Bearer {token}"} if token else {})
            answer = urllib3.request(route.method, stack.api_url + path, headers=headers)
            assert answer.status == 401, (route.method, path, answer.status)
            tried += 1
    assert tried > 50


@pytest.mark.parametrize("trick", ["//v1/approvals", "/v1//approvals", "/v1/approvals;x=1", "/v1/approvals/", "/V1/approvals",
                                   "/v1/approvals%2f", "/v1/./approvals", "/v1/bills/../approvals", "/v2/approvals"])  # fmt: skip
def test_row_31_other_spellings_of_an_address_open_nothing(stack: Stack, stranger: Payer, trick: str) -> None:
    headers = {"Authorization": f"Bearer {stranger.citizen.token}"}
    for method in ("GET", "HEAD", "POST"):
        answer = urllib3.request(method, stack.api_url + trick, headers=headers, redirect=False)
        assert answer.status in (301, 308, 400, 401, 403, 404, 405), (trick, answer.status)


def test_row_31_no_header_turns_one_method_into_another(stack: Stack, stranger: Payer) -> None:
    session = stranger.citizen.call("GET", "/v1/me/sessions")["items"][0]["id"]
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        headers = {"Authorization": f"Bearer {stranger.citizen.token}", name: "DELETE"}
        answer = urllib3.request("POST", f"{stack.api_url}/v1/me/sessions/{session}", headers=headers)
        assert answer.status in (404, 405)
    assert stranger.citizen.call("GET", "/v1/me")["id"] == stranger.citizen.person_id
