"""Rows 18 and 20 against our own OpenID provider: a site that wants more than it was given, over HTTP alone."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import urllib3
from joserfc import jwt
from joserfc.jwk import ECKey
from paying_city import Payer
from provider_site import CHALLENGE, VERIFIER
from relying_parties import registration
from roster import officer_token
from stack import Stack

_http = urllib3.PoolManager(retries=False)
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Site:
    """A registered site as a program."""

    stack: Stack
    client_id: str
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    @property
    def redirect_uri(self) -> str:
        return f"https://{self.client_id}.example.gov.tw/callback?from=city"

    def asks(self, **changes: Any) -> dict[str, str]:
        """The parameters of a request in order, with changes; `...` leaves one out."""
        given = {
            "client_id": self.client_id, "redirect_uri": self.redirect_uri, "response_type": "code",
            "scope": "openid profile", "state": "the state", "nonce": "the nonce", "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }  # fmt: skip
        return {name: value for name, value in (given | changes).items() if value is not ...}

    def authorize(self, token: str, **changes: Any) -> urllib3.BaseHTTPResponse:
        """Send the browser of whoever holds this session there."""
        return browse(self.stack, f"/oauth/authorize?{urlencode(self.asks(**changes))}", token)

    def code(self, token: str, **changes: Any) -> str:
        """The code for somebody who agrees to whatever is asked."""
        answer = self.authorize(token, **changes)
        place = urlsplit(answer.headers["Location"])
        if place.path == "/app/consent":
            request_id = dict(parse_qsl(place.query))["authorization"]
            decided = _http.request(
                "POST", f"{self.stack.api_url}/v1/me/authorizations/{request_id}/decision",
                json={"is_agreed": True, "claims": ["name"]}, headers={"Authorization": f"Bearer {token}"},
            )  # fmt: skip
            assert decided.status == 200, decided.data
            answer = browse(self.stack, decided.json()["continue_url"].removeprefix(self.stack.url), token)
            place = urlsplit(answer.headers["Location"])
        back = dict(parse_qsl(place.query))
        assert back["from"] == "city" and back["iss"] == self.stack.url and back["state"] == "the state", back
        return back["code"]

    def redeem(self, code: str, **changes: Any) -> urllib3.BaseHTTPResponse:
        """Trade the code for tokens, proven by this site's key."""
        now = int(time.time())
        said = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.stack.url,
            "exp": now + 60,
            "jti": uuid.uuid4().hex,
        }
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER, "client_assertion_type": _ASSERTION,
            "client_assertion": jwt.encode({"alg": "ES256"}, said, self.key),
        }  # fmt: skip
        sent = {name: value for name, value in (form | changes).items() if value is not ...}
        return _http.request("POST", f"{self.stack.api_url}/oauth/token", fields=sent, encode_multipart=False)


@pytest.fixture(scope="module")
def sites(stack: Stack) -> Iterator[tuple[Site, Site]]:
    """Two sites of the bureau of culture, proposed by an officer there and approved by a registrar."""
    officer = {"Authorization": f"Bearer {officer_token(stack, 'bureau_officer', bureau='culture')}"}
    registrar = {"Authorization": f"Bearer {officer_token(stack, 'registrar', bureau='rdec')}"}
    made = []
    for name in ("honest", "greedy"):
        site = Site(stack, f"{name}-{uuid.uuid4().hex[:8]}")
        body = registration(
            client_id=site.client_id, redirect_uris=[site.redirect_uri], post_logout_redirect_uris=[],
            backchannel_logout_uri=None, public_key=site.key.as_dict(private=False),
        )  # fmt: skip
        proposed = _http.request("POST", f"{stack.api_url}/v1/relying-parties", json=body, headers=officer)
        assert proposed.status == 201, proposed.data
        decided = _http.request(
            "POST", f"{stack.api_url}/v1/approvals/{proposed.json()['approval_id']}/decision",
            json={"is_approved": True, "note": ""}, headers=registrar | {"Idempotency-Key": str(uuid.uuid4())},
        )  # fmt: skip
        assert decided.status == 200, decided.data
        made.append(site)
    yield made[0], made[1]


def browse(stack: Stack, path: str, token: str) -> urllib3.BaseHTTPResponse:
    """A browser that holds this session's cookie goes there and follows nothing."""
    return _http.request("GET", stack.api_url + path, headers={"Cookie": f"__Host-session={token}"}, redirect=False)


def opens(stack: Stack, path: str, token: str) -> int:
    """What that door says to this token."""
    return _http.request("GET", stack.api_url + path, headers={"Authorization": f"Bearer {token}"}).status


@pytest.mark.parametrize(
    "changed",
    [
        lambda uri: f"{uri}x",
        lambda uri: f"{uri}&more=1",
        lambda uri: uri.replace("?from=city", ""),
        lambda uri: uri.replace("/callback", "/callback%2F"),
        lambda uri: uri.replace("/callback", "/other/../callback"),
        lambda uri: uri.replace("https:", "http:"),
        lambda uri: uri.replace("https:", "HTTPS:"),
        lambda uri: uri.replace(".example.gov.tw", ".example.gov.tw.evil.example"),
        lambda uri: uri.replace("https://", "https://evil.example@"),
        lambda uri: f"{uri}#fragment",
    ],
)
def test_row_18_an_address_that_is_only_like_the_registered_one_is_never_gone_to(
    stack: Stack, victim: Payer, sites: tuple[Site, Site], changed: Any
) -> None:
    answer = sites[0].authorize(str(victim.citizen.token), redirect_uri=changed(sites[0].redirect_uri))
    assert answer.status == 400 and "Location" not in answer.headers


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": ..., "code_challenge_method": ...},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge_method": ...},
        {"response_type": "token"},
        {"response_type": "code id_token"},
        {"response_mode": "fragment"},
    ],
)
def test_row_18_without_pkce_by_s256_or_by_another_flow_there_is_no_code(
    stack: Stack, victim: Payer, sites: tuple[Site, Site], changes: dict[str, Any]
) -> None:
    answer = sites[0].authorize(str(victim.citizen.token), **changes)
    back = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert answer.headers["Location"].startswith(sites[0].redirect_uri)
    assert back["error"] in ("invalid_request", "unsupported_response_type") and "code" not in back


def test_row_18_a_code_is_worth_nothing_to_another_site_nor_with_another_verifier(
    stack: Stack, victim: Payer, sites: tuple[Site, Site]
) -> None:
    honest, greedy = sites
    token = str(victim.citizen.token)
    stolen = honest.code(token)
    for thief in (greedy.redeem(stolen), greedy.redeem(stolen, redirect_uri=honest.redirect_uri)):
        assert (thief.status, thief.json()["error"]) == (400, "invalid_grant")
    for changes in ({"code_verifier": "w" * 43}, {"code_verifier": ...}, {"redirect_uri": greedy.redirect_uri}):
        refused = honest.redeem(honest.code(token), **changes)
        assert refused.status == 400 and "access_token" not in refused.json(), changes
    # Nor is another site's request to the token endpoint believed without its key.
    forged = Site(stack, honest.client_id).redeem(honest.code(token))
    assert (forged.status, forged.json()["error"]) == (401, "invalid_client")


def test_row_18_a_code_used_twice_takes_back_what_it_gave(
    stack: Stack, victim: Payer, sites: tuple[Site, Site]
) -> None:
    code = sites[0].code(str(victim.citizen.token))
    given = sites[0].redeem(code).json()
    assert opens(stack, "/oauth/userinfo", given["access_token"]) == 200
    again = sites[0].redeem(code)
    assert (again.status, again.json()["error"]) == (400, "invalid_grant")
    assert opens(stack, "/oauth/userinfo", given["access_token"]) == 401


def test_row_20_what_a_site_was_given_opens_no_door_but_its_own(
    stack: Stack, victim: Payer, sites: tuple[Site, Site]
) -> None:
    given = sites[0].redeem(sites[0].code(str(victim.citizen.token))).json()
    for path in ("/v1/me", "/v1/bills", "/v1/officer", "/v1/bureau/bill-batches"):
        for token in (given["access_token"], given["id_token"]):
            assert opens(stack, path, token) in (401, 404, 405), path
    assert opens(stack, "/oauth/userinfo", given["id_token"]) == 401
    assert opens(stack, "/oauth/userinfo", str(victim.citizen.token)) == 401
    assert opens(stack, "/v1/me", str(victim.citizen.token)) == 200


@pytest.mark.parametrize("forgery", ["none", "hs256", "own key in the header", "kid is a path", "words changed"])
def test_row_20_a_forged_id_token_opens_nothing(
    stack: Stack, victim: Payer, sites: tuple[Site, Site], forgery: str
) -> None:
    given = sites[0].redeem(sites[0].code(str(victim.citizen.token))).json()
    header, payload, signature = given["id_token"].split(".")
    claims = json.loads(_decoded(payload))
    published = _http.request("GET", f"{stack.api_url}/oauth/jwks").json()["keys"][0]
    own = ECKey.generate_key("P-256")
    if forgery == "none":
        token = f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{payload}."
    elif forgery == "hs256":
        import hashlib
        import hmac

        signed = f"{_encoded({'alg': 'HS256', 'kid': published['kid']})}.{payload}"
        mac = hmac.new(json.dumps(published).encode(), signed.encode(), hashlib.sha256).digest()
        token = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    elif forgery == "own key in the header":
        token = jwt.encode({"alg": "ES256", "jwk": own.as_dict(private=False)}, claims, own)
    elif forgery == "kid is a path":
        token = jwt.encode({"alg": "ES256", "kid": "../../../../dev/null"}, claims, own)
    else:
        claims["sub"] = "somebody else"
        token = f"{header}.{_encoded(claims)}.{signature}"
    for path in ("/v1/me", "/oauth/userinfo"):
        assert opens(stack, path, token) == 401, path
    # As a hint at who is signed in it is refused as well: nobody is led anywhere by it.
    out = f"/oauth/logout?{urlencode({'id_token_hint': token, 'client_id': sites[0].client_id})}"
    answer = browse(stack, out, str(victim.citizen.token))
    assert answer.status == 400 and "Location" not in answer.headers
    assert opens(stack, "/v1/me", str(victim.citizen.token)) == 200


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
