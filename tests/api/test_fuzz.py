"""Every endpoint, fuzzed from our own OpenAPI over real HTTP: as nobody, as a citizen, as a bureau, as an officer.

FUZZ_EXAMPLES sets how many random requests each operation gets (beside the systematic ones); FUZZ_SEED another seed.
"""

from __future__ import annotations

import copy
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from paying_city import bureau_token, national_id, new_payer, parking_file, send_bills
from roster import officer_token
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from stack import Stack
from state_folders import STATE_PARENT

from api import demo_vans, wiring
from api.openapi import components_of, openapi_document
from core.db import Database
from identity import officers
from tests.points.till.city import open_till
from wallet import store_collections
from wallet.feed_problems import WHOLE_FILE_REFUSALS
from wallet.reconciliation import problems

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
SEED = int(os.environ.get("FUZZ_SEED", "20260101"))
EXAMPLE_OF_THE_DOCUMENT = "A123456789"
SERVED = orjson.loads(openapi_document(wiring.routes()))

# JSON Schema cannot say these rules, so a request that is in order by the document may still be refused for them.
UNSPEAKABLE_POINTERS = {
    "": "U+0000 is taken nowhere",
    "/": "U+0000 is taken nowhere",
    "cursor": "only a cursor that the list gave out is one",
    "since": "it is no later than `until`, and at most 92 days before its end",
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
    "on": "to JSON Schema any day is one, also one before there were points",
    "from": "so it is with the first day of a span",
    "/first_day": "and with the days of an extension",
    "/last_day": "and with the days of an extension",
    "/until_day": "and with the days of an extension",
    "/agent_national_id": "an agent is named by a case or by a number: one of the two",
    "/subject": "what a subscription may be about depends on its topic, and on whose it is",
    "first_day": "and so it is with the first day of a roster",
    "/copies/…/from_day": "and with its copies",
    "/copies/…/to_day": "and with its copies",
    "/additions/…/date": "and with its shifts",
    "/additions/…/until": "and with their last day",
    "/out_of_service/…/starts_at": "and with absences",
    "/out_of_service/…/ends_at": "and with absences",
    "/away/…/starts_at": "and with absences",
    "/away/…/ends_at": "and with absences",
    "/licence_until": "and with a licence",
    "/depot": "which depots there are stands in the office's books",
    "/has_lift": "a van for wheelchairs has a way in",
    "/values": "each fact takes values of its own",
    "/district": "some events happen somewhere, others do not",
    "near": "degrees end at 90 and 180",
    "/place/latitude": "a pin has both coordinates, or there is none",
    "/place/longitude": "a pin has both coordinates, or there is none",
    "/from/latitude": "a pin has both coordinates, or there is none",
    "/from/longitude": "a pin has both coordinates, or there is none",
    "/to/latitude": "a pin has both coordinates, or there is none",
    "/to/longitude": "a pin has both coordinates, or there is none",
    "/stops/…/latitude": "a pin has both coordinates, or there is none",
    "/stops/…/longitude": "a pin has both coordinates, or there is none",
    "/pick_up_at": "a ride has a time, or is wanted as soon as possible; a change changes something",
    "/asap": "a ride has a time, or is wanted as soon as possible",
    "/return/at": "a way back has a time, or waits until its rider says so",
    "/offer_id": "a ride is an offer, or a request for which the city chooses",
    "/return_offer_id": "a way back goes with a way there",
    "/choose_for_me": "a ride is an offer, or a request for which the city chooses",
    "/wheelchair/width_cm": "a wheelchair has a size, and no wheelchair has none",
    "/wheelchair/length_cm": "a wheelchair has a size, and no wheelchair has none",
    "/wheelchair/weight_kg": "a wheelchair has a size, and no wheelchair has none",
    "to": "a statement is of a quarter at the most, and ends after it begins",
    "/valid_until": "an offer ends after it begins",
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
    "driver-pin-wrong": "the PIN is the one of whoever drives that van now",
    "ride-code-wrong": "the code is the one that the rider was told",
    "would-break-promise": "what was promised to whom lies in the plan",
    "override-reason-needed": "a reason is needed where a rule is broken, or a code not said",
    "pay-code-unreadable": "a code has check digits",
    "pay-code-not-genuine": "a code is made with a phone's key",
    "shop-code-unknown": "the code is the one that hangs at the counter",
    "business-id-wrong": "its last digit is a check digit",
    "address-elsewhere": "which city an address names is more than a pattern can say",
    "outside-service-area": "where rides go is a map",
    "place-not-in-taiwan": "and so is the country",
    "place-not-located": "a place is one of the search, or has a pin",
    "place-too-vague": "a district is no door",
    "pick-up-in-the-past": "what is past moves with the clock",
    "arrive-by-before-pick-up": "one moment is before another",
    "arrive-by-not-reachable": "how long a way takes is a map",
    "return-before-arrival": "one moment is before another",
    "ride-too-far-ahead": "how far ahead moves with the calendar",
    "ride-to-the-same-place": "how far two places are apart is a map",
    "no-vehicle-fits": "the largest vehicle is whichever the fleets have",
    "phone-number-wrong": "area codes follow the numbering plan",
    "wheelchair-size-unlikely": "what no wheelchair measures is told by its own problem",
    "wheelchair-paper-date-wrong": "which days may be moves with the calendar",
    "outside-kaohsiung": "which places are in which district is a map",
    "roster-sheet-unreadable": "a roster is CSV of a form of its own",
    "public-key-wrong": "a key is a point on its curve",
    "account-code-wrong": "the code is the one in the bank's remark",
    "points-campaign-terms-wrong": "what terms may be together is more than a schema can say",
    "estimates-used-up": "how many questions are left depends on those that were asked",
    "ride-file-unreadable": "a file of rides is CSV of a form of its own",
    "ride-file-refused": "and each of its lines follows rules of its own",
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


def _config(**more: Any) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {"seed": SEED, "generation": {"max-examples": EXAMPLES, "database": "none"}, **more}
    )


# Who may use an operation is answered with all that its schema makes; who may not, with a few requests at random.
API = schemathesis.openapi.from_dict(_closed(SERVED), config=_config())
GLANCE = schemathesis.openapi.from_dict(
    _closed(SERVED),
    config=_config(
        generation={"max-examples": min(EXAMPLES, 2), "database": "none"},
        phases={"coverage": {"enabled": False}, "examples": {"enabled": False}},
    ),
)
_QUIETLY = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


@dataclass
class Caller:
    """Who sends the requests, over which connections, and which objects are theirs."""

    url: str
    token: str | None = None
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = requests.Session()
        # Looking for proxies in the environment would cost a twentieth of the run.
        self.session.trust_env = False

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
    errors = problem.get("errors", [])
    if errors and all("U+0000" in error["detail"] for error in errors):
        # In an object of somebody else's making (a credential, a key) it may stand anywhere, also in a name.
        return True
    pointers = {re.sub("/[0-9]+/", "/…/", error["pointer"]) for error in errors}
    return bool(pointers and pointers <= UNSPEAKABLE_POINTERS.keys()) or (
        problem["type"].rsplit("/", 1)[1] in UNSPEAKABLE_PROBLEMS
    )


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A running copy for these tests alone: what they leave in it would be nonsense to others."""
    running = Stack(STATE_PARENT / f"mykh-fuzz-{os.getpid()}").start()
    yield running
    running.remove()


@pytest.fixture(scope="module")
def nobody(stack: Stack) -> Caller:
    return Caller(stack.api_url)


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def leaver(stack: Stack) -> Caller:
    """Somebody whose session may end while we look."""
    return Caller(stack.api_url, new_payer(stack).citizen.token)


@pytest.fixture(scope="module")
def bureau(stack: Stack) -> Caller:
    """The parking bureau, with a file that it has sent."""
    batch = send_bills(stack, "parking", parking_file("FZZ-1234", [20]))
    return Caller(stack.api_url, bureau_token(stack), {"batch_id": batch["id"]})


@pytest.fixture(scope="module")
def till(stack: Stack) -> Caller:
    """A shop's till at which somebody is."""
    database = Database(stack.database_url)
    with database.unit_of_work() as session:
        opened = open_till(session)
    database.engine.dispose()
    return Caller(stack.api_url, opened.token)


@pytest.fixture
def driver(stack: Stack) -> Caller:
    """Whoever drives the van that stands by around the clock."""
    wheel = {"vehicle": demo_vans.van_number(demo_vans.VANS), "pin": demo_vans.PIN, "transport": "bearer"}
    return Caller(
        stack.api_url, requests.post(f"{stack.api_url}/v1/driver/session", json=wheel, timeout=10).json()["token"]
    )


@pytest.fixture(scope="module")
def at_desks(stack: Stack) -> dict[str, Caller]:
    """For each role somebody who has it, of as few as may be: nobody holds roles that are apart."""
    together = [set(officers.ROLES) - (apart - {one}) for apart in officers.APART for one in sorted(apart)]
    callers = [(roles, Caller(stack.api_url, officer_token(stack, *sorted(roles)))) for roles in together]
    return {role: next(caller for roles, caller in callers if role in roles) for role in officers.ROLES}


@pytest.fixture(scope="module")
def leaving_officer(stack: Stack) -> Caller:
    """Somebody whose session may end while we look."""
    return Caller(stack.api_url, officer_token(stack, "finance"))


def _braced(path: str) -> str:
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", path)


ACCESS = {f"{route.method} {_braced(route.path)}": route.access for route in wiring.routes()}


def _for(*kinds: str) -> Any:
    """Parametrizes a test with the operations that such callers may use."""
    return pytest.mark.parametrize("operation", [each for each, access in ACCESS.items() if access.kind in kinds])


def _fuzz(api: Any, operation: str, caller: Caller) -> None:
    """Send the operation all that its schema makes. It is made here, and not when tests are collected: by one alone."""
    method, path = operation.split(" ")

    def every_answer_is_as_documented(case: schemathesis.Case) -> None:
        caller.send(case)

    load_all_checks()
    run = build_operation_test(
        config=api.config,
        operation=api[path][method],
        test_func=every_answer_is_as_documented,
        given_kwargs={},
        feedback=NO_FEEDBACK,
        explicit_settings=_QUIETLY,
    )
    run()


@_for("public", "partner")
def test_to_anybody_every_answer_is_as_documented(operation: str, nobody: Caller) -> None:
    _fuzz(API, operation, nobody)


@_for("citizen", "officer", "bureau", "till", "driver")
def test_without_a_token_every_answer_is_as_documented(operation: str, nobody: Caller) -> None:
    _fuzz(GLANCE, operation, nobody)


@_for("citizen")
def test_to_a_citizen_every_answer_is_as_documented(operation: str, citizen: Caller, leaver: Caller) -> None:
    ends_sessions = operation.endswith(("/v1/auth/logout", "/v1/me/sessions/{session_id}"))
    _fuzz(API, operation, leaver if ends_sessions else citizen)


@_for("public", "officer", "bureau", "till", "driver")
def test_to_a_citizen_what_is_for_others_answers_as_documented(operation: str, citizen: Caller, leaver: Caller) -> None:
    _fuzz(GLANCE, operation, leaver if operation.endswith("/logout") else citizen)


@_for("bureau")
def test_to_a_bureau_every_answer_is_as_documented(operation: str, bureau: Caller) -> None:
    _fuzz(API, operation, bureau)


@_for("till")
def test_to_a_till_every_answer_is_as_documented(operation: str, till: Caller) -> None:
    _fuzz(API, operation, till)


@_for("driver")
def test_to_a_driver_every_answer_is_as_documented(operation: str, driver: Caller) -> None:
    _fuzz(API, operation, driver)


@_for("officer")
def test_to_an_officer_every_answer_is_as_documented(
    operation: str, at_desks: dict[str, Caller], leaving_officer: Caller
) -> None:
    roles = ACCESS[operation].roles or officers.ROLES
    _fuzz(API, operation, leaving_officer if operation.endswith("/v1/auth/officers/logout") else at_desks[min(roles)])


def test_the_document_that_is_served_is_the_one_fuzzed(stack: Stack) -> None:
    served: dict[str, Any] = requests.get(f"{stack.api_url}/openapi.json", timeout=10).json()
    assert served == SERVED
