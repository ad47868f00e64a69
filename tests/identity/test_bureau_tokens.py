"""The token endpoint of the bureaus' systems, and every false assertion against it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from identity_city import City
from joserfc import jwt
from joserfc.jwk import ECKey
from software_authenticator import b64
from werkzeug.test import TestResponse

from core import clock
from identity import bureaus

AUDIENCE = "http://localhost:8080/oauth/token"
CLIENT = "parking.kcg"


@pytest.fixture
def key(city: City) -> ECKey:
    """The parking bureau's key; its client is registered."""
    key = ECKey.generate_key("P-256")
    with city.database.unit_of_work() as session:
        bureaus.register_bureau_client(
            session, CLIENT, "parking", key.as_dict(private=False), ["bills:write", "bills:read"], now=clock.now()
        )
    return key


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": AUDIENCE, "iat": now, "exp": now + 120, "jti": uuid.uuid4().hex}
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def _signed(key: ECKey, **changes: Any) -> str:
    return jwt.encode({"alg": "ES256"}, _claims(**changes), key)


def _ask(city: City, assertion: str | None, **form: str) -> TestResponse:
    fields = {"grant_type": "client_credentials", "client_assertion_type": bureaus.ASSERTION_TYPE} | form
    if assertion is not None:
        fields["client_assertion"] = assertion
    return city.app.test_client().post("/oauth/token", data=fields)


def test_a_signed_assertion_gets_an_opaque_token_for_an_hour(city: City, key: ECKey) -> None:
    answer = _ask(city, _signed(key), scope="bills:write")
    assert answer.status_code == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 3600
    assert answer.json["scope"] == "bills:write"
    assert answer.headers["Cache-Control"] == "no-store"
    now = clock.now()
    with city.database.unit_of_work() as session:
        actor = bureaus.resolve_bureau_token(session, answer.json["access_token"], now)
        assert actor is not None
        assert (actor.kind, actor.bureau, actor.scopes) == ("bureau", "parking", frozenset({"bills:write"}))
        late = now + timedelta(hours=1)
        assert bureaus.resolve_bureau_token(session, answer.json["access_token"], late) is None
        assert bureaus.resolve_bureau_token(session, "another", now) is None


def test_without_a_scope_all_of_the_client_s_are_granted_and_the_origin_is_an_audience_too(
    city: City, key: ECKey
) -> None:
    answer = _ask(city, _signed(key, aud=["http://localhost:8080"]))
    assert answer.json["scope"] == "bills:read bills:write"


def test_a_revoked_client_has_no_tokens(city: City, key: ECKey) -> None:
    token = _ask(city, _signed(key)).json["access_token"]
    city.sql("UPDATE identity.bureau_client SET revoked_at = now()")
    with city.database.unit_of_work() as session:
        assert bureaus.resolve_bureau_token(session, token, clock.now()) is None
    assert _ask(city, _signed(key)).status_code == 401


def test_an_assertion_is_good_once_even_in_parallel(city: City, key: ECKey) -> None:
    assertion = _signed(key)
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _: _ask(city, assertion).status_code, range(8)))
    assert statuses == [200] + [401] * 7


def _unsigned(**header: Any) -> str:
    parts = (header, _claims())
    return ".".join(b64(json.dumps(part).encode()) for part in parts)


def _alg_none(_key: ECKey) -> str:
    return _unsigned(alg="none") + "."


def _hs256_with_the_public_key(key: ECKey) -> str:
    head = _unsigned(alg="HS256", typ="JWT")
    secret = key.as_pem(private=False)
    return f"{head}.{b64(hmac.digest(secret, head.encode(), hashlib.sha256))}"


def _another_key(_key: ECKey) -> str:
    return _signed(ECKey.generate_key("P-256"))


def _key_in_the_header(_key: ECKey) -> str:
    own = ECKey.generate_key("P-256")
    return jwt.encode({"alg": "ES256", "jwk": own.as_dict(private=False)}, _claims(), own)


@pytest.mark.parametrize(
    "forged", [_alg_none, _hs256_with_the_public_key, _another_key, _key_in_the_header], ids=lambda make: make.__name__
)
def test_a_forged_signature_gets_nothing(city: City, key: ECKey, forged: Any) -> None:
    answer = _ask(city, forged(key))
    assert (answer.status_code, answer.json) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example/oauth/token"},
        {"aud": ["http://localhost:8080", "https://other.example"]},
        {"aud": []},
        {"aud": ...},
        {"aud": {"a": 1}},
        {"iss": "fines.kcg"},
        {"sub": "fines.kcg"},
        {"sub": 5},
        {"sub": "a\u0000b"},
        {"exp": 10**9},
        {"exp": 10**10},
        {"exp": 10**30},
        {"exp": "soon"},
        {"exp": ...},
        {"jti": ...},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 129},
        {"jti": "a\u0000b"},
        {"nbf": 10**10},
    ],
)
def test_wrong_claims_get_nothing_however_well_signed(city: City, key: ECKey, changes: dict[str, Any]) -> None:
    answer = _ask(city, _signed(key, **changes))
    assert (answer.status_code, answer.json) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(("seconds", "status"), [(-2, 401), (290, 200), (340, 401)])
def test_an_assertion_lives_five_minutes_at_the_most(city: City, key: ECKey, seconds: int, status: int) -> None:
    assert _ask(city, _signed(key, exp=int(time.time()) + seconds)).status_code == status


@pytest.mark.parametrize("assertion", [None, "", "x", "a.b.c", "é.é.é", "." * 50, "e30.e30.e30", "a" * 5000])
def test_nonsense_gets_nothing(city: City, key: ECKey, assertion: str | None) -> None:
    assert _ask(city, assertion).status_code == 401


def test_requests_of_another_form_are_refused_as_oauth_prescribes(city: City, key: ECKey) -> None:
    http = city.app.test_client()
    assert http.post("/oauth/token", json={"grant_type": "client_credentials"}).json == {"error": "invalid_request"}
    assert http.post("/oauth/token").json == {"error": "invalid_request"}
    assert _ask(city, _signed(key), grant_type="password").json == {"error": "unsupported_grant_type"}
    assert _ask(city, _signed(key), scope="bills:write everything").json == {"error": "invalid_scope"}
    assert _ask(city, _signed(key), client_id="fines.kcg").json == {"error": "invalid_client"}
    twice = f"grant_type=client_credentials&grant_type=client_credentials&client_assertion={_signed(key)}"
    answer = http.post("/oauth/token", data=twice, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json) == (400, {"error": "invalid_request"})


def test_only_public_keys_on_p256_are_registered(city: City) -> None:
    private = ECKey.generate_key("P-256").as_dict(private=True)
    other_curve = ECKey.generate_key("P-384").as_dict(private=False)
    for jwk in (private, other_curve, {}, {"kty": "EC"}, {"kty": "oct", "k": base64.b64encode(b"x").decode()}):
        with city.database.unit_of_work() as session, pytest.raises(ValueError, match=r"[kK]ey"):
            bureaus.register_bureau_client(session, CLIENT, "parking", jwk, ["bills:write"], now=clock.now())
