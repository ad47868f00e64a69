"""People who let each other act for them, in this process: signed in, offering, agreeing, acting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from paying_city import national_id
from werkzeug.test import TestResponse

from core import clock, db
from core.clock import taipei_date
from identity import people, sessions

PASSKEY = ("hwk", "user")
TYPED = ("pwd", "sms")


@dataclass(frozen=True)
class Somebody:
    """Somebody with a running session; `acting_for` is the delegation that a browser's request names."""

    client: FlaskClient
    person_id: UUID
    number: str
    token: str

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            path, method=method, json=body, headers={"Authorization": f"Bearer {self.token}", **named}
        )

    def got(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request that must succeed; its JSON."""
        answer = self.send(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        return answer.json

    def offer(self, other: Somebody | str, *scopes: str | dict[str, Any], role: str = "principal", **more: Any) -> Any:
        """Offer a delegation to somebody, or to whoever has an ID number; a month from today."""
        return self.got("POST", "/v1/me/delegations", offered(other, *scopes, role=role, **more))

    def accept(self, delegation: Any) -> Any:
        return self.got("POST", f"/v1/me/delegations/{delegation['id']}/acceptance", {})

    def revoke(self, delegation: Any) -> Any:
        return self.got("POST", f"/v1/me/delegations/{delegation['id']}/revocation", {})

    def begins(self, delegation: Any, **body: Any) -> TestResponse:
        return self.send("POST", f"/v1/me/delegations/{delegation['id']}/session", body)

    def acting(self, delegation: Any) -> Somebody:
        """The same person with the token for acting by this delegation."""
        begun = self.begins(delegation)
        assert begun.status_code == 201, begun.text
        return replace(self, token=begun.json["access_token"])

    def again(self, amr: tuple[str, ...] = PASSKEY) -> Somebody:
        """The same person in a new session."""
        return replace(self, token=_session_of(self.person_id, amr))


def offered(
    other: Somebody | str, *scopes: str | dict[str, Any], role: str = "principal", **more: Any
) -> dict[str, Any]:
    """The body of an offer; a month from today."""
    grants = [{"scope": each} if isinstance(each, str) else each for each in scopes]
    until = taipei_date(clock.now()) + timedelta(days=30)
    number = other if isinstance(other, str) else other.number
    return {"my_role": role, "national_id": number, "scopes": grants, "ends_on": until.isoformat(), **more}


def somebody(client: FlaskClient, number: int, name: str | None = None, amr: tuple[str, ...] = PASSKEY) -> Somebody:
    """Somebody new, signed in."""
    identity_no = national_id(number)
    with db.unit_of_work() as session:
        person_id = people.enrol_demo_person(
            session, national_id=identity_no, mobile=f"0977{number:06d}", password="a pass phrase of mine", name=name,
            now=clock.now(),
        )  # fmt: skip
    return Somebody(client, person_id, identity_no, _session_of(person_id, amr))


def agreed(principal: Somebody, agent: Somebody, *scopes: str | dict[str, Any], **more: Any) -> Any:
    """A delegation that both have agreed to."""
    return agent.accept(principal.offer(agent, *scopes, **more))


def _session_of(person_id: UUID, amr: tuple[str, ...]) -> str:
    with db.unit_of_work() as session:
        return sessions.begin(
            session, person_id=person_id, amr=amr, transport="bearer", user_agent="", replaces=None, now=clock.now()
        ).token
