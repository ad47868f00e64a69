"""Attack row 30: somebody who acts for another reads and pays strictly within what was agreed, and it is told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bank_city import BankCustomer, bank_customer
from delegating import TYPED, Somebody, agreed
from flask.testing import FlaskClient
from paying_city import national_id
from sandbox_process import SandboxBooks
from sent_statements import statements_of

from core import clock, db
from core.db import Database
from core.ids import parse_typeid, typeid
from identity import acting, delegation_tasks, household
from identity import ports as identity_ports
from identity.actors import Actor
from identity.delegation_rules import RIDES_BOOK
from partners import wire
from partners.bureaus.client import BureausClient

DAY = timedelta(days=1)


@pytest.fixture
def register(bank_books: SandboxBooks) -> Iterator[SandboxBooks]:
    """The household register is the sandbox's."""
    before = identity_ports.household_register
    identity_ports.household_register = BureausClient(
        wire.Peer("bureaus", f"{bank_books.url}/bureaus", "sandbox-bureaus-secret", read_timeout_seconds=2.0)
    )
    yield bank_books
    identity_ports.household_register = before


@pytest.fixture
def owner(client: FlaskClient, register: SandboxBooks) -> BankCustomer:
    """Somebody with a van and two bills for it."""
    owner = bank_customer(client, register)
    owner.owe_parking(300, 700)
    return owner


@pytest.fixture
def driver(client: FlaskClient, register: SandboxBooks) -> BankCustomer:
    """Somebody with an account and a passkey of their own, and no bills."""
    return bank_customer(client, register)


@pytest.fixture
def later(tmp_path: Path) -> Iterator[Any]:
    """Put the clock ahead by so much."""
    ahead = tmp_path / "ahead"
    clock.follow(ahead)
    yield lambda by: clock.put_ahead(ahead, by)
    clock.follow(None)


def person(customer: BankCustomer) -> Somebody:
    return Somebody(customer.client, customer.person_id, customer.identity_no, customer.token)


def lets(owner: BankCustomer, driver: BankCustomer, *scopes: str | dict[str, Any]) -> Any:
    return agreed(person(owner), person(driver), *scopes)


def pays(driver: BankCustomer, token: str, bills: list[Any], link: Any, *, confirms: bool = True) -> Any:
    """Begin with this token, and confirm with the driver's own passkey; the last answer."""
    at_work = replace(driver, token=token)
    begun = at_work.begin([bill["id"] for bill in bills], link)
    if begun.status_code != 201 or not confirms:
        return begun
    return confirmed(driver, token, begun.json)


def confirmed(driver: BankCustomer, token: str, payment: Any) -> Any:
    credential = {"credential": driver.device.get(payment["authorization"]["options"])}
    path = f"/v1/payments/{payment['id']}/authorization"
    return replace(driver, token=token).send("POST", path, credential, Idempotency_Key=str(uuid.uuid4()))


def test_row_30_a_caregiver_may_book_rides_and_neither_reads_nor_pays_bills(
    owner: BankCustomer, driver: BankCustomer
) -> None:
    delegation = lets(owner, driver, "rides:book")
    caregiver = person(driver).acting(delegation)
    with db.unit_of_work() as session:
        actor = acting.resolve(session, caregiver.token, None, clock.now())
        about = {"now": clock.now()}
        assert acting.may(session, actor, owner.person_id, RIDES_BOOK, **about)
        assert not acting.may(session, actor, owner.person_id, "rides:read", **about)
        assert not acting.may(session, actor, driver.person_id, RIDES_BOOK, **about), "for the mother, not for oneself"
        own = Actor(kind="citizen", id=driver.person_id)
        assert acting.may(session, own, driver.person_id, RIDES_BOOK, **about)
        assert not acting.may(session, own, owner.person_id, RIDES_BOOK, **about), "only in the mother's name"
    bill_id = owner.unpaid()[0]["id"]
    for method, path, body in (
        ("GET", "/v1/bills", None), ("GET", f"/v1/bills/{bill_id}", None), ("GET", f"/v1/bills/{bill_id}/quotes", None),
        ("GET", "/v1/points", None), ("POST", "/v1/payments", {"bill_ids": [bill_id], "rail": "card"}),
    ):  # fmt: skip
        answer = caregiver.send(method, path, body, Idempotency_Key="k")
        assert answer.status_code == 403 and answer.json["reason"] == "scope", path


def test_bills_are_read_with_the_scope_and_every_read_is_in_the_owner_s_log(
    owner: BankCustomer, driver: BankCustomer
) -> None:
    delegation = lets(owner, driver, "bills:read")
    reader = person(driver).acting(delegation)
    seen = reader.got("GET", "/v1/bills")["items"]
    assert [bill["id"] for bill in seen] == [bill["id"] for bill in owner.unpaid()]
    reader.got("GET", f"/v1/bills/{seen[0]['id']}")
    reader.got("GET", f"/v1/bills/{seen[0]['id']}/quotes")
    assert person(driver).got("GET", "/v1/bills")["items"] == [], "in their own name, their own"

    log = owner.got("GET", "/v1/me/access-log")["items"]
    assert [entry["what"] for entry in log] == ["bill", "bill", "bills"]
    assert {entry["delegation_id"] for entry in log} == {delegation["id"]}
    assert all("您的代理人" in entry["who"] and entry["purpose"] == "delegation" for entry in log)
    acts = owner.got("GET", f"/v1/me/delegations/{delegation['id']}/acts")["items"]
    assert [act["reference"] for act in acts] == [seen[0]["id"], seen[0]["id"], ""]
    assert reader.send("POST", "/v1/payments", {"bill_ids": [seen[0]["id"]], "rail": "card"},
                       Idempotency_Key="k").status_code == 403  # fmt: skip


def test_the_token_says_for_whom_and_who_acts(owner: BankCustomer, driver: BankCustomer) -> None:
    delegation = lets(owner, driver, "bills:read", "rides:book")
    begun = person(driver).begins(delegation).json
    assert begun["sub"] == typeid("per", owner.person_id)
    assert begun["act"] == {"sub": typeid("per", driver.person_id)}
    assert begun["scope"] == "bills:read rides:book" and begun["acr"].endswith(":3")


def test_who_acts_for_whom_is_found_with_one_statement(
    owner: BankCustomer, driver: BankCustomer, database: Database
) -> None:
    token = person(driver).acting(lets(owner, driver, "bills:read")).token
    with statements_of(database) as sent, db.unit_of_work() as session:
        actor = acting.resolve(session, token, None, clock.now())
    assert len(sent) == 1, sent
    assert (actor.id, actor.on_behalf_of) == (driver.person_id, owner.person_id)


def test_a_driver_pays_for_the_van_from_an_account_of_their_own(
    owner: BankCustomer, driver: BankCustomer, register: SandboxBooks
) -> None:
    link = driver.link_account()
    delegation = lets(owner, driver, {"scope": "payments:pay", "plate": owner.plate, "per_month": 900})
    token = person(driver).acting(delegation).token
    small, large = sorted(owner.unpaid(), key=lambda bill: bill["amount"])
    paid = pays(driver, token, [large], link)
    assert paid.status_code == 200 and paid.json["status"] == "captured", paid.text
    assert paid.json["delegation_id"] == delegation["id"]
    assert typeid("per", owner.person_id) in paid.json["instruction"], "what is signed says for whom"

    path = f"/v1/payments/{paid.json['id']}"
    assert driver.got("GET", path)["status"] == "captured" and driver.send("GET", f"{path}/receipt").status_code == 200
    assert owner.send("GET", path).status_code == 404, "the money and its receipt are the driver's"
    assert owner.got("GET", f"/v1/bills/{large['id']}")["status"] == "paid"
    assert [act["what"] for act in owner.got("GET", f"/v1/me/delegations/{delegation['id']}/acts")["items"]][:2] == [
        "done_pay_confirmed",
        "done_pay_begun",
    ]
    with db.unit_of_work() as session:
        from sqlalchemy import text

        told = session.execute(
            text("SELECT payload->>'kind' FROM core.outbox WHERE kind = 'identity.security_notice' "
                 "AND payload->>'person_id' = :id ORDER BY id"), {"id": str(owner.person_id)},
        ).scalars().all()  # fmt: skip
    assert told[-2:] == ["delegate_acts", "delegate_paid"]
    beyond = pays(driver, token, [small], link)
    assert beyond.status_code == 403 and beyond.json["reason"] == "per_month"


def test_only_the_vehicle_named_is_seen_and_paid_for(owner: BankCustomer, driver: BankCustomer) -> None:
    delegation = lets(owner, driver, {"scope": "payments:pay", "plate": "VAN-0001"})
    at_work = person(driver).acting(delegation)
    assert at_work.got("GET", "/v1/bills")["items"] == []
    bill = owner.unpaid()[0]
    assert at_work.send("GET", f"/v1/bills/{bill['id']}").status_code == 404
    assert pays(driver, at_work.token, [bill], driver.link_account()).status_code == 404
    more = lets(owner, driver, {"scope": "payments:pay", "plate": "VAN-0001"}, "bills:read")
    at_work = person(driver).acting(more)
    assert at_work.got("GET", f"/v1/bills/{bill['id']}")["id"] == bill["id"]
    refused = pays(driver, at_work.token, [bill], driver.link_account())
    assert refused.status_code == 403 and refused.json["reason"] == "vehicle"


def test_two_payments_at_once_do_not_pass_the_month_s_limit_together(owner: BankCustomer, driver: BankCustomer) -> None:
    link = driver.link_account()
    delegation = lets(owner, driver, {"scope": "payments:pay", "per_month": 750})
    token = person(driver).acting(delegation).token
    owner.owe_parking(700)
    bills = [bill for bill in owner.unpaid() if bill["amount"] == 700]
    begun = [pays(driver, token, [bill], link, confirms=False).json for bill in bills[:2]]
    credentials = [driver.device.get(each["authorization"]["options"]) for each in begun]

    def confirm(number: int) -> int:
        client = driver.client.application.test_client()
        answer = replace(driver, token=token, client=client).send(
            "POST", f"/v1/payments/{begun[number]['id']}/authorization", {"credential": credentials[number]},
            Idempotency_Key=str(number),
        )  # fmt: skip
        return answer.status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(confirm, range(2)))
    assert statuses == [200, 403]
    left = [bill for bill in owner.unpaid() if bill["amount"] == 700]
    assert len(left) == 1 and left[0]["status"] == "unpaid", "the payment that was refused has given its bill up"


def test_a_delegation_revoked_between_choosing_and_confirming_pays_nothing(
    owner: BankCustomer, driver: BankCustomer
) -> None:
    link = driver.link_account()
    delegation = lets(owner, driver, "payments:pay")
    token = person(driver).acting(delegation).token
    begun = pays(driver, token, owner.unpaid(), link, confirms=False).json
    person(owner).revoke(delegation)
    assert confirmed(driver, token, begun).status_code == 401
    in_own_name = confirmed(driver, driver.token, begun)
    assert in_own_name.status_code == 403 and in_own_name.json["type"].endswith("/not-delegated")
    assert driver.got("GET", f"/v1/payments/{begun['id']}")["status"] == "cancelled"


def test_paying_for_somebody_takes_the_agent_s_own_passkey_session(owner: BankCustomer, driver: BankCustomer) -> None:
    delegation = lets(owner, driver, "payments:pay")
    link, weak = driver.link_account(), person(driver).again(TYPED)
    token = weak.acting(delegation).token
    refused = pays(driver, token, owner.unpaid(), link)
    assert refused.status_code == 401 and "insufficient_user_authentication" in refused.headers["WWW-Authenticate"]


def test_one_key_means_one_thing_in_one_s_own_name_and_another_for_somebody(
    owner: BankCustomer, driver: BankCustomer
) -> None:
    link = driver.link_account()
    token = person(driver).acting(lets(owner, driver, "payments:pay")).token
    body = {"bill_ids": [owner.unpaid()[0]["id"]], "bank_link_id": link["id"]}
    at_work = replace(driver, token=token)
    assert at_work.send("POST", "/v1/payments", body, Idempotency_Key="same").status_code == 201
    assert driver.send("POST", "/v1/payments", body, Idempotency_Key="same").status_code == 404


@pytest.mark.parametrize("ending", ["revoked", "own session ended", "stopped", "expired", "later than its token"])
def test_row_30_it_is_over_at_once(owner: BankCustomer, driver: BankCustomer, later: Any, ending: str) -> None:
    delegation = lets(owner, driver, "bills:read")
    at_work = person(driver).acting(delegation)
    at_work.got("GET", "/v1/bills")
    if ending == "revoked":
        person(owner).revoke(delegation)
    elif ending == "own session ended":
        driver.got("POST", "/v1/auth/logout", {})
    elif ending == "stopped":
        assert driver.send("DELETE", f"/v1/me/delegations/{delegation['id']}/session").status_code == 204
    elif ending == "expired":
        later(31 * DAY)
    else:
        later(13 * DAY / 24)
    refused = at_work.send("GET", "/v1/bills")
    assert refused.status_code == 401 and refused.json["type"].endswith("/acting-ended")
    if ending in ("revoked", "expired"):
        assert person(driver).again().begins(delegation).status_code == 409


def test_row_30_what_was_delegated_is_not_passed_on(
    owner: BankCustomer, driver: BankCustomer, client: FlaskClient
) -> None:
    delegation = lets(owner, driver, "bills:read", "payments:pay", "rides:book", "rides:read", "points:read")
    at_work = person(driver).acting(delegation)
    for method, path, body in (
        ("POST", "/v1/me/delegations", {"my_role": "principal", "national_id": national_id(5),
                                        "scopes": [{"scope": "bills:read"}], "ends_on": "2027-01-01"}),
        ("POST", f"/v1/me/delegations/{delegation['id']}/session", {}),
        ("POST", f"/v1/me/delegations/{delegation['id']}/acceptance", {}),
        ("GET", "/v1/me/delegations", None),
        ("GET", "/v1/me", None),
        ("GET", "/v1/me/sessions", None),
        ("GET", "/v1/me/access-log", None),
        ("POST", "/v1/auth/passkeys/registration/options", {}),
        ("GET", "/v1/bank-links", None),
        ("GET", "/v1/payments", None),
        ("GET", "/v1/inbox", None),
    ):  # fmt: skip
        answer = at_work.send(method, path, body)
        assert answer.status_code == 403 and answer.json["type"].endswith("/not-delegated"), path
    assert at_work.got("GET", "/v1/points")["balance"] == 0


def test_a_request_named_for_one_delegation_is_not_done_by_the_token_of_another(
    owner: BankCustomer, driver: BankCustomer, client: FlaskClient
) -> None:
    first, second = lets(owner, driver, "bills:read"), lets(owner, driver, "bills:read")
    at_work = person(driver).acting(first)
    assert at_work.send("GET", "/v1/bills", Acting_For=first["id"]).status_code == 200
    assert at_work.send("GET", "/v1/bills", Acting_For=second["id"]).status_code == 401
    in_own_name = person(driver).send("GET", "/v1/bills", Acting_For=first["id"])
    assert in_own_name.status_code == 401 and in_own_name.json["type"].endswith("/acting-ended")


def test_a_browser_acts_by_a_cookie_that_no_script_reads_and_only_where_it_says_so(
    owner: BankCustomer, driver: BankCustomer, client: FlaskClient
) -> None:
    delegation = lets(owner, driver, "bills:read")
    begun = person(driver).begins(delegation, transport="cookie")
    assert begun.json["access_token"] is None
    cookie = begun.headers["Set-Cookie"]
    assert cookie.startswith("__Host-acting=act_") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    cookies = f"__Host-session={driver.token}; {cookie.partition(';')[0]}"
    browser = client.application.test_client(use_cookies=False)
    mine = browser.get("/v1/bills", headers={"Cookie": cookies})
    theirs = browser.get("/v1/bills", headers={"Cookie": cookies, "Acting-For": delegation["id"]})
    assert (mine.json["items"], len(theirs.json["items"])) == ([], 2)
    forged = browser.post("/v1/payments", json={}, headers={"Cookie": cookies, "Acting-For": delegation["id"],
                                                            "Origin": "https://evil.example"})  # fmt: skip
    assert forged.status_code == 403 and forged.json["type"].endswith("/cross-site-request")


def test_row_30_after_the_principal_s_death_nothing_is_done_for_them(
    owner: BankCustomer, driver: BankCustomer, register: SandboxBooks, later: Any
) -> None:
    delegation = lets(owner, driver, "bills:read")
    at_work = person(driver).acting(delegation)
    register.put("household/deaths", national_id=owner.identity_no, died_on="2026-11-20")
    at_work.got("GET", "/v1/bills")
    later(DAY + timedelta(minutes=1))
    again = person(driver).again()
    assert again.begins(delegation).status_code == 409
    shown = again.got("GET", f"/v1/me/delegations/{delegation['id']}")
    assert (shown["status"], shown["closed_by"]) == ("ended", "register")


def test_whoever_goes_on_acting_is_asked_about_after_a_day(
    owner: BankCustomer, driver: BankCustomer, register: SandboxBooks, later: Any
) -> None:
    delegation = lets(owner, driver, "bills:read")
    person(driver).acting(delegation)
    later(timedelta(hours=20))
    at_work = person(driver).again().acting(delegation)
    register.put("household/deaths", national_id=owner.identity_no, died_on="2026-11-20")
    later(timedelta(hours=24, minutes=1))
    delegation_tasks.end_delegations(clock.now())
    assert at_work.send("GET", "/v1/bills").status_code == 401


def guardianship(guardian: BankCustomer, ward: str, books: SandboxBooks, **more: Any) -> None:
    books.put("household/guardianships", guardian=guardian.identity_no, ward=ward, ward_name="王小弟", **more)


def as_guardian(guardian: BankCustomer, ward: str) -> Any:
    body = {
        "my_role": "agent",
        "national_id": ward,
        "basis": "guardianship_record",
        "scopes": [{"scope": "bills:read"}],
    }
    return guardian.send("POST", "/v1/me/delegations", body)


def test_a_guardian_on_record_acts_for_a_ward_who_has_no_account(driver: BankCustomer, register: SandboxBooks) -> None:
    ward = national_id(8_888_001)
    guardianship(driver, ward, register)
    made = as_guardian(driver, ward)
    assert made.status_code == 201 and made.json["status"] == "active" and made.json["ends_on"] is None
    assert {each["side"]: each["by"] for each in made.json["approvals"]} == {"principal": "register", "agent": "person"}
    assert made.json["other"]["name"] == "王小弟"
    assert person(driver).acting(made.json).got("GET", "/v1/bills")["items"] == []


def test_somebody_else_s_ward_and_nobody_get_one_answer(
    owner: BankCustomer, driver: BankCustomer, register: SandboxBooks
) -> None:
    guardianship(owner, national_id(8_888_002), register)
    answers = [
        as_guardian(driver, number) for number in (national_id(8_888_002), national_id(8_888_003), owner.identity_no)
    ]
    assert {answer.status_code for answer in answers} == {422} and len({answer.text for answer in answers}) == 1


def test_row_30_a_guardian_whom_the_register_drops_acts_no_more(
    driver: BankCustomer, register: SandboxBooks, later: Any
) -> None:
    ward = national_id(8_888_004)
    guardianship(driver, ward, register)
    made = as_guardian(driver, ward).json
    register.put("household/guardianships", guardian=driver.identity_no, ward=ward, is_over=True)
    assert person(driver).begins(made).status_code == 201, "the register is asked at most once a day"
    later(DAY)
    again = person(driver).again()
    assert again.begins(made).status_code == 409
    assert again.got("GET", f"/v1/me/delegations/{made['id']}")["closed_by"] == "register"


def test_a_silent_register_stops_a_guardian_but_not_at_once_what_two_people_agreed(
    owner: BankCustomer, driver: BankCustomer, register: SandboxBooks, later: Any
) -> None:
    ward = national_id(8_888_005)
    guardianship(driver, ward, register)
    by_record, by_word = as_guardian(driver, ward).json, lets(owner, driver, "bills:read")
    later(2 * DAY)
    register.set_switch("bureaus", "standing", "error_500")
    again = person(driver).again()
    assert again.begins(by_record).status_code == 503
    assert again.begins(by_word).status_code == 201
    later(8 * DAY)
    assert person(driver).again().begins(by_word).status_code == 503
    register.clear_switches()
    household.confirm(parse_typeid("dlg", by_word["id"]), clock.now())
