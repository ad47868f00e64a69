"""People who are signed in already, for tests that are about something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import clock, db
from identity import people, sessions


@dataclass(frozen=True)
class SignedIn:
    """Somebody with a running session of level 2, calling the app."""

    client: FlaskClient
    person_id: UUID
    token: str

    def call(self, method: str, path: str, body: Any = None, *, language: str = "zh-TW") -> TestResponse:
        """One request of theirs."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": language}
        return self.client.open(path, method=method, json=body, headers=headers)


def sign_in(client: FlaskClient, national_id: str = "A123456789", mobile: str = "0912345678") -> SignedIn:
    """The invented person with that number, signed in by password and text message."""
    now = clock.now()
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session, national_id=national_id, mobile=mobile, password="kaohsiung-demo-1", now=now
        )
        issued = sessions.begin(
            session, person_id=person_id, amr=("pwd", "sms"), transport="bearer", user_agent="", replaces=None, now=now
        )
    return SignedIn(client, person_id, issued.token)
