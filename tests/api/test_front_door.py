"""Who may come in from where, and what every answer carries: cookies, cross-site requests, headers, health."""

from __future__ import annotations

from flask.testing import FlaskClient
from paying_citizen import PayingCitizen

from core.settings import settings
from identity.session_answers import CLEARED_COOKIE

ORIGIN = settings().public_origin


def _browserless(client: FlaskClient) -> FlaskClient:
    """A client that keeps no cookies, so that a test sends its own."""
    return client.application.test_client(use_cookies=False)


def _patch(client: FlaskClient, mei: PayingCitizen, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = _browserless(client).patch(
        "/v1/me", json={"language": "en"}, headers={"Cookie": f"__Host-session={mei.token}", **named}
    )
    return answer.status_code


def test_a_cookie_alone_reads_but_changes_nothing(client: FlaskClient, mei: PayingCitizen) -> None:
    cookie = {"Cookie": f"__Host-session={mei.token}"}
    assert _browserless(client).get("/v1/me", headers=cookie).status_code == 200
    assert _patch(client, mei) == 403


def test_a_request_from_another_site_is_refused(client: FlaskClient, mei: PayingCitizen) -> None:
    evil = "https://evil.example"
    for origin in ("null", "", evil, f"{ORIGIN}.evil.example", f"{ORIGIN}/", ORIGIN.upper(), "http://localhost"):
        assert _patch(client, mei, Origin=origin) == 403, origin


def test_a_request_from_this_site_is_let_in(client: FlaskClient, mei: PayingCitizen) -> None:
    assert _patch(client, mei, Origin=ORIGIN) == 200


def test_a_bearer_token_needs_no_origin_because_no_browser_adds_it_by_itself(
    client: FlaskClient, mei: PayingCitizen
) -> None:
    assert mei.send("PATCH", "/v1/me", {"language": "en"}).status_code == 200
    assert mei.send("PATCH", "/v1/me", {"language": "en"}, Origin="https://evil.example").status_code == 200


def test_somebody_else_s_cookie_does_not_mix_with_a_token(
    client: FlaskClient, mei: PayingCitizen, ming: PayingCitizen
) -> None:
    both = {"Cookie": f"__Host-session={ming.token}", "Authorization": f"Bearer {mei.token}"}
    answer = _browserless(client).get("/v1/me", headers=both)
    assert answer.json["id"] == mei.send("GET", "/v1/me").json["id"]


def test_a_cookie_opens_no_bureau_s_and_no_partner_s_door(client: FlaskClient, mei: PayingCitizen) -> None:
    cookie = {"Cookie": f"__Host-session={mei.token}"}
    sender = _browserless(client)
    assert sender.post("/v1/bureau/bill-batches?source=parking", headers=cookie).status_code == 401
    answer = sender.post("/v1/webhooks/bank", json={}, headers=cookie)
    assert answer.json["type"].endswith("/forbidden"), "refused for its signature, not for its site"


def test_the_session_s_cookie_cannot_be_read_by_scripts_nor_leave_the_site(mei: PayingCitizen) -> None:
    for flag in ("Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
        assert flag in CLEARED_COOKIE.split("; ")
    assert "Domain" not in CLEARED_COOKIE and CLEARED_COOKIE.startswith("__Host-")
    gone = mei.send("POST", "/v1/auth/logout")
    assert gone.status_code == 204 and gone.headers["Set-Cookie"] == CLEARED_COOKIE
    assert mei.send("GET", "/v1/me").status_code == 401


def test_no_answer_of_the_api_is_kept_framed_sniffed_or_referred(client: FlaskClient, mei: PayingCitizen) -> None:
    answers = [
        mei.send("GET", "/v1/me"),
        client.get("/v1/me"),
        client.get("/nothing"),
        client.delete("/v1/bills"),
        client.post("/oauth/token"),
        client.get("/openapi.json"),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert len(answer.headers.getlist("Content-Security-Policy")) == 1
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_run_no_script_but_their_own_and_stand_in_no_frame(client: FlaskClient) -> None:
    for path in ("/app", "/docs/", "/problems/", "/problems/not-found", "/verify/nothing"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert answer.mimetype == "text/html", path
        assert "frame-ancestors 'none'" in policy and "default-src" in policy
        scripts = next((part for part in policy.split("; ") if part.startswith("script-src")), "")
        assert "unsafe" not in scripts and "*" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_process_lives_works_and_counts(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz").json
    assert (ready["database"], ready["migrations"]) == ("ok", "ok")
    client.get("/v1/bills")
    client.open("/v1/bills", method="INVENTED")
    numbers = client.get("/metrics")
    assert numbers.mimetype == "text/plain"
    assert 'mykaohsiung_requests_total{method="GET",route="/v1/bills",status="401"}' in numbers.text
    assert "INVENTED" not in numbers.text


def test_the_front_leads_to_the_phone(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app")


def test_a_head_request_is_answered_like_a_get_without_its_body(mei: PayingCitizen) -> None:
    answer = mei.send("HEAD", "/v1/me")
    assert answer.status_code == 200 and answer.data == b""
