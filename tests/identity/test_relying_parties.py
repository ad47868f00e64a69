"""Sites that people sign in to with us: proposed by their bureau, approved by a registrar, shut by one person."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, RSAKey
from relying_parties import approve, registration
from signed_in import sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from core import db


@pytest.fixture
def culture(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "bureau_officer", bureau="culture", name="文化局承辦")


@pytest.fixture
def registrar(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "registrar", bureau="rdec", name="審核")


def _propose(officer: SignedInOfficer, **changed: Any) -> Any:
    answer = officer.call("POST", "/v1/relying-parties", registration(**changed))
    assert answer.status_code == 201, answer.text
    return answer.json


def _refused(officer: SignedInOfficer, **changed: Any) -> list[str]:
    answer = officer.call("POST", "/v1/relying-parties", registration(**changed))
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json["errors"]]


def _site(officer: SignedInOfficer, proposed: Any) -> Any:
    return officer.call("GET", f"/v1/relying-parties/{proposed['id']}").json


def test_a_bureau_proposes_its_site_and_a_registrar_approves_it(
    culture: SignedInOfficer, registrar: SignedInOfficer
) -> None:
    proposed = _propose(culture)
    assert proposed["secret"] is None
    assert _site(culture, proposed)["status"] == "proposed"
    shown = registrar.call("GET", f"/v1/approvals/{proposed['approval_id']}", language="en").json["shown"]
    words = {line["label"]: line["value"] for line in shown}
    assert words["After sign-in back to"] == "https://library.example.gov.tw/callback"
    assert words["Asks for: your name"].startswith("for “在預約單上顯示您的姓名 / To print your name on the booking”")
    assert culture.decide(proposed["approval_id"], is_approved=True).status_code == 403
    approve(registrar, proposed)
    site = _site(culture, proposed)
    assert (site["status"], site["sector_identifier"]) == ("approved", "library.example.gov.tw")
    assert [event["what"] for event in site["history"]] == ["approved", "proposed"]
    assert [event["by"] for event in site["history"]] == ["審核", "文化局承辦"]


def test_whoever_proposed_a_site_cannot_approve_it_even_as_a_registrar(client: FlaskClient) -> None:
    both = signed_in_officer(client, "bureau_officer", "registrar", bureau="culture")
    answer = both.decide(_propose(both)["approval_id"], is_approved=True)
    assert (answer.status_code, answer.json["type"].rsplit("/", 1)[-1]) == (403, "second-person-needed")


def test_a_site_without_a_key_gets_a_secret_that_is_shown_once_and_stored_as_a_hash(
    culture: SignedInOfficer, registrar: SignedInOfficer
) -> None:
    proposed = _propose(culture, token_endpoint_auth_method="client_secret_basic", public_key=None)
    assert len(proposed["secret"]) >= 43
    approve(registrar, proposed)
    assert proposed["secret"] not in str(_site(culture, proposed))
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT r::text || a::text FROM identity.relying_party r, identity.approval a"))
        assert all(proposed["secret"] not in row[0] for row in rows)
    renewed = culture.call("POST", f"/v1/relying-parties/{proposed['id']}/secret", {})
    assert renewed.status_code == 200 and renewed.json["secret"] != proposed["secret"]
    assert renewed.headers["Cache-Control"] == "no-store"
    assert _site(culture, proposed)["history"][0]["what"] == "secret_renewed"


def test_a_declined_site_stays_shut_and_may_be_proposed_again(
    culture: SignedInOfficer, registrar: SignedInOfficer
) -> None:
    proposed = _propose(culture)
    assert registrar.decide(proposed["approval_id"], is_approved=False, note="用途不明").status_code == 200
    site = culture.call("GET", f"/v1/relying-parties/{proposed['id']}")
    assert (site.json["status"], site.json["history"][0]["note"]) == ("declined", "用途不明")
    again = culture.call(
        "PATCH",
        f"/v1/relying-parties/{proposed['id']}",
        {"contact": "07-111-2222", "reason": "補正"},
        If_Match=site.headers["ETag"],
    )
    assert again.status_code == 202, again.text
    approve(registrar, again.json)
    assert _site(culture, proposed)["status"] == "approved"


def test_a_change_waits_for_a_registrar_and_shows_what_is_different(
    culture: SignedInOfficer, registrar: SignedInOfficer
) -> None:
    proposed = _propose(culture)
    approve(registrar, proposed)
    path = f"/v1/relying-parties/{proposed['id']}"
    before = culture.call("GET", path)
    change = {"redirect_uris": ["https://library.example.gov.tw/back"], "reason": "換版"}
    assert culture.call("PATCH", path, change).status_code == 428
    assert culture.call("PATCH", path, change, If_Match='"1"').status_code == 412
    waiting = culture.call("PATCH", path, change, If_Match=before.headers["ETag"])
    assert waiting.status_code == 202, waiting.text
    now = culture.call("GET", path)
    assert now.json["redirect_uris"] == before.json["redirect_uris"]
    assert (now.json["open_approval_id"], now.json["may_change"]) == (waiting.json["approval_id"], False)
    second = culture.call("PATCH", path, change, If_Match=now.headers["ETag"])
    assert second.json["type"].endswith("proposal-open")
    shown = registrar.call("GET", f"/v1/approvals/{waiting.json['approval_id']}", language="en").json["shown"]
    assert [line["label"] for line in shown] == ["Proposal", "Client id", "After sign-in back to"]
    approve(registrar, waiting.json)
    assert _site(culture, proposed)["redirect_uris"] == change["redirect_uris"]


def test_a_change_of_nothing_is_none(culture: SignedInOfficer, registrar: SignedInOfficer) -> None:
    proposed = _propose(culture)
    approve(registrar, proposed)
    path = f"/v1/relying-parties/{proposed['id']}"
    tag = culture.call("GET", path).headers["ETag"]
    for nothing in ({}, {"contact": registration()["contact"]}, {"public_key": registration()["public_key"]}):
        answer = culture.call("PATCH", path, {**nothing, "reason": "x"}, If_Match=tag)
        assert (answer.status_code, answer.json["errors"][0]["detail"]) == (422, "nothing would change")


def test_a_change_to_another_host_is_another_site(culture: SignedInOfficer, registrar: SignedInOfficer) -> None:
    proposed = _propose(culture)
    approve(registrar, proposed)
    path = f"/v1/relying-parties/{proposed['id']}"
    tag = culture.call("GET", path).headers["ETag"]
    body = {
        "redirect_uris": ["https://evil.example.gov.tw/back"],
        "post_logout_redirect_uris": [],
        "backchannel_logout_uri": None,
        "reason": "x",
    }
    answer = culture.call("PATCH", path, body, If_Match=tag)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/redirect_uris")


def test_one_person_shuts_a_site_at_once_and_two_open_it_again(
    culture: SignedInOfficer, registrar: SignedInOfficer
) -> None:
    proposed = _propose(culture)
    approve(registrar, proposed)
    path = f"/v1/relying-parties/{proposed['id']}"
    shut = registrar.call("POST", f"{path}/suspension", {"reason": "外洩疑慮"})
    assert (shut.status_code, shut.json["status"]) == (200, "suspended")
    assert registrar.call("POST", f"{path}/suspension", {"reason": "再一次"}).status_code == 409
    resumption = culture.call("POST", f"{path}/resumption", {"reason": "已處理"})
    assert resumption.status_code == 202
    assert _site(culture, proposed)["status"] == "suspended"
    approve(registrar, resumption.json)
    assert _site(culture, proposed)["status"] == "approved"


def test_a_change_proposed_before_a_suspension_does_not_open_the_site_by_a_side_door(
    culture: SignedInOfficer, registrar: SignedInOfficer
) -> None:
    proposed = _propose(culture)
    approve(registrar, proposed)
    path = f"/v1/relying-parties/{proposed['id']}"
    tag = culture.call("GET", path).headers["ETag"]
    change = culture.call("PATCH", path, {"contact": "別人", "reason": "x"}, If_Match=tag)
    assert registrar.call("POST", f"{path}/suspension", {"reason": "外洩"}).status_code == 200
    decided = registrar.decide(change.json["approval_id"], is_approved=True)
    assert (decided.status_code, decided.json["cause"]) == (409, "registration-changed")
    assert _site(culture, proposed)["status"] == "suspended"


def test_another_bureau_and_other_roles_see_nothing_of_a_site(client: FlaskClient, culture: SignedInOfficer) -> None:
    proposed = _propose(culture)
    path = f"/v1/relying-parties/{proposed['id']}"
    stranger = signed_in_officer(client, "bureau_officer", bureau="parking")
    assert stranger.call("GET", path).status_code == 404
    assert stranger.call("POST", f"{path}/suspension", {"reason": "x"}).status_code == 404
    assert stranger.call("POST", f"{path}/secret", {}).status_code == 404
    assert stranger.call("PATCH", path, {"contact": "x", "reason": "x"}, If_Match='"1"').status_code == 404
    assert stranger.call("GET", "/v1/relying-parties").json["items"] == []
    assert signed_in_officer(client, "finance").call("GET", path).status_code == 403
    assert sign_in(client).call("GET", path).status_code == 401
    auditor = signed_in_officer(client, "auditor")
    assert auditor.call("GET", path).status_code == 200
    assert auditor.call("POST", f"{path}/suspension", {"reason": "x"}).status_code == 403


def test_a_client_id_is_given_once(client: FlaskClient, culture: SignedInOfficer) -> None:
    _propose(culture)
    other = signed_in_officer(client, "bureau_officer", bureau="parking")
    answer = other.call("POST", "/v1/relying-parties", registration())
    assert (answer.status_code, answer.json["type"].rsplit("/", 1)[-1]) == (409, "client-id-taken")


@pytest.mark.parametrize(
    "address",
    [
        "http://library.example.gov.tw/callback",
        "https://library.example.gov.tw/callback#x",
        "https://user@library.example.gov.tw/callback",
        "https://library.example.gov.tw:8443/callback",
        "https://LIBRARY.example.gov.tw/callback",
        "https://library.example.gov.tw/../callback",
        "https://library.example.gov.tw/%2e%2E/callback",
        "https://*.example.gov.tw/callback",
        "https://169.254.169.254/latest",
        "https://[::1]/callback",
        "https://intranet/callback",
        "https://library.local/callback",
        "https://圖書館.example.gov.tw/callback",
        "https://library.example.gov.tw/a b",
        "https://library.example.gov.tw\\@evil.example/",
        "javascript:alert(1)",
        "myapp://callback",
        "https://library.example.gov.tw:port/",
    ],
)
def test_an_address_that_is_not_a_plain_https_one_is_refused(culture: SignedInOfficer, address: str) -> None:
    assert "/redirect_uris/0" in _refused(culture, redirect_uris=[address])
    bad_logout = _refused(culture, backchannel_logout_uri=address)
    assert bad_logout == ["/backchannel_logout_uri"]


def test_the_machine_s_own_addresses_are_for_the_demo_alone(
    culture: SignedInOfficer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from core.settings import settings
    from identity.relying_parties import rules

    own = {
        "redirect_uris": ["http://127.0.0.1:8090/library/callback"],
        "post_logout_redirect_uris": [],
        "backchannel_logout_uri": None,
    }
    _propose(culture, **own)
    real = replace(settings(), is_demo=False)
    monkeypatch.setattr(rules, "settings", lambda: real)
    assert _refused(culture, client_id="other", **own) == ["/redirect_uris/0"]


def test_all_addresses_of_a_site_are_on_one_host(culture: SignedInOfficer) -> None:
    two = ["https://library.example.gov.tw/a", "https://other.example.gov.tw/a"]
    assert _refused(culture, redirect_uris=two) == ["/redirect_uris"]
    elsewhere = "https://other.example.gov.tw/logout"
    assert _refused(culture, backchannel_logout_uri=elsewhere) == ["/backchannel_logout_uri"]


def test_a_private_key_a_weak_one_and_one_of_another_curve_are_refused(culture: SignedInOfficer) -> None:
    private = ECKey.generate_key("P-256").as_dict(private=True)
    for key in (
        private,
        {"keys": [private]},
        ECKey.generate_key("P-256").as_pem(private=True).decode(),
        ECKey.generate_key("P-384").as_dict(private=False),
        RSAKey.generate_key(1024).as_dict(private=False),
        {"kty": "oct", "k": "c2VjcmV0"},
        "-----BEGIN PUBLIC KEY-----\nnot one\n-----END PUBLIC KEY-----",
        {"keys": []},
        {"keys": "many"},
        None,
    ):
        assert _refused(culture, public_key=key) == ["/public_key"], key


def test_keys_come_as_pem_or_jwk_and_are_kept_as_a_set_with_names(culture: SignedInOfficer) -> None:
    key = ECKey.generate_key("P-256")
    as_pem = _site(culture, _propose(culture, client_id="pem", public_key=key.as_pem(private=False).decode()))
    as_jwk = _site(culture, _propose(culture, client_id="jwk", public_key=key.as_dict(private=False)))
    assert as_pem["jwks"]["keys"][0]["kid"] == key.thumbprint()
    assert {name: as_jwk["jwks"]["keys"][0][name] for name in ("x", "y")} == {
        name: as_pem["jwks"]["keys"][0][name] for name in ("x", "y")
    }


def test_the_id_number_is_asked_for_with_a_legal_basis_or_not_at_all(culture: SignedInOfficer) -> None:
    claim = {"zh": "辦理借書證", "en": "To issue a reader's card", "is_essential": True, "legal_basis": " "}
    asked = {"scopes": ["openid", "national_id"], "claims": {"national_id": claim}}
    assert _refused(culture, **asked) == ["/claims/national_id/legal_basis"]
    asked["claims"] = {"national_id": {**claim, "legal_basis": "圖書館法第 8 條"}}
    _propose(culture, **asked)


def test_every_claim_has_its_purpose_and_every_scope_a_claim(culture: SignedInOfficer) -> None:
    assert _refused(culture, claims={}) == ["/scopes"]
    assert _refused(culture, scopes=["openid"]) == ["/claims/name"]
    short = {"name": {"zh": "x", "en": "", "is_essential": True, "legal_basis": ""}}
    assert _refused(culture, claims=short) == ["/claims/name/zh", "/claims/name/en"]
    email = {"email": {"zh": "寄信給您", "en": "To write to you", "is_essential": True, "legal_basis": ""}}
    assert _refused(culture, claims=email)
    hidden = {"name": {"zh": "顯示\u202e姓名", "en": "To show it", "is_essential": True, "legal_basis": ""}}
    assert _refused(culture, claims=hidden) == ["/claims/name/zh"]


def test_unknown_members_are_refused(culture: SignedInOfficer) -> None:
    for extra in ({"status": "approved"}, {"subject_type": "public"}, {"bureau": "parking"}, {"secret_hash": "x"}):
        answer = culture.call("POST", "/v1/relying-parties", {**registration(), **extra})
        assert answer.status_code == 422


def test_the_history_of_a_site_only_grows(client: FlaskClient, culture: SignedInOfficer) -> None:
    _propose(culture)
    with psycopg.connect(db.database().url, autocommit=True) as connection:
        for statement in ("DELETE FROM", "TRUNCATE"):
            with pytest.raises(psycopg.Error):
                connection.execute(f"{statement} identity.relying_party_event")
