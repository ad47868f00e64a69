"""A site that lets people sign in with us, and people's browsers on the way there and back."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from identity_city import MEI, City, Phone
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from werkzeug.test import TestResponse

from core import clock
from core.crypto import token_hash
from core.ids import new_uuid, parse_typeid, typeid
from identity import people, sessions
from identity.client_assertions import ASSERTION_TYPE
from identity.provider import clients, consent_port
from identity.provider.models import RelyingParty
from identity.relying_parties import consents

ISSUER = "http://localhost:8080"
SECRET = "a-secret-of-256-bits-that-we-made-for-the-site"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PURPOSES = {
    "name": {"zh": "在借書單上印出您的姓名", "en": "To print your name on the slip"},
    "phone_number": {"zh": "通知您取書", "en": "To tell you when the book is there"},
}
PASSKEY = ("hwk", "user")
BY_TEXT = ("pwd", "sms")


@dataclass
class Site:
    """A registered site as a program: it sends browsers here, and trades codes for tokens."""

    city: City
    client_id: str
    host: str
    method: str
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "site-1"}))

    @property
    def redirect_uri(self) -> str:
        return f"https://{self.host}/callback"

    def query(self, **changes: Any) -> dict[str, str]:
        """The parameters of a request in order, with changes; `...` leaves one out."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid profile phone",
            "state": "the state",
            "nonce": "the nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | changes).items() if value is not ...}

    def authorize(self, phone: Phone | None, **changes: Any) -> TestResponse:
        """Send this person's browser here."""
        return browser(self.city, phone).get("/oauth/authorize", query_string=self.query(**changes))

    def sign_in(self, phone: Phone, claims: Sequence[str] = tuple(PURPOSES), **changes: Any) -> dict[str, str]:
        """Send the browser here, agree to these claims where asked, and answer what came back."""
        return self.go_on(phone, self.authorize(phone, **changes), claims)

    def go_on(self, phone: Phone, answer: TestResponse, claims: Sequence[str] = tuple(PURPOSES)) -> dict[str, str]:
        """From an answer on to the site, through the consent page where it leads there."""
        if is_page("/app/consent", answer):
            answer = browser(self.city, phone).get(local(agree(self.city, phone, request_of(answer), claims)))
        return returned(answer, self.redirect_uri)

    def code(self, phone: Phone, **changes: Any) -> str:
        return self.sign_in(phone, **changes)["code"]

    def proof(self, **changes: Any) -> tuple[dict[str, str], dict[str, str]]:
        """What proves this site: form fields, and headers."""
        if self.method == "private_key_jwt":
            return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion(**changes)}, {}
        if self.method == "client_secret_post":
            return {"client_id": self.client_id, "client_secret": SECRET}, {}
        both = base64.b64encode(f"{self.client_id}:{SECRET}".encode()).decode()
        return {}, {"Authorization": f"Basic {both}"}

    def assertion(self, **changes: Any) -> str:
        now = int(time.time())
        said = {"iss": self.client_id, "sub": self.client_id, "aud": ISSUER, "iat": now, "exp": now + 60,
                "jti": uuid.uuid4().hex}  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": "site-1"}, said | changes, self.key)

    def post(self, path: str, **form: Any) -> TestResponse:
        """Post a form, proven."""
        fields, headers = self.proof()
        sent = {name: value for name, value in ({**fields, **form}).items() if value is not ...}
        return self.city.app.test_client(use_cookies=False).post(path, data=sent, headers=headers)

    def redeem(self, code: str, /, **changes: Any) -> TestResponse:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
                "code_verifier": VERIFIER}  # fmt: skip
        return self.post("/oauth/token", **(form | changes))

    def tokens(self, phone: Phone, **changes: Any) -> dict[str, Any]:
        """Sign somebody in, down to the tokens."""
        answer = self.redeem(self.code(phone, **changes))
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def refresh(self, token: str, **more: Any) -> TestResponse:
        return self.post("/oauth/token", grant_type="refresh_token", refresh_token=token, **more)

    def userinfo(self, token: str) -> TestResponse:
        client = self.city.app.test_client(use_cookies=False)
        return client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})

    def believed(self, id_token: str) -> dict[str, Any]:
        """What an ID token says, verified against the published keys."""
        return dict(jwt.decode(id_token, published(self.city), algorithms=["ES256", "RS256"]).claims)


def open_site(
    city: City, client_id: str = "library", host: str = "library.example.gov.tw", method: str = "private_key_jwt",
    **changes: Any,
) -> Site:  # fmt: skip
    """A site that is registered and approved, whose people's consents are kept."""
    site = Site(city, client_id, host, method)
    now = clock.now()
    is_signing = method == "private_key_jwt"
    values: dict[str, Any] = {
        "client_id": client_id, "id": new_uuid(), "bureau": "culture", "name_zh": "圖書館預約", "name_en": "Library booking",
        "purpose_zh": "預約借書", "purpose_en": "Booking books", "redirect_uris": [site.redirect_uri],
        "post_logout_redirect_uris": [f"https://{host}/bye"], "token_endpoint_auth_method": method,
        "jwks": {"keys": [site.key.as_dict(private=False)]} if is_signing else None,
        "secret_hash": None if is_signing else token_hash(SECRET),
        "scopes": list(clients.SCOPES), "claims": PURPOSES, "sector_identifier": host, "default_loa": 2,
        "status": "approved", "proposed_at": now, "approved_at": now, "updated_at": now,
    }  # fmt: skip
    with city.database.unit_of_work() as session:
        session.add(RelyingParty(**(values | changes)))
    keep_consents()
    return site


def keep_consents() -> None:
    """Plug in whoever keeps consents, as at start-up."""
    consent_port.plug_in(consents.Keeper())


def signed_in(city: City, person: tuple[str, str, str] = MEI, amr: Sequence[str] = PASSKEY) -> Phone:
    """Somebody with a name and a running session."""
    phone = city.enrolled(person)
    with city.database.unit_of_work() as session:
        found = people.find(session, person[0])
        assert found is not None
        people.set_name(session, found.id, "王小美")
    sign_in_again(city, phone, amr)
    return phone


def sign_in_again(city: City, phone: Phone, amr: Sequence[str] = PASSKEY) -> None:
    """A new session of the same person on the same phone: what they had is replaced."""
    now = clock.now()
    with city.database.unit_of_work() as session:
        found = people.find(session, phone.national_id)
        assert found is not None
        actor = sessions.resolve(session, phone.token, now) if phone.token else None
        phone.token = sessions.begin(
            session, person_id=found.id, amr=amr, transport="bearer", user_agent="", now=now,
            replaces=actor.session_id if actor else None,
        ).token  # fmt: skip


def browser(city: City, phone: Phone | None) -> Any:
    """A browser that carries this person's session cookie, or nobody's."""
    client = city.app.test_client(use_cookies=False)
    if phone is not None and phone.token:
        client.environ_base["HTTP_COOKIE"] = f"__Host-session={phone.token}"
    return client


def agree(city: City, phone: Phone, request_id: str, claims: Sequence[str]) -> str:
    """Agree on the consent page; answers where the browser goes on."""
    asked = phone.get(f"/v1/me/authorizations/{request_id}").json
    wanted = [each["claim"] for each in asked["claims"] if each["claim"] in claims]
    answer = phone.post(f"/v1/me/authorizations/{request_id}/decision", {"is_agreed": True, "claims": wanted})
    assert answer.status_code == 200, answer.json
    return str(answer.json["continue_url"])


def is_page(path: str, answer: TestResponse) -> bool:
    """Whether the browser is led to that page of ours."""
    return answer.status_code == 303 and answer.headers["Location"].startswith(f"{ISSUER}{path}?")


def request_of(answer: TestResponse) -> str:
    """The authorization request that a page of ours is asked to go on with."""
    found = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["authorization"]
    assert typeid("aut", parse_typeid("aut", found)) == found
    return found


def local(url: str) -> str:
    """An address of ours without its origin."""
    return url.removeprefix(ISSUER)


def returned(answer: TestResponse, redirect_uri: str) -> dict[str, str]:
    """What the site is told at its own address."""
    assert answer.status_code == 303, (answer.status_code, answer.text)
    where, _, query = answer.headers["Location"].partition("?")
    assert where == redirect_uri, answer.headers["Location"]
    return dict(parse_qsl(query, keep_blank_values=True))


def in_form(answer: TestResponse) -> tuple[str, dict[str, str]]:
    """Where a page's form goes, and with what."""
    action = re.search(r'<form method="?post"? action="([^"]+)"', answer.text)
    assert action is not None, answer.text
    fields = re.findall(r'<input type="?hidden"? name="([^"]+)" value="([^"]*)">', answer.text)
    return html.unescape(action[1]), {html.unescape(name): html.unescape(value) for name, value in fields}


def published(city: City) -> KeySet:
    """The keys that we publish, as any library reads them."""
    return KeySet.import_key_set(city.app.test_client().get("/oauth/jwks").json)
