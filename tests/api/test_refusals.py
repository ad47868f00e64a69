"""How the API says no: one shape, two languages, nothing given away, nothing broken by odd input."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen
from werkzeug.test import TestResponse

from api.app import create_app
from core import clock, db
from core.cursors import encode_cursor
from core.ids import new_uuid, typeid
from core.settings import settings
from identity import sessions


def _slug(answer: TestResponse) -> str:
    assert answer.mimetype == "application/problem+json", answer.data[:200]
    return str(answer.json["type"]).rsplit("/", 1)[1]


def test_a_refusal_has_the_members_of_rfc_9457_and_its_type_is_a_page(client: FlaskClient) -> None:
    answer = client.get("/v1/bills")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json.keys() == {"type", "title", "status", "detail", "instance"}
    assert answer.json["status"] == 401 and answer.json["instance"] == "/v1/bills"
    assert answer.json["type"] == f"{settings().public_origin}/problems/unauthenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/problems/unauthenticated").status_code == 200


LANGUAGES_ASKED_FOR: tuple[tuple[str | None, str], ...] = (
    (None, "zh-TW"),
    ("", "zh-TW"),
    ("en", "en"),
    ("en-GB,en;q=0.9", "en"),
    ("zh-TW,en;q=0.8", "zh-TW"),
    ("en;q=0.3, zh-Hant;q=0.7", "zh-TW"),
    ("fr-FR", "zh-TW"),
    ("en;q=0", "zh-TW"),
    ("en;q=viel, ;;;,=", "zh-TW"),
    ("\xe9\xff;q=1", "zh-TW"),
    ("en" * 4000, "en"),
)


def test_words_are_in_the_language_asked_for_and_codes_are_not(client: FlaskClient) -> None:
    for accepted, language in LANGUAGES_ASKED_FOR:
        answer = client.get("/v1/bills", headers={} if accepted is None else {"Accept-Language": accepted})
        assert answer.headers["Content-Language"] == language, accepted
        assert answer.json["title"] == {"zh-TW": "請先登入", "en": "Please sign in"}[language]
        assert _slug(answer) == "unauthenticated"


def test_each_wrong_member_is_named_by_its_pointer(client: FlaskClient) -> None:
    answer = client.post("/v1/auth/password/login", json={"national_id": 7, "pass/wo~rd": "x"})
    assert (answer.status_code, _slug(answer)) == (422, "invalid-request")
    assert {error["pointer"] for error in answer.json["errors"]} == {"/national_id", "/password", "/pass~1wo~0rd"}


def test_somebody_else_s_object_and_none_at_all_are_answered_alike(mei: PayingCitizen, ming: PayingCitizen) -> None:
    bill = mei.bill_ids()[0]
    payment = mei.pay([bill], "hers").json["id"]
    for path in (
        "/v1/bills/{bill}",
        "/v1/bills/{bill}/quotes",
        "/v1/payments/{payment}",
        "/v1/payments/{payment}/refunds",
        "/v1/payments/{payment}/receipt",
    ):
        hers = path.format(bill=bill, payment=payment)
        nobodys = path.format(bill=typeid("bill", new_uuid()), payment=typeid("pay", new_uuid()))
        nonsense = path.format(bill="bill_1", payment="' OR 1=1")
        answers = [ming.send("GET", address) for address in (hers, nobodys, nonsense)]
        assert [answer.status_code for answer in answers] == [404] * 3
        assert len({json.dumps(answer.json | {"instance": ""}) for answer in answers}) == 1
        # The length alone differs, with the address that is repeated.
        headers = [{k: v for k, v in answer.headers.items() if k != "Content-Length"} for answer in answers]
        assert headers[0] == headers[1] == headers[2]


def test_somebody_else_s_bill_cannot_be_paid_nor_their_account_used(mei: PayingCitizen, ming: PayingCitizen) -> None:
    bill = mei.bill_ids()[0]
    assert ming.pay([bill], "1").status_code == 404
    stolen = PayingCitizen(ming.client, ming.person_id, ming.token, mei.link_id, ming.plate)
    assert stolen.pay(ming.bill_ids(), "2").status_code == 404
    payment = mei.pay([bill], "3").json["id"]
    assert ming.send("POST", f"/v1/payments/{payment}/cancellation").status_code == 404
    assert mei.send("GET", f"/v1/payments/{payment}").json["status"] == "awaiting_authorization"


DEEP = b'{"national_id":' * 4000 + b"1" + b"}" * 4000
BODIES: list[tuple[str, bytes, str, int]] = [
    ("no JSON", b"{", "application/json", 400),
    ("not an object", b"[1]", "application/json", 400),
    ("a bare string", b'"x"', "application/json", 400),
    ("not UTF-8", b'{"national_id":"\xff\xfe"}', "application/json", 400),
    ("UTF-16", '{"national_id":"x"}'.encode("utf-16"), "application/json", 400),
    ("half a surrogate", b'{"national_id":"\\ud800"}', "application/json", 400),
    ("deeper than any stack", DEEP, "application/json", 400),
    ("not a number", b'{"national_id":NaN}', "application/json", 400),
    ("U+0000", b'{"national_id":"A\\u0000","password":"x"}', "application/json", 422),
    ("U+0000 in a name", b'{"a\\u0000b":1}', "application/json", 422),
    ("a huge number", b'{"national_id":' + b"9" * 400 + b"}", "application/json", 400),
    ("an unknown member", b'{"national_id":"A123456789","password":"x","admin":true}', "application/json", 422),
    ("nothing", b"", "application/json", 422),
    ("no type", b'{"a":1}', "", 415),
    ("another type", b"<a/>", "text/xml", 415),
    ("a form", b"a=1", "application/x-www-form-urlencoded", 415),
    ("a broken form", b"--x", "multipart/form-data; boundary=", 415),
    ("an odd type", b'{"a":1}', "application/json\xe9; charset=", 415),
    ("too much", b'{"national_id":"' + b"x" * (1 << 20) + b'"}', "application/json", 413),
]


def test_an_odd_body_is_refused_in_words(client: FlaskClient) -> None:
    for what, body, content_type, status in BODIES:
        answer = client.post("/v1/auth/password/login", data=body, headers={"Content-Type": content_type})
        assert answer.status_code == status, (what, answer.data)
        assert answer.mimetype == "application/problem+json"


def test_a_charset_beside_the_type_changes_nothing(client: FlaskClient) -> None:
    body = json.dumps({"national_id": "A123456789", "password": "wrong one"})
    answer = client.post(
        "/v1/auth/password/login", data=body, headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert _slug(answer) == "credentials-refused"


def test_a_backslash_before_u0000_is_only_text(client: FlaskClient) -> None:
    body = {"national_id": "A123456789", "password": "back\\u0000slash"}
    assert _slug(client.post("/v1/auth/password/login", json=body)) == "credentials-refused"


ODD_QUERIES = (
    "limit=0", "limit=201", "limit=-1", "limit=%2B5", "limit=1_0", "limit=%EF%BC%95", "limit=1e2", "limit=", "limit=5.0",
    "limit=" + "9" * 5000, "limit=5&limit=6", "limit=%00", "cursor=%00", "cursor=", "cursor=" + "A" * 401,
    "cursor=%FF%FE", "offset=1", "%00=1", "cursor=a&cursor=a",
)  # fmt: skip
LISTS = ("/v1/bills", "/v1/payments", "/v1/inbox", "/v1/points/entries", "/v1/me/sessions", "/v1/me/vehicles")


def test_an_odd_query_is_refused_in_words(mei: PayingCitizen) -> None:
    for path in LISTS:
        for query in ODD_QUERIES:
            answer = mei.send("GET", f"{path}?{query}")
            assert (answer.status_code, _slug(answer)) == (422, "invalid-request"), (path, query)
            assert all("/" not in error["pointer"] for error in answer.json["errors"])


def _cursors() -> Iterator[Any]:
    yield from ("AAAA", "W10", "eyJ9", base64.urlsafe_b64encode(b"[" * 200).decode().rstrip("="))
    for key in (
        [],
        [None],
        [True, "2026-01-01", "x"],
        [2**40, "2026-01-01", str(new_uuid())],
        [-1, "2026-01-01", str(new_uuid())],
        [0, "2026-13-01", str(new_uuid())],
        [0, "2026-01-01", "\x00"],
        ["\x00"],
        ["\x00", "\x00"],
        ["0001-01-01T00:00:00+14:00", str(new_uuid())],
        ["2026-01-01T00:00:00", str(new_uuid())],
        [2**70],
        ["ses_zzzzzzzzzzzzzzzzzzzzzzzzzz"],
        [{}],
    ):
        yield encode_cursor(*key)


def test_a_cursor_that_no_list_gave_out_is_refused(mei: PayingCitizen) -> None:
    for path in LISTS:
        for cursor in _cursors():
            answer = mei.send("GET", f"{path}?cursor={cursor}")
            assert (answer.status_code, _slug(answer)) == (422, "invalid-request"), (path, cursor)


ODD_ADDRESSES = (
    "/v1/bills/%00", "/v1/bills/%FF%FE", "/v1/bills/bill_%EF%BC%90", "/v1/bills/" + "x" * 5000, "/v1/bills//",
    "/v1/bills/..%2F..%2Fetc", "/v1//bills", "/v1/bills/", "/V1/bills", "/verify/%00", "/verify/%FF",
    "/verify/" + "x" * 5000, "/problems/%00", "/docs/%00", "/docs/..%2f..%2fapi%2fapp.py", "/nothing", "/%0d%0aX: 1",
)  # fmt: skip


def test_an_odd_address_is_not_found(mei: PayingCitizen) -> None:
    for path in ODD_ADDRESSES:
        answer = mei.send("GET", path)
        assert answer.status_code == 404, (path, answer.data[:200])
        assert "X" not in answer.headers


def test_a_page_opened_by_address_is_led_to_the_name_whatever_its_path(client: FlaskClient) -> None:
    for path in ("/app", "/app/%0d%0aSet-Cookie:%20a=b", "/app/%E6%88%91?x=%0d%0a&y=\xe9"):
        answer = client.get(path, headers={"Host": "127.0.0.1:8080"})
        assert answer.status_code == 307
        assert answer.headers["Location"].startswith("http://localhost:8080/app")
        assert "Set-Cookie" not in answer.headers


def test_an_odd_host_does_no_harm(client: FlaskClient) -> None:
    for host in ("", "a b", "evil.example", "127.0.0.1:99999999", "[::1", "\xe9"):
        assert client.get("/v1/bills", headers={"Host": host}).status_code in (400, 401)
        assert client.get("/app", headers={"Host": host}).status_code < 500


def test_an_odd_token_is_no_token(client: FlaskClient) -> None:
    for token in ("x" * 8000, "\xe9\xff", "a b", "Bearer", "\x7f", "'; --"):
        assert client.get("/v1/bills", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        without_jar = client.application.test_client(use_cookies=False)
        assert without_jar.get("/v1/bills", headers={"Cookie": f"__Host-session={token}"}).status_code == 401


def test_a_method_that_an_address_does_not_take_is_405_and_says_which_it_takes(client: FlaskClient) -> None:
    for method in ("POST", "PUT", "TRACE", "FOO"):
        answer = client.open("/v1/bills", method=method)
        assert (answer.status_code, _slug(answer)) == (405, "method-not-allowed")
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_level_that_is_too_low_names_the_one_that_is_needed(client: FlaskClient, mei: PayingCitizen) -> None:
    weak = client.post(
        "/v1/payments", json={}, headers={"Authorization": f"Bearer {_level_two(mei)}", "Idempotency-Key": "k"}
    )
    assert (weak.status_code, _slug(weak)) == (401, "insufficient-user-authentication")
    assert 'error="insufficient_user_authentication"' in weak.headers["WWW-Authenticate"]
    assert 'acr_values="urn:mykaohsiung:loa:3"' in weak.headers["WWW-Authenticate"]


def test_a_citizen_s_token_opens_no_bureau_s_door_and_a_bureau_s_none_of_theirs(mei: PayingCitizen) -> None:
    assert mei.send("GET", f"/v1/bureau/bill-batches/{typeid('bat', new_uuid())}").status_code == 401


def test_without_a_database_everybody_is_asked_to_come_back_and_nothing_is_given_away() -> None:
    db.configure("postgresql:///nothing?host=/nonexistent")
    client = create_app().test_client()
    for method, path in (("GET", "/v1/bills"), ("POST", "/v1/auth/passkeys/login/options"), ("GET", "/verify/x")):
        answer = client.open(path, method=method, headers={"Authorization": "Bearer x"})
        assert (answer.status_code, _slug(answer)) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert "nonexistent" not in answer.text and "psycopg" not in answer.text
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503 and ready.json["database"] != "ok" and "Retry-After" in ready.headers


def test_what_breaks_is_recorded_and_not_shown(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    app: Flask = create_app()

    def broken() -> str:
        raise RuntimeError("A123456789 is in here")

    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")
    assert (answer.status_code, _slug(answer)) == (500, "internal-error")
    assert "A123456789" not in answer.text
    assert "RuntimeError" in caplog.text


def _level_two(mei: PayingCitizen) -> str:
    with db.unit_of_work() as session:
        issued = sessions.begin(
            session,
            person_id=mei.person_id,
            amr=("pwd", "sms"),
            transport="bearer",
            user_agent="",
            replaces=None,
            now=clock.now(),
        )
    return issued.token
