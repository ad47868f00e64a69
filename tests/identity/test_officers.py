"""Officers: enrolling with a code, signing in with a passkey alone, sessions that end with the shift and the roster."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from signed_in import sign_in
from signed_in_officer import signed_in_officer
from software_authenticator import SoftwareAuthenticator
from werkzeug.test import TestResponse

from api.cli import main_group
from core import clock, db
from core.db import Database
from identity import officer_sessions, officers
from identity.errors import EnrolmentCodeRefused
from identity.officer_models import Officer

ORIGIN = "http://localhost:8080"


@dataclass
class Desk:
    """An officer's computer: a browser without a session yet, and an authenticator."""

    client: FlaskClient
    authenticator: SoftwareAuthenticator = field(default_factory=SoftwareAuthenticator)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        client = self.client.application.test_client(use_cookies=False)
        return client.open(path, method=method, json=body, headers=headers)

    def begin_enrolment(self, code: str) -> TestResponse:
        return self.send("POST", "/v1/auth/officers/enrolment/options", {"code": code})

    def finish_enrolment(self, begun: Any, transport: str = "bearer", **lies: Any) -> TestResponse:
        credential = self.authenticator.create(begun["options"], **lies)
        body = {"ceremony_id": begun["ceremony_id"], "credential": credential, "transport": transport}
        return self.send("POST", "/v1/auth/officers/enrolment/verify", body)

    def enrol(self, code: str, **more: Any) -> TestResponse:
        return self.finish_enrolment(self.begin_enrolment(code).json, **more)

    def sign_in(self, path: str = "/v1/auth/officers/login", transport: str = "bearer", **lies: Any) -> TestResponse:
        begun = self.send("POST", f"{path}/options", {}).json
        body = {"ceremony_id": begun["ceremony_id"], "credential": self.authenticator.get(begun["options"], **lies)}
        return self.send("POST", f"{path}/verify", body | {"transport": transport})

    def who_am_i(self, token: str) -> TestResponse:
        return self.send("GET", "/v1/officer", Authorization=f"Bearer {token}")


@pytest.fixture
def desk(client: FlaskClient) -> Desk:
    return Desk(client)


def on_the_roster(staff_number: str = "FIN-901", **more: Any) -> str:
    """Somebody new on the roster; their enrolment code."""
    about = {"name": "許主計", "bureau": "treasury", "roles": ["finance"]} | more
    with db.unit_of_work() as session:
        who = officers.add(session, staff_number=staff_number, now=clock.now(), **about)
        return officers.make_code(session, who, now=clock.now())


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


class TestEnrolling:
    def test_the_code_from_the_roster_enrols_a_passkey_and_signs_its_officer_in(self, desk: Desk) -> None:
        answer = desk.enrol(on_the_roster())
        assert answer.status_code == 201, answer.json
        assert (answer.json["name"], answer.json["roles"], answer.json["bureau"]) == (
            "許主計", ["finance"], "treasury",
        )  # fmt: skip
        me = desk.who_am_i(answer.json["access_token"])
        assert (me.status_code, me.json["staff_number"]) == (200, "FIN-901")

    def test_a_code_is_read_as_it_is_written_down_by_hand(self, desk: Desk) -> None:
        code = on_the_roster()
        assert (
            desk.begin_enrolment(f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} ").status_code
            == 200
        )

    def test_a_code_enrols_one_passkey(self, desk: Desk) -> None:
        code = on_the_roster()
        first, second = desk.begin_enrolment(code).json, desk.begin_enrolment(code).json
        assert desk.finish_enrolment(first).status_code == 201
        late = desk.finish_enrolment(second)
        assert (late.status_code, slug(late)) == (401, "enrolment-code-refused")
        assert desk.begin_enrolment(code).status_code == 401

    def test_a_newer_code_ends_the_older(self, desk: Desk) -> None:
        older = on_the_roster()
        newer = on_the_roster()
        assert (desk.begin_enrolment(older).status_code, desk.begin_enrolment(newer).status_code) == (401, 200)

    def test_a_code_is_good_for_twenty_four_hours(self, database: Database) -> None:
        code = on_the_roster()
        now = clock.now()
        with database.unit_of_work() as session:
            officers.holder_of_code(session, code, now=now + timedelta(hours=23, minutes=59))
            with pytest.raises(EnrolmentCodeRefused):
                officers.holder_of_code(session, code, now=now + timedelta(hours=24, minutes=1))

    def test_a_code_is_nowhere_in_the_database(self, database: Database) -> None:
        code = on_the_roster().replace("-", "")
        with database.unit_of_work() as session:
            rows = session.connection().exec_driver_sql("SELECT t::text FROM identity.officer_enrolment_code t").all()
        assert rows and all(code not in row[0] for row in rows)

    @pytest.mark.parametrize(
        "lie", [{"user_verified": False}, {"origin": "http://localhost:9999"}, {"challenge": b"x" * 32}]
    )
    def test_a_passkey_that_proves_nothing_is_not_enrolled_and_the_code_stays_good(self, desk: Desk, lie: Any) -> None:
        code = on_the_roster()
        refused = desk.enrol(code, **lie)
        assert (refused.status_code, slug(refused)) == (422, "passkey-refused")
        assert desk.enrol(code).status_code == 201

    @pytest.mark.parametrize("code", ["AAAA-AAAA-AAAA-AAAA", "' OR 1=1 --        ", "碼" * 16])
    def test_what_is_no_code_is_refused(self, desk: Desk, code: str) -> None:
        assert (desk.begin_enrolment(code).status_code, slug(desk.begin_enrolment(code))) == (
            401,
            "enrolment-code-refused",
        )


class TestSigningIn:
    def test_the_passkey_alone_signs_in(self, desk: Desk) -> None:
        desk.enrol(on_the_roster())
        answer = desk.sign_in()
        assert answer.status_code == 200, answer.json
        assert desk.who_am_i(answer.json["access_token"]).json["name"] == "許主計"

    def test_a_citizen_s_passkey_opens_no_desk_and_an_officer_s_no_phone(self, desk: Desk) -> None:
        desk.enrol(on_the_roster())
        crossed = desk.sign_in("/v1/auth/passkeys/login")
        assert (crossed.status_code, slug(crossed)) == (401, "assertion-refused")
        citizen = sign_in(desk.client)
        begun = citizen.call("POST", "/v1/auth/passkeys/registration/options", {}).json
        own = SoftwareAuthenticator()
        body = {"ceremony_id": begun["ceremony_id"], "credential": own.create(begun["options"])}
        assert citizen.call("POST", "/v1/auth/passkeys/registration/verify", body).status_code == 201
        assert Desk(desk.client, own).sign_in().status_code == 401

    def test_a_citizen_s_token_opens_no_officer_s_route_and_an_officer_s_none_of_theirs(
        self, client: FlaskClient
    ) -> None:
        assert sign_in(client).call("GET", "/v1/officer").status_code == 401
        assert signed_in_officer(client).call("GET", "/v1/me").status_code == 401

    @pytest.mark.parametrize(
        "lie", [{"user_verified": False}, {"origin": "http://evil.example"}, {"is_cross_origin": True}]
    )
    def test_a_signature_that_proves_nothing_is_refused(self, desk: Desk, lie: Any) -> None:
        desk.enrol(on_the_roster())
        refused = desk.sign_in(**lie)
        assert (refused.status_code, slug(refused)) == (401, "assertion-refused")

    def test_an_old_counter_is_refused_and_noted(self, desk: Desk, database: Database) -> None:
        desk.enrol(on_the_roster())
        assert desk.sign_in().status_code == 200
        assert desk.sign_in(sign_count=0).status_code == 401
        with database.unit_of_work() as session:
            noted = session.connection().exec_driver_sql(
                "SELECT count(*) FROM identity.officer_passkey WHERE counter_regressed_at IS NOT NULL"
            )
            assert noted.scalar_one() == 1

    def test_a_cookie_no_script_can_read_carries_the_session_and_only_this_site_may_act_with_it(
        self, desk: Desk
    ) -> None:
        answer = desk.enrol(on_the_roster(), transport="cookie")
        assert answer.json["access_token"] is None
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-officer=") and "HttpOnly" in cookie and "SameSite=Strict" in cookie
        sent = {"Cookie": cookie.partition(";")[0]}
        assert desk.send("GET", "/v1/officer", **sent).status_code == 200
        for origin in ({}, {"Origin": "http://evil.example"}):
            crossed = desk.send("POST", "/v1/auth/officers/logout", **sent, **origin)
            assert (crossed.status_code, slug(crossed)) == (403, "cross-site-request")
        out = desk.send("POST", "/v1/auth/officers/logout", **sent, Origin=ORIGIN)
        assert out.status_code == 204 and "Max-Age=0" in out.headers["Set-Cookie"]
        assert desk.send("GET", "/v1/officer", **sent).status_code == 401


class TestSessions:
    def test_a_session_lasts_a_quarter_of_an_hour_unused_and_ten_hours_at_the_most(
        self, client: FlaskClient, database: Database
    ) -> None:
        token, began = signed_in_officer(client).token, clock.now()
        with database.unit_of_work() as session:
            assert officer_sessions.resolve(session, token, began + timedelta(minutes=16)) is None
            for minutes in range(10, 600, 10):
                assert officer_sessions.resolve(session, token, began + timedelta(minutes=minutes)) is not None, minutes
            assert officer_sessions.resolve(session, token, began + timedelta(minutes=601)) is None

    def test_whoever_leaves_the_roster_is_out_at_once_and_stays_out(self, desk: Desk, database: Database) -> None:
        token = desk.enrol(on_the_roster()).json["access_token"]
        with database.unit_of_work() as session:
            who = officers.find(session, "FIN-901")
            assert who is not None
            officers.leave(session, who, now=clock.now())
        assert desk.who_am_i(token).status_code == 401
        assert desk.sign_in().status_code == 401

    def test_a_place_on_the_roster_that_ends_ends_the_session_with_it(
        self, client: FlaskClient, database: Database
    ) -> None:
        now = clock.now()
        with database.unit_of_work() as session:
            who = officers.add(
                session, staff_number="TMP-1", name="臨時", bureau="fines", roles=["bureau_officer"],
                until=now + timedelta(minutes=5), now=now,
            )  # fmt: skip
            issued = officer_sessions.begin(
                session, who, amr=("hwk", "user"), transport="bearer", user_agent="", now=now
            )
            assert issued.session.expires_at == now + timedelta(minutes=5)
            assert officer_sessions.resolve(session, issued.token, now + timedelta(minutes=4)) is not None
            assert officer_sessions.resolve(session, issued.token, now + timedelta(minutes=5)) is None

    def test_lost_passkeys_end_with_every_session_when_a_new_code_is_made_for_that(
        self, desk: Desk, database: Database
    ) -> None:
        token = desk.enrol(on_the_roster()).json["access_token"]
        with database.unit_of_work() as session:
            who = session.get_one(Officer, _id_of(desk, token))
            code = officers.make_code(session, who, has_lost_passkeys=True, now=clock.now())
        assert desk.who_am_i(token).status_code == 401
        assert desk.sign_in().status_code == 401
        assert Desk(desk.client).enrol(code).status_code == 201


class TestTheCommand:
    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main_group, ["officers", *arguments])
        return result.exit_code, result.output

    def test_somebody_is_put_on_the_roster_enrols_and_is_taken_off_again(self, desk: Desk) -> None:
        about = ("--name", "郭停管", "--bureau", "parking", "--role", "bureau_officer")
        status, said = self.run("add", "PRK-77", *about)
        assert status == 0, said
        token = desk.enrol(said.split("code ")[1].split(",")[0]).json["access_token"]
        assert "郭停管" in self.run("list")[1]
        assert self.run("leave", "PRK-77")[0] == 0
        assert desk.who_am_i(token).status_code == 401
        assert "off the roster" in self.run("list")[1]
        assert self.run("code", "PRK-77")[0] != 0

    @pytest.mark.parametrize(
        "arguments",
        [
            ("add", "x y", "--name", "n", "--bureau", "parking", "--role", "finance"),
            ("add", "OK-1", "--name", "", "--bureau", "parking", "--role", "finance"),
            ("add", "OK-1", "--name", "n", "--bureau", "nowhere", "--role", "finance"),
            ("add", "OK-1", "--name", "n", "--bureau", "parking", "--role", "king"),
            ("add", "OK-1", "--name", "n", "--bureau", "parking", "--role", "finance", "--until", "2020-01-01"),
            ("add", "OK-1", "--name", "n", "--bureau", "transport", "--role", "dispatcher", "--role", "mobility"),
            ("leave", "NOBODY"),
        ],
    )
    def test_what_makes_no_sense_is_said_in_one_line(self, database: Database, arguments: tuple[str, ...]) -> None:
        status, said = self.run(*arguments)
        assert status != 0 and "Traceback" not in said


def test_who_plans_rides_never_hears_complaints_too(database: Database) -> None:
    who = {"staff_number": "TRA-9", "name": "n", "bureau": "transport"}
    with db.unit_of_work() as session, pytest.raises(officers.RolesApart):
        officers.add(session, **who, roles=["dispatcher", "mobility"], now=clock.now())


def test_a_role_that_is_not_held_opens_no_door(client: FlaskClient) -> None:
    auditor = signed_in_officer(client, "auditor")
    assert auditor.call("GET", "/v1/officer").json["roles"] == ["auditor"]
    assert signed_in_officer(client, "finance", "auditor").call("GET", "/v1/officer").json["role_names"] == [
        "稽核",
        "財務",
    ]


def _id_of(desk: Desk, token: str) -> Any:
    with db.unit_of_work() as session:
        actor = officer_sessions.resolve(session, token, clock.now())
        assert actor is not None
        return actor.id
