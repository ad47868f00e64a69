"""Codes on paper: one passkey on one's own phone, once, within a day, with the ID number that is not on the paper."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from counter_city import GRANDMOTHER, Counter, counter
from flask.testing import FlaskClient
from signed_in import sign_in
from software_authenticator import SoftwareAuthenticator
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock, db
from identity import enrolment_slips, locks, people
from identity.counter_errors import CounterCodeRefused


@pytest.fixture
def desk(client: FlaskClient) -> Counter:
    return counter(client)


class Phone:
    """Somebody's own phone, with the paper beside it."""

    def __init__(self, client: FlaskClient, national_id: str = GRANDMOTHER) -> None:
        self.client, self.national_id = client.application.test_client(use_cookies=False), national_id
        self.authenticator = SoftwareAuthenticator()

    def begin(self, code: str) -> TestResponse:
        body = {"national_id": self.national_id, "code": code}
        return self.client.post("/v1/auth/enrolments/options", json=body)

    def finish(self, begun: Any, **lies: Any) -> TestResponse:
        credential = self.authenticator.create(begun["options"], **lies)
        body = {"ceremony_id": begun["ceremony_id"], "credential": credential}
        return self.client.post("/v1/auth/enrolments/verify", json=body)

    def enrol(self, code: str, **lies: Any) -> TestResponse:
        return self.finish(self.begin(code).json, **lies)

    def get(self, path: str, token: str) -> TestResponse:
        return self.client.get(path, headers={"Authorization": f"Bearer {token}"})


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


def test_the_code_makes_the_first_passkey_and_signs_in_at_level_four(desk: Counter, client: FlaskClient) -> None:
    code = desk.code(desk.proved())
    answer = Phone(client).enrol(code)
    assert answer.status_code == 201, answer.json
    assert (answer.json["acr"], answer.json["amr"]) == ("urn:mykaohsiung:loa:4", ["hwk", "user"])
    me = Phone(client).get("/v1/me", answer.json["access_token"]).json
    assert (me["name"], me["mobile"], len(me["passkeys"])) == ("林·瑪雅 Maya Lin", None, 1)


@pytest.mark.parametrize("typed", ["lower", "spaces", "no dashes", "O and I"])
def test_the_code_may_be_typed_as_people_type(desk: Counter, client: FlaskClient, typed: str) -> None:
    code = desk.code(desk.proved())
    spelled = {
        "lower": code.lower(),
        "spaces": code.replace("-", " "),
        "no dashes": code.replace("-", ""),
        "O and I": code.replace("0", "O").replace("1", "I"),
    }[typed]
    assert Phone(client).begin(spelled).status_code == 200


def test_a_further_passkey_ends_what_a_thief_had_and_tells_the_person(desk: Counter, client: FlaskClient) -> None:
    stolen = sign_in(client)
    answer = Phone(client, "A123456789").enrol(desk.code(desk.proved("A123456789", mobile="0912345678")))
    assert answer.status_code == 201
    assert stolen.call("GET", "/v1/me").status_code == 401
    with db.unit_of_work() as session:
        kinds = session.scalars(
            text("SELECT payload->>'kind' FROM core.outbox WHERE kind = 'identity.security_notice' ORDER BY id")
        ).all()
    assert {"counter_code_made", "passkey_added"} <= set(kinds)


def test_a_code_enrols_one_passkey(desk: Counter, client: FlaskClient) -> None:
    code = desk.code(desk.proved())
    phone = Phone(client)
    first, second = phone.begin(code).json, phone.begin(code).json
    assert phone.finish(first).status_code == 201
    late = phone.finish(second)
    assert (late.status_code, slug(late)) == (401, "counter-code-refused")
    assert phone.begin(code).status_code == 401


def test_a_newer_code_ends_the_older(desk: Counter, client: FlaskClient) -> None:
    case = desk.proved()
    older, newer = desk.code(case), desk.code(case)
    assert (Phone(client).begin(older).status_code, Phone(client).begin(newer).status_code) == (401, 200)


def test_a_code_is_good_for_a_day(desk: Counter) -> None:
    code = desk.code(desk.proved())
    now = clock.now()
    with db.unit_of_work() as session:
        enrolment_slips.begin(session, national_id=GRANDMOTHER, code=code, now=now + timedelta(hours=23, minutes=59))
        with pytest.raises(CounterCodeRefused):
            enrolment_slips.begin(session, national_id=GRANDMOTHER, code=code, now=now + timedelta(hours=24))


def test_attack_15_the_paper_alone_opens_nothing_for_somebody_else(desk: Counter, client: FlaskClient) -> None:
    code = desk.code(desk.proved())
    sign_in(client)
    for number in ("A123456789", "F255655080"):
        refused = Phone(client, number).begin(code)
        assert (refused.status_code, slug(refused)) == (401, "counter-code-refused")
    assert Phone(client).begin(code).status_code == 200


def test_attack_14_five_wrong_codes_lock_and_the_right_one_waits(desk: Counter, client: FlaskClient) -> None:
    code = desk.code(desk.proved())
    phone = Phone(client)
    seen = [phone.begin("AAAA-AAAA-AAAA-AAA" + digit).status_code for digit in "012345"]
    assert seen == [401] * 5 + [429]
    locked = phone.begin(code)
    assert (locked.status_code, slug(locked)) == (429, "method-locked") and int(locked.headers["Retry-After"]) > 800
    # Somebody nobody knows is counted alike.
    stranger = Phone(client, "F255655080")
    assert [stranger.begin("AAAA-AAAA-AAAA-AAAA").status_code for _ in range(6)] == seen
    later = clock.now() + timedelta(minutes=15, seconds=1)
    with db.unit_of_work() as session:
        enrolment_slips.begin(session, national_id=GRANDMOTHER, code=code, now=later)


def test_attack_14_of_twenty_wrong_codes_at_once_exactly_five_are_weighed(desk: Counter, client: FlaskClient) -> None:
    desk.code(desk.proved())
    with ThreadPoolExecutor(10) as crowd:
        tries = crowd.map(lambda _: Phone(client).begin("AAAA-AAAA-AAAA-AAAA").status_code, range(20))
    assert sorted(tries) == [401] * 5 + [429] * 15


@pytest.mark.parametrize(
    "lie", [{"user_verified": False}, {"origin": "http://localhost:9999"}, {"challenge": b"x" * 32}]
)
def test_a_passkey_that_proves_nothing_is_refused_and_the_code_stays_good(
    desk: Counter, client: FlaskClient, lie: Any
) -> None:
    code = desk.code(desk.proved())
    refused = Phone(client).enrol(code, **lie)
    assert (refused.status_code, slug(refused)) == (422, "passkey-refused")
    assert Phone(client).enrol(code).status_code == 201


def test_whoever_said_that_was_not_me_has_shut_the_codes_of_the_counter(desk: Counter, client: FlaskClient) -> None:
    code = desk.code(desk.proved())
    with db.unit_of_work() as session:
        person = people.find(session, GRANDMOTHER)
        assert person is not None
        locks.lock(session, person.id, "counter", reason="test", now=clock.now())
    refused = Phone(client).begin(code)
    assert (refused.status_code, slug(refused)) == (403, "method-shut")


def test_no_code_before_somebody_was_proved_in_this_case(desk: Counter, client: FlaskClient) -> None:
    sign_in(client)
    case = desk.look_up("A123456789").json
    for what in ("codes", "visits"):
        refused = desk.at(case, "POST", what)
        assert (refused.status_code, slug(refused)) == (409, "not-proved-yet")
    assert slug(desk.at(desk.look_up().json, "POST", "codes")) == "nobody-there-yet"


def test_the_code_is_nowhere_in_the_database(desk: Counter) -> None:
    code = desk.code(desk.proved()).replace("-", "")
    with db.unit_of_work() as session:
        for table in ("counter_code", "counter_case", "access_log"):
            rows = session.connection().exec_driver_sql(f"SELECT t::text FROM identity.{table} t").scalars().all()
            assert rows and all(code not in row for row in rows)


def test_attack_24_unknown_members_are_refused(desk: Counter, client: FlaskClient) -> None:
    body = {"national_id": GRANDMOTHER, "code": desk.code(desk.proved()), "proofing_level": 4}
    assert client.post("/v1/auth/enrolments/options", json=body).status_code == 422
