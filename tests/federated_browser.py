"""A browser that goes from the city to a provider and back, with its cookies as browsers treat them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import oidc_browser
from flask.testing import FlaskClient
from identity_city import ORIGIN, City
from oidc_browser import ProvidersAnswer
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock
from identity import people, sessions


@dataclass
class Browser:
    """One browser of somebody. `accepts` is what it says it wants: a page, as browsers do, or anything."""

    city: City
    accepts: str = "text/html"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.city.app.test_client()

    def get(self, path: str, **query: str) -> TestResponse:
        return self.client.get(path, query_string=query or None, headers={"Accept": self.accepts})

    def send(self, method: str, path: str, body: Any = None) -> TestResponse:
        """A request of the phone's own script."""
        headers = {"Accept": "application/json", "Origin": ORIGIN}
        return self.client.open(path, method=method, json=body, headers=headers)

    def start(self, provider: str, **query: str) -> str:
        """Sets out for a provider; the address of its page."""
        answer = self.get(f"/v1/auth/social/{provider}/start", **query)
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return answer.headers["Location"]

    def come_back(self, answer: ProvidersAnswer) -> TestResponse:
        """Brings a provider's answer to the city, and follows it as far as the callback."""
        path = urlsplit(answer.target).path
        if answer.method == "POST":
            # From another site: SameSite=Lax cookies stay at home with a POST (RFC 6265bis §5.6.7.1).
            stripped = self.city.app.test_client(use_cookies=False)
            posted = stripped.post(path, data=answer.members, headers={"Accept": self.accepts})
            if posted.status_code != 303 or not posted.headers["Location"].startswith("/v1/auth/social/"):
                return posted
            return self.client.get(posted.headers["Location"], headers={"Accept": self.accepts})
        return self.get(path, **answer.members)

    def through(self, provider: str, *, account: str = "mei", email: str = "", **query: str) -> TestResponse:
        """There and back as the holder of an account; what the callback answers."""
        return self.come_back(oidc_browser.approve(self.start(provider, **query), account, email=email))

    def with_mobile_id(self, national_id: str, name: str = "", **query: str) -> TestResponse:
        """There and back with the phone app of a mobile ID."""
        return self.come_back(oidc_browser.confirm_on_phone(self.start("mobile_id", **query), national_id, name))

    def sign_in_as(self, national_id: str, amr: tuple[str, ...] = ("pwd", "sms"), **more: Any) -> None:
        """A session of somebody registered, in this browser."""
        with self.city.database.unit_of_work() as session:
            person = people.find(session, national_id)
            assert person is not None
            issued = sessions.begin(
                session, person_id=person.id, amr=amr, transport="cookie", user_agent="", replaces=None,
                **{"now": clock.now(), **more},
            )  # fmt: skip
        self.client.set_cookie("__Host-session", issued.token)

    def link(self, provider: str, *, account: str = "mei", email: str = "") -> TestResponse:
        """Links an account from the page of one's sign-ins: there, back, and yes."""
        answer = self.through(provider, account=account, email=email, link="1")
        assert answer.headers["Location"] == "/app/link-account", answer.headers["Location"]
        return self.say_yes()

    def say_yes(self) -> TestResponse:
        """Says yes to the account that waits in this browser."""
        waiting = self.send("GET", "/v1/auth/social/pending-link").json
        return self.send("POST", "/v1/me/linked-accounts", {"pending_link_id": waiting.get("id", "plk_" + "0" * 26)})

    def me(self) -> Any:
        """Who this browser is signed in as; None for nobody."""
        answer = self.send("GET", "/v1/me")
        return answer.json if answer.status_code == 200 else None

    def linked(self) -> list[Any]:
        """The accounts elsewhere that sign its person in."""
        items: list[Any] = self.send("GET", "/v1/me/linked-accounts").json["items"]
        return items

    def count(self, table: str) -> int:
        """How many rows a table of this room has."""
        with self.city.database.unit_of_work() as session:
            return int(session.execute(text(f"SELECT count(*) FROM identity.{table}")).scalar_one())
