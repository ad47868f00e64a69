"""Every endpoint, fuzzed from our own OpenAPI over real HTTP: as nobody, as a citizen, as a bureau, as an officer.

FUZZ_EXAMPLES sets how many random requests each operation gets (beside the systematic ones); FUZZ_SEED another seed.
"""

from __future__ import annotations

import copy
import os
import re
import time
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from paying_city import bureau_token, national_id, new_payer, parking_file, send_bills
from roster import officer_token
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from stack import Stack

from api import wiring
from api.openapi import components_of, openapi_document
from identity import officers
from wallet import store_collections
from wallet.feed_problems import WHOLE_FILE_REFUSALS
from wallet.reconciliation import problems

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
SEED = int(os.environ.get("FUZZ_SEED", "20260101"))
EXAMPLE_OF_THE_DOCUMENT = "A123456789"
SERVED = orjson.loads(openapi_document(wiring.routes()))

# JSON Schema cannot say these rules, so a request that is in order by the document may still be refused for them.
UNSPEAKABLE_POINTERS = {
    "": "U+0000 is taken nowhere",
    "/": "U+0000 is taken nowhere",
    "cursor": "only a cursor that the list gave out is one",
    "/amount": "to JSON Schema 600.0 is a whole number, and nobody writes money so",
    "/day": "how far back a day may be moves with the calendar",
    "/national_id": "its last digit is a check digit",
    "/monthly_cap": "it is not below per_bill_cap",
    "/bank": "which banks can be debited is a list that grows (GET /v1/banks)",
    "/rail": "a payment names a rail, an account or a card",
    "/name": "which letters make a name is more than a pattern can say",
    "/identifier": "a reference, a receipt or a bill number, each of its own form",
    "/timezone": "which time zones there are is a database that changes",
    "/plate": "groups of letters and digits are mixed by rules of the register",
    "/starts_on": "how far ahead a delegation may begin moves with the calendar",
    "/ends_on": "so does its last day, which a guardian need not name",
    "/address": "each kind of device has addresses of its own",
    "/at": "what happened lies in the past, and the clock goes on",
    "/subject": "what a subscription may be about depends on its topic, and on whose it is",
    "/values": "each fact takes values of its own",
    "/district": "some events happen somewhere, others do not",
    "/message": "an alert is written, or a document: one of the two",
    "/endings": "a topic has one rule of silence",
    "/endings/…/rule": "each rule has members of its own, and fits what the topic is about",
    "/offered_days": "an offer names its life event and its days, or neither",
    "/scopes/…/scope": "each scope is granted once, and not on every ground",
    "/scopes/…/plate": "a vehicle is named for bills alone, by rules of the register",
    "/scopes/…/per_payment": "limits are for paying alone, and fit together",
    "/scopes/…/per_month": "limits are for paying alone, and fit together",
}
UNSPEAKABLE_PROBLEMS = {
    "idempotency-key-reused": "a key stands for the one request that it was first sent with",
    "password-refused": "common passwords are refused, and such as hold the ID number",
    "pin-refused": "PINs that anybody would try are refused, and such as are part of the ID number",
    "passkey-refused": "an attestation must be genuine",
    "precondition-required": "the version to send is the one that was read",
    "precondition-failed": "the version to send is the one that was read",
    "registration-refused": "a site's addresses, keys and purposes follow rules of their own",
    "vehicle-not-yours": "the register knows whose a vehicle is",
    "guardianship-not-proven": "the register knows whose guardian somebody is",
    "campaign-refused": "what words, audiences and schedules may be is more than a pattern can say",
    "alert-xml-unsafe": "an alert is XML within limits",
    "alert-document-refused": "an alert follows the rules of CAP 1.2",
    "alert-times-wrong": "when an alert may end moves with the calendar",
    "alert-reaches-nobody": "an alert has an area, and one in Kaohsiung",
    "desk-code-refused": "the code is the one that a desk shows",
    "till-enrolment-code-wrong": "the code is the one that a merchant's page shows",
    "till-pin-wrong": "the PIN is the one that the merchant has set",
    "pay-code-unreadable": "a code has check digits",
    "pay-code-not-genuine": "a code is made with a phone's key",
    "shop-code-unknown": "the code is the one that hangs at the counter",
    "estimates-used-up": "how many questions are left depends on those that were asked",
    **{refusal.slug: "a file of bills is CSV of a form of its own" for refusal in WHOLE_FILE_REFUSALS},
    **{refusal.slug: "so is a channel's collection file" for refusal in store_collections.WHOLE_FILE_REFUSALS},
    **{refusal.slug: "so is each settlement file" for refusal in problems.WHOLE_FILE_REFUSALS},
}


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with nothing undocumented allowed in answers either; a problem may carry more of its own."""
    closed: dict[str, Any] = copy.deepcopy(document)
    schemas = closed["components"]["schemas"]
    for name in components_of(closed, "responses") - {"Problem"}:
        schemas[name].setdefault("additionalProperties", False)
    return closed


def _config() -> SchemathesisConfig:
    return SchemathesisConfig.from_dict({"seed": SEED, "generation": {"max-examples": EXAMPLES, "database": "none"}})


API = schemathesis.openapi.from_dict(_closed(SERVED), config=_config())
BUREAU_API = API.include(path_regex=r"^/v1/bureau/|^/oauth/")
_OFFICERS_PATHS = {
    re.sub(r"<([a-z_]+)>", r"{\1}", route.path) for route in wiring.routes() if route.access.kind == "officer"
}
OFFICER_API = API.include(path=sorted(_OFFICERS_PATHS))
CITIZEN_API = API.exclude(path_regex=r"^/v1/bureau/|^/v1/webhooks/")
_QUIETLY = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


@dataclass
class Caller:
    """Who sends the requests, over which connections, and which objects are theirs."""

    url: str
    token: str | None = None
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = requests.Session()

    def send(self, case: schemathesis.Case) -> None:
        """Send it, about an object that is there where the request is otherwise in order, and check the answer."""
        is_negative = case.meta is not None and any(
            component.mode is GenerationMode.NEGATIVE for component in case.meta.components.values()
        )
        if not is_negative:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = self.ids.get(name, case.path_parameters[name])
        if isinstance(case.body, dict) and case.body.get("national_id") == EXAMPLE_OF_THE_DOCUMENT:
            # A demo person: wrong passwords would lock them out of the tests that come after.
            case.body["national_id"] = national_id(0)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else None
        self.session.cookies.clear()
        answer = case.call(base_url=self.url, session=self.session, headers=headers, timeout=30)
        case.validate_response(
            answer,
            headers=headers,
            excluded_checks=_unspeakable(case, answer),
            transport_kwargs={"base_url": self.url, "session": self.session, "headers": headers or {}},
        )


def _unspeakable(case: schemathesis.Case, answer: schemathesis.Response) -> list[Any]:
    """The checks that cannot be held against this answer."""
    if case.operation.path.startswith(("/oauth/", "/.well-known/")):
        # OAuth ignores what nobody knows (RFC 6749 §3.1), and what is in order depends on what a site registered.
        return [positive_data_acceptance, negative_data_rejection]
    return [positive_data_acceptance] if _is_refused_by_an_unspeakable_rule(answer) else []


def _is_refused_by_an_unspeakable_rule(answer: schemathesis.Response) -> bool:
    if answer.headers.get("content-type") != ["application/problem+json"]:
        return False
    problem = answer.json()
    pointers = {re.sub("/[0-9]+/", "/…/", error["pointer"]) for error in problem.get("errors", [])}
    return bool(pointers and pointers <= UNSPEAKABLE_POINTERS.keys()) or (
        problem["type"].rsplit("/", 1)[1] in UNSPEAKABLE_PROBLEMS
    )


@pytest.fixture(scope="session")
def nobody(stack: Stack) -> Caller:
    return Caller(stack.api_url)


@pytest.fixture(scope="session")
def citizen(stack: Stack) -> Caller:
    """Level 3, with bills, a linked account, a payment that went through, a device and a message."""
    payer = new_payer(stack, parking=[20, 30, 40], fines=[600])
    call = payer.citizen.call
    paid = payer.citizen.pay(payer.bill_ids()[:1], payer.link["id"])
    device = call("POST", "/v1/devices", {"kind": "fid", "address": "fuzzed-device"})
    deadline = time.monotonic() + 30
    while not (messages := call("GET", "/v1/inbox")["items"]) and time.monotonic() < deadline:
        time.sleep(0.2)
    ids = {
        "bill_id": payer.bill_ids()[1],
        "payment_id": paid["id"],
        "link_id": payer.link["id"],
        "vehicle_id": call("GET", "/v1/me/vehicles")["items"][0]["id"],
        "device_id": device["id"],
        "message_id": messages[0]["id"],
        "token": call("GET", paid["receipt_url"])["verify_url"].rsplit("/", 1)[1],
    }
    return Caller(stack.api_url, payer.citizen.token, ids)


@pytest.fixture(scope="session")
def leaver(stack: Stack) -> Caller:
    """Somebody whose session may end while we look."""
    return Caller(stack.api_url, new_payer(stack).citizen.token)


@pytest.fixture(scope="session")
def bureau(stack: Stack) -> Caller:
    """The parking bureau, with a file that it has sent."""
    batch = send_bills(stack, "parking", parking_file("FZZ-1234", [20]))
    return Caller(stack.api_url, bureau_token(stack), {"batch_id": batch["id"]})


@pytest.fixture(scope="session")
def officer(stack: Stack) -> Caller:
    """Somebody with every role."""
    return Caller(stack.api_url, officer_token(stack, *officers.ROLES))


@pytest.fixture(scope="session")
def leaving_officer(stack: Stack) -> Caller:
    """Somebody whose session may end while we look."""
    return Caller(stack.api_url, officer_token(stack, "finance"))


@API.parametrize()
@_QUIETLY
def test_without_a_token_every_answer_is_as_documented(case: schemathesis.Case, nobody: Caller) -> None:
    nobody.send(case)


@CITIZEN_API.parametrize()
@_QUIETLY
def test_to_a_citizen_every_answer_is_as_documented(case: schemathesis.Case, citizen: Caller, leaver: Caller) -> None:
    ends_sessions = case.operation.path in ("/v1/auth/logout", "/v1/me/sessions/{session_id}")
    (leaver if ends_sessions else citizen).send(case)


@BUREAU_API.parametrize()
@_QUIETLY
def test_to_a_bureau_every_answer_is_as_documented(case: schemathesis.Case, bureau: Caller) -> None:
    bureau.send(case)


@OFFICER_API.parametrize()
@_QUIETLY
def test_to_an_officer_every_answer_is_as_documented(
    case: schemathesis.Case, officer: Caller, leaving_officer: Caller
) -> None:
    (leaving_officer if case.operation.path == "/v1/auth/officers/logout" else officer).send(case)


def test_the_document_that_is_served_is_the_one_fuzzed(stack: Stack) -> None:
    served: dict[str, Any] = requests.get(f"{stack.api_url}/openapi.json", timeout=10).json()
    assert served == SERVED
