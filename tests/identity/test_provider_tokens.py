"""What a code is good for, and for how long; who may use a token, and who may not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from identity_city import MING, City
from joserfc import jwt
from joserfc.jwk import ECKey
from provider_site import (
    ISSUER,
    PURPOSES,
    SECRET,
    VERIFIER,
    Site,
    open_site,
    published,
    returned,
    sign_in_again,
    signed_in,
)
from software_authenticator import b64

from core import clock
from identity import people, sessions
from identity.provider import grants, keys, tokens

OFFLINE = "openid profile phone offline_access"


@pytest.fixture
def site(city: City) -> Site:
    return open_site(city)


def test_a_code_gives_tokens_of_these_lives(city: City, site: Site) -> None:
    answer = site.redeem(site.code(signed_in(city)))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert answer.json["token_type"] == "Bearer" and answer.json["expires_in"] == 600
    said = site.believed(answer.json["id_token"])
    assert said["exp"] - said["iat"] == 300


def test_tokens_and_codes_are_stored_as_hashes_alone(city: City, site: Site) -> None:
    code = site.code(signed_in(city), scope=OFFLINE)
    given = site.redeem(code).json
    everything = str(
        [
            city.sql(f"SELECT t::text FROM identity.{table} t")
            for table in ("provider_grant", "provider_access_token", "provider_refresh_token", "authorization_request")
        ]
    )
    for secret in (code, given["access_token"], given["refresh_token"]):
        assert secret not in everything and secret.encode().hex() not in everything


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_site_that_cannot_sign_proves_itself_with_its_secret_in_the_one_way_it_registered(
    city: City, method: str
) -> None:
    site = open_site(city, method=method)
    mei = signed_in(city)
    assert site.redeem(site.code(mei)).status_code == 200
    other = "client_secret_post" if method == "client_secret_basic" else "client_secret_basic"
    site.method = other
    refused = site.redeem(site.code(mei))
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")


def _no_proof(_site: Site) -> dict[str, Any]:
    return {"client_assertion": ..., "client_assertion_type": ..., "client_id": "library"}


def _another_key(site: Site) -> dict[str, Any]:
    now = int(time.time())
    said = {"iss": site.client_id, "sub": site.client_id, "aud": ISSUER, "exp": now + 60, "jti": "j"}
    return {"client_assertion": jwt.encode({"alg": "ES256"}, said, ECKey.generate_key("P-256"))}


def _unsigned(site: Site) -> dict[str, Any]:
    said = {"iss": site.client_id, "sub": site.client_id, "aud": ISSUER, "exp": int(time.time()) + 60, "jti": "j"}
    return {"client_assertion": f"{b64(json.dumps({'alg': 'none'}).encode())}.{b64(json.dumps(said).encode())}."}


def _for_another_audience(site: Site) -> dict[str, Any]:
    return {"client_assertion": site.assertion(aud="https://evil.example/token")}


def _of_another_site(site: Site) -> dict[str, Any]:
    return {"client_assertion": site.assertion(sub="museum", iss="museum")}


def _lapsed(site: Site) -> dict[str, Any]:
    return {"client_assertion": site.assertion(exp=int(time.time()) - 5)}


def _both_ways(_site: Site) -> dict[str, Any]:
    return {"client_secret": SECRET}


def _somebody_else_beside(_site: Site) -> dict[str, Any]:
    return {"client_id": "museum"}


def _a_secret_instead(_site: Site) -> dict[str, Any]:
    return {"client_assertion": ..., "client_id": "library", "client_secret": SECRET}


@pytest.mark.parametrize(
    "proof",
    [_no_proof, _another_key, _unsigned, _for_another_audience, _of_another_site, _lapsed, _both_ways,
     _somebody_else_beside, _a_secret_instead],
    ids=lambda proof: proof.__name__,
)  # fmt: skip
def test_who_is_not_proven_to_be_the_site_gets_nothing(
    city: City, site: Site, proof: Callable[[Site], dict[str, Any]]
) -> None:
    code = site.code(signed_in(city))
    answer = site.redeem(code, **proof(site))
    assert (answer.status_code, answer.json["error"]) in ((401, "invalid_client"), (400, "invalid_request"))
    assert answer.status_code == 400 or answer.headers["WWW-Authenticate"].startswith("Basic")
    # And the code is still the site's own.
    assert site.redeem(code).status_code == 200


def test_an_assertion_is_used_once_whatever_for(city: City, site: Site) -> None:
    assertion = site.assertion()
    mei = signed_in(city)
    assert site.redeem(site.code(mei), client_assertion=assertion).status_code == 200
    again = site.redeem(site.code(mei), client_assertion=assertion)
    assert (again.status_code, again.json["error"]) == (401, "invalid_client")
    assert site.post("/oauth/par", **site.query(client_assertion=assertion)).status_code == 401


def test_guessing_a_site_s_secret_ends_in_waiting(city: City) -> None:
    site = open_site(city, method="client_secret_post")
    wrong = {"client_secret": "wrong"}
    assert site.redeem("x", **wrong).status_code == 401
    city.sql("UPDATE identity.attempt SET used = 1000 WHERE method = 'provider_wrong_clients'")
    answer = site.redeem("x", **wrong)
    assert answer.status_code == 429 and answer.headers["Retry-After"]
    # Whoever has the secret is not kept waiting by whoever has not.
    assert site.redeem(site.code(signed_in(city))).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://library.example.gov.tw/callback/"}, "invalid_grant"),
        ({"redirect_uri": ...}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ...}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": "é" * 43}, "invalid_request"),
        ({"code": "another"}, "invalid_grant"),
        ({"code": ...}, "invalid_request"),
    ],
)
def test_row_18_a_code_is_bound_to_its_address_and_its_verifier(
    city: City, site: Site, changes: dict[str, Any], error: str
) -> None:
    code = site.code(signed_in(city))
    answer = site.redeem(code, **changes)
    assert (answer.status_code, answer.json["error"]) == (400, error)
    # One try is all there is: with the code in the request, it was used up.
    if "code" not in changes:
        assert site.redeem(code).json["error"] == "invalid_grant"


def test_row_18_a_code_of_one_site_is_nothing_at_another(city: City, site: Site) -> None:
    other = open_site(city, "museum", "museum.example.gov.tw")
    code = site.code(signed_in(city))
    answer = other.redeem(code, redirect_uri=site.redirect_uri)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


def test_row_18_a_code_lives_thirty_seconds(city: City, site: Site) -> None:
    mei = signed_in(city)
    for seconds, is_good in ((29, True), (30, False)):
        code = site.code(mei)
        with city.database.unit_of_work() as session:
            later = clock.now() + timedelta(seconds=seconds)
            assert (grants.redeem(session, code, "library", now=later) is not None) == is_good


def test_row_18_a_code_used_twice_takes_back_what_it_gave(city: City, site: Site) -> None:
    code = site.code(signed_in(city), scope=OFFLINE)
    given = site.redeem(code).json
    assert site.userinfo(given["access_token"]).status_code == 200
    again = site.redeem(code)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert site.userinfo(given["access_token"]).status_code == 401
    assert site.refresh(given["refresh_token"]).json["error"] == "invalid_grant"


def test_row_18_of_many_uses_at_once_one_is_answered_and_even_that_is_taken_back(city: City, site: Site) -> None:
    code = site.code(signed_in(city), scope=OFFLINE)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: site.redeem(code), range(8)))
    given = [answer.json for answer in answers if answer.status_code == 200]
    assert len(given) == 1
    assert [answer.json["error"] for answer in answers if answer.status_code != 200] == ["invalid_grant"] * 7
    assert site.userinfo(given[0]["access_token"]).status_code == 401
    assert site.refresh(given[0]["refresh_token"]).json["error"] == "invalid_grant"


def test_a_code_is_worth_nothing_once_the_session_behind_it_is_over(city: City, site: Site) -> None:
    mei = signed_in(city)
    code = site.code(mei)
    assert mei.post("/v1/auth/logout").status_code == 204
    assert site.redeem(code).json["error"] == "invalid_grant"


def test_refresh_tokens_are_given_for_offline_access_alone_and_used_once(city: City, site: Site) -> None:
    mei = signed_in(city)
    assert "refresh_token" not in site.tokens(mei)
    first = site.tokens(mei, scope=OFFLINE)
    second = site.refresh(first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    said, before = site.believed(second["id_token"]), site.believed(first["id_token"])
    assert "nonce" not in said
    for same in ("sub", "auth_time", "acr", "amr", "sid", "aud", "iss"):
        assert said[same] == before[same], same


def test_a_refresh_token_used_again_ends_the_whole_family(city: City, site: Site) -> None:
    first = site.tokens(signed_in(city), scope=OFFLINE)
    second = site.refresh(first["refresh_token"]).json
    third = site.refresh(second["refresh_token"]).json
    # The first again: its successor was used, so two hold it.
    assert site.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    assert site.refresh(third["refresh_token"]).json["error"] == "invalid_grant"
    assert site.userinfo(third["access_token"]).status_code == 401


def test_a_site_whose_answer_was_lost_may_ask_again_shortly_and_gets_the_same_token(city: City, site: Site) -> None:
    first = site.tokens(signed_in(city), scope=OFFLINE)
    lost = site.refresh(first["refresh_token"]).json
    again = site.refresh(first["refresh_token"]).json
    assert again["refresh_token"] == lost["refresh_token"]
    assert site.refresh(again["refresh_token"]).status_code == 200


def test_after_the_grace_asking_again_is_using_it_twice(city: City, site: Site) -> None:
    first = site.tokens(signed_in(city), scope=OFFLINE)
    second = site.refresh(first["refresh_token"]).json
    city.sql("UPDATE identity.provider_refresh_token SET used_at = used_at - interval '31 seconds'")
    assert site.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    assert site.refresh(second["refresh_token"]).json["error"] == "invalid_grant"


def test_of_many_refreshes_at_once_all_get_one_and_the_same_successor(city: City, site: Site) -> None:
    first = site.tokens(signed_in(city), scope=OFFLINE)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: site.refresh(first["refresh_token"]), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["refresh_token"] for answer in answers}) == 1


def test_a_refresh_token_is_bound_to_its_site(city: City, site: Site) -> None:
    other = open_site(city, "museum", "museum.example.gov.tw")
    first = site.tokens(signed_in(city), scope=OFFLINE)
    assert other.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    assert site.refresh(first["refresh_token"]).status_code == 200


def test_a_refresh_may_ask_for_less_and_not_for_more(city: City, site: Site) -> None:
    first = site.tokens(signed_in(city), scope="openid profile offline_access")
    less = site.refresh(first["refresh_token"], scope="openid").json
    assert less["scope"] == "openid"
    assert site.userinfo(less["access_token"]).json.keys() == {"sub"}
    more = site.refresh(less["refresh_token"], scope="openid phone")
    assert (more.status_code, more.json["error"]) == (400, "invalid_scope")
    # What was refused used nothing up.
    assert site.refresh(less["refresh_token"]).json["scope"] == "openid profile offline_access"


def test_a_refresh_token_lapses_when_it_is_not_used(city: City, site: Site) -> None:
    first = site.tokens(signed_in(city), scope=OFFLINE)
    with city.database.unit_of_work() as session:
        late = clock.now() + tokens.REFRESH_LIFE
        assert tokens.weigh_refresh(session, first["refresh_token"], "library", now=late) is None


def test_signing_out_ends_what_rests_on_the_session_and_not_what_was_granted_beyond_it(city: City, site: Site) -> None:
    mei = signed_in(city)
    online, offline = site.tokens(mei), site.tokens(mei, scope=OFFLINE)
    mei.post("/v1/auth/logout")
    assert site.userinfo(online["access_token"]).status_code == 401
    assert site.userinfo(offline["access_token"]).status_code == 200
    assert site.refresh(offline["refresh_token"]).status_code == 200


def test_a_session_that_rises_keeps_its_tokens_and_its_name_at_the_site(city: City, site: Site) -> None:
    mei = signed_in(city, amr=("pwd", "sms"))
    before = site.tokens(mei)
    sign_in_again(city, mei)
    assert site.userinfo(before["access_token"]).status_code == 200
    after = site.tokens(mei)
    assert site.believed(after["id_token"])["sid"] == site.believed(before["id_token"])["sid"]


def test_row_35_a_change_of_credentials_ends_everything(city: City, site: Site) -> None:
    mei = signed_in(city)
    online, offline = site.tokens(mei), site.tokens(mei, scope=OFFLINE)
    with city.database.unit_of_work() as session:
        person = people.find(session, mei.national_id)
        assert person is not None
        sessions.end_all(session, person_id=person.id, now=clock.now(), reason="password changed")
    for given in (online, offline):
        assert site.userinfo(given["access_token"]).status_code == 401
    assert site.refresh(offline["refresh_token"]).json["error"] == "invalid_grant"


def test_row_12_a_consent_taken_back_ends_everything_at_that_site_alone(city: City, site: Site) -> None:
    other = open_site(city, "museum", "museum.example.gov.tw")
    mei = signed_in(city)
    here, there = site.tokens(mei, scope=OFFLINE), other.tokens(mei)
    consents = mei.get("/v1/me/consents").json["items"]
    (mine,) = [each["id"] for each in consents if each["site"]["client_id"] == "library"]
    assert mei.send("DELETE", f"/v1/me/consents/{mine}").status_code == 204
    assert site.userinfo(here["access_token"]).status_code == 401
    assert site.refresh(here["refresh_token"]).json["error"] == "invalid_grant"
    assert other.userinfo(there["access_token"]).status_code == 200
    assert returned(site.authorize(mei, prompt="none"), site.redirect_uri)["error"] == "consent_required"


def test_a_suspended_site_s_tokens_are_dead(city: City, site: Site) -> None:
    given = site.tokens(signed_in(city), scope=OFFLINE)
    city.sql("UPDATE identity.relying_party SET status = 'suspended', suspended_at = now()")
    assert site.userinfo(given["access_token"]).status_code == 401
    assert site.refresh(given["refresh_token"]).status_code == 401


def test_a_site_gives_tokens_back(city: City, site: Site) -> None:
    given = site.tokens(signed_in(city), scope=OFFLINE)
    assert site.post("/oauth/revoke", token=given["access_token"]).status_code == 200
    assert site.userinfo(given["access_token"]).status_code == 401
    fresh = site.refresh(given["refresh_token"]).json
    assert site.post("/oauth/revoke", token=fresh["refresh_token"], token_type_hint="refresh_token").status_code == 200
    assert site.userinfo(fresh["access_token"]).status_code == 401
    assert site.refresh(fresh["refresh_token"]).json["error"] == "invalid_grant"


def test_a_site_cannot_give_back_another_s_tokens_and_does_not_learn_whose_they_are(city: City, site: Site) -> None:
    other = open_site(city, "museum", "museum.example.gov.tw")
    given = site.tokens(signed_in(city))
    for token in (given["access_token"], "unknown"):
        assert other.post("/oauth/revoke", token=token).status_code == 200
    assert site.userinfo(given["access_token"]).status_code == 200
    assert other.post("/oauth/revoke").json["error"] == "invalid_request"


def test_userinfo_takes_the_token_in_the_header_or_in_a_form_but_not_both(city: City, site: Site) -> None:
    token = site.tokens(signed_in(city))["access_token"]
    http = city.app.test_client(use_cookies=False)
    header = {"Authorization": f"Bearer {token}"}
    bodies = [
        http.get("/oauth/userinfo", headers=header),
        http.post("/oauth/userinfo", headers=header),
        http.post("/oauth/userinfo", data={"access_token": token}),
    ]
    assert [answer.status_code for answer in bodies] == [200] * 3
    assert bodies[0].json == bodies[1].json == bodies[2].json
    assert http.post("/oauth/userinfo", headers=header, data={"access_token": token}).status_code == 400
    nothing = http.get("/oauth/userinfo")
    assert nothing.status_code == 401 and nothing.headers["WWW-Authenticate"] == 'Bearer realm="mykaohsiung"'
    # A token in the address would end in logs.
    assert http.get(f"/oauth/userinfo?access_token={token}").status_code >= 400


def test_an_access_token_lapses(city: City, site: Site) -> None:
    token = site.tokens(signed_in(city))["access_token"]
    with city.database.unit_of_work() as session:
        assert tokens.bearer(session, token, now=clock.now() + timedelta(minutes=9)) is not None
        assert tokens.bearer(session, token, now=clock.now() + tokens.ACCESS_LIFE) is None


def _as_it_is(site: Site, given: dict[str, Any]) -> str:
    return str(given["id_token"])


def _alg_none(site: Site, given: dict[str, Any]) -> str:
    payload = given["id_token"].split(".")[1]
    return f"{b64(json.dumps({'alg': 'none'}).encode())}.{payload}."


def _hs256_with_the_public_key(site: Site, given: dict[str, Any]) -> str:
    public = next(key for key in published(site.city).keys if key.kid)
    head = b64(json.dumps({"alg": "HS256", "typ": "JWT", "kid": public.kid}).encode())
    signed = f"{head}.{given['id_token'].split('.')[1]}"
    mac = hmac.digest(json.dumps(public.as_dict(private=False)).encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{b64(mac)}"


def _kid_path(site: Site, given: dict[str, Any]) -> str:
    header, payload, signature = given["id_token"].split(".")
    head = json.loads(base64.urlsafe_b64decode(header + "=="))
    return f"{b64(json.dumps(head | {'kid': '../../../../dev/null'}).encode())}.{payload}.{signature}"


def _own_key_in_the_header(site: Site, given: dict[str, Any]) -> str:
    own = ECKey.generate_key("P-256")
    said = site.believed(given["id_token"])
    return jwt.encode({"alg": "ES256", "jwk": own.as_dict(private=False)}, said, own)


FORGED = [_as_it_is, _alg_none, _hs256_with_the_public_key, _kid_path, _own_key_in_the_header]


@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__)
def test_row_20_an_id_token_true_or_forged_opens_nothing(
    city: City, site: Site, forge: Callable[[Site, dict[str, Any]], str]
) -> None:
    token = forge(site, site.tokens(signed_in(city)))
    answer = site.userinfo(token)
    assert answer.status_code == 401 and 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    with_it = {"Authorization": f"Bearer {token}"}
    assert city.app.test_client(use_cookies=False).get("/v1/me", headers=with_it).status_code == 401


@pytest.mark.parametrize("forge", FORGED[1:], ids=lambda forge: forge.__name__)
def test_row_20_a_forged_id_token_is_no_hint(
    city: City, site: Site, forge: Callable[[Site, dict[str, Any]], str]
) -> None:
    given = site.tokens(signed_in(city))
    with city.database.unit_of_work() as session:
        assert keys.claims_of_ours(session, given["id_token"]) is not None
        assert keys.claims_of_ours(session, forge(site, given)) is None


def test_row_20_a_token_opens_only_the_door_it_was_made_for(city: City, site: Site) -> None:
    mei = signed_in(city)
    given = site.tokens(mei, scope=OFFLINE)
    assert site.userinfo(mei.token or "").status_code == 401
    assert site.userinfo(given["refresh_token"]).status_code == 401
    http = city.app.test_client(use_cookies=False)
    for token in (given["access_token"], given["refresh_token"]):
        assert http.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert site.refresh(given["access_token"]).json["error"] == "invalid_grant"
    assert site.redeem(given["refresh_token"]).json["error"] == "invalid_grant"


def test_a_token_request_of_another_form_is_refused_as_oauth_prescribes(city: City, site: Site) -> None:
    http = city.app.test_client(use_cookies=False)
    assert http.post("/oauth/token", json={"grant_type": "authorization_code"}).json["error"] == "invalid_request"
    assert site.post("/oauth/token", grant_type="password").json["error"] == "unsupported_grant_type"
    assert site.post("/oauth/token", grant_type="implicit").json["error"] == "unsupported_grant_type"
    twice = f"grant_type=refresh_token&refresh_token=a&refresh_token=b&client_assertion={site.assertion()}"
    answer = http.post("/oauth/token", data=twice, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_two_people_have_two_names_and_each_site_has_its_own_for_them(city: City, site: Site) -> None:
    other = open_site(city, "museum", "museum.example.gov.tw")
    sister = open_site(city, "library.kids", "library.example.gov.tw")
    mei, ming = signed_in(city), signed_in(city, MING)
    names = {
        (who, where.client_id): where.believed(where.tokens(phone)["id_token"])["sub"]
        for who, phone in (("mei", mei), ("ming", ming))
        for where in (site, other, sister)
    }
    assert names["mei", "library"] == names["mei", "library.kids"]
    assert len(set(names.values())) == 4
    assert all(mei.national_id not in name for name in names.values())


def test_what_was_agreed_to_is_told_and_nothing_else(city: City, site: Site) -> None:
    mei = signed_in(city)
    told = site.userinfo(site.tokens(mei)["access_token"]).json
    assert told.keys() == {"sub", "name", "phone_number", "phone_number_verified"}
    assert (told["name"], told["phone_number"]) == ("王小美", "+886912345678")
    ming = signed_in(city, MING)
    answer = site.sign_in(ming, claims=("name",))
    token = site.redeem(answer["code"]).json["access_token"]
    assert site.userinfo(token).json.keys() == {"sub", "name"}


def test_row_11_an_id_number_is_told_for_an_approved_purpose_and_consent_alone(city: City, site: Site) -> None:
    mei = signed_in(city)
    asked = {"scope": "openid national_id", "nonce": "n"}
    by_name = json.dumps({"userinfo": {"national_id": {"essential": True}}, "id_token": {"national_id": None}})
    given = site.tokens(mei, **asked, claims=by_name)
    assert site.userinfo(given["access_token"]).json.keys() == {"sub"}
    assert "national_id" not in site.believed(given["id_token"])
    allowed = PURPOSES | {"national_id": {"zh": "依法核對借閱資格", "en": "To check eligibility as the law asks"}}
    tax = open_site(city, "tax", "tax.example.gov.tw", claims=allowed)
    declined = tax.redeem(tax.sign_in(mei, claims=(), scope="openid national_id")["code"]).json
    assert tax.userinfo(declined["access_token"]).json.keys() == {"sub"}
    agreed = tax.redeem(
        tax.sign_in(mei, claims=("national_id",), scope="openid national_id", prompt="consent")["code"]
    ).json
    assert tax.userinfo(agreed["access_token"]).json["national_id"] == mei.national_id
    # The approval is taken back: from that moment nothing is told.
    city.sql("UPDATE identity.relying_party SET claims = claims - 'national_id' WHERE client_id = 'tax'")
    assert tax.userinfo(agreed["access_token"]).json.keys() == {"sub"}


def test_an_id_number_is_told_of_a_session_of_level_three_alone(city: City) -> None:
    allowed = {"national_id": {"zh": "依法核對", "en": "As the law asks"}}
    tax = open_site(city, "tax", "tax.example.gov.tw", claims=allowed)
    mei = signed_in(city, amr=("pwd", "sms"))
    answer = tax.authorize(mei, scope="openid national_id", prompt="none")
    assert returned(answer, tax.redirect_uri)["error"] == "login_required"


def test_each_telling_is_in_the_person_s_access_log(city: City, site: Site) -> None:
    mei = signed_in(city)
    site.userinfo(site.tokens(mei)["access_token"])
    (entry,) = city.sql("SELECT actor_name, what, purpose, reference FROM identity.access_log")
    assert tuple(entry) == ("圖書館預約", "claims", "consent", "library")
    # A name alone that the site made up itself tells nothing of anybody.
    site.userinfo(site.tokens(mei, scope="openid")["access_token"])
    assert city.sql("SELECT count(*) FROM identity.access_log")[0][0] == 1


def test_the_verifier_is_never_taken_for_the_challenge(city: City, site: Site) -> None:
    code = site.code(signed_in(city), code_challenge=VERIFIER)
    assert site.redeem(code).json["error"] == "invalid_grant"
