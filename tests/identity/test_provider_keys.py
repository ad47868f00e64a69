"""What ID tokens are signed with, how keys follow one another under traffic, and what the provider says of itself."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from authlib.oidc.rpinitiated import OpenIDProviderMetadata as LogoutMetadata
from click.testing import CliRunner
from identity_city import City
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from provider_site import ISSUER, Site, open_site, published, returned, signed_in

from api.cli_provider import provider_group
from core import clock
from identity import tasks
from identity.provider import keys


@pytest.fixture
def site(city: City) -> Site:
    return open_site(city)


def _header(token: str) -> dict[str, Any]:
    return dict(jws.extract_compact(token.encode()).headers())


def _sign(city: City, now: datetime, alg: str = "ES256") -> str:
    with city.database.unit_of_work() as session:
        return keys.sign(session, {"typ": "JWT"}, {"iss": ISSUER, "sub": "x"}, alg, now=now)


def _published(city: City, now: datetime) -> KeySet:
    with city.database.unit_of_work() as session:
        return KeySet.import_key_set({"keys": keys.published(session, now=now)})  # type: ignore[typeddict-item]


def _is_believed(token: str, known: KeySet) -> bool:
    try:
        jwt.decode(token, known, algorithms=["ES256", "RS256"])
    except (JoseError, ValueError):
        return False
    return True


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_an_id_token_says_who_signed_in_when_how_and_for_whom(city: City, alg: str) -> None:
    site = open_site(city, id_token_alg=alg)
    given = site.tokens(signed_in(city))
    header, said = _header(given["id_token"]), site.believed(given["id_token"])
    assert header.keys() == {"alg", "kid", "typ"} and header["alg"] == alg
    assert said.keys() == {
        "iss", "sub", "aud", "azp", "iat", "exp", "auth_time", "acr", "amr", "sid", "nonce", "at_hash",
    }  # fmt: skip
    assert (said["iss"], said["aud"], said["azp"], said["nonce"]) == (ISSUER, "library", "library", "the nonce")
    assert (said["acr"], said["amr"]) == ("urn:mykaohsiung:loa:3", ["hwk", "user"])
    half = hashlib.sha256(given["access_token"].encode()).digest()[:16]
    assert said["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert said["sub"] == site.userinfo(given["access_token"]).json["sub"]


def test_a_request_without_nonce_gets_an_id_token_without_one(city: City, site: Site) -> None:
    assert "nonce" not in site.believed(site.tokens(signed_in(city), nonce=...)["id_token"])


def test_the_key_set_holds_public_keys_of_both_algorithms_and_no_private_part(city: City) -> None:
    answer = city.app.test_client().get("/oauth/jwks")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    found = answer.json["keys"]
    assert {(key["kty"], key["alg"], key["use"]) for key in found} == {("EC", "ES256", "sig"), ("RSA", "RS256", "sig")}
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys() for key in found)
    sealed = city.sql("SELECT private_sealed FROM identity.provider_key")
    assert len(sealed) == 2 and all(b"PRIVATE KEY" not in bytes(row[0]) for row in sealed)


def test_keys_follow_one_another_while_sites_keep_what_they_fetched(city: City) -> None:
    """A site fetches our keys once an hour and checks tokens all the time, for two days in which the keys are rotated."""
    start = clock.now()
    known = _published(city, start)
    with city.database.unit_of_work() as session:
        fresh = {key.kid for key in keys.rotate(session, now=start + timedelta(hours=3, minutes=20))}
    signed_with = set()
    for minutes in range(20, 2880, 20):
        now = start + timedelta(minutes=minutes)
        keys.keep_fresh(now)
        if minutes % 60 == 0:
            known = _published(city, now)
        token = _sign(city, now)
        assert _is_believed(token, known), minutes
        # And one that was signed just before is still believed by whoever fetches the keys now.
        just_before = _sign(city, now - keys.ID_TOKEN_LIFE)
        assert _is_believed(just_before, _published(city, now)), minutes
        signed_with.add(_header(token)["kid"])
    assert len(signed_with) == 2 and signed_with & fresh
    assert city.sql("SELECT count(*) FROM identity.provider_key")[0][0] == 4, "nobody was without a key to sign with"
    rows = city.sql("SELECT kid, private_sealed IS NULL, withdrawn_at IS NOT NULL FROM identity.provider_key")
    assert {tuple(row[1:]) for row in rows if row[0] in fresh} == {(False, False)}
    assert {tuple(row[1:]) for row in rows if row[0] not in fresh} == {(True, True)}


def test_keys_are_renewed_by_themselves_before_their_time_is_over(city: City) -> None:
    start = clock.now()
    keys.keep_fresh(start)
    keys.keep_fresh(start + keys.PERIOD - timedelta(days=2))
    assert city.sql("SELECT count(*) FROM identity.provider_key")[0][0] == 2
    for hours in range(48):
        keys.keep_fresh(start + keys.PERIOD - keys.LEAD + timedelta(hours=hours))
    rows = city.sql("SELECT alg, signs_from, withdrawn_at IS NULL FROM identity.provider_key ORDER BY signs_from")
    assert [row[2] for row in rows] == [False, False, True, True]
    assert rows[2].signs_from - start == keys.PERIOD
    keys.keep_fresh(start + keys.PERIOD * 6)
    assert city.sql("SELECT count(*) FROM identity.provider_key WHERE kid IS NOT NULL")[0][0] >= 2


def test_leaked_keys_are_followed_and_forgotten_at_once(city: City, site: Site) -> None:
    mei = signed_in(city)
    before = site.tokens(mei)["id_token"]
    answer = CliRunner().invoke(provider_group, ["rotate-keys", "--leaked"])
    assert answer.exit_code == 0 and answer.output.count("is published") == 2, answer.output
    assert not _is_believed(before, published(city))
    assert site.believed(site.tokens(mei)["id_token"])["aud"] == "library"
    hinted = returned(site.authorize(mei, id_token_hint=before), site.redirect_uri)
    assert hinted["error"] == "invalid_request"


def test_the_command_rotates_without_breaking_what_is_signed_now(city: City, site: Site) -> None:
    mei = signed_in(city)
    before = site.tokens(mei)["id_token"]
    assert CliRunner().invoke(provider_group, ["rotate-keys"]).exit_code == 0
    assert len(published(city).keys) == 4
    after = site.tokens(mei)["id_token"]
    assert _header(after)["kid"] == _header(before)["kid"]
    assert site.believed(before) and site.believed(after)
    listed = CliRunner().invoke(provider_group, ["keys"])
    assert listed.output.count("published, can sign") == 4


def test_a_key_s_year_old_token_is_still_a_hint_and_a_stranger_s_is_not(city: City) -> None:
    start = clock.now()
    token = _sign(city, start)
    for days in (0, 89, 91, 180, 270, 360):
        keys.keep_fresh(start + timedelta(days=days))
    with city.database.unit_of_work() as session:
        assert keys.claims_of_ours(session, token) == {"iss": ISSUER, "sub": "x"}
        logout = keys.sign(session, {"typ": "logout+jwt"}, {"iss": ISSUER}, "ES256", now=start + timedelta(days=360))
        assert keys.claims_of_ours(session, logout) is None, "a logout token is no ID token"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
def test_what_the_provider_says_of_itself_is_in_order_and_true(city: City, path: str) -> None:
    said = city.app.test_client().get(path).json
    metadata = OpenIDProviderMetadata(said)
    # Authlib wants https of every address, which the demo on this machine has not.
    metadata.update({name: value.replace("http://localhost:8080", "https://id.example") for name, value in said.items()
                     if isinstance(value, str)})  # fmt: skip
    metadata.validate(metadata_classes=[LogoutMetadata])
    assert said["issuer"] == ISSUER
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["response_types_supported"] == ["code"]
    assert said["authorization_response_iss_parameter_supported"] is True
    rules = {rule.rule for rule in city.app.url_map.iter_rules()}
    for name, address in said.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert address.removeprefix(ISSUER) in rules, name


def test_what_has_lapsed_is_forgotten_and_what_still_matters_is_not(city: City, site: Site) -> None:
    city.sql("UPDATE identity.relying_party SET backchannel_logout_uri = 'https://library.example.gov.tw/logout'")
    mei = signed_in(city)
    given = site.tokens(mei, scope="openid offline_access")
    site.authorize(None)
    site.post("/oauth/par", **site.query())
    tasks.forget_lapsed(clock.now() + timedelta(days=3))
    counts = {
        table: city.sql(f"SELECT count(*) FROM identity.{table}")[0][0]
        for table in ("authorization_request", "pushed_request", "provider_access_token", "provider_grant", "sign_on")
    }
    assert counts == {
        "authorization_request": 0, "pushed_request": 0, "provider_access_token": 0, "provider_grant": 1, "sign_on": 1,
    }  # fmt: skip
    assert site.refresh(given["refresh_token"]).status_code == 200
    mei.post("/v1/auth/logout")
    city.sql("UPDATE identity.provider_logout SET created_at = now() + interval '399 days'")
    tasks.forget_lapsed(clock.now() + timedelta(days=400))
    assert city.sql("SELECT count(*) FROM identity.provider_grant")[0][0] == 0
    assert city.sql("SELECT count(*) FROM identity.sign_on")[0][0] == 1, "a site is still to be told of it"
