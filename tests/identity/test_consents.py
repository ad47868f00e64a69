"""What a person lets a site know: claim by claim, for a purpose, for a year, and taken back at once."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from delegating import agreed, somebody
from flask.testing import FlaskClient
from joserfc import jwt
from relying_parties import KEY, approve, registration
from signed_in import SignedIn, sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock, db
from core.ids import new_uuid, typeid
from core.settings import settings
from identity import people
from identity.actors import Actor
from identity.provider import clients
from identity.relying_parties import consents
from identity.relying_parties.errors import ConsentOfAnother

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
NAME = {
    "zh": "在預約單上顯示您的姓名",
    "en": "To print your name on the booking",
    "is_essential": True,
    "legal_basis": "",
}
PHONE = {"zh": "預約到期前提醒您", "en": "To remind you of what is due", "is_essential": False, "legal_basis": ""}


@dataclass(frozen=True)
class Site:
    """A registered site, and its side of signing in."""

    client: FlaskClient
    officer: SignedInOfficer
    registrar: SignedInOfficer
    id: str
    client_id: str
    redirect_uri: str

    def asks(self, person: SignedIn | None, **more: str) -> TestResponse:
        """Somebody's browser comes from the site."""
        query = {
            "client_id": self.client_id, "redirect_uri": self.redirect_uri, "response_type": "code", "state": "s1",
            "scope": "openid profile phone", "code_challenge": CHALLENGE, "code_challenge_method": "S256", "nonce": "n",
        } | more  # fmt: skip
        headers = {"Authorization": f"Bearer {person.token}"} if person else {}
        return self.client.get("/oauth/authorize", query_string=query, headers=headers)

    def in_another_thread(self) -> Site:
        """The same site, asked over a connection of its own."""
        return replace(self, client=self.client.application.test_client())

    def request_of(self, person: SignedIn, **more: str) -> str:
        """The id of a request that waits on the consent page."""
        answer = self.asks(person, **more)
        assert urlsplit(answer.location).path == "/app/consent", (answer.status_code, answer.location, answer.text)
        return parse_qs(urlsplit(answer.location).query)["authorization"][0]

    def tokens(self, location: str) -> Any:
        """What the site gets for the code in the answer."""
        code = parse_qs(urlsplit(location).query)["code"][0]
        now = int(clock.now().timestamp())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": f"{settings().public_origin}/oauth/token",
                  "iat": now, "exp": now + 60, "jti": str(new_uuid())}  # fmt: skip
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER, "client_id": self.client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({"alg": "ES256"}, claims, KEY),
        }  # fmt: skip
        return self.client.post("/oauth/token", data=form).json

    def userinfo(self, access_token: str) -> TestResponse:
        """What the site is told with that token."""
        return self.client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {access_token}"})


@pytest.fixture
def site(client: FlaskClient) -> Site:
    return _registered(client, "library", "library.example.gov.tw")


@pytest.fixture
def person(client: FlaskClient) -> SignedIn:
    one = sign_in(client)
    with db.unit_of_work() as session:
        people.set_name(session, one.person_id, "王小明")
    return one


def _registered(client: FlaskClient, client_id: str, host: str) -> Site:
    officer = signed_in_officer(client, "bureau_officer", bureau="culture")
    registrar = signed_in_officer(client, "registrar", bureau="rdec")
    body = registration(
        client_id=client_id,
        redirect_uris=[f"https://{host}/callback"],
        post_logout_redirect_uris=[],
        backchannel_logout_uri=f"https://{host}/logout",
        scopes=["openid", "profile", "phone"],
        claims={"name": NAME, "phone_number": PHONE},
    )
    proposed = officer.call("POST", "/v1/relying-parties", body).json
    approve(registrar, proposed)
    return Site(client, officer, registrar, proposed["id"], client_id, body["redirect_uris"][0])


def _decide(person: SignedIn, request_id: str, *claims: str, is_agreed: bool = True) -> TestResponse:
    path = f"/v1/me/authorizations/{request_id}/decision"
    return person.call("POST", path, {"is_agreed": is_agreed, "claims": list(claims)})


def _go_on(person: SignedIn, answer: TestResponse) -> TestResponse:
    assert answer.status_code == 200, answer.text
    url = urlsplit(answer.json["continue_url"])
    return person.call("GET", f"{url.path}?{url.query}")


def _agree(site: Site, person: SignedIn, *claims: str) -> Any:
    """The whole way once; the site's tokens."""
    return site.tokens(_go_on(person, _decide(person, site.request_of(person), *claims)).location)


def _slug(answer: TestResponse) -> str:
    return str(answer.json["type"].rsplit("/", 1)[-1])


def test_a_person_sees_who_asks_each_claim_its_purpose_and_what_would_be_told(site: Site, person: SignedIn) -> None:
    answer = person.call("GET", f"/v1/me/authorizations/{site.request_of(person)}", language="en")
    assert answer.status_code == 200, answer.text
    asked = answer.json
    assert (asked["site"]["name"], asked["site"]["bureau_name"]) == ("Library booking", "Bureau of Cultural Affairs")
    assert (asked["site"]["host"], asked["person"]) == ("library.example.gov.tw", "王小明")
    shown = [(each["claim"], each["value"], each["purpose"], each["is_essential"]) for each in asked["claims"]]
    assert shown == [
        ("name", "王小明", "To print your name on the booking", True),
        ("phone_number", "09******78", "To remind you of what is due", False),
    ]


def test_only_the_claims_that_were_agreed_to_reach_the_site(site: Site, person: SignedIn) -> None:
    told = site.userinfo(_agree(site, person, "name")["access_token"]).json
    assert told["name"] == "王小明"
    assert "phone_number" not in told and "national_id" not in told


def test_what_the_service_cannot_do_without_is_agreed_to_or_nothing_is(site: Site, person: SignedIn) -> None:
    request_id = site.request_of(person)
    answer = _decide(person, request_id, "phone_number")
    assert (answer.status_code, _slug(answer)) == (422, "essential-claim-missing")
    assert person.call("GET", "/v1/me/consents").json["items"] == []


def test_what_the_site_did_not_ask_for_cannot_be_agreed_to(site: Site, person: SignedIn) -> None:
    request_id = site.request_of(person, scope="openid profile")
    assert _decide(person, request_id, "name", "phone_number").status_code == 422
    assert _decide(person, request_id, "name", "national_id").status_code == 422


def test_whoever_does_not_agree_goes_back_and_the_site_learns_nothing(site: Site, person: SignedIn) -> None:
    back = _go_on(person, _decide(person, site.request_of(person), is_agreed=False))
    query = parse_qs(urlsplit(back.location).query)
    assert (query["error"], query["state"], "code" in query) == (["access_denied"], ["s1"], False)
    assert person.call("GET", "/v1/me/consents").json["items"] == []


def test_one_turns_back_at_the_door_without_signing_in(site: Site, client: FlaskClient) -> None:
    door = urlsplit(site.asks(None).location)
    assert door.path == "/app/sign-in"
    request_id = parse_qs(door.query)["authorization"][0]
    shown = client.get(f"/v1/auth/authorizations/{request_id}", headers={"Accept-Language": "en"})
    assert (shown.status_code, shown.json["site"]["name"]) == (200, "Library booking")
    answer = client.post(f"/v1/auth/authorizations/{request_id}/refusal", json={})
    url = urlsplit(answer.json["continue_url"])
    back = client.get(f"{url.path}?{url.query}")
    assert parse_qs(urlsplit(back.location).query)["error"] == ["access_denied"]


def test_what_was_agreed_is_not_asked_again_but_more_of_it_is(site: Site, person: SignedIn) -> None:
    request_id = site.request_of(person, scope="openid profile")
    _go_on(person, _decide(person, request_id, "name"))
    assert "code=" in site.asks(person, scope="openid profile").location
    assert "code=" in site.asks(person, scope="openid", prompt="none").location
    assert site.request_of(person, scope="openid profile phone")


def test_what_was_declined_is_not_asked_for_every_day(site: Site, person: SignedIn) -> None:
    _agree(site, person, "name")
    again = site.asks(person)
    assert "phone_number" not in site.userinfo(site.tokens(again.location)["access_token"]).json


def test_prompt_consent_asks_anew_and_the_new_answer_counts(site: Site, person: SignedIn) -> None:
    _agree(site, person, "name")
    request_id = site.request_of(person, prompt="consent")
    _go_on(person, _decide(person, request_id, "name", "phone_number"))
    items = person.call("GET", "/v1/me/consents").json["items"]
    assert [[claim["is_agreed"] for claim in item["claims"]] for item in items] == [[True, True]]


def test_row_12_a_purpose_that_reads_otherwise_is_asked_again(site: Site, person: SignedIn) -> None:
    _agree(site, person, "name")
    path = f"/v1/relying-parties/{site.id}"
    tag = site.officer.call("GET", path).headers["ETag"]
    claims = {"name": {**NAME, "zh": "行銷與抽獎"}, "phone_number": PHONE}
    change = site.officer.call("PATCH", path, {"claims": claims, "reason": "改用途"}, If_Match=tag)
    assert "code=" in site.asks(person).location, "not approved yet: what was agreed still reads the same"
    approve(site.registrar, change.json)
    request_id = site.request_of(person)
    asked = person.call("GET", f"/v1/me/authorizations/{request_id}").json
    assert asked["claims"][0]["purpose"] == "行銷與抽獎"
    old = person.call("GET", "/v1/me/consents").json["items"][0]
    assert old["claims"][0]["purpose"] == NAME["zh"], "what was agreed to can still be read"


def test_row_12_a_purpose_that_changes_while_the_page_is_open_is_not_agreed_to(site: Site, person: SignedIn) -> None:
    request_id = site.request_of(person)
    path = f"/v1/relying-parties/{site.id}"
    tag = site.officer.call("GET", path).headers["ETag"]
    claims = {"name": {**NAME, "zh": "行銷與抽獎"}, "phone_number": PHONE}
    approve(site.registrar, site.officer.call("PATCH", path, {"claims": claims, "reason": "x"}, If_Match=tag).json)
    answer = _decide(person, request_id, "name")
    assert (answer.status_code, _slug(answer)) == (409, "asked-otherwise-since")
    assert person.call("GET", "/v1/me/consents").json["items"] == []
    assert _decide(person, site.request_of(person), "name").status_code == 200


def test_row_12_a_consent_lapses_after_a_year(site: Site, person: SignedIn) -> None:
    _agree(site, person, "name")
    with db.unit_of_work() as session:
        registered = clients.approved(session, site.client_id)
        assert registered is not None
        for age, is_covered in ((timedelta(days=364), True), (timedelta(days=366), False)):
            covering = consents.Keeper().covering(
                session, person_id=person.person_id, client=registered, scopes=["openid"], claims=["name"],
                now=clock.now() + age,
            )  # fmt: skip
            assert (covering is not None) == is_covered


def test_row_12_what_a_site_holds_ends_with_the_year_that_was_agreed_to(site: Site, person: SignedIn) -> None:
    tokens = _agree(site, person, "name")
    consents.end_lapsed(clock.now() + timedelta(days=364))
    assert site.userinfo(tokens["access_token"]).status_code == 200
    consents.end_lapsed(clock.now() + timedelta(days=366))
    assert site.userinfo(tokens["access_token"]).status_code == 401
    assert person.call("GET", "/v1/me/consents").json["items"] == []


def test_row_12_a_decision_is_nobody_else_s_and_no_other_site_s(
    site: Site, person: SignedIn, client: FlaskClient
) -> None:
    other = sign_in(client, "E179864328", "0922333444")
    request_id = site.request_of(person)
    decided = _decide(person, request_id, "name")
    assert decided.status_code == 200
    assert other.call("GET", f"/v1/me/authorizations/{request_id}").status_code == 404
    assert _decide(other, request_id, "name").status_code == 404
    url = urlsplit(decided.json["continue_url"])
    taken = other.call("GET", f"{url.path}?{url.query}")
    assert "code=" not in (taken.location or ""), "another session gets no code for what this one decided"
    second = _registered(client, "museum", "museum.example.gov.tw")
    assert second.request_of(person), "what was agreed for one site is asked by another"


def test_row_12_a_consent_of_somebody_else_is_not_found(site: Site, person: SignedIn, client: FlaskClient) -> None:
    _agree(site, person, "name")
    consent_id = person.call("GET", "/v1/me/consents").json["items"][0]["id"]
    other = sign_in(client, "E179864328", "0922333444")
    assert other.call("DELETE", f"/v1/me/consents/{consent_id}").status_code == 404
    assert other.call("GET", "/v1/me/consents").json["items"] == []
    assert person.call("DELETE", f"/v1/me/consents/{typeid('cns', new_uuid())}").status_code == 404


@pytest.mark.parametrize(
    "change",
    [lambda actor: replace(actor, on_behalf_of=new_uuid()), lambda actor: replace(actor, with_officer=new_uuid())],
    ids=["a delegate", "an officer beside them"],
)
def test_row_12_nobody_agrees_in_another_s_place(
    site: Site, person: SignedIn, change: Callable[[Actor], Actor]
) -> None:
    with db.unit_of_work() as session:
        registered = clients.approved(session, site.client_id)
        assert registered is not None
        actor = change(Actor(kind="citizen", id=person.person_id, loa=2))
        with pytest.raises(ConsentOfAnother):
            consents.give(
                session, actor=actor, client=registered, scopes=["openid"], asked=["name"], agreed=["name"],
                now=clock.now(),
            )  # fmt: skip


def test_row_12_a_delegate_neither_sees_nor_agrees_nor_takes_back(site: Site, client: FlaskClient) -> None:
    mother, caregiver = somebody(client, 41, "王媽媽"), somebody(client, 42, "照顧者")
    acting = caregiver.acting(agreed(mother, caregiver, "rides:book", "bills:read"))
    her = SignedIn(client, mother.person_id, mother.token)
    _agree(site, her, "name")
    consent_id = her.call("GET", "/v1/me/consents").json["items"][0]["id"]
    request_id = site.request_of(her, prompt="consent")
    decision = {"is_agreed": True, "claims": ["name"]}
    for method, path, body in (
        ("GET", f"/v1/me/authorizations/{request_id}", None),
        ("POST", f"/v1/me/authorizations/{request_id}/decision", decision),
        ("GET", "/v1/me/consents", None),
        ("DELETE", f"/v1/me/consents/{consent_id}", None),
    ):
        assert acting.send(method, path, body).status_code == 403, path
    assert "code=" not in (site.asks(SignedIn(client, mother.person_id, acting.token)).location or "")
    assert _decide(her, request_id, "name").status_code == 200


def test_row_11_taken_back_is_dead_at_once_and_the_site_is_told(site: Site, person: SignedIn) -> None:
    tokens = _agree(site, person, "name")
    assert site.userinfo(tokens["access_token"]).status_code == 200
    consent_id = person.call("GET", "/v1/me/consents").json["items"][0]["id"]
    assert person.call("DELETE", f"/v1/me/consents/{consent_id}").status_code == 204
    assert site.userinfo(tokens["access_token"]).status_code == 401
    assert person.call("GET", "/v1/me/consents").json["items"] == []
    assert person.call("DELETE", f"/v1/me/consents/{consent_id}").status_code == 404
    assert site.request_of(person)
    with db.unit_of_work() as session:
        told = session.execute(text("SELECT status FROM identity.provider_logout")).scalars().all()
    assert told == ["waiting"], "a logout token is on its way to the site"
    assert person.call("GET", "/v1/me").status_code == 200, "their own session goes on"


def test_row_11_a_decision_that_was_taken_back_brings_no_code(site: Site, person: SignedIn) -> None:
    decided = _decide(person, site.request_of(person), "name")
    consent_id = person.call("GET", "/v1/me/consents").json["items"][0]["id"]
    assert person.call("DELETE", f"/v1/me/consents/{consent_id}").status_code == 204
    assert "code=" not in (_go_on(person, decided).location or "")


def test_row_11_a_code_and_a_taking_back_at_once_leave_nothing_alive(site: Site, person: SignedIn) -> None:
    for _ in range(4):
        request_id = site.request_of(person)
        _go_on(person, _decide(person, request_id, "name"))
        consent_id = person.call("GET", "/v1/me/consents").json["items"][0]["id"]
        with ThreadPoolExecutor(3) as threads:
            asking = [threads.submit(site.in_another_thread().asks, person) for _ in range(2)]
            ending = threads.submit(
                replace(person, client=site.in_another_thread().client).call, "DELETE", f"/v1/me/consents/{consent_id}"
            )
            answers = [each.result() for each in asking]
        assert ending.result().status_code == 204
        for answer in answers:
            if "code=" in (answer.location or ""):
                assert "access_token" not in site.tokens(answer.location)


def test_a_site_that_is_shut_loses_its_tokens_at_once(site: Site, person: SignedIn) -> None:
    tokens = _agree(site, person, "name")
    shut = site.registrar.call("POST", f"/v1/relying-parties/{site.id}/suspension", {"reason": "外洩"})
    assert shut.status_code == 200
    assert site.userinfo(tokens["access_token"]).status_code == 401
    assert site.asks(person).status_code == 400
    assert person.call("GET", "/v1/me/consents").json["items"][0]["is_suspended"]


def test_row_11_a_site_asks_for_what_it_did_not_register_and_is_told_nothing_of_it(
    site: Site, person: SignedIn
) -> None:
    answer = site.asks(person, scope="openid profile national_id")
    assert parse_qs(urlsplit(answer.location).query)["error"] == ["invalid_scope"]
    claims = '{"userinfo": {"name": null, "national_id": {"essential": true}}}'
    asked = person.call("GET", f"/v1/me/authorizations/{site.request_of(person, claims=claims)}").json
    assert "national_id" not in [each["claim"] for each in asked["claims"]]


def test_a_lapsed_or_unknown_request_is_not_found(site: Site, person: SignedIn) -> None:
    for unknown in (typeid("aut", new_uuid()), "aut_x", "../me"):
        assert person.call("GET", f"/v1/me/authorizations/{unknown}").status_code == 404
    used = site.request_of(person)
    _go_on(person, _decide(person, used, "name"))
    assert person.call("GET", f"/v1/me/authorizations/{used}").status_code == 404
    assert _decide(person, used, "name").status_code == 404
