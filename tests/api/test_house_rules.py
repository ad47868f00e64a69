"""The rules of the house that no linter knows, held against the code as it is."""

from __future__ import annotations

import ast
import importlib
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient

from api import run, wiring, worker
from api.openapi import openapi_document, problems_of
from core import migrate
from core.db import Database
from core.errors import Problem, all_problems
from core.http import Route
from core.settings import read
from identity import officers

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "core", "identity", "ledger", "wallet", "points", "notify", "accessibility", "partners", "api", "consoles", "mobile_mock",
)  # fmt: skip

# What Flask serves beside the declared routes: pages and files without anybody's data.
PAGES = {
    "/": "leads to the phone",
    "/openapi.json": "the description of the API",
    "/docs": "leads to /docs/",
    "/docs/": "the description, to browse",
    "/docs/start.js": "starts it",
    "/docs/<path:name>": "its files",
    "/healthz": "whether the process lives",
    "/readyz": "whether it can work",
    "/metrics": "its numbers",
    "/problems/": "what each refusal means",
    "/problems/<slug>": "what one refusal means",
    "/problems/style.css": "how these pages look",
}

# Every POST is here: those that move money, points or a ride demand an Idempotency-Key; the others say why they do not.
MOVES_VALUE = {
    "/v1/waitlist",
    "/v1/waitlist/<wait_id>/acceptance",
    "/v1/ride-series",
    "/v1/ride-series/<series_id>/cancellation",
    "/v1/ride-series/<series_id>/resumption",
    "/v1/dispatch/calls/<ride_call_id>/answer",
    "/v1/payments",
    "/v1/payments/<payment_id>/authorization",
    "/v1/payments/<payment_id>/completion",
    "/v1/payments/<payment_id>/refunds",
    "/v1/refunds",
    "/v1/refunds/<refund_id>/account",
    "/v1/approvals/<approval_id>/decision",
    "/v1/overpayments/<overpayment_id>/return",
    "/v1/driver/stops/<stop_id>/arrival",
    "/v1/driver/stops/<stop_id>/aboard",
    "/v1/driver/stops/<stop_id>/out",
    "/v1/driver/stops/<stop_id>/no-show",
    "/v1/driver/break",
    "/v1/driver/incident",
    "/v1/dispatch/assignments",
    "/v1/dispatch/vehicles/<number>/breakdown",
    "/v1/dispatch/roster/changes",
    "/v1/dispatch/fleets/<fleet>/terms",
    "/v1/ride-requests",
    "/v1/ride-requests/<request_id>/withdrawal",
    "/v1/rides",
    "/v1/rides/<ride_id>/cancellation",
    "/v1/rides/<ride_id>/changes",
    "/v1/rides/<ride_id>/ready",
    "/v1/rides/<ride_id>/at-door",
    "/v1/rides/<ride_id>/not-here",
    "/v1/merchant/redemptions",
    "/v1/merchant/redemptions/<redemption_id>/void",
    "/v1/merchant/redemptions/<redemption_id>/refunds",
    "/v1/points/redemptions",
    "/v1/points/redemptions/<redemption_id>/confirmation",
    "/v1/points/exchanges",
    "/v1/points-desk/exchanges/<exchange_id>/release",
    "/v1/points-desk/exchanges/<exchange_id>/refusal",
    "/v1/points-desk/breaks/<break_id>/resolution",
    "/v1/points-desk/partner-nettings/<netting_id>/payment",
    "/v1/points-desk/partners/<partner>/account-changes",
    "/v1/points-desk/partners/<partner>/budget-additions",
    "/v1/points-desk/partners/<partner>/openings",
    "/v1/points-desk/partners/<partner>/rates",
    "/v1/points-desk/extensions",
    "/v1/desk/rides/<ride_id>/fare-corrections",
    "/v1/points/redemptions/<redemption_id>/refusal",
    "/v1/points-desk/held/<redemption_id>/release",
    "/v1/points-desk/held/<redemption_id>/refusal",
    "/v1/points-desk/settlements/<settlement_id>/resending",
    "/v1/points-desk/campaigns/<points_campaign_id>/approval",
    "/v1/points-desk/campaigns/<points_campaign_id>/budget",
}
MOVES_NOTHING = {
    "/v1/points-desk/extensions/estimate": "it only counts",
    "/v1/rider/eligibility/check": "it only asks; how often is limited",
    "/v1/rider/eligibility/papers": "one waits at a time",
    "/v1/rider/places": "a place twice in a list moves nothing",
    "/v1/desk/ride-papers/<paper_id>/acceptance": "a paper is decided once",
    "/v1/desk/ride-papers/<paper_id>/refusal": "a paper is decided once",
    "/v1/rider/no-shows/<point_id>/appeal": "a point is appealed once",
    "/v1/ride-complaints": "words, and each is kept",
    "/v1/rides/<ride_id>/rating": "a ride has one rating",
    "/v1/rides/<ride_id>/lost-items": "a thing reported twice is found once",
    "/v1/rider/lost-items/<lost_id>/withdrawal": "what has moved on stays",
    "/v1/desk/ride-appeals/<appeal_id>/decision": "an appeal is decided once",
    "/v1/desk/ride-complaints/<complaint_id>/answer": "a complaint is answered once",
    "/v1/desk/lost-items/<lost_id>/match": "a thing is matched once",
    "/v1/desk/lost-items/<lost_id>/hand-over": "a thing is handed over once",
    "/v1/desk/lost-items/<lost_id>/giving-up": "what has moved on stays",
    "/v1/desk/found-items": "a thing twice in a list moves nothing",
    "/v1/reconciliation/files": "lines that were taken before change nothing",
    "/v1/reconciliation/breaks/<break_id>/assignment": "owning what one owns changes nothing",
    "/v1/reconciliation/breaks/<break_id>/explanation": "words, and each is kept",
    "/v1/reconciliation/breaks/<break_id>/adjustment": "a proposal moves nothing, and a break has one at a time",
    "/v1/reconciliation/days/<day>/close": "a day that is closed stays as it is",
    "/v1/reconciliation/days/<day>/reopening": "a proposal moves nothing",
    "/v1/auth/password/register": "sends a code; how often is limited",
    "/v1/auth/password/login": "sends a code; how often is limited",
    "/v1/auth/otp/verify": "a code is used once",
    "/v1/auth/totp/verify": "a challenge and a step of the clock are used once",
    "/v1/auth/recovery-codes/verify": "a challenge and a code are used once",
    "/v1/me/totp": "a secret that is not confirmed lapses by itself",
    "/v1/me/totp/<totp_id>/confirmation": "a secret is confirmed once",
    "/v1/me/recovery-codes": "ten codes take the place of ten",
    "/v1/me/password": "no money; the present password changes with it",
    "/v1/auth/resets": "it only begins a wait; how often is limited",
    "/v1/auth/resets/<reset_id>/evidence": "a code is used once",
    "/v1/auth/resets/<reset_id>/progress": "it only reads; its token stays out of addresses",
    "/v1/auth/resets/<reset_id>/completion": "a token is used once",
    "/v1/me/resets/<reset_id>/cancellation": "a reset is cancelled once",
    "/v1/auth/disavowals/preview": "it only reads; its token stays out of addresses",
    "/v1/auth/disavowals": "what was said before answers the same case",
    "/v1/me/security-notices/<notice_id>/disavowal": "what was said before answers the same case",
    "/v1/me/method-locks/<method>/release": "what is open is refused",
    "/v1/cases/<case_id>/notes": "words, and each is kept",
    "/v1/cases/<case_id>/unlocking": "what is open is refused",
    "/v1/cases/<case_id>/resolution": "a case is resolved once",
    "/v1/auth/logout": "ending what has ended changes nothing",
    "/v1/auth/passkeys/registration/options": "a challenge lapses by itself",
    "/v1/auth/passkeys/registration/verify": "a challenge is used once",
    "/v1/auth/passkeys/login/options": "a challenge lapses by itself",
    "/v1/auth/passkeys/login/verify": "a challenge is used once",
    "/v1/auth/certificate/challenge": "a challenge lapses by itself",
    "/v1/auth/certificate/verify": "a challenge is used once",
    "/v1/auth/officers/enrolment/options": "a challenge lapses by itself",
    "/v1/auth/officers/enrolment/verify": "a challenge and a code are used once",
    "/v1/auth/officers/login/options": "a challenge lapses by itself",
    "/v1/auth/officers/login/verify": "a challenge is used once",
    "/v1/auth/officers/logout": "ending what has ended changes nothing",
    "/v1/approvals/<approval_id>/withdrawal": "a proposal is taken back once, and nothing of it is carried out",
    "/v1/counter/cases": "it only opens a case; every look-up is kept",
    "/v1/counter/cases/<counter_case_id>/proof": "proofing rises once",
    "/v1/counter/cases/<counter_case_id>/codes": "a newer code ends the older",
    "/v1/counter/cases/<counter_case_id>/cards": "a newer card ends the older",
    "/v1/counter/cases/<counter_case_id>/visits": "a newer visit ends the older",
    "/v1/auth/enrolments/options": "a challenge lapses by itself",
    "/v1/auth/enrolments/verify": "a challenge and a code are used once",
    "/v1/auth/cards/questions": "a question lapses by itself",
    "/v1/auth/cards/verify": "a card's code is used once",
    "/v1/operator/calls": "a call that is not confirmed lapses by itself",
    "/v1/operator/calls/<call_id>/code": "a call takes one code",
    "/v1/operator/calls/<call_id>/visits": "a confirmed call is served once",
    "/v1/operator/card-losses": "ending what has ended changes nothing",
    "/v1/webhooks/partners/ivr": "a call takes one PIN",
    "/v1/webhooks/partners/<partner>": "it makes us ask the partner; a fleet's telegram is known by its id",
    "/v1/fleet/trips/<trip>/events": "a telegram is known by its id, and takes effect once",
    "/v1/points-desk/partners/<partner>/statements/<month>": "a statement that was taken before changes nothing",
    "/v1/points/exchange-quotes": "an offer that nobody takes lapses by itself",
    "/v1/me/vehicles": "a vehicle is on the list once",
    "/v1/counter/cases/<counter_case_id>/delegations": "it moves no money, and either side ends it at once",
    "/v1/me/delegations": "an offer lapses by itself; how many a day is limited",
    "/v1/me/delegations/<delegation_id>/acceptance": "an offer is answered once",
    "/v1/me/delegations/<delegation_id>/refusal": "an offer is answered once",
    "/v1/me/delegations/<delegation_id>/revocation": "a delegation is closed once",
    "/v1/me/delegations/<delegation_id>/session": "a token for acting lapses by itself, and dies with the session",
    "/v1/auth/social/<provider>/callback": "an answer is put aside once, for the browser that asked for it",
    "/v1/me/linked-accounts": "an account that waits is linked once",
    "/v1/me/mobile": "sends a code; how often is limited",
    "/v1/me/mobile/verification": "a code is used once",
    "/v1/auth/authorizations/<authorization_id>/refusal": "turning back twice is turning back",
    "/v1/me/authorizations/<authorization_id>/decision": "a request is decided once, and its code is used once",
    "/v1/relying-parties": "a client id is taken once, and a proposal moves nothing",
    "/v1/relying-parties/<relying_party_id>/suspension": "a site that is shut is shut",
    "/v1/relying-parties/<relying_party_id>/resumption": "a site has one open proposal at a time, which moves nothing",
    "/v1/relying-parties/<relying_party_id>/secret": "another secret each time; nothing of value moves",
    "/oauth/token": "an assertion is used once",
    "/oauth/authorize": "a request that is not answered lapses by itself",
    "/oauth/par": "a pushed request is used once, and lapses by itself",
    "/oauth/userinfo": "it only reads",
    "/oauth/revoke": "revoking what is revoked changes nothing",
    "/oauth/logout": "it only asks whether to sign out",
    "/oauth/logout/confirmation": "signing out who is signed out changes nothing",
    "/v1/bank-links": "a link that is not finished lapses by itself",
    "/v1/bank-links/<link_id>/completion": "the bank's code is used once, and the answer is the same again",
    "/v1/automatic-debits/<automatic_debit_id>/authorization": "a challenge is used once",
    "/v1/automatic-debits/planned/<planned_id>/skip": "money stays where it is, and a debit is skipped once",
    "/v1/payments/<payment_id>/cancellation": "no money has moved, and a payment is cancelled once",
    "/v1/bills/<bill_id>/payment-slips": "a bill has one good slip for each channel, answered again; it claims nothing",
    "/v1/bureau/collection-files": "content that was taken before changes nothing",
    "/v1/bureau/bill-batches": "content that was sent before changes nothing",
    "/v1/bureau/instalment-plans": "a plan's number stands for one plan, and the same again changes nothing",
    "/v1/bureau/instalment-plans/<plan_id>/delays": "a date is moved to where it is to be, once",
    "/v1/bills/<bill_id>/instalment-requests": "while a request is open, asking again answers that one",
    "/v1/bureau/notices/<notice_id>/redelivery": "the receiver knows the notice by its id",
    "/v1/bureau-notices/<notice_id>/redelivery": "the receiver knows the notice by its id",
    "/v1/disputes/<dispute_id>/evidence": "evidence is submitted once, and moves no money",
    "/v1/disputes/<dispute_id>/acceptance": "a dispute is accepted once, and the money is moved by the processor",
    "/v1/officer/payments/<payment_id>/corrections": "it is proposed, and a second person decides",
    "/v1/officer/payment-lookups": "it only reads; what is looked for stays out of addresses",
    "/v1/closed-days": "a day is closed once: windows move, money does not",
    "/v1/webhooks/bank": "it only makes us ask the bank sooner",
    "/v1/webhooks/adyen": "a notice is known by its names, and takes effect once",
    "/v1/devices": "an address is registered once",
    "/v1/bureau/alerts": "an alert is one by sender, identifier and time: the same again changes nothing",
    "/v1/duty/alerts": "an alert is one by sender, identifier and time, and two persons send it",
    "/v1/duty/alerts/<alert_id>/approval": "what has gone out is refused",
    "/v1/duty/alerts/<alert_id>/refusal": "what is over is refused",
    "/v1/duty/alerts/<alert_id>/correction": "what is over is refused",
    "/v1/duty/alerts/<alert_id>/cancellation": "what is over is refused",
    "/v1/bureau/campaigns": "a draft moves nothing: two persons agree before anything is sent",
    "/v1/bureau/campaigns/<campaign_id>/submission": "what is submitted is refused",
    "/v1/bureau/campaigns/<campaign_id>/approval": "what is approved is refused, and its run begins once",
    "/v1/bureau/campaigns/<campaign_id>/return": "what was given back is refused",
    "/v1/bureau/campaigns/<campaign_id>/pause": "what is paused is refused",
    "/v1/bureau/campaigns/<campaign_id>/resumption": "what goes on is refused",
    "/v1/bureau/campaigns/<campaign_id>/cancellation": "what has ended is refused",
    "/v1/bureau/campaigns/<campaign_id>/recall": "what was taken back is refused",
    "/v1/bureau/campaigns/<campaign_id>/estimate": "it only counts, and the same question has the same answer all day",
    "/v1/bureau/campaigns/<campaign_id>/test-message": "it goes to one's own phone alone",
    "/v1/bureau/campaign-templates": "words that nobody is sent",
    "/v1/bureau/test-phone/code": "a newer code ends the older",
    "/v1/test-devices": "it only shows whose code that is",
    "/v1/test-devices/<desk_id>/confirmation": "a code is used once",
    "/v1/till/enrolments": "a code makes one device a till, once",
    "/v1/driver/session": "a shift has one session; a newer one ends the older",
    "/v1/dispatch/what-if": "it only reads",
    "/v1/dispatch/roster/what-if": "what it does is undone at once",
    "/v1/dispatch/roster/sheet": "it only reads",
    "/v1/dispatch/vehicles": "a van's number is taken once, and it takes nobody before it has a shift",
    "/v1/dispatch/depots": "a code is taken once",
    "/v1/dispatch/drivers": "a number is taken once",
    "/v1/dispatch/drivers/<number>/pin": "a newer PIN ends the older",
    "/v1/till/shifts": "a till has one shift; a newer one ends the older",
    "/v1/merchants": "a business id is applied for once",
    "/v1/merchants/<merchant_id>/bank-account/proof": "a code is used once",
    "/v1/merchants/<merchant_id>/branches": "a branch takes nothing before a till of it does; how many is limited",
    "/v1/merchants/<merchant_id>/staff": "a staff number is taken once",
    "/v1/merchants/<merchant_id>/tills": "a code that nobody types lapses by itself; how many is limited",
    "/v1/merchants/<merchant_id>/tills/<till_id>/code": "a newer code ends the older",
    "/v1/merchants/<merchant_id>/registers": "its key alone opens it; how many is limited",
    "/v1/merchants/<merchant_id>/offers": "a draft sells nothing; how many is limited",
    "/v1/merchants/<merchant_id>/closing": "what is closed stays closed",
    "/v1/points-desk/merchants/<merchant_id>/closing": "a merchant is closed once, by two persons",
    "/v1/points-desk/merchants/<merchant_id>/approval": "a merchant is approved once, by two persons",
    "/v1/points-desk/merchants/<merchant_id>/refusal": "an application is refused once",
    "/v1/points-desk/merchants/<merchant_id>/suspension": "who is suspended is refused",
    "/v1/points-desk/payout-differences/<difference_id>/resolution": "a difference is closed once, and moves nothing",
    "/v1/points/pay-codes": "a key lapses by itself; how many are given out is limited",
    "/v1/receipts": "a message is shown, opened and dismissed once",
    "/v1/inbox/<message_id>/complaint": "a message is complained of once",
    "/v1/subscriptions": "who hears of it already keeps the subscription that they have",
    "/v1/subscriptions/<subscription_id>/renewal": "what is live is not doubled",
    "/v1/subscription-offers/<offer_id>/acceptance": "an offer is taken once",
    "/v1/bureau/topics": "a code is taken once",
    "/v1/bureau/deeds": "a key stands for one deed, and the same again changes nothing",
    "/v1/bureau/ride-files": "a ride's number stands for one deed, and the same again changes nothing",
    "/v1/bureau/deed-batches": "a key stands for one deed, and the same again changes nothing",
    "/v1/points-desk/campaigns": "a code is taken once, and a draft moves nothing",
    "/v1/points-desk/campaigns/<points_campaign_id>/dry-run": "it only reads",
    "/v1/points-desk/campaigns/<points_campaign_id>/ending": "what has ended is refused",
    "/v1/bureau/life-events": "a reference stands for one report, and the same again changes nothing",
}


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_every_rule_is_a_declared_route_or_a_page_named_here(client: FlaskClient) -> None:
    declared = {(route.path, route.method) for route in wiring.routes()}
    for rule in client.application.url_map.iter_rules():
        pages = {"phone": "/app", "desk": "/desk", "kiosk": "/kiosk", "till": "/till", "driver": "/driver"}
        place = pages.get(rule.endpoint.partition(".")[0])
        if place is not None:
            assert rule.methods is not None and rule.methods <= {"GET", "HEAD", "OPTIONS"}, rule
            assert rule.rule == place or rule.rule.startswith(f"{place}/"), rule
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert (rule.rule, method) in declared or (rule.rule in PAGES and method == "GET"), rule


def test_no_address_is_declared_twice() -> None:
    assert [name for name, times in Counter(map(_name, wiring.routes())).items() if times > 1] == []


@pytest.mark.parametrize("route", wiring.routes(), ids=_name)
def test_every_route_says_who_may_call_it_and_how_surely_they_must_be_known(route: Route) -> None:
    assert route.access.kind in ("public", "citizen", "officer", "bureau", "till", "driver", "partner")
    if route.access.kind == "citizen":
        assert 1 <= route.access.loa <= 4
    if route.access.kind == "officer":
        assert route.access.roles <= set(officers.ROLES)
    if route.access.kind == "bureau":
        assert re.fullmatch("[a-z-]+:[a-z]+", route.access.scope)
    assert route.summary.zh and route.summary.en


@pytest.mark.parametrize("route", wiring.routes(), ids=_name)
def test_every_route_of_an_officer_or_a_bureau_says_whether_it_shows_a_citizen_s_data(route: Route) -> None:
    is_read_by_others = route.access.kind in ("officer", "bureau", "till", "driver")
    assert (route.shows_person_data is not None) == is_read_by_others, "declare shows_person_data=True or False"


def test_what_belongs_to_a_citizen_is_never_public() -> None:
    public = {route.path for route in wiring.routes() if route.access.kind == "public"}
    # What was saved is sums over everybody, made for the public; where a station is, everybody may know.
    of_nobody = (
        "/v1/auth/",
        "/oauth/",
        "/verify/",
        "/savings",
        "/v1/savings",
        "/v1/web-push-key",
        "/v1/till/enrolments",
        "/v1/driver/session",
        "/v1/places",
        "/v1/ride-feeds/",
        "/v1/fleet-telegrams/",
    )
    assert all(path.startswith(of_nobody) for path in public), public


def test_money_and_bank_accounts_need_a_passkey() -> None:
    for route in wiring.routes():
        changes_money = route.path.startswith(("/v1/payments", "/v1/bank-links")) and route.method in ("POST", "DELETE")
        # Officers sign in with a passkey or not at all.
        if (
            changes_money
            and route.access.kind != "officer"
            and not route.path.endswith(("/cancellation", "/completion"))
        ):
            assert route.access.loa >= 3, _name(route)


def test_every_post_that_moves_value_demands_an_idempotency_key_and_the_others_say_why_not() -> None:
    posts = {route.path: route.idempotent for route in wiring.routes() if route.method == "POST"}
    assert {path for path, is_idempotent in posts.items() if is_idempotent} == MOVES_VALUE
    assert {path for path, is_idempotent in posts.items() if not is_idempotent} == MOVES_NOTHING.keys()


def test_every_refusal_has_one_name_words_in_both_languages_and_a_page(client: FlaskClient) -> None:
    # Tests declare refusals of their own, which are nobody's business.
    kinds = [kind for kind in all_problems() if kind.__module__.split(".")[0] in ROOMS]
    assert [slug for slug, times in Counter(kind.slug for kind in kinds).items() if times > 1] == []
    catalogue = client.get("/problems/").text
    for kind in kinds:
        assert re.fullmatch("[a-z]+(-[a-z]+)*", kind.slug), kind
        assert 400 <= kind.status < 600, kind
        for text in (kind.title, kind.explanation):
            assert re.search("[\u4e00-\u9fff]", text.zh) and re.search("[A-Za-z]{2}", text.en), kind
        assert f'href="/problems/{kind.slug}"' in catalogue
        page = client.get(f"/problems/{kind.slug}")
        assert page.status_code == 200 and kind.explanation.en.split("'")[0][:30] in page.text


def test_a_refusal_that_a_route_declares_is_one_of_the_catalogue() -> None:
    known = {kind.slug for kind in all_problems()}
    for route in wiring.routes():
        for problem in problems_of(route):
            assert issubclass(problem, Problem) and problem.slug in known


def _recorded_kinds() -> Iterator[tuple[str, str]]:
    """Every kind that some line of code records, with the file: a literal, or a constant of its module."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                    "outbox.record",
                    "outbox.record_all",
                    "outbox.values_for",
                ):
                    kind = node.args[1]
                    where = str(path.relative_to(ROOT))
                    if isinstance(kind, ast.Constant):
                        yield str(kind.value), where
                    else:
                        module = import_module(where.removesuffix(".py").replace("/", "."))
                        yield str(eval(ast.unparse(kind), vars(module))), where


def _published_kinds() -> set[str]:
    """Every kind that some room's events.py names."""
    found: set[str] = set()
    for room in ROOMS:
        if (ROOT / room / "events.py").exists():
            named = vars(import_module(f"{room}.events"))
            found |= {value for name, value in named.items() if name.isupper() and isinstance(value, str)}
    return found


def test_every_fact_that_is_recorded_has_somebody_who_acts_on_it_or_a_reason_why_nobody_does() -> None:
    recorded = dict(_recorded_kinds())
    assert recorded, "no call of outbox.record was found: this test looks in the wrong place"
    kinds = recorded.keys() | _published_kinds()
    consumed = wiring.consumers_by_kind().keys()
    assert kinds - consumed - wiring.UNCONSUMED.keys() == set()
    assert consumed - kinds == set(), "somebody waits for what nobody says"
    assert wiring.UNCONSUMED.keys() - kinds == set() and not wiring.UNCONSUMED.keys() & consumed
    assert all(wiring.UNCONSUMED.values())


def test_every_consumer_and_every_sweep_has_a_name_of_its_own() -> None:
    consumers = [consumer.name for consumer in wiring.consumers()]
    assert len(consumers) == len(set(consumers))
    rooms = (
        wiring.wallet_tasks,
        wiring.points_tasks,
        wiring.notify_tasks,
        wiring.identity_tasks,
        wiring.accessibility_tasks,
    )
    # A name that two rooms used would hide one of their sweeps; four more are the ledger's, and one the core's.
    assert len(wiring.sweeps()) == sum(len(room.SWEEPS) for room in rooms) + 5
    assert all(sweep.every_seconds >= 1 for sweep in wiring.sweeps().values())


def test_every_queue_is_consumed_and_every_task_goes_to_one_of_them() -> None:
    entries = {child.name: child.entry for child in run._our_processes({}, read({"STATE_DIR": "/nowhere"}))}
    for entry in entries.values():
        module, _, function = entry.partition(":")
        assert callable(getattr(importlib.import_module(module), function)), entry
    assert (entries["worker"], entries["beat"]) == ("api.worker:work", "api.worker:beat")
    assert entries["pusher"] == "api.pusher:main", "nobody hands over what is due"
    ours = {name: task for name, task in worker.celery.tasks.items() if not name.startswith("celery.")}
    assert ours
    for task in ours.values():
        assert task.queue in worker.QUEUES, task
    for entry in worker.celery.conf.beat_schedule.values():
        assert entry["task"] in ours, entry


def test_the_book_refuses_to_be_rewritten_by_the_role_of_the_application(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'ledger' "
                "AND tablename IN ('account', 'transfer')"
            )
        ]
        assert len(tables) == 2
        for table in tables:
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE", f"UPDATE {table} SET id = id"):
                with pytest.raises(psycopg.Error):
                    connection.execute(statement)


def test_migrations_are_one_line_from_nothing_to_the_head() -> None:
    revisions = sorted(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]
    assert migrate.head() == revisions[-1]


def test_every_route_of_the_application_is_described(client: FlaskClient) -> None:
    described = client.get("/openapi.json").json["paths"]
    for route in wiring.routes():
        path = re.sub(r"<([a-z_]+)>", r"{\1}", route.path)
        assert route.method.lower() in described[path], _name(route)


def test_every_schema_has_a_name_of_its_own() -> None:
    """Two of one name become one `Proposed1` in the document, and which of them is which changes with the imports."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        openapi_document(wiring.routes())


def test_every_id_in_an_address_is_described_as_one_of_its_kind(client: FlaskClient) -> None:
    for path, operations in client.get("/openapi.json").json["paths"].items():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"].endswith("_id"):
                    assert parameter["schema"]["pattern"].startswith("^"), (path, parameter["name"])
