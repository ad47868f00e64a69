"""Round trips a second through the OpenID provider, beside as many plain requests of signed-in people.

    python -m bench.provider [--people N] [--seconds N] [--rounds N]

A round trip is what a site and a browser ask when somebody signs in who is signed in here and has agreed before: GET
/oauth/authorize (the code), POST /oauth/token with PKCE and a signed assertion (access token and a signed ID token),
GET /oauth/userinfo (name and number, and the entry in the access log). The yardstick, in turns with it on the same
machine, is three times GET /v1/me, so that the ratio says what the provider costs and not what HTTP does.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import re
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey

from bench import load, running
from bench.payers import national_ids
from core import clock, db
from core.ids import new_uuid
from identity import levels, people, sessions
from identity.client_assertions import ASSERTION_TYPE
from identity.provider import clients
from identity.provider.models import RelyingParty
from identity.relying_parties import consents

CONNECTIONS = 8
REQUESTS_EACH = 3
_CLIENT_ID = "bench"
_REDIRECT_URI = "https://bench.example/callback"
_VERIFIER = "v" * 43
_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=").decode()
_PURPOSES = {name: {"zh": "量測用", "en": "To measure"} for name in ("name", "phone_number")}
_CODE = re.compile(rb'name="code" value="([A-Za-z0-9_-]+)"')
_QUERY = urlencode(
    {
        "client_id": _CLIENT_ID, "redirect_uri": _REDIRECT_URI, "response_type": "code", "response_mode": "form_post",
        "scope": "openid profile phone", "state": "s", "nonce": "n", "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
    }
)  # fmt: skip


@dataclass
class Result:
    """What was measured, round by round: round trips and triples of plain requests a second, and the seconds of each
    step."""

    rates: list[float] = field(default_factory=list)
    plain_rates: list[float] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=lambda: {"authorize": [], "token": [], "userinfo": []})

    @property
    def ratio(self) -> float:
        """Round trips beside triples of plain requests: the median of the rounds' ratios."""
        return statistics.median(ours / plain for ours, plain in zip(self.rates, self.plain_rates, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=400, help="each gets sixty codes in five minutes at the most")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each in each round")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    show(measure(people=chosen.people, seconds=chosen.seconds, rounds=chosen.rounds))


def measure(*, people: int, seconds: float, rounds: int) -> Result:
    """Ask a running copy of the product of its own."""
    result, key = Result(), ECKey.generate_key("P-256")
    with running.product() as product:
        database = db.configure(product.database_url)
        turn = itertools.cycle(_signed_in(database, people, key))
        database.engine.dispose()
        steps = {"authorize": [0.0], "token": [0.0], "userinfo": [0.0]}
        _drive(product.port, lambda over, seen: _signing_on(turn, product.origin, key, over, seen, steps), 0.5)
        for _ in range(rounds):
            result.rates.append(
                _drive(
                    product.port,
                    lambda over, seen: _signing_on(turn, product.origin, key, over, seen, result.steps),
                    seconds,
                )
            )
            result.plain_rates.append(_drive(product.port, lambda over, seen: _asking(turn, over, seen), seconds))
    return result


def show(result: Result) -> None:
    """Print both rates, their ratio, and how long each step took."""
    print(f"{CONNECTIONS} connections; authorize → token → userinfo, ES256, private_key_jwt")
    for name, took in result.steps.items():
        p50, p99 = (load.percentile(took, share) * 1000 for share in (0.5, 0.99))
        print(f"{name:<10} p50 {p50:6.1f} ms   p99 {p99:6.1f} ms")
    rate, plain = statistics.median(result.rates), statistics.median(result.plain_rates)
    print(f"{rate:,.1f} round trips/s; {plain:,.1f} times three GET /v1/me; ratio {result.ratio:.2f}")


def _signed_in(database: db.Database, count: int, key: ECKey) -> list[str]:
    """The session tokens of that many people, who all agreed to what the site asks."""
    now = clock.now()
    found = []
    with database.unit_of_work() as session:
        site = RelyingParty(
            client_id=_CLIENT_ID, id=new_uuid(), bureau="culture", name_zh="量測", name_en="Bench", purpose_zh="量測",
            purpose_en="Measuring", redirect_uris=[_REDIRECT_URI], token_endpoint_auth_method="private_key_jwt",
            jwks={"keys": [key.as_dict(private=False)]}, scopes=list(clients.SCOPES), claims=_PURPOSES,
            sector_identifier="bench.example", status="approved", proposed_at=now, approved_at=now, updated_at=now,
        )  # fmt: skip
        session.add(site)
        session.flush()
        for number, national_id in enumerate(itertools.islice(national_ids(), count)):
            person_id = people.enrol(
                session, national_id=national_id, mobile=f"09{number:08d}", password_hash="-",
                proofing_level=levels.PROVED_BY_MOBILE, language="zh-TW", now=now,
            )  # fmt: skip
            assert person_id is not None
            people.set_name(session, person_id, "王小美")
            issued = sessions.begin(
                session, person_id=person_id, amr=("hwk", "user"), transport="bearer", user_agent="", replaces=None,
                now=now,
            )  # fmt: skip
            actor = sessions.resolve(session, issued.token, now)
            assert actor is not None
            names = list(_PURPOSES)
            consents.give(
                session, actor=actor, client=site, scopes=clients.SCOPES, asked=names, agreed=names, now=now
            )  # fmt: skip
            found.append(issued.token)
    return found


def _drive(
    port: int, client: Callable[[Callable[[], bool], Callable[[float], None]], load.Client], seconds: float
) -> float:
    """How many a second `CONNECTIONS` such clients finish."""
    done: list[float] = []
    started = time.perf_counter()
    is_over: Callable[[], bool] = lambda: time.perf_counter() > started + seconds  # noqa: E731
    load.drive(port, [client(is_over, done.append) for _ in range(CONNECTIONS)])
    return len(done) / (time.perf_counter() - started)


def _signing_on(
    turn: Iterator[str],
    origin: str,
    key: ECKey,
    is_over: Callable[[], bool],
    seen: Callable[[float], None],
    steps: dict[str, list[float]],
) -> load.Client:
    while not is_over():
        started = time.perf_counter()
        bearer = {"Authorization": f"Bearer {next(turn)}"}
        page = yield load.request("GET", f"/oauth/authorize?{_QUERY}", bearer)
        code = _CODE.search(page.body)
        if page.status != 200 or code is None:
            raise load.LoadFailed(f"{page.status}: {page.body[:300]!r}")
        asked = time.perf_counter()
        tokens = yield _form("/oauth/token", _token_request(code[1].decode(), origin, key))
        if tokens.status != 200:
            raise load.LoadFailed(f"{tokens.status}: {tokens.body[:300]!r}")
        given = time.perf_counter()
        access = orjson.loads(tokens.body)["access_token"]
        told = yield load.request("GET", "/oauth/userinfo", {"Authorization": f"Bearer {access}"})
        if told.status != 200 or b"phone_number" not in told.body:
            raise load.LoadFailed(f"{told.status}: {told.body[:300]!r}")
        ended = time.perf_counter()
        steps["authorize"].append(asked - started)
        steps["token"].append(given - asked)
        steps["userinfo"].append(ended - given)
        seen(ended - started)


def _asking(turn: Iterator[str], is_over: Callable[[], bool], seen: Callable[[float], None]) -> load.Client:
    while not is_over():
        started = time.perf_counter()
        bearer = {"Authorization": f"Bearer {next(turn)}"}
        for _ in range(REQUESTS_EACH):
            answer = yield load.request("GET", "/v1/me", bearer)
            if answer.status != 200:
                raise load.LoadFailed(f"{answer.status}: {answer.body[:300]!r}")
        seen(time.perf_counter() - started)


def _token_request(code: str, origin: str, key: ECKey) -> dict[str, str]:
    now = int(time.time())
    said = {"iss": _CLIENT_ID, "sub": _CLIENT_ID, "aud": origin, "exp": now + 60, "jti": uuid.uuid4().hex}
    return {
        "grant_type": "authorization_code", "code": code, "redirect_uri": _REDIRECT_URI, "code_verifier": _VERIFIER,
        "client_assertion_type": ASSERTION_TYPE, "client_assertion": jwt.encode({"alg": "ES256"}, said, key),
    }  # fmt: skip


def _form(path: str, fields: dict[str, str]) -> bytes:
    body = urlencode(fields).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main()
