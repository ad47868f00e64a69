"""People's phones and the city's side of them, for tests of who somebody is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sandbox_process import SandboxBooks
from software_authenticator import SoftwareAuthenticator
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock, taiwan
from core.db import Database
from identity import people, tasks

ORIGIN = "http://localhost:8080"
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
MEI = ("A123456789", "0912345678", "kaohsiung-demo-1")
MING = ("E179864328", "0987654321", "kaohsiung-demo-2")


def invented(number: int) -> tuple[str, str, str]:
    """Somebody by number: a valid ID number, a mobile, a password."""
    stem = f"B1{number:07d}"
    national_id = next(f"{stem}{digit}" for digit in range(10) if taiwan.national_id_valid(f"{stem}{digit}"))
    return national_id, f"0955{number:06d}", f"a long password {number}"


@dataclass
class Phone:
    """A citizen's program: it keeps its session, reads its text messages and holds passkeys."""

    city: City
    national_id: str
    mobile: str
    password: str
    transport: str = "bearer"
    token: str | None = None
    authenticator: SoftwareAuthenticator = field(default_factory=SoftwareAuthenticator)
    user_agent: str = ""
    address: str = "127.0.0.1"

    def send(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> TestResponse:
        """One request with this phone's session, or with another token."""
        token = token or self.token
        if token and self.transport == "cookie":
            headers = {"Cookie": f"__Host-session={token}", "Origin": ORIGIN} | headers
        elif token:
            headers = {"Authorization": f"Bearer {token}"} | headers
        headers = {"User-Agent": self.user_agent} | headers
        client = self.city.app.test_client(use_cookies=False)
        return client.open(
            path, method=method, json=body, headers=headers, environ_overrides={"REMOTE_ADDR": self.address}
        )

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.send("POST", path, {} if body is None else body, **headers)

    def register(self) -> TestResponse:
        """Ask to register; the answer holds the challenge."""
        return self.post(
            "/v1/auth/password/register",
            {"national_id": self.national_id, "mobile": self.mobile, "password": self.password},
        )

    def log_in(self, password: str | None = None) -> TestResponse:
        """Give the password; the answer holds the challenge."""
        return self.post(
            "/v1/auth/password/login", {"national_id": self.national_id, "password": password or self.password}
        )

    def give_code(self, challenge: TestResponse, code: str | None = None) -> TestResponse:
        """Give the newest code that the mobile has received, or another."""
        assert challenge.status_code == 202, challenge.json
        body = {"challenge_id": challenge.json["challenge_id"], "code": code or self.city.code_for(self.mobile)}
        return self.kept(self.post("/v1/auth/otp/verify", body | {"transport": self.transport}))

    def sign_in(self) -> TestResponse:
        """Password, then code."""
        return self.give_code(self.log_in())

    def begin_passkey(self) -> Any:
        answer = self.post("/v1/auth/passkeys/registration/options")
        assert answer.status_code == 200, answer.json
        return answer.json

    def add_passkey(self, name: str | None = None) -> TestResponse:
        """Make a passkey on this phone's authenticator."""
        begun = self.begin_passkey()
        body = {"ceremony_id": begun["ceremony_id"], "credential": self.authenticator.create(begun["options"])}
        return self.kept(self.post("/v1/auth/passkeys/registration/verify", body | ({"name": name} if name else {})))

    def begin_passkey_login(self) -> Any:
        return self.post("/v1/auth/passkeys/login/options").json

    def finish_passkey_login(self, begun: Any, credential: Any) -> TestResponse:
        body = {"ceremony_id": begun["ceremony_id"], "credential": credential, "transport": self.transport}
        return self.kept(self.post("/v1/auth/passkeys/login/verify", body))

    def sign_in_with_passkey(self, **lies: Any) -> TestResponse:
        """Sign in with the newest passkey; `lies` are the authenticator's."""
        begun = self.begin_passkey_login()
        return self.finish_passkey_login(begun, self.authenticator.get(begun["options"], **lies))

    def kept(self, answer: TestResponse) -> TestResponse:
        """The same answer, its session being this phone's from now on."""
        if answer.status_code in (200, 201):
            cookie = answer.headers.get("Set-Cookie", "")
            self.token = answer.json["access_token"] or cookie.removeprefix("__Host-session=").partition(";")[0]
        return answer


@dataclass
class City:
    """The city's side: database, front door, text messages delivered."""

    app: Flask
    database: Database
    outside: SandboxBooks

    def phone(self, person: tuple[str, str, str] = MEI, **more: Any) -> Phone:
        """A phone of somebody who need not be registered."""
        return Phone(self, *person, **more)

    def enrolled(self, person: tuple[str, str, str] = MEI, **more: Any) -> Phone:
        """A phone of somebody who is registered, with the mobile proved, and has no session."""
        national_id, mobile, password = person
        with self.database.unit_of_work() as session:
            people.enrol_demo_person(
                session, national_id=national_id, mobile=mobile, password=password, now=clock.now()
            )
        return self.phone(person, **more)

    def messages_to(self, mobile: str) -> list[str]:
        """The text messages that a mobile has received, oldest first."""
        tasks.send_due_sms(clock.now())
        return [message["text"] for message in self.outside.sms(taiwan.to_e164(mobile))]

    def code_for(self, mobile: str) -> str:
        """The newest code that a mobile has received."""
        tasks.send_due_sms(clock.now())
        return self.outside.latest_code(taiwan.to_e164(mobile))

    def sql(self, statement: str, **parameters: Any) -> Any:
        """Rows of a statement, committed."""
        with self.database.unit_of_work() as session:
            result = session.execute(text(statement), parameters)
            return result.all() if result.returns_rows else None
